"""Bodies of requests: read within limits by whoever serves, decompressed within limits by a worker."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from werkzeug.datastructures import FileStorage
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from mesoonto.files import temporary
from mesoonto.files.compression import Decompressed, DecompressionError
from mesoonto_server.http.messages import WorkerRequest
from mesoonto_server.http.problems import RequestError

if TYPE_CHECKING:
    from typing_extensions import Buffer

#: A body of more bytes waits in a file.
IN_MEMORY = 1 << 20

_CODINGS = {"gzip": "gzip", "x-gzip": "gzip", "zstd": "zstd"}


async def read(parts: AsyncIterator[bytes], length: bytes, limit: int, seconds: float) -> IO[bytes]:
    """The body that comes in *parts* as a file, in memory while it is small.

    *length* is the Content-Length header, which may be empty. Raises RequestError 413 for a body over *limit*
    bytes and 408 for one that is not there within *seconds*; TemporaryFileError where it cannot be kept.
    """
    if length.isdigit() and int(length) > limit:
        raise too_large(limit)
    body: IO[bytes] = io.BytesIO()
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for part in parts:
                size += len(part)
                if size > limit:
                    raise too_large(limit)
                if size > IN_MEMORY and isinstance(body, io.BytesIO):
                    body = _moved_to_file(body)
                _write(body, part)
    except TimeoutError:
        body.close()
        raise RequestError(408, f"the body was not complete after {seconds:g} seconds") from None
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return body


def stored(stream: IO[bytes], limit: int) -> IO[bytes]:
    """The body of a WSGI request as a file that `place` can tell of; RequestError 413 when over *limit*."""
    if isinstance(stream, io.BytesIO) or isinstance(getattr(stream, "name", None), str):
        return stream
    body: IO[bytes] = io.BytesIO()
    while part := stream.read(1 << 16):
        if body.tell() + len(part) > limit:
            raise too_large(limit)
        if body.tell() + len(part) > IN_MEMORY and isinstance(body, io.BytesIO):
            body = _moved_to_file(body)
        _write(body, part)
    body.seek(0)
    return body


def place(body: IO[bytes]) -> tuple[bytes, str]:
    """How to hand *body* to a worker: its bytes, or the path of the file that it is in."""
    if isinstance(body, io.BytesIO):
        return body.getvalue(), ""
    with temporary.told():
        body.flush()
    return b"", str(body.name)


def decoded(request: WorkerRequest) -> IO[bytes]:
    """The body of *request* without its content coding; for a worker.

    Raises RequestError 415 for an unknown coding; reading it raises RequestError 400 for a broken one and 413
    where it grows beyond the limit.
    """
    coding = request.content_encoding.strip().lower()
    if coding not in ("", "identity", *_CODINGS):
        raise RequestError(415, f"the content coding {coding} is not known here; use gzip or zstd")
    source: IO[bytes] = io.BytesIO(request.body)
    if request.path_of_body:
        source = Path(request.path_of_body).open("rb")  # noqa: SIM115  # closed with what is returned
    if coding in ("", "identity"):
        return source
    return io.BufferedReader(_Limited(source, _CODINGS[coding], request.body_limit), 1 << 16)


def files(request: WorkerRequest, content: IO[bytes]) -> list[tuple[str, FileStorage]]:
    """The files in the form *content*, each with the name of its field; for a worker."""
    return form(request, content)[1]


def form(
    request: WorkerRequest, content: IO[bytes]
) -> tuple[dict[str, list[str]], list[tuple[str, FileStorage]]]:
    """The texts in the form *content* by their fields, and its files, each with its field; for a worker."""
    _, options = parse_options_header(request.content_type)
    try:
        with temporary.told():  # large files of a form wait in files of their own
            parser = FormDataParser(silent=False)
            _, texts, found = parser.parse(content, "multipart/form-data", None, options)
    except ValueError as error:
        raise RequestError(400, f"the form cannot be read: {error}") from error
    return dict(texts.lists()), list(found.items(multi=True))


def too_large(limit: int) -> RequestError:
    """The refusal of a body that is larger than *limit* bytes."""
    size = f"{limit >> 20} MiB" if limit >= 1 << 20 else f"{limit >> 10} KiB"
    return RequestError(413, f"the body is larger than {size}", {"connection": "close"})


def _moved_to_file(body: io.BytesIO) -> IO[bytes]:
    file = temporary.named_file()
    _write(file, body.getvalue())
    return file


def _write(body: IO[bytes], part: bytes) -> None:
    with temporary.told():
        body.write(part)


class _Limited(Decompressed):
    """The decompressed content of a file, up to a limit."""

    def __init__(self, source: IO[bytes], coding: str, limit: int) -> None:
        super().__init__(source, coding)
        self._limit = limit
        self._size = 0

    def readinto(self, buffer: Buffer) -> int:
        try:
            size = super().readinto(buffer)
        except DecompressionError as error:
            raise RequestError(400, f"the body cannot be read: {error}") from error
        self._size += size
        if self._size > self._limit:
            raise too_large(self._limit)
        return size
