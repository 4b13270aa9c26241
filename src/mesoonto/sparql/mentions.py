"""Which names and literals a query matches data against, and where: no variables, templates or SERVICE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from mesoonto.sparql.tree import Node

#: Names and literals that are collected; of a longer query the rest goes unread.
MOST = 500

_IRIS = frozenset(("IRIREF", "PNAME_LN", "PNAME_NS"))
_LITERALS = frozenset(
    "STRING RDFLiteral INTEGER DECIMAL DOUBLE SIGNED NumericLiteral TRUE FALSE".split()  # noqa: SIM905
)
_PATHS = frozenset(("Path", "PathSequence", "PathEltOrInverse", "PathElt", "PathPrimary"))
_TRIPLES = frozenset(
    [
        "TriplesSameSubject", "TriplesSameSubjectPath", "BlankNodePropertyList", "BlankNodePropertyListPath",
        "AnnotationBlock", "AnnotationBlockPath", "ReifiedTriple",
    ]
)  # fmt: skip

#: What is matched against no data of the dataset that is asked.
_ELSEWHERE = frozenset(("Prologue", "ConstructTemplate", "ServiceGraphPattern", "RDFLiteral", "TripleTerm"))

#: Patterns of which it matters that they do not match, by what they are called.
_WITHIN = {
    "OptionalGraphPattern": "OPTIONAL",
    "MinusGraphPattern": "MINUS",
    "NotExistsFunc": "NOT EXISTS",
}

#: The scope of what may be in any of the named graphs.
ANY_NAMED = "?"


class MentionRole(Enum):
    """What a name or literal is in a query."""

    PROPERTY = "property"
    OBJECT = "object"  #: of the `QueryMention.properties`
    NAME = "name"  #: the subject of a triple, or a value
    LITERAL = "literal"  #: likewise an object
    GRAPH = "graph"


@dataclass(frozen=True, slots=True)
class QueryMention:
    """One name or literal of a query."""

    role: MentionRole
    text: str  #: as it is written
    at: int  #: its place, in characters from the start
    scope: str  #: the graph in which it is sought, as written; `ANY_NAMED`, or nothing for the default graph
    within: str  #: OPTIONAL, MINUS or NOT EXISTS, where it stands in one
    properties: tuple[str, ...] = ()  #: of which it is the value, as written; ``a`` is one


@dataclass(frozen=True, slots=True)
class QueryMentions:
    """The names and literals of one query."""

    found: tuple[QueryMention, ...]
    default_graphs: tuple[str, ...]  #: that FROM names, as written
    named_graphs: tuple[str, ...]  #: that FROM NAMED names
    prologue: str

    @property
    def texts(self) -> tuple[str, ...]:
        """Each name and literal once, as written."""
        told = [(m.text, m.scope, *m.properties) for m in self.found]
        every = dict.fromkeys(text for texts in told for text in texts)
        graphs = dict.fromkeys((*self.default_graphs, *self.named_graphs))
        return tuple(text for text in every | graphs if text not in ("", ANY_NAMED))


def mentions(root: Node) -> QueryMentions:
    """The names and literals of the query whose tree is *root*; the first `MOST` of them.

    >>> from mesoonto.sparql.parser import parse_query
    >>> [(m.role.value, m.text) for m in mentions(parse_query("ASK { ?s a ex:C ; ex:p 'x' }")).found]
    [('property', 'a'), ('object', 'ex:C'), ('property', 'ex:p'), ('literal', "'x'")]
    """
    form = root.children[-1]
    collected = _Collector()
    collected.read(form)
    clauses = [c.children for c in form.children[:MOST] if c.kind == "DatasetClause"]
    default = tuple(parts[-1].text for parts in clauses if len(parts) == 2)
    named = tuple(parts[-1].text for parts in clauses if len(parts) == 3)
    return QueryMentions(tuple(collected.all()), default, named, root.source[: form.start])


@dataclass(slots=True)
class _Collector:
    found: dict[QueryMention, None] = field(default_factory=dict)
    seen: set[tuple[object, ...]] = field(default_factory=set)
    #: properties whose values a variable stands for
    values: dict[str, dict[str, None]] = field(default_factory=dict)
    #: what is compared with a variable: the literal, the variable, and within what
    compared: list[tuple[Node, str, str]] = field(default_factory=list)

    def all(self) -> Iterator[QueryMention]:
        yield from self.found
        for node, variable, within in self.compared:
            properties = tuple(self.values.get(variable, ()))
            if properties:
                yield QueryMention(MentionRole.LITERAL, node.text, node.start, "", within, properties)

    def read(self, form: Node) -> None:
        waiting: list[tuple[Node, str, str]] = [(form, "", "")]
        while waiting and len(self.found) + len(self.compared) < MOST:
            node, scope, within = waiting.pop()
            if node.kind in _ELSEWHERE:
                continue
            parts = list(node.children)
            if node.kind in _IRIS:
                self._add(MentionRole.NAME, node, scope, within)
            elif node.kind in _TRIPLES:
                parts = self._triples(node, scope, within)
            elif node.kind == "DatasetClause":
                self._add(MentionRole.GRAPH, parts.pop(), "", "")
            elif node.kind == "GraphGraphPattern":
                name = parts.pop(1)
                scope = name.text if name.kind in _IRIS else ANY_NAMED
                if name.kind in _IRIS:
                    self._add(MentionRole.GRAPH, name, "", within)
            elif node.kind in ("FunctionCall", "IriOrFunction"):
                parts = parts[1:]  # the name of a function is none of the data
            elif node.kind == "RelationalExpression":
                self._comparison(parts, within)
            elif node.kind == "DataBlock":
                self._values(parts, within)
            within = _WITHIN.get(node.kind, within)
            waiting += [(part, scope, within) for part in reversed(parts)]

    def _add(
        self, role: MentionRole, node: Node, scope: str, within: str, properties: tuple[str, ...] = ()
    ) -> None:
        key = (role, node.text, scope, properties)
        if key not in self.seen:
            self.seen.add(key)
            self.found[QueryMention(role, node.text, node.start, scope, within, properties)] = None

    def _triples(self, triples: Node, scope: str, within: str) -> list[Node]:
        """Take in the terms of *triples*; what is left to be read."""
        left: list[Node] = []
        properties: tuple[str, ...] = ()
        expected = "subject" if triples.kind.startswith("TriplesSameSubject") else "verb"
        for part in triples.children:
            if part.kind == "<<":
                expected = "subject"
            elif part.kind == ";":
                expected = "verb"
            elif part.kind == ",":
                expected = "object"
            elif expected == "subject":
                if part.kind in _IRIS:
                    self._add(MentionRole.NAME, part, scope, within)
                else:
                    left.append(part)
                expected = "verb"
            elif expected == "verb" and part.kind not in ("[", "]", "{|", "|}"):
                properties = _last(part)
                for name in _names_of(part):
                    self._add(MentionRole.PROPERTY, name, scope, within)
                expected = "object"
            elif expected == "object":
                left += self._object(part, scope, within, properties)
                expected = ""
            else:
                left.append(part)
        return left

    def _object(self, part: Node, scope: str, within: str, properties: tuple[str, ...]) -> list[Node]:
        if part.kind in _IRIS:
            self._add(MentionRole.OBJECT, part, scope, within, properties)
        elif part.kind in _LITERALS:
            if properties:
                self._add(MentionRole.LITERAL, part, scope, within, properties)
        elif part.kind == "VAR":
            self.values.setdefault(part.text[1:], {}).update(dict.fromkeys(properties))
        else:
            return [part]
        return []

    def _comparison(self, parts: list[Node], within: str) -> None:
        """A literal of which a variable is to be the same."""
        first, sign, *others = parts
        if sign.kind == "=" and first.kind in _LITERALS:
            first, others = others[0], [first]
        if first.kind == "VAR" and sign.kind in ("=", "IN"):
            literals = [other for other in others if other.kind in _LITERALS]
            self.compared += [(literal, first.text[1:], within) for literal in literals[:MOST]]

    def _values(self, parts: list[Node], within: str) -> None:
        names = [part.text[1:] for part in parts if part.kind == "VAR"]
        column = 0
        for part in parts:
            if part.kind == "(":
                column = 0
            elif part.kind == "DataBlockValue":
                value = part.children[0]
                if value.kind in _LITERALS and names and len(self.compared) < MOST:
                    self.compared.append((value, names[column % len(names)], within))
                column += 1


def _names_of(path: Node) -> Iterator[Node]:
    """The names of properties in *path*."""
    return (node for node in path.walk() if node.kind in _IRIS or node.kind == "a")


def _last(path: Node) -> tuple[str, ...]:
    """The properties whose value is what *path* ends in; nothing where that is not plain to see."""
    waiting, found = [path], []
    while waiting:
        node = waiting.pop()
        if node.kind in _IRIS or node.kind == "a":
            found.append(node.text)
        elif node.kind == "Path":
            waiting += [child for child in node.children if child.kind != "|"]
        elif node.kind == "PathSequence":
            waiting.append(node.children[-1])
        elif node.kind == "PathElt":
            waiting.append(node.children[0])
        elif node.kind == "PathPrimary" and node.children[0].kind == "(":
            waiting.append(node.children[1])
        else:
            return ()
    return tuple(found)
