"""What a process tells of its work, such as the follower, in memory that the others can see."""

from __future__ import annotations

import mmap
import struct
import zlib
from typing import Generic, TypeVar

import msgspec

_Status = TypeVar("_Status", bound=msgspec.Struct)

#: Bytes of the memory. A status has far less: its texts are bounded.
_SIZE = 1 << 16

#: Before the status: how many bytes it has, and their checksum.
_HEAD = struct.Struct("<II")


class SharedStatus(Generic[_Status]):
    """To be created before the processes that share it; one writes, all may read."""

    def __init__(self, first: _Status) -> None:
        self._memory = mmap.mmap(-1, _SIZE)
        self._last = first
        self.write(first)

    def write(self, status: _Status) -> None:
        """Let *status* be what is read."""
        content = msgspec.json.encode(status)
        self._memory[: _HEAD.size] = _HEAD.pack(0, 0)  # who reads in between keeps what it had
        self._memory[_HEAD.size : _HEAD.size + len(content)] = content
        self._memory[: _HEAD.size] = _HEAD.pack(len(content), zlib.crc32(content))

    def read(self) -> _Status:
        """The status; the one before while a new one is being written."""
        size, checksum = _HEAD.unpack(self._memory[: _HEAD.size])
        content = self._memory[_HEAD.size : _HEAD.size + size]
        if size and zlib.crc32(content) == checksum:
            self._last = msgspec.json.decode(content, type=type(self._last))
        return self._last
