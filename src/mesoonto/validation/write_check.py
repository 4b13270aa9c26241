"""Checks what a write has changed against the shapes, before anybody sees it."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

import pyoxigraph as ox

from mesoonto import resources
from mesoonto.errors import QueryRefusedError, RejectedError
from mesoonto.namespaces import GRAPH
from mesoonto.validation import shipped
from mesoonto.validation.data import store as data_files
from mesoonto.validation.data.store import Data
from mesoonto.validation.engine import reach
from mesoonto.validation.engine.reach import Reach, Statements
from mesoonto.validation.report.findings import Report
from mesoonto.validation.shapes.model import Shapes
from mesoonto.validation.validate import check as check_data
from mesoonto.validation.validate import read_shape_files


def prepare() -> None:
    """Read the shapes and what is shipped; processes that are forked from this one need not do so."""
    _shipped_shapes()
    shipped.read()


def check(store: Statements, changed: Collection[ox.Quad]) -> None:
    """Refuse a write that changes a shipped graph, or after which what it has reached breaks a shape.

    *changed* holds what the write has added and removed; *store* is what came of it. Raises
    QueryRefusedError for a shipped graph, RejectedError with the report for a broken shape.
    """
    for quad in changed:
        graph = quad.graph_name
        if isinstance(graph, ox.NamedNode) and graph.value.startswith(GRAPH):
            raise QueryRefusedError(
                f"{graph.value} is renewed from the project's files; write to a graph of your own"
            )
    report = judged(store, changed, *_shipped_shapes())
    blocking = [finding for finding in report.findings if finding.blocking] if report else []
    if report and blocking:
        first = blocking[0]
        raise RejectedError(
            f"{len(blocking)} violations of the shapes, so nothing was changed; the first: "
            f"{first.record}: {first.message}",
            report.turtle,
        )


def judged(
    store: Statements, changed: Collection[ox.Quad], shapes: Shapes, far: Reach | None
) -> Report | None:
    """The report on those nodes of *store* that *changed* can reach; None when it reaches none.

    *far* is how far *shapes* look; where nobody can tell, the report is on the whole. It is what a report on
    the whole says of these nodes; of others the whole says what it said before.
    """
    if far is None:
        if not isinstance(store, ox.Store):
            raise QueryRefusedError(
                "the shapes hold queries, so that a write can only be judged where all data are at hand; "
                "an engine takes none through this server"
            )
        return check_data(_data({quad.triple for quad in store}), shapes)
    nodes = far.affected(changed, store)
    return check_data(_data(set(far.described(nodes, store))), shapes, only=nodes) if nodes else None


def _data(triples: set[ox.Triple]) -> Data:
    """*triples* as data to check, with blank nodes named as they are, and what is shipped known."""
    data = data_files.of_triples(triples, shipped.STEMS)
    data.add(shipped.of(data))
    return data


@cache
def _shipped_shapes() -> tuple[Shapes, Reach | None]:
    shapes = read_shape_files(resources.shape_files())
    return shapes, reach.of(shapes)
