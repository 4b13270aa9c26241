"""Follows a publication: looks at its latest version again and again, and takes each that is whole and true.

Whatever goes wrong, the version that is there stays, the next look tries again, and the status tells both.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from mesoonto.dataset.versions import Location
from mesoonto.errors import MesoontoError, PublicationError, ServeError
from mesoonto.replicas.cache import FileCache
from mesoonto.replicas.install import published_version
from mesoonto.replicas.manifest import (
    LATEST,
    MOST_LATEST,
    MOST_MANIFEST,
    Latest,
    Manifest,
    manifest_name,
    read_latest,
    read_manifest,
)
from mesoonto.replicas.storage import PublicationSource, read, read_unless

#: Seconds before the second look while nothing is there yet; doubled with each that fails.
_FIRST_DELAY = 0.5

#: Seconds at most before the same version is tried again that was found to be broken.
_LONGEST_DELAY = 600.0

#: The share by which an interval is made shorter or longer, so that many replicas do not ask at one time.
_JITTER = 0.2

#: Characters of an error that are told.
_LONGEST_ERROR = 1000

#: Makes a version whose files are there the current one. Raises PublicationError, StoreError and ServeError.
Install = Callable[[Manifest], None]


class FollowState(StrEnum):
    """What a follower is at."""

    WAITING = "waiting"  #: no version is there yet
    LOADING = "loading"  #: a version is fetched and loaded
    CURRENT = "current"  #: the latest version is there
    FAILING = "failing"  #: the last look failed; an earlier version is there


class FollowStatus(msgspec.Struct, frozen=True):
    """What a follower tells. Times are seconds since the epoch, 0 for never."""

    source: str
    state: FollowState
    version: str = ""  #: the published version that is there
    published: float = 0.0  #: when it was
    loaded: float = 0.0  #: when it became the current one here
    checked: float = 0.0  #: the last look
    wanted: str = ""  #: the version that is being fetched, or was when it failed
    size: int = 0  #: bytes of its files
    fetched: int = 0  #: bytes of them that are here
    failures: int = 0  #: looks that failed, in a row
    error: str = ""  #: why the last did; "" when it went well


class Follower:
    """Brings *location* to the latest version of *source*, one look at a time."""

    def __init__(
        self, source: PublicationSource, cache: FileCache, location: Location, install: Install,
        report: Callable[[FollowStatus], None], *, interval: float, most: int,
    ) -> None:  # fmt: skip
        self._source = source
        self._cache = cache
        self._location = location
        self._install = install
        self._report = report
        self._interval = interval
        self._most = most  #: bytes of N-Quads that a version may have
        self._tag = ""  #: of the pointer that was followed to its end
        self._refused = b""  #: the pointer to a version that was found to be broken
        self._retry_at = 0.0  #: when it is tried again
        self._delay = interval
        self.status = FollowStatus(source.name, FollowState.WAITING)
        self._told_what_is_there()

    def look(self) -> None:
        """Look once, and take what is new; what goes wrong is in the status."""
        self._change(checked=time.time())
        try:
            self._take_latest()
        except MesoontoError as error:
            there = self.status.version
            self._change(
                state=FollowState.FAILING if there else FollowState.WAITING,
                failures=self.status.failures + 1,
                error=str(error)[:_LONGEST_ERROR],
            )
        else:
            self._change(state=FollowState.CURRENT, failures=0, error="", wanted="", size=0, fetched=0)

    def delay(self) -> float:
        """Seconds until the next look."""
        seconds = self._interval
        if not self.status.version:
            seconds = min(seconds, _FIRST_DELAY * 2.0 ** min(self.status.failures, 30))
        return seconds * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311  # nobody guesses it for gain

    def _take_latest(self) -> None:
        found = read_unless(self._source, LATEST, MOST_LATEST, self._tag)
        if found is None:
            return
        content, tag = found
        if content == self._refused and time.monotonic() < self._retry_at:
            raise PublicationError(self.status.error)
        latest = read_latest(content)
        if latest.version != self.status.version:
            try:
                self._take(latest)
            except (PublicationError, ServeError):
                self._refuse(content)
                raise
            self._told_what_is_there()
        self._tag, self._refused, self._delay = tag, b"", self._interval

    def _take(self, latest: Latest) -> None:
        self._change(wanted=latest.version, size=0, fetched=0)
        content, _ = read(self._source, manifest_name(latest.version), MOST_MANIFEST)
        manifest = read_manifest(content, latest)
        if manifest.size > self._most:
            raise PublicationError(
                f"version {manifest.version} has {manifest.size:,} bytes of N-Quads, and --follow-max-size "
                f"allows {self._most:,}"
            )
        self._change(
            state=FollowState.LOADING if self.status.version else FollowState.WAITING,
            size=sum(graph.bytes for graph in manifest.graphs),
        )
        for graph in manifest.graphs:
            self._cache.obtain(self._source, graph, self._came)
        self._install(manifest)
        self._cache.keep_only({graph.file for graph in manifest.graphs})

    def _came(self, size: int) -> None:
        self._change(fetched=self.status.fetched + size)

    def _refuse(self, content: bytes) -> None:
        """Try the version that *content* points to later, and later each time."""
        self._delay = 2 * self._delay if content == self._refused else self._interval
        self._refused = content
        self._retry_at = time.monotonic() + min(self._delay, max(self._interval, _LONGEST_DELAY))

    def _told_what_is_there(self) -> None:
        name = self._location.current()
        if name:
            version = published_version(name)
            self._change(
                version=version,
                published=published_at(version),
                loaded=os.stat(self._location.directory(name)).st_mtime,
            )

    def _change(self, **values: object) -> None:
        self.status = msgspec.structs.replace(self.status, **values)
        self._report(self.status)


def published_at(version: str) -> float:
    """When *version* was published, in seconds since the epoch; 0 where its name does not tell."""
    try:
        return datetime.strptime(version[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0
