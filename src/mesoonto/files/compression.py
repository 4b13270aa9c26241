"""Reads gzip and Zstandard to the very end: a file that was cut off is an error, never a shorter file."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Protocol

import zstandard

if TYPE_CHECKING:
    from typing_extensions import Buffer


class _Unit(Protocol):
    """Decompresses one gzip member or one Zstandard frame."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def _gzip() -> _Unit:
    return zlib.decompressobj(16 + zlib.MAX_WBITS)


def _zstd() -> _Unit:
    return zstandard.ZstdDecompressor().decompressobj()


#: How each coding is undone, and how many bytes go in at one time. What comes out is held in memory; these
#: few can become no more than 64 MiB (128 KiB from 4 bytes of Zstandard, 1032 from one of gzip).
_CODINGS: dict[str, tuple[Callable[[], _Unit], int]] = {"gzip": (_gzip, 1 << 14), "zstd": (_zstd, 1 << 11)}


class DecompressionError(ValueError):
    """Compressed data that are broken or end too early."""


class Decompressed(io.RawIOBase):
    """The decompressed content of *source*, whose *coding* is ``gzip`` or ``zstd``.

    Several members or frames are one content, as both formats have it. Reading raises DecompressionError.
    """

    def __init__(self, source: IO[bytes], coding: str) -> None:
        self._source = source
        self._coding = coding
        self._new, self._step = _CODINGS[coding]
        self._unit: _Unit | None = self._new()
        self._packed = b""
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        """It is made to be read."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Fill *buffer*; 0 at the end."""
        while not self._ready:
            if not self._advance():
                return 0
        view = memoryview(buffer).cast("B")
        size = min(len(view), len(self._ready))
        view[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def close(self) -> None:
        """Close the source too."""
        self._source.close()
        super().close()

    def _advance(self) -> bool:
        """Decompress a little more; whether there was more."""
        packed = self._packed or self._source.read(self._step)
        self._packed = b""
        if not packed:
            if self._unit is not None:
                raise DecompressionError(f"the {self._coding} data are cut off")
            return False
        unit = self._unit or self._new()
        try:
            self._ready = memoryview(unit.decompress(packed))
        except (zlib.error, zstandard.ZstdError) as error:
            raise DecompressionError(f"the {self._coding} data are broken: {error}") from error
        self._unit = unit
        if unit.eof:
            self._packed = unit.unused_data
            self._unit = None
        return True
