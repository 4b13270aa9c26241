"""Reads a query with SERVICE: the tree of its text, within bounds, and which variables each part can bind.

The grammar is that of tree-sitter, whose parser does not recurse and keeps the position of every token, so
that a SERVICE clause can be replaced in the text while all other text stays as it was written. Terms such as
"in scope" are those of SPARQL 1.1 Query Language, section 18.2.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyoxigraph as ox
from tree_sitter import Node

from mesoonto.dataset import syntax_tree
from mesoonto.dataset.store import syntax_error
from mesoonto.errors import Place, QueryRefusedError, QuerySyntaxError
from mesoonto.namespaces import PREFIXES

#: Bytes of query text. The parser takes some 3 s for the worst text of 1 MB, 0.8 s for one of this size.
MAX_BYTES = 256 * 1024
#: Levels of brackets of any kind. pyoxigraph's parser overflows its stack at 800 and more.
MAX_BRACKETS = 50
#: Levels of the syntax tree; chains such as ``!!!?x`` or ``1+1+1`` nest without brackets.
MAX_DEPTH = 2000

#: Characters that can open a level, in a text whose tree cannot be trusted.
_MAX_NESTING_CHARACTERS = 300

Names = frozenset[str]
NOTHING: Names = frozenset()

_OPENING, _CLOSING = ("{", "(", "["), ("}", ")", "]")
_EXISTS = ("exists_func", "not_exists_func")
#: Functions whose value differs from one evaluation to the next.
_VOLATILE = frozenset(("RAND", "NOW", "UUID", "STRUUID", "BNODE"))


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
        return text(self.group)


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A parsed query."""

    text: bytes
    root: Node
    form: Node  #: the SELECT, CONSTRUCT, ASK or DESCRIBE part
    clauses: tuple[Clause, ...]
    base: str | None  #: the BASE declaration, as written
    prefixes: dict[str, str] = field(default_factory=dict)  #: prefix -> IRI, as declared

    def prologue(self) -> str:
        """The declarations of the query, as written."""
        return "\n".join(text(c) for c in self.root.children if c.type == "prologue")

    def declarations(self, part: Node) -> str:
        """The BASE and PREFIX lines that *part* of the query needs to stand alone."""
        known = {**PREFIXES, **self.prefixes}
        used = {_prefix(n) for n in syntax_tree.nodes(part) if n.type == "namespace"}
        lines = [self.base] if self.base else []
        lines += [f"PREFIX {prefix}: <{known[prefix]}>" for prefix in sorted(used & known.keys())]
        return "\n".join(lines)

    def dataset(self) -> str:
        """The FROM and FROM NAMED clauses, as written."""
        return " ".join(text(c) for c in self.form.children if c.type == "dataset_clause")

    @property
    def aggregates(self) -> bool:
        """Whether the solutions of the WHERE part are grouped."""
        return _aggregates(self.form)


def parse(query: str) -> Query:
    """Take *query* apart.

    Raises QuerySyntaxError with line and column for what is not SPARQL 1.1, and QueryRefusedError for a text
    that is too long or too deep. Both are found without recursion.
    """
    source = query.encode("utf-8", "replace")
    if len(source) > MAX_BYTES:
        raise QueryRefusedError(
            f"the query has {len(source)} bytes; one with SERVICE may have {MAX_BYTES}", Place("query")
        )
    root = syntax_tree.parse(source)
    _require_shallow(root)
    # The tree of a text that is not understood does not show how deep it nests, but its characters bound it.
    if not root.has_error or sum(query.count(c) for c in "([{!+-^") <= _MAX_NESTING_CHARACTERS:
        _require_valid(query)
    if root.has_error:
        raise _unclear(root)
    form = next((c for c in root.children if c.type.endswith("_query")), None)
    if form is None:
        raise QuerySyntaxError("no SELECT, CONSTRUCT, ASK or DESCRIBE", Place("query", 1, 1))
    base, prefixes = _declarations(root)
    found = tuple(_outer_services(root))
    elsewhere = _names_outside(root, found)
    clauses = tuple(_clause(node, elsewhere, base, prefixes) for node in found)
    return Query(source, root, form, clauses, base, prefixes)


def text(node: Node) -> str:
    """The text of *node*."""
    return (node.text or b"").decode("utf-8", "replace")


def elements(group: Node) -> list[Node]:
    """The parts of a group graph pattern, in order."""
    return [child for child in group.children if child.is_named and not child.is_extra]


def group_of(node: Node) -> Node:
    """The group graph pattern directly inside *node*."""
    return next(c for c in node.children if c.type == "group_graph_pattern")


def variables(node: Node) -> Names:
    """Every variable that is mentioned in *node*."""
    return frozenset(text(n)[1:] for n in syntax_tree.nodes(node) if n.type == "var")


def has_exists(node: Node) -> bool:
    """Whether EXISTS stands in *node*."""
    return any(n.type in _EXISTS for n in syntax_tree.nodes(node))


def is_volatile(node: Node) -> bool:
    """Whether *node* calls a function that gives another value at another evaluation."""
    return any(n.child_count == 0 and text(n).upper() in _VOLATILE for n in syntax_tree.nodes(node))


def bound_by_bind(node: Node) -> tuple[Names, str]:
    """The variables in the expression of a BIND, and the variable that it binds."""
    found = [c for c in node.children if c.is_named]
    mentioned = [variables(part) for part in found[:-1]]
    return frozenset().union(*mentioned), text(found[-1])[1:]


def scope(node: Node) -> Names:
    """The variables that are in scope in *node*: those that a solution of it can bind."""
    kind = node.type
    if kind == "triples_block":
        return variables(node)
    if kind in ("group_graph_pattern", "group_or_union_graph_pattern"):
        return frozenset().union(*(scope(child) for child in elements(node)))
    if kind == "optional_graph_pattern":
        return scope(group_of(node))
    if kind in ("graph_graph_pattern", "service_graph_pattern"):
        return scope(group_of(node)) | _term_variable(node)
    if kind == "bind":
        return frozenset((bound_by_bind(node)[1],))
    if kind == "inline_data":
        return scope_of_values(node)
    if kind == "sub_select":
        plain, computed = projection(node)
        return _whole_scope(node) if plain is None else plain | computed
    return NOTHING


def certain(node: Node) -> Names:
    """The variables that every solution of *node* binds, as far as the text alone tells."""
    kind = node.type
    if kind == "triples_block":
        return variables(node)
    if kind == "group_graph_pattern":
        return frozenset().union(*(certain(child) for child in elements(node)))
    if kind == "group_or_union_graph_pattern":
        return frozenset.intersection(*(certain(child) for child in elements(node)))
    if kind == "graph_graph_pattern":
        return certain(group_of(node)) | _term_variable(node)
    if kind == "service_graph_pattern":
        silent = any(c.type == "SILENT" for c in node.children)
        return NOTHING if silent else certain(group_of(node)) | _term_variable(node)
    if kind == "inline_data":
        return certain_of_values(node)
    if kind == "sub_select":
        return _certain_of_select(node)
    return NOTHING


def scope_of_values(values: Node) -> Names:
    """The variables of a VALUES clause."""
    return frozenset(_columns(values))


def certain_of_values(values: Node) -> Names:
    """The variables of a VALUES clause that are bound in each of its rows."""
    names = _columns(values)
    block = _data_block(values)
    start = next(i for i, c in enumerate(block.children) if c.type == "{")
    cells = [c for c in block.children[start:] if c.is_named or c.type == "UNDEF"]
    undefined = {names[i % len(names)] for i, c in enumerate(cells) if c.type == "UNDEF"} if names else set()
    return frozenset(names) - undefined


def certain_at_front(group: Node) -> Names:
    """The variables bound by what stands in *group* before the first element that is not a plain join."""
    found: set[str] = set()
    for element in elements(group):
        if element.type in ("optional_graph_pattern", "minus_graph_pattern", "bind", "sub_select"):
            break
        found |= certain(element)
    return frozenset(found)


def projection(select: Node) -> tuple[Names | None, Names]:
    """The variables that a SELECT hands on as they are (None for ``*``), and those that it computes."""
    clause = next(c for c in select.children if c.type == "select_clause")
    plain: set[str] = set()
    computed: set[str] = set()
    depth, after_as = 0, False
    for child in clause.children:
        if child.type == "*":
            return None, NOTHING
        if child.type == "(":
            depth += 1
        elif child.type == ")":
            depth, after_as = depth - 1, False
        elif child.type == "AS":
            after_as = True
        elif child.type == "var" and (after_as or not depth):
            (computed if after_as else plain).add(text(child)[1:])
    return frozenset(plain), frozenset(computed)


def cuts(select: Node) -> bool:
    """Whether leaving out solutions of the WHERE part could change other solutions of *select*."""
    return _aggregates(select) or any(n.type == "limit_offset_clauses" for n in _own_nodes(select))


def where(select: Node) -> Node:
    """The group of the WHERE part."""
    return group_of(next(c for c in select.children if c.type == "where_clause"))


def trailing_values(select: Node) -> Node | None:
    """The VALUES clause after the WHERE part."""
    holder: Node | None = select.parent if select.type != "sub_select" else select
    return next((c for c in (holder.children if holder else ()) if c.type == "values_clause"), None)


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
        if child.type not in ("where_clause", "values_clause"):
            yield from syntax_tree.nodes(child)


def _aggregates(select: Node) -> bool:
    return any(n.type in ("group_clause", "having_clause", "aggregate") for n in _own_nodes(select))


def _term_variable(node: Node) -> Names:
    return frozenset(text(c)[1:] for c in node.children if c.type == "var")


def _data_block(values: Node) -> Node:
    return next(c for c in values.children if c.type == "data_block")


def _columns(values: Node) -> list[str]:
    return [text(c)[1:] for c in _data_block(values).children if c.type == "var"]


def _outer_services(root: Node) -> Iterator[Node]:
    end = -1
    for node in syntax_tree.nodes(root):
        if node.type == "service_graph_pattern" and node.start_byte >= end:
            end = node.end_byte
            yield node


def _names_outside(root: Node, services: tuple[Node, ...]) -> dict[int, Names | None]:
    """For each service, the variables mentioned outside its pattern; None when ``*`` asks for all."""
    spans = [(group_of(s).start_byte, group_of(s).end_byte) for s in services]
    found: list[set[str]] = [set() for _ in spans]
    stars = False
    for node in syntax_tree.nodes(root):
        if node.type == "*" and node.parent is not None:
            in_a_service = any(a <= node.start_byte < b for a, b in spans)
            asks = node.parent.type in ("select_clause", "aggregate", "describe_query")
            stars = stars or (asks and not in_a_service)
        elif node.type == "var":
            name = text(node)[1:]
            for (a, b), names in zip(spans, found, strict=True):
                if not a <= node.start_byte < b:
                    names.add(name)
    return {s.id: None if stars else frozenset(names) for s, names in zip(services, found, strict=True)}


def _clause(
    node: Node, elsewhere: dict[int, Names | None], base: str | None, prefixes: dict[str, str]
) -> Clause:
    term = next(c for c in node.children if c.type in ("var", "iri_reference", "prefixed_name"))
    group = group_of(node)
    names = scope(group)
    mentioned = elsewhere[node.id]
    return Clause(
        node=node,
        group=group,
        endpoint=None if term.type == "var" else _iri(term, base, prefixes),
        variable=text(term)[1:] if term.type == "var" else None,
        silent=any(c.type == "SILENT" for c in node.children),
        scope=names,
        certain=certain(group),
        projected=tuple(sorted(names if mentioned is None else names & mentioned)),
    )


def _iri(term: Node, base: str | None, prefixes: dict[str, str]) -> str:
    """The IRI that *term* stands for, as pyoxigraph reads it."""
    known = {**PREFIXES, **prefixes}
    lines = "\n".join([*([base] if base else []), *(f"PREFIX {p}: <{iri}>" for p, iri in known.items())])
    solutions = ox.Store().query(f"{lines}\nSELECT ({text(term)} AS ?iri) {{}}")
    assert isinstance(solutions, ox.QuerySolutions)  # noqa: S101  # SELECT
    value = next(iter(solutions))["iri"]
    assert isinstance(value, ox.NamedNode)  # noqa: S101  # the grammar allows nothing else
    return value.value


def _declarations(root: Node) -> tuple[str | None, dict[str, str]]:
    base, prefixes = None, {}
    for node in syntax_tree.nodes(root):
        if node.type == "base_declaration":
            base = text(node)
        elif node.type == "prefix_declaration":
            namespace, iri = (c for c in node.children if c.is_named)
            prefixes[_prefix(namespace)] = text(iri)[1:-1]
    return base, prefixes


def _prefix(namespace: Node) -> str:
    return text(namespace)[:-1]


def _require_shallow(root: Node) -> None:
    """Refuse what nests too deep for the parsers that recurse."""
    brackets, depth = 0, 0
    cursor = root.walk()
    while True:
        node = cursor.node
        kind = node.type if node is not None else ""
        brackets += (kind in _OPENING) - (kind in _CLOSING)
        depth = max(depth, cursor.depth)
        if brackets > MAX_BRACKETS or depth > MAX_DEPTH:
            limit = f"{MAX_BRACKETS} levels of brackets and {MAX_DEPTH} of operators"
            raise QueryRefusedError(
                f"the query nests too deep; one with SERVICE may have {limit}", _place(node) if node else None
            )
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def _require_valid(query: str) -> None:
    """Raise a QuerySyntaxError where pyoxigraph's parser stops, without evaluating anything.

    A closing brace behind the end is a mistake that the parser meets only when all before it is well-formed.
    """
    try:
        ox.Store().query(f"{query}\n}}", prefixes=PREFIXES)
    except SyntaxError as error:
        found = syntax_error(error)
        last = query.count("\n") + 2
        place = (found.place.line, found.place.column) if found.place else None
        if place != (last, 2) and not (place == (last, 1) and "EOF" in str(error)):
            raise found from error


def _unclear(root: Node) -> QuerySyntaxError:
    node = next((n for n in syntax_tree.nodes(root) if n.is_error or n.is_missing), root)
    return QuerySyntaxError(
        "the planner of SERVICE does not read this; it knows SPARQL 1.1 without codepoint escapes, and a "
        "prefix must not be called a",
        _place(node),
    )


def _place(node: Node) -> Place:
    return Place("query", node.start_point[0] + 1, node.start_point[1] + 1)
