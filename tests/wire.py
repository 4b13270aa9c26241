"""HTTP as tests need it: every request is sent as it is given, nothing is followed, added or retried."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

#: Seconds without a request after which a connection is not used again.
_IDLE = 1.0

TURTLE = "text/turtle"
QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"
FORM = "application/x-www-form-urlencoded"


def quickly_quoted(text: str) -> str:
    """*text* as `urllib.parse.quote` gives it, which goes over megabytes character by character."""
    return re.sub(r"[^\w.~/-]+", lambda found: quote(found[0]), text, flags=re.ASCII)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]  #: names in lower case
    body: bytes

    @property
    def type(self) -> str:
        """The media type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def __str__(self) -> str:
        return f"{self.status} {self.type}: {self.body[:300]!r}"


class Client:
    """One connection, kept alive, so that a client reads its own writes."""

    def __init__(self, address: str, timeout: float = 60) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=timeout)
        self._used = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send one request and read the whole answer."""
        if time.monotonic() - self._used > _IDLE:
            self._connection.close()  # the server may have done so; the next line opens another
        try:
            self._connection.request(method, path, body, dict(headers or {}))
            response = self._connection.getresponse()
            content = response.read()
        except BaseException:
            self._connection.close()
            raise
        self._used = time.monotonic()
        return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, content)


def request(
    address: str,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 60,
) -> Reply:
    """One request over a connection of its own."""
    with Client(address, timeout) as client:
        return client.request(method, path, body, headers)
