"""Who starts whom: the fork server, which holds the data and forks the workers, and the front."""

from __future__ import annotations

import logging
import resource
import shutil
import socket
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pyoxigraph as ox
from flask import Flask

from mesoonto.dataset import kept, merged, shipped
from mesoonto.dataset.store import Engine, replace_graphs
from mesoonto.dataset.versions import Location
from mesoonto.dataset.write import Writer
from mesoonto.engines.address import EngineAddress
from mesoonto.engines.kinds import adapter_of
from mesoonto.engines.write import EngineWriter, WriteBounds
from mesoonto.errors import InputError, ServeError
from mesoonto.federation.config import Endpoints
from mesoonto.files import rdf, temporary
from mesoonto.processes import fork_server
from mesoonto.processes.fork_server import Link, Role
from mesoonto.processes.limits import MIB
from mesoonto.processes.network import Wall
from mesoonto.processes.worker import Reply, jobs
from mesoonto.replicas.install import published_version
from mesoonto.sparql.tables import tables
from mesoonto.validation import write_check
from mesoonto_server import follower
from mesoonto_server.dialer import process as dialing
from mesoonto_server.dialer.process import Dialer
from mesoonto_server.engine_link import Door, EngineLink
from mesoonto_server.front import acceptor
from mesoonto_server.front.front import Front, run
from mesoonto_server.front.gateway import Gateway
from mesoonto_server.front.workforce import CONNECTION
from mesoonto_server.http.client import is_loopback
from mesoonto_server.outward import process as outward
from mesoonto_server.settings import Settings
from mesoonto_server.shared_rate import Rate, SharedRate
from mesoonto_server.supervisor import Supervisor
from mesoonto_server.telemetry.report import Telemetry
from mesoonto_server.web.app import create_app
from mesoonto_server.web.tokens import Tokens, read_tokens
from mesoonto_server.worker import connections, tasks, views
from mesoonto_server.worker.federated import NOBODY, OtherEndpoints

_log = logging.getLogger(__name__)

#: Memory that a write may take, as a multiple of what a query may.
_WRITE_MEMORY = 2

#: Share of the time for a write after which it is told that the engine was late.
_WRITE_SHARE = 0.9

#: Size that the triples of an upload may have when written out, as a multiple of that of its body.
_WRITTEN_OUT = 16


def serve(settings: Settings, endpoints: Endpoints, on_ready: Callable[[str], None]) -> None:
    """Serve until interrupted; *on_ready* is called with the address once connections are accepted.

    SERVICE may ask *endpoints* and no others.

    Raises ServeError for an address that cannot be listened on, and for data that cannot be loaded, because
    the process that loads them only tells why; InputError for a broken file of tokens or a rate that is none.
    Nothing is served then.
    """
    if settings.allow_update and settings.token_file is None and not is_loopback(settings.host):
        raise ServeError(
            "--allow-update opens writing on loopback only; use --token-file, or --host 127.0.0.1"
        )
    if settings.rdf_file is not None and settings.dataset_dir is not None:
        raise ServeError(
            "--rdf-file does not go with --dataset-dir: put the file there with `mesoonto load` first"
        )
    tokens = read_tokens(settings.token_file) if settings.token_file else None
    rate = SharedRate(Rate.parse(settings.rate_limit)) if settings.rate_limit else None
    copy = follower.replica(settings) if settings.follow else None
    address = engine_of(settings)
    listener = _listening(settings.host, settings.port)
    _allow_files()  # for all processes that follow
    if copy is not None:
        follower.start(settings, copy, listener)
    dialer = dialing.start(address, settings.engine_interval, listener) if address is not None else None
    made = None
    if settings.writable and settings.dataset_dir is None:
        made = Path(temporary.directory())
    try:
        location = copy.location if copy is not None else made or settings.dataset_dir
        if dialer is not None:
            location, dialer.lock = None, made / "lock" if made is not None else None
        link = start(settings, location, endpoints, listener=listener, rate=rate, dialer=dialer)
        if link.wall is Wall.NONE:
            _log.warning(
                "the system allows neither a network namespace nor a seccomp filter: only the parser keeps "
                "queries from reaching other hosts; let a firewall refuse this server outgoing connections"
            )
        published = _published(settings, location) if location else None
        if dialer is not None:
            published = _noted(dialer, settings)
        gateway = Gateway(
            link, settings, published, copy.status if copy is not None else None,
            dialer.status if dialer is not None else None,
        )  # fmt: skip

        def serve_here(ready: Callable[[], None]) -> None:
            known = _renewed(tokens, settings.token_file)

            def application(telemetry: Telemetry) -> Flask:
                return create_app(gateway, settings, known, telemetry)

            run(Front(gateway, settings, application, listener, rate), ready)

        supervisor = Supervisor(serve_here, link.pid, settings.max_timeout)
        supervisor.run(lambda: on_ready(f"http://{_bracketed(settings.host)}:{settings.port}/"))
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)


def _published(settings: Settings, path: Path) -> Callable[[], str]:
    """Tells the newest version in *path*, by the name under which workers serve it."""
    current = Location(path).current
    return (lambda: published_version(current())) if settings.follow else current


def _noted(dialer: Dialer, settings: Settings) -> Callable[[], str]:
    """Tells the newest version of the data here and in the engine, by which workers serve them."""
    stored = "empty" if settings.empty else shipped.version()
    return lambda: dialer.status.read().version(stored)


def engine_of(settings: Settings) -> EngineAddress | None:
    """The engine that *settings* name; a ServeError where they say something else too."""
    if not settings.engine:
        return None
    for name, given in (
        ("follow", settings.follow),
        ("dataset-dir", settings.dataset_dir),
        ("rdf-file", settings.rdf_file),
    ):
        if given:
            raise ServeError(f"--engine does not go with --{name}: the data are those of the engine")
    adapter_of(settings.engine_kind)  # which refuses one that is not known
    # Services that are not named follow from the kind, which may have to be found out first.
    return EngineAddress.of(
        settings.engine, update_url=settings.update_url, graph_store_url=settings.graph_store_url,
        kind=settings.engine_kind, credentials_file=settings.credentials_file,
    )  # fmt: skip


def _renewed(tokens: Tokens | None, path: Path | None) -> Tokens | None:
    """The tokens of *path* as they are now, or as they were when they cannot be read."""
    if path is None:
        return tokens
    try:
        return read_tokens(path)
    except InputError as error:
        _log.error("the tokens stay as they were: %s", error)
        return tokens


def start(
    settings: Settings,
    location: Path | None,
    endpoints: Endpoints | None = None,
    *,
    listener: socket.socket | None = None,
    rate: SharedRate | None = None,
    dialer: Dialer | None = None,
) -> Link:
    """Start the fork server of the data; they are in memory unless there is a *location*.

    SERVICE may ask *endpoints* and no others, by a process that is started for it. Neither keeps *listener*
    open, which is the business of others. Queries go to the engine of *dialer*, where there is one.
    """
    tables()  # of the parser of SPARQL: made here once, so that no request waits for them
    if location is not None and not settings.follow:
        fork_server.apart(partial(_renew, Location(location, union=not settings.empty), settings))
    others = NOBODY
    if endpoints:
        door = outward.start(endpoints, settings.query_memory * MIB, listener)
        others = OtherEndpoints(endpoints, door, settings.limits)
    engine_link = None
    if dialer is not None:
        engine_link = EngineLink(
            dialer.address, Door(dialer.address, dialer.door), dialer.status, settings.limits,
            union=not settings.empty, lock=dialer.lock,
        )  # fmt: skip

    def prepare() -> Mapping[str, Role]:
        if listener is not None:
            listener.close()
        if location is None:
            return _in_memory(settings, others, rate, engine_link)
        return _on_disk(settings, location, others, rate)

    try:
        return fork_server.start(prepare)
    finally:
        if others.door is not None:
            others.door.close()  # the outward process ends with the last who has it
        if dialer is not None:
            dialer.door.close()  # likewise


def _in_memory(
    settings: Settings, others: OtherEndpoints, rate: SharedRate | None, link: EngineLink | None
) -> Mapping[str, Role]:
    if settings.rdf_file is not None:
        store, version = rdf.load(settings.rdf_file)
    elif settings.empty:
        store, version = ox.Store(), "empty"
    else:
        version = shipped.version()
        store = kept.store(version)
    own = merged.separate(store) if settings.rdf_file is not None and not settings.empty else None
    engine = Engine(store, version, union=not settings.empty, own=own)
    views.prepare(engine, shipped=settings.shipped)

    def opened() -> Engine:
        if link is not None:
            engine.version = link.status.read().version(version)
        return engine

    roles = {**_readers(settings, opened, others, rate, link), "validator": _validator(settings)}
    if link is not None and settings.writable:
        roles["writer"] = _engine_writer(settings, link, engine)
    return roles


def _engine_writer(settings: Settings, link: EngineLink, engine: Engine) -> Role:
    """Who writes to the engine of *link*, where the shipped data are those of *engine*."""
    stored, shipped_graphs = engine.version, None if settings.empty else engine.store
    bounds = WriteBounds(
        size=settings.engine_max_write * MIB,
        longest=settings.max_query << 10,
        seconds=settings.write_timeout * _WRITE_SHARE,
    )
    if not settings.empty:
        write_check.prepare()  # each write has a process of its own

    def write(here: Engine, job: bytes, reply: Reply) -> None:
        writer = EngineWriter(
            link.client, None if settings.empty else write_check.check, shipped_graphs, bounds, link.lock,
            partial(link.version, stored), link.door.look,
        )  # fmt: skip
        tasks.writing(writer)(here, job, reply)

    return Role(_nothing, jobs(write), settings.query_memory * MIB * _WRITE_MEMORY)


def _on_disk(
    settings: Settings, path: Path, others: OtherEndpoints, rate: SharedRate | None
) -> Mapping[str, Role]:
    location = Location(path, union=not settings.empty)
    check = None
    if not settings.empty:
        check = write_check.check
        if settings.writable:
            write_check.prepare()  # each write has a process of its own

    def opened() -> Engine:
        if settings.follow and not location.current():
            return _nothing()
        store, version = location.open_current()
        together = None if settings.empty else location.open_merged(version)
        version = published_version(version) if settings.follow else version
        if together is None:
            return Engine(store, version, union=not settings.empty)
        return Engine(together, version, own=store)

    room, longest = settings.max_body * MIB * _WRITTEN_OUT, settings.max_query << 10
    writing = jobs(tasks.writing(Writer(location, check, room, longest)))
    return {
        **_readers(settings, opened, others, rate),
        "writer": Role(_nothing, writing, settings.query_memory * MIB * _WRITE_MEMORY),
        "validator": _validator(settings),
    }


def _readers(
    settings: Settings,
    opened: Callable[[], Engine],
    others: OtherEndpoints,
    rate: SharedRate | None,
    link: EngineLink | None = None,
) -> dict[str, Role]:
    handler = tasks.reading(
        settings.max_rows,
        others=others,
        link=link,
        writable=settings.writable,
        shipped=settings.shipped,
        from_files=settings.from_files,
        releases=settings.releases_dir,
    )
    reading = jobs(handler)
    memory = settings.query_memory * MIB
    return {
        "query": Role(opened, reading, memory),
        CONNECTION: Role(
            opened, connections.work(settings, rate, federated=others.door is not None, link=link), memory
        ),
    }


def _validator(settings: Settings) -> Role:
    return Role(_nothing, jobs(tasks.judging(settings.timeout)), settings.query_memory * MIB)


def _nothing() -> Engine:
    return Engine(ox.Store(), "")


def _renew(location: Location, settings: Settings) -> None:
    """Bring the dataset in *location* to the shipped state, its other graphs stay; or to that of the file."""
    location.prepare()
    if settings.rdf_file is not None:
        with location.draft() as draft:
            rdf.load_into(draft.data, settings.rdf_file)
        return
    if settings.empty:
        if not location.current():
            with location.draft():
                pass
        return
    version = shipped.version()
    renewed = location.shipped() != version
    if not renewed and location.is_settled():
        return
    with location.draft(wait=60) as draft:
        if renewed:
            replace_graphs(draft.data, kept.store(version))
    location.note_shipped(version)


def _listening(host: str, port: int) -> socket.socket:
    try:
        return acceptor.listen(host, port)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ServeError(
            f"cannot listen on {host}:{port}: {reason}; choose another with --host or --port"
        ) from error


def _allow_files() -> None:
    """Raise the limit of open files as far as is needed and allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < acceptor.FILES:
        most = acceptor.FILES if hard == resource.RLIM_INFINITY else min(acceptor.FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
