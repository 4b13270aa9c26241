"""Routes for operators: health and metrics."""

from __future__ import annotations

from flask import Blueprint, Response

from mesoonto.errors import MesoontoError
from mesoonto.processes.network import Wall
from mesoonto_server.front.gateway import Gateway
from mesoonto_server.http.messages import WorkerRequest
from mesoonto_server.telemetry.report import Telemetry

#: Seconds within which a server that is ready answers ``ASK {}``.
_READY = 5.0


def blueprint(gateway: Gateway, telemetry: Telemetry) -> Blueprint:
    """The routes."""
    bp = Blueprint("operations", __name__)

    @bp.get("/health/live")
    def live() -> Response:
        """This process answers."""
        return _text("live")

    @bp.get("/health/ready")
    def ready() -> Response:
        """A worker answers."""
        probe = WorkerRequest("query", "GET", "/sparql", b"query=ASK%7B%7D", "http://localhost")
        try:
            ok = gateway.read_blocking(probe, _READY).head.status == 200
        except MesoontoError:
            ok = False
        return _text("ready") if ok else _text("no worker answers", 503)

    @bp.get("/health/network")
    def network() -> Response:
        """What keeps queries from reaching other hosts; 503 where nothing but the parser does."""
        wall = gateway.wall
        if wall is Wall.NONE:
            return _text("none: the system allows neither a network namespace nor a seccomp filter", 503)
        return _text(wall)

    @bp.get("/metrics")
    def metrics() -> Response:
        return Response(telemetry.exposition(), content_type=telemetry.content_type)

    return bp


def _text(text: str, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(f"{text}\n", status, headers, content_type="text/plain; charset=utf-8")
