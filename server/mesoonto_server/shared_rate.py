"""How often each client has asked, in memory that the front and all connection workers share.

Each client has one number: the moment at which it would have asked no more than its rate allows (the generic
cell rate algorithm). A request moves it on by the time between two requests at that rate, and is refused when
it lies more than a whole period ahead. A moment that has passed tells nothing, so its place in the table is
free.
"""

from __future__ import annotations

import fcntl
import hashlib
import math
import mmap
import os
import re
import struct
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mesoonto.errors import InputError
from mesoonto_server.http.problems import RequestError

#: Places in the table, and how many of them are looked at for one client.
_PLACES = 1 << 16
_TRIES = 8

#: A place: the name of a client, hashed, and its moment in seconds of the monotonic clock.
_PLACE = struct.Struct("<Qd")

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_RATE = re.compile(r"\s*(\d+)\s*(?:/|\bper\b)\s*(\d*)\s*(second|minute|hour|day)s?\s*")


@dataclass(frozen=True, slots=True)
class Rate:
    """A number of requests in a number of seconds."""

    number: int
    seconds: float

    @classmethod
    def parse(cls, text: str) -> Rate:
        """The rate that *text* tells, such as 300/minute; an InputError when it is none.

        >>> Rate.parse("10/5 minutes")
        Rate(number=10, seconds=300)
        """
        found = _RATE.fullmatch(text.lower())
        if found is None or int(found[1]) == 0:
            raise InputError(f"rate limit {text}: write it like 300/minute")
        return cls(int(found[1]), int(found[2] or 1) * _SECONDS[found[3]])


class SharedRate:
    """Counts the requests of clients; to be created before the processes that share it."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._interval = rate.seconds / rate.number
        self._key = os.urandom(16)  # so that nobody can choose addresses that meet in one place
        self._file = _anonymous_file()  # open for as long as there are processes
        os.ftruncate(self._file, _PLACES * _PLACE.size)
        self._table = mmap.mmap(self._file, _PLACES * _PLACE.size)

    def check(self, client: str) -> None:
        """Count a request of *client*; a RequestError 429 when it is one too many."""
        wait = self.hit(client)
        if wait:
            message = f"more than {self.rate.number} requests in {self.rate.seconds:g} seconds"
            raise RequestError(429, message, {"retry-after": str(math.ceil(wait))})

    def hit(self, client: str, now: float | None = None) -> float:
        """Count a request of *client*: 0, or the seconds to wait where it is one too many."""
        now = time.monotonic() if now is None else now
        name = self._name(client)
        with self._locked():
            place, moment = self._find(name, now)
            moment = max(moment, now) + self._interval
            early = moment - now - self.rate.seconds
            if early > self._interval * 1e-6:
                return early
            _PLACE.pack_into(self._table, place, name, moment)
        return 0.0

    def take_back(self, client: str, now: float | None = None) -> None:
        """Do not count one request of *client* that was counted."""
        now = time.monotonic() if now is None else now
        name = self._name(client)
        with self._locked():
            place, moment = self._find(name, now)
            if moment > now:
                _PLACE.pack_into(self._table, place, name, moment - self._interval)

    def _name(self, client: str) -> int:
        digest = hashlib.blake2b(client.encode(), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest, "little")

    def _find(self, name: int, now: float) -> tuple[int, float]:
        """The place of *name* and its moment; a free one, or else that of whoever has asked the least."""
        best, least = 0, float("inf")
        for step in range(_TRIES):
            place = (name + step) % _PLACES * _PLACE.size
            found, moment = _PLACE.unpack_from(self._table, place)
            if found == name:
                return place, moment
            if moment < least:
                best, least = place, moment
        return best, now

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone among the processes; the system takes the lock from one that is killed."""
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)


def _anonymous_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("rate")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
