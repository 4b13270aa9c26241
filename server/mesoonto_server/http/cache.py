"""Answers that may be asked for again, for as long as the data stay as they are."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from cachetools import LRUCache

from mesoonto_server.http.messages import Head

#: What an entry costs beside its body and key, in bytes.
_OVERHEAD = 1024

#: Share of the cache that one answer may take.
_SHARE = 16


#: Headers as they go out.
_Lines = TypeVar("_Lines")


class Entry(Generic[_Lines]):
    """An answer as it goes out: its headers are encoded once."""

    __slots__ = ("body", "etag", "headers", "rows", "size", "status")

    def __init__(self, head: Head, headers: _Lines, key_size: int) -> None:
        self.status = head.status
        self.headers = headers
        self.body = head.body
        self.rows = head.rows
        self.etag = next((value for name, value in head.headers if name == "etag"), "")
        self.size = len(head.body) + key_size + _OVERHEAD


class Cache(Generic[_Lines]):
    """The least recently used answers go first when *capacity* bytes are full."""

    def __init__(self, capacity: int) -> None:
        self._largest = capacity // _SHARE
        self._entries: LRUCache[Hashable, Entry[_Lines]] = LRUCache(
            max(capacity, 1), getsizeof=lambda entry: entry.size
        )
        self.get = self._entries.get
        self.clear = self._entries.clear

    def put(self, key: Hashable, head: Head, headers: _Lines, key_size: int) -> None:
        """Keep *head*, the whole answer to *key* of *key_size* bytes, unless it is large.

        *headers* are its own, encoded.
        """
        entry = Entry(head, headers, key_size)
        if entry.size <= self._largest:
            self._entries[key] = entry

    @property
    def size(self) -> int:
        """Bytes in use."""
        return int(self._entries.currsize)


def encoded(headers: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """*headers* as ASGI wants them."""
    return [(name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in headers]
