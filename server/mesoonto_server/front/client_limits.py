"""How much one client may ask: a rate, and a number of requests at one time."""

from __future__ import annotations

import ipaddress
from collections import Counter

import limits

from mesoonto.errors import InputError
from mesoonto_server.http.problems import RequestError
from mesoonto_server.settings import Settings

#: Bits of an IPv6 address that tell one customer from another.
_SITE = 64


class Guard:
    """Counts the requests of each client."""

    def __init__(self, settings: Settings) -> None:
        self._most = settings.client_limit
        self._proxy = settings.trusted_proxy
        self._at_work: Counter[str] = Counter()
        self._rate = _rate(settings.rate_limit)
        self._strategy = limits.strategies.MovingWindowRateLimiter(limits.storage.MemoryStorage())

    def client(self, address: str, forwarded_for: bytes | None) -> str:
        """Who asks, as `client_of` tells."""
        return client_of(address, forwarded_for, self._proxy)

    def enter(self, client: str) -> None:
        """Let a request of *client* in; a RequestError 429 when it has asked too much. `leave` follows."""
        if self._rate is not None and not self._strategy.hit(self._rate, client):
            reset = self._strategy.get_window_stats(self._rate, client).reset_time
            raise RequestError(429, f"more than {self._rate}", {"retry-after": _seconds_until(reset)})
        if self._at_work[client] >= self._most:
            raise RequestError(429, f"more than {self._most} requests at one time", {"retry-after": "1"})
        self._at_work[client] += 1

    def leave(self, client: str) -> None:
        """The request that was let in has been answered."""
        self._at_work[client] -= 1
        if self._at_work[client] <= 0:
            del self._at_work[client]


def client_of(address: str, forwarded_for: bytes | None, proxy: str) -> str:
    """Who asks: the peer at *address*, or whom the trusted *proxy* names as the one before it."""
    if forwarded_for and proxy and address == proxy:
        address = forwarded_for.rsplit(b",", 1)[-1].strip().decode("latin-1")
    if ":" in address:
        try:
            return str(ipaddress.ip_network((address, _SITE), strict=False))
        except ValueError:
            return "unknown"
    return address


def _rate(text: str) -> limits.RateLimitItem | None:
    if not text:
        return None
    try:
        return limits.parse(text)
    except ValueError as error:
        raise InputError(f"rate limit {text}: write it like 300/minute") from error


def _seconds_until(moment: float) -> str:
    import time

    return str(max(1, round(moment - time.time())))
