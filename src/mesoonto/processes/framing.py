"""Frames between the serving process and the processes that evaluate, over a stream socket.

A frame is a header of five bytes and a payload. The header tells what follows the frame (one byte, a `Mark`)
and the length of the payload in bytes (four, little-endian). A job goes to a worker as one frame; its answer
comes back as one frame marked LAST, or as several marked MORE and one LAST or FAILED.
"""

from __future__ import annotations

import socket
import struct
from enum import IntEnum

HEADER = struct.Struct("<BI")

#: Bytes to read at one time.
_READ = 1 << 18


class Mark(IntEnum):
    """What a frame says of the frames after it."""

    LAST = 0  #: none follows: the answer is whole
    MORE = 1  #: another follows
    FAILED = 2  #: none follows: the answer broke off, and the payload says why


def frame(payload: bytes, mark: Mark = Mark.LAST) -> bytes:
    """The bytes of one frame."""
    return HEADER.pack(mark, len(payload)) + payload


def send(sock: socket.socket, payload: bytes, mark: Mark = Mark.LAST) -> None:
    """Send one frame on a blocking socket."""
    sock.sendall(frame(payload, mark))


def receive(sock: socket.socket) -> bytes | None:
    """The payload of the next frame on a blocking socket, or None when the other side has closed.

    The other side waits for an answer before it sends again, so nothing of a second frame can be read here.
    """
    data = sock.recv(_READ)
    while data and len(data) < HEADER.size:
        part = sock.recv(_READ)
        if not part:
            return None
        data += part
    if not data:
        return None
    _, length = HEADER.unpack_from(data)
    if len(data) == HEADER.size + length:
        return data[HEADER.size :]
    whole = bytearray(data)
    while len(whole) < HEADER.size + length:
        part = sock.recv(_READ)
        if not part:
            return None
        whole += part
    return bytes(whole[HEADER.size :])


class FrameReader:
    """Cuts a stream of bytes into frames.

    >>> reader = FrameReader()
    >>> reader.feed(frame(b"half", Mark.MORE) + frame(b"whole")[:3])
    [(<Mark.MORE: 1>, b'half')]
    >>> reader.feed(frame(b"whole")[3:])
    [(<Mark.LAST: 0>, b'whole')]
    """

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[tuple[Mark, bytes]]:
        """The frames that *data* completes."""
        size = HEADER.size
        if not self._rest and len(data) >= size:
            # Nearly every answer is one frame in one read: no copy through the buffer.
            mark, length = HEADER.unpack_from(data)
            if len(data) == size + length:
                return [(Mark(mark), data[size:])]
        self._rest += data
        frames: list[tuple[Mark, bytes]] = []
        start = 0
        while len(self._rest) - start >= size:
            mark, length = HEADER.unpack_from(self._rest, start)
            end = start + size + length
            if len(self._rest) < end:
                break
            frames.append((Mark(mark), bytes(self._rest[start + size : end])))
            start = end
        del self._rest[:start]
        return frames
