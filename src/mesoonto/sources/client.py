"""Asks one source for JSON, politely: slowly, waiting when told to, a few times and no more."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

import httpcore

from mesoonto import __version__
from mesoonto.errors import EndpointError, MesoontoError
from mesoonto.federation.address import Backend
from mesoonto.federation.body import ACCEPTED, Body
from mesoonto.sources.cache import AnswerCache, KeptAnswer

#: Bytes of one answer; the record of a trial with posted results has a few million.
MOST_BYTES = 30_000_000
#: Seconds that one answer may take.
TIMEOUT = 60.0
#: How often a request is sent before it counts as not answered.
TRIES = 4
#: The longest wait, in seconds, that a Retry-After may ask for (RFC 9110, section 10.2.3).
LONGEST_WAIT = 120.0

_REDIRECTS = (301, 302, 307, 308)
_MAX_REDIRECTS = 3
#: What may be better on the next try.
_PASSING = (429, 500, 502, 503, 504)

T = TypeVar("T")


class ShapeOfAnswerError(MesoontoError):
    """JSON that is not of the documented shape."""


class _PassingError(Exception):
    """No answer this time; *wait* is what the server asks for, in seconds."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


class SourceClient:
    """Asks the source at *base*, at most once in *interval* seconds.

    Where the address is not the usual one, *private* allows hosts that are not public. *mailto* is sent as
    a parameter where given, and is no part of what the cache knows of a request.
    """

    def __init__(
        self,
        base: str,
        cache: AnswerCache,
        *,
        interval: float,
        private: bool = False,
        mailto: str = "",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).hostname:
            raise MesoontoError(f"{base}: is no address of a source; it begins with https://")
        self.base = base.rstrip("/")
        self._cache = cache
        self._interval = interval
        self._mailto = mailto
        self._sleep = sleep
        self._backend = Backend(allow_private=private)
        self._pool = httpcore.ConnectionPool(max_connections=1, network_backend=self._backend)
        self._next = 0.0

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()

    def ask(self, path: str, parse: Callable[[object], T], asked: dict[str, str] | None = None) -> T | None:
        """What *parse* makes of the answer; None where the source has nothing of that name (404).

        Only what *parse* could read is kept. Raises EndpointError, with what was asked, when no usable
        answer comes.
        """
        query = asked or {}
        address = f"{self.base}{path}{'?' if query else ''}{urlencode(query)}"
        kept = self._cache.get(address)
        if kept is not None:
            try:
                return None if kept.status == 404 else parse(kept.body)
            except ShapeOfAnswerError:
                pass  # of another version; asked again
        if self._mailto:
            query = {**query, "mailto": self._mailto}
        try:
            answer = self._tried(f"{self.base}{path}{'?' if query else ''}{urlencode(query)}")
            found = None if answer.status == 404 else parse(answer.body)
        except (EndpointError, ShapeOfAnswerError) as error:
            raise EndpointError(f"{address}: {error.message}") from error
        self._cache.put(address, answer)
        return found

    def _tried(self, url: str) -> KeptAnswer:
        problem = ""
        for number in range(TRIES):
            self._wait_turn()
            try:
                return self._once(url)
            except _PassingError as error:
                problem = str(error)
                wait = 2.0**number if error.wait is None else error.wait
            if wait > LONGEST_WAIT:
                raise EndpointError(f"{problem}, and asks to wait {wait:.0f} s; run this again later")
            if number < TRIES - 1:
                self._sleep(wait)
        raise EndpointError(f"{problem} ({TRIES} tries); run this again later")

    def _wait_turn(self) -> None:
        wait = self._next - time.monotonic()
        if wait > 0:
            self._sleep(wait)
        self._next = time.monotonic() + self._interval

    def _once(self, url: str) -> KeptAnswer:
        self._backend.clock.deadline = time.monotonic() + TIMEOUT
        try:
            for _ in range(_MAX_REDIRECTS + 1):
                found = self._sent(url)
                if isinstance(found, KeptAnswer):
                    return found
                if urlsplit(found)[:2] != urlsplit(url)[:2]:
                    raise EndpointError(f"redirects to another host, {urlsplit(found).netloc}")
                url = found
            raise EndpointError(f"redirects more than {_MAX_REDIRECTS} times")
        except httpcore.TimeoutException as error:
            raise _PassingError(f"gave no whole answer within {TIMEOUT:g} s") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            what = f"cannot be reached, or broke off: {error or type(error).__name__}"
            raise _PassingError(what) from error
        finally:
            self._backend.clock.deadline = None

    def _sent(self, url: str) -> KeptAnswer | str:
        """The answer, or where it is said to be."""
        headers = [
            ("Accept", "application/json"),
            ("Accept-Encoding", ACCEPTED),
            ("User-Agent", f"mesoonto/{__version__}"),
        ]
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT)
        with self._pool.stream("GET", url, headers=headers, extensions={"timeout": timeouts}) as response:
            status, said = response.status, dict(_headers(response))
            if status in _REDIRECTS:
                return urljoin(url, said.get("location", ""))
            if status in _PASSING:
                raise _PassingError(f"answers {status}", _retry_after(said.get("retry-after")))
            if status == 404:
                return KeptAnswer(404, None)
            if status != 200:
                raise EndpointError(f"answers {status}")
            body = Body(response.iter_stream(), said.get("content-encoding"), MOST_BYTES)
            content = b"".join(iter(body.next, b""))
        try:
            return KeptAnswer(200, json.loads(content))
        except (ValueError, RecursionError) as error:
            kind = said.get("content-type", "no media type").partition(";")[0]
            raise EndpointError(f"answers what is no JSON ({kind}, {len(content)} bytes)") from error


def _headers(response: httpcore.Response) -> Iterator[tuple[str, str]]:
    for name, value in response.headers:
        yield name.decode("latin-1").lower(), value.decode("latin-1")


def _retry_after(text: str | None) -> float | None:
    """Seconds to wait, by a number or a date (RFC 9110, section 10.2.3); None where it says neither."""
    if text is None:
        return None
    if text.strip().isdecimal() and len(text) < 10:
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
