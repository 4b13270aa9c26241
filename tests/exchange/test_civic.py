"""CIViC's table of evidence, written and read: what both models share stays, the rest is told."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoonto.dataset.store import Engine
from mesoonto.errors import InputError
from mesoonto.exchange import civic_reading, civic_table, formats
from mesoonto.exchange.civic_table import COLUMNS, CivicRow, TableProblem, one_line, read_table, write_table
from mesoonto.exchange.claims import claim, pubmed_number
from mesoonto.exchange.formats import WHOLE, Exported
from mesoonto.namespaces import DATA, MESO, PREFIXES
from mesoonto.views.facts import Facts

Run = Callable[..., subprocess.CompletedProcess[str]]

CIVIC = formats.named("civic")
#: As CIViC's documentation and code have it; see the docstring of civic_table.
PREDICTIVE = {
    "molecular_profile": "BAP1 Loss",
    "disease": "Malignant Pleural Mesothelioma",
    "doid": "7474",
    "therapies": "Nivolumab,Ipilimumab",
    "therapy_interaction_type": "Combination",
    "evidence_type": "Predictive",
    "evidence_direction": "Supports",
    "evidence_level": "B",
    "significance": "Sensitivity/Response",
    "evidence_statement": 'Of 10 patients, "most" responded.',
    "citation_id": "12345678",
    "source_type": "PubMed",
    "rating": "3",
    "evidence_status": "accepted",
    "evidence_id": "999999",
}

SHARED = ("ClaimSubject", "ClaimRelation", "ClaimObject", "Direction", "DiseaseContext", "EvidenceLevel")
Folders = pytest.TempPathFactory


@pytest.fixture(scope="module")
def facts(engine: Engine) -> Facts:
    return Facts(engine.store)


@pytest.fixture(scope="module")
def exported(facts: Facts) -> Exported:
    return formats.write(facts, CIVIC, formats.records(facts, CIVIC))


def _rows(path: Path) -> list[CivicRow | TableProblem]:
    return [row for _, row in read_table(path)]


def _table(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "table.tsv"
    path.write_text(write_table(CivicRow(**row) for row in rows), encoding="utf-8", newline="")
    return path


def _below(facts: Facts, number: str) -> st.SearchStrategy[ox.NamedNode]:
    """The classes below MESO_*number*."""
    root = ox.NamedNode(f"{MESO}MESO_{number}")
    return st.sampled_from(facts.subjects(f"{PREFIXES['rdfs']}subClassOf", root))


def _statements(turtle: str) -> dict[str, dict[str, str]]:
    """Properties of the statements in *turtle*, by their sentences."""
    store = ox.Store()
    store.load(turtle.encode(), format=ox.RdfFormat.TURTLE)
    found: dict[str, dict[str, str]] = {}
    statement = ox.NamedNode(f"{MESO}EvidenceStatement")
    for quad in store.quads_for_pattern(None, None, statement):
        said = {q.predicate.value: q.object.value for q in store.quads_for_pattern(quad.subject, None, None)}
        found[said[f"{PREFIXES['rdfs']}label"]] = said
    return found


def test_every_row_of_ours_is_one_of_civic(exported: Exported, tmp_path: Path) -> None:
    path = tmp_path / "ours.tsv"
    path.write_text(exported.text, encoding="utf-8")
    rows = _rows(path)
    assert len(rows) > 30
    assert [row for row in rows if isinstance(row, TableProblem)] == []


def test_every_statement_is_a_row_or_its_reason_is_told(facts: Facts, exported: Exported) -> None:
    names = {node.value.replace(DATA, "mesod:") for node in formats.records(facts, CIVIC)}
    left_out = {loss.record for loss in exported.losses if loss.what == WHOLE}
    assert {loss.record for loss in exported.losses} == names
    assert len(names - left_out) == exported.text.count("\n") - 1
    assert all(loss.why for loss in exported.losses)


def test_what_both_models_share_comes_back(facts: Facts, exported: Exported, tmp_path: Path) -> None:
    path = tmp_path / "ours.tsv"
    path.write_text(exported.text, encoding="utf-8")
    imported = civic_reading.read(facts, path)
    assert imported.problems == ()
    back = _statements(imported.turtle)
    left_out = {loss.record for loss in exported.losses if loss.what == WHOLE}
    lost = {(loss.record, loss.what) for loss in exported.losses}
    compared = 0
    for node in formats.records(facts, CIVIC):
        name = node.value.replace(DATA, "mesod:")
        if name in left_out:
            continue
        compared += 1
        read = back[one_line(facts.texts(node, f"{PREFIXES['rdfs']}label")[0])]
        for part in (
            "ClaimSubject",
            "ClaimRelation",
            "ClaimObject",
            "Direction",
            "DiseaseContext",
            "EvidenceLevel",
        ):
            predicate = f"{MESO}has{part}"
            kept = None if (name, f"has{part}") in lost else facts.entities(node, predicate)[0].value
            assert read.get(predicate) == kept, (name, part)
        source = PREFIXES["pmid"] + pubmed_number(facts, claim(facts, node).source)
        assert read[f"{PREFIXES['dcterms']}source"] == source
    assert compared == len(back) > 30


#: The property that a field stands for.
RENAMED = {
    "molecular_profile": "hasClaimSubject",
    "therapies": "hasClaimObject",
    "evidence_direction": "hasDirection",
}
RELATIONS = ("predictsBenefitFrom", "predictsResistanceTo", "marksLonger", "marksShorter")
CONTEXTS = ("PleuralContext", "PeritonealContext", "MixedMesotheliomaContext")


@pytest.fixture(scope="module")
def room(engine: Engine) -> ox.Store:
    """A copy of the shipped dataset, to which statements are added."""
    store = ox.Store()
    store.extend(engine.store)
    return store


@pytest.fixture(scope="module")
def more_facts(room: ox.Store) -> Facts:
    """What it holds; it remembers what was read, so each statement has a name of its own."""
    return Facts(room)


NUMBERS = count(1)


@given(data=st.data())
def test_any_statement_that_fits_comes_back(
    room: ox.Store, more_facts: Facts, tmp_path_factory: Folders, data: st.DataObject
) -> None:
    relation = data.draw(st.sampled_from(RELATIONS))
    node = ox.NamedNode(f"{DATA}statement_generated_{next(NUMBERS)}")
    said = {
        f"{MESO}hasClaimSubject": data.draw(_below(more_facts, "0000006")),
        f"{MESO}hasClaimRelation": ox.NamedNode(MESO + relation),
        f"{MESO}hasClaimObject": data.draw(
            _below(more_facts, "0000002" if "predicts" in relation else "0000007")
        ),
        f"{MESO}hasDirection": ox.NamedNode(
            MESO + data.draw(st.sampled_from(("Supports", "Refutes", "Inconclusive")))
        ),
        f"{MESO}hasDiseaseContext": ox.NamedNode(MESO + data.draw(st.sampled_from(CONTEXTS))),
        f"{MESO}hasEvidenceLevel": ox.NamedNode(f"{MESO}Level{data.draw(st.sampled_from('ABCDE'))}"),
        f"{PREFIXES['dcterms']}source": ox.NamedNode(
            f"{PREFIXES['pmid']}{data.draw(st.integers(1, 99999999))}"
        ),
        f"{PREFIXES['rdfs']}label": ox.Literal(data.draw(st.text(min_size=1)), language="en"),
    }
    quads = [ox.Quad(node, ox.NamedNode(name), value) for name, value in said.items()]
    room.extend(quads)
    try:
        exported = formats.write(more_facts, CIVIC, [node])
        path = tmp_path_factory.mktemp("table") / "table.tsv"
        path.write_text(exported.text, encoding="utf-8", newline="")
        imported = civic_reading.read(more_facts, path)
    finally:
        for quad in quads:
            room.remove(quad)
    told = {loss.what for loss in exported.losses} | {RENAMED.get(x.what, x.what) for x in imported.losses}
    if WHOLE in told or imported.problems:
        return
    (read,) = _statements(imported.turtle).values()
    for part in SHARED:
        kept = None if f"has{part}" in told else said[f"{MESO}has{part}"].value
        assert read.get(f"{MESO}has{part}") == kept, part


def test_one_row_as_its_record_has_it(facts: Facts) -> None:
    chosen = formats.records(facts, CIVIC, ["statement_PMID25380601_1"])
    made = formats.write(facts, CIVIC, chosen)
    _, line = made.text.splitlines()
    row = dict(zip(COLUMNS, line.split("\t"), strict=True))
    assert row["molecular_profile"] == "germline BAP1 variant"
    assert (row["disease"], row["doid"]) == ("malignant mesothelioma", "1790")
    assert (row["evidence_type"], row["significance"]) == ("Prognostic", "Better Outcome")
    assert (row["evidence_direction"], row["evidence_level"]) == ("Supports", "B")
    assert (row["citation_id"], row["source_type"]) == ("25380601", "PubMed")
    assert row["rating"] == row["molecular_profile_id"] == row["evidence_id"] == row["variant_origin"] == ""
    told = {loss.what: loss.why for loss in made.losses}
    assert told["hasClaimObject"] == "CIViC does not tell the end point, overall survival"
    assert {"locator", "hasDesign", "note", "rating"} <= told.keys()


def test_a_row_of_civic_becomes_a_statement_to_check(facts: Facts, tmp_path: Path) -> None:
    imported = civic_reading.read(facts, _table(tmp_path, PREDICTIVE))
    (said,) = _statements(imported.turtle).values()
    assert said[f"{MESO}hasClaimSubject"] == f"{MESO}MESO_0003139"  # BAP1 loss
    assert said[f"{MESO}hasClaimRelation"] == f"{MESO}predictsBenefitFrom"
    (both,) = (
        n
        for n in facts.subjects(f"{PREFIXES['rdfs']}subClassOf", ox.NamedNode(f"{MESO}MESO_0000002"))
        if facts.label(n) == "nivolumab plus ipilimumab"
    )
    assert said[f"{MESO}hasClaimObject"] == both.value
    assert said[f"{MESO}hasDiseaseContext"] == f"{MESO}PleuralContext"
    assert said[f"{MESO}hasEvidenceLevel"] == f"{MESO}LevelB"
    assert said[f"{PREFIXES['dcterms']}source"] == "https://pubmed.ncbi.nlm.nih.gov/12345678"
    assert said[f"{PREFIXES['skos']}note"] == "From CIViC, evidence item 999999."
    assert {loss.what for loss in imported.losses} == {"rating", "evidence_status"}


@pytest.mark.parametrize(
    ("change", "what", "why"),
    [
        ({"doid": "1324", "disease": "Lung Cancer"}, WHOLE, "Lung Cancer"),
        ({"doid": ""}, WHOLE, "no mesothelioma"),
        ({"significance": "Adverse Response"}, WHOLE, "Adverse Response"),
        ({"evidence_status": "rejected"}, WHOLE, "rejected"),
        ({"molecular_profile": "BRAF V600E"}, "molecular_profile", "BRAF V600E"),
        ({"therapies": "Vemurafenib", "therapy_interaction_type": ""}, "therapies", "Vemurafenib"),
        ({"therapy_interaction_type": "Sequential"}, "therapies", "(sequential)"),
        ({"evidence_direction": "Does Not Support"}, "evidence_direction", "refuted or inconclusive"),
        ({"source_type": "ASCO", "citation_id": "150000"}, "citation_id", "ASCO 150000"),
        ({"nct_ids": "NCT02899299"}, "nct_ids", "trial"),
    ],
)
def test_what_cannot_be_kept_is_left_out_and_told(
    facts: Facts, tmp_path: Path, change: dict[str, str], what: str, why: str
) -> None:
    imported = civic_reading.read(facts, _table(tmp_path, PREDICTIVE | change))
    told = {loss.what: loss for loss in imported.losses}
    assert why in told[what].why
    assert imported.number == int(what != WHOLE)
    assert told[what].record.startswith("mesod:statement_" if what != WHOLE else str(tmp_path))


def test_every_field_of_a_row_is_kept_or_told(facts: Facts, tmp_path: Path) -> None:
    free = {
        name: f"the {name}" for name in COLUMNS if name not in civic_table.NEEDED + tuple(civic_table.VALUES)
    }
    for source in ({}, {"source_type": "ASH", "citation_id": "the citation_id"}):
        filled = PREDICTIVE | free | {"variant_origin": "Somatic", "evidence_id": "999999"} | source
        imported = civic_reading.read(facts, _table(tmp_path, filled))
        told = {loss.what for loss in imported.losses}
        assert {name for name in COLUMNS if name not in told and filled[name] not in imported.turtle} <= {
            *("molecular_profile", "disease", "doid", "therapies", "therapy_interaction_type"),  # as classes
            *("evidence_type", "evidence_direction", "evidence_level", "significance", "evidence_statement"),
            *("source_type", "evidence_civic_url"),  # as publication; as the number of the item
        }


def test_names_of_records_that_exist_are_not_given_again(facts: Facts, tmp_path: Path) -> None:
    rows = [PREDICTIVE | {"citation_id": "25380601", "evidence_statement": word} for word in ("one", "two")]
    turtle = civic_reading.read(facts, _table(tmp_path, *rows)).turtle
    assert "statement_PMID25380601_1 " not in turtle
    assert "statement_PMID25380601_2 " in turtle
    assert "statement_PMID25380601_3 " in turtle


WORDS = st.text(max_size=30)


@given(
    st.lists(st.fixed_dictionaries({"disease": WORDS, "citation": WORDS, "phenotypes": WORDS}), max_size=5)
)
def test_any_text_comes_back_as_one_line(
    tmp_path_factory: pytest.TempPathFactory, texts: list[dict[str, str]]
) -> None:
    rows = [CivicRow(**PREDICTIVE | words) for words in texts]
    path = tmp_path_factory.mktemp("table") / "table.tsv"
    path.write_text(write_table(rows), encoding="utf-8", newline="")
    expected = [CivicRow(**{name: one_line(getattr(row, name)) for name in COLUMNS}) for row in rows]
    assert _rows(path) == expected


@given(data=st.data())
def test_no_value_breaks_the_import(facts: Facts, tmp_path_factory: Folders, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(COLUMNS))
    row = PREDICTIVE | {"source_type": data.draw(st.sampled_from(("PubMed", "ASH")))}
    path = _table(tmp_path_factory.mktemp("table"), row | {name: data.draw(st.text())})
    imported = civic_reading.read(facts, path)
    assert imported.number + imported.left_out + len(imported.problems) == 1
    assert len(_statements(imported.turtle)) == imported.number


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reading(tmp_path_factory: Folders, content: bytes) -> None:
    head = "\t".join(COLUMNS).encode()
    path = tmp_path_factory.mktemp("table") / "table.tsv"
    for whole in (content, head + b"\n" + content):
        path.write_bytes(whole)
        with suppress(InputError):
            assert all(isinstance(row, TableProblem | CivicRow) for row in _rows(path))


def test_columns_may_stand_in_any_order_beside_others(tmp_path: Path) -> None:
    names = [*reversed(PREDICTIVE), "new_column"]
    path = tmp_path / "table.tsv"
    cells = ("x" if name == "new_column" else PREDICTIVE[name].replace('"', '""') for name in names)
    path.write_text("\ufeff" + "\t".join(names) + "\r\n" + "\t".join(f'"{cell}"' for cell in cells) + "\r\n")
    assert _rows(path) == [CivicRow(**PREDICTIVE)]


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"evidence_level": "F"}, 10, "evidence_level: 'F' is none of A, B, C, D, E"),
        ({"evidence_direction": "supports"}, 9, "evidence_direction: 'supports' is none of"),
        ({"significance": "Better Outcome"}, 11, "'Better Outcome' does not go with Predictive"),
        ({"therapies": "", "therapy_interaction_type": ""}, 6, "Predictive evidence needs one"),
        ({"therapy_interaction_type": ""}, 7, "several therapies"),
        ({"citation_id": "0x12"}, 13, "'0x12' is no PubMed number"),
        ({"evidence_id": "EID <1>"}, 20, "evidence_id: 'EID <1>' is no number"),
        ({"rating": "6"}, 18, "rating: '6' is none of 1, 2, 3, 4, 5"),
        ({"molecular_profile": ""}, 1, "molecular_profile: it is empty"),
    ],
)
def test_a_wrong_value_is_told_with_its_place(
    tmp_path: Path, change: dict[str, str], field: int, message: str
) -> None:
    path = _table(tmp_path, PREDICTIVE, PREDICTIVE | change)
    good, bad = _rows(path)
    assert isinstance(good, CivicRow)
    assert isinstance(bad, TableProblem)
    assert str(bad.place) == f"{path}:3:{field}"
    assert message in bad.message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ":1: no column molecular_profile"),
        (b"gene\tvariant\n", ":1: no column molecular_profile"),
        ("\t".join((*COLUMNS, "doid")).encode(), ":1:26: the column doid stands twice"),
        (b"\xff\n", ":1: byte 1 of the row is not UTF-8"),
    ],
)
def test_another_table_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x.tsv"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        _rows(path)
    assert message in str(caught.value)


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _table(tmp_path, PREDICTIVE | {"evidence_statement": "x" * civic_table.LONGEST})
    (problem,) = _rows(path)
    assert isinstance(problem, TableProblem)
    assert "a row of more than 128 KiB" in problem.message
    monkeypatch.setattr(civic_table, "LARGEST", 1 << 10)
    with pytest.raises(InputError, match="larger than"):
        _rows(path)


def test_the_command_writes_the_good_rows_and_tells_the_broken(mesoonto: Run, tmp_path: Path) -> None:
    _table(tmp_path, PREDICTIVE, PREDICTIVE | {"evidence_level": "F"}, PREDICTIVE | {"doid": "1324"})
    done = mesoonto("import", "civic", "table.tsv", "-o", "out.ttl", "--losses", "lost.tsv")
    assert (done.returncode, done.stdout) == (1, "")
    assert "table.tsv:3:10: evidence_level: 'F' is none of A, B, C, D, E\n" in done.stderr
    assert "1 of 2 unbroken rows, 2 values of theirs lost\n" in done.stderr
    assert len(_statements((tmp_path / "out.ttl").read_text())) == 1
    assert "\nmesod:statement_PMID12345678_1\trating\t" in (tmp_path / "lost.tsv").read_text()


def test_the_command_refuses_what_it_cannot_read(mesoonto: Run, tmp_path: Path) -> None:
    assert mesoonto("import", "civc", "x").stderr == "mesoonto: civc: unknown format; did you mean civic?\n"
    done = mesoonto("import", "civic", "nowhere.tsv", "-o", "out.ttl")
    assert (done.returncode, done.stderr) == (2, "mesoonto: nowhere.tsv: no such file or directory\n")
    assert not (tmp_path / "out.ttl").exists()
