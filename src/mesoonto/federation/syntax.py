"""Reads a query with SERVICE: the tree of its text, within bounds, and which variables each part can bind.

The parser does not recurse and keeps the position of every token, so that a SERVICE clause can be replaced in
the text while all other text stays as it was written. Terms such as "in scope" are those of SPARQL 1.1 Query
Language, section 18.2.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyoxigraph as ox

from mesoonto.dataset.store import syntax_error
from mesoonto.errors import Place, QueryRefusedError
from mesoonto.namespaces import PREFIXES
from mesoonto.sparql.grammar import VOLATILE
from mesoonto.sparql.messages import mistake, place_of
from mesoonto.sparql.parser import NotSparqlError, parse_query
from mesoonto.sparql.tree import Node

#: Characters of query text. Parsing takes some 3 s for 1 MB.
MAX_LENGTH = 256 * 1024
#: Levels of brackets of any kind. pyoxigraph's parser overflows its stack at 800 and more.
MAX_BRACKETS = 50
#: Levels of the syntax tree, and operators in a row, which the engine nests, such as ``1+1+1``.
MAX_DEPTH = 2000

Names = frozenset[str]
NOTHING: Names = frozenset()

_IRI = ("IRIREF", "PNAME_LN", "PNAME_NS")
_OPENING, _CLOSING = ("{", "(", "["), ("}", ")", "]")
#: What is evaluated for the solutions of what stands before it, or may hide what stands behind it.
_IN_ORDER = ("OptionalGraphPattern", "LateralGraphPattern", "MinusGraphPattern", "Bind", "SubSelect")
#: Productions whose parts the engine nests, each in the one before it.
_CHAINS = (
    "Expression",
    "ConditionalAndExpression",
    "AdditiveExpression",
    "MultiplicativeExpression",
    "Path",
    "PathSequence",
    "GroupOrUnionGraphPattern",
)
_ENGINE_PLACE = re.compile(r"error at (\d+):(\d+)")
_EXISTS = ("ExistsFunc", "NotExistsFunc")


@dataclass(frozen=True, slots=True, eq=False)
class Clause:
    """A SERVICE clause that stands in no other SERVICE clause."""

    node: Node
    group: Node  #: its graph pattern
    endpoint: str | None  #: the IRI, or None when a variable names the endpoint
    variable: str | None  #: that variable
    silent: bool
    scope: Names  #: variables that its pattern can bind, the endpoint's variable not among them
    certain: Names  #: those that its pattern binds in every solution
    projected: tuple[str, ...]  #: those that the rest of the query looks at

    @property
    def pattern(self) -> str:
        """The graph pattern with its braces, as written."""
        return self.group.text


@dataclass(frozen=True, slots=True, eq=False)
class FederatedQuery:
    """A parsed query."""

    text: str
    root: Node
    form: Node  #: the SELECT, CONSTRUCT, ASK or DESCRIBE part
    clauses: tuple[Clause, ...]
    base: str | None  #: the BASE declaration, as written
    prefixes: dict[str, str] = field(default_factory=dict)  #: prefix -> IRI, as declared

    def prologue(self) -> str:
        """The declarations of the query, as written."""
        return "\n".join(c.text for c in self.root.children if c.kind == "Prologue")

    def declarations(self, part: Node) -> str:
        """The BASE and PREFIX lines that *part* of the query needs to stand alone."""
        known = {**PREFIXES, **self.prefixes}
        used = {_prefix(n) for n in part.walk() if n.kind in ("PNAME_LN", "PNAME_NS")}
        lines = [self.base] if self.base else []
        lines += [f"PREFIX {prefix}: <{known[prefix]}>" for prefix in sorted(used & known.keys())]
        return "\n".join(lines)

    def dataset(self) -> str:
        """The FROM and FROM NAMED clauses, as written."""
        return " ".join(c.text for c in self.form.children if c.kind == "DatasetClause")

    @property
    def aggregates(self) -> bool:
        """Whether the solutions of the WHERE part are grouped."""
        return _aggregates(self.form)


def parse(query: str) -> FederatedQuery:
    """Take *query* apart.

    Raises QuerySyntaxError with line and column for what is not SPARQL 1.1, and QueryRefusedError for a text
    that is too long or too deep. Both are found without recursion.
    """
    if len(query) > MAX_LENGTH:
        raise QueryRefusedError(
            f"the query has {len(query)} characters; one with SERVICE may have {MAX_LENGTH}", Place("query")
        )
    try:
        root = parse_query(query)
    except NotSparqlError as error:
        if len(error.inside) > 10 * MAX_BRACKETS:
            raise _too_deep(None) from error
        raise mistake(error, query) from error
    _require_shallow(root)
    _require_valid(query)
    form = root.children[-1]
    base, prefixes = _declarations(root)
    found = tuple(_outer_services(root))
    elsewhere = _names_outside(root, found)
    clauses = tuple(_clause(node, elsewhere, base, prefixes) for node in found)
    return FederatedQuery(query, root, form, clauses, base, prefixes)


def elements(group: Node) -> list[Node]:
    """The parts of a group graph pattern, in order."""
    return [child for child in group.children if not child.is_token]


def group_of(node: Node) -> Node:
    """The group graph pattern directly inside *node*."""
    return next(c for c in node.children if c.kind == "GroupGraphPattern")


def variables(node: Node) -> Names:
    """Every variable that is mentioned in *node*."""
    return frozenset(n.text[1:] for n in node.walk() if n.kind == "VAR")


def has_exists(node: Node) -> bool:
    """Whether EXISTS stands in *node*."""
    return any(n.kind in _EXISTS for n in node.walk())


def is_volatile(node: Node) -> bool:
    """Whether *node* calls a function that gives another value at another evaluation."""
    return any(n.is_token and n.text.upper() in VOLATILE for n in node.walk())


def bound_by_bind(node: Node) -> tuple[Names, str]:
    """The variables in the expression of a BIND, and the variable that it binds."""
    expression, variable = node.children[2], node.children[4]
    return variables(expression), variable.text[1:]


def scope(node: Node) -> Names:
    """The variables that are in scope in *node*: those that a solution of it can bind."""
    kind = node.kind
    if kind == "TriplesBlock":
        return variables(node)
    if kind in ("GroupGraphPattern", "GroupOrUnionGraphPattern"):
        return frozenset().union(*(scope(child) for child in elements(node)))
    if kind in ("OptionalGraphPattern", "LateralGraphPattern"):
        return scope(group_of(node))
    if kind in ("GraphGraphPattern", "ServiceGraphPattern"):
        return scope(group_of(node)) | _term_variable(node)
    if kind == "Bind":
        return frozenset((bound_by_bind(node)[1],))
    if kind == "InlineData":
        return scope_of_values(node)
    if kind == "SubSelect":
        plain, computed = projection(node)
        return _whole_scope(node) if plain is None else plain | computed
    return NOTHING


def certain(node: Node) -> Names:
    """The variables that every solution of *node* binds, as far as the text alone tells."""
    kind = node.kind
    if kind == "TriplesBlock":
        return variables(node)
    if kind == "GroupGraphPattern":
        return frozenset().union(*(certain(child) for child in elements(node)))
    if kind == "GroupOrUnionGraphPattern":
        return frozenset.intersection(*(certain(child) for child in elements(node)))
    if kind == "GraphGraphPattern":
        return certain(group_of(node)) | _term_variable(node)
    if kind == "ServiceGraphPattern":
        silent = any(c.kind == "SILENT" for c in node.children)
        return NOTHING if silent else certain(group_of(node)) | _term_variable(node)
    if kind == "InlineData":
        return certain_of_values(node)
    if kind == "SubSelect":
        return _certain_of_select(node)
    return NOTHING


def scope_of_values(values: Node) -> Names:
    """The variables of a VALUES clause."""
    return frozenset(_columns(values))


def certain_of_values(values: Node) -> Names:
    """The variables of a VALUES clause that are bound in each of its rows."""
    names = _columns(values)
    block = _data_block(values)
    start = next(i for i, c in enumerate(block.children) if c.kind == "{")
    cells = [c for c in block.children[start:] if c.kind == "DataBlockValue"]
    undefined = {names[i % len(names)] for i, c in enumerate(cells) if c.has("UNDEF")} if names else set()
    return frozenset(names) - undefined


def certain_at_front(group: Node) -> Names:
    """The variables bound by what stands in *group* before the first element that is not a plain join."""
    found: set[str] = set()
    for element in elements(group):
        if element.kind in _IN_ORDER:
            break
        found |= certain(element)
    return frozenset(found)


def projection(select: Node) -> tuple[Names | None, Names]:
    """The variables that a SELECT hands on as they are (None for ``*``), and those that it computes."""
    clause = next(c for c in select.children if c.kind == "SelectClause")
    plain: set[str] = set()
    computed: set[str] = set()
    depth, after_as = 0, False
    for child in clause.children:
        if child.kind == "*":
            return None, NOTHING
        if child.kind == "(":
            depth += 1
        elif child.kind == ")":
            depth, after_as = depth - 1, False
        elif child.kind == "AS":
            after_as = True
        elif child.kind == "VAR" and (after_as or not depth):
            (computed if after_as else plain).add(child.text[1:])
    return frozenset(plain), frozenset(computed)


def cuts(select: Node) -> bool:
    """Whether leaving out solutions of the WHERE part could change other solutions of *select*."""
    return _aggregates(select) or any(n.kind == "LimitOffsetClauses" for n in _own_nodes(select))


def where(select: Node) -> Node:
    """The group of the WHERE part."""
    return group_of(next(c for c in select.children if c.kind == "WhereClause"))


def trailing_values(select: Node) -> Node | None:
    """The VALUES clause after the WHERE part."""
    return select.child("ValuesClause")


def _certain_of_select(select: Node) -> Names:
    inside = certain(where(select))
    plain, _ = projection(select)
    return inside if plain is None else inside & plain


def _whole_scope(select: Node) -> Names:
    values = trailing_values(select)
    return scope(where(select)) | (scope_of_values(values) if values else NOTHING)


def _own_nodes(select: Node) -> Iterator[Node]:
    """The nodes of *select* outside its WHERE part."""
    for child in select.children:
        if child.kind not in ("WhereClause", "ValuesClause"):
            yield from child.walk()


def _aggregates(select: Node) -> bool:
    return any(n.kind in ("GroupClause", "HavingClause", "Aggregate") for n in _own_nodes(select))


def _term_variable(node: Node) -> Names:
    return frozenset(c.text[1:] for c in node.children if c.kind == "VAR")


def _data_block(values: Node) -> Node:
    return next(c for c in values.children if c.kind == "DataBlock")


def _columns(values: Node) -> list[str]:
    return [c.text[1:] for c in _data_block(values).children if c.kind == "VAR"]


def _outer_services(root: Node) -> Iterator[Node]:
    end = -1
    for node in root.walk():
        if node.kind == "ServiceGraphPattern" and node.start >= end:
            end = node.end
            yield node


def _names_outside(root: Node, services: tuple[Node, ...]) -> dict[Node, Names | None]:
    """For each service, the variables mentioned outside its pattern; None when ``*`` asks for all."""
    spans = [(group_of(s).start, group_of(s).end) for s in services]
    found: list[set[str]] = [set() for _ in spans]
    stars = False
    for node in root.walk():
        if node.kind == "*" and node.parent is not None:
            in_a_service = any(a <= node.start < b for a, b in spans)
            asks = node.parent.kind in ("SelectClause", "Aggregate", "DescribeQuery")
            stars = stars or (asks and not in_a_service)
        elif node.kind == "VAR":
            name = node.text[1:]
            for (a, b), names in zip(spans, found, strict=True):
                if not a <= node.start < b:
                    names.add(name)
    return {s: None if stars else frozenset(names) for s, names in zip(services, found, strict=True)}


def _clause(
    node: Node, elsewhere: dict[Node, Names | None], base: str | None, prefixes: dict[str, str]
) -> Clause:
    term = next(c for c in node.children if c.kind in ("VAR", *_IRI))
    group = group_of(node)
    names = scope(group)
    mentioned = elsewhere[node]
    return Clause(
        node=node,
        group=group,
        endpoint=None if term.kind == "VAR" else _iri(term, base, prefixes),
        variable=term.text[1:] if term.kind == "VAR" else None,
        silent=any(c.kind == "SILENT" for c in node.children),
        scope=names,
        certain=certain(group),
        projected=tuple(sorted(names if mentioned is None else names & mentioned)),
    )


def _iri(term: Node, base: str | None, prefixes: dict[str, str]) -> str:
    """The IRI that *term* stands for, as pyoxigraph reads it."""
    known = {**PREFIXES, **prefixes}
    lines = "\n".join([*([base] if base else []), *(f"PREFIX {p}: <{iri}>" for p, iri in known.items())])
    solutions = ox.Store().query(f"{lines}\nSELECT ({term.text} AS ?iri) {{}}")
    assert isinstance(solutions, ox.QuerySolutions)  # noqa: S101  # SELECT
    value = next(iter(solutions))["iri"]
    assert isinstance(value, ox.NamedNode)  # noqa: S101  # the grammar allows nothing else
    return value.value


def _declarations(root: Node) -> tuple[str | None, dict[str, str]]:
    base, prefixes = None, {}
    for node in root.walk():
        if node.kind == "BaseDecl":
            base = node.text
        elif node.kind == "PrefixDecl":
            _, namespace, iri = node.children
            prefixes[_prefix(namespace)] = iri.text[1:-1]
    return base, prefixes


def _prefix(name: Node) -> str:
    return name.text.partition(":")[0]


def _require_shallow(root: Node) -> None:
    """Refuse what nests too deep for the parsers that recurse."""
    waiting = [(root, 0, 0)]
    while waiting:
        node, brackets, depth = waiting.pop()
        for child in node.children:
            if child.is_token:
                brackets += (child.kind in _OPENING) - (child.kind in _CLOSING)
            else:
                levels = len(child.children) if child.kind in _CHAINS else 1
                waiting.append((child, brackets, depth + levels))
        if brackets > MAX_BRACKETS or depth > MAX_DEPTH:
            raise _too_deep(node)


def _too_deep(node: Node | None) -> QueryRefusedError:
    return QueryRefusedError(
        f"the query nests too deep; one with SERVICE may have {MAX_BRACKETS} levels of brackets and "
        f"{MAX_DEPTH} of operators",
        place_of(node.source, node.start) if node else Place("query"),
    )


def _require_valid(query: str) -> None:
    """Raise a QuerySyntaxError where pyoxigraph's parser stops, without evaluating anything.

    A closing brace behind the end is a mistake that the parser meets only when all before it is well-formed.
    """
    try:
        ox.Store().query(f"{query}\n}}", prefixes=PREFIXES)
    except SyntaxError as error:
        found = _ENGINE_PLACE.search(str(error))
        place = (int(found[1]), int(found[2])) if found else None
        last = query.count("\n") + 2
        if place != (last, 2) and not (place == (last, 1) and "EOF" in str(error)):
            raise syntax_error(error, query) from error
