"""The data to validate, loaded into a store in which every literal is as it was written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

import pyoxigraph as ox

from mesoonto.errors import InputError
from mesoonto.files.rdf import Progress, Source
from mesoonto.files.terms import Term
from mesoonto.validation.data.literals import decode, encode_term
from mesoonto.validation.data.ntriples import NT, has_blank, named_pieces, parsed_pieces, pieces

#: What stands in N-Triples of a store where a literal is kept under a stand-in datatype.
STAND_IN = b'"^^<urn:mesoonto:'


@dataclass(slots=True)
class Data:
    """Loaded statements."""

    sources: tuple[Source, ...]
    store: ox.Store
    triples: int  #: distinct statements of the sources
    rewritten: bool  #: whether any literal is kept under a stand-in datatype
    words: frozenset[str] = frozenset()  #: those of the words asked for that the sources hold
    known: frozenset[Term] = frozenset()  #: nodes that only background knowledge describes
    errors: tuple[InputError, ...] = ()  #: why files were left out
    unread: tuple[InputError, ...] = ()  #: why background knowledge was left out
    concluded: bool = False  #: whether they hold what an entailment regime lets one conclude
    _by_value: dict[frozenset[ox.NamedNode] | None, ox.Store] = field(default_factory=dict)

    def by_value(self, properties: frozenset[ox.NamedNode] | None = None) -> ox.Store:
        """The same statements as SPARQL knows them, numbers and dates as values; or those of *properties*."""
        if not self.rewritten:
            return self.store
        if properties not in self._by_value:
            self._by_value[properties] = self._copied(properties)
        return self._by_value[properties]

    def _copied(self, properties: frozenset[ox.NamedNode] | None) -> ox.Store:
        """The statements of *properties*, or all, by value; the store itself where it has them so."""
        chosen = [None] if properties is None else sorted(properties, key=str)

        def stated() -> Iterator[ox.Quad]:
            for predicate in chosen:
                yield from self.store.quads_for_pattern(None, predicate, None, ox.DefaultGraph())

        values = (quad.object for quad in stated())
        if properties is not None and all(decode(value) is value for value in values):  # type: ignore[arg-type]
            return self.store
        found = ox.Store()
        found.bulk_extend(ox.Quad(q.subject, q.predicate, decode(q.object)) for q in stated())  # type: ignore[arg-type]
        return found

    def has_object(self, node: Term) -> bool:
        """Whether any statement points at *node*."""
        return next(iter(self.store.quads_for_pattern(None, None, node)), None) is not None

    def objects_among(self, nodes: Collection[Term]) -> Iterator[Term]:
        """Those of *nodes* that any statement points at, in their order."""
        if len(self.store) < len(nodes):
            pointed = {quad.object for quad in self.store}
            return (node for node in nodes if node in pointed)
        return filter(self.has_object, nodes)

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
            statement = leading(self.store, node)
            if statement is None:
                break
            node = statement.subject  # type: ignore[assignment]
        return node

    def statements(self) -> Iterator[tuple[Term, ox.NamedNode, Term]]:
        """The statements, background included, with literals as written."""
        for quad in self.store.quads_for_pattern(None, None, None, ox.DefaultGraph()):
            yield quad.subject, quad.predicate, decode(quad.object)  # type: ignore[misc, arg-type]

    def add(self, statements: Iterable[tuple[Term, ox.NamedNode, Term]]) -> None:
        """Add background knowledge; nodes that the sources neither describe nor point at are *known*.

        A node that the sources only point at is *known* too when the background describes it.
        """
        rows = [(subject, predicate, encode_term(value)) for subject, predicate, value in statements]
        known: set[Term] = {subject for subject, _, _ in rows if not self.describes(subject)}
        known |= {
            v for _, _, v in rows if v not in known and not self.describes(v) and not self.has_object(v)
        }
        self.known |= {decode(term) for term in known}
        self.rewritten = self.rewritten or any(value != decode(value) for _, _, value in rows)
        self._by_value = {}
        self.store.extend(ox.Quad(*row) for row in rows)  # type: ignore[arg-type]

    def include(self, text: bytes) -> None:
        """Add statements of other parts of the same data, N-Triples as they stand in a store."""
        self.store.extend(ox.parse(text, format=NT))
        self.rewritten = self.rewritten or STAND_IN in text
        self._by_value = {}

    def infer(self, statements: Iterable[tuple[Term, ox.NamedNode, Term]]) -> list[ox.Quad]:
        """Add what follows from the data; its subjects are checked as the rest is. Gives what is new."""
        rows = [(subject, predicate, encode_term(value)) for subject, predicate, value in statements]
        quads = [quad for row in rows if (quad := ox.Quad(*row)) not in self.store]  # type: ignore[arg-type]
        new = list(dict.fromkeys(quads))
        if new:
            self.store.extend(new)
            self.rewritten = self.rewritten or any(decode(q.object) != q.object for q in new)  # type: ignore[arg-type]
            self._follow(new)
        return new

    def _follow(self, new: list[ox.Quad]) -> None:
        """Bring what is known by value up to *new*, statements that were added."""
        for properties, copy in [*self._by_value.items()]:
            if copy is self.store:
                del self._by_value[properties]
                continue
            asked = (q for q in new if properties is None or q.predicate in properties)
            copy.extend(ox.Quad(q.subject, q.predicate, decode(q.object)) for q in asked)  # type: ignore[arg-type]


def leading(store: ox.Store, node: Term) -> ox.Triple | None:
    """The statement that leads to *node*, the first by name of several, IRIs before blank nodes.

    Not the first that the store comes to, whose order is that of loading.

    >>> a, b, p = ox.NamedNode("urn:a"), ox.NamedNode("urn:b"), ox.NamedNode("urn:p")
    >>> leading(ox.Store([ox.Quad(a, p, p), ox.Quad(b, p, p)]), p).subject
    <NamedNode value=urn:a>
    """
    quads = store.quads_for_pattern(None, None, node, ox.DefaultGraph())
    return min((quad.triple for quad in quads), key=str, default=None)


def read(source: Source, number: int = 0) -> Iterator[tuple[Term, ox.NamedNode, Term]]:
    """The statements of one source with literals as written and steady names of blank nodes."""
    for piece in named_pieces(source, number):
        for quad in ox.parse(piece, format=NT):
            yield quad.subject, quad.predicate, quad.object


def load(
    sources: Sequence[Source],
    progress: Progress | None = None,
    words: Sequence[str] = (),
    first: int = 0,
    *,
    one_core: bool = False,
) -> Data:
    """Read *sources* into one graph; raises InputError at the first mistake, with its place.

    *words*, the beginnings of IRIs, are looked for on the way. The first source is file number *first*. A
    second core is used, unless this is to be the work of *one_core*.
    """
    loading = _Loading(progress, words)
    with nullcontext() if one_core else ThreadPoolExecutor(1) as storing:
        for number, source in enumerate(sources, first):
            try:
                loading.store_all(pieces(source, number), storing)
            except (SyntaxError, MemoryError, OSError, ValueError):
                loading.store_all(parsed_pieces(source, number), storing)
    store = loading.store
    return Data(tuple(sources), store, len(store), loading.rewritten, frozenset(loading.found))


def of_triples(triples: Collection[ox.Triple], words: Collection[str] = ()) -> Data:
    """*triples* as data without a source; *words* count as found in them."""
    data = Data((), ox.Store(), 0, False, frozenset(words))
    data.add((t.subject, t.predicate, t.object) for t in triples)  # type: ignore[misc]
    return replace(data, triples=len(data.store), known=frozenset())


class _Loading:
    """Stores pieces of N-Triples, one while the next is made: pyoxigraph lets other threads go on."""

    def __init__(self, progress: Progress | None, words: Sequence[str]) -> None:
        self.store = ox.Store()
        self.rewritten = False
        self.found: set[str] = set()
        self._waiting = {word: word.encode() for word in words}
        self._progress = progress
        self._count = 0

    def store_all(self, texts: Iterator[bytes], storing: Executor | None) -> None:
        """Store *texts*, by *storing* if given; raises what pyoxigraph raises for what is no N-Triples."""
        under_way: Future[None] | None = None
        for text in texts:
            self._look_at(text)
            if storing is None:
                self._store(text)
                continue
            if under_way is not None:
                under_way.result()
            under_way = storing.submit(self._store, text)
        if under_way is not None:
            under_way.result()

    def _store(self, text: bytes) -> None:
        if has_blank(text):
            # `Store.load` gives blank nodes new names.
            self.store.extend(ox.parse(text, format=NT))
        else:
            self.store.load(text, format=NT)

    def _look_at(self, text: bytes) -> None:
        self.rewritten = self.rewritten or STAND_IN in text
        for word in [word for word, code in self._waiting.items() if code in text]:
            del self._waiting[word]
            self.found.add(word)
        if self._progress is not None:
            self._count += text.count(b"\n")
            self._progress(self._count)
