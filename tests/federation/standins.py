"""Endpoints in this process: stores that a Federation asks without a network, and a local side."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pyoxigraph as ox

from mesoonto.dataset import query_features
from mesoonto.dataset.query_features import Outline
from mesoonto.errors import EndpointError
from mesoonto.federation import Endpoint, Endpoints, Federation
from mesoonto.federation.answer import Fetched
from mesoonto.federation.solutions import Solutions
from mesoonto.namespaces import PREFIXES


class StoreLocal:
    """A store as the local side."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store

    def select(self, query: str, outline: Outline) -> bytes:
        assert outline == dataclasses.replace(query_features.outline(query), volatile=True), query
        result = self._store.query(query, prefixes=PREFIXES)
        assert isinstance(result, ox.QuerySolutions)
        return result.serialize(format=ox.QueryResultsFormat.JSON) or b""


class StoreTransport:
    """Stores as endpoints, by address, which ask each other too. What was sent is kept in ``sent``."""

    def __init__(self, stores: Mapping[str, ox.Store]) -> None:
        self._stores = stores
        self.sent: list[tuple[str, str]] = []

    def select(
        self,
        endpoint: Endpoint,
        query: str,
        variables: tuple[str, ...],
        *,
        max_rows: int,
        etag: str | None,  # noqa: ARG002  # as Transport has it
    ) -> Fetched:
        self.sent.append((endpoint.url, query))
        if endpoint.url not in self._stores:
            raise EndpointError(f"{endpoint.url} does not answer")
        store = self._stores[endpoint.url]
        others = Federation(Endpoints([Endpoint(url, url) for url in self._stores]), transport=self)
        result = store.query(others.evaluate(query, StoreLocal(store)).query)
        assert isinstance(result, ox.QuerySolutions)
        assert [v.value for v in result.variables] == list(variables)
        rows = [tuple(row[name] for name in variables) for row in result]
        assert len(rows) <= max_rows
        return Fetched(Solutions(variables, rows), 0, 0, None)
