"""Other ways to serve the same data, to see what isolation costs. Each is run by granian
(`pip install granian`) as a peer, such as

    --serve in-place 'env VARIANTS_DATA={data} {own}/granian --interface asgi --loop uvloop --runtime-mode st
        --no-ws --no-log --port {port} benchmarks.endpoint.variants:in_place'

The data file is named by the environment variable VARIANTS_DATA. None of these may serve strangers: a query
runs in the serving process, without a deadline.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pyoxigraph as ox
from flask import Flask, Response, request

from mesoonto.files import rdf

_JSON = "application/sparql-results+json"
_N_TRIPLES = "application/n-triples"


@cache
def _store() -> ox.Store:
    return rdf.load(Path(os.environ["VARIANTS_DATA"]))[0]


def _answer(query: str) -> tuple[str, bytes]:
    result = _store().query(query)
    if isinstance(result, ox.QueryTriples):
        return _N_TRIPLES, ox.serialize(result, format=ox.RdfFormat.N_TRIPLES) or b""
    return _JSON, result.serialize(format=ox.QueryResultsFormat.JSON) or b""


async def in_place(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],  # noqa: ARG001
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """ASGI, evaluation in the event loop."""
    if scope["type"] != "http":
        return
    asked = parse_qs(scope["query_string"].decode())
    kind, body = _answer(asked["query"][0]) if "query" in asked else ("text/plain", b"ready")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind.encode())]})
    await send({"type": "http.response.body", "body": body})


async def constant(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],  # noqa: ARG001
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """ASGI, nothing evaluated: what granian itself costs."""
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", _JSON.encode())]})
    await send({"type": "http.response.body", "body": b'{"head":{"vars":[]},"results":{"bindings":[]}}'})


def constant_wsgi(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:  # noqa: ARG001
    """The same under WSGI."""
    start("200 OK", [("content-type", _JSON)])
    return [b'{"head":{"vars":[]},"results":{"bindings":[]}}']


flask = Flask(__name__)


@flask.get("/")
@flask.get("/sparql")
def _sparql() -> Response:
    query = request.args.get("query")
    if query is None:
        return Response("ready")
    kind, body = _answer(query)
    return Response(body, content_type=kind)
