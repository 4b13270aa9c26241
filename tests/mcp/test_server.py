"""The tools, asked with the SDK's own client over standard input and output and over HTTP.

What they answer is compared with what the dataset says by other ways.
"""

from __future__ import annotations

import csv
import http.client
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

import mesoonto
from mesoonto.dataset.store import Engine
from mesoonto.knowledge import questions
from mesoonto.knowledge.strata_report import StratificationReport
from mesoonto.namespaces import MESO
from mesoonto.synthesis.pools import synthesise
from mesoonto.views.facts import Facts
from tests.conftest import ROOT

if TYPE_CHECKING:  # imported where it is used, since it takes a second, which all that collect would wait for
    from mcp import Client

pytestmark = pytest.mark.slow  # two servers; test_tools.py calls the tools

_TRAITS = {"histology": "sarcomatoid", "ASS1": "lost"}
TOOLS = {"search", "describe", "examples", "schema", "check_query", "query", "stratify", "pool"}


class RefusedError(Exception):
    """A tool's own error."""


@dataclass(frozen=True)
class Session:
    """A client of a running server."""

    portal: BlockingPortal
    client: Client
    address: str = ""

    def __call__(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        result = self.portal.call(self.client.call_tool, tool, arguments)
        (content,) = result.content
        assert content.type == "text"
        if result.is_error:
            raise RefusedError(content.text)
        answer: dict[str, Any] = json.loads(content.text)
        assert answer == result.structured_content
        return answer


@contextmanager
def connected(server: str | AbstractAsyncContextManager[Any]) -> Iterator[Session]:
    from mcp import Client

    with start_blocking_portal() as portal:
        client = Client(server)
        with portal.wrap_async_context_manager(client):
            yield Session(portal, client, server if isinstance(server, str) else "")


@pytest.fixture(scope="module")
def sessions() -> Iterator[dict[str, Session]]:
    """One server on standard input and output and one on HTTP, which start at the same time."""
    from mcp.client.stdio import StdioServerParameters, stdio_client

    command = [sys.executable, "-m", "mesoonto", "mcp"]
    with (
        open(os.devnull, "w") as nowhere,
        subprocess.Popen([*command, "--http", "0"], stderr=subprocess.PIPE, text=True) as process,
    ):
        assert process.stderr is not None
        try:
            parameters = StdioServerParameters(command=command[0], args=command[1:], env={**os.environ})
            with connected(stdio_client(parameters, errlog=nowhere)) as stdio:
                told = process.stderr.readline()
                assert told.startswith("mesoonto mcp listens at http://127.0.0.1:"), told
                with connected(told.split()[-1]) as over_http:
                    yield {"stdio": stdio, "http": over_http}
        finally:
            process.terminate()
            process.wait(timeout=60)


@pytest.fixture(params=["stdio", "http"])
def session(request: pytest.FixtureRequest, sessions: dict[str, Session]) -> Session:
    return sessions[request.param]


def column(engine: Engine, query: str) -> list[str]:
    """The one column of a query, asked directly."""
    return [next(iter(row.values())) for row in engine.select(query)]


def test_tools_teach(session: Session) -> None:
    tools = session.portal.call(session.client.list_tools).tools
    assert {tool.name for tool in tools} == TOOLS
    for tool in tools:
        assert tool.description is not None
        assert len(tool.description) > 100
        assert tool.output_schema is not None
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint
    described = [p for tool in tools for p in tool.input_schema["properties"].values()]
    assert [p for p in described if "description" not in p] == []
    assert session.client.instructions is not None
    assert session.client.instructions.count("no medical advice") == 1


def test_resources_are_read(session: Session) -> None:
    read = session.client.read_resource
    (card,) = session.portal.call(read, "mesoonto://schema").contents
    (traits,) = session.portal.call(read, "mesoonto://traits").contents
    assert card.text == session("schema")["markdown"]  # type: ignore[union-attr]
    assert "histology=epithelioid|" in traits.text  # type: ignore[union-attr]


def test_search(session: Session, engine: Engine) -> None:
    (study,) = column(engine, 'SELECT ?s { ?s meso:registryId "NCT02899299" }')
    found = session("search", text="NCT02899299", count=1)
    assert [iri_of(f["id"]) for f in found["found"]] == [study]
    assert session("search", text="pembrolizumb")["found"][0]["label"] == "pembrolizumab"
    assert session("search", kind="trial", count=2)["total"] == len(
        column(engine, "SELECT ?s { ?s a meso:Study }")
    )
    with pytest.raises(RefusedError, match="nothing to look for"):
        session("search")


def test_describe_a_trial(session: Session, engine: Engine) -> None:
    found = session("describe", name="CheckMate 743", most=100)
    arms = engine.select(
        """SELECT ?label ?n { ?study rdfs:label "CheckMate 743"@en . ?cohort meso:ofStudy ?study .
        ?arm a meso:Arm ; meso:ofCohort ?cohort ; rdfs:label ?label ; meso:armSize ?n }"""
    )
    assert len(arms) > 1
    assert {(a["label"], a["patients"]) for a in found["arms"]} == {(a["label"], a["n"]) for a in arms}
    results = engine.select(
        """SELECT ?r (STR(xsd:double(?l)) AS ?level) { ?study rdfs:label "CheckMate 743"@en .
        ?cohort meso:ofStudy ?study . ?r a meso:Result ; meso:ofCohort ?cohort .
        OPTIONAL { ?r meso:intervalLevel ?l } }"""
    )
    levels = {r["r"]: float(r.get("level", "0")) for r in results}
    assert {iri_of(r["id"]): float(r["level"].removesuffix(" %") or 0) for r in found["results"]} == levels
    assert 96.6 in levels.values()


def test_describe_a_mechanism_page_by_page(session: Session, engine: Engine) -> None:
    name = "PD-1/PD-L1 checkpoint engagement"
    naming = f"""?m rdfs:label "{name}"@en . ?s a meso:EvidenceStatement ; ?any ?m ; meso:hasDirection ?d
        FILTER NOT EXISTS {{ ?later meso:supersedes ?s }}"""
    found = session("describe", name=name, most=3)
    for word, direction in (("supporting", "Supports"), ("refuting", "Refutes")):
        said = column(engine, f"SELECT DISTINCT ?s {{ {naming} FILTER(?d = meso:{direction}) }}")
        assert found["evidence"][word] == len(said), word
    assert found["countered_by"]
    seen = list(found["statements"])
    while found["more_statements"]:
        found = session("describe", name=name, most=3, offset=len(seen))
        seen += found["statements"]
    ids = [iri_of(s["id"]) for s in seen]
    assert len(ids) == len(set(ids)) > 3
    assert set(ids) >= {*column(engine, f"SELECT DISTINCT ?s {{ {naming} }}")}


def test_describe_what_is_not_there(session: Session) -> None:
    with pytest.raises(
        RefusedError, match=r"^nothing is called pembrolizumb; near it: pembrolizumab \(meso:MESO_"
    ):
        session("describe", name="pembrolizumb")


def test_examples(session: Session) -> None:
    assert len(session("examples")["questions"]) == len(questions.shipped())
    assert 0 < len(session("examples", about="histology")["questions"]) < len(questions.shipped())
    with open(ROOT / "tests" / "golden" / "CQ07.csv", newline="") as golden:
        header, *rows = csv.reader(golden)
    found = session("examples", number="7")["answer"]
    assert (found["columns"], len(found["rows"])) == (header, len(rows))
    with pytest.raises(RefusedError, match="no question has the number CQ999; there are CQ01 to CQ"):
        session("examples", number="CQ999")


def test_schema_tells_classes_with_their_properties(session: Session, engine: Engine) -> None:
    count = len(column(engine, "SELECT ?s { ?s a meso:EvidenceStatement }"))
    card = session("schema")["markdown"]
    assert f"**meso:EvidenceStatement** {count}" in card
    assert "meso:hasClaimSubject" in card
    assert len(card.encode()) < 15_000


def test_check_query(session: Session) -> None:
    found = session("check_query", query="SELECT ?s {\n ?s a meso:Study FILTER ?s = 1 }")
    assert (found["ok"], found["line"], found["column"]) == (False, 2, 25)
    assert "parentheses" in found["error"]
    assert found["excerpt"].splitlines()[1] == " " * 24 + "^"
    found = session("check_query", query="SELECT ?s { ?s a meso:Studdy } ORDER BY ?s")
    assert (found["ok"], found["ordered"]) == (True, True)
    assert [(u["written"], u["nearest"]) for u in found["unmatched"]] == [("meso:Studdy", ["meso:Study"])]


def test_query_of_each_form(session: Session, engine: Engine) -> None:
    found = session(
        "query", query="SELECT ?l { ?s a meso:Study ; rdfs:label ?l } ORDER BY ?l", max_rows=10_000
    )
    labels = column(engine, "SELECT ?l { ?s a meso:Study ; rdfs:label ?l } ORDER BY ?l")
    assert [row[0] for row in found["rows"]] == [f'"{label}"@en' for label in labels]
    assert (found["cut"], found["version"]) == (False, engine.version)
    assert session("query", query="ASK { ?s a meso:Study }")["yes"] is True
    made = session("query", query="CONSTRUCT { ?s a meso:X } WHERE { ?s a meso:Study }", max_rows=2)
    assert made["columns"] == ["subject", "predicate", "object"]
    assert [row[1:] for row in made["rows"]] == [["rdf:type", "meso:X"]] * 2
    assert made["next_offset"] == 2


def test_query_warns_of_what_is_not_there(session: Session) -> None:
    found = session("query", query="SELECT * { ?s a meso:Studdy }")
    assert (found["rows"], found["warnings"]) == (
        [], ["query:1:17: meso:Studdy: nothing has this type; meso:Study may be meant"]
    )  # fmt: skip


@pytest.mark.parametrize("order", ["", " ORDER BY ?s"])
def test_pages_join_up(session: Session, engine: Engine, order: str) -> None:
    query = f"SELECT ?s ?l {{ ?s a meso:EvidenceStatement ; rdfs:label ?l }}{order}"
    rows: list[list[str]] = []
    offset: int | None = 0
    while offset is not None:
        page = session("query", query=query, offset=offset, max_rows=10_000, max_bytes=60_000)
        assert len(json.dumps(page["rows"], ensure_ascii=False, separators=(",", ":")).encode()) <= 60_001
        assert ("no ORDER BY" in page["order"]) is not bool(order)
        rows += page["rows"]
        offset = page["next_offset"]
        assert (offset is not None) is page["cut"]
    whole = engine.select(query)
    assert len(rows) > 200
    assert sorted(iri_of(s) for s, _ in rows) == sorted(row["s"] for row in whole)
    if order:
        assert [iri_of(s) for s, _ in rows] == [row["s"] for row in whole]


def test_page_that_holds_no_row_says_so(session: Session) -> None:
    with pytest.raises(RefusedError, match=r"^row 0 alone takes \d+ bytes: raise max_bytes"):
        session("query", query="SELECT (GROUP_CONCAT(?l) AS ?all) { ?s rdfs:label ?l }", max_bytes=1000)


def test_page_of_other_data_is_refused(session: Session) -> None:
    with pytest.raises(RefusedError, match="begin again with offset 0"):
        session("query", query="ASK {}", offset=10, version="another")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("DELETE WHERE { ?s ?p ?o }", "'DELETE' begins an update"),
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", "SERVICE is refused"),
        ("SELECT ?s { ?s a meso:Study", r"^query:1:\d+: "),
        (f"SELECT * {{ {'{' * 400} ?s ?p ?o {'}' * 400} }}", "nest"),
        (f"SELECT * {{ ?s ?p '{'x' * 70_000}' }}", "query: String should have at most 65536 characters"),
    ],
    ids=["update", "service", "broken", "deep", "long"],
)
def test_what_is_refused(session: Session, query: str, message: str) -> None:
    for tool in ("query", "check_query"):
        try:
            told = session(tool, query=query)["error"]
        except RefusedError as error:
            told = str(error)
        assert "\n" not in told
        assert re.search(message, told), (tool, told)


def test_endless_query_ends_and_the_server_lives(session: Session) -> None:
    endless = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    with pytest.raises(RefusedError, match=r"^out of time: ended after 1 seconds"):
        session("query", query=endless, timeout=1)
    assert session("query", query="ASK {}")["yes"] is True


def test_wrong_arguments_are_told_in_a_line(session: Session) -> None:
    with pytest.raises(RefusedError, match=r"^query has no argument 'limit'; it has query, offset, "):
        session("query", query="ASK {}", limit=3)
    with pytest.raises(RefusedError, match=r"^max_rows: Input should be greater than or equal to 1$"):
        session("query", query="ASK {}", max_rows=0)
    with pytest.raises(RefusedError, match=r"^there is no tool 'update'; there are search, "):
        session("update", query="DROP ALL")


@pytest.fixture(scope="module")
def report() -> StratificationReport:
    return mesoonto.stratify(_TRAITS)


def test_stratify(session: Session, report: StratificationReport) -> None:
    found = session("stratify", traits=_TRAITS, most=100)
    assert found["disclaimer"] == report.disclaimer
    assert [o["label"] for o in found["options"]] == [o.label for o in report.summary.options]
    assert [m["label"] for m in found["mechanisms"]] == [m.label for m in report.mechanisms]
    assert len(found["results"]) == len(report.results)
    with pytest.raises(RefusedError, match="histolgy=x: not known; near it"):
        session("stratify", traits={"histolgy": "x"})


def test_pool(session: Session, engine: Engine) -> None:
    found = session("pool", end_point="overall survival", most=5)
    for pool in found["pools"]:
        # by hand: the mean of logarithms, weighted by the inverse of the variance that a 95 % interval tells
        members = [re.search(r": ([\d.]+) \(([\d.]+) to ([\d.]+), 95 %\)", one) for one in pool["members"]]
        ratios = [[math.log(float(n)) for n in one.groups()] for one in members if one is not None]
        assert len(ratios) == len(members) > 1
        weights = [1 / (high - low) ** 2 for _, low, high in ratios]
        mean = sum(w * r[0] for w, r in zip(weights, ratios, strict=True)) / sum(weights)
        assert pool["fixed"].startswith(f"{math.exp(mean):.2f} (")
    assert found["pools"]
    whole = synthesise(Facts(engine.store), end_point="overall survival", by=None)
    assert len(found["left_out"]) == 5
    assert 5 + found["more_left_out"] == len(whole.left_out)
    with pytest.raises(RefusedError, match="no ratio is on record for happiness; there are ratios for"):
        session("pool", end_point="happiness")


def test_http_refuses_what_is_too_large_and_other_names(sessions: dict[str, Session]) -> None:
    place = urlsplit(sessions["http"].address)

    def status(body: bytes, host: str, method: str = "POST") -> int:
        connection = http.client.HTTPConnection(place.netloc, timeout=30)
        try:
            headers = {"content-type": "application/json", "accept": "application/json", "host": host}
            connection.request(method, place.path, body, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    assert status(b" " * (1 << 20), place.netloc) == 413
    assert status(b"{}", "rebound.example") == 421
    assert status(b"[" * 100_000, place.netloc) == 400
    assert status(b"", place.netloc, "GET") == 405


@pytest.mark.checkout
def test_dialogue_of_the_documentation_is_true(sessions: dict[str, Session]) -> None:
    text = (ROOT / "docs" / "mcp.md").read_text().partition("## A dialogue")[2]
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    assert len(blocks) == 8
    for call, shown in zip(blocks[::2], blocks[1::2], strict=True):
        answer = sessions["stdio"](call["tool"], **call["arguments"])
        assert holds(shown, answer), (call, answer)


def holds(shown: object, real: object) -> bool:
    """Whether *real* has all that is *shown*."""
    if isinstance(shown, dict) and isinstance(real, dict):
        return all(key in real and holds(value, real[key]) for key, value in shown.items())
    if isinstance(shown, list) and isinstance(real, list):
        return all(any(holds(one, other) for other in real) for one in shown)
    return shown == real


def iri_of(written: str) -> str:
    """The IRI that an id of ours stands for."""
    if written.startswith("<"):
        return written[1:-1]
    prefix, _, local = written.partition(":")
    return {"meso": MESO, "mesod": f"{MESO}data/"}[prefix] + local
