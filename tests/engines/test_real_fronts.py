"""A mesoonto before Fuseki, Virtuoso and Oxigraph's server, all really started, asked over HTTP.

Every twenty-fourth query case of the W3C for SPARQL 1.1 and every twelfth competency question is asked by
default, and all with ``pytest -m "engines_full or not engines_full" tests/engines``.
"""

from __future__ import annotations

import csv
import io
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from urllib.parse import quote

import pyoxigraph as ox
import pytest

from mesoonto.dataset.store import Engine, Term
from mesoonto.engines.client import EngineClient
from mesoonto.knowledge import questions
from mesoonto.knowledge.questions import CompetencyQuestion
from tests.conformance import manifests, queries
from tests.conformance.endpoint import Endpoint
from tests.conformance.manifests import Case, Kind
from tests.conftest import free_port, running_server
from tests.engines import w3c
from tests.engines.conftest import REAL
from tests.engines.known_failures import QUESTIONS, W3C
from tests.engines.terms import bag, values
from tests.hostile import nesting
from tests.hostile.attack import Attack, Target
from tests.server.client import Reply, ask, get, update
from tests.wire import Client

#: The engines take a minute to start.
pytestmark = pytest.mark.slow

Front = Callable[[str], str]

_N_TRIPLES = "application/n-triples"


def _put(address: str, graph: str, turtle: str | bytes, **headers: str) -> Reply:
    body = turtle.encode() if isinstance(turtle, str) else turtle
    path = f"/store?graph={quote(graph, safe='')}"
    return ask(address, "PUT", path, body, **{"Content-Type": "text/turtle"}, **headers)


# The W3C's cases.

_CASES = w3c.cases(Kind.QUERY)


@pytest.fixture(scope="module")
def library(front: Front) -> Iterator[Callable[[str, Case], Endpoint]]:
    """A mesoonto before the engine of a kind, by which the files of a case were put there."""
    endpoints: dict[str, Endpoint] = {}
    there: set[tuple[str, Path]] = set()

    def on(kind: str, case: Case) -> Endpoint:
        if kind not in endpoints:
            endpoints[kind] = Endpoint(front(kind), running.enter_context(Client(front(kind))))
        for file in queries.files(case):
            if (kind, file) not in there:
                _hold(endpoints[kind], file)
                there.add((kind, file))
        return endpoints[kind]

    with ExitStack() as running:
        yield on


def _hold(endpoint: Endpoint, file: Path) -> None:
    assert w3c.ROOT is not None
    triples = (quad.triple for quad in queries.quads(w3c.ROOT, file, None))
    body = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
    reply = _put(endpoint.address, manifests.iri(w3c.ROOT, file), body or b"")
    assert reply.status in (201, 204), f"{file}: {reply.status} {reply.text}"


@pytest.mark.checkout
@pytest.mark.w3c
@pytest.mark.parametrize("case", w3c.parameters(_CASES))
@pytest.mark.parametrize("kind", REAL)
def test_w3c_case(library: Callable[[str, Case], Endpoint], kind: str, case: Case) -> None:
    """A right answer, or a failure that is known."""
    assert w3c.ROOT is not None
    problem = queries.problem(w3c.ROOT, library(kind, case), case)
    reason = W3C[kind].get(w3c.name(case))
    if reason is None:
        assert problem is None, f"{case.request}: {problem}"
    else:
        assert problem is not None, f"{case.name} passes now; take it out of the known failures ({reason})"


@pytest.mark.checkout
@pytest.mark.w3c
def test_known_failures_name_cases() -> None:
    names = set(map(w3c.name, _CASES))
    assert all(set(known) <= names for known in W3C.values())


# Competency questions.

_EVERY_QUESTION = 12
_FORMATS = (
    ("application/sparql-results+json", ox.QueryResultsFormat.JSON),
    ("application/sparql-results+xml", ox.QueryResultsFormat.XML),
    ("text/tab-separated-values", ox.QueryResultsFormat.TSV),
)
_QUESTIONS = [
    pytest.param(
        question,
        _FORMATS[place // _EVERY_QUESTION % 3],
        id=question.path.stem,
        marks=[pytest.mark.engines_full] if place % _EVERY_QUESTION else [],
    )
    for place, question in enumerate(questions.shipped())
]


@pytest.mark.parametrize(("question", "form"), _QUESTIONS)
@pytest.mark.parametrize("kind", REAL)
def test_question(
    front: Front,
    engine: Engine,
    kind: str,
    question: CompetencyQuestion,
    form: tuple[str, ox.QueryResultsFormat],
) -> None:
    """The rows are those of our own engine, or the engine is known to fail here."""
    reply = get(front(kind), question.sparql, Accept=form[0])
    if reply.status != 200:
        problem: str | None = f"{reply.status} {reply.text}"
    else:
        assert reply.type == form[0]
        same = bag(_rows(reply.body, form[1])) == _own(engine, question)
        problem = None if same else "other rows"
    known = QUESTIONS[kind].get(question.number)
    assert (problem is None) == (known is None), f"{problem}; known is {known}"


def _rows(body: bytes, syntax: ox.QueryResultsFormat) -> list[dict[str, Term]]:
    found = ox.parse_query_results(body, format=syntax)
    assert isinstance(found, ox.QuerySolutions)
    names = [variable.value for variable in found.variables]
    return [{name: row[name] for name in names if row[name] is not None} for row in found]


def _own(engine: Engine, question: CompetencyQuestion) -> Counter[frozenset[tuple[str, str]]]:
    result = engine.query(question.sparql)
    columns = result.columns
    return bag([{n: t for n, t in zip(columns, row, strict=True) if t is not None} for row in result.rows()])


def test_known_failures_are_of_questions() -> None:
    numbers = {question.number for question in questions.shipped()}
    assert all(set(known) <= numbers for known in QUESTIONS.values())


# Results, pages, time and harm.

_XSD = "http://www.w3.org/2001/XMLSchema#"
_TERMS = f"""<urn:s> <urn:p> "1.50"^^<{_XSD}decimal> , "5"^^<{_XSD}decimal> , "x"@en , true ,
    "2020-01-02"^^<{_XSD}date> , "a\\n\\"\\u00e9" , [] , <urn:o> ."""


def _triples(body: bytes | str, syntax: ox.RdfFormat) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(body, format=syntax)]


@pytest.mark.parametrize("kind", REAL)
def test_terms_come_as_they_were_put_in_every_format(front: Front, kind: str) -> None:
    """But for the spelling of numbers."""
    address, graph = front(kind), "urn:front:terms"
    assert _put(address, graph, _TERMS).status in (201, 204)
    expected = values(triple.object for triple in _triples(_TERMS, ox.RdfFormat.TURTLE))
    for media_type, syntax in _FORMATS:
        reply = get(address, f"SELECT ?o FROM <{graph}> {{ <urn:s> <urn:p> ?o }}", Accept=media_type)
        assert (reply.status, reply.type) == (200, media_type)
        assert values(row["o"] for row in _rows(reply.body, syntax)) == expected, media_type
    reply = get(address, f"SELECT ?o {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}", Accept="text/csv")
    assert len(list(csv.reader(io.StringIO(reply.text)))) == 1 + len(expected)
    constructed = get(address, f"CONSTRUCT {{ ?s ?p ?o }} FROM <{graph}> {{ ?s ?p ?o }}", Accept=_N_TRIPLES)
    stored = ask(address, path=f"/store?graph={graph}", Accept=_N_TRIPLES)
    for reply in (constructed, stored):
        assert (reply.status, reply.type) == (200, _N_TRIPLES)
        found = values(triple.object for triple in _triples(reply.body, ox.RdfFormat.N_TRIPLES))
        # Virtuoso writes true as 1 here, which is the same value.
        assert found in (expected, expected - Counter(["true"]) + Counter(["1"]))
    for pattern, yes in (("<urn:s> <urn:p> true", True), ("<urn:s> <urn:p> false", False)):
        for media_type in ("application/sparql-results+json", "application/sparql-results+xml"):
            reply = get(address, f"ASK {{ GRAPH <{graph}> {{ {pattern} }} }}", Accept=media_type)
            assert (b"true" in reply.body) is yes, reply.text


#: What the site has pages of: the terms, records, and views over all of them.
_PAGES = (
    "", "about", "ask", "browse/trials", "data/study_NCT02899299", "landscape", "map", "MESO_0001020", "pool",
    "search?q=nivolumab", "timeline",
)  # fmt: skip


@pytest.mark.parametrize("kind", REAL)
def test_pages_are_those_without_an_engine(front: Front, address: str, kind: str) -> None:
    for page in _PAGES:
        replies = [ask(server, path=f"/{page}", Accept="text/html") for server in (address, front(kind))]
        assert [reply.status for reply in replies] == [200, 200], page
        own, other = map(_page, replies, (address, front(kind)))
        assert own == other, page
    missing = ask(front(kind), path="/MESO_9999999", Accept="text/html")
    assert missing.status == 404


def _page(reply: Reply, address: str) -> str:
    """The page without the address and the version of the data, which has the state of an engine in it."""
    return reply.text.replace(address, "/").replace(reply.headers["mesoonto-dataset"], "(version)")


@pytest.mark.parametrize("kind", REAL)
def test_version_and_union_of_what_was_loaded(front: Front, engine: Engine, kind: str) -> None:
    health = ask(front(kind), path="/health").json
    assert (health["engine"]["kind"], health["engine"]["same_version"]) == (kind, True)
    text = "SELECT (COUNT(*) AS ?n) { ?s a meso:Study ; ?p ?o }"
    reply = get(front(kind), text, Accept="text/csv")
    assert reply.headers["mesoonto-dataset"].startswith(f"{engine.version}.")
    [own] = engine.select(text)
    assert reply.text.split() == ["n", own["n"]], "another number where the default graph is not the union"


@pytest.mark.parametrize("kind", REAL[:2])  # Oxigraph's server would go on
def test_what_takes_too_long_is_504(front: Front, kind: str) -> None:
    long = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    reply = ask(front(kind), path=f"/sparql?query={quote(long)}&timeout=1")
    assert reply.status == 504, reply.text
    assert len(reply.text.splitlines()) == 1


#: Oxigraph's server is ended by some that are within our bounds, which docs/engines.md tells. By default
#: the two others take turns.
_HOSTILE = [
    pytest.param(attack, kind, marks=[*mark, *([pytest.mark.engines_full] if (place + turn) % 2 else [])])
    for place, attack in enumerate([one for one in nesting.ATTACKS if "update" not in one.name][::6])
    for turn, (kind, mark) in enumerate(
        (("fuseki", [pytest.mark.fuseki]), ("virtuoso", [pytest.mark.virtuoso]))
    )
]


@pytest.mark.parametrize(("attack", "kind"), _HOSTILE)
def test_hostile_queries_do_no_harm(front: Front, kind: str, attack: Attack) -> None:
    """As before our own engine; what the engine does not answer in time is 504."""
    outcome = attack.launch(Target(front(kind), free_port()), Random(attack.name))
    assert outcome.ending == "504" or attack.problem(outcome) is None
    assert get(front(kind), "ASK {}").status == 200


@pytest.mark.parametrize("kind", REAL)
def test_service_is_asked_from_here(
    front: Front, engine_url: Callable[[str], str], filled: Callable[[str], EngineClient], kind: str
) -> None:
    """The engine gives one side of the join, Oxigraph's server the other, and neither asks anybody."""
    scores = "".join(f"<urn:f:{i}> <urn:score> {i} .\n" for i in range(20)).encode()
    filled("oxigraph").put_graph("urn:front:scores", "text/turtle", iter([scores]), 30)
    kinds = "".join(f"<urn:f:{i}> <urn:kind> <urn:odd> .\n" for i in range(1, 20, 2))
    assert _put(front(kind), "urn:front:kinds", kinds).status in (201, 204)
    reply = get(
        front(kind),
        "SELECT ?n { GRAPH <urn:front:kinds> { ?s <urn:kind> <urn:odd> } "
        f"SERVICE <{engine_url('oxigraph')}> {{ GRAPH <urn:front:scores> {{ ?s <urn:score> ?n }} }} "
        "FILTER(?n > 10) } ORDER BY ?n",
        Accept="text/csv",
    )
    assert (reply.status, reply.text.split()) == (200, ["n", "11", "13", "15", "17", "19"]), reply.text
    refused = get(front(kind), "ASK { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }")
    assert refused.status == 403


# A second server before the same engine: with tokens, and with a cap on rows.

_MINE = "urn:front:mine"
_TOKENS = {"update": "update-token-0123456789", "store": "store-token-01234567890"}
_BEARER = {scope: {"Authorization": f"Bearer {token}"} for scope, token in _TOKENS.items()}


@pytest.fixture(scope="module")
def second(
    engine_url: Callable[[str], str], front: Front, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    front("fuseki")
    file = tmp_path_factory.mktemp("second") / "tokens"
    file.write_text("".join(f"{token} {scope}\n" for scope, token in _TOKENS.items()))
    options = ("--token-file", str(file), "--max-rows", "3", "--query-workers", "2")
    with running_server("--engine", engine_url("fuseki"), *options) as address:
        yield address


def _insert(address: str, text: str, **headers: str) -> Reply:
    return update(address, f"INSERT DATA {{ GRAPH <{_MINE}> {{ <a:a> <a:b> {text} }} }}", **headers)


@pytest.mark.fuseki
def test_reading_is_open_and_writing_needs_its_token(second: str) -> None:
    question = f"ASK {{ GRAPH <{_MINE}> {{ <a:a> <a:b> 'token' }} }}"
    wrong = {"Authorization": "Bearer wrong-token-0123456789"}
    assert [_insert(second, "'token'", **headers).status for headers in ({}, wrong, _BEARER["store"])] == [
        401, 401, 403
    ]  # fmt: skip
    assert [_put(second, _MINE, "", **headers).status for headers in ({}, wrong, _BEARER["update"])] == [
        401, 401, 403
    ]  # fmt: skip
    assert get(second, question, Accept="application/json").json["boolean"] is False
    assert _insert(second, "'token'", **_BEARER["update"]).status == 204
    assert get(second, question, Accept="application/json").json["boolean"] is True
    assert _put(second, _MINE, "<a:a> <a:b> 0 .", **_BEARER["store"]).status == 204
    assert get(second, question, Accept="application/json").json["boolean"] is False


@pytest.mark.fuseki
def test_result_is_cut_at_its_cap(second: str) -> None:
    for kind, accept, number in (
        ("SELECT ?s", "text/csv", 4),
        ("SELECT ?s", "application/sparql-results+json", 3),
        ("CONSTRUCT { ?s a <a:b> }", _N_TRIPLES, 3),
    ):
        reply = get(second, f"{kind} {{ ?s a meso:Study }}", Accept=accept)
        assert (reply.status, reply.headers["mesoonto-row-limit"]) == (200, "3")
        found = reply.json["results"]["bindings"] if "json" in accept else reply.text.splitlines()
        assert len(found) == number
    assert "mesoonto-row-limit" not in get(second, "SELECT * { VALUES ?x { 1 2 3 } }").headers


@pytest.mark.fuseki
def test_of_two_servers_one_sees_what_the_other_wrote(front: Front, second: str) -> None:
    """At once where it asks the engine, at its next look where it kept an answer; then versions are one."""
    first = front("fuseki")
    assert _put(second, _MINE, "<a:a> <a:b> 1 .", **_BEARER["store"]).status in (201, 204)
    _until_same_version(first, second)
    before = _read(first)
    assert before.text.split() == ["o", "1"]
    assert _read(first, If_None_Match=before.headers["etag"]).status == 304
    assert _stored(first).headers["etag"] == _stored(second).headers["etag"]

    written = _insert(second, "2", **_BEARER["update"])
    version = written.headers["mesoonto-dataset"]
    now = _read(second)
    assert (now.text.split(), now.headers["mesoonto-dataset"]) == (["o", "1", "2"], version)
    unkept = get(first, f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{_MINE}> {{ ?s ?p ?o }} }}", Accept="text/csv")
    assert unkept.text.split() == ["n", "2"]
    _until_same_version(first, second)
    after = _read(first)
    assert after.text.split() == ["o", "1", "2"]
    assert after.headers["etag"] != before.headers["etag"]
    assert _stored(first).headers["etag"] == _stored(second).headers["etag"]
    assert _read(first, If_None_Match=before.headers["etag"]).status == 200

    # A condition is on what the engine holds, whether its server knows that already or not.
    known = f'"{version}"'
    assert _insert(second, "3", **_BEARER["update"]).status == 204
    assert _insert(first, "4", **{"If-Match": known}).status == 412
    assert _read(second).text.split() == ["o", "1", "2", "3"]


def _read(address: str, **headers: str) -> Reply:
    asked = f"SELECT ?o {{ GRAPH <{_MINE}> {{ <a:a> <a:b> ?o }} }} ORDER BY ?o"
    return get(address, asked, Accept="text/csv", **headers)


def _stored(address: str) -> Reply:
    """The graph, whose tag does not tell of the cap on rows, as that of an answer does."""
    return ask(address, path=f"/store?graph={_MINE}", Accept=_N_TRIPLES)


def _until_same_version(*servers: str) -> None:
    deadline = time.monotonic() + 30
    while len({get(server, "ASK {}").headers["mesoonto-dataset"] for server in servers}) > 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)
