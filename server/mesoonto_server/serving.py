"""Starts the processes of a server: the keeper with its workers, and granian with the application."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pyoxigraph as ox
from granian import Granian
from granian.constants import Interfaces, Loops, RuntimeModes
from granian.http import HTTP1Settings
from granian.log import LogLevels

from mesoonto import dataset, rdf_files
from mesoonto.engine import keeper
from mesoonto.engine.keeper import Link, Role
from mesoonto.engine.limits import MIB
from mesoonto.engine.store import Engine, replace_graphs
from mesoonto.engine.versions import Location
from mesoonto.engine.write import Writer
from mesoonto.errors import ServeError
from mesoonto.validation import changes
from mesoonto_server import access, tasks
from mesoonto_server.front import Front
from mesoonto_server.gateway import Gateway
from mesoonto_server.settings import Settings

#: Connections that are held at one time; idle ones cost some kilobytes each.
_CONNECTIONS = 8192

#: Milliseconds for a client to send the head of a request.
_HEAD_TIMEOUT = 10_000

#: Memory that a write may take, as a multiple of what a query may.
_WRITE_MEMORY = 2


def serve(settings: Settings, on_ready: Callable[[str], None]) -> None:
    """Serve until interrupted; *on_ready* is called with the address once connections are accepted.

    Raises ServeError for an address that cannot be listened on, StoreError for a directory that cannot be
    used, and InputError for a file that does not parse. Nothing is served or written then.
    """
    if settings.allow_update and settings.token_file is None and not access.is_loopback(settings.host):
        raise ServeError(
            "--allow-update opens writing on loopback only; use --token-file, or --host 127.0.0.1"
        )
    tokens = access.read_tokens(settings.token_file) if settings.token_file else None
    _require_free(settings.host, settings.port)
    temporary = None
    if settings.writable and settings.location is None:
        temporary = Path(tempfile.mkdtemp(prefix="mesoonto-"))
    try:
        location = temporary or settings.location
        link = start(settings, location)
        gateway = Gateway(link, settings, Location(location).current if location else None)
        multiprocessing.set_start_method("fork", force=True)  # the application inherits the link
        server = Granian(
            "mesoonto_server",
            address=settings.host,
            port=settings.port,
            interface=Interfaces.ASGI,
            loop=Loops.uvloop,
            runtime_mode=RuntimeModes.st,
            websockets=False,
            workers=1,
            backpressure=_CONNECTIONS,
            http1_settings=HTTP1Settings(header_read_timeout=_HEAD_TIMEOUT),
            respawn_failed_workers=True,
            respawn_interval=0.1,
            workers_kill_timeout=int(settings.max_timeout) + 5,
            log_level=LogLevels.error,
        )
        server.on_startup(lambda: on_ready(f"http://{_bracketed(settings.host)}:{settings.port}/"))
        server.serve(target_loader=partial(_application, gateway, settings, tokens), wrap_loader=False)
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def start(settings: Settings, location: Path | None) -> Link:
    """Start the keeper of the data; they are in memory unless there is a *location*."""
    if location is None:
        return keeper.start(partial(_in_memory, settings))
    keeper.apart(partial(_renew, Location(location), settings))
    return keeper.start(partial(_on_disk, settings, location))


def _in_memory(settings: Settings) -> Mapping[str, Role]:
    if settings.data is not None:
        store, version = rdf_files.load(settings.data)
    elif settings.empty:
        store, version = ox.Store(), "empty"
    else:
        store, version = dataset.build(), dataset.version()
    engine = Engine(store, version, union=not settings.empty)
    return {"query": _reader(settings, lambda: engine), "validator": _validator(settings)}


def _on_disk(settings: Settings, path: Path) -> Mapping[str, Role]:
    location = Location(path)
    check = None if settings.empty else changes.check

    def opened() -> Engine:
        store, version = location.open_current()
        return Engine(store, version, union=not settings.empty)

    writer = Role(_nothing, tasks.writing(Writer(location, check)), settings.memory * MIB * _WRITE_MEMORY)
    return {"query": _reader(settings, opened), "writer": writer, "validator": _validator(settings)}


def _reader(settings: Settings, opened: Callable[[], Engine]) -> Role:
    return Role(opened, tasks.reading(settings.max_rows), settings.memory * MIB)


def _validator(settings: Settings) -> Role:
    return Role(_nothing, tasks.judging, settings.memory * MIB)


def _nothing() -> Engine:
    return Engine(ox.Store(), "")


def _renew(location: Location, settings: Settings) -> None:
    """Bring the dataset in *location* to the shipped state; its other graphs stay."""
    location.prepare()
    if settings.empty:
        if not location.current():
            with location.draft():
                pass
        return
    shipped = dataset.version()
    if location.shipped() == shipped:
        return
    with location.draft(wait=60) as draft:
        replace_graphs(draft.data, dataset.build())
    location.note_shipped(shipped)


def _application(gateway: Gateway, settings: Settings, tokens: access.Tokens | None) -> Front:
    """Called in the process that granian starts, and again in one that replaces it."""
    _end_with_parent()
    return Front(gateway, settings, tokens)


def _end_with_parent() -> None:
    """Let this process end when granian's main process does, however that ended. Linux only."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
        if os.getppid() == 1:
            os.kill(os.getpid(), signal.SIGTERM)


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
