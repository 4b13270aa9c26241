"""Writes to Fuseki, Virtuoso and Oxigraph's server do what the same writes do on disk."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from mesoonto.dataset.versions import Location
from mesoonto.dataset.write import Writer
from mesoonto.engines.adapter import EngineQuery
from mesoonto.engines.client import EngineClient
from mesoonto.engines.write import EngineWriter
from mesoonto.errors import MesoontoError, OverloadedError
from tests.engines.conftest import REAL
from tests.engines.test_engine_writes import document

A, Q, P = "<urn:t:a>", "<urn:t:q>", "<urn:t:p>"

WRITES: list[tuple[str, Any, Any]] = [
    ("update", f"INSERT DATA {{ GRAPH <urn:t:g> {{ {A} {P} 1, 'x'@en, 'one\\n \"two\"', 2.5 }} }}", None),
    ("update", f"INSERT DATA {{ GRAPH <urn:t:g> {{ {A} {Q} [ <urn:t:r> 1 ] }} }}", None),
    (
        "update",
        f"DELETE {{ GRAPH <urn:t:g> {{ ?s {P} ?o }} }} INSERT {{ GRAPH <urn:t:h> {{ ?s {P} ?o }} }} "
        f"WHERE {{ GRAPH <urn:t:g> {{ ?s {P} ?o FILTER(isNumeric(?o)) }} }}",
        None,
    ),
    ("update", f"WITH <urn:t:new> INSERT {{ {A} {P} {A} }} WHERE {{}}", None),
    (
        "update",
        f"INSERT DATA {{ GRAPH <urn:t:g> {{ {A} <urn:t:z> 5 }} }} ; "
        "INSERT { GRAPH <urn:t:h> { ?s <urn:t:z> ?o } } WHERE { GRAPH <urn:t:g> { ?s <urn:t:z> ?o } }",
        None,
    ),
    (
        "update",
        "WITH <urn:t:g> DELETE { ?x <urn:t:r> ?y } INSERT { ?x <urn:t:s> ?y } WHERE { ?x <urn:t:r> ?y }",
        None,
    ),
    ("update", "COPY <urn:t:g> TO <urn:t:k>", None),
    ("update", "CREATE GRAPH <urn:t:g>", None),
    ("update", "DROP GRAPH <urn:t:missing>", None),
    ("update", f"DELETE DATA {{ GRAPH <urn:t:g> {{ {A} {P} 'x'@en }} }}", None),
    ("put", ox.NamedNode("urn:t:g"), f"{A} {P} [] , {A} ."),
    ("put", ox.NamedNode("urn:t:g"), f"{A} {P} {Q} ."),
    ("delete", ox.NamedNode("urn:t:k"), None),
    ("delete", ox.NamedNode("urn:t:k"), None),
]


@pytest.mark.parametrize("kind", REAL)
def test_writes_do_what_they_do_on_disk(
    engine_client: Callable[[str], EngineClient], tmp_path: Path, kind: str
) -> None:
    client = engine_client(kind)
    location = Location(tmp_path / "data")
    writers = Writer(location, _all_is_well), EngineWriter(client, _all_is_well, ox.Store())
    for name, what, text in WRITES:
        done = []
        for writer in writers:
            try:
                given = (what,) if text is None else (what, document(text)())
                done.append(str(getattr(writer, name)(*given).created))
            except MesoontoError as error:
                done.append(f"{type(error).__name__}: {error}")
        assert done[0] == done[1], what
        there = client.query(EngineQuery(_OWN, "application/sparql-results+json", union=False)).read()
        found = ox.parse_query_results(there, format=ox.QueryResultsFormat.JSON)
        here = (
            (q.graph_name, q.subject, q.predicate, q.object)
            for q in location.open_current()[0]
            if isinstance(q.graph_name, ox.NamedNode)
        )
        assert _shown(found) == _shown(here), what  # type: ignore[arg-type]  # SELECT


_OWN = "SELECT ?g ?s ?p ?o { GRAPH ?g { ?s ?p ?o } FILTER(STRSTARTS(STR(?g), 'urn:t:')) }"


def _shown(rows: Iterable[Iterable[object]]) -> list[str]:
    """*rows* without labels of blank nodes."""
    return sorted(re.sub(r"_:\S+", "_:", " ".join(map(str, row))) for row in rows)


def _all_is_well(store: object, changed: object) -> None:
    """Refuses nothing."""


@pytest.mark.parametrize("kind", [REAL[0], REAL[2]])  # Virtuoso does not keep them apart (tried)
def test_writers_of_several_servers_do_not_mix(
    engine_client: Callable[[str], EngineClient], kind: str
) -> None:
    address, adapter = engine_client(kind).address, engine_client(kind).adapter
    done: list[str] = []

    def write(number: int) -> None:
        with contextlib.closing(EngineClient(address, adapter=adapter)) as client:
            writer = EngineWriter(client, _all_is_well, ox.Store())
            for turn in range(5):
                # each takes what is there, and puts one more
                count = "SELECT (COUNT(*) AS ?n) { GRAPH <urn:c:c> { ?s ?p ?o } }"
                added = f"GRAPH <urn:c:c> {{ <urn:c:{number}-{turn}> {P} ?n }}"
                text = f"INSERT {{ {added} }} WHERE {{ {{ {count} }} }}"
                with contextlib.suppress(OverloadedError):
                    writer.update(text)
                    done.append(text)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = "SELECT ?n { GRAPH <urn:c:c> { ?s ?p ?n } }"
    asked = EngineQuery(rows, "application/sparql-results+json", union=False)
    there = engine_client(kind).query(asked).read()
    found = ox.parse_query_results(there, format=ox.QueryResultsFormat.JSON)
    numbers = sorted(int(row[0].value) for row in found)  # type: ignore[union-attr]  # SELECT
    assert numbers == list(range(len(done)))
