"""The default graph is a set, also where a triple stands in several graphs (SPARQL 1.1 Query, section 13)."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mesoonto.dataset import merged
from mesoonto.dataset.store import Engine
from mesoonto.dataset.versions import Location
from mesoonto.dataset.write import Document, Writer
from mesoonto.errors import QuerySyntaxError

NODES = [ox.NamedNode(f"http://e/{name}") for name in "abc"]
PREDICATES = [ox.NamedNode(f"http://e/{name}") for name in "pq"]
GRAPHS = [ox.NamedNode(f"http://e/g{number}") for number in range(3)]

quads = st.builds(
    ox.Quad,
    st.sampled_from(NODES),
    st.sampled_from(PREDICATES),
    st.sampled_from([*NODES, ox.Literal("x"), ox.BlankNode("b")]),
    st.sampled_from([*GRAPHS, ox.DefaultGraph()]),
)
datasets = st.sets(quads, max_size=20)

#: Patterns of each kind: one triple, a join, an optional part, a path, beside a named graph.
PATTERNS = [
    "?s ?p ?o",
    "?s <http://e/p> ?o . ?o <http://e/q> ?x",
    "?s ?p ?o OPTIONAL { ?o ?q ?x }",
    "?s <http://e/p>/<http://e/q> ?o",
    "?s <http://e/p>|<http://e/q> ?o",
    "?s <http://e/p>+ ?o",
    "?s ?p ?o . GRAPH ?g { ?s ?q ?x }",
    "GRAPH ?g { ?s ?p ?o }",
    "?s ?p ?o FILTER NOT EXISTS { GRAPH <http://e/g0> { ?s ?p ?o } }",
]


def served(data: set[ox.Quad]) -> Engine:
    """*data* as they are served from memory."""
    store = ox.Store()
    store.extend(data)
    return Engine(store, "1", own=merged.separate(store))


def by_hand(default: set[ox.Quad], named: set[ox.Quad]) -> ox.Store:
    """A store whose default graph has each triple of *default* once, beside the graphs of *named*."""
    store = ox.Store()
    store.extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in default)
    store.extend(quad for quad in named if quad.graph_name != ox.DefaultGraph())
    return store


def rows(result: object) -> Counter[str]:
    assert isinstance(result, ox.QuerySolutions)
    return Counter(str([row[v] for v in result.variables]) for row in result)


def answers(engine: Engine, query: str, **options: Any) -> Counter[str]:
    return rows(engine.query(query, **options)._result)


@given(datasets, st.sampled_from(PATTERNS))
def test_rows_are_those_of_a_set(data: set[ox.Quad], pattern: str) -> None:
    query = f"SELECT * {{ {pattern} }}"
    assert answers(served(data), query) == rows(by_hand(data, data).query(query))


@given(
    datasets, st.sampled_from(PATTERNS), st.lists(st.sampled_from(GRAPHS)), st.lists(st.sampled_from(GRAPHS))
)
def test_rows_of_chosen_graphs_are_those_of_a_set(
    data: set[ox.Quad], pattern: str, default: list[ox.NamedNode], named: list[ox.NamedNode]
) -> None:
    parts = ({q for q in data if q.graph_name in default}, {q for q in data if q.graph_name in named})
    expected = rows(by_hand(*parts).query(f"SELECT * {{ {pattern} }}"))
    text = "PREFIX g: <http://e/>\nSELECT * "
    text += " ".join(f"FROM g:{g.value[-2:]}" for g in default)
    text += " ".join(f" from named {g}" for g in named)
    engines = [served(data), Engine(by_hand(data, data), "1", union=False)]
    for engine in engines:
        if default or named:
            assert answers(engine, f"{text} {{ {pattern} }}") == expected
            iris = {"default_graphs": [g.value for g in default], "named_graphs": [g.value for g in named]}
            assert answers(engine, f"SELECT * FROM <http://e/other> {{ {pattern} }}", **iris) == expected


@given(datasets)
def test_overlap_is_seen(data: set[ox.Quad]) -> None:
    store = ox.Store()
    store.extend(data)
    shared = len({quad.triple for quad in data}) < len(data)
    assert merged.overlap(store) == merged.overlapped_by(store, data) == shared
    before = set(store)
    own = merged.separate(store)
    if not shared:
        assert (own, set(store)) == (None, before)
    else:
        assert own is not None
        assert set(own) == {quad for quad in data if quad.graph_name == ox.DefaultGraph()}
        assert {q for q in store if q.graph_name != ox.DefaultGraph()} == data - set(own)


@given(datasets, datasets, st.sets(quads, max_size=4))
def test_merged_store_follows_what_changes(
    old: set[ox.Quad], new: set[ox.Quad], unchanged: set[ox.Quad]
) -> None:
    """*unchanged* may be told as well: a write tells what may differ."""
    store = ox.Store()
    store.extend(old)
    made = ox.Store()
    made.extend(old)
    merged.merge(made)
    for quad in old - new:
        store.remove(quad)
    store.extend(new)
    for graph in GRAPHS[:1]:
        store.remove_graph(graph)
    now = set(store)
    merged.follow(made, store, [*(old ^ now), *unchanged])
    assert set(made) == set(by_hand(now, now))
    assert set(made.named_graphs()) == set(store.named_graphs())


#: Spellings of one graph; the first may stand twice.
SPELT = ["<http://e/g0>", "<http://e/./g0>", "g:g0", "<g0>", "<http://e/\\u00670>"]


@pytest.mark.parametrize("second", SPELT)
@pytest.mark.parametrize(
    "clause", ["FROM {} FROM {}", "FROM{}#c\nfrom#from\n{}", "FROM NAMED {} from named {}"]
)
@pytest.mark.parametrize("shared", [False, True])
def test_graph_that_is_named_twice_is_one(second: str, clause: str, shared: bool) -> None:
    data = {ox.Quad(NODES[0], PREDICATES[0], NODES[0], graph) for graph in GRAPHS[: 1 + shared]}
    pattern = "GRAPH ?g { ?s ?p ?o }" if "NAMED" in clause else "?s ?p ?o"
    query = "BASE <http://e/> PREFIX g: <http://e/> SELECT * " + clause.format(SPELT[0], second)
    assert answers(served(data), f"{query} {{ {pattern} }}").total() == 1


def test_many_graphs_may_be_named() -> None:
    engine = served({ox.Quad(NODES[0], PREDICATES[0], NODES[0], graph) for graph in GRAPHS})
    clauses = " ".join(f"FROM <http://e/g{number}>" for number in range(5000))
    assert len(answers(engine, f"SELECT * {clauses} {{ ?s ?p ?o }}")) == 1


@pytest.mark.parametrize("union", [True, False])
def test_graphs_of_from_are_resolved_as_the_engine_does(union: bool) -> None:
    engine = served({ox.Quad(NODES[0], PREDICATES[0], NODES[0], graph) for graph in GRAPHS})
    engine = engine if union else Engine(engine.store, "1", union=False)
    query = "SELECT * FROM <g0> FROM <g1> { ?s ?p ?o }"
    with pytest.raises(QuerySyntaxError, match="IRI"):
        engine.query(query)
    assert answers(engine, query, base="http://e/").total() == 1
    assert answers(engine, f"BASE <http://e/x> {query}").total() == 1
    with pytest.raises(QuerySyntaxError, match="prefix not declared"):
        engine.query(query.replace("<g0>", "nope:g0"))


def allow(_: ox.Store, __: object) -> None:
    """A check that lets all pass; a write tells what it changes when there is one."""


def read(location: Location) -> Engine:
    store, version = location.open_current()
    together = location.open_merged(version)
    return Engine(store, version) if together is None else Engine(together, version, own=store)


def body(data: set[ox.Quad]) -> Document:
    text = ox.serialize((quad.triple for quad in data), format=ox.RdfFormat.N_TRIPLES)
    return Document(io.BytesIO(text or b""), ox.RdfFormat.N_TRIPLES, "http://e/")


def without_blank_nodes(data: set[ox.Quad]) -> set[ox.Quad]:
    return {quad for quad in data if not isinstance(quad.object, ox.BlankNode)}


def _both(graphs: set[int]) -> set[ox.Quad]:
    triple = (NODES[0], PREDICATES[1], NODES[1])
    return {ox.Quad(*triple), *(ox.Quad(*triple, GRAPHS[number]) for number in graphs)}


#: A write of each kind, and how the data differ after it.
WRITES = ("put", "post", "delete", "insert", "remove", "update", "clear")


@pytest.mark.slow
@settings(max_examples=4)
@example(
    [
        ("insert", _both({0}), GRAPHS[1]),
        ("put", _both({0, 1}), GRAPHS[1]),
        ("remove", _both({0}), GRAPHS[1]),
        ("update", set(), GRAPHS[2]),
        ("delete", set(), GRAPHS[1]),
        ("clear", set(), GRAPHS[2]),
    ]
)
@given(
    st.lists(st.tuples(st.sampled_from(WRITES), datasets, st.sampled_from(GRAPHS)), min_size=2, max_size=5)
)
def test_each_version_on_disk_has_its_default_graph_as_a_set(
    writes: list[tuple[str, set[ox.Quad], ox.NamedNode]],
) -> None:
    with TemporaryDirectory() as folder:
        location = Location(Path(folder))
        writer = Writer(location, allow)
        writer.update("INSERT DATA { GRAPH <http://e/g0> { <http://e/a> <http://e/p> <http://e/b> } }")
        for kind, drawn, graph in writes:
            # DELETE DATA has no blank nodes
            data = without_blank_nodes(drawn) if kind == "remove" else drawn
            quads_of = "".join(
                f"GRAPH {q.graph_name} {{ {q.triple} }} " for q in data if q.graph_name in GRAPHS
            )
            quads_of += "".join(f"{q.triple} . " for q in data if q.graph_name not in GRAPHS)
            if kind in ("put", "post"):
                writer.put(graph, [body(data)], keep=kind == "post")
            elif kind == "delete":
                writer.put(graph, [])
                writer.delete(graph)
            elif kind == "update":
                writer.update(
                    f"INSERT {{ GRAPH {graph} {{ ?s ?p ?o }} }} WHERE {{ GRAPH ?g {{ ?s ?p ?o }} }}"
                )
            elif kind == "clear":
                writer.update(f"CLEAR SILENT GRAPH {graph}")
            else:
                writer.update(f"{'INSERT' if kind == 'insert' else 'DELETE'} DATA {{ {quads_of} }}")
            engine = read(location)
            written = set(location.open_current()[0])
            assert set(engine.store) == set(written if engine.own is None else by_hand(written, written))
            assert engine.graph_names() == sorted(g.value for g in location.open_current()[0].named_graphs())
            count = len({quad.triple for quad in written})
            assert engine.select("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == [{"n": str(count)}]
