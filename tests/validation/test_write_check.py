"""What a write can reach is judged as the whole would be, at the cost of what was written."""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph as ox
from hypothesis import given
from hypothesis import strategies as st

from mesoonto.dataset import delta
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


subjects = st.sampled_from(["<a:s>", "<a:t>", "_:b", "[]"])
graphs = st.sampled_from(["{}", "GRAPH <a:g> {{ {} }}"])
#: Literals that hold what an update could be made of.
texts = st.sampled_from(
    ['"WHERE"', "'; DELETE DATA {'", '"}"', "1", '"""a "quoted" # text"""', '"\\u0041"@en']
)
triples = st.tuples(graphs, subjects, texts).map(lambda t: t[0].format(f"{t[1]} <a:add> {t[2]} ."))
operations = st.tuples(st.sampled_from(["INSERT", "DELETE"]), st.lists(triples, max_size=3)).map(
    lambda t: f"{t[0]} DATA {{ {' '.join(t[1])} }}"
)
updates = st.tuples(
    st.sampled_from(["", "PREFIX e: <a:e> ", "# with a remark ; \n"]),
    st.lists(st.one_of(operations, st.just("DELETE WHERE { <a:s> ?p ?o }")), min_size=1, max_size=3),
    st.sampled_from(["", " ;"]),
).map(lambda t: t[0] + " ; ".join(t[1]) + t[2])


def is_sparql(update: str) -> bool:
    try:
        ox.Store().update(update)
    except SyntaxError:
        return False
    return True


@common
@given(first=updates.filter(is_sparql), update=updates)
def test_update_in_steps_does_what_the_engine_does(first: str, update: str) -> None:
    steps = delta.steps(update)
    one = ox.Store()
    one.update(first)
    start, other = holding(one), holding(one)
    try:
        other.update(update)
    except SyntaxError:
        assert steps is None
        return
    if steps is None:
        # A label of a blank node beside another operation is left to the engine as well.
        assert "WHERE {" in update or ("_:" in update and update.count(" DATA {") > 1)
        return
    changed = [quad for step in steps for quad in delta.apply(step, one)]
    assert shown(one) == shown(other)
    assert shown(one) ^ shown(start) <= shown(changed)


def shown(found: Iterable[ox.Quad]) -> set[str]:
    """Quads as text, every blank node by one name."""
    return {" ".join("_:" if str(t).startswith("_:") else str(t) for t in quad) for quad in found}
