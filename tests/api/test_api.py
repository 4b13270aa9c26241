"""The public interface for Python."""

from __future__ import annotations

import asyncio
import doctest
import re
import subprocess
import sys
import warnings
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pyoxigraph as ox
import pytest

import mesoonto
from mesoonto import Dataset, UnmatchedWarning, connect, connect_async, explain, stratify, validate
from mesoonto.api.rows import IRI, value_of
from mesoonto.errors import EndpointError, MesoontoError, QuerySyntaxError
from tests.conftest import ROOT

XSD = "http://www.w3.org/2001/XMLSchema#"


@pytest.fixture(scope="module")
def data() -> Dataset:
    return Dataset()


class TestQuery:
    def test_rows_have_values_of_python(self, data: Dataset) -> None:
        rows = data.query(
            "SELECT ?r ?v ?n ?none { VALUES ?r { mesod:result_NCT02899299_2021_os_hr_all } "
            "?r meso:value ?v ; meso:populationSize ?n }"
        )
        assert rows.names == ("r", "v", "n", "none")
        (row,) = rows
        assert row == {
            "r": "https://w3id.org/mesoonto/data/result_NCT02899299_2021_os_hr_all",
            "v": Decimal("0.74"),
            "n": 605,
            "none": None,
        }
        assert isinstance(row["r"], IRI)

    def test_ask_answers_yes_or_no(self, data: Dataset) -> None:
        assert data.ask("ASK { ?s a meso:Study }") is True
        assert data.ask("ASK { ?s a meso:Study FILTER(false) }") is False

    def test_name_that_the_data_do_not_have_is_warned_of_where_it_was_asked(self, data: Dataset) -> None:
        with pytest.warns(UnmatchedWarning, match="query:1:18: meso:Studdy: .*meso:Study may be") as caught:
            rows = data.query("SELECT ?s { ?s a meso:Studdy }")
        assert [warning.filename for warning in caught] == [__file__]
        assert len(rows) == 0
        (one,) = rows.unmatched
        assert one.nearest == ("meso:Study",)
        with pytest.warns(UnmatchedWarning, match="meso:measure: .* replaced by meso:hasEndPoint"):
            assert not data.ask("ASK { ?s meso:measure ?x }")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnmatchedWarning)
            assert data.query("SELECT * { ?s a meso:Studdy }").unmatched

    def test_count_is_that_of_the_engine(self, data: Dataset) -> None:
        (row,) = data.query("SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s a meso:Study }")
        assert row["n"] == len(data.trials())

    def test_mistake_has_its_place(self, data: Dataset) -> None:
        with pytest.raises(QuerySyntaxError) as raised:
            data.query("SELECT *\nWHERE x")
        assert raised.value.place is not None
        assert raised.value.place.line == 2

    @pytest.mark.parametrize("text", ["ASK {}", "CONSTRUCT WHERE { ?s ?p ?o }"])
    def test_other_queries_have_no_rows(self, data: Dataset, text: str) -> None:
        with pytest.raises(MesoontoError):
            data.query(text)

    def test_unknown_column_is_named(self, data: Dataset) -> None:
        with pytest.raises(MesoontoError, match="no column y; there are x"):
            data.query("SELECT (1 AS ?x) {}").column("y")


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("0.60", "decimal", Decimal("0.60")),
        ("12345678901234567890", "integer", 12345678901234567890),
        ("1e3", "double", 1000.0),
        ("true", "boolean", True),
        ("2020-10-02", "date", date(2020, 10, 2)),
        ("2020", "gYear", "2020"),
        ("soon", "date", "soon"),
    ],
)
def test_literals_become_values(text: str, kind: str, expected: object) -> None:
    found = value_of(ox.Literal(text, datatype=ox.NamedNode(XSD + kind)))
    assert found == expected
    assert type(found) is type(expected)


class TestObjects:
    @pytest.mark.parametrize("name", ["CheckMate 743", "NCT02899299", "checkmate 743"])
    def test_trial_is_found_by_any_of_its_names(self, data: Dataset, name: str) -> None:
        assert data.trial(name).link.label == "CheckMate 743"

    def test_result_has_interval_and_level(self, data: Dataset) -> None:
        # Lancet 2021;397:375
        (verdict,) = data.trial("CheckMate 743").verdicts
        assert (verdict.value, verdict.interval, verdict.level) == ("0.74", "0.60 to 0.91", "96.6 %")

    @pytest.mark.parametrize("name", ["MESO:0001020", "MESO_0001020", "LAG-3 checkpoint engagement"])
    def test_mechanism_is_found_by_identifier_and_label(self, data: Dataset, name: str) -> None:
        assert data.mechanism(name).term.link.label == "LAG-3 checkpoint engagement"

    @pytest.mark.parametrize("kind", ["trial", "cohort", "result", "statement", "publication", "decision"])
    def test_record_is_reached_by_link_curie_and_label(self, data: Dataset, kind: str) -> None:
        result = data.result("mesod:result_NCT02899299_2021_os_hr_all")
        links = {
            "trial": data.trial("CheckMate 743").link,
            "cohort": data.trial("CheckMate 743").cohorts[0].link,
            "result": result.link,
            "statement": result.statements[0].link,
            "publication": result.result.source,
            "decision": data.decisions()[0].link,
        }
        link = links[kind]
        assert link is not None
        open_it = getattr(data, kind)
        curie = link.iri.replace("https://w3id.org/mesoonto/data/", "mesod:")
        for name in (link, link.iri, curie.replace("https://pubmed.ncbi.nlm.nih.gov/", "pmid:"), link.label):
            assert open_it(name).link == link

    @pytest.mark.parametrize(
        "name", ["mesod:study_none", "http://e/x", "MESO:0002101", "meso:Study", "https://e/ x", "MESO:"]
    )
    def test_what_is_no_trial_is_refused_in_words(self, data: Dataset, name: str) -> None:
        with pytest.raises(MesoontoError, match=r"no trial|no IRI"):
            data.trial(name)

    def test_unknown_result_is_told_with_what_is_near(self, data: Dataset) -> None:
        with pytest.raises(MesoontoError, match=r"no result is called .*near it: CheckMate 743"):
            data.result("CheckMate 743: overall survival, hazard ratio")

    def test_synonym_finds_an_intervention(self, data: Dataset) -> None:
        assert data.intervention("Opdivo").term.link.label == "nivolumab"

    def test_unknown_name_is_told_with_what_is_near(self, data: Dataset) -> None:
        with pytest.raises(MesoontoError, match="no trial is called CheckMate 744; near it: CheckMate 743"):
            data.trial("CheckMate 744")


def test_validate_finds_what_is_wrong_and_where(tmp_path: Path) -> None:
    path = tmp_path / "mine.ttl"
    path.write_text("@prefix meso: <https://w3id.org/mesoonto/> .\n<urn:x> a meso:Study .\n")
    report = validate([path])
    assert not report.conforms
    assert {finding.line for finding in report.findings} == {2}


def test_explain_and_stratify_answer() -> None:
    found = explain("pegargiminase", "counters", "arginine auxotrophy by ASS1 loss")
    assert found is not None
    assert found.reasons
    dossier = stratify({"histology": "sarcomatoid", "ASS1": "lost"})
    assert "ASS1 loss" in dossier.profile
    with pytest.raises(MesoontoError, match="not known"):
        stratify({"histology": "round"})


def test_endpoint_has_the_same_interface(address: str, data: Dataset) -> None:
    text = "SELECT ?l { ?s a meso:Study ; rdfs:label ?l } ORDER BY ?l"
    with connect(f"{address}sparql") as remote:
        assert list(remote.query(text)) == list(data.query(text))
        assert remote.ask("ASK { ?s a meso:Study }")
        with pytest.raises(EndpointError, match="query:1:8: 'nonsense' is no variable") as raised:
            remote.query("SELECT nonsense")
        assert isinstance(raised.value, QuerySyntaxError)
        assert raised.value.excerpt == "SELECT nonsense\n       ^"
        with pytest.raises(EndpointError, match=r"400.*none:"):
            remote.query("ASK { ?s a none:x }")


def test_endpoint_can_be_awaited_for_several_answers_at_once(address: str, data: Dataset) -> None:
    texts = [f"SELECT ?l {{ ?s a meso:{kind} ; rdfs:label ?l }} ORDER BY ?l" for kind in ("Study", "Arm")]

    async def wait() -> list[list[Mapping[str, object]]]:
        async with connect_async(f"{address}sparql", timeout=60) as remote:
            found = await asyncio.gather(*(remote.query(text) for text in texts))
            assert await remote.ask("ASK { ?s a meso:Study }")
            with pytest.raises(EndpointError):
                await remote.query("SELECT nonsense")
            with pytest.raises(MesoontoError, match="token"):
                await remote.update("CLEAR ALL")
            return [list(rows) for rows in found]

    assert asyncio.run(wait()) == [list(data.query(text)) for text in texts]


def test_address_that_is_none_is_refused() -> None:
    for open_it in (connect, connect_async):
        with pytest.raises(EndpointError, match="not an http or https address"):
            open_it("file:///etc/passwd")
        with pytest.raises(EndpointError, match="no address"):
            open_it("http://[::1/sparql")


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("https://example.org/sparql", True),
        ("http://localhost:7878/sparql", True),
        ("http://127.0.0.1/sparql", True),
        ("http://[::1]:7878/sparql", True),
        ("http://example.org/sparql", False),
        ("http://127.0.0.1.example.org/sparql", False),
    ],
)
def test_token_goes_by_https_or_stays_on_this_machine(address: str, taken: bool) -> None:
    if taken:
        connect(address, token="secret").close()
    else:
        with pytest.raises(EndpointError, match="https"):
            connect(address, token="secret")
        with pytest.raises(EndpointError, match="https"):
            connect("https://example.org/sparql", token="secret", update=address)


def test_public_names_are_there_and_documented() -> None:
    for name in mesoonto.__all__:
        assert getattr(mesoonto, name)
        assert name == "__version__" or getattr(mesoonto, name).__doc__


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import mesoonto", "pyoxigraph rdflib pyshacl flask"),
        ("from mesoonto import Dataset", "rapidfuzz mesoonto.views mesoonto.dataset mesoonto.sparql"),
        ("from mesoonto.dataset import kept", "mesoonto.ontology.model mesoonto.sparql.terminals"),
    ],
)
def test_import_is_light(statement: str, heavy: str) -> None:
    """Nothing heavy loads before it is used."""
    code = f"import sys; {statement}; sys.exit(bool(set({heavy.split()}) & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_examples_of_endpoints_run(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Those of the documentation, with the address of a server that is there."""
    text = (ROOT / "docs" / "python.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(block.replace("https://example.org/", address), {})
    assert capsys.readouterr().out == "10 True\n"


def test_every_public_name_has_an_example_that_runs() -> None:
    text = (ROOT / "docs" / "python.md").read_text("utf-8")
    code = "".join(re.findall(r"```py(?:con|thon)\n(.*?)```", text, re.DOTALL))
    names = set(mesoonto.__all__) - {"__version__"}
    assert names <= set(re.findall(r"\w+", code))


@pytest.mark.slow
def test_examples_of_the_documentation_run() -> None:
    path = ROOT / "docs" / "python.md"
    done = doctest.testfile(str(path), module_relative=False)
    assert done.attempted > 8
    assert done.failed == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rows", "tables", "dataset", "functions"])
def test_examples_run(name: str) -> None:
    done = doctest.testmod(import_module(f"mesoonto.api.{name}"))
    assert done.attempted > 0
    assert done.failed == 0
