"""Who may write: bearer tokens with scopes."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from pathlib import Path

from mesoonto.errors import InputError, Place
from mesoonto_server.http.client import is_loopback
from mesoonto_server.http.problems import RequestError

SCOPES = ("update", "store", "admin")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens that are accepted, as SHA-256 digests, with their scopes."""

    scopes: tuple[tuple[bytes, frozenset[str]], ...]

    def scopes_of(self, token: str) -> frozenset[str] | None:
        """The scopes of *token*, or None when it is not known. Takes the same time for every token."""
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        found = None
        for known, scopes in self.scopes:
            if hmac.compare_digest(known, digest):
                found = scopes
        return found


def read_tokens(path: Path) -> Tokens:
    """The tokens of *path*; an InputError names the line that is wrong.

    A line is ``TOKEN SCOPE[,SCOPE]``; ``sha256:HEX`` in place of TOKEN keeps the token out of the file. Empty
    lines and lines that begin with # are skipped.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the tokens cannot be read: {error}", Place(str(path))) from error
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        place = Place(str(path), number)
        token, _, names = line.strip().partition(" ")
        scopes = frozenset(name.strip() for name in names.split(","))
        if not scopes <= set(SCOPES):
            raise InputError(f"a line is TOKEN SCOPE[,SCOPE] with scopes of {', '.join(SCOPES)}", place)
        if token.startswith("sha256:"):
            try:
                digest = bytes.fromhex(token.removeprefix("sha256:"))
            except ValueError:
                digest = b""
            if len(digest) != 32:
                raise InputError("sha256: is followed by 64 hexadecimal digits", place)
        elif len(token) < 16:
            raise InputError("a token has at least 16 characters; openssl rand -hex 24 makes one", place)
        else:
            digest = hashlib.sha256(token.encode()).digest()
        found.append((digest, scopes))
    if not found:
        raise InputError("has no token", Place(str(path)))
    return Tokens(tuple(found))


def refuse_other_sites(origin: str, fetch_site: str, host: str, own: str) -> None:
    """Refuse, with 403, a write without a token that a page of another site has sent from a browser here.

    *origin*, *fetch_site* and *host* are the headers Origin, Sec-Fetch-Site and Host (Fetch standard; Fetch
    Metadata), *own* is the origin of this server as *host* has it. Other programs send no Origin. A Host that
    does not name this machine is that of a page whose name was let point here (DNS rebinding).
    """
    name = host.rpartition(":")[0] if re.search(r":\d*$", host) else host
    if name.lower() != "localhost" and not is_loopback(name.strip("[]")):
        raise RequestError(403, "writing without a token is open under a name such as localhost only")
    if (origin and origin != own) or fetch_site not in ("", "same-origin", "none"):
        raise RequestError(403, "writing without a token is not open to pages of other sites")


def require(
    scope: str, authorization: str, tokens: Tokens | None, *, local: bool, secure: bool, open_to_local: bool
) -> None:
    """Refuse a write that the client may not do: 401 without a valid token, 403 for all else.

    *local* says that the client is on this machine, *secure* that the connection is encrypted.
    """
    if tokens is None and not open_to_local:
        raise RequestError(403, "this endpoint is read-only; the operator opens it with --token-file")
    if tokens is None:
        if not local:
            raise RequestError(403, "writing without a token is open on loopback only")
        return
    if not (local or secure):
        raise RequestError(403, "a token over plain HTTP can be read by others: use HTTPS")
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer":
        raise RequestError(
            401, "writing needs a bearer token", {"www-authenticate": 'Bearer realm="mesoonto"'}
        )
    scopes = tokens.scopes_of(token.strip())
    if scopes is None:
        challenge = 'Bearer realm="mesoonto", error="invalid_token"'
        raise RequestError(401, "the token is not known", {"www-authenticate": challenge})
    if scope not in scopes and "admin" not in scopes:
        challenge = f'Bearer realm="mesoonto", error="insufficient_scope", scope="{scope}"'
        raise RequestError(403, f"the token lacks the scope {scope}", {"www-authenticate": challenge})
