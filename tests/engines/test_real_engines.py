"""Fuseki, Virtuoso and Oxigraph's server, really started: what is loaded, what is answered.

Every twelfth competency question is asked of each; all with ``pytest -m engines_full tests/engines``.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest

from mesoonto.dataset.formats import format_named
from mesoonto.dataset.store import Engine, Term
from mesoonto.engines import load, note
from mesoonto.engines.adapter import EngineQuery, EngineUpdate
from mesoonto.engines.address import EngineAddress
from mesoonto.engines.client import EngineClient
from mesoonto.engines.kinds import kind_found
from mesoonto.errors import EngineTimeoutError, InputError, MesoontoError, QuerySyntaxError
from mesoonto.knowledge import questions
from mesoonto.knowledge.questions import CompetencyQuestion
from mesoonto.namespaces import MESO
from tests.conftest import free_port, run_within, running_server
from tests.engines.conftest import REAL
from tests.engines.known_failures import QUESTIONS
from tests.hostile import nesting
from tests.hostile.attack import Attack, Target
from tests.wire import FORM
from tests.wire import request as ask_for

_JSON = "application/sparql-results+json"
_N_TRIPLES = "application/n-triples"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_EVERY = 12

Client = Callable[[str], EngineClient]
Row = dict[str, Term]


@pytest.fixture(scope="session")
def filled(
    engine_url: Callable[[str], str], engine_client: Client, tmp_path_factory: pytest.TempPathFactory
) -> Client:
    """A client of the engine of a kind, into which the shipped dataset was loaded by the command."""
    loaded: set[str] = set()

    def client(kind: str) -> EngineClient:
        if kind not in loaded:
            done = run_within(tmp_path_factory.mktemp("load"), "load", "--engine", engine_url(kind))
            assert done.returncode == 0, done.stderr
            assert "; version " in done.stdout
            # Fuseki's default graph stays its own, which the command tells.
            assert ("tdb2:unionDefaultGraph" in done.stderr) == (kind == "fuseki")
            loaded.add(kind)
        return engine_client(kind)

    return client


def _rows(client: EngineClient, text: str, *, union: bool = True) -> list[Row]:
    asked = EngineQuery(text, _JSON, union, seconds=120)
    found = ox.parse_query_results(client.query(asked).read(), format=ox.QueryResultsFormat.JSON)
    assert isinstance(found, ox.QuerySolutions)
    names = [variable.value for variable in found.variables]
    return [{name: row[name] for name in names if row[name] is not None} for row in found]


def _value(term: object) -> str:
    """A cell without its type and language, which GROUP_CONCAT may keep or not; its parts in one order."""
    if not isinstance(term, ox.Literal):
        return str(term)
    if term.datatype.value in {f"{_XSD}{name}" for name in ("decimal", "integer", "double")}:
        return repr(float(term.value))
    return ", ".join(sorted(term.value.split(", ")))


def _bag(rows: list[Row]) -> Counter[frozenset[tuple[str, str]]]:
    """The rows as CSV tells them apart: an empty string, such as a GROUP_CONCAT of nothing, is no value."""
    return Counter(
        frozenset((name, text) for name, term in row.items() if (text := _value(term))) for row in rows
    )


def _own(engine: Engine, question: CompetencyQuestion) -> Counter[frozenset[tuple[str, str]]]:
    result = engine.query(question.sparql)
    columns = result.columns
    return _bag([{n: t for n, t in zip(columns, row, strict=True) if t is not None} for row in result.rows()])


_QUESTIONS = [
    pytest.param(question, id=question.path.stem, marks=[pytest.mark.engines_full] if place % _EVERY else [])
    for place, question in enumerate(questions.shipped())
]


@pytest.mark.parametrize("question", _QUESTIONS)
@pytest.mark.parametrize("kind", REAL)
def test_question(filled: Client, engine: Engine, kind: str, question: CompetencyQuestion) -> None:
    """The rows are those of our own engine, or the engine is known to fail here."""
    expected = _own(engine, question)
    problem = None
    try:
        if _bag(_rows(filled(kind), question.sparql)) != expected:
            problem = "other rows"
    except MesoontoError as error:
        problem = str(error)
    known = QUESTIONS[kind].get(question.number)
    assert (problem is None) == (known is None), f"{problem}; known is {known}"


def test_known_failures_are_of_questions() -> None:
    numbers = {question.number for question in questions.shipped()}
    assert all(set(known) <= numbers for known in QUESTIONS.values())


@pytest.mark.parametrize("kind", REAL)
def test_the_kind_is_found_out(engine_url: Callable[[str], str], kind: str) -> None:
    assert kind_found(EngineAddress.of(engine_url(kind))) == kind


@pytest.mark.parametrize("kind", REAL)
def test_version_and_union_of_a_load(filled: Client, engine: Engine, kind: str) -> None:
    client = filled(kind)
    found = note.Note.read(client.query(EngineQuery(note.QUERY, _JSON)).read())
    assert found is not None
    assert found.version == engine.version
    text = "SELECT (COUNT(*) AS ?n) { ?s a meso:Study ; ?p ?o }"
    [row] = _rows(client, f"PREFIX meso: <{MESO}> {text}")
    [own] = engine.select(text)
    assert row["n"] == ox.Literal(int(own["n"])), "another number where the default graph is not the union"


_DATA = f"""<urn:s> <urn:p> "1.50"^^<{_XSD}decimal> , "x"@en , true , "2020-01-02"^^<{_XSD}date> ,
    "a\\n\\"\\u00e9" , [] , <urn:o> ."""


def _triples(text: bytes | str, syntax: ox.RdfFormat) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(text, format=syntax)]


def _values(terms: list[Term]) -> Counter[str]:
    return Counter("a blank node" if isinstance(term, ox.BlankNode) else _value(term) for term in terms)


@pytest.mark.parametrize("kind", REAL)
def test_results_are_the_w3cs(engine_client: Client, kind: str) -> None:
    """Terms come as they were put there, but for the spelling of numbers, in JSON and in N-Triples."""
    client = engine_client(kind)
    triples = _triples(_DATA, ox.RdfFormat.TURTLE)
    sent = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
    client.put_graph("urn:terms", _N_TRIPLES, iter([sent or b""]), 30)
    expected = _values([triple.object for triple in triples])
    rows = _rows(client, "SELECT ?o FROM <urn:terms> { <urn:s> <urn:p> ?o }", union=False)
    assert _values([row["o"] for row in rows]) == expected
    answer = client.query(EngineQuery("CONSTRUCT WHERE { ?s ?p ?o }", _N_TRIPLES, False, ("urn:terms",)))
    assert answer.media_type == _N_TRIPLES
    found = _triples(answer.read(), ox.RdfFormat.N_TRIPLES)
    # Virtuoso writes true as 1 here, which is the same value.
    assert _values([triple.object for triple in found]) in (
        expected,
        expected - Counter(["true"]) + Counter(["1"]),
    )


@pytest.mark.parametrize("kind", REAL)
def test_ask_is_answered_by_a_truth_value(engine_client: Client, kind: str) -> None:
    client = engine_client(kind)
    assert load.ask(client, "ASK { VALUES ?x { 1 } }")
    assert not load.ask(client, "ASK { GRAPH <urn:nothing> { ?s ?p ?o } }")


@pytest.mark.parametrize("kind", REAL)
def test_a_syntax_error_tells_its_line(engine_client: Client, kind: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        engine_client(kind).query(EngineQuery("SELECT * {\n ?s ?p }", _JSON))
    assert caught.value.place is not None
    assert caught.value.place.line == 2
    assert "SELECT" not in caught.value.message


@pytest.mark.parametrize("kind", REAL)
def test_an_update_is_as_atomic_as_is_told(engine_client: Client, kind: str) -> None:
    """LOAD from where nobody listens fails; what stands before it stays, or does not."""
    client = engine_client(kind)
    insertion = "INSERT DATA { GRAPH <urn:atomic> { <urn:a> <urn:a> <urn:a> } }"
    with pytest.raises(MesoontoError):
        client.update(EngineUpdate(f"{insertion} ; LOAD <http://127.0.0.1:9/x.ttl> INTO GRAPH <urn:atomic>"))
    stays = load.ask(client, "ASK { GRAPH <urn:atomic> { ?s ?p ?o } }")
    assert stays == (not client.adapter.atomic_updates)


@pytest.mark.parametrize("kind", [REAL[0]])
def test_an_engine_that_gives_up_in_time_says_so(engine_client: Client, kind: str) -> None:
    client = engine_client(kind)
    numbers = "".join(f"<urn:{i}> <urn:p> {i} .\n" for i in range(3000))
    client.post_graph("urn:long", "text/turtle", iter([numbers.encode()]), 30)
    text = "SELECT (COUNT(*) AS ?n) FROM <urn:long> { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    request = client.adapter.query(client.address, EngineQuery(text, _JSON, union=False, seconds=1))
    assert b"timeout=1" in request.body
    with pytest.raises(EngineTimeoutError):
        client.query(EngineQuery(text, _JSON, union=False, seconds=1))


# What a load does to graphs.


def _graph(client: EngineClient, name: str) -> set[str]:
    return {_value(row["o"]) for row in _rows(client, f"SELECT ?o {{ GRAPH <{name}> {{ ?s ?p ?o }} }}")}


def _staged(client: EngineClient) -> list[object]:
    text = f'SELECT ?g {{ GRAPH ?g {{ ?s ?p ?o }} FILTER(STRSTARTS(STR(?g), "{load.STAGING}")) }}'
    return list(_rows(client, text))


def _quads(*objects: str, graph: str) -> Iterator[ox.Quad]:
    s, p = ox.NamedNode("urn:s"), ox.NamedNode("urn:p")
    return (ox.Quad(s, p, ox.Literal(text), ox.NamedNode(graph)) for text in objects)


@pytest.fixture(params=["one update", "by staging"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of a load, for engines that take it in one update."""
    if request.param == "by staging":
        monkeypatch.setattr(load, "_IN_ONE", 0)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("kind", REAL)
def test_load_adds_or_replaces(engine_client: Client, kind: str) -> None:
    client = engine_client(kind)

    def put(*objects: str, replacing: bool) -> None:
        with load.collected(_quads(*objects, graph="urn:loaded")) as parts:
            load.load(client, parts, lambda _: None, replacing=replacing, seconds=60)

    put("a", "b", replacing=True)
    assert _graph(client, "urn:loaded") == {"a", "b"}
    put("c", replacing=False)
    assert _graph(client, "urn:loaded") == {"a", "b", "c"}
    put("d", replacing=True)
    assert _graph(client, "urn:loaded") == {"d"}
    assert not _staged(client)


@pytest.mark.parametrize("kind", REAL)
def test_a_load_that_breaks_off_leaves_what_was(
    engine_client: Client, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "_IN_ONE", 0)
    client = engine_client(kind)
    with load.collected(_quads("old", graph="urn:kept")) as parts:
        load.load(client, parts, lambda _: None, replacing=True, seconds=60)
    quads = [*_quads("new", graph="urn:kept"), *_quads("x", graph="urn:other")]
    with load.collected(quads) as parts:
        parts[1].path.unlink()  # as on a disk that fails
        with pytest.raises(FileNotFoundError):
            load.load(client, parts, lambda _: None, replacing=True, seconds=60)
    assert _graph(client, "urn:kept") == {"old"}
    assert not _graph(client, "urn:other")
    assert not _staged(client)


@pytest.mark.parametrize("kind", REAL)
def test_files_are_loaded_into_a_graph(
    engine_url: Callable[[str], str], engine_client: Client, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "a.ttl").write_text("<urn:a> <urn:p> 24.0 , [ <urn:q> 1 ] .")
    options = ("--engine", engine_url(kind), "--graph", "urn:files", "--replace")
    done = run_within(tmp_path, "load", "a.ttl", *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("3 statements loaded in ")
    client = engine_client(kind)
    assert load.ask(client, "ASK { GRAPH <urn:files> { <urn:a> <urn:p> 24.0 , ?b . ?b <urn:q> 1 } }")
    broken = tmp_path / "b.ttl"
    broken.write_text("<urn:a> <urn:p> ")
    done = run_within(tmp_path, "load", "a.ttl", "b.ttl", *options)
    assert done.returncode != 0
    assert "b.ttl:1" in done.stderr
    assert load.ask(client, "ASK { GRAPH <urn:files> { <urn:a> <urn:p> 24.0 } }")


def test_what_an_engine_has_no_place_for_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.nt").write_text("<urn:a> <urn:p> <urn:o> .\n")
    url = "http://127.0.0.1:9/sparql"
    done = run_within(tmp_path, "load", "a.nt", "--engine", url, "--engine-kind", "virtuoso")
    assert "name one with --graph" in done.stderr
    done = run_within(
        tmp_path, "load", "a.nt", "--engine", url, "--engine-kind", "fuseki", "--graph", "urn:g"
    )
    assert "cannot be reached" in done.stderr
    a = ox.NamedNode("urn:a")
    with pytest.raises(InputError, match="blank node"), load.collected([ox.Quad(a, a, a, ox.BlankNode())]):
        pass


# Behind a served mesoonto.


@pytest.fixture(scope="module", params=REAL)
def front(
    request: pytest.FixtureRequest, filled: Client, engine_url: Callable[[str], str]
) -> Iterator[tuple[str, str]]:
    """The kind of an engine that holds the shipped dataset, and the address of a mesoonto before it."""
    filled(request.param)
    with running_server(
        "--engine", engine_url(request.param), "--timeout", "10", "--memory", "512"
    ) as address:
        yield request.param, address


def test_served_with_the_engine(front: tuple[str, str], engine: Engine) -> None:
    """Pages are there, and a question is answered in a format that is written here."""
    kind, address = front
    health = ask_for(address, "GET", "/health").json
    assert health["engine"]["kind"] == kind
    assert health["engine"]["same_version"]
    for path in ("/", "/ask", "/search?q=nivolumab"):
        assert ask_for(address, "GET", path).status == 200, path
    question = next(q for q in questions.shipped() if q.number == "CQ25")
    form = urlencode({"query": question.sparql}).encode()
    reply = ask_for(address, "POST", "/sparql", form, {"Content-Type": FORM, "Accept": "text/csv"})
    assert (reply.status, reply.type) == (200, "text/csv"), str(reply)
    own = engine.query(question.sparql)
    expected = own.serialize(format_named("csv", own.kind)).decode()
    assert sorted(csv.reader(io.StringIO(reply.text))) == sorted(csv.reader(io.StringIO(expected)))


#: Oxigraph's server is ended by some that are within our bounds, which docs/engines.md tells.
_QUERIES = [attack for attack in nesting.ATTACKS if "update" not in attack.name][::6]


@pytest.mark.parametrize("front", [REAL[0]], indirect=True)
@pytest.mark.parametrize("attack", _QUERIES, ids=lambda attack: attack.name)
def test_hostile_queries_do_no_harm(front: tuple[str, str], attack: Attack) -> None:
    """As before our own engine; what the engine does not answer in time is 504."""
    _, address = front
    outcome = attack.launch(Target(address, free_port()), Random(attack.name))
    assert outcome.ending == "504" or attack.problem(outcome) is None
    assert ask_for(address, "GET", "/sparql?query=ASK%20%7B%7D").status == 200
