"""Where an engine is, and what it is shown to let us in."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from mesoonto.errors import InputError, Place

#: What stands in a line of an HTTP request: visible characters of ASCII.
_VISIBLE = re.compile(r"[!-~]+")

_PORTS = {"http": 80, "https": 443}

#: Bytes of a file of credentials.
_LONGEST = 1 << 14


@dataclass(frozen=True, slots=True)
class EngineService:
    """One URL of an engine, taken apart."""

    url: str
    host: str  #: without brackets
    port: int
    tls: bool
    path: str  #: with what follows the question mark, never empty

    @classmethod
    def parse(cls, url: str, option: str) -> EngineService:
        """*url*, which was given as *option*; an InputError says what is wrong with it.

        >>> EngineService.parse("http://localhost:3030/ds/sparql", "--engine").port
        3030
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise InputError(f"{option} {url}: {error}") from error
        if parts.scheme not in _PORTS or not parts.hostname or not _VISIBLE.fullmatch(url):
            raise InputError(f"{option} {url}: not the address of a service; write http://HOST:PORT/PATH")
        if parts.username is not None or parts.password is not None:
            raise InputError(f"{option}: put credentials into a file, and name it with --credentials-file")
        if parts.fragment:
            raise InputError(f"{option} {url}: leave out what follows #")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(url, parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "https", path)

    @property
    def authority(self) -> str:
        """Host and port as the header Host has them (RFC 9110, section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS["https" if self.tls else "http"] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and a password, or a token, read from a file."""

    file: Path
    user: str  #: "" where there is a token
    secret: str = field(repr=False)

    @classmethod
    def read(cls, file: Path) -> Credentials:
        """The one line of *file*: ``USER:PASSWORD``, or ``Bearer TOKEN``, or an InputError."""
        try:
            with file.open("rb") as opened:
                text = opened.read(_LONGEST).decode()
        except OSError as error:
            raise InputError((error.strerror or str(error)).lower(), Place(str(file))) from error
        except UnicodeDecodeError as error:
            raise InputError("not UTF-8", Place(str(file))) from error
        line = text.strip("\r\n")
        scheme, _, token = line.partition(" ")
        if scheme.lower() == "bearer" and _VISIBLE.fullmatch(token.strip()):
            return cls(file, "", token.strip())
        user, colon, password = line.partition(":")
        if not (user and colon and password) or any(ord(c) < 32 for c in line):
            raise InputError("write one line: USER:PASSWORD, or Bearer TOKEN", Place(str(file)))
        return cls(file, user, password)

    @property
    def authorization(self) -> str:
        """The value of the header Authorization: Basic (RFC 7617) or Bearer (RFC 6750)."""
        if not self.user:
            return f"Bearer {self.secret}"
        return f"Basic {base64.b64encode(f'{self.user}:{self.secret}'.encode()).decode()}"

    def redact(self, text: str) -> str:
        """*text* without the secret."""
        secret = base64.b64encode(f"{self.user}:{self.secret}".encode()).decode()
        return text.replace(secret, "(secret)").replace(self.secret, "(secret)")


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """Where an engine answers queries and takes writes; a URL that is not known is None."""

    query: EngineService
    update: EngineService | None = None
    graph_store: EngineService | None = None
    kind: str = ""  #: a key of `kinds.KINDS`; "" where it is to be found out
    credentials: Credentials | None = None

    @classmethod
    def of(
        cls, url: str, *, update_url: str = "", graph_store_url: str = "", kind: str = "",
        credentials_file: Path | None = None,
    ) -> EngineAddress:  # fmt: skip
        """What the options of a command say; an InputError says what is wrong with one."""
        return cls(
            EngineService.parse(url, "--engine"),
            EngineService.parse(update_url, "--update-url") if update_url else None,
            EngineService.parse(graph_store_url, "--graph-store-url") if graph_store_url else None,
            kind,
            Credentials.read(credentials_file) if credentials_file is not None else None,
        )

    @property
    def services(self) -> tuple[EngineService, ...]:
        """All that are known."""
        return tuple(one for one in (self.query, self.update, self.graph_store) if one is not None)

    def redact(self, text: str) -> str:
        """*text* without the credentials."""
        return self.credentials.redact(text) if self.credentials is not None else text
