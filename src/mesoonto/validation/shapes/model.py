"""Shapes as objects: what a shapes graph asks of data (SHACL, sections 2 to 5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import pyoxigraph as ox

from mesoonto.files.rdf import Source
from mesoonto.files.terms import TYPE, Term
from mesoonto.validation.data.graph import Graph
from mesoonto.validation.data.vocabulary import sh
from mesoonto.validation.shapes.paths import Path


@dataclass(frozen=True, slots=True)
class Target:
    """Where the focus nodes of a shape are found (section 2.1.3)."""

    kind: str  #: "class", "node", "subjects", "objects" or "query"
    term: Term | None = None  #: the class, node or property
    query: str = ""  #: the text of a SPARQLTarget (Advanced Features, section 3.1)


class Operator(Enum):
    """How a value is compared with a bound."""

    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    LESS = "<"
    LESS_OR_EQUAL = "<="


@dataclass(frozen=True, slots=True)
class Constraint:
    """One constraint of a shape; the subclasses carry the parameters."""

    component: str  #: local name of the constraint component in the SHACL vocabulary


@dataclass(frozen=True, slots=True)
class Class(Constraint):
    """``sh:class``."""

    term: Term


@dataclass(frozen=True, slots=True)
class Datatype(Constraint):
    """``sh:datatype``."""

    datatype: str


@dataclass(frozen=True, slots=True)
class NodeKind(Constraint):
    """``sh:nodeKind``, as its local name."""

    kind: str


@dataclass(frozen=True, slots=True)
class Count(Constraint):
    """``sh:minCount`` and ``sh:maxCount``."""

    limit: int


@dataclass(frozen=True, slots=True)
class Bound(Constraint):
    """``sh:minInclusive`` and its three sisters."""

    operator: Operator
    literal: ox.Literal


@dataclass(frozen=True, slots=True)
class Length(Constraint):
    """``sh:minLength`` and ``sh:maxLength``."""

    limit: int


@dataclass(frozen=True, slots=True)
class Pattern(Constraint):
    """``sh:pattern`` with ``sh:flags``."""

    pattern: str
    flags: str


@dataclass(frozen=True, slots=True)
class LanguageIn(Constraint):
    """``sh:languageIn``."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UniqueLang(Constraint):
    """``sh:uniqueLang true``."""


@dataclass(frozen=True, slots=True)
class In(Constraint):
    """``sh:in``."""

    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class HasValue(Constraint):
    """``sh:hasValue``."""

    term: Term


@dataclass(frozen=True, slots=True)
class Pair(Constraint):
    """``sh:equals``, ``sh:disjoint``, ``sh:lessThan`` and ``sh:lessThanOrEquals``."""

    predicate: ox.NamedNode


@dataclass(frozen=True, slots=True)
class Closed(Constraint):
    """``sh:closed true``, with the properties that are allowed."""

    allowed: tuple[ox.NamedNode, ...]


@dataclass(frozen=True, slots=True)
class Logical(Constraint):
    """``sh:not``, ``sh:and``, ``sh:or``, ``sh:xone`` and ``sh:node`` with the shapes they name."""

    shapes: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Nested(Constraint):
    """``sh:property``."""

    shape: Term


@dataclass(frozen=True, slots=True)
class Qualified(Constraint):
    """``sh:qualifiedValueShape`` with one of its two counts."""

    shape: Term
    limit: int
    siblings: tuple[Term, ...]  #: shapes whose values do not count, for qualifiedValueShapesDisjoint


@dataclass(frozen=True, slots=True)
class ShapeQuery(Constraint):
    """``sh:sparql`` with a SELECT query."""

    node: Term
    select: str  #: the text with its prefixes
    messages: tuple[ox.Literal, ...]


@dataclass(frozen=True, slots=True)
class Foreign(Constraint):
    """A constraint that only pySHACL evaluates."""

    what: str  #: what it is, for messages


@dataclass(slots=True)
class Shape:
    """A node shape, or a property shape when it has a path."""

    node: Term
    path: Path | None = None
    targets: tuple[Target, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    severity: str = "http://www.w3.org/ns/shacl#Violation"
    messages: tuple[ox.Literal, ...] = ()
    label: str = ""
    deactivated: bool = False


@dataclass(frozen=True, slots=True)
class ShapeRule:
    """A rule of a shape (Advanced Features, section 8); neither kind where only pySHACL can run it."""

    shape: Term
    conditions: tuple[Term, ...]
    construct: str = ""  #: the query of a SPARQLRule
    triple: tuple[Term | Path | None, ...] | None = None  #: of a TripleRule; None in it is the focus node
    predicate: ox.NamedNode | None = None  #: of all that a TripleRule makes, where it is known


@dataclass(frozen=True, slots=True)
class Shapes:
    """Everything that a shapes graph asks for."""

    graph: Graph
    by_node: dict[Term, Shape]
    foreign: tuple[str, ...] = ()  #: parts of the whole graph that only pySHACL does, such as functions
    rules: tuple[ShapeRule, ...] = ()  #: in the order in which they run
    recursive: frozenset[Term] = frozenset()  #: shapes that lead back to themselves (section 3.4.3)
    queries: tuple[tuple[Term, str], ...] = ()  #: those of components and functions, which pySHACL runs
    sources: tuple[Source, ...] = ()  #: the files that were read
    missing: tuple[str, ...] = ()  #: IRIs of graphs that are imported and were not at hand

    @property
    def functions(self) -> tuple[ox.NamedNode, ...]:
        """The functions that the shapes define."""
        kind = sh("SPARQLFunction")
        named = (node for node in self.graph.subjects() if isinstance(node, ox.NamedNode))
        return tuple(node for node in named if kind in self.graph.all(node, TYPE))

    @property
    def targeted(self) -> list[Shape]:
        """The shapes that have targets and are not deactivated."""
        return [shape for shape in self.by_node.values() if shape.targets and not shape.deactivated]

    def parts(self, shape: Shape) -> list[Shape]:
        """The shapes that *shape* names in its constraints, and those that they name, *shape* first."""
        found: dict[Term, Shape] = {}
        waiting = [shape.node]
        while waiting:
            node = waiting.pop()
            if node in found or node not in self.by_node:
                continue
            found[node] = self.by_node[node]
            for constraint in found[node].constraints:
                waiting += named_shapes(constraint)
        return list(found.values())


def named_shapes(constraint: Constraint) -> tuple[Term, ...]:
    """The shapes that *constraint* refers to."""
    match constraint:
        case Logical(shapes=shapes):
            return shapes
        case Nested(shape=shape):
            return (shape,)
        case Qualified(shape=shape, siblings=siblings):
            return (shape, *siblings)
    return ()
