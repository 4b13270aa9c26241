"""A server that sends what it is told to, byte for byte, and notes what it was asked."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO
from urllib.parse import parse_qs

#: What is sent for one request: bytes; a number of seconds to wait; None to reset the connection.
Piece = bytes | float | None


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]  #: names in lower case
    body: bytes

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode())

    @property
    def query(self) -> str:
        """What is asked, "" where it is no query."""
        return self.form.get("query", [""])[0]


Answering = Callable[[Asked], Iterator[Piece]]


def answer(body: bytes, media_type: str = "application/sparql-results+json", status: int = 200) -> bytes:
    """A whole answer."""
    head = f"HTTP/1.1 {status} Whatever\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@dataclass
class StandIn:
    """A listening stand-in. *answering* may be changed at any time."""

    port: int
    answering: Answering
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0  #: accepted so far
    open: int = 0  #: just now
    left: int = 0  #: clients that left while they were to wait
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/sparql"

    def until(self, condition: Callable[[], object], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self
            time.sleep(0.01)


@contextmanager
def stand_in(answering: Answering, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[StandIn]:
    """A stand-in that answers each request with the pieces of *answering*, on connections that are kept."""
    with _listening(port, tls) as listener:
        found = StandIn(listener.getsockname()[1], answering, scheme="https" if tls else "http")
        sockets: list[socket.socket] = []
        ended = threading.Event()
        thread = threading.Thread(target=_accept, args=(listener, found, sockets, ended), daemon=True)
        thread.start()
        try:
            yield found
        finally:
            ended.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
            for sock in sockets:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)


def _listening(port: int, tls: ssl.SSLContext | None) -> socket.socket:
    listener = socket.create_server(("127.0.0.1", port))
    if tls is None:
        return listener
    # Hands are shaken where a request is read, so that a client that does not like ours ends nothing else.
    return tls.wrap_socket(listener, server_side=True, do_handshake_on_connect=False)


def _accept(
    listener: socket.socket, found: StandIn, sockets: list[socket.socket], ended: threading.Event
) -> None:
    while not ended.is_set():
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        found.connections += 1
        sockets.append(sock)
        threading.Thread(target=_serve, args=(sock, found), daemon=True).start()


def _serve(sock: socket.socket, found: StandIn) -> None:
    found.open += 1
    with sock, suppress(OSError):
        try:
            stream = sock.makefile("rb")
            while (asked := _request(stream)) is not None:
                found.asked.append(asked)
                for piece in found.answering(asked):
                    if piece is None:
                        return
                    if isinstance(piece, float):
                        _wait(sock, piece, found)
                    else:
                        sock.sendall(piece)
        finally:
            found.open -= 1
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)  # the file of the connection is open still


def _wait(sock: socket.socket, seconds: float, found: StandIn) -> None:
    """Wait, unless the client leaves."""
    sock.settimeout(seconds)
    try:
        if not sock.recv(1, socket.MSG_PEEK):
            found.left += 1
            raise ConnectionError
    except TimeoutError:
        pass
    finally:
        sock.settimeout(None)


def _request(stream: IO[bytes]) -> Asked | None:
    line = stream.readline().decode("latin-1")
    if not line.startswith(("GET /", "POST /", "PUT /", "DELETE /")):  # the end, or TLS
        return None
    method, path, _ = line.split(" ")
    headers: dict[str, str] = {}
    while (text := stream.readline().decode().strip()) != "":
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    body = b""
    if headers.get("transfer-encoding") == "chunked":
        while size := int(stream.readline(), 16):
            body += stream.read(size)
            stream.readline()
        stream.readline()
    else:
        body = stream.read(int(headers.get("content-length", "0")))
    return Asked(method, path, headers, body)
