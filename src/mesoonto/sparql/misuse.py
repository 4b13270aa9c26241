"""Finds what fits the grammar of SPARQL and means nothing: rules that stand beside the grammar."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

import pyoxigraph as ox

from mesoonto.sparql.slip import Found, clipped
from mesoonto.sparql.tree import Node

#: Letters of a part of a language tag (BCP 47, section 2.1).
_LONGEST_SUBTAG = 8

#: An IRI with a scheme.
_ABSOLUTE = re.compile(r"<[A-Za-z][A-Za-z0-9+.\-]*:")


def wrong_use(root: Node, prefixes: Collection[str]) -> Found | None:
    """The place in a parsed text where a rule beside the grammar is broken, and which.

    *prefixes* need no declaration.
    """
    declared = set(prefixes)
    has_base = False
    scope: Mapping[Node, frozenset[str]] | None = None
    for node in root.walk():
        found: Found | None = None
        match node.kind:
            case "PrefixDecl":
                declared.add(node.children[1].text[:-1])
            case "BaseDecl":
                has_base = True
            case "PNAME_LN" | "PNAME_NS" if node.parent is not None and node.parent.kind != "PrefixDecl":
                found = _prefix(node, declared)
            case "IRIREF" if not has_base and not _ABSOLUTE.match(node.text):
                advice = "give the whole IRI, or a prefix"
                found = node.start, f"{clipped(node.text)} is a relative IRI, and there is no BASE; {advice}"
            case "IRIREF":
                found = _iri(node)
            case "LANGTAG" if any(len(part) > _LONGEST_SUBTAG for part in re.split("[@-]+", node.text)):
                advice = 'as in "text"@en or "text"@pt-BR'
                found = node.start, f"{clipped(node.text)} is no language tag, {advice}"
            case "DataBlock":
                found = _values(node)
            case "GroupGraphPattern" if node.has("Bind"):
                scope = scope or _scope(root)
                found = _binds(node, scope)
            case "SelectClause":
                scope = scope or _scope(root)
                found = _names(node, scope) or _ungrouped(node)
            case "Aggregate":
                found = _aggregate(node)
            case "VAR" if root.kind == "UpdateUnit" and _in_data(node):
                found = node.start, f"{clipped(node.text)}: no variables stand in INSERT DATA and DELETE DATA"
            case _:
                pass
        if found is not None:
            return found
    return None


def _prefix(name: Node, declared: Collection[str]) -> Found | None:
    prefix = name.text.partition(":")[0]
    if prefix in declared:
        return None
    shown = clipped(prefix)
    near = get_close_matches(shown, sorted(declared), 1, 0.6)
    hint = f" ({near[0]}: is)" if near and prefix else ""
    return name.start, f"prefix not declared: '{shown}:'{hint}; write PREFIX {shown}: <...> at the start"


def _iri(written: Node) -> Found | None:
    """What the engine does not take for an IRI (RFC 3987)."""
    try:
        ox.NamedNode(written.text[1:-1])
    except ValueError as error:
        if "\\" not in written.text and _ABSOLUTE.match(written.text):
            return written.start, f"{clipped(written.text)} is no IRI: {clipped(str(error)).lower()}"
    return None


def _values(block: Node) -> Found | None:
    names: set[str] = set()
    for child in block.children:
        if child.kind == "VAR":
            if child.text[1:] in names:
                return child.start, f"{clipped(child.text)} stands twice in VALUES"
            names.add(child.text[1:])
    if block.children[0].kind == "VAR":
        return None
    kinds = [child.kind for child in block.children]
    cells, wanted = 0, f"{len(names)} variable{'s' if len(names) != 1 else ''}"
    for child in block.children[kinds.index("{") + 1 :]:
        if child.kind == "(":
            cells = 0
        elif child.kind == "DataBlockValue":
            cells += 1
            if cells > len(names):
                value = clipped(child.text)
                return child.start, f"{value} is one value too many for the {wanted} of VALUES"
        elif (child.kind == ")" and cells < len(names)) or (child.kind == "NIL" and names):
            found = f"{cells if child.kind == ')' else 0} value{'s' if cells != 1 else ''}"
            ends = f"'{child.text}' ends a row of VALUES with {found} for {wanted}"
            return child.start, f"{ends}; UNDEF stands for none"
    return None


def _binds(group: Node, scope: Mapping[Node, frozenset[str]]) -> Found | None:
    """BIND gives a new variable."""
    bound: set[str] = set()
    for part in group.children:
        if part.kind == "Bind":
            variable = part.children[4]
            if variable.text[1:] in bound:
                return variable.start, f"{clipped(variable.text)} is bound before; BIND needs a new variable"
        bound |= scope[part]
    return None


_NOTHING: frozenset[str] = frozenset()

#: What binds no variable for what stands behind it.
_UNBOUND = ("Filter", "MinusGraphPattern", "GroupClause", "HavingClause", "OrderClause")


def _scope(root: Node) -> Mapping[Node, frozenset[str]]:
    """The variables in scope behind each node (SPARQL 1.1 Query, section 18.2.1)."""
    scope: dict[Node, frozenset[str]] = {}
    for node in reversed(list(root.walk())):  # so that parts come before the whole
        if node.kind == "VAR":
            scope[node] = frozenset((node.text[1:],))
        elif node.kind == "Bind":
            scope[node] = scope[node.children[4]]
        elif node.kind == "SubSelect":
            clause = node.children[0]
            parts = node.children[1:] if clause.has("*") else [c for c in clause.children if c.kind == "VAR"]
            scope[node] = _NOTHING.union(*(scope[part] for part in parts))
        elif node.children and node.kind not in _UNBOUND:
            scope[node] = _NOTHING.union(*(scope[part] for part in node.children))
        else:
            scope[node] = _NOTHING
    return scope


def _names(clause: Node, scope: Mapping[Node, frozenset[str]]) -> Found | None:
    seen: set[str] = set()
    before = ""
    where = clause.parent.child("WhereClause") if clause.parent else None
    bound = scope[where] if where is not None else _NOTHING
    for child in clause.children:
        if child.kind == "VAR":
            name = child.text[1:]
            if before == "AS" and name in seen:
                return child.start, f"{clipped(child.text)} stands twice in SELECT; AS needs a new variable"
            if before == "AS" and name in bound:
                return child.start, f"{clipped(child.text)} is bound in WHERE; AS needs a new variable"
            seen.add(name)
        before = child.kind
    return None


def _ungrouped(clause: Node) -> Found | None:
    """Where rows are grouped, SELECT has what they are grouped by and aggregates (section 11.4)."""
    query = clause.parent
    if query is None:
        return None
    group = query.child("GroupClause")
    parts = [clause, *(c for c in query.children if c.kind in ("HavingClause", "OrderClause"))]
    if group is None and not any(n.kind == "Aggregate" for part in parts for n in _outside(part, "")):
        return None
    if group is not None and clause.has("*"):
        star = next(child for child in clause.children if child.kind == "*")
        return star.start, "* does not go with GROUP BY; name what is grouped by, and aggregates"
    known = {child.text[1:] for child in group.children if child.kind == "VAR"} if group else set()
    before = ""
    for child in clause.children:
        for node in _outside(child, "Aggregate"):
            if node.kind == "VAR" and before == "AS":
                known.add(node.text[1:])
            elif node.kind == "VAR" and node.text[1:] not in known:
                name = clipped(node.text)
                advice = f"write GROUP BY {name}, or an aggregate such as (SAMPLE({name}) AS ?name)"
                return node.start, f"{name} is neither grouped by nor in an aggregate; {advice}"
        before = child.kind
    return None


def _outside(node: Node, kind: str) -> Iterator[Node]:
    """*node* and what is below it, but within no node of *kind* and in no pattern."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if node.kind not in (kind, "GroupGraphPattern"):
            yield node
            waiting += node.children[::-1]


def _aggregate(aggregate: Node) -> Found | None:
    """No aggregate stands in a pattern (section 11.1)."""
    above = aggregate.parent
    while above is not None and above.kind not in ("SelectClause", "HavingClause", "OrderClause"):
        if above.kind in ("Filter", "Bind"):
            name = aggregate.children[0].text
            where = "SELECT, HAVING and ORDER BY; in a pattern a subquery computes it"
            return aggregate.start, f"{name} is an aggregate, which stands in {where}"
        above = above.parent
    return None


def _in_data(node: Node) -> bool:
    above: Node | None = node
    while above is not None and above.kind not in ("Insert", "Delete"):
        above = above.parent
    return above is not None and above.children[1].kind == "DATA"
