"""A SPARQL server over a store in memory, as strict about blank nodes as the standard lets it be."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pyoxigraph as ox

from tests.engines.stand_in import Asked, Piece, StandIn, answer, stand_in


@dataclass
class StoreServer:
    """What a `StandIn` answers from *store*."""

    store: ox.Store = field(default_factory=ox.Store)
    updates: list[str] = field(default_factory=list)  #: as they came
    meddle: Callable[[str], None] = lambda _: None  #: is called with each update, before it is carried out
    broken: str = ""  #: "before" or "after" it is carried out the connection is lost; once
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __call__(self, asked: Asked) -> Iterator[Piece]:
        try:
            if asked.query:
                yield self._found(asked)
            else:
                yield from self._update(asked.form["update"][0])
        except (SyntaxError, RuntimeError, ValueError) as error:
            yield answer(str(error).encode(), "text/plain", 400)

    def _found(self, asked: Asked) -> bytes:
        found = self.store.query(asked.query)
        if isinstance(found, ox.QuerySolutions):
            return answer(self.select(asked.query))
        if isinstance(found, ox.QueryBoolean):
            return answer(found.serialize(format=ox.QueryResultsFormat.JSON) or b"")
        media_type = asked.headers["accept"].partition(";")[0]
        syntax = ox.RdfFormat.from_media_type(media_type) or ox.RdfFormat.N_TRIPLES
        return answer(found.serialize(format=syntax) or b"", media_type)

    def select(self, query: str) -> bytes:
        found = self.store.query(query)
        assert isinstance(found, ox.QuerySolutions)
        written = json.loads(found.serialize(format=ox.QueryResultsFormat.JSON) or b"")
        number = next(self._numbers)
        names: dict[str, str] = {}
        for row in written["results"]["bindings"]:
            for cell in row.values():
                if cell["type"] == "bnode":  # which has another label in each answer
                    cell["value"] = names.setdefault(cell["value"], f"b{len(names)}x{number % 2}")
        return json.dumps(written).encode()

    def _update(self, text: str) -> Iterator[Piece]:
        self.updates.append(text)
        meddle, self.meddle = self.meddle, lambda _: None
        meddle(text)
        broken, self.broken = self.broken, ""
        if broken == "before":
            yield None
            return
        self.store.update(text)
        for graph in list(self.store.named_graphs()):
            if next(self.store.quads_for_pattern(None, None, None, graph), None) is None:
                self.store.remove_graph(graph)  # as most servers know no empty graphs
        yield None if broken == "after" else answer(b"", "text/plain")


@contextmanager
def store_server() -> Iterator[tuple[StandIn, StoreServer]]:
    """A server of an empty store."""
    server = StoreServer()
    with stand_in(server) as listening:
        yield listening, server
