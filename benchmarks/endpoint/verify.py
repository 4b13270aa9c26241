"""Are the answers right? An untimed pass that compares every peer's answers with those of the first."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from .data import Shape
from .peers import BenchmarkError, Peer
from .templates import GRAPH, Template

CHECKED = 5  #: queries of each template
Row = tuple[tuple[str, str | float], ...]

#: Where the standard leaves the answer to the server; the counts are written down, not compared.
FREE = {("describe", "virtuoso"), ("describe", "rdflib-endpoint")}


def compare(
    peers: Sequence[Peer], templates: Sequence[Template], shape: Shape
) -> dict[str, dict[str, list[int]]]:
    """Return row counts by template and peer; raises BenchmarkError where answers differ or lack."""
    counts: dict[str, dict[str, list[int]]] = {}
    for template in templates:
        counts[template.name] = {peer.name: [] for peer in peers}
        parameters = template.parameters(shape)
        for index in range(CHECKED):
            query = template.query(parameters, index)
            expected: list[Row] = []
            for peer in peers:
                own = rows(peer.ask(query, template.accept), template)
                counts[template.name][peer.name].append(len(own))
                if peer is peers[0]:
                    expected = own
                elif (template.name, peer.name) not in FREE:
                    _compare(template, peer.name, own, expected)
        if not any(counts[template.name][peers[0].name]):
            raise BenchmarkError(f"{template.name}: {peers[0].name} finds nothing")
    print(f"Answers compared: {CHECKED} queries of each template", file=sys.stderr)
    return counts


def rows(body: bytes, template: Template) -> list[Row]:
    """Return the solutions of a JSON result, or the lines of N-Triples, sorted and in one spelling."""
    if template.accept == GRAPH:
        lines = (line.split() for line in body.decode().splitlines() if not line.startswith("#"))
        return sorted((("triple", " ".join(line)),) for line in lines if line)
    result: dict[str, Any] = json.loads(body)
    return sorted(
        (
            tuple(sorted((name, _value(term["value"])) for name, term in binding.items()))
            for binding in result["results"]["bindings"]
        ),
        key=repr,
    )


def _value(text: str) -> str | float:
    """Return numbers and truth values as numbers: servers spell 1.50, 1.5 and 1.5E0, true and 1."""
    if text in ("true", "false"):
        return float(text == "true")
    try:
        return float(f"{float(text):.9g}")
    except ValueError:
        return text


def _compare(template: Template, name: str, own: list[Row], expected: list[Row]) -> None:
    if len(own) != len(expected):
        raise BenchmarkError(f"{template.name}: {name} returns {len(own)} rows, not {len(expected)}")
    if own != expected and template.determined:
        row = next(row for row in own if row not in expected)
        raise BenchmarkError(f"{template.name}: {name} returns another answer, such as {row}")
