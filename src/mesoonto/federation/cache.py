"""Answers of endpoints, kept for a while by endpoint and sub-query."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

_T = TypeVar("_T")

#: Bytes of answers that are kept; the terms in memory take several times as much.
MAX_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class CachedAnswer(Generic[_T]):
    """A kept answer."""

    content: _T
    bytes: int
    etag: str | None
    since: float  #: when it was fetched or last found to be right, on the monotonic clock

    @property
    def age(self) -> float:
        """Seconds since then."""
        return time.monotonic() - self.since


class SubQueryCache(Generic[_T]):
    """The answers used last, up to a number of bytes. Safe to use from several threads."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[tuple[str, str], CachedAnswer[_T]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, url: str, query: str) -> CachedAnswer[_T] | None:
        """The kept answer of the endpoint at *url* to *query*, however old."""
        with self._lock:
            entry = self._entries.get((url, query))
            if entry is not None:
                self._entries.move_to_end((url, query))
            return entry

    def put(self, url: str, query: str, content: _T, size: int, etag: str | None) -> None:
        """Keep an answer of *size* bytes, and let go of those unused for longest."""
        with self._lock:
            old = self._entries.pop((url, query), None)
            self._bytes -= old.bytes if old else 0
            self._entries[url, query] = CachedAnswer(content, size, etag, time.monotonic())
            self._bytes += size
            while self._bytes > self._max_bytes:
                _, dropped = self._entries.popitem(last=False)
                self._bytes -= dropped.bytes
