"""Runs the W3C's query evaluation cases against an engine behind its client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox

from mesoonto.engines.adapter import EngineQuery
from mesoonto.engines.client import EngineClient
from mesoonto.errors import MesoontoError
from tests.conformance import manifests, results
from tests.conformance.manifests import Case, Kind

#: A graph that nothing is written to: the default graph of cases without data.
_NOTHING = f"{manifests.BASE}nothing"
_JSON = "application/sparql-results+json"
_N_TRIPLES = "application/n-triples"


def cases(root: Path) -> list[Case]:
    """The query evaluation cases of SPARQL 1.1 in *root*, but those of formats that are written by us."""
    return [
        case
        for case in manifests.cases(root)
        if case.kind is Kind.QUERY
        and case.name.startswith("sparql11/")
        and case.result is not None
        and case.result.suffix not in {".csv", ".tsv"}
    ]


class Library:
    """An engine that holds the data files of cases, each as a graph of its own."""

    def __init__(self, root: Path, client: EngineClient) -> None:
        self._root = root
        self._client = client
        self._there: set[str] = set()

    def problem(self, case: Case) -> str | None:
        """What is wrong with the engine's answer to *case*; None for a right one."""
        assert case.result is not None
        expected, ordered = results.read_expected(case.result, manifests.iri(self._root, case.result))
        text = case.request.read_text()
        try:
            asked = self._asked(case, text, _N_TRIPLES if isinstance(expected, frozenset) else _JSON)
            answer = self._client.query(asked)
            found = results.read(answer.read(), answer.media_type)
        except (MesoontoError, ValueError, SyntaxError) as error:
            return f"{type(error).__name__}: {error}"
        by = re.search(r"(?i)\bORDER\s+BY\b[^{}]*$", text) is not None
        return results.difference(expected, found, ordered=ordered and by, lax=case.lax)

    def _asked(self, case: Case, text: str, accept: str) -> EngineQuery:
        base = f"BASE <{manifests.iri(self._root, case.request)}> "
        files = [case.request.parent / name for name in _from(text)]
        if files:
            for file in files:
                self._hold(manifests.iri(self._root, file), file)
            return EngineQuery(base + text, accept, union=False, seconds=20)
        default = [manifests.iri(self._root, file) for file in case.data.default]
        for graph, file in [*zip(default, case.data.default, strict=True), *case.data.named]:
            self._hold(graph, file)
        named = tuple(name for name, _ in case.data.named)
        return EngineQuery(base + text, accept, False, tuple(default) or (_NOTHING,), named, 20)

    def _hold(self, graph: str, file: Path) -> None:
        if graph not in self._there:
            self._client.put_graph(graph, _N_TRIPLES, iter([self._triples(file)]), 60)
            self._there.add(graph)

    def _triples(self, file: Path) -> bytes:
        quads: Iterator[ox.Quad] = ox.parse(path=str(file), base_iri=manifests.iri(self._root, file))
        return ox.serialize((quad.triple for quad in quads), format=ox.RdfFormat.N_TRIPLES) or b""


def _from(text: str) -> list[str]:
    return re.findall(r"(?i)\bFROM\s+(?:NAMED\s+)?<([^>:#]+)>", text)
