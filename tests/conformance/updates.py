"""Asks an endpoint the update cases of the suite, and says what is wrong with what it holds afterwards."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox

from tests.conformance import manifests, results
from tests.conformance.endpoint import Endpoint
from tests.conformance.manifests import Case, Files
from tests.conformance.queries import quads

#: Asks for every statement in one answer, so that blank nodes keep their identity.
EVERYTHING = "SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"

#: What may stand before the first operation of an update.
_PROLOGUE = re.compile(r"""(?ix) (?: \s | \#[^\n]* | PREFIX\s+[^:<]*:\s*<[^>]*> | BASE\s*<[^>]*>
    | VERSION\s*("[^"]*"|'[^']*') )*""")


def problem(root: Path, endpoint: Endpoint, case: Case, everything: str = EVERYTHING) -> str | None:
    """What is wrong with what *endpoint* answers to *everything* after the update of *case*; None if right.

    One request clears, loads and updates, so that each case costs one version of the dataset.
    """
    base = manifests.iri(root, case.request)
    before = f"DROP ALL ;\n{insertion(_state(root, case.data))} ;"
    reply = endpoint.update(f"BASE <{base}>\n" + after_prologue(case.request.read_text(), before))
    if reply.status not in {200, 204}:
        return str(reply)
    found = endpoint.query(everything, Accept="application/sparql-results+json")
    if found.status != 200:
        return str(found)
    table = results.read(found.body, found.type)
    assert isinstance(table, results.Solutions)
    there = [ox.Quad(row["s"], row["p"], row["o"], row.get("g", ox.DefaultGraph())) for row in table.rows]
    expected = _state(root, case.state)
    return None if results.same_quads(expected, there) else f"expected {expected}, found {there}"


def insertion(quads: Iterable[ox.Quad]) -> str:
    """INSERT DATA with *quads*."""
    blocks: dict[str, list[str]] = defaultdict(list)
    for quad in quads:
        blocks[str(quad.graph_name)].append(f"{quad.triple} .")
    default = "\n".join(blocks.pop("DEFAULT", []))
    named = "\n".join(f"GRAPH {graph} {{\n" + "\n".join(lines) + "\n}" for graph, lines in blocks.items())
    return f"INSERT DATA {{ {default}\n{named} }}"


def after_prologue(update: str, operations: str) -> str:
    """*operations* before those of *update*, but after its prologue: the engine takes none later on."""
    end = _PROLOGUE.match(update)
    assert end is not None
    return f"{update[: end.end()]}\n{operations}\n{update[end.end() :]}"


def _state(root: Path, files: Files) -> list[ox.Quad]:
    return [
        *(quad for file in files.default for quad in quads(root, file, None)),
        *(quad for name, file in files.named for quad in quads(root, file, name)),
    ]
