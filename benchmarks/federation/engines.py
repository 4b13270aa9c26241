"""One engine in a process of its own: reads a query a line, writes milliseconds and rows, as JSON.

Run: python engines.py mesoonto|pyoxigraph|rdflib LOCAL.nt ENDPOINT...
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import pyoxigraph as ox
import rdflib

from mesoonto.dataset.query_features import Outline
from mesoonto.federation import Endpoint, Endpoints, Federation

Row = list[str]


def mesoonto(local: str, endpoints: list[str]) -> Callable[[str], list[Row]]:
    store = _store(local)
    federation = Federation(Endpoints([Endpoint(u, u, cache=0, allow_private=True) for u in endpoints]))

    class Local:
        def select(self, query: str, _: Outline) -> bytes:
            result = store.query(query)
            assert isinstance(result, ox.QuerySolutions)
            return result.serialize(format=ox.QueryResultsFormat.JSON) or b""

    return lambda query: _rows(store.query(federation.evaluate(query, Local()).query))


def pyoxigraph(local: str, _: list[str]) -> Callable[[str], list[Row]]:
    store = _store(local)
    return lambda query: _rows(store.query(query))


def rdflib_(local: str, _: list[str]) -> Callable[[str], list[Row]]:
    graph = rdflib.Graph().parse(local, format="nt")

    def ask(query: str) -> list[Row]:
        return [["" if cell is None else str(cell) for cell in row] for row in graph.query(query)]  # type: ignore[union-attr]

    return ask


def _store(local: str) -> ox.Store:
    store = ox.Store()
    store.bulk_load(path=local, format=ox.RdfFormat.N_TRIPLES)
    return store


def _rows(result: object) -> list[Row]:
    assert isinstance(result, ox.QuerySolutions)
    names = [v.value for v in result.variables]
    return [[getattr(row[name], "value", "") for name in names] for row in result]


def main() -> None:
    name, local, *endpoints = sys.argv[1:]
    ask = {"mesoonto": mesoonto, "pyoxigraph": pyoxigraph, "rdflib": rdflib_}[name](local, endpoints)
    print("ready", flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        try:
            rows = ask(json.loads(line))
            answer: dict[str, object] = {"ms": (time.perf_counter() - start) * 1000, "rows": rows}
        except Exception as error:  # noqa: BLE001  # whatever an engine raises goes into the table
            answer = {"error": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps(answer), flush=True)


main()
