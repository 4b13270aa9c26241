"""Finds the statement by which a path leads from a focus node to a value."""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox

from mesoonto.files.terms import Term
from mesoonto.validation.data.literals import encode_term
from mesoonto.validation.data.store import Data
from mesoonto.validation.shapes.paths import Path

#: Nodes that are looked at for one value.
_MOST = 20_000

_ANY = ox.DefaultGraph()


class _TooManyError(Exception):
    """A path leads to more nodes than are looked at."""


Statement = tuple[Term, ox.NamedNode, Term]


def last_statement(data: Data, focus: Term, path: Path, value: Term | None) -> Statement | None:
    """The statement at the end of *path*, which holds *value*; None when it cannot be told.

    >>> from mesoonto.validation.data.store import load
    >>> a, b = ox.NamedNode("urn:a"), ox.NamedNode("urn:b")
    >>> last_statement(load([]), a, Path("", b), a) == (a, b, a)
    True
    """
    if value is None:
        return None
    if path.predicate is not None:
        return focus, path.predicate, value
    search = _Search(data)
    try:
        return search.ends({focus: None}, path, backwards=False).get(encode_term(value))
    except _TooManyError:
        return None


class _Search:
    def __init__(self, data: Data) -> None:
        self._store = data.store
        self._left = _MOST

    def ends(
        self, starts: dict[Term, Statement | None], path: Path, *, backwards: bool
    ) -> dict[Term, Statement | None]:
        """The nodes to which *path* leads, each with the last statement on the way."""
        if path.predicate is not None:
            return dict(self._steps(starts, path.predicate, backwards))
        if path.kind == "inversePath":
            return self.ends(starts, path.parts[0], backwards=not backwards)
        if path.kind == "sequence":
            for part in reversed(path.parts) if backwards else path.parts:
                starts = self.ends(starts, part, backwards=backwards)
            return starts
        if path.kind == "alternativePath":
            found: dict[Term, Statement | None] = {}
            for part in path.parts:
                found = self.ends(starts, part, backwards=backwards) | found
            return found
        return self._repeated(starts, path, backwards=backwards)

    def _repeated(
        self, starts: dict[Term, Statement | None], path: Path, *, backwards: bool
    ) -> dict[Term, Statement | None]:
        """``*``, ``+`` and ``?``."""
        found = {} if path.kind == "oneOrMorePath" else dict(starts)
        waiting = starts
        while waiting:
            reached = self.ends(waiting, path.parts[0], backwards=backwards)
            waiting = {node: row for node, row in reached.items() if node not in found}
            found |= waiting
            if path.kind == "zeroOrOnePath":
                break
        return found

    def _steps(
        self, starts: dict[Term, Statement | None], predicate: ox.NamedNode, backwards: bool
    ) -> Iterator[tuple[Term, Statement]]:
        for node in starts:
            if backwards:
                for quad in self._store.quads_for_pattern(None, predicate, node, _ANY):
                    self._count()
                    yield quad.subject, (quad.subject, predicate, node)  # type: ignore[misc]
            elif not isinstance(node, ox.Literal):
                for quad in self._store.quads_for_pattern(node, predicate, None, _ANY):
                    self._count()
                    yield quad.object, (node, predicate, quad.object)  # type: ignore[misc]

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise _TooManyError
