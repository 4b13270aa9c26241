"""HTTP/1.1 (RFC 9112): requests that are read in one piece, and the heads and chunks of responses.

A connection worker answers small plain requests for a query, which `parse` reads. Whatever is less plain, or
wrong, is for the front: `parse` only tells that it is.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

import httptools

from mesoonto_server.http.parameters import RequestHeaders

#: Bytes of a request that is answered here, head and body.
LARGEST = 1 << 16

_STARTS = (b"GET /sparql", b"POST /sparql")

#: A path without what would have to be decoded, and a query of visible characters, as clients send them.
_REQUEST_LINE = re.compile(rb"(GET|POST) (/sparql[A-Za-z0-9._~-]*)(?:\?([!-\"$-~]*))? HTTP/1\.1\r\n")

#: Bytes of a Host.
_LONGEST_HOST = 255

#: Bytes of header fields up to which they are remembered; a stranger's long ones would fill the memory.
_REMEMBERED = 2048

#: Headers that ask for more than one plain response.
_SPECIAL = frozenset((b"transfer-encoding", b"expect"))

#: Host, with or without a port; "" where the target has no authority (RFC 9112, section 3.2).
_HOST = re.compile(rb"(?:[A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")

#: Statuses of responses that have no body (RFC 9110, sections 15.3.5 and 15.4.5).
_WITHOUT_BODY = frozenset((HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED))


class NotPlainError(Exception):
    """The request is for the front: it is no small query, or no request at all."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The header fields of a request."""

    headers: RequestHeaders
    keep_alive: bool
    length: int  #: bytes of the body


@dataclass(slots=True)
class Message:
    """One request."""

    method: str
    path: str
    query: bytes  #: what follows the question mark, still encoded
    headers: RequestHeaders
    body: bytes
    size: int  #: bytes, head and body
    keep_alive: bool


def parse(data: bytes) -> Message | None:
    """The request that *data* starts with, or None while it is not all there.

    Raises NotPlainError for anything but a GET or POST of at most LARGEST bytes to an address that starts
    with ``/sparql``, in HTTP/1.1, with nothing special about its framing.
    """
    end = data.find(b"\r\n\r\n") + 4
    line = _REQUEST_LINE.match(data)
    if line is None:
        if end < 4 and len(data) < LARGEST and _may_become_request(data):
            return None
        raise NotPlainError
    if end < 4:
        if len(data) >= LARGEST:
            raise NotPlainError
        return None
    block = data[line.end() : end]
    fields = _remembered(block) if len(block) <= _REMEMBERED else _fields(block)
    size = end + fields.length
    if len(data) < size:
        return None
    method, path, query = line.groups(b"")
    return Message(
        method.decode("ascii"), path.decode("ascii"), query, fields.headers, data[end:size], size,
        fields.keep_alive,
    )  # fmt: skip


def _may_become_request(data: bytes) -> bool:
    if len(data) < len(_STARTS[1]):
        return any(start.startswith(data[: len(start)]) for start in _STARTS)
    return data.startswith(_STARTS) and b"\r" not in data[:-1]


def add_field(headers: RequestHeaders, name: bytes, value: bytes) -> None:
    """Add a header field to *headers*; repeated ones make one list (RFC 9110, section 5.3).

    One with an underscore is left out: where names become variables, as in CGI, it would be taken for the one
    with a hyphen.
    """
    if b"_" in name:
        return
    name = name.lower()
    headers[name] = headers[name] + b", " + value if name in headers else value


class _Parsed:
    """What the parser calls."""

    def __init__(self) -> None:
        self.headers: RequestHeaders = {}

    def on_header(self, name: bytes, value: bytes) -> None:
        add_field(self.headers, name, value)


def _fields(block: bytes) -> Fields:
    """The header fields in *block*, which ends with an empty line."""
    parsed = _Parsed()
    parser = httptools.HttpRequestParser(parsed)
    try:
        parser.feed_data(b"POST / HTTP/1.1\r\n" + block)
    except httptools.HttpParserUpgrade:
        pass  # another protocol is offered, and may be left alone (RFC 9110, section 7.8): Java's client does
    except httptools.HttpParserError:
        raise NotPlainError from None
    length = parsed.headers.get(b"content-length", b"0")
    special = not _SPECIAL.isdisjoint(parsed.headers) or not is_host(parsed.headers.get(b"host"))
    if special or not length.isdigit() or len(length) > 9 or int(length) > LARGEST >> 1:
        raise NotPlainError
    options = parsed.headers.get(b"connection", b"").lower().split(b",")
    keep_alive = b"close" not in map(bytes.strip, options)  # RFC 9112, section 9.3
    return Fields(parsed.headers, keep_alive, int(length))


#: A client sends the same fields with each of its requests, and parsing them takes as long as a fifth of a
#: small query.
_remembered = lru_cache(maxsize=256)(_fields)


def is_plain(version: str, headers: RequestHeaders, size: int) -> bool:
    """Whether `parse` reads a request like that, whose target and body have *size* bytes."""
    return version == "1.1" and _SPECIAL.isdisjoint(headers) and size < LARGEST >> 1


def is_host(value: bytes | None) -> bool:
    """Whether a request of HTTP/1.1 may have *value* as its Host; two of them were joined by a comma."""
    return value is not None and len(value) <= _LONGEST_HOST and _HOST.fullmatch(value) is not None


def head(
    status: int,
    headers: bytes,
    request_id: bytes,
    length: int | None,
    *,
    keep_alive: bool,
    chunked: bool = True,
) -> bytes:  # fmt: skip
    """The head of a response. *headers* are whole lines.

    Without *length* the body comes in chunks, or, where it is not *chunked*, ends with the connection.
    """
    if status in _WITHOUT_BODY:  # and no word of its length
        framing = b""
    elif length is None:
        framing = b"transfer-encoding: chunked\r\n" if chunked else b""
    else:
        framing = b"content-length: %d\r\n" % length
    return b"%b%bx-request-id: %b\r\n%b%bdate: %b\r\n\r\n" % (
        _status_line(status), headers, request_id, framing,
        b"" if keep_alive else b"connection: close\r\n", _date(int(time.time())),
    )  # fmt: skip


def header_lines(headers: list[tuple[str, str]]) -> bytes:
    """*headers* as they go out."""
    return "".join([f"{name}: {value}\r\n" for name, value in headers]).encode("latin-1", "replace")


def chunk(data: bytes) -> bytes:
    """One chunk of a body (RFC 9112, section 7.1); an empty one ends it."""
    return b"%x\r\n%b\r\n" % (len(data), data)


@lru_cache(maxsize=64)
def _status_line(status: int) -> bytes:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode("ascii")


@lru_cache(maxsize=1)
def _date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode("ascii")
