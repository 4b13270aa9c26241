"""Takes an update apart into operations that tell what they change.

Texts of data may have megabytes, so they are not parsed here: strings, IRIs and comments are blanked out, the
rest is cut at its semicolons, and the engine reads the data. What is no data is short, and its tree is looked
at. Templates are read by the engine too, as data in which IRIs stand for the variables.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from mesoonto.dataset import query_features
from mesoonto.dataset.delta import (
    Clearing,
    Copying,
    Creating,
    DataOperation,
    GraphName,
    Modify,
    ModifyText,
    Operation,
    QuadTemplate,
)
from mesoonto.sparql.parser import NotSparqlError, parse_update
from mesoonto.sparql.tree import Node

#: Strings, IRIs, comments and escaped signs, in which words and brackets mean nothing.
#: Nothing is tried twice: a literal of 20 MB would take 2 GB for the ways back.
_OPAQUE = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+"""|' + r"'''(?:[^'\\]++|\\.|'(?!''))*+'''|"
    r'"(?:[^"\\\n]++|\\.)*+"|' + r"'(?:[^'\\\n]++|\\.)*+'|"
    r"<[^<>\"{}|^`\\\s]*+>|#[^\n]*+|\\.",
    re.DOTALL,
)
_WITH_DATA = re.compile(r"\b(insert|delete)\s+data\s*(?=\{)", re.IGNORECASE)

#: What INSERT DATA is given to learn what a graph is called.
_TRIPLE = "<urn:s> <urn:p> <urn:o>"


class _NotCoveredError(Exception):
    """An update that only the engine understands."""


def operations(
    update: str, options: Mapping[str, Any], longest: int = query_features.LONGEST
) -> list[Operation] | None:
    """The operations of *update* in their order; None for a broken one, or one that only the engine takes.

    *options* are those of the engine, ``prefixes`` and ``base_iri``. Raises TooLongError for an operation of
    more than *longest* characters that does not name its data.

    >>> [step.adds for step in operations("DELETE DATA { <a:a> <a:b> 1 } ; INSERT DATA {}", {})]
    [False, True]
    """
    try:
        if not query_features.is_update(update, options):
            return None
        return [*_operations(update, options, longest)]
    except (_NotCoveredError, NotSparqlError, SyntaxError, OSError, RuntimeError, ValueError):
        return None


def _operations(update: str, options: Mapping[str, Any], longest: int) -> Iterable[Operation]:
    masked = _OPAQUE.sub(lambda match: " " * len(match[0]), update)
    prologue, start = "", 0
    for end in [*_ends(masked), len(masked)]:
        data = list(_WITH_DATA.finditer(masked, start, end))
        if data:
            if len(data) > 1:
                raise _NotCoveredError
            prologue += update[start : data[0].start()]
            reader = _Reader(prologue, options)
            yield DataOperation(data[0][1].lower() == "insert", reader.quads(update[data[0].end() : end]))
        elif masked[start:end].strip():
            query_features.require_short(update[start:end], "update", longest)
            root = parse_update(update[start:end])
            nodes = [node for node in root.children if node.kind != "Prologue"]
            if len(nodes) > 1:
                raise _NotCoveredError
            first = nodes[0].start if nodes else end - start
            prologue += update[start : start + first]
            for node in nodes:
                yield _Reader(prologue, options).operation(node)
        start = end + 1


def _ends(masked: str) -> Iterable[int]:
    """Where a semicolon stands outside of braces."""
    depth = 0
    for match in re.finditer("[{};]", masked):
        depth += {"{": 1, "}": -1, ";": 0}[match[0]]
        if match[0] == ";" and depth == 0:
            yield match.start()


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads operations behind *prologue*, which declares their prefixes."""

    prologue: str
    options: Mapping[str, Any]

    def quads(self, data: str) -> tuple[ox.Quad, ...]:
        """What stands in *data*, braces and all."""
        scratch = ox.Store()
        scratch.update(self._for_engine(f"INSERT DATA {data}"), **self.options)
        return tuple(scratch)

    def operation(self, node: Node) -> Operation:
        """The operation of *node*."""
        if node.kind in ("Clear", "Drop", "Create"):
            return self._clearing(node)
        if node.kind in ("Add", "Copy", "Move"):
            return self._copying(node)
        if node.kind in ("Insert", "Delete", "Modify"):
            return self._with_data(node) if node.has("DATA") else self._modify(node)
        raise _NotCoveredError

    def _with_data(self, node: Node) -> Operation:
        return DataOperation(node.kind == "Insert", self.quads(node.children[-1].text))

    def _modify(self, node: Node) -> Operation:
        where = node.child("WherePart")
        deleted = node if node.kind == "Delete" else node.child("DeleteClause")
        inserted = node if node.kind == "Insert" else node.child("InsertClause")
        marker = f"urn:{secrets.token_hex(8)}:"
        names: list[str] = []
        default = self._graph(node.children[1]) if node.kind == "Modify" else ox.DefaultGraph()
        templates: list[tuple[ox.Quad, ...]] = []
        patterns = [clause.child("QuadPattern") if clause else None for clause in (deleted, inserted)]
        for pattern in patterns:
            text = _with_markers(pattern, marker, names) if pattern is not None else "{}"
            templates.append(
                tuple(
                    ox.Quad(q.subject, q.predicate, q.object, default)
                    if isinstance(q.graph_name, ox.DefaultGraph)
                    else q
                    for q in self.quads(text)
                )
            )
        variables = {f"{marker}{number}": name for number, name in enumerate(names)}
        group = where.children[-1] if where is not None else node.children[-1]  # of DELETE WHERE
        using = tuple(_graphs_of(child) for child in node.children if child.kind == "UsingClause")
        wanted = " ".join(f"?{name}" for name in dict.fromkeys(names)) or "*"
        clauses = " ".join(f"FROM {graphs}" for graphs in using)
        select = f"{self.prologue} SELECT {wanted} {clauses} WHERE {group.text}"
        query_features.outline_without_service(select, self.options)
        options = dict(self.options)
        if not using and isinstance(default, ox.NamedNode):
            options["default_graph"] = default
        written = [pattern.text if pattern is not None else "" for pattern in patterns]
        parts = ModifyText(self.prologue, default, written[0], written[1], using, wanted, group.text)
        removed, added = (QuadTemplate(quads, variables) for quads in templates)
        return Modify(select, options, removed, added, parts)

    def _clearing(self, node: Node) -> Operation:
        update, last = self._for_engine(node.text), node.children[-1]
        if node.kind == "Create":
            return Creating(update, self.options)
        if last.kind in ("ALL", "NAMED"):
            return Clearing(update, self.options, None, named_only=last.kind == "NAMED")
        return Clearing(update, self.options, self._graph(last))

    def _copying(self, node: Node) -> Operation:
        return Copying(
            self._for_engine(node.text),
            self.options,
            source=self._graph(node.children[[child.kind for child in node.children].index("TO") - 1]),
            target=self._graph(node.children[-1]),
            empties_target=node.kind != "Add",
            empties_source=node.kind == "Move",
        )

    def _for_engine(self, operation: str) -> str:
        """*operation* with its prologue; having been cut out here, it is looked at for LOAD once more."""
        text = f"{self.prologue} {operation}"
        if query_features.reaches_out(text, self.options):
            raise _NotCoveredError
        return text

    def _graph(self, node: Node) -> GraphName:
        """The graph that *node*, an IRI or DEFAULT, names."""
        if node.kind == "DEFAULT":
            return ox.DefaultGraph()
        return self.quads(f"{{ GRAPH {node.text} {{ {_TRIPLE} }} }}")[0].graph_name


def _with_markers(pattern: Node, marker: str, names: list[str]) -> str:
    """The text of *pattern* with an IRI for each variable: *marker* and its place in *names*."""
    parts, at = [], pattern.start
    for token in pattern.walk():
        if token.kind == "VAR":
            parts += [pattern.source[at : token.start], f"<{marker}{len(names)}>"]
            names.append(token.text[1:])
            at = token.end
    return "".join([*parts, pattern.source[at : pattern.end]])


def _graphs_of(using: Node) -> str:
    """What *using*, a clause of an update, says behind its first word."""
    return " ".join(child.text for child in using.children[1:])
