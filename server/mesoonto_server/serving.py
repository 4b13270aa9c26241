"""Runs the application under granian, in one worker process that holds the dataset."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import pyoxigraph as ox
from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from mesoonto import dataset
from mesoonto.engine.store import Engine, open_store, replace_graphs
from mesoonto.errors import ServeError
from mesoonto_server import create_app

#: Requests that are answered at the same time.
_THREADS = 8


@dataclass(frozen=True, slots=True)
class Settings:
    """How to serve."""

    host: str
    port: int
    location: Path | None = None  #: directory of the store; None keeps it in memory
    empty: bool = False  #: serve without the shipped data


def serve(settings: Settings, on_ready: Callable[[str], None]) -> None:
    """Serve until interrupted; *on_ready* is called with the address once connections are accepted.

    Raises ServeError for an address that cannot be listened on, StoreError for a directory that cannot be
    used, and InputError for a shipped file that does not parse. Nothing is served or written then.
    """
    _require_free(settings.host, settings.port)
    if settings.location is not None:
        _fill(settings.location, settings.empty)
    elif not settings.empty:
        _shipped()
    server = Granian(
        "mesoonto_server",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=_THREADS,
        respawn_failed_workers=True,
        log_level=LogLevels.error,
    )
    server.on_startup(lambda: on_ready(f"http://{_bracketed(settings.host)}:{settings.port}/"))
    server.serve(target_loader=partial(_application, settings), wrap_loader=False)


@cache
def _shipped() -> ox.Store:
    """The shipped dataset in memory. A forked worker inherits it; a spawned one builds its own."""
    return dataset.build()


def _application(settings: Settings) -> Flask:
    """Called in the worker process."""
    if settings.location is not None:
        store = open_store(settings.location)
    else:
        store = ox.Store() if settings.empty else _shipped()
    return create_app(Engine(store, "empty" if settings.empty else dataset.version()))


def _fill(location: Path, empty: bool) -> None:
    """Bring the store in *location* to the shipped dataset; its other graphs stay."""
    source = ox.Store() if empty else _shipped()
    store = open_store(location)
    if len(source):
        replace_graphs(store, source)
    store.flush()


def _require_free(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ServeError(
            f"cannot listen on {host}:{port}: {reason}; choose another with --host or --port"
        ) from error


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
