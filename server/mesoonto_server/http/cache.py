"""Answers that may be asked for again, for as long as the data stay as they are."""

from __future__ import annotations

from collections.abc import Hashable

from cachetools import LRUCache

from mesoonto_server.http.headers import matches
from mesoonto_server.http.messages import Head

#: What an entry costs beside its body and key, in bytes.
_OVERHEAD = 1024

#: Share of the cache that one answer may take.
_SHARE = 16


class Entry:
    """An answer as it goes out: its headers are encoded once."""

    __slots__ = ("body", "etag", "lines", "rows", "size", "status")

    def __init__(self, head: Head, lines: bytes, key_size: int) -> None:
        self.status = head.status
        self.lines = lines
        self.body = head.body
        self.rows = head.rows
        self.etag = next((value for name, value in head.headers if name == "etag"), "")
        self.size = len(head.body) + len(lines) + key_size + _OVERHEAD

    def response(self, if_none_match: bytes | None) -> tuple[int, bytes, bytes]:
        """Status, header lines and body for a client that has what *if_none_match* names."""
        if if_none_match is not None and matches(if_none_match.decode("latin-1"), self.etag):
            return 304, self.lines, b""
        return self.status, self.lines, self.body


class Cache:
    """The least recently used answers go first when *capacity* bytes are full."""

    def __init__(self, capacity: int) -> None:
        self._largest = capacity // _SHARE
        self._entries: LRUCache[Hashable, Entry] = LRUCache(
            max(capacity, 1), getsizeof=lambda entry: entry.size
        )
        self.get = self._entries.get
        self.clear = self._entries.clear

    def put(self, key: Hashable, head: Head, lines: bytes, key_size: int) -> None:
        """Keep *head*, the whole answer to *key* of *key_size* bytes, unless it is large.

        *lines* are its headers as they go out.
        """
        entry = Entry(head, lines, key_size)
        if entry.size <= self._largest:
            self._entries[key] = entry

    @property
    def size(self) -> int:
        """Bytes in use."""
        return int(self._entries.currsize)
