"""Answers that may be asked for again, for as long as the data stay as they are."""

from __future__ import annotations

from collections.abc import Hashable

from cachetools import LRUCache

from mesoonto_server.messages import Head

#: What an entry costs beside its body and key, in bytes.
_OVERHEAD = 1024

#: Share of the cache that one answer may take.
_SHARE = 16


class Entry:
    """An answer as it goes out: its headers are encoded once."""

    __slots__ = ("body", "etag", "headers", "rows", "size", "status")

    def __init__(self, head: Head, headers: list[tuple[bytes, bytes]], key_size: int) -> None:
        self.status = head.status
        self.headers = headers
        self.body = head.body
        self.rows = head.rows
        self.etag = next((value for name, value in head.headers if name == "etag"), "")
        self.size = len(head.body) + key_size + _OVERHEAD


class Cache:
    """The least recently used answers go first when *capacity* bytes are full."""

    def __init__(self, capacity: int) -> None:
        self._largest = capacity // _SHARE
        self._entries: LRUCache[Hashable, Entry] = LRUCache(
            max(capacity, 1), getsizeof=lambda entry: entry.size
        )
        self.get = self._entries.get
        self.clear = self._entries.clear

    def put(
        self,
        key: tuple[str, bytes, object, object, object, bytes],
        head: Head,
        headers: list[tuple[bytes, bytes]],
    ) -> None:
        """Keep *head*, the whole answer to *key*, unless it is large; *headers* are its own, encoded."""
        entry = Entry(head, headers, len(key[1]) + len(key[5]))
        if entry.size <= self._largest:
            self._entries[key] = entry

    @property
    def size(self) -> int:
        """Bytes in use."""
        return int(self._entries.currsize)


def encoded(headers: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """*headers* as ASGI wants them."""
    return [(name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in headers]
