"""Looks at a query before it is evaluated, with the SPARQL grammar of tree-sitter.

The engine would fetch any host for SERVICE, and reads its default graph from FROM only where
no other is given. Both must be known before evaluation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tree_sitter import Node

from mesoonto.dataset import syntax_tree
from mesoonto.errors import Place, QueryRefusedError, QuerySyntaxError

_WORDS = (b"service", b"from", b"load", b"rand", b"now", b"uuid", b"struuid", b"bnode")
_SUSPECTS = re.compile(rb"\b(?:%s)\b" % b"|".join(_WORDS))

_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")

#: Functions whose value differs from one evaluation to the next (SPARQL 1.1 Query, section 17.4).
_VOLATILE = frozenset((b"rand", b"now", b"uuid", b"struuid", b"bnode"))


@dataclass(frozen=True, slots=True)
class Outline:
    """What matters of a query before it runs."""

    has_service: bool
    has_dataset_clause: bool
    has_load: bool  #: other than LOAD SILENT
    unclear: bool  #: whether the grammar does not understand it
    volatile: bool  #: whether it may call a function that gives another value each time


_NOTHING = Outline(has_service=False, has_dataset_clause=False, has_load=False, unclear=False, volatile=False)


def outline(query: str) -> Outline:
    """What the query or update *query* holds.

    Errs on the side of safety: when the grammar does not understand a text in which the word SERVICE or LOAD
    stands, the text counts as having it; and the mere name of a volatile function makes it volatile.
    """
    text = _unescaped(query).encode("utf-8", "replace")
    lower = text.lower()
    for word in _WORDS:  # ten times as fast as the expression
        if word in lower:
            break
    else:
        return _NOTHING
    words = set(_SUSPECTS.findall(lower))
    volatile = not words.isdisjoint(_VOLATILE)
    if words <= _VOLATILE:
        return replace(_NOTHING, volatile=volatile)
    root = _parsed(text)
    found = list(syntax_tree.nodes(root))
    kinds = {node.type for node in found}
    unclear = root.has_error
    loads = any(node.type == "load" and not _is_silent(node) for node in found)
    return Outline(
        has_service=b"service" in words and (unclear or "service_graph_pattern" in kinds),
        has_dataset_clause="dataset_clause" in kinds,
        has_load=b"load" in words and (unclear or loads),
        unclear=unclear,
        volatile=volatile,
    )


def capped(query: str, rows: int) -> str:
    """*query* with a LIMIT of at most *rows*, or as it is when the grammar does not understand it.

    >>> capped("SELECT * { ?s ?p ?o } LIMIT 50 VALUES ?s { 1 }", 10)
    'SELECT * { ?s ?p ?o } LIMIT 10 VALUES ?s { 1 }'
    >>> capped("SELECT * { ?s ?p ?o }", 10)
    'SELECT * { ?s ?p ?o } LIMIT 10'
    """
    text = query.encode()
    root = syntax_tree.parse(text)
    body = next((node for node in root.children if node.type.endswith("_query")), None)
    if root.has_error or body is None or body.type == "ask_query":
        return query
    modifier = next((node for node in body.children if node.type == "solution_modifier"), None)
    limit = (
        next((node for node in syntax_tree.nodes(modifier) if node.type == "limit_clause"), None)
        if modifier
        else None
    )
    if limit is None:
        start = end = body.end_byte
        wanted = rows
    else:
        start, end = limit.start_byte, limit.end_byte
        wanted = min(rows, int(text[start:end].split()[-1]))
    space = b" " if limit is None else b""
    return (text[:start] + space + b"LIMIT %d" % wanted + text[end:]).decode()


def without_silent_loads(update: str) -> str:
    """*update* in which each LOAD SILENT does nothing, which is what it does when its source cannot be had.

    >>> without_silent_loads("LOAD SILENT <http://e/> ; CLEAR ALL")
    'INSERT DATA {} ; CLEAR ALL'
    """
    text = update.encode()
    nodes = [node for node in syntax_tree.nodes(_parsed(text)) if node.type == "load" and _is_silent(node)]
    for node in reversed(nodes):
        text = text[: node.start_byte] + b"INSERT DATA {}" + text[node.end_byte :]
    return text.decode()


def with_dataset(update: str, default_graphs: Sequence[str], named_graphs: Sequence[str]) -> str:
    """*update* in which every operation with a WHERE matches in the given graphs.

    They are the using-graph-uri and using-named-graph-uri of SPARQL 1.1 Protocol, section 2.2.3, written as
    USING and USING NAMED. Raises QueryRefusedError where the update has USING or WITH of its own, as the
    section asks, or is not understood.
    """
    clauses = "".join(
        [f"USING <{iri}> " for iri in default_graphs] + [f"USING NAMED <{iri}> " for iri in named_graphs]
    ).encode()
    text = update.encode()
    root = _parsed(text)
    if root.has_error:
        raise QuerySyntaxError("using-graph-uri needs an update that can be parsed", Place("update"))
    changes: list[tuple[int, int, bytes]] = []  # from, to, replacement
    for node in syntax_tree.nodes(root):
        if node.type in ("using_clause", "WITH"):
            raise QueryRefusedError("using-graph-uri does not go with USING or WITH in the update")
        if node.type == "modify":
            where = next(child for child in node.children if child.type in ("WHERE", "group_graph_pattern"))
            changes.append((where.start_byte, where.start_byte, clauses))
        elif node.type == "delete_where":
            quads = next(child for child in node.children if child.type == "quads")
            pattern = text[quads.start_byte : quads.end_byte]
            whole = b"DELETE " + pattern + b" " + clauses + b"WHERE "
            changes.append((node.start_byte, quads.start_byte, whole))
    for start, end, replacement in sorted(changes, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text.decode()


def _parsed(text: bytes) -> Node:
    """The tree of *text*; the grammar lacks the semicolon that may end an update."""
    root = syntax_tree.parse(text)
    stripped = text.rstrip()
    return syntax_tree.parse(stripped[:-1]) if root.has_error and stripped.endswith(b";") else root


def _is_silent(node: Node) -> bool:
    return any(child.type == "SILENT" for child in node.children)


def _unescaped(query: str) -> str:
    """*query* with codepoint escapes resolved, as the engine does (SPARQL 1.1 Query, section 19.2)."""
    if "\\" not in query:
        return query
    return _ESCAPE.sub(lambda match: chr(min(int(match[1] or match[2], 16), 0x10FFFF)), query)
