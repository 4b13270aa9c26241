"""What pyoxigraph lets one thread alone hold is held by nothing that can reach another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType

import pyoxigraph as ox
import pytest

from mesoonto.errors import ShapeError
from mesoonto.validation.engine.plan import EngineChoice
from tests.validation.helpers import load, outcome, shapes

DECLARED = "ex: sh:declare [ sh:prefix 'ex' ; sh:namespace 'https://example.org/'^^xsd:anyURI ] .\n"


def constraint(query: str) -> str:
    return f'sh:sparql [ sh:prefixes ex: ; sh:select "{query}" ]'


def target(query: str) -> str:
    return f'sh:target [ a sh:SPARQLTarget ; sh:prefixes ex: ; sh:select "{query}" ]'


#: Shapes on which a query fails, each while an iterator of pyoxigraph is open.
FAILING = {
    "a query that reports a failure": constraint("SELECT $this ?failure { BIND(true AS ?failure) }"),
    "a query that is no SELECT": constraint("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"),
    "a query that is no SPARQL": constraint("SELECT $this {"),
    "a target that selects something else": target("SELECT ?that { ?that ?p ?o }"),
    "a target that is no SELECT": target("ASK { ?s ?p ?o }"),
    "a function that does not exist": constraint("SELECT $this { FILTER(ex:no($this)) }"),
}


def frames(error: BaseException | None) -> Iterator[object]:
    """The local variables of every frame that *error*, or what led to it, keeps alive."""
    while error is not None:
        traceback: TracebackType | None = error.__traceback__
        while traceback is not None:
            yield from traceback.tb_frame.f_locals.values()
            traceback = traceback.tb_next
        error = error.__cause__ or error.__context__


def is_bound_to_its_thread(value: object) -> bool:
    kinds: tuple[str, ...] = ("QuadIter", "QuerySolutions", "QueryTriples")
    return type(value).__module__ == "pyoxigraph" and type(value).__name__ in kinds


def fail(asked: str) -> ShapeError:
    with pytest.raises(ShapeError) as caught:
        outcome(
            load("ex:a ex:p ex:b . ex:c ex:p ex:d ."),
            shapes(f"{DECLARED}ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:p ; {asked} ."),
            EngineChoice.OXIGRAPH,
        )
    return caught.value


@pytest.mark.parametrize("case", FAILING)
def test_error_keeps_no_iterator_alive(case: str) -> None:
    assert [value for value in frames(fail(FAILING[case])) if is_bound_to_its_thread(value)] == []


def test_iterators_are_known_here() -> None:
    store = ox.Store()
    made: list[Callable[[], object]] = [
        lambda: store.query("SELECT * { ?s ?p ?o }"),
        lambda: store.query("CONSTRUCT WHERE { ?s ?p ?o }"),
        lambda: store.quads_for_pattern(None, None, None),
    ]
    assert all(is_bound_to_its_thread(make()) for make in made)
