"""Writes one query for all focus nodes in place of one for each.

The standard pre-binds ``$this`` and evaluates a query for each focus node (SHACL, section 5.3.1). To write
the focus nodes into each group in which ``$this`` is bound comes to the same, unless the query counts or cuts
its solutions as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesoonto.sparql.tree import Node

#: Queries of which the places are remembered.
_REMEMBERED = 1000


def over_all(text: str, pattern: str) -> str | None:
    """*text* with *pattern*, which binds ``$this``, in each group that needs it; None when that differs.

    >>> over_all("SELECT $this { FILTER($this = <x:y>) }", "?this a <x:C> .")
    'SELECT $this { ?this a <x:C> .  FILTER($this = <x:y>) }'
    """
    places = _places(text)
    if places is None:
        return None
    for place in places:
        text = f"{text[:place]} {pattern} {text[place:]}"
    return text


@lru_cache(_REMEMBERED)
def _places(text: str) -> tuple[int, ...] | None:
    """Where the groups begin in which ``$this`` has to be bound, the last first; None as in `over_all`."""
    # Most shapes hold no query, and the grammar takes as long to import as all the rest of the engine.
    from mesoonto.sparql.parser import NotSparqlError, parse_query

    try:
        root = parse_query(text)
    except NotSparqlError:
        return None
    if not all(_keeps_rows(node) for node in root.walk()):
        return None
    return tuple(sorted(_scopes(root), reverse=True)) or None


def _scopes(root: Node) -> Iterator[int]:
    for node in root.walk():
        if node.kind == "GroupGraphPattern" and _is_scope(node):
            yield node.start + 1


def _is_scope(group: Node) -> bool:
    """Whether *group* is evaluated by itself, so that a binding from outside does not reach its filters."""
    if group.has("SubSelect") or group.parent is None:
        return False
    return group.parent.kind in ("WhereClause", "GroupOrUnionGraphPattern")


def _keeps_rows(node: Node) -> bool:
    """Whether *node* means the same for all focus nodes at once as for each, put together."""
    match node.kind:
        case "SelectQuery" | "ConstructQuery":
            return row_by_row(node)
        case "SubSelect":
            return row_by_row(node) and projects_this(node)
        case "MinusGraphPattern":
            # It would have a variable in common with what is outside that it did not have.
            return not any(part.kind == "GroupOrUnionGraphPattern" or is_this(part) for part in node.walk())
        case "GraphGraphPattern" | "DatasetClause":
            return False  # focus nodes lie in graphs of their own
        case "InlineData" | "ValuesClause":
            return not any(is_this(part) for part in node.walk())
        case "Bind" | "SelectClause":
            return not names_this(node)
    return True


def row_by_row(query: Node) -> bool:
    """Whether the solutions of *query* for all nodes are those for each node put together."""
    if query.has("LimitOffsetClauses"):
        return False
    clause, group = query.child("SelectClause"), query.child("GroupClause")
    counts = clause is not None and any(node.kind == "Aggregate" for node in clause.walk())
    if group is not None or counts or query.has("HavingClause"):
        return group is not None and any(is_this(node) for node in group.walk())
    return True


def projects_this(select: Node) -> bool:
    """Whether ``$this`` is named among the variables that *select* selects."""
    clause = select.child("SelectClause")
    return clause is not None and any(is_this(node) for node in clause.children)


def names_this(node: Node) -> bool:
    """Whether AS gives the name ``$this`` among the parts of *node*."""
    pairs = zip(node.children, node.children[1:], strict=False)
    return any(before.kind == "AS" and is_this(after) for before, after in pairs)


def is_this(node: Node) -> bool:
    """Whether *node* is the variable ``$this``."""
    return node.kind == "VAR" and node.text[1:] == "this"
