"""Answers as they come over a connection: in one piece or in many, whole or not."""

from __future__ import annotations

import http.client
import io
import socket
import time
from dataclasses import dataclass
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoonto.engines.connection import EngineConnection
from mesoonto.errors import EngineError

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


@dataclass(frozen=True, slots=True)
class _Taken:
    body: bytes
    at_once: bool  #: whether it was there with the head
    used_up: bool  #: whether nothing is left on the connection


def _taken(pieces: list[bytes]) -> _Taken:
    """What a connection makes of an answer that comes in *pieces*, of which the first has the whole head."""
    ours, theirs = socket.socketpair()
    with theirs:
        connection = EngineConnection(ours)
        try:
            connection.send(b"GET / HTTP/1.1\r\n\r\n", time.monotonic() + 5)
            theirs.sendall(pieces[0])
            head = connection.head()
            body = connection.whole(head)
            at_once = body is not None
            for piece in pieces[1:]:
                theirs.sendall(piece)
            theirs.shutdown(socket.SHUT_WR)
            if body is None:
                body = b"".join(connection.body(head))
            return _Taken(body, at_once, not connection._rest)
        finally:
            connection.close()


class _Bytes:
    """A socket for `http.client` that has received *data*."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._data)


def _read_by_the_standard_library(answer: bytes) -> bytes:
    response = http.client.HTTPResponse(cast(socket.socket, _Bytes(answer)))
    response.begin()
    return response.read()


_EXTENSIONS = st.sampled_from([b"", b";a=b", b" ; a", b" "])
_CHUNKS = st.lists(st.tuples(st.binary(min_size=1, max_size=40), _EXTENSIONS, st.booleans()), max_size=6)


@st.composite
def _answers(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A head and its body as it is framed."""
    chunks = draw(_CHUNKS)
    if draw(st.booleans()):
        body = b"".join(data for data, _, _ in chunks)
        return _HEAD + b"Content-Length: %d\r\n\r\n" % len(body), body
    lines = [
        (b"%X" if upper else b"%x") % len(data) + extension + b"\r\n" + data + b"\r\n"
        for data, extension, upper in chunks
    ]
    trailer = draw(st.sampled_from([b"", b"X-Trailer: 1\r\n"]))
    return _HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"".join([*lines, b"0\r\n", trailer, b"\r\n"])


@given(_answers(), st.data())
def test_body_is_that_of_the_standard_library_however_it_comes(
    answer: tuple[bytes, bytes], data: st.DataObject
) -> None:
    head, framed = answer
    expected = _read_by_the_standard_library(head + framed)
    whole = _taken([head + framed])
    assert (whole.body, whole.used_up) == (expected, True)
    assert whole.at_once or b"X-Trailer" in framed
    cut = data.draw(st.integers(0, len(framed)))
    assert _taken([head + framed[:cut], framed[cut:]]).body == expected


@given(_answers(), st.data())
def test_half_a_body_is_never_a_whole_one(answer: tuple[bytes, bytes], data: st.DataObject) -> None:
    head, framed = answer
    cut = data.draw(st.integers(0, len(framed) - 1)) if framed else 0
    if framed:
        with pytest.raises(EngineError):
            _taken([head + framed[:cut]])


@pytest.mark.parametrize(
    "framed",
    [
        b"3\r\nabc0\r\n\r\n",  # no line end behind the data
        b"2\r\nabc\r\n0\r\n\r\n",
        b"4\r\nabc\r\n0\r\n\r\n",
        b"-3\r\nabc\r\n0\r\n\r\n",
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b"\r\nabc\r\n0\r\n\r\n",
        b"1" * 16 + b"\r\nabc\r\n0\r\n\r\n",
    ],
)
def test_chunks_that_are_none_are_refused(framed: bytes) -> None:
    with pytest.raises(EngineError):
        _taken([_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + framed])


def test_what_follows_a_whole_answer_makes_the_connection_stale() -> None:
    """It would be taken for the answer to the next query."""
    for framing, body in (
        (b"Content-Length: 3", b"abc"),
        (b"Transfer-Encoding: chunked", b"3\r\nabc\r\n0\r\n\r\n"),
    ):
        taken = _taken([_HEAD + framing + b"\r\n\r\n" + body + b"HTTP/1.1 200 OK\r\n"])
        assert (taken.body, taken.at_once, taken.used_up) == (b"abc", True, False)
