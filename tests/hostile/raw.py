"""Requests byte by byte, as no HTTP library would send them, and what came back."""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import struct
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

#: Bytes of an answer that are read; a longer one is left there.
_READ = 4 << 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended.

    ``200``, ``503`` and so on; ``200 broken`` for an answer that breaks off, ``200 long`` for one that was
    left after its first megabytes, ``closed`` for a connection that was closed without an answer, ``silent``
    for one that stays open without one, ``left`` where the client went away first.
    """

    ending: str
    head: Mapping[str, str] = field(default_factory=dict)  #: header names in lower case
    body: bytes = b""  #: its beginning
    seconds: float = 0.0

    @property
    def type(self) -> str:
        return self.head.get("content-type", "").partition(";")[0].strip().lower()

    def __str__(self) -> str:
        return f"{self.ending} {self.type} after {self.seconds:.1f} s: {self.body[:200]!r}"


def connect(address: str, timeout: float = 30) -> socket.socket:
    """A connection to the server at *address*."""
    url = urlsplit(address)
    return socket.create_connection((url.hostname or "", url.port or 80), timeout=timeout)


def head(method: str, target: str, headers: Iterable[tuple[str, str]] = (), host: str = "localhost") -> bytes:
    """The head of a request, with nothing checked or escaped."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")


def exchange(address: str, pieces: Iterable[bytes], timeout: float = 60, *, whole: bool = False) -> Outcome:
    """Send *pieces*, as far as the server takes them, and read its answer, or the beginning of a long one."""
    began = time.monotonic()
    with connect(address, timeout) as sock:
        try:
            _send(sock, pieces)
            return _read(sock, began, whole)
        except TimeoutError:
            return Outcome("silent", seconds=time.monotonic() - began)


def _send(sock: socket.socket, pieces: Iterable[bytes]) -> None:
    """Send until the server answers or closes."""
    for piece in pieces:
        for start in range(0, len(piece), 1 << 16):
            if select.select([sock], [], [], 0)[0]:
                return
            try:
                sock.sendall(piece[start : start + (1 << 16)])
            except (BrokenPipeError, ConnectionResetError):
                return


def _read(sock: socket.socket, began: float, whole: bool) -> Outcome:
    response = http.client.HTTPResponse(sock)
    try:
        response.begin()
    except (http.client.HTTPException, ConnectionResetError, BrokenPipeError, ValueError):
        return Outcome("closed", seconds=time.monotonic() - began)
    headers = {name.lower(): value for name, value in response.getheaders()}
    body, length, flaw = b"", 0, ""
    try:
        while (whole or length < _READ) and (part := response.read1(1 << 16)):
            length += len(part)
            if len(body) < _READ:
                body += part
        if not whole and length >= _READ:
            flaw = " long"
        elif response.length:
            flaw = " broken"
    except (http.client.IncompleteRead, ConnectionResetError, ValueError):
        flaw = " broken"
    finally:
        response.close()
    return Outcome(f"{response.status}{flaw}", headers, body, time.monotonic() - began)


def leave(sock: socket.socket) -> None:
    """Close a connection with a reset, as a client that dies does."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
