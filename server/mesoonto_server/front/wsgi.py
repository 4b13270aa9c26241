"""Lets a WSGI application answer the requests of the front.

The body is read before the application is called, and the response is sent after it has returned, so that a
client that is slow to send or to read holds no thread.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import IO
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from mesoonto_server.http.headers import ResponseHeaders
from mesoonto_server.http.parameters import HttpRequest

#: Requests that are in the application at one time; each may wait for a worker.
_THREADS = 32

#: Sends a part of a response; the last one is marked.
Send = Callable[[int, ResponseHeaders, bytes, bool], Awaitable[None]]


class Bridge:
    """Calls *application*."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(_THREADS, "flask")

    async def answer(self, request: HttpRequest, body: IO[bytes], send: Send) -> None:
        """Answer *request* with *body* by calls of *send*, each with status and headers of the response."""
        loop = asyncio.get_running_loop()
        call = _Call(self._application, _environ(request, body))
        try:
            part: bytes | None = await loop.run_in_executor(self._threads, call.first)
            headers = [(name, value) for name, value in call.headers if name != "content-length"]
            while part is not None:
                following = await loop.run_in_executor(self._threads, call.next) if call.several else None
                await send(call.status, headers, part, following is None)
                part = following
        finally:
            if call.several:
                await loop.run_in_executor(self._threads, call.close)
            else:
                call.close()


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


def _environ(request: HttpRequest, body: IO[bytes]) -> WSGIEnvironment:
    """The environment of PEP 3333."""
    name, _, port = request.base.partition("://")[2].rpartition(":")
    size = body.seek(0, io.SEEK_END)
    body.seek(0)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": request.query.decode("latin-1"),
        "SERVER_NAME": name if port.isdigit() else "localhost",
        "SERVER_PORT": port if port.isdigit() else "80",
        "SERVER_PROTOCOL": f"HTTP/{request.version}",
        "REMOTE_ADDR": request.peer,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.scheme,
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(size),
    }
    for field, value in request.headers.items():
        key = field.decode("latin-1").upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value.decode("latin-1")
        elif key not in ("CONTENT_LENGTH", "TRANSFER_ENCODING"):
            environ[f"HTTP_{key}"] = value.decode("latin-1")
    return environ
