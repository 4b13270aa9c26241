"""Which endpoints may be asked, and how: the ``[federation]`` part of a configuration file."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mesoonto.errors import InputError, Place
from mesoonto.files import toml

_METHODS = ("POST", "GET")
_SECRET_FILES = ("token", "password")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A SPARQL endpoint that SERVICE may name, and the limits for each request to it."""

    name: str
    url: str
    timeout: float = 30.0  #: seconds for one request, from the look-up of its address to the last byte
    batch: int = 100  #: bindings in one VALUES block
    max_rows: int = 100_000  #: rows of one SERVICE clause
    max_bytes: int = 50_000_000  #: bytes of the answers to one SERVICE clause
    max_requests: int = 1_000  #: requests for one SERVICE clause
    concurrency: int = 4  #: requests under way at once
    method: str = "POST"
    cache: float = 300.0  #: seconds for which an answer is used again; 0 never
    allow_private: bool = False  #: whether the address may be of this machine or of a private network
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)

    def authorization(self) -> str | None:
        """The value of the Authorization header."""
        if self.token is not None:
            return f"Bearer {self.token}"
        if self.user is not None:
            return f"Basic {self._basic()}"
        return None

    def redact(self, message: str) -> str:
        """*message* without the credentials, which an endpoint may have sent back."""
        for secret in (self.token, self.password, self._basic() if self.user is not None else None):
            if secret:
                message = message.replace(secret, "***")
        return message

    def _basic(self) -> str:
        return base64.b64encode(f"{self.user}:{self.password or ''}".encode()).decode()


class Endpoints:
    """The endpoints that may be asked. Any other is refused."""

    def __init__(self, endpoints: Iterable[Endpoint] = ()) -> None:
        self._by_url = {endpoint.url: endpoint for endpoint in endpoints}

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self._by_url.values())

    def __len__(self) -> int:
        return len(self._by_url)

    def get(self, url: str) -> Endpoint | None:
        """The endpoint at exactly *url*."""
        return self._by_url.get(url)

    @staticmethod
    def read(path: Path) -> Endpoints:
        """The endpoints in the TOML file *path*, each a table ``[federation.endpoints.NAME]``.

        Raises InputError for what cannot be read, is unknown or out of range.
        """
        return Endpoints.from_config(toml.read(path), Place(str(path)))

    @staticmethod
    def from_config(content: Mapping[str, Any], place: Place) -> Endpoints:
        """The endpoints in a parsed configuration file; *place* names the file in errors."""
        federation = content.get("federation", {})
        tables = federation.get("endpoints", {}) if isinstance(federation, dict) else None
        if not isinstance(tables, dict):
            raise InputError("federation.endpoints is not a table", place)
        found = [_endpoint(name, table, place) for name, table in tables.items()]
        urls = [endpoint.url for endpoint in found]
        twice = next((url for url in urls if urls.count(url) > 1), None)
        if twice:
            raise InputError(f"two entries of federation.endpoints have the url {twice}", place)
        return Endpoints(found)


def _endpoint(name: str, table: object, place: Place) -> Endpoint:
    where = f"federation.endpoints.{name}"
    if not isinstance(table, dict):
        raise InputError(f"{where} is not a table", place)
    values = {**table}
    for secret in _SECRET_FILES:
        if f"{secret}_file" in values:
            values[secret] = _secret(values.pop(f"{secret}_file"), f"{where}.{secret}_file", place)
    known = {f.name: f for f in fields(Endpoint) if f.name != "name"}
    unknown = next((key for key in values if key not in known), None)
    if unknown:
        choices = ", ".join([*sorted(known), *(f"{s}_file" for s in _SECRET_FILES)])
        raise InputError(f"{where}.{unknown} is unknown; known are {choices}", place)
    if "url" not in values:
        raise InputError(f"{where} has no url", place)
    for key, value in values.items():
        _require_type(f"{where}.{key}", key, value, place)
    endpoint = Endpoint(name=name, **values)
    _require_usable(endpoint, where, place)
    return endpoint


def _secret(path: object, where: str, place: Place) -> str:
    if not isinstance(path, str):
        raise InputError(f"{where} is not the path of a file", place)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{where} cannot be read", place) from error


def _require_type(where: str, key: str, value: object, place: Place) -> None:
    if key == "allow_private":
        fitting, wanted = isinstance(value, bool), "true or false"
    elif key in ("url", "method", "user", "password", "token"):
        fitting, wanted = isinstance(value, str), "a text"
    elif key in ("timeout", "cache"):
        fitting, wanted = (
            isinstance(value, int | float) and not isinstance(value, bool),
            "a number of seconds",
        )
    else:
        fitting, wanted = isinstance(value, int) and not isinstance(value, bool), "a whole number"
    if not fitting:
        raise InputError(f"{where} must be {wanted}", place)


def _require_usable(endpoint: Endpoint, where: str, place: Place) -> None:
    parts = urlsplit(endpoint.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"{where}.url is not an http or https address", place)
    if parts.username is not None or parts.password is not None:
        raise InputError(f"{where}.url holds credentials; give user and password_file, or token_file", place)
    if endpoint.method not in _METHODS:
        raise InputError(f"{where}.method is not one of {', '.join(_METHODS)}", place)
    if endpoint.token is not None and endpoint.user is not None:
        raise InputError(f"{where} has both a token and a user", place)
    if any("\n" in text or "\r" in text for text in (endpoint.token or "", endpoint.user or "")):
        raise InputError(f"{where}: a credential has a line break", place)
    for key in ("timeout", "batch", "max_rows", "max_bytes", "max_requests", "concurrency"):
        if getattr(endpoint, key) <= 0:
            raise InputError(f"{where}.{key} must be above zero", place)
    if endpoint.cache < 0:
        raise InputError(f"{where}.cache must not be below zero", place)
