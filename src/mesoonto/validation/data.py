"""The data to validate, loaded into a store in which every literal is as it was written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pyoxigraph as ox

from mesoonto.errors import InputError, Place
from mesoonto.validation.literals import Term, decode, encode
from mesoonto.validation.sources import Source, Watch

#: Told now and then how many statements were read.
Progress = Callable[[int], None]

_EVERY = 1 << 16


def blank(file: int, number: int) -> ox.BlankNode:
    """The name of the blank node that comes *number*-th in file number *file*.

    Names follow the order of appearance, so that a second reading of the file, which looks for places, gives
    each node the same name.
    """
    return ox.BlankNode(f"f{file}b{number}")


@dataclass(slots=True)
class Data:
    """Loaded statements."""

    sources: tuple[Source, ...]
    store: ox.Store
    triples: int  #: distinct statements of the sources
    rewritten: bool  #: whether any literal is kept under a stand-in datatype
    words: frozenset[str] = frozenset()  #: those of the words asked for that the sources hold
    known: frozenset[Term] = frozenset()  #: nodes that only background knowledge describes
    _by_value: ox.Store | None = field(default=None)

    def by_value(self) -> ox.Store:
        """The same statements as SPARQL knows them: numbers and dates as values."""
        if not self.rewritten:
            return self.store
        if self._by_value is None:
            self._by_value = ox.Store()
            self._by_value.bulk_extend(
                ox.Quad(quad.subject, quad.predicate, decode(quad.object))  # type: ignore[arg-type]
                for quad in self.store.quads_for_pattern(None, None, None, ox.DefaultGraph())
            )
        return self._by_value

    def has_object(self, node: Term) -> bool:
        """Whether any statement points at *node*."""
        return next(iter(self.store.quads_for_pattern(None, None, node)), None) is not None

    def describes(self, node: Term) -> bool:
        """Whether any statement is about *node*."""
        if isinstance(node, ox.Literal):
            return False
        return next(iter(self.store.quads_for_pattern(node, None, None, ox.DefaultGraph())), None) is not None

    def owner(self, node: Term) -> Term:
        """The IRI that leads to the blank node *node*, or *node* when it is an IRI or nothing leads to it."""
        seen: set[Term] = set()
        while isinstance(node, ox.BlankNode) and node not in seen:
            seen.add(node)
            quad = next(iter(self.store.quads_for_pattern(None, None, node, ox.DefaultGraph())), None)
            if quad is None:
                break
            node = quad.subject  # type: ignore[assignment]
        return node

    def statements(self) -> Iterator[tuple[Term, ox.NamedNode, Term]]:
        """The statements, background included, with literals as written."""
        for quad in self.store.quads_for_pattern(None, None, None, ox.DefaultGraph()):
            yield quad.subject, quad.predicate, decode(quad.object)  # type: ignore[misc, arg-type]

    def add(self, statements: Iterable[tuple[Term, ox.NamedNode, Term]]) -> None:
        """Add background knowledge; its subjects that the sources do not describe are *known*."""
        rows = list(statements)
        self.known |= {subject for subject, _, _ in rows if not self.describes(subject)}
        self.store.extend(ox.Quad(*row) for row in rows)  # type: ignore[arg-type]


def read(source: Source, number: int = 0) -> Iterator[tuple[Term, ox.NamedNode, Term]]:
    """The statements of one source with literals as written and steady names of blank nodes."""
    for quad in _Reading(None).encoded(number, source):
        yield quad.subject, quad.predicate, decode(quad.object)  # type: ignore[misc, arg-type]


def load(sources: Sequence[Source], progress: Progress | None = None, words: Sequence[str] = ()) -> Data:
    """Read *sources* into one graph; raises InputError at the first mistake, with its place.

    *words* are looked for in the bytes on the way.
    """
    store = ox.Store()
    watch = Watch(words)
    reading = _Reading(progress, watch)
    for number, source in enumerate(sources):
        found = reading.encoded(number, source)
        if len(sources) == 1:
            store.bulk_extend(found)
        else:
            store.extend(found)
    return Data(tuple(sources), store, len(store), reading.rewritten, frozenset(watch.found))


class _Reading:
    """Encodes the statements of several sources, one after the other."""

    def __init__(self, progress: Progress | None, watch: Watch | None = None) -> None:
        self.rewritten = False
        self._watch = watch
        self._progress = progress
        self._count = 0

    def encoded(self, file: int, source: Source) -> Iterator[ox.Quad]:
        """The statements of *source* with encoded literals and steady names of blank nodes."""
        names: dict[ox.BlankNode, ox.BlankNode] = {}
        default = ox.DefaultGraph()
        literal_type, blank_type, triple_type = ox.Literal, ox.BlankNode, ox.Triple

        def named(node: ox.BlankNode) -> ox.BlankNode:
            if node not in names:
                names[node] = blank(file, len(names))
            return names[node]

        for quad in source.quads(self._watch):
            self._count += 1
            if not self._count % _EVERY and self._progress is not None:
                self._progress(self._count)
            subject, value = quad.subject, quad.object
            kind = type(value)
            changed = quad.graph_name != default
            if type(subject) is blank_type:
                subject, changed = named(subject), True
            if kind is literal_type:
                kept = encode(value)  # type: ignore[arg-type]
                if kept is not value:
                    value, changed, self.rewritten = kept, True, True
            elif kind is blank_type:
                value, changed = named(value), True  # type: ignore[arg-type]
            elif kind is triple_type:
                raise InputError(
                    "triple terms are not supported by SHACL 1.0; state the triple and describe it instead",
                    Place(source.name),
                )
            yield ox.Quad(subject, quad.predicate, value) if changed else quad
