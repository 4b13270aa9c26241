"""What an attack is, and when its outcome is a failure of the server."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from urllib.parse import quote

from tests.hostile.raw import Outcome, exchange, head
from tests.wire import QUERY, UPDATE

#: Seconds that a bomb may burn.
FUSE = 0.3
#: Seconds after which any request has an answer.
PATIENCE = 20.0

REFUSED = frozenset({"400", "413"})
#: Refused as too deep or too large, or ended with its worker.
BOUNDED = REFUSED | {"503"}
#: As above, or answered, in part before the time is out: what is merely long may be within the limits.
ANSWERED = BOUNDED | {"200", "200 broken", "200 long"}
OUT = frozenset({"503"})
#: Out of time or memory after the first rows were sent, or left by the client.
BROKEN = OUT | {"200 broken", "200 long"}
#: The HTTP library refuses it with an answer of its own, or closes.
WIRE = frozenset({"400", "405", "408", "413", "414", "415", "431", "501", "505", "closed"})

_SECRETS = (b"root:x:0:0", b"root:*:0:0")


@dataclass(frozen=True, slots=True)
class Target:
    """The server under attack, and a listener on the same machine that nothing may ever call."""

    address: str
    listener: int  #: its port


Launch = Callable[[Target, Random], Outcome]


@dataclass(frozen=True, slots=True)
class Attack:
    """One hostile request."""

    name: str  #: family and case, "nesting/parentheses"
    launch: Launch
    allowed: frozenset[str]  #: acceptable endings
    bare: bool = False  #: answered below the application, so that the body is not looked at
    heavy: bool = False  #: costs seconds or hundreds of megabytes: seldom in a long run

    def problem(self, outcome: Outcome) -> str | None:
        """What is wrong with *outcome*; None for a fine one."""
        if outcome.ending not in self.allowed:
            return f"expected {sorted(self.allowed)}, got {outcome}"
        if outcome.seconds > PATIENCE:
            return f"took {outcome.seconds:.1f} s: {outcome}"
        if "x-injected" in outcome.head:
            return f"header injected: {dict(outcome.head)}"
        if any(secret in outcome.body for secret in _SECRETS):
            return f"gives away a file: {outcome}"
        if outcome.ending[0] in "45" and not self.bare:
            return _unclear(outcome)
        return None


def _unclear(outcome: Outcome) -> str | None:
    """What keeps an error from being a clear one."""
    if outcome.type not in {"text/plain", "application/problem+json"}:
        return f"an error of type {outcome.type!r}: {outcome}"
    if outcome.head.get("x-content-type-options") != "nosniff":
        return f"an error that a browser may take for a page: {dict(outcome.head)}"
    if not outcome.body.strip():
        return f"an error without words: {outcome}"
    if len(outcome.body) > 10_000:
        return f"an error of {len(outcome.body)} bytes"
    if b"Traceback" in outcome.body or b'File "' in outcome.body:
        return f"a stack trace: {outcome}"
    return None


def send(
    target: Target,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Iterable[tuple[str, str]] = (),
    timeout: float = 60,
) -> Outcome:
    """One request with a right Content-Length."""
    named = [*headers, ("Connection", "close")]
    if body is not None:
        named.append(("Content-Length", str(len(body))))
    return exchange(target.address, [head(method, path, named), body or b""], timeout)


def querying(
    name: str,
    text: str | bytes | Callable[[Random], str],
    allowed: frozenset[str] = BOUNDED,
    *,
    heavy: bool = False,
) -> Attack:
    """A query by POST."""

    def launch(target: Target, random: Random) -> Outcome:
        content = text(random) if callable(text) else text
        body = content.encode() if isinstance(content, str) else content
        return send(target, "POST", f"/sparql?timeout={FUSE}", body, [("Content-Type", QUERY)])

    return Attack(name, launch, allowed, heavy=heavy)


def updating(
    name: str, text: Callable[[Random], str], allowed: frozenset[str], *, heavy: bool = False
) -> Attack:
    """An update by POST."""

    def launch(target: Target, random: Random) -> Outcome:
        return send(target, "POST", "/update", text(random).encode(), [("Content-Type", UPDATE)])

    return Attack(name, launch, allowed, heavy=heavy)


def uploading(
    name: str,
    media_type: str,
    content: Callable[[Target, Random], bytes],
    allowed: frozenset[str],
    *,
    heavy: bool = False,
    headers: tuple[tuple[str, str], ...] = (),
) -> Attack:
    """A graph by PUT, which is removed again where it was taken."""

    def launch(target: Target, random: Random) -> Outcome:
        path = f"/store?graph={quote(f'http://example.org/hostile/{random.getrandbits(64):x}')}"
        named = [("Content-Type", media_type), *headers]
        outcome = send(target, "PUT", path, content(target, random), named)
        if outcome.ending[0] == "2":
            held = send(target, "GET", path, None, [("Accept", "application/n-triples")])
            send(target, "DELETE", path)
            return Outcome(outcome.ending, outcome.head, held.body, outcome.seconds)
        return outcome

    return Attack(name, launch, allowed, heavy=heavy)
