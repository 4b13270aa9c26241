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
#: Where the standard leaves the answer to the server; the counts are written down, not compared.
FREE = {("describe", "virtuoso")}


def compare(peers: Sequence[Peer], templates: Sequence[Template], shape: Shape) -> dict[str, dict[str, list[int]]]:
    """Return row counts by template and peer; raises BenchmarkError where they differ or a template finds nothing."""
    counts: dict[str, dict[str, list[int]]] = {}
    for template in templates:
        parameters = template.parameters(shape)
        queries = [template.query(parameters, index) for index in range(CHECKED)]
        rows = {peer.name: [count(peer.ask(query, template.accept), template) for query in queries] for peer in peers}
        counts[template.name] = rows
        expected = rows[peers[0].name]
        if not any(expected):
            raise BenchmarkError(f"{template.name}: {peers[0].name} finds nothing")
        for name, own in rows.items():
            if own != expected and (template.name, name) not in FREE:
                raise BenchmarkError(f"{template.name}: {name} returns {own} rows, {peers[0].name} {expected}")
    print(f"Answers compared: {len(templates)} templates, {CHECKED} queries each, same row counts", file=sys.stderr)
    return counts


def count(body: bytes, template: Template) -> int:
    """Return the solutions in a JSON result, or the triples in N-Triples."""
    if template.accept == GRAPH:
        return sum(1 for line in body.splitlines() if line.strip() and not line.startswith(b"#"))
    result: dict[str, Any] = json.loads(body)
    return len(result["results"]["bindings"])
