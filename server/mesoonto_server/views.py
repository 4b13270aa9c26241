"""Routes of the SPARQL protocol, the graph store, the descriptions and the entities."""

from __future__ import annotations

from flask import Blueprint, Response, request

from mesoonto_server import access, bodies, negotiate, protocol
from mesoonto_server.gateway import Exchange, Gateway
from mesoonto_server.messages import Request
from mesoonto_server.problems import RequestError
from mesoonto_server.settings import Settings

_READ = "GET, HEAD, OPTIONS"

#: Methods of each address, for OPTIONS and preflights.
_METHODS = {
    "sparql": "GET, HEAD, POST, OPTIONS",
    "update": "POST, OPTIONS",
    "store": "GET, HEAD, PUT, POST, DELETE, PATCH, OPTIONS",
}

_SCOPES = {"update": "update", "put": "store", "post": "store", "delete": "store", "patch": "store"}


def blueprint(gateway: Gateway, settings: Settings, tokens: access.Tokens | None) -> Blueprint:
    """The routes, answered by workers of *gateway*."""
    bp = Blueprint("views", __name__)

    def read(task: str, path: str | None = None) -> Response:
        asked = request_for(task, settings.max_query << 10, path)
        timeout = protocol.seconds(request.args.getlist("timeout"))
        return respond(gateway, gateway.read_blocking(asked, timeout))

    def write(task: str) -> Response:
        local, secure = _origin(settings)
        access.require(
            _SCOPES[task],
            request.headers.get("Authorization", ""),
            tokens,
            local=local,
            secure=secure or settings.insecure_writes,
            open_to_local=settings.allow_update,
        )
        return respond(gateway, gateway.write_blocking(request_for(task, settings.max_body << 20)))

    @bp.route("/sparql", methods=["GET", "POST"], defaults={"extension": ""})
    @bp.route("/sparql.<extension>", methods=["GET", "POST"])
    def sparql(extension: str) -> Response:  # noqa: ARG001  # the worker reads it from the path
        media_type, _ = protocol.media_type_of(request.headers.get("Content-Type", ""))
        if request.method == "POST" and (
            media_type == protocol.UPDATE or (media_type == protocol.FORM and _has_update())
        ):
            return write("update")
        if request.method != "POST" and "query" not in request.args:
            if "update" in request.args:
                raise RequestError(405, "an update is posted, to /update", {"allow": "POST, OPTIONS"})
            return read("description")
        return read("query")

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
        response = Response(status=204)
        del response.headers["Content-Type"]
        response.headers["Allow"] = methods
        response.headers["Access-Control-Allow-Origin"] = "*"
        if "Access-Control-Request-Method" in request.headers:
            response.headers["Access-Control-Allow-Methods"] = methods
            response.headers["Access-Control-Allow-Headers"] = (
                "Accept, Authorization, Content-Type, If-Match, If-None-Match"
            )
            response.headers["Access-Control-Max-Age"] = "86400"
        return response

    return bp


def _has_update() -> bool:
    """Whether the posted form holds an update rather than a query."""
    body = bodies.stored(request.environ["wsgi.input"], 1 << 30)
    request.environ["wsgi.input"] = body
    head = body.read(bodies.IN_MEMORY)
    body.seek(0)
    return head.startswith(b"update=") or b"&update=" in head


def request_for(task: str, limit: int, path: str | None = None, *, coding: bool = True) -> Request:
    """The current request as a worker has to know it; without *coding* its answer comes uncompressed."""
    body = b""
    file = ""
    if request.method not in ("GET", "HEAD"):
        stream = bodies.stored(request.environ["wsgi.input"], limit)
        request.environ["wsgi.input"] = stream  # keeps a file alive until the worker has read it
        body, file = bodies.place(stream)
        if len(body) > limit:
            raise bodies.too_large(limit)
    return Request(
        task=task,
        method=request.method,
        path=request.path if path is None else path,
        query=request.query_string,
        base=request.host_url.rstrip("/"),
        accept=request.headers.get("Accept"),
        content_type=request.headers.get("Content-Type", ""),
        content_encoding=request.headers.get("Content-Encoding", ""),
        encoding=negotiate.choose_coding(request.headers.get("Accept-Encoding")) if coding else "",
        if_none_match=request.headers.get("If-None-Match", ""),
        if_match=request.headers.get("If-Match", ""),
        body=body,
        path_of_body=file,
        body_limit=limit,
    )


def respond(gateway: Gateway, exchange: Exchange) -> Response:
    """The response of a worker as Flask sends it."""
    head = exchange.head
    body = gateway.parts(exchange) if exchange.more else head.body
    response = Response(body, head.status)
    if not head.body:
        del response.headers["Content-Type"]
    for name, value in head.headers:
        response.headers[name] = value
    return response


def _origin(settings: Settings) -> tuple[bool, bool]:
    """Whether the client is on this machine, and whether its connection is encrypted."""
    peer = request.remote_addr or ""
    if settings.trusted_proxy and peer == settings.trusted_proxy:
        client = request.headers.get("X-Forwarded-For", peer).rsplit(",", 1)[-1].strip()
        return access.is_loopback(client), request.headers.get("X-Forwarded-Proto", "") == "https"
    return access.is_loopback(peer), request.scheme == "https"
