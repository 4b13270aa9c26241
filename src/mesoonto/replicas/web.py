"""Published versions on a web server: any that serves a directory, or a bucket that all may read."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import httpcore

from mesoonto import __version__
from mesoonto.errors import AbsentError, StorageError
from mesoonto.replicas.storage import PATIENCE, Content

_TIMEOUTS = dict.fromkeys(("connect", "read", "write", "pool"), PATIENCE)


class WebServer:
    """The publication whose files are below *address*, to read. Redirections are not followed."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        if not parts.hostname:
            raise StorageError(f"{address}: is no address of a web server")
        user, _, self._host = parts.netloc.rpartition("@")
        self._base = parts._replace(netloc=self._host, path=f"{parts.path.rstrip('/')}/").geturl()
        self._credentials = b64encode(unquote(user).encode()).decode()
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(), max_keepalive_connections=0
        )

    @property
    def name(self) -> str:
        """Its address, without the name and password that may stand in it."""
        return self._base

    @contextmanager
    def open(self, name: str, *, offset: int = 0, unless: str = "") -> Iterator[Content | None]:
        """See `PublicationSource`."""
        headers = {"host": self._host, "user-agent": f"mesoonto/{__version__}", "accept-encoding": "identity"}
        if self._credentials:
            headers["authorization"] = f"Basic {self._credentials}"
        if offset:
            headers["range"] = f"bytes={offset}-"
        if unless:
            headers["if-none-match"] = unless
        with self._told(name):
            response = self._pool.handle_request(self._request(name, headers))
        try:
            if response.status == 304:
                yield None
                return
            self._require_content(response, name)
            tag = _header(response, b"etag")
            started = offset if response.status == 206 else 0  # a server need not know ranges
            yield Content(self._parts(response, name), tag.decode("latin-1"), started)
        finally:
            response.close()

    def _request(self, name: str, headers: dict[str, str]) -> httpcore.Request:
        return httpcore.Request(
            "GET", f"{self._base}{name}", headers=list(headers.items()), extensions={"timeout": _TIMEOUTS}
        )

    def _parts(self, response: httpcore.Response, name: str) -> Iterator[bytes]:
        parts = response.iter_stream()
        while True:
            with self._told(name):
                part = next(parts, None)
            if part is None:
                return
            yield part

    def _require_content(self, response: httpcore.Response, name: str) -> None:
        where = f"{self.name}{name}"
        if response.status in (404, 410):
            raise AbsentError(f"{where}: the server has no such file")
        if 300 <= response.status < 400:
            leads = _header(response, b"location").decode("latin-1")[:200]
            raise StorageError(f"{where}: leads to {leads}, which is not followed; name that address")
        if response.status in (401, 403):
            raise StorageError(f"{where}: the server refuses it ({response.status})")
        if response.status not in (200, 206):
            raise StorageError(f"{where}: the server answers {response.status}")

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        try:
            yield
        except httpcore.TimeoutException as error:
            raise StorageError(f"{self.name}{name}: nothing came within {PATIENCE:g} seconds") from error
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.UnsupportedProtocol,
            OSError,
        ) as error:
            raise StorageError(f"{self.name}{name}: {error or type(error).__name__}") from error


def _header(response: httpcore.Response, name: bytes) -> bytes:
    return next((value for key, value in response.headers if key.lower() == name), b"")
