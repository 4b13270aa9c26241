"""The front's end of a client's connection, whoever answers on it."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import struct

from mesoonto_server.http import http1
from mesoonto_server.http.client import site_of

#: Seconds between two looks whether a client is still there.
_GLANCE = 0.1


def has_unread(sock: socket.socket) -> bool:
    """Whether something was sent to *sock* that nobody has read: closing it now would reset the other end."""
    try:
        return bool(sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except OSError:
        return False


class ClientConnection:
    """A client's connection; whoever answers on it has a copy of the socket."""

    __slots__ = ("asked", "has_service", "number", "peer", "site", "sock", "waits", "weight")

    def __init__(self, number: int, peer: str, sock: socket.socket) -> None:
        self.number = number
        self.peer = peer  #: address of the other end
        self.site = site_of(peer)  #: whom it counts for
        self.sock = sock
        self.asked = False  #: a request on it was answered, as far as the front knows
        self.has_service = False  #: a worker has found SERVICE in the query that waits
        self.waits = 0.0  #: since when it waits for a worker
        self.weight = 0.0  #: share of a worker's time that it takes, as far as that is known

    def peek(self) -> http1.Message | None:
        """The request that waits on it."""
        with contextlib.suppress(OSError, http1.NotPlainError):
            return http1.parse(self.sock.recv(http1.LARGEST, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        return None

    def discard_request(self) -> None:
        """Read the request that waits and forget it: a connection closed with something unread is reset."""
        with contextlib.suppress(OSError):
            if (message := self.peek()) is not None:
                self.sock.recv(message.size, socket.MSG_DONTWAIT)

    async def closed(self) -> None:
        """Returns when the client has closed the connection, or its side of it."""
        await self._polled(select.POLLRDHUP)

    async def left(self) -> None:
        """Returns when both sides are closed."""
        await self._polled(0)

    async def _polled(self, events: int) -> None:
        poll = select.poll()
        poll.register(self.sock.fileno(), events)
        while not poll.poll(0):
            await asyncio.sleep(_GLANCE)

    def close(self, *, abort: bool = False) -> None:
        """Close it; *abort* resets it, because what was sent of an answer is not the whole."""
        if abort:
            with contextlib.suppress(OSError):
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()
