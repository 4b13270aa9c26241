"""SHACL property paths (SHACL, section 2.3.1) and their SPARQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.files.terms import FIRST, Term
from mesoonto.validation.data.graph import Graph, brief, unusable
from mesoonto.validation.data.vocabulary import sh

_UNARY = {"inversePath": "^", "zeroOrMorePath": "*", "oneOrMorePath": "+", "zeroOrOnePath": "?"}
_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Path:
    """A predicate (``kind`` is empty), or an operator of SHACL over other paths."""

    kind: str  #: "", "sequence", or the local name of the operator, such as "inversePath"
    predicate: ox.NamedNode | None = None
    parts: tuple[Path, ...] = ()

    @property
    def sparql(self) -> str:
        """The path as SPARQL writes it (section 9.1 of SPARQL 1.1)."""
        if self.predicate is not None:
            return str(self.predicate)
        inner = [part.sparql for part in self.parts]
        if self.kind == "sequence":
            return f"({'/'.join(inner)})"
        if self.kind == "alternativePath":
            return f"({'|'.join(inner)})"
        sign = _UNARY[self.kind]
        return f"(^{inner[0]})" if sign == "^" else f"({inner[0]}{sign})"

    @property
    def nullable(self) -> bool:
        """Whether a node is among its own values by a path of no step."""
        if self.kind == "sequence":
            return all(part.nullable for part in self.parts)
        if self.kind in ("zeroOrMorePath", "zeroOrOnePath"):
            return True
        return any(part.nullable for part in self.parts)

    def predicates(self) -> Iterator[ox.NamedNode]:
        """Every predicate that occurs in the path."""
        if self.predicate is not None:
            yield self.predicate
        for part in self.parts:
            yield from part.predicates()

    def __str__(self) -> str:
        """The path as a person writes it, with prefixes."""
        if self.predicate is not None:
            return brief(self.predicate)
        inner = [str(part) for part in self.parts]
        if self.kind == "sequence":
            return "/".join(inner)
        if self.kind == "alternativePath":
            return f"({'|'.join(inner)})"
        sign = _UNARY[self.kind]
        return f"^{inner[0]}" if sign == "^" else f"{inner[0]}{sign}"


def read_path(graph: Graph, node: Term, depth: int = 0) -> Path:
    """The path at *node* of *graph*; a ShapeError when there is none."""
    if isinstance(node, ox.NamedNode):
        return Path("", node)
    if depth > _DEPTH:
        raise unusable("a path leads to itself, or is nested too deep")
    if isinstance(node, ox.BlankNode):
        if graph.all(node, FIRST):
            parts = tuple(read_path(graph, part, depth + 1) for part in graph.items(node))
            if len(parts) < 2:
                raise unusable("a sequence path needs at least two steps")
            return Path("sequence", parts=parts)
        found = [kind for kind in ("alternativePath", *_UNARY) if graph.all(node, sh(kind))]
        if len(found) == 1:
            return _operator(graph, node, found[0], depth)
    raise unusable(f"{brief(node)} is not a path")


def _operator(graph: Graph, node: Term, kind: str, depth: int) -> Path:
    argument = graph.one(node, sh(kind))
    if argument is None:
        raise unusable(f"{brief(node)} is not a path")
    if kind == "alternativePath":
        parts = tuple(read_path(graph, part, depth + 1) for part in graph.items(argument))
        if len(parts) < 2:
            raise unusable("an alternative path needs at least two members")
        return Path(kind, parts=parts)
    return Path(kind, parts=(read_path(graph, argument, depth + 1),))


def write_path(path: Path) -> tuple[Term, list[tuple[Term, ox.NamedNode, Term]]]:
    """The node for *path* and the triples that describe it."""
    from mesoonto.files.terms import NIL, REST

    if path.predicate is not None:
        return path.predicate, []
    triples: list[tuple[Term, ox.NamedNode, Term]] = []
    nodes: list[Term] = []
    for part in path.parts:
        node, more = write_path(part)
        nodes.append(node)
        triples += more
    if path.kind in _UNARY:
        top = ox.BlankNode()
        return top, [*triples, (top, sh(path.kind), nodes[0])]
    head: Term = NIL
    for node in reversed(nodes):
        cell = ox.BlankNode()
        triples += [(cell, FIRST, node), (cell, REST, head)]
        head = cell
    if path.kind == "sequence":
        return head, triples
    top = ox.BlankNode()
    return top, [*triples, (top, sh(path.kind), head)]
