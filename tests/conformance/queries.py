"""Asks an endpoint the query cases of the suite, and says what is wrong with its answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox

from tests.conformance import manifests, results
from tests.conformance.endpoint import Endpoint
from tests.conformance.manifests import Case, Files

#: A graph that nothing is written to: the default graph of cases without data.
NOTHING = f"{manifests.BASE}nothing"

#: How results in RDF are published that are no graphs, but tables.
_RDF = {".ttl", ".rdf", ".nt"}


def files(case: Case) -> set[Path]:
    """What an endpoint is to hold for *case*, each file as a graph named by its IRI."""
    return {*case.data.default, *(file for _, file in case.data.named), *_from(case.request)}


def problem(root: Path, endpoint: Endpoint, case: Case) -> str | None:
    """What is wrong with the answer to *case*, by an *endpoint* that holds its files; None if right."""
    assert case.result is not None
    base = manifests.iri(root, case.request)
    expected, ordered = results.read_expected(case.result, manifests.iri(root, case.result))
    text = case.request.read_text()
    accept = results.MEDIA_TYPES[case.result.suffix]
    if case.result.suffix in _RDF and not isinstance(expected, frozenset):
        accept = results.MEDIA_TYPES[".srj"]
    dataset = [] if _from(case.request) else _dataset(root, case.data)
    reply = endpoint.query(f"BASE <{base}>\n{text}", dataset, Accept=accept)
    if reply.status != 200:
        return str(reply)
    assert reply.type == accept
    by = re.search(r"(?i)\bORDER\s+BY\b[^{}]*$", text) is not None
    try:
        found = results.read(reply.body, reply.type)
    except (ValueError, SyntaxError) as error:
        return f"{type(error).__name__}: {error}"
    return results.difference(expected, found, ordered=ordered and by, lax=case.lax)


def quads(root: Path, file: Path, graph: str | None) -> Iterator[ox.Quad]:
    """The statements of *file*; those of its default graph in *graph*, or in the default graph."""
    target = ox.NamedNode(graph) if graph else ox.DefaultGraph()
    for quad in ox.parse(path=str(file), base_iri=manifests.iri(root, file), rename_blank_nodes=True):
        inside = isinstance(quad.graph_name, ox.DefaultGraph)
        yield ox.Quad(quad.subject, quad.predicate, quad.object, target if inside else quad.graph_name)


def _from(query: Path) -> list[Path]:
    """The files that the FROM clauses of a query name."""
    text = query.read_text(errors="replace")
    names = (query.parent / name for name in re.findall(r"(?i)\bFROM\s+(?:NAMED\s+)?<([^>:#]+)>", text))
    return [file for file in names if file.is_file()]


def _dataset(root: Path, data: Files) -> list[tuple[str, str]]:
    named = [name for name, _ in data.named]
    for file in data.default:
        if file.suffix in {".trig", ".nq"}:
            named += {str(q.graph_name)[1:-1] for q in quads(root, file, NOTHING)} - {NOTHING}
    return [
        *(("default-graph-uri", manifests.iri(root, file)) for file in data.default),
        *([] if data.default else [("default-graph-uri", NOTHING)]),
        *(("named-graph-uri", name) for name in named),
    ]
