"""What a write can reach is judged as the whole would be, at the cost of what was written."""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph as ox
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mesoonto.validation.data import store as data_files
from mesoonto.validation.engine import reach
from mesoonto.validation.engine.plan import EngineChoice
from mesoonto.validation.engine.results import Result
from mesoonto.validation.shapes.model import Shapes
from mesoonto.validation.write_check import judged
from tests.validation.helpers import PREFIXES, outcome, shapes
from tests.validation.test_engines import common, data, statements, top_shapes

GRAPH = ox.NamedNode("https://example.org/graph")


def quads(text: str) -> list[ox.Quad]:
    parsed = ox.parse(PREFIXES + text, format=ox.RdfFormat.TURTLE)
    return [ox.Quad(t.subject, t.predicate, t.object, GRAPH) for t in parsed]


def holding(found: Iterable[ox.Quad]) -> ox.Store:
    store = ox.Store()
    store.extend(found)
    return store


def whole(store: ox.Store, asked: Shapes) -> list[Result]:
    return [*outcome(data_files.of_triples({q.triple for q in store}), asked, EngineChoice.OXIGRAPH).results]


#: What a store holds, shapes, and what a write adds and removes.
writes = given(
    text=data,
    asked=top_shapes,
    added=st.lists(statements, max_size=3),
    removed=st.lists(st.integers(0, 30), max_size=3),
)


def rows(results: list[Result]) -> list[tuple[str, ...]]:
    return sorted(result.order for result in results)


@common
@example(
    "ex:n0 a ex:A .",
    "ex:S a sh:NodeShape ; sh:targetObjectsOf ex:p ; sh:class ex:A .",
    [("ex:n0", "ex:p", "01")],
    [],
)
@writes
def test_nodes_that_a_write_reaches_are_judged_as_in_the_whole(
    text: str, asked: str, added: list[tuple[str, ...]], removed: list[int]
) -> None:
    read = shapes(asked)
    far = reach.of(read)
    assert far is not None
    store = holding(quads(text))
    before = whole(store, read)
    old = [quad for number, quad in enumerate(sorted(store, key=str)) if number in removed]
    new = quads("\n".join(f"{s} {p} {o} ." for s, p, o in added))
    for quad in old:
        store.remove(quad)
    store.extend(new)
    changed = [*old, *new]
    nodes = far.affected(changed, store)
    after = whole(store, read)
    report = judged(store, changed, read, far)
    assert rows([*(report.results if report else ())]) == rows([r for r in after if r.focus in nodes])
    assert rows([r for r in after if r.focus not in nodes]) == rows(
        [r for r in before if r.focus not in nodes]
    )


_NEAR = "sh:target [ a sh:SPARQLTarget ; sh:select 'SELECT ?this { ?this a <https://example.org/D> }' ]"

#: Shapes, a change, and whom it reaches: n0 and n1 are instances of A, and p leads from n0 over n1 to n2.
_REACHED = [
    # What a class is called matters to nobody who is an instance of it; where it belongs does.
    ("sh:targetClass ex:A ; sh:property [ sh:path rdfs:label ]", "ex:A rdfs:label 'a'", "A"),
    ("sh:targetClass ex:B", "ex:A rdfs:subClassOf ex:B", "A n0 n1"),
    (f"{_NEAR} ; sh:property [ sh:path ex:p ; sh:class ex:B ]", "ex:n1 a ex:D", "n1 n0"),
    (f"{_NEAR} ; sh:property [ sh:path ex:p ]", "ex:n1 a ex:D", "n1"),
    ("sh:targetSubjectsOf ex:p ; sh:property [ sh:path ( ex:p ex:q ) ]", "ex:n1 ex:q 1", "n1 n0"),
    ("sh:targetSubjectsOf ex:p ; sh:property [ sh:path ( ex:q ex:p ) ]", "ex:n1 ex:q 1", "n1"),
    (
        "sh:targetNode ex:n1 ; sh:property [ sh:path [ sh:inversePath ex:p ] ; sh:class ex:B ]",
        "ex:n0 a ex:B",
        "n0 n1",
    ),
    (
        "sh:targetNode ex:n0 ; sh:property [ sh:path ex:p ; sh:node [ sh:closed true ] ]",
        "ex:n1 ex:r 1",
        "n1 n0",
    ),
    (
        "sh:targetNode ex:n0 ; sh:property [ sh:path [ sh:oneOrMorePath ex:p ] ; sh:class ex:B ]",
        "ex:n2 a ex:B",
        "n2 n0 n1",
    ),
]


@pytest.mark.parametrize(("asked", "change", "reached"), _REACHED)
def test_change_reaches_those_who_look_at_it(asked: str, change: str, reached: str) -> None:
    far = reach.of(shapes(f"ex:S a sh:NodeShape ; {asked} ."))
    assert far is not None
    store = holding(quads("ex:n0 a ex:A ; ex:p ex:n1 . ex:n1 a ex:A ; ex:p ex:n2 ."))
    new = quads(f"{change} .")
    store.extend(new)
    assert far.affected(new, store) == {ox.NamedNode(f"https://example.org/{n}") for n in reached.split()}


_FAR = "sh:select 'SELECT $this { $this <x:p> ?x . ?x <x:q> 1 }'"


@pytest.mark.parametrize(
    "asked",
    [
        f"sh:targetNode ex:n ; sh:sparql [ {_FAR} ]",
        f"sh:target [ a sh:SPARQLTarget ; {_FAR} ]",
        "sh:targetNode ex:n ; sh:rule [ a sh:TripleRule ; sh:subject ex:n ; sh:predicate ex:p ; sh:object 2]",
    ],
)
def test_nobody_can_tell_how_far_a_query_or_a_rule_looks(asked: str) -> None:
    assert reach.of(shapes(f"ex:S a sh:NodeShape ; {asked} .")) is None
