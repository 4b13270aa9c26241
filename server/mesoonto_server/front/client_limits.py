"""How much one client may do: connections, requests at one time, and a rate of requests."""

from __future__ import annotations

from collections import Counter

from mesoonto_server.http.problems import RequestError
from mesoonto_server.settings import Settings
from mesoonto_server.shared_rate import SharedRate


class ClientLimits:
    """Counts what each client does; the requests that connection workers answer count for *rate* only."""

    def __init__(self, settings: Settings, rate: SharedRate | None = None) -> None:
        self._most = settings.client_limit
        self._at_work: Counter[str] = Counter()
        self._rate = rate

    def enter(self, client: str, *, counted: bool = False) -> None:
        """Let a request of *client* in; a RequestError 429 when it has asked too much. `leave` follows.

        The rate is that of requests that were not *counted* before.
        """
        if self._rate is not None and not counted:
            self._rate.check(client)
        if self._at_work[client] >= self._most:
            raise RequestError(429, f"more than {self._most} requests at one time", {"retry-after": "1"})
        self._at_work[client] += 1

    def leave(self, client: str) -> None:
        """The request that was let in has been answered."""
        self._at_work[client] -= 1
        if self._at_work[client] <= 0:
            del self._at_work[client]

    def take_back(self, client: str) -> None:
        """A request of *client* that was counted comes a second time."""
        if self._rate is not None:
            self._rate.take_back(client)
