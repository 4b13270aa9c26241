"""What a worker and the outward process tell each other: the one way from a worker to other endpoints.

A worker has no network. It has inherited one socket, the door, on which it hands over the end of another
(SCM_RIGHTS) for each federated query: a session, which is taken or not, since there are few of them. On the
session it hands over an end for each request. There it sends an `OutwardRequest` and gets, as frames, an
`OutwardAnswer` and the body as the endpoint sent it. It says `KEEP` when the answer was of use.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from mesoonto.errors import EndpointError, EndpointTimeoutError, OverloadedError, ServeError
from mesoonto.federation.answer import Fetched, RawAnswer, solutions_of
from mesoonto.federation.client import telling_all
from mesoonto.federation.config import Endpoint
from mesoonto.processes import framing
from mesoonto.processes.framing import Mark
from mesoonto_server.handover import handed_over

#: Whether a session is taken.
TAKEN, REFUSED = b"+", b"-"

#: The answer was read and is one; another query may have it.
KEEP = b"k"

_ENDED = "other endpoints cannot be asked: who does it has ended"

#: Bytes to read at one time.
_READ = 1 << 16


class OutwardRequest(msgspec.Struct, frozen=True, array_like=True):
    """What is to be sent, to whom; the rest stands in the configuration, which both have."""

    url: str  #: of a listed endpoint
    query: str


class OutwardAnswer(msgspec.Struct, frozen=True, array_like=True):
    """The start of an answer."""

    status: int
    media_type: str
    coding: str
    source: str  #: as in `report.SubRequest`
    age: float  #: seconds since a kept answer was fetched or confirmed


class OutwardFailure(msgspec.Struct, frozen=True, array_like=True):
    """Why there is no answer, or why it broke off."""

    late: bool
    message: str


encode = msgspec.msgpack.Encoder().encode
decode_request = msgspec.msgpack.Decoder(OutwardRequest).decode
_decode_answer = msgspec.msgpack.Decoder(OutwardAnswer).decode
_decode_failure = msgspec.msgpack.Decoder(OutwardFailure).decode


class OutwardSession:
    """The way to other endpoints for one federated query; the transport of a Federation."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def select(
        self,
        endpoint: Endpoint,
        query: str,
        variables: tuple[str, ...],
        *,
        max_rows: int,
        etag: str | None,  # noqa: ARG002  # the other process keeps answers and their tags
    ) -> Fetched:
        """As `Client.select`; the answer is read here."""
        with telling_all(endpoint, query), handed_over(self._sock, _ENDED) as sock:
            framing.send(sock, encode(OutwardRequest(endpoint.url, query)))
            frames = _frames(sock)
            start = _decode_answer(next(frames))
            raw = RawAnswer(start.status, start.media_type, start.coding or None, None, frames)
            found = solutions_of(raw, variables, max_rows=max_rows, max_bytes=endpoint.max_bytes)
            with contextlib.suppress(OSError):  # nobody waits for it where the answer is not to be kept
                sock.send(KEEP)
        kept = start.source != "endpoint"
        return Fetched(
            found.solutions, 0 if kept else found.bytes, 0 if kept else found.size, None,
            start.source, start.age,
        )  # fmt: skip


@contextmanager
def session(door: socket.socket) -> Iterator[OutwardSession]:
    """A session for one query; OverloadedError when there are too many."""
    with handed_over(door, _ENDED) as sock:
        said = sock.recv(1)
        if said == REFUSED:
            raise OverloadedError("too many federated queries at once; ask again in a moment")
        if said != TAKEN:
            raise ServeError("other endpoints cannot be asked just now; ask again in a moment")
        yield OutwardSession(sock)


def _frames(sock: socket.socket) -> Iterator[bytes]:
    """The payloads up to the last; an EndpointError where they break off."""
    reader = framing.FrameReader()
    while data := sock.recv(_READ):
        for mark, payload in reader.feed(data):
            if mark is Mark.FAILED:
                failure = _decode_failure(payload)
                raise (EndpointTimeoutError if failure.late else EndpointError)(failure.message)
            if mark is Mark.LAST:
                return
            yield payload
    raise EndpointError("could not be heard to the end: the process that asks it was ended")
