"""HTTP/1.1 (RFC 9112) as the client of one engine: whole requests, and answers that are read as they come.

Not `http.client`, which takes an answer that ends before its Content-Length for a whole one when it is read
in pieces, and needs as long for the head of an answer as a small query. What an answer may hold is bounded.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from mesoonto.errors import EngineDownError, EngineError, EngineTimeoutError

#: Bytes of the head of an answer, and of the line before a chunk.
_LONGEST_HEAD = 1 << 16
_LONGEST_LINE = 1 << 12

#: Bytes of a head up to which it is remembered.
_REMEMBERED = 2048

#: Bytes to read at one time.
_READ = 1 << 16

_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5]\d\d)(?: [^\r\n]*)?")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*", re.DOTALL)
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)

#: The line before a chunk, with its end.
_WHOLE_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")

#: Digits of a length.
_DIGITS = 18

#: Statuses of answers without a body (RFC 9110, section 6.4.1).
_WITHOUT_BODY = frozenset((204, 304))


class ClosedError(EngineDownError):
    """The connection was closed before any byte of an answer, as an idle one may be at any time."""


@dataclass(frozen=True, slots=True)
class AnswerHead:
    """The start of an answer."""

    status: int
    headers: Mapping[str, str]  #: names in lower case; repeated ones are joined by commas
    persistent: bool  #: whether HTTP lets the connection be used again
    media_type: str  #: without parameters, in lower case


class EngineConnection:
    """One connection; after an error it is of no use any more."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._rest = b""  #: bytes that came and were not taken
        self._deadline = 0.0
        with contextlib.suppress(OSError):  # not for sockets within this machine
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)

    def close(self) -> None:
        """Break the connection off, which lets an engine end what it is at."""
        self._sock.close()

    @property
    def is_stale(self) -> bool:
        """Whether the engine has closed it, or sent what nobody asked for."""
        return bool(self._rest or self._poll.poll(0))

    def send(self, request: bytes, deadline: float, body: Iterator[bytes] | None = None) -> None:
        """Send a whole *request*, and behind it the chunks of *body*; *deadline* is of `time.monotonic`.

        Raises ClosedError where it is closed, and EngineTimeoutError.
        """
        self._deadline = deadline
        try:
            self._sock.settimeout(self._left())
            self._sock.sendall(request)
            if body is not None:
                for piece in body:
                    if piece:
                        self._sock.settimeout(self._left())
                        self._sock.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
                self._sock.sendall(b"0\r\n\r\n")
        except TimeoutError as error:
            raise _late() from error
        except OSError as error:
            raise ClosedError(f"closed the connection: {error.strerror or error}") from error

    def head(self) -> AnswerHead:
        """The start of the answer to the request that was sent.

        Raises ClosedError, EngineTimeoutError, and EngineError for what is no HTTP.
        """
        while True:
            found = self._head()
            if found.status >= 200:
                return found

    def _head(self) -> AnswerHead:
        data = self._rest or self._received()
        if not data:
            raise ClosedError("closed the connection without an answer")
        while (end := data.find(b"\r\n\r\n")) < 0:
            if len(data) > _LONGEST_HEAD:
                raise EngineError(f"answered with more than {_LONGEST_HEAD} bytes of headers")
            if not b"HTTP/1.".startswith(data[:7]) or not (more := self._received()):
                raise EngineError(f"sent what is no HTTP: {data[:200].decode('utf-8', 'replace')}")
            data += more
        self._rest = data[end + 4 :]
        return _remembered(data[:end]) if end <= _REMEMBERED else _parsed(data[:end])

    def whole(self, head: AnswerHead) -> bytes | None:
        """The body, where all of it has come with *head*, as that of a small answer; else take nothing."""
        if head.status in _WITHOUT_BODY:
            return None
        rest, length = self._rest, head.headers.get("content-length", "")
        coding = head.headers.get("transfer-encoding")
        if coding is not None:
            return self._unchunked() if coding == "chunked" and not length else None
        if not length.isdecimal() or len(length) > _DIGITS or len(rest) < int(length):
            return None
        self._rest = rest[int(length) :]
        return rest[: int(length)]

    def _unchunked(self) -> bytes | None:
        """The data of all chunks, where they are there to the last; what is wrong with them, `body` tells."""
        pieces: list[bytes] = []
        at, rest = 0, self._rest
        while (size := _WHOLE_SIZE.match(rest, at)) is not None:
            end = size.end() + int(size[1], 16)
            if rest[end : end + 2] != b"\r\n":  # also where a trailer follows
                return None
            if end == size.end():
                self._rest = rest[end + 2 :]
                return b"".join(pieces)
            pieces.append(rest[size.end() : end])
            at = end + 2
        return None

    def body(self, head: AnswerHead) -> Iterator[bytes]:
        """The pieces of the body; an EngineError where it does not come to the end that was announced.

        The connection may be used again when the last piece was taken and *head* is persistent.
        """
        coding = head.headers.get("transfer-encoding", "").lower()
        length = head.headers.get("content-length", "")
        if head.status in _WITHOUT_BODY:
            return
        if coding:
            if coding != "chunked" or length:
                raise EngineError(f"sent its answer in a framing that is not understood ({coding[:50]})")
            yield from self._chunks()
        elif length:
            if not length.isdecimal() or len(length) > _DIGITS:
                raise EngineError(f"announced a length that is none ({length[:50]})")
            yield from self._counted(int(length))
        else:
            yield from self._until_close()

    def _counted(self, left: int) -> Iterator[bytes]:
        data, self._rest = self._rest[:left], self._rest[left:]
        while left:
            data = data or self._received(min(left, _READ))
            if not data:
                raise EngineError(f"broke off its answer {left} bytes before the end")
            left -= len(data)
            yield data
            data = b""

    def _until_close(self) -> Iterator[bytes]:
        data, self._rest = self._rest or self._received(), b""
        while data:
            yield data
            data = self._received()

    def _chunks(self) -> Iterator[bytes]:
        """The data of a chunked body (RFC 9112, section 7.1)."""
        while True:
            size = _SIZE.fullmatch(self._line())
            if size is None:
                raise EngineError("sent a chunked answer with a size that is none")
            left = int(size[1], 16)
            if not left:
                break
            yield from self._counted(left)
            if self._line():
                raise EngineError("sent a chunk that is longer than announced")
        trailer = 0
        while line := self._line():
            trailer += len(line)
            if trailer > _LONGEST_HEAD:
                raise EngineError("sent too many trailers")

    def _line(self) -> bytes:
        while (end := self._rest.find(b"\r\n")) < 0:
            if len(self._rest) > _LONGEST_LINE:
                raise EngineError("sent a chunked answer with a line that does not end")
            more = self._received()
            if not more:
                raise EngineError("broke off its answer in the middle of it")
            self._rest += more
        line, self._rest = self._rest[:end], self._rest[end + 2 :]
        return line

    def _received(self, most: int = _READ) -> bytes:
        """What comes next; nothing at the end of the connection."""
        try:
            self._sock.settimeout(self._left())
            return self._sock.recv(most)
        except TimeoutError as error:
            raise _late() from error
        except ConnectionResetError:
            return b""
        except OSError as error:  # also of TLS
            raise EngineError(f"broke off the connection: {error.strerror or error}") from error

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise _late()
        return left


def _parsed(data: bytes) -> AnswerHead:
    line, *lines = data.split(b"\r\n")
    status = _STATUS.fullmatch(line)
    if status is None:
        raise EngineError(f"sent what is no HTTP/1.1: {line[:200].decode('utf-8', 'replace')}")
    headers: dict[str, str] = {}
    for line in lines:
        field = _FIELD.fullmatch(line)
        if field is None:
            raise EngineError(f"sent a header that is none: {line[:200].decode('utf-8', 'replace')}")
        name, value = field[1].decode("ascii").lower(), field[2].decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    options = headers.get("connection", "").lower()
    unbounded = "transfer-encoding" not in headers and "content-length" not in headers
    ends = unbounded and int(status[2]) not in _WITHOUT_BODY
    persistent = status[1] == b"1" and "close" not in options and not ends
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return AnswerHead(int(status[2]), MappingProxyType(headers), persistent, media_type)


#: An engine begins many answers alike, or for a second.
_remembered = lru_cache(maxsize=64)(_parsed)


def _late() -> EngineTimeoutError:
    return EngineTimeoutError("gave no whole answer within its time")
