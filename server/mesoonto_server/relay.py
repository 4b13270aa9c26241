"""Passes the bytes of a connection on to the server behind, and its bytes back, whatever they mean."""

from __future__ import annotations

import asyncio
import ipaddress
import mmap
import socket
from collections.abc import Callable
from typing import cast

_ADDRESS = 16
_PORTS = 1 << 16


class Origins:
    """The clients whose connections come from local ports, since the server behind sees the port only.

    To be created before the processes that use it: a connection may be taken over by the one that follows.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _ADDRESS * _PORTS)

    def note(self, port: int, client: str) -> None:
        """The connection from *port* is that of *client*."""
        address = ipaddress.ip_address(client.partition("%")[0])
        if isinstance(address, ipaddress.IPv4Address):
            address = ipaddress.IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)
        self._memory[port * _ADDRESS : (port + 1) * _ADDRESS] = address.packed

    def forget(self, port: int) -> None:
        """The connection from *port* has ended."""
        self._memory[port * _ADDRESS : (port + 1) * _ADDRESS] = bytes(_ADDRESS)

    def of(self, port: int) -> str:
        """The client whose connection comes from *port*; "unknown" for one that nobody relayed."""
        packed = self._memory[port * _ADDRESS : (port + 1) * _ADDRESS]
        address = ipaddress.IPv6Address(packed)
        if not any(packed):
            return "unknown"
        return str(address.ipv4_mapped or address)


class _End(asyncio.Protocol):
    """One of two connections that are tied to each other."""

    def __init__(self, closed: Callable[[], None]) -> None:
        self._closed = closed
        self.other: _End | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)

    def eof_received(self) -> bool:
        other = self.other.transport if self.other is not None else None
        if other is not None and other.can_write_eof() and not other.is_closing():
            other.write_eof()
        return True  # the other direction may go on

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if self.other is not None:
            self.other.end()
        self._closed()

    def end(self) -> None:
        """Close the connection once it has sent what it holds."""
        if self.transport is not None:
            self.transport.close()


async def relay(
    sock: socket.socket, client: str, behind: tuple[str, int], origins: Origins, closed: Callable[[], None]
) -> None:
    """Tie the connection *sock* of *client* to a new one to *behind*; *closed* is called when it ends."""
    loop = asyncio.get_running_loop()
    upstream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    port = 0
    try:
        upstream.setblocking(False)
        upstream.bind((behind[0], 0))
        port = upstream.getsockname()[1]
        origins.note(port, client)
        await loop.sock_connect(upstream, behind)
    except OSError:
        origins.forget(port)
        upstream.close()
        sock.close()
        closed()
        return

    def ended() -> None:
        origins.forget(port)

    sock.setblocking(False)
    far, near = _End(ended), _End(closed)
    far.other, near.other = near, far
    await loop.create_connection(lambda: far, sock=upstream)
    await loop.connect_accepted_socket(lambda: near, sock)
    if far.transport is None or far.transport.is_closing():  # it ended in between
        near.end()
