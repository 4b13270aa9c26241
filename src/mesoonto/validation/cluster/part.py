"""What a worker does with its part of the data: read it, tell what it mentions, judge its focus nodes.

A worker keeps its parts in memory from step to step; what it has lost it reads again.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pyoxigraph as ox

from mesoonto import __version__
from mesoonto.errors import MesoontoError, NotInstalledError
from mesoonto.files.places import Locator, look_into
from mesoonto.files.terms import OWL, RDF, SUBCLASS, TYPE, Term
from mesoonto.validation import shipped
from mesoonto.validation.advice.coverage import values_of
from mesoonto.validation.cluster import sharing
from mesoonto.validation.cluster.pieces import Piece
from mesoonto.validation.cluster.sharing import OBJECT, SUBJECT, Mentions, Sharing
from mesoonto.validation.cluster.support import support
from mesoonto.validation.data import store as data_files
from mesoonto.validation.data.literals import encode_term
from mesoonto.validation.data.ntriples import NT, has_blank
from mesoonto.validation.data.queries import select
from mesoonto.validation.data.store import Data
from mesoonto.validation.data.vocabulary import sh
from mesoonto.validation.engine.evaluate import Evaluator
from mesoonto.validation.engine.plan import EngineChoice, run
from mesoonto.validation.engine.reach import Reach
from mesoonto.validation.engine.results import Result
from mesoonto.validation.shapes import constructs, model


@dataclass(frozen=True, slots=True)
class Job:
    """What all parts of one validation have in common."""

    shapes: model.Shapes
    far: Reach
    engine: EngineChoice
    key: bytes  #: of the digests; tells one validation from another, too
    placed: int  #: findings of one cause that are looked up in files
    version: str = __version__


@dataclass(frozen=True, slots=True)
class Survey:
    """What a part tells of itself first."""

    number: int
    piece: Piece
    statements: int = 0
    lines: int = 0  #: of its text, where that is a slice of a file
    words: frozenset[str] = frozenset()  #: those of `shipped.STEMS` that it names
    broken: bool = False  #: whether its file cannot be read
    is_torn: bool = False  #: whether it is a slice of a file with blank nodes, which cannot be cut
    witnesses: bytes = b""  #: statements that show what words the data know


@dataclass(frozen=True, slots=True)
class Border:
    """What parts say of nodes that others mention, too."""

    statements: bytes = b""  #: those at which shapes may look from elsewhere
    digests: bytes = b""  #: of all statements about such nodes, in which parts may repeat each other
    homes: dict[bytes, tuple[int, ...]] = field(default_factory=dict)  #: the parts that describe each


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known besides the data."""

    statements: bytes = b""
    known: frozenset[Term] = frozenset()  #: as in `Data`
    only: frozenset[Term] | None = None  #: the focus nodes to judge


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the focus nodes of a part came to."""

    results: tuple[Result, ...]
    support: bytes  #: the statements that a report on these results needs
    homes: frozenset[Term]  #: nodes of results that the part describes itself
    looked_at: bool  #: whether a focus node is described in it
    delegated: tuple[tuple[Term, str], ...]


@dataclass(slots=True)
class _Part:
    """A part in the memory of a worker."""

    data: Data
    names: dict[bytes, int]  #: the nodes that it mentions, and what it knows of each
    size: int
    is_whole: bool = False  #: whether it has what it needs of other parts
    used: float = 0.0


#: The parts in this process, by validation and number; and the lock of each.
_parts: dict[tuple[bytes, int], _Part] = {}
_locks: dict[tuple[bytes, int], threading.Lock] = defaultdict(threading.Lock)

#: Seconds after which the parts of another validation are forgotten.
_IDLE = 600

_DECLARING = tuple(
    ox.NamedNode(f"{stem}Property") for stem in (f"{OWL}Object", f"{OWL}Datatype", f"{OWL}Annotation", RDF)
)


def survey(job: Job, number: int, piece: Piece) -> tuple[Survey, Mentions]:
    """Read a part; raises MesoontoError where this worker is of another version, or finds no file."""
    if job.version != __version__:
        raise NotInstalledError(
            f"a worker has mesoonto {__version__}, and this is {job.version}; install the same version"
        )
    path = piece.source.path
    if path is not None and not path.is_file():
        raise MesoontoError(f"a worker finds no file {path}; put the data where all workers can read them")
    with piece.source.open() as stream:
        text = stream.read() if not piece.is_whole else b""
    if has_blank(text):
        return Survey(number, piece, is_torn=True), Mentions(b"", b"")
    try:
        part = _read(job, number, piece)
    except MesoontoError:
        return Survey(number, piece, broken=True), Mentions(b"", b"")
    names = part.names
    told = Survey(
        number,
        piece,
        len(part.data.store),
        text.count(b"\n"),
        part.data.words,
        witnesses=_written(_witnesses(part.data.store, job.shapes)),
    )
    return told, sharing.mentions(names, names.values(), job.key)


def witnesses(job: Job, told: Survey, terms: Sequence[Term]) -> bytes:
    """For each of *terms* a statement of the part about it, and one that points at it."""
    store = _part(job, told).data.store
    found: list[ox.Quad | None] = []
    for term in terms:
        found.append(next(store.quads_for_pattern(None, None, term, ox.DefaultGraph()), None))
        if not isinstance(term, ox.Literal):
            found.append(next(store.quads_for_pattern(term, None, None, ox.DefaultGraph()), None))
    return _written(quad.triple for quad in found if quad is not None)


def border(job: Job, told: Survey, common: Sharing) -> Border:
    """What the part says of nodes that others mention."""
    part = _part(job, told)
    names = [name for name in part.names if sharing.digest(name, job.key) in common.shared]
    nodes = {encode_term(_term(name)) for name in names}
    described = [name for name in names if part.names[name] & SUBJECT]
    digests = [
        sharing.digest(str(quad).encode(), job.key)
        for name in described
        for quad in part.data.store.quads_for_pattern(_term(name), None, None, ox.DefaultGraph())  # type: ignore[arg-type]
    ]
    return Border(
        _written(job.far.around(nodes, part.data.store)),
        b"".join(digests),
        dict.fromkeys(described, (told.number,)),
    )


def joined(borders: Sequence[Border]) -> Border:
    """All borders as one."""
    homes: dict[bytes, tuple[int, ...]] = defaultdict(tuple)
    for one in borders:
        for name, numbers in one.homes.items():
            homes[name] += numbers
    lines = {line: None for one in borders for line in one.statements.splitlines(keepends=True)}
    return Border(b"".join(lines), b"".join(one.digests for one in borders), dict(homes))


def judge(job: Job, told: Survey, common: Sharing, around: Border, beside: Beside) -> Judgement:
    """Judge the focus nodes that belong to the part."""
    part = _whole(job, told, around, beside)
    outcome = run(part.data, job.shapes, job.engine, beside.only)
    mine = [r for r in outcome.results if _belongs(encode_term(r.focus), part, common, job.key)]
    statements, nodes = support(mine, part.data, job.shapes, job.far, outcome.evaluator, job.placed)
    return Judgement(
        tuple(mine),
        _written(statements),
        frozenset(node for node in nodes if part.names.get(_name(node), 0) & SUBJECT),
        any(
            part.names.get(_name(node), 0) & SUBJECT and node not in part.data.known
            for shape in job.shapes.targeted
            for node in outcome.evaluator.some_focus(shape)
        ),
        tuple((shape.node, reason) for shape, reason in outcome.plan.delegated),
    )


def seen(job: Job, told: Survey, around: Border, beside: Beside) -> tuple[bool, frozenset[bytes]]:
    """Whether shapes look at a node that the part describes, and which they look at of those with homes."""
    part = _whole(job, told, around, beside)
    evaluator = Evaluator(job.shapes, part.data.store, part.data.by_value, size=0)
    found: set[Term] = set()
    for shape in job.shapes.targeted:
        found |= evaluator.focus_nodes(shape) | values_of(shape, evaluator, job.shapes)
    names = {_name(node) for node in found}
    here = any(part.names.get(name, 0) & SUBJECT for name in names)
    return here, frozenset(names & around.homes.keys())


def locate(piece: Piece, nodes: frozenset[Term]) -> Locator:
    """The places of *nodes* in a piece; the lines of a slice are counted from its first."""
    found = Locator()
    look_into(piece.source, piece.file, set(nodes), found)
    return found


def forget(job: Job) -> None:
    """Free the parts of this validation in this process."""
    for name in [name for name in _parts if name[0] == job.key]:
        _parts.pop(name, None)
        _locks.pop(name, None)


def names_in(store: ox.Store, far: Reach) -> dict[bytes, int]:
    """The nodes that *store* mentions where shapes may look, and what it knows of each."""
    found = dict.fromkeys(_rows(store, "{ ?n ?p ?o }"), SUBJECT)
    for predicate in far.forward:
        for name in _rows(store, f"{{ ?s {predicate} ?n FILTER(!isLiteral(?n)) }}"):
            found.setdefault(name, 0)
    for predicate in far.backward:
        for (node,) in select(store, f"SELECT DISTINCT ?n {{ ?s {predicate} ?n }}"):
            name = _name(node)
            found[name] = found.get(name, 0) | OBJECT
    return found


def _rows(store: ox.Store, pattern: str) -> list[bytes]:
    """The nodes ``?n`` of *pattern*, none of them a literal, as N-Triples has them."""
    found = store.query(f"SELECT DISTINCT ?n {pattern}")
    assert isinstance(found, ox.QuerySolutions)  # noqa: S101  # as the query asks
    text = found.serialize(format=ox.QueryResultsFormat.TSV)
    assert text is not None  # noqa: S101  # no output file was named
    return text.split(b"\n")[1:-1]


def _name(node: Term) -> bytes:
    return str(node).encode()


def _term(name: bytes) -> Term:
    text = name.decode()
    if text.startswith("<"):
        return ox.NamedNode(text[1:-1])
    if text.startswith("_:"):
        return ox.BlankNode(text[2:])
    quad = next(iter(ox.parse(f"<urn:s> <urn:p> {text} .", format=NT)))
    assert isinstance(quad.object, ox.Literal)  # noqa: S101  # nothing else is left
    return quad.object


def _part(job: Job, told: Survey) -> _Part:
    """The part in this process, read again when it is not there."""
    return _read(job, told.number, told.piece)


def _read(job: Job, number: int, piece: Piece) -> _Part:
    name = job.key, number
    with _locks[name]:
        part = _parts.get(name)
        if part is None:
            # A worker for each core is usual: so it reads with one, and its queries come one after the other.
            data = data_files.load([piece.source], None, shipped.STEMS, piece.file, one_core=True)
            data.triples = 0
            names = names_in(data.store, job.far)
            if number == 0:
                # What no part mentions belongs to the first.
                for shape in job.shapes.targeted:
                    for target in shape.targets:
                        if target.kind == "node" and target.term is not None:
                            names.setdefault(_name(encode_term(target.term)), 0)
            part = _Part(data, names, len(data.store))
            _make_room(job.key, part.size)
            _parts[name] = part
        part.used = time.monotonic()
        return part


def _whole(job: Job, told: Survey, around: Border, beside: Beside) -> _Part:
    """The part with all that decides on its focus nodes."""
    part = _part(job, told)
    with _locks[job.key, told.number]:
        if not part.is_whole:
            part.data.include(around.statements)
            part.data.include(beside.statements)
            part.data.known = beside.known
            part.is_whole = True
    return part


def _belongs(node: Term, part: _Part, common: Sharing, key: bytes) -> bool:
    name = _name(node)
    return name in part.names and (not common.taken or sharing.digest(name, key) not in common.taken)


def _witnesses(store: ox.Store, shapes: model.Shapes) -> Iterator[ox.Triple]:
    """Statements that tell which of the words of *shapes*, and which properties, the part knows."""
    terms = {t for shape in shapes.by_node.values() for t in _words(shape)}
    patterns: list[tuple[Term | None, Term | None, Term | None]] = []
    for term in terms:
        patterns += [(term, None, None), (None, term, None), (None, TYPE, term), (None, SUBCLASS, term)]
        patterns += [(term, SUBCLASS, None)]
    patterns += [(None, sh(row.word), None) for row in constructs.TABLE]
    patterns += [(None, p, None) for (p,) in select(store, "SELECT DISTINCT ?p { ?s ?p ?o }")]
    for pattern in patterns:
        yield from (q.triple for q in _some(store.quads_for_pattern(*pattern)))  # type: ignore[arg-type]
    for subject, predicate, value in [(t, TYPE, None) for t in terms] + [(None, TYPE, k) for k in _DECLARING]:
        yield from (q.triple for q in store.quads_for_pattern(subject, predicate, value))


def _some(quads: Iterator[ox.Quad]) -> Iterator[ox.Quad]:
    first = next(quads, None)
    if first is not None:
        yield first


def _words(shape: model.Shape) -> Iterator[ox.NamedNode]:
    if shape.path is not None:
        yield from shape.path.predicates()
    for target in shape.targets:
        if isinstance(target.term, ox.NamedNode):
            yield target.term
    for constraint in shape.constraints:
        if isinstance(constraint, model.Pair):
            yield constraint.predicate
        elif isinstance(constraint, model.Class) and isinstance(constraint.term, ox.NamedNode):
            yield constraint.term


def _written(triples: Iterable[ox.Triple]) -> bytes:
    text = ox.serialize(triples, format=NT)
    assert text is not None  # noqa: S101  # no output file was named
    return text


def _make_room(key: bytes, size: int) -> None:
    """Forget parts of other validations that rest, and of this one those that were not used for longest."""
    now = time.monotonic()
    for name, part in [*_parts.items()]:
        if name[0] != key and now - part.used > _IDLE:
            _parts.pop(name, None)
            _locks.pop(name, None)
    bound = room()
    kept = sorted(_parts.items(), key=lambda item: item[1].used)
    while kept and bound and sum(part.size for _, part in kept) + size > bound:
        _parts.pop(kept.pop(0)[0], None)


def room() -> int:
    """Statements that this process may keep in memory; 0 for any number."""
    from distributed import worker

    try:
        limit = worker.get_worker().memory_manager.memory_limit
    except ValueError:
        return 0
    return int(limit * 0.5 / _STATEMENT) if limit else 0


#: Bytes that a statement takes in memory, all indexes together.
_STATEMENT = 500
