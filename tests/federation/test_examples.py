"""The shipped federated questions, over HTTP, against local servers in the vocabulary of the real endpoints.

What they must answer is told by a store that holds the dataset and all fixtures, with GRAPH in the place of
SERVICE, so that no part of the federation takes part in it.
"""

from __future__ import annotations

import datetime
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyoxigraph as ox
import pytest

from mesoonto.dataset import shipped
from mesoonto.dataset.query_features import Outline
from mesoonto.dataset.store import Engine
from mesoonto.federation import Endpoint, Endpoints, Federation
from mesoonto.federation.syntax import parse
from mesoonto.knowledge import questions
from mesoonto.knowledge.questions import CompetencyQuestion
from mesoonto.namespaces import PREFIXES
from tests.conftest import free_port
from tests.federation.standins import StoreLocal
from tests.federation.test_equality import bag
from tests.federation.virtuoso import virtuoso_server
from tests.federation.waiting import wait_for

FIXTURES = Path(__file__).parent / "fixtures"
SHIPPED = questions.federated()

#: The fixture of each endpoint, by a part of its address.
NAMES = ("wikidata", "uniprot", "bgee", "rhea", "chembl", "wikipathways", "mesh", "ubergraph", "aopwiki")


def fixture_of(url: str) -> Path:
    """The fixture that stands for the endpoint at *url*."""
    [name] = [name for name in NAMES if re.search(rf"[/.]{name}\b", url)]
    return FIXTURES / f"{name}.trig"


@contextmanager
def oxigraph_server(fixture: Path, log: Path) -> Iterator[str]:
    """The Oxigraph server with *fixture* in it; yields the address of its endpoint."""
    program = shutil.which("oxigraph", path=sysconfig.get_path("scripts"))
    assert program, "oxigraph is a development dependency"
    location = log.with_suffix(".store")
    load = [program, "load", "--location", str(location), "--file", str(fixture)]
    subprocess.run(load, check=True, capture_output=True, timeout=60)
    port = free_port()
    command = [program, "serve-read-only", "--location", str(location), "--bind", f"127.0.0.1:{port}"]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            url = f"http://127.0.0.1:{port}/query"
            wait_for(f"{url}?query=ASK%7B%7D", process)
            yield url
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The address of a local server for each endpoint that a question asks."""
    folder = tmp_path_factory.mktemp("oxigraph")
    with ExitStack() as running:
        found = {}
        for url in sorted({url for question in SHIPPED for url in question.endpoints}):
            log = folder / f"{fixture_of(url).stem}.log"
            found[url] = running.enter_context(oxigraph_server(fixture_of(url), log))
        yield found


@pytest.fixture(scope="module")
def everything() -> ox.Store:
    """The dataset, each statement in the default graph too, and each fixture in the graph of its endpoint."""
    store = shipped.build()
    for quad in list(store):
        store.add(ox.Quad(quad.subject, quad.predicate, quad.object))
    for url in {url for question in SHIPPED for url in question.endpoints}:
        for quad in ox.parse(path=fixture_of(url), rename_blank_nodes=True):
            graph = ox.NamedNode(url) if isinstance(quad.graph_name, ox.DefaultGraph) else quad.graph_name
            store.add(ox.Quad(quad.subject, quad.predicate, quad.object, graph))
    return store


def right_answer(everything: ox.Store, question: CompetencyQuestion) -> object:
    return bag(everything.query(re.sub(r"SERVICE (?=<)", "GRAPH ", question.sparql)))


def asked(question: CompetencyQuestion, servers: dict[str, str]) -> str:
    text = question.sparql
    for url in question.endpoints:
        text = text.replace(f"SERVICE <{url}>", f"SERVICE <{servers[url]}>")
    return text


class _Dataset(StoreLocal):
    """The dataset with the union of its graphs as default graph, as it is served."""

    def select(self, query: str, _: Outline) -> bytes:
        result = self._store.query(query, prefixes=PREFIXES, use_default_graph_as_union=True)
        assert isinstance(result, ox.QuerySolutions)
        return result.serialize(format=ox.QueryResultsFormat.JSON) or b""


@pytest.fixture(scope="module")
def store(engine: Engine) -> ox.Store:
    return engine.store


def check(
    question: CompetencyQuestion, servers: dict[str, str], store: ox.Store, everything: ox.Store
) -> None:
    """The federated answer of *question* is the right one, is not empty, and took few requests."""
    entries = [Endpoint(url, url, allow_private=True, cache=0) for url in sorted(set(servers.values()))]
    federation = Federation(Endpoints(entries))
    try:
        outcome = federation.evaluate(asked(question, servers), _Dataset(store))
    finally:
        federation.close()
    answer = bag(store.query(outcome.query, use_default_graph_as_union=True))
    assert answer == right_answer(everything, question)
    assert answer, "a question without an answer tells nothing"
    for service in outcome.report.services:
        assert service.bindings is not None, "every clause must be bound by the dataset"
        assert 1 <= len(service.requests) <= -(-service.bindings // 100) + 1


@pytest.mark.parametrize("question", SHIPPED, ids=lambda q: q.path.stem)
def test_answer_is_that_of_one_store(
    question: CompetencyQuestion, servers: dict[str, str], store: ox.Store, everything: ox.Store
) -> None:
    check(question, servers, store, everything)


@pytest.fixture(scope="module")
def virtuoso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Virtuoso with all fixtures, as several of the real endpoints run it."""
    folder = tmp_path_factory.mktemp("virtuoso")
    triples: dict[str, list[ox.Triple]] = {}
    for fixture in sorted(FIXTURES.glob("*.trig")):
        for quad in ox.parse(path=fixture, rename_blank_nodes=True):
            graph = f"http://fixture.example/{fixture.stem}"
            if isinstance(quad.graph_name, ox.NamedNode):
                graph = quad.graph_name.value
            triples.setdefault(graph, []).append(quad.triple)
    files = {}
    for i, (graph, found) in enumerate(triples.items()):
        files[graph] = folder / f"{i}.nt"
        ox.serialize(found, files[graph], format=ox.RdfFormat.N_TRIPLES)
    with virtuoso_server(folder, files) as url:
        yield url


@pytest.mark.slow
@pytest.mark.virtuoso
@pytest.mark.parametrize("question", SHIPPED, ids=lambda q: q.path.stem)
def test_answer_from_virtuoso_is_that_of_one_store(
    question: CompetencyQuestion, virtuoso: str, store: ox.Store, everything: ox.Store
) -> None:
    check(question, dict.fromkeys(question.endpoints, virtuoso), store, everything)


@pytest.mark.parametrize("question", SHIPPED, ids=lambda q: q.path.stem)
def test_question_is_well_kept(question: CompetencyQuestion) -> None:
    assert question.summary.endswith("?")
    assert question.keywords
    assert "ORDER BY" in question.sparql
    clauses = parse(question.sparql).clauses
    assert {clause.endpoint for clause in clauses} == set(question.endpoints)
    assert question.last_run_live == "never" or datetime.date.fromisoformat(question.last_run_live or "")


def test_there_are_questions_for_every_endpoint() -> None:
    assert len(SHIPPED) >= 15
    used = {fixture_of(url).stem for question in SHIPPED for url in question.endpoints}
    assert used == set(NAMES) == {path.stem for path in FIXTURES.glob("*.trig")}
    assert len({question.number for question in SHIPPED}) == len(SHIPPED)


def test_cli_runs_a_question_and_explains_it(
    servers: dict[str, str], tmp_path: Path, mesoonto: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    question = next(q for q in SHIPPED if q.number == "FQ01")
    (tmp_path / "q.rq").write_text(asked(question, servers))
    [url] = question.endpoints
    (tmp_path / "c.toml").write_text(
        f'[federation.endpoints.wikidata]\nurl = "{servers[url]}"\nallow_private = true\n'
    )
    done = mesoonto("query", "q.rq", "--config", "c.toml", "--explain", "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert "nivolumab,http://www.wikidata.org/entity/fixture-drug-1,fixture ATC 1" in done.stdout
    assert "SERVICE wikidata" in done.stderr
    assert "local bindings of ?number" in done.stderr
    refused = mesoonto("query", "q.rq")
    assert refused.returncode == 2
    assert "not among the endpoints of the configuration, which are: none" in refused.stderr
