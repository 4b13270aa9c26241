"""Help for curators: templates, gaps, identifiers, mappings."""

from __future__ import annotations

import datetime
import gzip
import os
from pathlib import Path

import pyoxigraph as ox
import pytest

from mesoonto import resources
from mesoonto.dataset.store import Engine
from mesoonto.errors import InputError, MesoontoError
from mesoonto.files import sssom
from mesoonto.knowledge import completeness, identifiers, questions, readings, templates
from mesoonto.knowledge.noted_figures import noted_figures
from mesoonto.validation.validate import validate

DAY = datetime.date(2026, 11, 24)
HEADER = "id\tlabel\tobsolete\treplaced_by\tsynonyms\txrefs\n"


class TestTemplates:
    @pytest.mark.parametrize(
        ("kind", "key", "name"),
        [
            ("trial", "NCT00000001", "study_NCT00000001.ttl"),
            ("statement", "38358753", "statement_PMID38358753.ttl"),
            ("decision", "NICE_TA818", "decision_NICE_TA818.ttl"),
        ],
    )
    def test_template_parses_and_tells_what_to_fill_in(
        self, tmp_path: Path, kind: str, key: str, name: str
    ) -> None:
        template = templates.new(kind, key, DAY)
        assert template.file_name == name
        path = tmp_path / name
        path.write_text(template.text)
        report = validate([path])
        assert not report.conforms
        # every kind of record in the template is looked at by a shape
        assert len({finding.shape for finding in report.findings}) > 4

    @pytest.mark.parametrize(
        ("kind", "key"),
        [("trial", "33485464"), ("statement", "NCT00000001"), ("decision", "x"), ("song", "x")],
    )
    def test_key_that_cannot_be_one_is_refused(self, kind: str, key: str) -> None:
        with pytest.raises(MesoontoError):
            templates.new(kind, key, DAY)


def test_gaps_are_found_and_only_where_they_are() -> None:
    store = ox.Store()
    turtle = """@prefix meso: <https://w3id.org/mesoonto/> . @prefix : <http://e/> .
        :full a meso:Result ; meso:locator "abstract" ; meso:confirmedBy :page ; meso:hasPopulation :all ;
            meso:hasStatistic meso:MESO_0004101 ; meso:lowerBound 0.5 ; meso:intervalLevel 95.0 .
        :thin a meso:Result ; meso:locator "secondary account" ; meso:hasStatistic meso:MESO_0004101 ."""
    store.load(turtle, format=ox.RdfFormat.TURTLE)
    found = {(gap.lack, gap.record) for gap in completeness.gaps(Engine(store, "x"))}
    assert found == {
        ("figure read only in another's account of its source", "http://e/thin"),
        ("figure without a second source", "http://e/thin"),
        ("hazard ratio without an interval", "http://e/thin"),
        ("figure whose population was not read", "http://e/thin"),
    }


READ_AGAIN = """@prefix meso: <https://w3id.org/mesoonto/> . @prefix : <http://e/> .
    :a a meso:Result ; meso:readAt :first_page . :e a meso:Result ; meso:readAt :page .
    :b a meso:Result . :c a meso:Result . :d a meso:Result . :s a meso:EvidenceStatement .
    :other a meso:SecondReading ; meso:readAt :page ; meso:hasReadingBasis meso:OtherSource ;
      meso:hasReadingItem
        [ meso:ofRecord :a ; meso:hasReadingOutcome meso:ReadingAgrees ] ,
        [ meso:ofRecord :e ; meso:hasReadingOutcome meso:ReadingAgrees ] ,
        [ meso:ofRecord :b ; meso:hasReadingOutcome meso:ReadingDiffers ;
            meso:hasDifferenceResolution meso:RecordMended ] ,
        [ meso:ofRecord :c ; meso:hasReadingOutcome meso:NotFoundAgain ] .
    :same a meso:SecondReading ; meso:readAt :copy ; meso:hasReadingBasis meso:SameSourceAgain ;
      meso:hasReadingItem
        [ meso:ofRecord :d ; meso:hasReadingOutcome meso:ReadingAgrees ] ,
        [ meso:ofRecord :b ; meso:hasReadingOutcome meso:NotFoundAgain ] ,
        [ meso:ofRecord :a ; meso:hasReadingOutcome meso:ReadingDiffers ;
            meso:hasDifferenceResolution meso:DifferenceOpen ] ."""


def question(sparql: str) -> questions.CompetencyQuestion:
    return questions.CompetencyQuestion("CQ01", "Which?", ("a",), sparql, Path("CQ01_a.rq"))


class TestSecondReadings:
    @pytest.fixture
    def read_again(self) -> Engine:
        store = ox.Store()
        store.load(READ_AGAIN, format=ox.RdfFormat.TURTLE)
        return Engine(store, "x")

    def test_share_is_of_all_records_and_of_those_behind_an_answer(self, read_again: Engine) -> None:
        prefix = "PREFIX meso: <https://w3id.org/mesoonto/> "
        inventory = question(f"{prefix}SELECT (COUNT(?x) AS ?n) {{ ?x a meso:Result }}")
        some = question(
            f"""{prefix}SELECT ?o {{ ?x a meso:Result . ?i meso:ofRecord ?x ; meso:hasReadingOutcome ?o
            FILTER(?o = meso:NotFoundAgain) }} ORDER BY ?o"""
        )
        found = {share.of: share for share in readings.shares(read_again, [inventory, some])}
        assert found["results"] == readings.Share(
            "results", 5, agreeing=3, elsewhere=2, mended=1, not_found=1
        )
        assert found["results"].percent == 80
        behind = found["results behind an answer"]
        assert (behind.records, behind.agreeing, behind.mended, behind.not_found) == (2, 0, 1, 1)
        assert found["evidence statements"].percent == 0
        assert found["evidence statements behind an answer"].percent == 0

    def test_only_another_page_of_another_source_is_a_second_source(self, read_again: Engine) -> None:
        found = completeness.gaps(read_again)
        lacking = {gap.record for gap in found if gap.lack == "figure without a second source"}
        assert lacking == {f"http://e/{name}" for name in "bcde"}
        assert [gap.record for gap in found if "not settled" in gap.lack] == ["http://e/a"]


NOTES = {
    "a figure that no field has": (":r skos:note 'Response 47 %.'", True),
    "a figure of the record": (":r skos:note 'Response 40.0 %.'", False),
    "a figure of another record of the study": (":s skos:note 'Of 40 % in the paper.'", False),
    "a figure of another study": (":other a meso:Study ; skos:note 'Response 40 %.'", True),
    "a number of patients as a share": (":s meso:enrolment 54 ; skos:note 'Of 54 % in the preprint.'", True),
    "numbers of patients": (":s meso:enrolment 54 ; skos:note 'In 40 of 54.'", False),
    "a second reading": (":d meso:hasReadingItem [ meso:ofRecord :r ] ; skos:note 'It prints 40 %.'", False),
    "a statement on the study": (":e meso:basedOn :r ; skos:note 'Response 40 against 30 %.'", True),
    "a figure told as unrecorded": (":r meso:unrecordedFigure 'Response 47 %, in news only.'", False),
    "no figure": (":r skos:note 'Antibody 28-8, DOI 10.1000/1.5, NCT00000001, 3 mg/kg.'", False),
    "a publication": (":p a meso:Publication ; skos:note 'p = 0.04'", False),
}


@pytest.mark.parametrize("case", NOTES)
def test_figures_in_notes_only_are_gaps(case: str) -> None:
    note, missing = NOTES[case]
    store = ox.Store()
    turtle = f"""@prefix meso: <https://w3id.org/mesoonto/> . @prefix : <http://e/> .
        @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        :s a meso:Study . :c meso:ofStudy :s . :r meso:ofCohort :c ; meso:value 40.0 . {note} ."""
    store.load(turtle, format=ox.RdfFormat.TURTLE)
    assert bool(list(noted_figures(Engine(store, "x")))) == missing


def table(folder: Path, name: str, rows: str) -> None:
    with gzip.open(folder / f"{name}.tsv.gz", "wt", encoding="utf-8") as file:
        file.write(HEADER + rows)


class TestIdentifiers:
    def test_shipped_files_mention_what_is_in_them(self) -> None:
        found = {(m.curie, m.label) for m in identifiers.mentions()}
        assert ("MONDO:0005112", "malignant pleural mesothelioma") in found  # import slice
        assert ("UniProtKB:Q15116", None) in found  # module

    def test_each_kind_of_mistake_is_told_with_its_place(self, tmp_path: Path) -> None:
        mentioned = {m.curie for m in identifiers.mentions() if m.curie.startswith("CL:")}
        assert {"CL:0000084", "CL:0000451", "CL:0001064"} <= mentioned
        good = "".join(
            f"{m.curie}\t{m.label}\tfalse\t\t\t\n"
            for m in identifiers.mentions()
            if m.label
            and m.curie.startswith("CL:")
            and m.curie not in ("CL:0000084", "CL:0000451", "CL:0001064")
        )
        table(
            tmp_path,
            "cl",
            good + "CL:0000084\tother\tfalse\t\t\t\nCL:0000451\tdendritic cell\ttrue\tCL:9\t\t\n",
        )
        mistakes = identifiers.compare(tmp_path).mistakes
        slice_ = resources.ontology_dir() / "imports" / "cl_terms.txt"
        line = {row.split("\t")[0]: n for n, row in enumerate(slice_.read_text().splitlines(), start=1)}
        assert (
            f"{slice_}:{line['CL:0000084']}: CL:0000084 is labelled 'other' there and 'T cell' here"
            in mistakes
        )
        assert f"{slice_}:{line['CL:0000451']}: CL:0000451 is retired; replaced by CL:9" in mistakes
        assert f"{slice_}:{line['CL:0001064']}: CL:0001064 is unknown" in mistakes
        assert {m.split(": ")[1].split()[0] for m in mistakes} == {"CL:0000084", "CL:0000451", "CL:0001064"}

    def test_prefix_without_a_table_is_named(self, tmp_path: Path) -> None:
        table(tmp_path, "cl", "")
        assert "mondo" in identifiers.compare(tmp_path).unchecked

    def test_shipped_identifiers_are_known_in_use_and_labelled_alike(self) -> None:
        tables = os.environ.get("MESOONTO_TABLES")
        if not tables:
            pytest.skip(
                "tables of other vocabularies are no part of the project; MESOONTO_TABLES names theirs"
            )
        found = identifiers.compare(Path(tables))
        assert found.mistakes == ()
        assert found.checked > 500

    def test_directory_without_tables_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no tables here"):
            identifiers.compare(tmp_path)

    def test_table_of_another_form_is_refused(self, tmp_path: Path) -> None:
        with gzip.open(tmp_path / "cl.tsv.gz", "wt") as file:
            file.write("a\tb\n")
        with pytest.raises(InputError, match="the first line must be"):
            identifiers.compare(tmp_path)


SSSOM = """#mapping_set_id: https://w3id.org/mesoonto/mappings/x
#curie_map:
#  MESO: https://w3id.org/mesoonto/MESO_
#  NCIT: http://purl.obolibrary.org/obo/NCIT_
#  semapv: https://w3id.org/semapv/vocab/
#  skos: http://www.w3.org/2004/02/skos/core#
#license: https://creativecommons.org/licenses/by/4.0/
subject_id\tsubject_label\tpredicate_id\tobject_id\tobject_label\tmapping_justification
MESO:0002101\tnivolumab\tskos:exactMatch\tNCIT:C68814\tNivolumab\tsemapv:ManualMappingCuration
"""


class TestMappings:
    @pytest.mark.parametrize("path", resources.mapping_files(), ids=lambda p: p.name.partition(".")[0])
    def test_shipped_mappings_use_our_labels_and_sort_their_rows(self, engine: Engine, path: Path) -> None:
        labels = {(r["s"], r["l"]) for r in engine.select("SELECT ?s ?l { ?s a owl:Class ; rdfs:label ?l }")}
        rows = list(sssom.read(path))
        assert [m for m in rows if (m.subject, m.subject_label) not in labels] == []
        lines = [
            line.split("\t") for line in path.read_text("utf-8").splitlines() if not line.startswith("#")
        ]
        subject, other = lines[0].index("subject_id"), lines[0].index("object_id")
        keys = [(line[subject], line[other]) for line in lines[1:]]
        assert keys == sorted(set(keys))

    def test_a_row_is_a_triple(self, tmp_path: Path) -> None:
        path = tmp_path / "x.sssom.tsv"
        path.write_text(SSSOM)
        (triple,) = sssom.triples(path)
        assert str(triple) == (
            "<https://w3id.org/mesoonto/MESO_0002101> <http://www.w3.org/2004/02/skos/core#exactMatch> "
            "<http://purl.obolibrary.org/obo/NCIT_C68814>"
        )

    @pytest.mark.parametrize(
        ("old", "new", "expected"),
        [
            ("NCIT:C68814", "DOID:1", r"x\.sssom\.tsv:9: DOID:1: prefix DOID is not in the curie_map"),
            ("\tNivolumab\t", "\t\t", r":9: object_label is empty"),
            ("\tobject_label\t", "\tname\t", r":8: no column object_label"),
            ("NCIT: http://purl.obolibrary.org/obo/NCIT_", "NCIT:", r":4: prefix"),
        ],
    )
    def test_mistake_is_told_with_its_line(self, tmp_path: Path, old: str, new: str, expected: str) -> None:
        path = tmp_path / "x.sssom.tsv"
        path.write_text(SSSOM.replace(old, new, 1))
        with pytest.raises(InputError, match=expected):
            list(sssom.triples(path))
