"""Tells which blank node of one reading of a file is which of another reading of the same file.

Both readings have the same statements and other names for blank nodes. A blank node is known by what is said
of it and by what leads to it, as colour refinement has it; those that nothing tells apart are taken in the
order in which they come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import pyoxigraph as ox

from mesoonto.files.terms import Term

Statement = tuple[Term, ox.NamedNode, Term]

#: Blank nodes that are alike over so many steps are taken for alike.
_ROUNDS = 30


def aligned(mine: Sequence[Statement], theirs: Sequence[Statement]) -> dict[ox.BlankNode, ox.BlankNode]:
    """For blank nodes of *mine* those of *theirs*; without those that have no counterpart."""
    ours, others = _Colours(mine), _Colours(theirs)
    for _ in range(_ROUNDS):
        before = ours.number, others.number
        ours.refine()
        others.refine()
        if (ours.number, others.number) == before:
            break
    counterparts = others.by_colour()
    found: dict[ox.BlankNode, ox.BlankNode] = {}
    for colour, nodes in ours.by_colour().items():
        alike = counterparts.get(colour, [])
        if len(alike) == len(nodes):
            found |= dict(zip(nodes, alike, strict=True))
    return found


class _Colours:
    """A colour for each blank node, the same for the same surroundings in any reading."""

    def __init__(self, statements: Iterable[Statement]) -> None:
        self._rows = dict.fromkeys(
            row for row in statements if isinstance(row[0], ox.BlankNode) or isinstance(row[2], ox.BlankNode)
        )
        terms = (term for row in self._rows for term in (row[0], row[2]))
        self._colours: dict[ox.BlankNode, int] = {t: 0 for t in terms if isinstance(t, ox.BlankNode)}
        self.number = 1

    def refine(self) -> None:
        """Tell nodes apart by the colours of their neighbours."""
        seen: dict[ox.BlankNode, list[tuple[int, str, object]]] = defaultdict(list)
        for subject, predicate, value in self._rows:
            if isinstance(subject, ox.BlankNode):
                seen[subject].append((0, predicate.value, self._signature(value)))
            if isinstance(value, ox.BlankNode):
                seen[value].append((1, predicate.value, self._signature(subject)))
        self._colours = {
            node: hash((self._colours[node], tuple(sorted(rows, key=str)))) for node, rows in seen.items()
        }
        self.number = len(set(self._colours.values()))

    def by_colour(self) -> dict[int, list[ox.BlankNode]]:
        """The nodes of each colour, in the order in which they come."""
        found: dict[int, list[ox.BlankNode]] = defaultdict(list)
        for node, colour in self._colours.items():
            found[colour].append(node)
        return found

    def _signature(self, term: Term) -> object:
        return self._colours[term] if isinstance(term, ox.BlankNode) else str(term)
