"""Counts of requests, in memory that several processes can see."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

#: Upper bounds of the histogram of times, in seconds.
BUCKETS = (0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300)

#: The first part of the addresses that are told apart; "" is the page, "other" everything else.
ROUTES = ("sparql", "", "update", "store", "validate", "metrics", "health", "other")

_STATUSES = 600
_HITS, _MICROSECONDS, _TIMES = 0, 1, 2
_COUNTS = _TIMES + len(BUCKETS) + 1
_WORDS = _COUNTS + len(ROUTES) * _STATUSES


class SharedCounters:
    """What one process has counted. Numbers are single words, so that another one can read them meanwhile."""

    #: Bytes of memory that it takes.
    SIZE = _WORDS * 8

    def __init__(self, memory: memoryview | None = None) -> None:
        self._words = (memoryview(bytearray(self.SIZE)) if memory is None else memory).cast("B").cast("Q")

    def note(self, route: int, status: int, seconds: float, *, cached: bool) -> None:
        """Count a request to ``ROUTES[route]``; *status* is 0 for one that was not answered."""
        words = self._words
        words[_HITS] += cached
        words[_MICROSECONDS] += int(seconds * 1e6)
        words[_TIMES + bisect_left(BUCKETS, seconds)] += 1
        words[_COUNTS + route * _STATUSES + status] += 1

    def add(self, other: SharedCounters) -> None:
        """Count what *other* has counted, too."""
        for index, number in enumerate(other._words):
            self._words[index] += number

    @property
    def hits(self) -> int:
        """Answers from the cache."""
        return self._words[_HITS]

    @property
    def seconds(self) -> float:
        """Time to answer all of them."""
        return self._words[_MICROSECONDS] / 1e6

    @property
    def times(self) -> list[int]:
        """Requests by the first of BUCKETS that their time does not exceed; the last are those beyond all."""
        return list(self._words[_TIMES:_COUNTS])

    def requests(self) -> Iterator[tuple[str, int, int]]:
        """Route, status and number of requests."""
        for index, number in enumerate(self._words[_COUNTS:]):
            if number:
                yield ROUTES[index // _STATUSES], index % _STATUSES, number
