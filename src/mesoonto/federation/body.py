"""The body of an endpoint's answer, taken in pieces and decompressed, up to a number of bytes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import httpcore

from mesoonto.errors import EndpointError

#: What an endpoint may do to its answers (RFC 9110, section 8.4.1.3).
ACCEPTED = "gzip"

#: Bytes that one piece may have after decompression, so that a small chunk cannot fill the memory.
_PIECE = 1 << 16
#: Window bits by which zlib reads the gzip format.
_GZIP = 16 + zlib.MAX_WBITS
#: Bytes of an answer that are kept for an error.
_KEPT = 4000


class Body:
    """The body that comes in *chunks*; an EndpointError tells of more than *limit* bytes, received or
    decompressed.
    """

    def __init__(self, chunks: Iterator[bytes], coding: str | None, limit: int) -> None:
        if coding not in (None, "identity", "gzip", "x-gzip"):
            raise EndpointError(f"sent its answer compressed ({coding}), which was not asked for")
        self._chunks = chunks
        self._pieces = self._decompressed() if coding in ("gzip", "x-gzip") else self._chunks
        self._limit = limit
        self.received = 0  #: bytes that came over the network so far
        self.size = 0  #: bytes of the body itself so far
        self.beginning = b""  #: its first bytes, for errors
        self.problem: EndpointError | httpcore.TimeoutException | httpcore.NetworkError | None = None

    def next(self) -> bytes:
        """The next piece; none at the end."""
        # An exception in here reaches the caller of pyoxigraph's parser changed, so it is kept as well.
        try:
            piece = next(self._pieces, b"")
            self.size += len(piece)
            if self._pieces is self._chunks:
                self.received = self.size
            if self.size > self._limit:
                raise self._too_long()
        except (EndpointError, httpcore.TimeoutException, httpcore.NetworkError) as error:
            self.problem = error
            raise
        if len(self.beginning) < _KEPT:
            self.beginning += piece[:_KEPT]
        return piece

    def start(self) -> str:
        """The first characters, for an error."""
        while len(self.beginning) < _KEPT and self.next():
            pass
        return self.beginning[:_KEPT].decode("utf-8", "replace")

    def _decompressed(self) -> Iterator[bytes]:
        """The pieces of a gzip file, which may have several members (RFC 1952, section 2.2)."""
        member = zlib.decompressobj(_GZIP)
        for chunk in self._chunks:
            self.received += len(chunk)
            if self.received > self._limit:
                raise self._too_long()
            rest = chunk
            while rest:
                if member.eof:
                    member = zlib.decompressobj(_GZIP)
                if piece := _decompress(member, rest):
                    yield piece
                rest = member.unused_data if member.eof else member.unconsumed_tail
        while piece := _decompress(member, b""):
            yield piece
        if not member.eof:
            raise EndpointError("broke off its answer, which was compressed")

    def _too_long(self) -> EndpointError:
        return EndpointError(f"sent more than {self._limit} bytes")


def _decompress(member: zlib._Decompress, chunk: bytes) -> bytes:
    try:
        return member.decompress(chunk, _PIECE)
    except zlib.error as error:
        raise EndpointError(f"sent what is not gzip: {error}") from error
