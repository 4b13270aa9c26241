"""Writes the response to a request from inside a worker: whole when it is small, in parts when it is not."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import zstandard

from mesoonto.dataset.xml_output import ByteOutput
from mesoonto.errors import MesoontoError
from mesoonto.processes.worker import Reply
from mesoonto_server.http import problems
from mesoonto_server.http.headers import ResponseHeaders
from mesoonto_server.http.messages import Head, Tail, WorkerRequest, encode

#: A body smaller than this is not worth a content coding, in bytes.
_WORTH_CODING = 1024

#: Size from which a body goes out in parts, in bytes.
_PART = 65536


@dataclass(frozen=True, slots=True)
class RowMarks:
    """How to count the rows of a serialised result: by a mark that cannot stand in a value."""

    mark: bytes = b""  #: nothing where rows cannot be counted
    beside: int = 0  #: rows without a mark, less marks without a row
    none: bytes = b""  #: what stands in a result without rows, where ``beside`` does not hold
    quote: bytes = b""  #: what encloses values in which the mark may stand


class Sink(Protocol):
    """Where a response goes: whole, or as a start, parts and an end."""

    def whole(self, head: Head) -> None: ...  # noqa: D102
    def start(self, head: Head) -> None: ...  # noqa: D102
    def part(self, body: bytes) -> None: ...  # noqa: D102
    def end(self, tail: Tail) -> None: ...  # noqa: D102
    def fail(self, reason: str) -> None: ...  # noqa: D102


class Framed:
    """Sends a response by *reply* to the front, in frames."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def whole(self, head: Head) -> None:  # noqa: D102
        self._reply.last(encode(head))

    def start(self, head: Head) -> None:  # noqa: D102
        self._reply.part(encode(head))

    def part(self, body: bytes) -> None:  # noqa: D102
        self._reply.part(body)

    def end(self, tail: Tail) -> None:  # noqa: D102
        self._reply.last(encode(tail))

    def fail(self, reason: str) -> None:  # noqa: D102
        self._reply.fail(reason)


class _Coder(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


def _coder(coding: str) -> _Coder:
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=3).compressobj()
    # Window bits over 16 ask for the gzip container; level 1 costs a third of level 6 and is 15 % larger.
    return zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)


class WorkerResponse:
    """The one response to a request."""

    def __init__(self, request: WorkerRequest, sink: Sink) -> None:
        self._request = request
        self._sink = sink

    def whole(
        self,
        status: int,
        headers: ResponseHeaders,
        body: bytes = b"",
        *,
        cacheable: bool = False,
        rows: int = -1,
    ) -> None:
        """Send a body that is there already."""
        coding = self._request.encoding
        if coding and len(body) >= _WORTH_CODING:
            coder = _coder(coding)
            body = coder.compress(body) + coder.flush()
            headers = [*headers, ("content-encoding", coding)]
        self._sink.whole(Head(status, headers, body, cacheable, rows))

    def refuse(self, error: MesoontoError | problems.RequestError) -> None:
        """Tell why there is no other response."""
        self.whole(*problems.refusal(error, self._request.accept))

    def produced(
        self,
        headers: ResponseHeaders,
        produce: Callable[[ByteOutput], None],
        *,
        rows: RowMarks = RowMarks(),
        cacheable: bool = False,
    ) -> None:
        """Send what *produce* writes, while it writes.

        What *produce* raises becomes a refusal when nothing was sent yet, and otherwise breaks the response
        off.
        """
        output = _BodyOutput(self._sink, headers, self._request.encoding, rows, cacheable)
        try:
            produce(output)
        except MesoontoError as error:
            if output.started:
                self._sink.fail(str(error))
            else:
                self.refuse(error)
            return
        output.finish()


def write_pieces(body: bytes, output: ByteOutput) -> None:
    """Write *body* so that it goes out in parts: whoever passes them on is at none of them for long."""
    for at in range(0, len(body), _PART):
        output.write(body[at : at + _PART])


class _BodyOutput:
    """A file to write a body to. The response starts when enough has come together."""

    def __init__(
        self, sink: Sink, headers: ResponseHeaders, coding: str, rows: RowMarks, cacheable: bool
    ) -> None:
        self._sink = sink
        self._headers = headers
        self._coding = coding
        self._coder: _Coder | None = None
        self._rows = rows
        self._cacheable = cacheable
        self._marks = 0
        self._last_bytes = b""
        self._quoted = 0
        self._waiting: list[bytes] = []
        self._size = 0
        self.started = False

    def write(self, data: bytes, /) -> int:
        self._waiting.append(data)
        self._size += len(data)
        if self._size >= _PART:
            self._send_part()
        return len(data)

    def flush(self) -> None:
        """Nothing: `finish` sends what is left."""

    def _take(self) -> bytes:
        data = b"".join(self._waiting)
        self._waiting.clear()
        self._size = 0
        if self._rows.mark:
            # A mark may lie across two parts.
            seen = self._last_bytes + self._outside_quotes(data)
            self._marks += seen.count(self._rows.mark)
            keep = len(self._rows.mark) - 1
            self._last_bytes = seen[-keep:] if keep else b""
        return data

    def _outside_quotes(self, data: bytes) -> bytes:
        """*data* without what stands in quotes; a doubled quote ends and begins them, which does no harm."""
        quote = self._rows.quote
        if not quote or not (self._quoted or quote in data):
            return data
        pieces = data.split(quote)
        outside = pieces[self._quoted :: 2]
        self._quoted = (self._quoted + len(pieces) - 1) % 2
        return quote.join(outside)

    def _send_part(self) -> None:
        data = self._take()
        if not self.started:
            self.started = True
            if self._coding:
                self._coder = _coder(self._coding)
                self._headers = [*self._headers, ("content-encoding", self._coding)]
            body = self._coder.compress(data) if self._coder else data
            self._sink.start(Head(200, self._headers, body, self._cacheable))
            return
        body = self._coder.compress(data) if self._coder else data
        if body:
            self._sink.part(body)

    def finish(self) -> None:
        """Send what is left as the end of the response."""
        data = self._take()
        rows = self._marks + self._rows.beside if self._rows.mark else -1
        if self._rows.none and not self.started and self._rows.none in data:
            rows = 0
        if self.started:
            body = self._coder.compress(data) + self._coder.flush() if self._coder else data
            self._sink.end(Tail(body, rows))
            return
        headers = self._headers
        if self._coding and len(data) >= _WORTH_CODING:
            coder = _coder(self._coding)
            data = coder.compress(data) + coder.flush()
            headers = [*headers, ("content-encoding", self._coding)]
        self._sink.whole(Head(200, headers, data, self._cacheable, rows))
