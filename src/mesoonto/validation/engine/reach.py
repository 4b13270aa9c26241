"""How far shapes look: which focus nodes a change can reach, and what has to be known to judge them.

All ways on which shapes look are taken together as one automaton. A state says what a node is to them: a
focus node of a certain shape, a value, or something in the middle of a path. An edge is a step along a
property, or none, where a node is several things at once. What a change reaches is found against the edges,
from the steps that it makes or breaks back to focus nodes; what decides on a node is found along the edges.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import pyoxigraph as ox

from mesoonto.files.terms import SUBCLASS, TYPE, Term
from mesoonto.sparql.parser import parse_query
from mesoonto.validation.data.literals import by_value
from mesoonto.validation.engine.queried import prefixes_of, property_of, verbs
from mesoonto.validation.shapes import model
from mesoonto.validation.shapes.paths import Path

_Node = ox.NamedNode | ox.BlankNode
_State = int
#: A node, and what it is to the shapes.
_Item = tuple[Term, _State]


#: Subject, predicate and object of statements; None for any.
Pattern = tuple[_Node | None, ox.NamedNode | None, Term | None]


class RemoteStatements(Protocol):
    """A store in another process, which is best asked for many patterns at one time."""

    def quads_for_pattern(
        self, subject: object, predicate: object, object_: object, graph: object, /
    ) -> Iterator[ox.Quad]:
        """As that of `pyoxigraph.Store`."""

    def prefetch(self, patterns: Iterable[Pattern], /) -> None:
        """Fetch what matches *patterns*, each of which can be asked for at no cost then."""


#: Where statements are looked up.
Statements = ox.Store | RemoteStatements


@dataclass(frozen=True, slots=True)
class _Edge:
    """A step from state to state; along a property, against one, or without any."""

    start: _State
    end: _State
    predicate: ox.NamedNode | None = None
    turned: bool = False


@dataclass(slots=True)
class Reach:
    """Where shapes look."""

    starts: set[_State] = field(default_factory=set)  #: of focus nodes that targets name
    closed: set[_State] = field(default_factory=set)  #: of nodes of which every property counts
    incoming: dict[_State, list[_Edge]] = field(default_factory=lambda: defaultdict(list))
    outgoing: dict[_State, list[_Edge]] = field(default_factory=lambda: defaultdict(list))
    steps: dict[ox.NamedNode, list[_Edge]] = field(default_factory=lambda: defaultdict(list))

    def affected(self, changed: Iterable[ox.Quad], store: Statements) -> set[Term]:
        """The nodes of *store* whose judgement may differ since *changed* was added or removed.

        The subjects of *changed* are among them in any case.
        """
        found: set[Term] = set()
        begun: set[_Item] = set()
        for quad in changed:
            subject, value = quad.subject, quad.object
            if isinstance(subject, ox.Triple) or isinstance(value, ox.Triple):
                continue
            found.add(subject)
            begun.update((subject, state) for state in self.closed)
            for edge in self.steps.get(quad.predicate, ()):
                begun.add((_stored(value) if edge.turned else subject, edge.start))
        back = _walk(begun, lambda item: self._before(item, store), store, self.incoming, back=True)
        return found | {node for node, state in back if state in self.starts}

    def described(self, nodes: Collection[Term], store: Statements) -> Iterator[ox.Triple]:
        """The statements of *store* that decide on *nodes*."""
        begun = {(node, state) for node in nodes for state in self.starts}
        seen = _walk(begun, lambda item: self._behind(item, store), store, self.outgoing, back=False)
        patterns: set[Pattern] = {(node, None, None) for node, _ in seen if isinstance(node, _Node)}
        for node, state in seen:
            for edge in self.outgoing.get(state, ()):
                if edge.turned:
                    patterns.add((None, edge.predicate, node))
        _prefetch(patterns, store)
        for pattern in patterns:
            for quad in store.quads_for_pattern(*pattern, None):
                yield quad.triple

    @property
    def forward(self) -> frozenset[ox.NamedNode]:
        """The properties along which shapes look."""
        return frozenset(p for p, edges in self.steps.items() if any(not edge.turned for edge in edges))

    @property
    def backward(self) -> frozenset[ox.NamedNode]:
        """The properties against which shapes look."""
        return frozenset(p for p, edges in self.steps.items() if any(edge.turned for edge in edges))

    def around(self, nodes: Collection[Term], store: ox.Store) -> set[ox.Triple]:
        """The statements of *store* at which shapes look from *nodes* on, whatever these are to them."""
        states = self.closed | {s for s, edges in self.outgoing.items() if any(e.predicate for e in edges)}
        begun = {(node, state) for node in nodes for state in states}
        seen = _walk(begun, lambda item: self._behind(item, store), store, self.outgoing, back=False)
        patterns = {
            pattern
            for node, state in seen
            for edge in self.outgoing.get(state, ())
            if (pattern := _pattern(node, edge, back=False)) is not None
        }
        patterns |= {(node, None, None) for node, s in seen if s in self.closed and isinstance(node, _Node)}
        return {quad.triple for pattern in patterns for quad in store.quads_for_pattern(*pattern, None)}

    def _before(self, item: _Item, store: Statements) -> Iterator[_Item]:
        node, state = item
        for edge in self.incoming.get(state, ()):
            for other in _neighbours(node, edge, store, back=True):
                yield other, edge.start

    def _behind(self, item: _Item, store: Statements) -> Iterator[_Item]:
        node, state = item
        for edge in self.outgoing.get(state, ()):
            for other in _neighbours(node, edge, store, back=False):
                yield other, edge.end


def _stored(term: Term) -> Term:
    """*term* as a store gives it back."""
    return by_value(term) if isinstance(term, ox.Literal) else term


def _walk(
    begun: Iterable[_Item],
    step: Callable[[_Item], Iterable[_Item]],
    store: Statements,
    edges: dict[_State, list[_Edge]],
    *,
    back: bool,
) -> set[_Item]:
    """*begun* and all that *step* leads to from there, along *edges* in *store*."""
    seen = set(begun)
    waiting = set(seen)
    while waiting:
        if not isinstance(store, ox.Store):
            asked = (
                _pattern(node, edge, back=back) for node, state in waiting for edge in edges.get(state, ())
            )
            _prefetch(filter(None, asked), store)
        waiting = {other for item in waiting for other in step(item)} - seen
        seen |= waiting
    return seen


def _prefetch(patterns: Iterable[Pattern], store: Statements) -> None:
    if not isinstance(store, ox.Store):
        store.prefetch(patterns)


def _pattern(node: Term, edge: _Edge, *, back: bool) -> Pattern | None:
    """What has to be looked up to follow *edge* from *node*, or against its direction."""
    if edge.predicate is None:
        return None
    if edge.turned is not back:
        return None, edge.predicate, node
    return (node, edge.predicate, None) if isinstance(node, _Node) else None


def _neighbours(node: Term, edge: _Edge, store: Statements, *, back: bool) -> Iterator[Term]:
    """The nodes to which *edge* leads from *node*, or from which it leads there."""
    pattern = _pattern(node, edge, back=back)
    if edge.predicate is None:
        yield node
    elif pattern is not None:
        for quad in store.quads_for_pattern(*pattern, None):
            other = quad.subject if pattern[0] is None else quad.object
            if not isinstance(other, ox.Triple):
                yield other


def of(shapes: model.Shapes) -> Reach | None:
    """How far *shapes* look; None when one holds a query or a rule, or what only pySHACL knows.

    Of the queries of targets those are understood that look at properties of ``$this`` alone.
    """
    constraints = (c for shape in shapes.by_node.values() for c in shape.constraints)
    if any(isinstance(constraint, model.ShapeQuery | model.Foreign) for constraint in constraints):
        return None
    if shapes.foreign or shapes.rules:
        return None
    builder = _Builder(shapes)
    try:
        for shape in shapes.by_node.values():
            builder.add(shape)
    except _FarError:
        return None
    return builder.reach


class _FarError(Exception):
    """A query looks at more than the properties of one node."""


class _Builder:
    def __init__(self, shapes: model.Shapes) -> None:
        self.reach = Reach()
        self._focus = {node: number for number, node in enumerate(shapes.by_node)}
        self._count = len(self._focus)

    def add(self, shape: model.Shape) -> None:
        """The ways on which *shape* looks."""
        focus = self._focus[shape.node]
        if shape.targets and not shape.deactivated:
            self.reach.starts.add(focus)
            for target in shape.targets:
                self._target(target, focus)
        value = focus
        if shape.path is not None:
            value = self._state()
            self._path(shape.path, focus, value, turned=False)
        for constraint in shape.constraints:
            match constraint:
                case model.Class():
                    self._class(value)
                case model.Pair(predicate=predicate):
                    self._edge(_Edge(focus, self._state(), predicate))
                case model.Closed():
                    self.reach.closed.add(value)
                case _:
                    for node in model.named_shapes(constraint):
                        self._edge(_Edge(value, self._focus[node]))

    def _target(self, target: model.Target, focus: _State) -> None:
        if target.kind == "class":
            self._class(focus)
        elif target.kind in ("subjects", "objects") and isinstance(target.term, ox.NamedNode):
            self._edge(_Edge(focus, self._state(), target.term, turned=target.kind == "objects"))
        elif target.kind == "query":
            for predicate in _properties(target.query):
                self._edge(_Edge(focus, self._state(), predicate))

    def _class(self, start: _State) -> None:
        """The classes of an instance, and those above them."""
        above = self._state()
        self._edge(_Edge(start, above, TYPE))
        self._edge(_Edge(above, above, SUBCLASS))

    def _path(self, path: Path, start: _State, end: _State, *, turned: bool) -> None:
        parts = path.parts
        if path.predicate is not None:
            self._edge(_Edge(start, end, path.predicate, turned))
        elif path.kind == "sequence":
            between = [self._state() for _ in parts[1:]]
            for part, one, other in zip(
                parts[::-1] if turned else parts, [start, *between], [*between, end], strict=True
            ):
                self._path(part, one, other, turned=turned)
        elif path.kind == "inversePath":
            self._path(parts[0], start, end, turned=not turned)
        elif path.kind in ("zeroOrMorePath", "oneOrMorePath"):
            middle = self._state()
            self._path(parts[0], middle, middle, turned=turned)
            self._edge(_Edge(middle, end))
            if path.kind == "zeroOrMorePath":
                self._edge(_Edge(start, middle))
            else:
                self._path(parts[0], start, middle, turned=turned)
        else:
            for part in parts:
                self._path(part, start, end, turned=turned)
            if path.kind == "zeroOrOnePath":
                self._edge(_Edge(start, end))

    def _state(self) -> _State:
        self._count += 1
        return self._count

    def _edge(self, edge: _Edge) -> None:
        self.reach.incoming[edge.end].append(edge)
        self.reach.outgoing[edge.start].append(edge)
        if edge.predicate is not None:
            self.reach.steps[edge.predicate].append(edge)


#: What a query may hold that looks at the properties of one node alone.
_NEAR = frozenset(
    [
        *("QueryUnit", "Prologue", "BaseDecl", "PrefixDecl", "SelectQuery", "SelectClause", "WhereClause"),
        *("GroupGraphPattern", "TriplesBlock", "TriplesSameSubjectPath", "Filter", "BrackettedExpression"),
        *("Expression", "ConditionalAndExpression", "RelationalExpression", "AdditiveExpression"),
        *("MultiplicativeExpression", "UnaryExpression", "BuiltInCall", "FunctionCall", "IriOrFunction"),
        *("RDFLiteral", "NumericLiteral"),
    ]
)


def _properties(query: str) -> Iterator[ox.NamedNode]:
    """The properties by which *query* selects ``?this``; raises _FarError where it looks further."""
    root = parse_query(query)
    prefixes = prefixes_of(root)
    if any(node.children and node.kind not in _NEAR for node in root.walk()):
        raise _FarError
    triples = [node for node in root.walk() if node.kind == "TriplesSameSubjectPath"]
    if not triples:
        raise _FarError
    for node in triples:
        if node.children[0].text[1:] != "this" or node.children[0].kind != "VAR":
            raise _FarError
        for verb in verbs(node):
            found = property_of(verb, prefixes)
            if found is None:
                raise _FarError
            yield found
