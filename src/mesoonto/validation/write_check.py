"""Checks what a write has changed against the shapes, before anybody sees it."""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox

from mesoonto import resources
from mesoonto.errors import QueryRefusedError, RejectedError
from mesoonto.files.rdf import from_bytes
from mesoonto.namespaces import GRAPH
from mesoonto.validation.validate import Options, load, read_shape_files
from mesoonto.validation.validate import check as check_data

_Subject = ox.NamedNode | ox.BlankNode


def check(before: ox.Store | None, after: ox.Store) -> None:
    """Refuse *after* when it changes a shipped graph, or when what differs from *before* breaks a shape.

    Raises QueryRefusedError for the former, RejectedError with the report for the latter.
    """
    changed: set[_Subject] = set()
    for quad in _differing(before, after):
        graph = quad.graph_name
        if isinstance(graph, ox.NamedNode) and graph.value.startswith(GRAPH):
            raise QueryRefusedError(
                f"{graph.value} is renewed from the project's files; write to a graph of your own"
            )
        if not isinstance(quad.subject, ox.Triple):
            changed.add(quad.subject)
    there = {subject for subject in changed if next(after.quads_for_pattern(subject, None, None, None), None)}
    if not there:
        return
    triples = ox.serialize(set(_described(after, there)), format=ox.RdfFormat.N_TRIPLES)
    assert triples is not None  # noqa: S101  # no output file was named
    data = load([from_bytes(triples, "application/n-triples", "changed")], Options())
    report = check_data(data, read_shape_files(resources.shape_files()), only=there)
    blocking = [finding for finding in report.findings if finding.blocking]
    if blocking:
        first = blocking[0]
        raise RejectedError(
            f"{len(blocking)} violations of the shapes, so nothing was changed; the first: "
            f"{first.record}: {first.message}",
            report.turtle,
        )


def _differing(before: ox.Store | None, after: ox.Store) -> Iterator[ox.Quad]:
    """The quads that are in one of the two and not in the other."""
    old = _lines(before) if before is not None else set()
    return ox.parse(b"\n".join(_lines(after) ^ old), format=ox.RdfFormat.N_QUADS)


def _lines(store: ox.Store) -> set[bytes]:
    text = store.dump(format=ox.RdfFormat.N_QUADS)
    assert text is not None  # noqa: S101  # no output file was named
    return set(text.splitlines())


def _described(store: ox.Store, subjects: set[_Subject]) -> Iterator[ox.Triple]:
    """The statements about *subjects*, about blank nodes in them, and about what they refer to."""
    waiting = [(subject, 0) for subject in subjects]
    seen: set[_Subject] = set(subjects)
    while waiting:
        subject, depth = waiting.pop()
        for quad in store.quads_for_pattern(subject, None, None, None):
            yield quad.triple
            node = quad.object
            if isinstance(node, ox.Literal | ox.Triple) or node in seen:
                continue
            step = 0 if isinstance(node, ox.BlankNode) else 1
            if depth + step <= 1:
                seen.add(node)
                waiting.append((node, depth + step))
