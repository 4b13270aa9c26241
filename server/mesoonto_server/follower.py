"""The process that follows a publication: it has the network and no data; a child of its own loads them."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mesoonto.dataset.versions import Location
from mesoonto.errors import ServeError, StorageError
from mesoonto.processes import fork_server
from mesoonto.processes.limits import MIB
from mesoonto.processes.worker import limit_memory
from mesoonto.replicas.cache import FileCache
from mesoonto.replicas.follow import Follower, FollowState, FollowStatus
from mesoonto.replicas.install import drop_broken, install
from mesoonto.replicas.manifest import Manifest
from mesoonto.replicas.storage import PublicationSource, source
from mesoonto_server import kept_process
from mesoonto_server.kept_process import end_with_parent
from mesoonto_server.settings import Settings
from mesoonto_server.shared_status import SharedStatus

_log = logging.getLogger(__name__)

#: Memory that loading may take, as a multiple of what a query may.
_LOAD_MEMORY = 2

#: Seconds that an alarm can be set to.
_LONGEST_ALARM = 2**31 - 1

#: Seconds between two tries to be the only one who uses a cache.
_RETRY = 1.0


@dataclass(frozen=True, slots=True)
class Replica:
    """A copy of a publication on this machine."""

    source: PublicationSource
    path: Path  #: where it is kept
    status: SharedStatus[FollowStatus]

    @property
    def location(self) -> Path:
        """The dataset on disk that is served."""
        return self.path / "dataset"


def replica(settings: Settings) -> Replica:
    """What *settings* say to follow; a ServeError where they say something else too, or name no place."""
    for name, given in (
        ("dataset-dir", settings.dataset_dir),
        ("rdf-file", settings.rdf_file),
        ("token-file", settings.token_file),
        ("allow-update", settings.allow_update),
    ):
        if given:
            raise ServeError(f"--follow does not go with --{name}: the data are those that are published")
    try:
        found = source(settings.follow)
    except StorageError as error:
        raise ServeError(f"--follow {error}") from error
    path = settings.follow_cache or _cache(settings)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ServeError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    return Replica(found, path, SharedStatus(FollowStatus(found.name, FollowState.WAITING)))


def start(settings: Settings, copy: Replica, unneeded: socket.socket) -> None:
    """Start the process that keeps *copy* up to date; it closes *unneeded*, and ends with this process.

    To be called before the process starts threads. Raises ServeError when the copy cannot be used.
    """
    fork_server.apart(partial(_prepare, copy))
    lifeline, held = os.pipe()  # open until this process ends
    first = (end_with_parent, partial(os.close, held), unneeded.close)
    kept_process.start("follower", partial(_follow, settings, copy, lifeline), first)
    os.close(lifeline)


def _prepare(copy: Replica) -> None:
    reason = drop_broken(Location(copy.location))
    if reason:
        _log.warning("the copy of %s is broken and is fetched again: %s", copy.source.name, reason)


def _follow(settings: Settings, copy: Replica, lifeline: int) -> None:
    """Look, and wait, until the server ends."""
    cache = FileCache(copy.path)
    location = Location(copy.location, union=not settings.empty)

    def apart(manifest: Manifest) -> None:
        _install_apart(manifest, cache, location, settings)

    with _alone(copy, lifeline) as alone:
        if not alone:
            return
        follower = Follower(
            copy.source, cache, location, apart, copy.status.write,
            interval=settings.follow_interval, most=settings.follow_max_size * MIB,
        )  # fmt: skip
        told = ""
        while True:
            follower.look()
            if follower.status.error != told:
                told = follower.status.error
                _log.warning("following %s: %s", copy.source.name, told or "all is well again")
            if _ended(lifeline, follower.delay()):
                return


def _install_apart(manifest: Manifest, cache: FileCache, location: Location, settings: Settings) -> None:
    """Load a version in a process that may be ended by whatever is in its files; a ServeError says why."""
    begun = time.monotonic()
    try:
        fork_server.apart(partial(_install, manifest, cache, location, settings))
    except ServeError as error:
        if not settings.follow_max_time or time.monotonic() - begun < settings.follow_max_time:
            raise
        raise ServeError(
            f"version {manifest.version} was not loaded within {settings.follow_max_time:,} s; "
            "allow more with --follow-max-time"
        ) from error


def _install(manifest: Manifest, cache: FileCache, location: Location, settings: Settings) -> None:
    end_with_parent()
    os.nice(10)  # queries go first
    limit_memory(settings.query_memory * MIB * _LOAD_MEMORY)
    signal.alarm(min(settings.follow_max_time, _LONGEST_ALARM))
    install(manifest, cache, location)


@contextmanager
def _alone(copy: Replica, lifeline: int) -> Iterator[bool]:
    """Wait to be the only one who writes to the cache; False when the server has ended meanwhile."""
    descriptor = os.open(copy.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                error = f"{copy.path}: another server uses it; name another place with --follow-cache"
                copy.status.write(FollowStatus(copy.source.name, FollowState.WAITING, error=error))
                if _ended(lifeline, _RETRY):
                    yield False
                    return
            else:
                yield True
                return
    finally:
        os.close(descriptor)


def _ended(lifeline: int, seconds: float) -> bool:
    """Whether the server ends within *seconds*."""
    return bool(select.select([lifeline], [], [], seconds)[0])


def _cache(settings: Settings) -> Path:
    """Where the copy is kept (XDG Base Directory Specification), one for each server on this machine."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    try:
        cache = Path(given) if Path(given).is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        raise ServeError("there is no home to keep a copy in; name a place with --follow-cache") from None
    name = hashlib.sha256(settings.follow.encode()).hexdigest()[:12]
    return cache / "mesoonto" / "replicas" / f"{name}-{settings.port}"
