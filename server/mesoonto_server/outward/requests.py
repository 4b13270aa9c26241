"""Asks listed endpoints for workers, and passes on what comes, unread but for HTTP; keeps it for a while."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass

from mesoonto.errors import EndpointError, EndpointTimeoutError
from mesoonto.federation.answer import SOLUTIONS, RawAnswer
from mesoonto.federation.cache import MAX_BYTES, CachedAnswer, SubQueryCache
from mesoonto.federation.client import Client
from mesoonto.federation.config import Endpoint, Endpoints
from mesoonto.processes import framing
from mesoonto.processes.framing import Mark
from mesoonto_server.handover import each_handed_over
from mesoonto_server.outward_link import (
    KEEP,
    REFUSED,
    TAKEN,
    OutwardAnswer,
    OutwardFailure,
    decode_request,
    encode,
)

#: Federated queries at one time.
_AT_ONCE = 8

#: Bytes of the largest answer that is kept.
_LARGEST_KEPT = MAX_BYTES // 8

#: Bytes of a kept answer in one frame.
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class _KeptAnswer:
    """An answer as it was sent."""

    media_type: str
    coding: str
    body: bytes


class Requests:
    """Sessions of workers; each in a thread of its own, and each of its requests."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints
        self._client = Client(endpoints)
        self._cache: SubQueryCache[_KeptAnswer] = SubQueryCache()
        self._free = threading.BoundedSemaphore(_AT_ONCE)

    def serve(self, door: socket.socket) -> None:
        """Take sessions from *door* until nobody is left who has its other end."""
        each_handed_over(door, self._session)

    def _session(self, sock: socket.socket) -> None:
        """Take requests until the worker has ended; it counts until the last of them has."""
        if not self._free.acquire(blocking=False):
            sock.send(REFUSED)
            return
        try:
            sock.send(TAKEN)
            for thread in each_handed_over(sock, self._request):
                thread.join()
        finally:
            self._free.release()

    def _request(self, sock: socket.socket) -> None:
        job = framing.receive(sock)
        if job is None:
            return
        asked = decode_request(job)
        endpoint = self._endpoints.get(asked.url)
        if endpoint is None:
            raise ValueError(f"a worker asked <{asked.url}>, which is not listed")
        try:
            self._answer(sock, endpoint, asked.query)
        except EndpointError as error:
            failure = OutwardFailure(isinstance(error, EndpointTimeoutError), error.message)
            framing.send(sock, encode(failure), Mark.FAILED)

    def _answer(self, sock: socket.socket, endpoint: Endpoint, query: str) -> None:
        entry = self._cache.get(endpoint.url, query) if endpoint.cache else None
        if entry is not None and entry.age <= endpoint.cache:
            _send_kept(sock, entry, "cache")
            return
        tag = entry.etag if entry is not None else None
        with self._client.opened(endpoint, query, SOLUTIONS, tag) as answer:
            if answer.status == 304 and entry is not None:
                _send_kept(sock, entry, "unchanged")
                content = entry.content
            else:
                tag = answer.etag
                content = _KeptAnswer(answer.media_type, answer.coding or "", _pass_on(sock, answer))
            size = len(content.body)
            is_good = answer.status in (200, 304) and size <= _LARGEST_KEPT
        if endpoint.cache and is_good and sock.recv(1) == KEEP:
            self._cache.put(endpoint.url, query, content, size, tag)


def _pass_on(sock: socket.socket, answer: RawAnswer) -> bytes:
    """Send *answer* while it comes; its body as far as it may be kept, and a byte more where it may not."""
    start = OutwardAnswer(answer.status, answer.media_type, answer.coding or "", "endpoint", 0.0)
    framing.send(sock, encode(start), Mark.MORE)
    body = bytearray()
    for chunk in answer.chunks:
        framing.send(sock, chunk, Mark.MORE)
        if len(body) <= _LARGEST_KEPT:
            body += chunk
    framing.send(sock, b"")
    return bytes(body)


def _send_kept(sock: socket.socket, entry: CachedAnswer[_KeptAnswer], source: str) -> None:
    content = entry.content
    framing.send(
        sock, encode(OutwardAnswer(200, content.media_type, content.coding, source, entry.age)), Mark.MORE
    )
    for at in range(0, len(content.body), _PIECE):
        framing.send(sock, content.body[at : at + _PIECE], Mark.MORE)
    framing.send(sock, b"")
