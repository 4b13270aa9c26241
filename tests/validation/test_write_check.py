"""What a write can reach is judged as the whole would be, at the cost of what was written."""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph as ox
from hypothesis import given
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


def rows(results: list[Result]) -> list[tuple[str, ...]]:
    return sorted(result.order for result in results)


@common
@given(
    text=data,
    asked=top_shapes,
    added=st.lists(statements, max_size=3),
    removed=st.lists(st.integers(0, 30), max_size=3),
)
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
    report = judged(store, changed, read)
    assert rows([*(report.results if report else ())]) == rows([r for r in after if r.focus in nodes])
    assert rows([r for r in after if r.focus not in nodes]) == rows(
        [r for r in before if r.focus not in nodes]
    )
