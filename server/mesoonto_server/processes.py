"""Starts the processes of a server: the fork server with its workers, and granian with the application.

Connections of clients come to the acceptor, which is in the process that granian starts for the application.
granian itself listens behind it, on a port of the loopback address.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import multiprocessing
import os
import resource
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pyoxigraph as ox
from granian import Granian
from granian.constants import Interfaces, Loops, RuntimeModes
from granian.http import HTTP1Settings
from granian.log import LogLevels

from mesoonto.dataset import shipped
from mesoonto.dataset.store import Engine, replace_graphs
from mesoonto.dataset.versions import Location
from mesoonto.dataset.write import Writer
from mesoonto.errors import InputError, ServeError
from mesoonto.federation.config import Endpoints
from mesoonto.files import rdf
from mesoonto.processes import fork_server
from mesoonto.processes.fork_server import Link, Role
from mesoonto.processes.limits import MIB
from mesoonto.processes.network import Wall
from mesoonto.processes.worker import jobs
from mesoonto.validation import write_check
from mesoonto_server.front import acceptor
from mesoonto_server.front.asgi import Front
from mesoonto_server.front.gateway import Gateway
from mesoonto_server.front.relay import Origins
from mesoonto_server.settings import Settings
from mesoonto_server.web.tokens import Tokens, is_loopback, read_tokens
from mesoonto_server.worker import connections, tasks

_log = logging.getLogger(__name__)

#: Where granian listens: connections come to it from the acceptor, on this machine.
_BEHIND = "127.0.0.1"

#: Milliseconds for a client to send the head of a request.
_HEAD_TIMEOUT = 10_000

#: Seconds that a front without data has to refuse what waits.
_FAREWELL = 3.0

#: Memory that a write may take, as a multiple of what a query may.
_WRITE_MEMORY = 2


def serve(settings: Settings, endpoints: Endpoints, on_ready: Callable[[str], None]) -> None:
    """Serve until interrupted; *on_ready* is called with the address once connections are accepted.

    SERVICE may ask *endpoints* and no others.

    Raises ServeError for an address that cannot be listened on, StoreError for a directory that cannot be
    used, and InputError for a file that does not parse. Nothing is served or written then.
    """
    if settings.allow_update and settings.token_file is None and not is_loopback(settings.host):
        raise ServeError(
            "--allow-update opens writing on loopback only; use --token-file, or --host 127.0.0.1"
        )
    tokens = read_tokens(settings.token_file) if settings.token_file else None
    listener = _listening(settings.host, settings.port)
    _allow_files()  # for all processes that follow
    temporary = None
    if settings.writable and settings.location is None:
        temporary = Path(tempfile.mkdtemp(prefix="mesoonto-"))
    try:
        location = temporary or settings.location
        link = start(settings, location, federated=len(endpoints) > 0, listener=listener)
        if link.wall is Wall.NONE:
            _log.warning(
                "the system allows neither a network namespace nor a seccomp filter: only the parser keeps "
                "queries from reaching other hosts; let a firewall refuse this server outgoing connections"
            )
        gateway = Gateway(link, settings, Location(location).current if location else None)
        multiprocessing.set_start_method("fork", force=True)  # the application inherits the link
        reserved = _reserved()
        behind = reserved.getsockname()
        server = Granian(
            "mesoonto_server",
            address=behind[0],
            port=behind[1],
            interface=Interfaces.ASGI,
            loop=Loops.uvloop,
            runtime_mode=RuntimeModes.st,
            websockets=False,
            workers=1,
            backpressure=acceptor.CONNECTIONS,
            http1_settings=HTTP1Settings(header_read_timeout=_HEAD_TIMEOUT),
            respawn_failed_workers=True,
            respawn_interval=0.1,
            workers_kill_timeout=int(settings.max_timeout) + 5,
            log_level=LogLevels.error,
        )
        server.on_startup(lambda: on_ready(f"http://{_bracketed(settings.host)}:{settings.port}/"))
        application = partial(
            _application, os.getpid(), gateway, settings, tokens, endpoints, listener, behind, Origins()
        )
        server.serve(target_loader=application, wrap_loader=False)
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def start(
    settings: Settings,
    location: Path | None,
    *,
    federated: bool = False,
    listener: socket.socket | None = None,
) -> Link:
    """Start the fork server of the data; they are in memory unless there is a *location*.

    It does not keep *listener* open, which is the business of others.
    """

    def prepare() -> Mapping[str, Role]:
        if listener is not None:
            listener.close()
        if location is None:
            return _in_memory(settings, federated)
        return _on_disk(settings, location, federated)

    if location is not None:
        fork_server.apart(partial(_renew, Location(location), settings))
    return fork_server.start(prepare)


def _in_memory(settings: Settings, federated: bool) -> Mapping[str, Role]:
    if settings.data is not None:
        store, version = rdf.load(settings.data)
    elif settings.empty:
        store, version = ox.Store(), "empty"
    else:
        store, version = shipped.build(), shipped.version()
    engine = Engine(store, version, union=not settings.empty)
    return {**_readers(settings, lambda: engine, federated), "validator": _validator(settings)}


def _on_disk(settings: Settings, path: Path, federated: bool) -> Mapping[str, Role]:
    location = Location(path)
    check = None if settings.empty else write_check.check

    def opened() -> Engine:
        store, version = location.open_current()
        return Engine(store, version, union=not settings.empty)

    writing = jobs(tasks.writing(Writer(location, check)))
    return {
        **_readers(settings, opened, federated),
        "writer": Role(_nothing, writing, settings.memory * MIB * _WRITE_MEMORY),
        "validator": _validator(settings),
    }


def _readers(settings: Settings, opened: Callable[[], Engine], federated: bool) -> dict[str, Role]:
    reading = jobs(tasks.reading(settings.max_rows, federated=federated, writable=settings.writable))
    memory = settings.memory * MIB
    return {
        "query": Role(opened, reading, memory),
        acceptor.DIRECT: Role(opened, connections.work(settings, federated=federated), memory),
    }


def _validator(settings: Settings) -> Role:
    return Role(_nothing, jobs(tasks.judging), settings.memory * MIB)


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
    version = shipped.version()
    if location.shipped() == version:
        return
    with location.draft(wait=60) as draft:
        replace_graphs(draft.data, shipped.build())
    location.note_shipped(version)


def _application(
    main: int, gateway: Gateway, settings: Settings, tokens: Tokens | None, endpoints: Endpoints,
    listener: socket.socket, behind: tuple[str, int], origins: Origins,
) -> Front:  # fmt: skip
    """Called in the process that granian starts, and again in one that replaces it, as SIGHUP asks."""
    _end_with(main)
    if settings.token_file is not None:
        try:
            tokens = read_tokens(settings.token_file)
        except InputError as error:
            _log.error("the tokens stay as they were: %s", error)
    gateway.pool.on_loss = _end_all
    return Front(gateway, settings, tokens, endpoints, listener, behind, origins)


def _end_all() -> None:
    """End the server when its data are gone, so that whoever supervises it starts it again."""
    os.kill(os.getppid(), signal.SIGTERM)
    backstop = threading.Timer(_FAREWELL, os._exit, [1])
    backstop.daemon = True
    backstop.start()


def _end_with(main: int) -> None:
    """Let this process end when its parent does, the process *main*, however that ended. Linux only."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
        if os.getppid() != main:  # it ended before; nothing is served yet, and granian hears no signal yet
            os._exit(1)


def _listening(host: str, port: int) -> socket.socket:
    try:
        return acceptor.listen(host, port)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ServeError(
            f"cannot listen on {host}:{port}: {reason}; choose another with --host or --port"
        ) from error


def _reserved() -> socket.socket:
    """A socket that keeps a free port for granian, which shares it (SO_REUSEPORT)."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind((_BEHIND, 0))
    return holder


def _allow_files() -> None:
    """Raise the limit of open files as far as is needed and allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < acceptor.FILES:
        most = acceptor.FILES if hard == resource.RLIM_INFINITY else min(acceptor.FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
