"""Lets a WSGI application answer the requests of an ASGI server.

The body is read before the application is called, and the response is sent after it has returned, so that a
client that is slow to send or to read holds no thread.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any, Protocol
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from mesoonto_server.http import bodies
from mesoonto_server.http.cache import encoded
from mesoonto_server.settings import Settings

#: Requests that are in the application at one time; each may wait for a worker.
_THREADS = 32


class Sender(Protocol):
    """Sends a response part by part."""

    async def whole(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None: ...  # noqa: D102
    async def start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None: ...  # noqa: D102
    async def part(self, body: bytes, *, more: bool) -> None: ...  # noqa: D102


class Bridge:
    """Calls *application*."""

    def __init__(self, application: WSGIApplication, settings: Settings) -> None:
        self._application = application
        self._limit = settings.max_body << 20
        self._body_timeout = settings.body_timeout
        self._threads = ThreadPoolExecutor(_THREADS, "flask")

    async def __call__(
        self,
        scope: dict[str, Any],
        headers: dict[bytes, bytes],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        sender: Sender,
    ) -> None:
        """Answer one request."""
        loop = asyncio.get_running_loop()
        body: IO[bytes] = io.BytesIO()
        if b"content-length" in headers or b"transfer-encoding" in headers or scope["http_version"] == "2":
            length = headers.get(b"content-length", b"")
            body = await bodies.read(receive, length, self._limit, self._body_timeout)
        with body:
            call = _Call(self._application, _environ(scope, headers, body))
            try:
                part: bytes | None = await loop.run_in_executor(self._threads, call.first)
                headers_out = [(name, value) for name, value in call.headers if name != "content-length"]
                if not call.several:
                    await sender.whole(call.status, encoded(headers_out), part or b"")
                    return
                await sender.start(call.status, encoded(headers_out))
                while part is not None:
                    following = await loop.run_in_executor(self._threads, call.next)
                    await sender.part(part, more=following is not None)
                    part = following
            finally:
                await loop.run_in_executor(self._threads, call.close)


class _Call:
    """One call of the application; its methods run in a thread, one at a time."""

    def __init__(self, application: WSGIApplication, environ: WSGIEnvironment) -> None:
        self._application = application
        self._environ = environ
        self._result: Iterable[bytes] = ()
        self.status = 500
        self.headers: list[tuple[str, str]] = []
        self.several = False

    def first(self) -> bytes:
        """Call the application; the first part of the body."""
        start: StartResponse = self._start  # type: ignore[assignment]
        self._result = self._application(self._environ, start)
        self.several = not (isinstance(self._result, list | tuple) or getattr(self._result, "__len__", None))
        self._parts = iter(self._result)
        if not self.several:
            return b"".join(self._parts)
        return next(self._parts, b"")

    def next(self) -> bytes | None:
        return next(self._parts, None)

    def close(self) -> None:
        close = getattr(self._result, "close", None)
        if close is not None:
            close()

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:  # noqa: ARG002
        self.status = int(status.split(" ", 1)[0])
        self.headers = [(name.lower(), value) for name, value in headers]


def _environ(scope: dict[str, Any], headers: dict[bytes, bytes], body: IO[bytes]) -> WSGIEnvironment:
    """The environment of PEP 3333."""
    server = scope.get("server") or ("localhost", "80")
    size = body.seek(0, io.SEEK_END)
    body.seek(0)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(size),
    }
    for name, value in headers.items():
        key = name.decode("latin-1").upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value.decode("latin-1")
        elif key not in ("CONTENT_LENGTH", "TRANSFER_ENCODING"):
            environ[f"HTTP_{key}"] = value.decode("latin-1")
    return environ
