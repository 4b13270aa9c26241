"""A small graph of triples in memory, for shapes and reports: look-ups, and lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from mesoonto.errors import ShapeError
from mesoonto.files.terms import FIRST, NIL, REST, Term
from mesoonto.namespaces import PREFIXES

#: A list longer than this is taken for a mistake.
MAX_LIST = 1_000_000

_LONGEST_FIRST = sorted(PREFIXES.items(), key=lambda item: -len(item[1]))


class Graph:
    """Triples by subject and predicate, in the order in which they were added."""

    def __init__(self, triples: Iterable[tuple[Term, ox.NamedNode, Term]] = ()) -> None:
        self._index: dict[Term, dict[ox.NamedNode, list[Term]]] = {}
        for subject, predicate, value in triples:
            self.add(subject, predicate, value)

    def add(self, subject: Term, predicate: ox.NamedNode, value: Term) -> None:
        """Add one triple; a second copy changes nothing."""
        values = self._index.setdefault(subject, {}).setdefault(predicate, [])
        if value not in values:
            values.append(value)

    def __iter__(self) -> Iterator[tuple[Term, ox.NamedNode, Term]]:
        for subject, row in self._index.items():
            for predicate, values in row.items():
                for value in values:
                    yield subject, predicate, value

    def __contains__(self, subject: object) -> bool:
        return subject in self._index

    def subjects(self) -> Iterator[Term]:
        """Everything that is said something about."""
        return iter(self._index)

    def predicates(self, subject: Term) -> Iterator[ox.NamedNode]:
        """The predicates of *subject*."""
        return iter(self._index.get(subject, {}))

    def all(self, subject: Term, predicate: ox.NamedNode) -> list[Term]:
        """The objects of *subject* and *predicate*."""
        return self._index.get(subject, {}).get(predicate, [])

    def one(self, subject: Term, predicate: ox.NamedNode) -> Term | None:
        """The object of *subject* and *predicate*, None without; a ShapeError when there are several."""
        found = self.all(subject, predicate)
        if len(found) > 1:
            raise unusable(f"{brief(subject)} has more than one {brief(predicate)}", subject)
        return found[0] if found else None

    def items(self, head: Term) -> tuple[Term, ...]:
        """The members of the list that begins at *head*; a ShapeError when it is none, or never ends."""
        found: list[Term] = []
        seen: set[Term] = set()
        while head != NIL:
            rest, first = self.one(head, REST), self.one(head, FIRST)
            if rest is None or first is None:
                raise unusable(f"{brief(head)} stands where a list is needed", head)
            if head in seen or len(found) > MAX_LIST:
                raise unusable(f"the list at {brief(head)} never ends", head)
            seen.add(head)
            found.append(first)
            head = rest
        return tuple(found)


def unusable(reason: str, node: Term | None = None) -> ShapeError:
    """The error for shapes that are not SHACL; *node* is the shape that is not."""
    return ShapeError(f"the shapes cannot be used: {reason}", node=node)


def brief(term: Term) -> str:
    """A term as it is shown in a message, cut when it is long."""
    if isinstance(term, ox.BlankNode):
        return "a blank node"
    text = str(term)
    if isinstance(term, ox.NamedNode) and (short := shortened(term.value)) != term.value:
        return short
    return text if len(text) <= 200 else f"{text[:200]}..."


def shortened(iri: str) -> str:
    """An IRI with the prefix of the longest stem that fits, as in RDF files; anything else as it is."""
    for prefix, stem in _LONGEST_FIRST:
        if iri.startswith(stem):
            return f"{prefix}:{iri.removeprefix(stem)}"
    return iri
