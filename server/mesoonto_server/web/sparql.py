"""Routes of the SPARQL protocol, the graph store, the descriptions and the entities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import msgspec
from flask import Blueprint, Response, request
from werkzeug.wsgi import get_input_stream

from mesoonto_server.front.gateway import Exchange, Gateway
from mesoonto_server.http import bodies, negotiate
from mesoonto_server.http.client import Origin, origin_of
from mesoonto_server.http.headers import preflight
from mesoonto_server.http.messages import Head, WorkerRequest
from mesoonto_server.http.parameters import (
    DATASET_METHODS,
    FORM,
    GRAPH_METHODS,
    UPDATE,
    HttpRequest,
    decode_form,
    media_type_of,
    names_no_graph,
    request_of,
    seconds,
)
from mesoonto_server.http.problems import RequestError
from mesoonto_server.settings import Settings
from mesoonto_server.web.tokens import Tokens, refuse_other_sites, require

_READ = "GET, HEAD, OPTIONS"

#: Methods of each address, for OPTIONS and preflights.
_METHODS = {
    "sparql": "GET, HEAD, POST, OPTIONS",
    "update": "POST, OPTIONS",
    "validate": "GET, HEAD, POST, OPTIONS",
    "store": GRAPH_METHODS,
}

_SCOPES = {"update": "update", "put": "store", "post": "store", "delete": "store", "patch": "store"}


def blueprint(gateway: Gateway, settings: Settings, tokens: Tokens | None) -> Blueprint:
    """The routes, answered by workers of *gateway*."""
    bp = Blueprint("views", __name__)

    def read(task: str, path: str | None = None) -> Response:
        asked = request_for(task, settings.max_query << 10, path)
        timeout = seconds(request.args.getlist("timeout"))
        return respond(gateway, gateway.read_blocking(asked, timeout))

    def write(task: str) -> Response:
        if gateway.following is not None:
            raise RequestError(
                403,
                f"this server is a copy of {gateway.following.read().source} and takes no writes; change the "
                "data where they are published",
            )
        origin = _origin(settings)
        require(
            _SCOPES[task],
            request.headers.get("Authorization", ""),
            tokens,
            local=origin.local,
            secure=origin.scheme == "https" or settings.insecure_writes,
            open_to_local=settings.allow_update,
        )
        if tokens is None:
            headers = request.headers
            fetch_site = headers.get("Sec-Fetch-Site", "")
            own = request.host_url.rstrip("/")
            refuse_other_sites(headers.get("Origin", ""), fetch_site, request.host, own)
        return respond(gateway, gateway.write_blocking(request_for(task, settings.max_body << 20)))

    @bp.route("/sparql", methods=["GET", "POST"], defaults={"extension": ""})
    @bp.route("/sparql.<extension>", methods=["GET", "POST"])
    def sparql(extension: str) -> Response:
        media_type, _ = media_type_of(request.headers.get("Content-Type", ""))
        asked = request_for("query", settings.max_query << 10)
        parameters = decode_form(asked.query)
        if request.method == "POST":
            if media_type == FORM:
                parameters |= decode_form(asked.body)
            if media_type == UPDATE or "update" in parameters:
                return write("update")
        elif "query" not in parameters:
            if "update" in parameters:
                raise RequestError(405, "an update is posted, to /update", {"allow": "POST, OPTIONS"})
            if not extension and negotiate.prefers_page(request.headers.get("Accept")):
                return _see_page()
            return read("description")
        return respond(gateway, gateway.read_blocking(asked, seconds(parameters.get("timeout", []))))

    @bp.route("/update", methods=["GET", "POST"])
    def update() -> Response:
        if request.method != "POST":
            raise RequestError(405, "an update is posted", {"allow": "POST, OPTIONS"})
        return write("update")

    @bp.route("/store", methods=["GET"], defaults={"path": ""})
    @bp.route("/store/<path:path>", methods=["GET"])
    def graph(path: str) -> Response:  # noqa: ARG001  # the worker reads it from the path
        return read("graph")

    @bp.route("/store", methods=["PUT", "POST", "DELETE", "PATCH"], defaults={"path": ""})
    @bp.route("/store/<path:path>", methods=["PUT", "POST", "DELETE", "PATCH"])
    def change(path: str) -> Response:  # noqa: ARG001
        return write(request.method.lower())

    @bp.get("/.well-known/void")
    def void() -> Response:
        return read("void")

    @bp.route("/<path:path>", methods=["OPTIONS"])
    @bp.route("/", methods=["OPTIONS"], defaults={"path": ""})
    def options(path: str) -> Response:
        methods = _METHODS.get(path.partition("/")[0].partition(".")[0], _READ)
        if names_no_graph(request.path, request.query_string):
            methods = DATASET_METHODS
        response = Response(status=204)
        del response.headers["Content-Type"]
        response.headers["Allow"] = methods
        if "Access-Control-Request-Method" in request.headers:
            response.headers.extend(preflight(methods))
        return response

    return bp


def _see_page() -> Response:
    """To the page to ask on, for who looks at the address of the endpoint with a browser."""
    parameters = request.query_string.decode("latin-1")
    response = Response(status=303)
    del response.headers["Content-Type"]
    response.headers["Location"] = f"/ask?{parameters}" if parameters else "/ask"
    response.headers["Vary"] = "accept"
    return response


def _stored(limit: int) -> IO[bytes]:
    """The body of the current request as a file, which the request keeps alive until a worker has read it."""
    # A server may hand over the bare connection, which has no end; werkzeug gives it one.
    body = bodies.stored(get_input_stream(request.environ), limit)
    request.environ["wsgi.input"] = body
    request.environ["wsgi.input_terminated"] = True
    return body


def request_for(task: str, limit: int, path: str | None = None, *, coding: bool = True) -> WorkerRequest:
    """The current request as a worker has to know it; without *coding* its answer comes uncompressed."""
    body = b""
    file = ""
    if request.method not in ("GET", "HEAD"):
        stream = _stored(limit)
        body, file = bodies.place(stream)
        if len(body) > limit:
            raise bodies.too_large(limit)
    headers = {name.lower().encode("latin-1"): value.encode("latin-1") for name, value in request.headers}
    came = HttpRequest(
        request.method, request.path if path is None else path, request.query_string, headers,
        request.remote_addr or "", "", request.scheme,
    )  # fmt: skip
    asked = request_of(task, came, body, limit)
    return msgspec.structs.replace(asked, path_of_body=file, encoding=asked.encoding if coding else "")


def respond(gateway: Gateway, exchange: Exchange) -> Response:
    """The response of a worker as Flask sends it."""
    head = exchange.head
    return _flask_response(head, gateway.parts(exchange) if exchange.more else head.body)


def _flask_response(head: Head, body: bytes | Iterator[bytes]) -> Response:
    response = Response(body, head.status)
    if not body:
        del response.headers["Content-Type"]
    for name, value in head.headers:
        response.headers[name] = value
    return response


def _origin(settings: Settings) -> Origin:
    headers = request.headers
    return origin_of(
        request.remote_addr or "", request.scheme, headers.get("X-Forwarded-For", ""),
        headers.get("X-Forwarded-Proto", ""), settings.trusted_proxy, forwarded="Forwarded" in headers,
    )  # fmt: skip
