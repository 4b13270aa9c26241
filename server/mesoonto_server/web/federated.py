"""Queries with SERVICE: the other endpoints are asked here, within limits, and workers do all the rest.

Workers have no network. A query with SERVICE is taken apart in this process, by a parser that is bounded in
size and depth; what it needs to know of the local data it asks of workers; and what remains, with the answers
of the endpoints in place of the SERVICE clauses, a worker evaluates like any other query.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import msgspec

from mesoonto.dataset.query_features import Outline
from mesoonto.errors import OverloadedError
from mesoonto.federation import Federation
from mesoonto_server.front.gateway import Exchange, Gateway
from mesoonto_server.http.messages import Head, WorkerRequest
from mesoonto_server.http.parameters import QUERY, Question, question
from mesoonto_server.http.problems import RequestError

#: Federated queries at one time; each holds a thread while it waits for others.
_AT_ONCE = 8

_JSON = "application/sparql-results+json"

#: Bytes that a query may have once the answers stand in it.
_LARGEST = 256 << 20


class Federated:
    """Answers queries with SERVICE."""

    def __init__(self, gateway: Gateway, federation: Federation) -> None:
        self._gateway = gateway
        self._federation = federation
        self._free = threading.BoundedSemaphore(_AT_ONCE)

    def answer(self, request: WorkerRequest) -> tuple[Head, Iterator[bytes]]:
        """Head and body of the response."""
        asked = question(request)
        local = _Local(self._gateway, request, asked)
        with self._turn():
            outcome = self._federation.evaluate(asked.query, local)
        plan = json.dumps(outcome.report.as_dict()).encode() if asked.explain else b""
        exchange = local.exchange(outcome.query, outcome.outline, request.accept, plan=plan)
        return exchange.head, self._gateway.parts(exchange)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._free.acquire(blocking=False):
            raise OverloadedError("too many federated queries at once; ask again in a moment")
        try:
            yield
        finally:
            self._free.release()


class _Local:
    """The local side of a federated query: workers, with the dataset that the request names."""

    def __init__(self, gateway: Gateway, request: WorkerRequest, asked: Question) -> None:
        self._gateway = gateway
        self._timeout = asked.timeout
        parameters = [("default-graph-uri", iri) for iri in asked.default_graphs]
        parameters += [("named-graph-uri", iri) for iri in asked.named_graphs]
        self._request = msgspec.structs.replace(
            request,
            method="POST",
            query=urlencode(parameters).encode(),
            content_type=QUERY,
            content_encoding="",
            if_none_match="",
            body_limit=_LARGEST,
        )

    def exchange(
        self, query: str, outline: Outline, accept: str | None, *, task: str = "query", coding: bool = True,
        plan: bytes = b"",
    ) -> Exchange:  # fmt: skip
        """A worker's answer to *query*, which the federation wrote."""
        request = msgspec.structs.replace(
            self._request,
            task=task,
            body=query.encode(),
            accept=accept,
            encoding=self._request.encoding if coding else "",
            query=self._request.query + (b"&explain=true" if plan else b""),
            outline=outline,
            plan=plan,
        )
        return self._gateway.read_blocking(request, self._timeout)

    def select(self, query: str, outline: Outline) -> bytes:
        """The result of a SELECT query, in SPARQL JSON; for the federation."""
        exchange = self.exchange(query, outline, _JSON, task="bindings", coding=False)
        body = b"".join(self._gateway.parts(exchange))
        if exchange.head.status != 200:
            raise RequestError(exchange.head.status, body.decode("utf-8", "replace").strip())
        return body
