"""Passes the bytes of a connection on to the server behind, and its bytes back, whatever they mean."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import mmap
import socket

#: Bytes that are passed on at one time.
_PART = 1 << 16

#: Seconds to go on reading from a client whose connection was closed behind.
_LINGER = 2.0

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


async def relay(client: socket.socket, address: str, behind: tuple[str, int], origins: Origins) -> None:
    """Tie the connection *client* from *address* to a new one to *behind* until either ends; closes both."""
    loop = asyncio.get_running_loop()
    client.setblocking(False)
    with client, socket.socket() as upstream:
        upstream.setblocking(False)
        upstream.bind((behind[0], 0))
        port = upstream.getsockname()[1]
        origins.note(port, address)
        ways: list[asyncio.Task[None]] = []
        try:
            await loop.sock_connect(upstream, behind)
            ways += [loop.create_task(_pass(*ends)) for ends in ((client, upstream), (upstream, client))]
            there, back = ways
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if not back.done():
                await asyncio.wait((back,))  # all is said, or not heard any more; the answer is to come
            else:
                # A client that still sends would be reset, and might not see the answer.
                await asyncio.wait((there,), timeout=_LINGER)
        except OSError:
            pass  # nobody is behind any more
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            origins.forget(port)


async def _pass(source: socket.socket, target: socket.socket) -> None:
    """Send to *target* what comes from *source*, as fast as it is taken, until one of them ends."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError):
        while data := await loop.sock_recv(source, _PART):
            await loop.sock_sendall(target, data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
