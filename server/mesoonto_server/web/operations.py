"""Routes for operators: health and metrics."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from flask import Blueprint, Response

from mesoonto.errors import MesoontoError, OverloadedError
from mesoonto.processes import allocator
from mesoonto.processes.network import Wall
from mesoonto.replicas.follow import published_at
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
        """A worker answers, and there are data."""
        reason = _not_ready(gateway)
        if reason:
            return _text(reason, 503)
        told = ["ready"]
        if gateway.following is not None:
            # The follower may not have told yet of the version that is served.
            status, version = gateway.following.read(), gateway.pool.version
            told += [f"version: {version}", f"published: {_seconds_ago(published_at(version))}"]
            told += [f"checked: {_seconds_ago(status.checked)}", f"error: {status.error or 'none'}"]
        if gateway.engine is not None:
            engine = gateway.engine.read()
            told += [f"engine: {engine.url}", f"since: {_seconds_ago(engine.since)}"]
            told.append(f"checked: {_seconds_ago(engine.checked)}")
        return _text("\n".join(told))

    @bp.get("/health")
    def health() -> Response:
        """All of it, for programs; 503 where it is not ready."""
        reason = _not_ready(gateway)
        used = allocator.current()
        told: dict[str, Any] = {
            "ready": not reason,
            "version": gateway.pool.version,
            "allocator": {"name": used.name, "version": used.version},
        }
        if reason:
            told["reason"] = reason
        if gateway.following is not None:
            told["following"] = gateway.following.read()
        if gateway.engine is not None:
            engine = gateway.engine.read()
            told["engine"] = {**msgspec.structs.asdict(engine), "same_version": gateway.holds_shipped}
        headers = {"Cache-Control": "no-store"}
        body = msgspec.json.encode(told) + b"\n"
        return Response(body, 503 if reason else 200, headers, content_type="application/json")

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


def _not_ready(gateway: Gateway) -> str:
    """Why a request would not be answered; "" when it would."""
    if gateway.engine is not None and not (engine := gateway.engine.read()).up:
        return f"the engine {engine.url} {engine.error}"
    probe = WorkerRequest("query", "GET", "/sparql", b"query=ASK%7B%7D", "http://localhost")
    try:
        gateway.require_data()
        return "" if gateway.read_blocking(probe, _READY).head.status == 200 else "no worker answers"
    except OverloadedError as error:
        return str(error)
    except MesoontoError:
        return "no worker answers"


def _seconds_ago(moment: float) -> str:
    return f"{time.time() - moment:.0f} seconds ago" if moment else "never"


def _text(text: str, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(f"{text}\n", status, headers, content_type="text/plain; charset=utf-8")
