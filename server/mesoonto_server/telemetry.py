"""What operators see: metrics for Prometheus, and an access log of one JSON object a line."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import sys
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import IO

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from mesoonto.engine.pool import Pool
from mesoonto_server.settings import Settings

_BUCKETS = (0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300)


class Telemetry:
    """Counts requests and writes their log."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, pool: Pool, settings: Settings) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._pool = pool
        self._requests: Counter[tuple[str, int]] = Counter()
        self._hits = 0
        self._seconds = [0] * (len(_BUCKETS) + 1)
        self._seconds_total = 0.0
        self._log = _opened(settings.log_file)
        self._with_clients = settings.log_clients
        self._numbers = itertools.count(1)
        self._prefix = os.urandom(4).hex()

    def request_id(self) -> bytes:
        """A name for one request, for its response and the log."""
        return f"{self._prefix}-{next(self._numbers):x}".encode()

    def note(
        self, *, request_id: bytes, method: str, path: str, query: bytes, status: int, size: int, rows: int,
        started: float, cached: bool, client: str
    ) -> None:  # fmt: skip
        """Record a request that has been answered; *started* is on the clock of `time.perf_counter`."""
        seconds = time.perf_counter() - started
        route = (
            "sparql" if path.startswith("/sparql") else path.split("/", 2)[1] if path in _ROUTES else "other"
        )
        # Plain numbers, because the library's counters take longer than a cached answer does.
        self._requests[route, status] += 1
        self._seconds[bisect_left(_BUCKETS, seconds)] += 1
        self._seconds_total += seconds
        self._hits += cached
        if self._log is not None:
            entry: dict[str, object] = {
                "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "id": request_id.decode(),
                "method": method,
                "path": path[:200],
                "status": status,
                "ms": round(seconds * 1000, 2),
                "bytes": size,
                "cached": cached,
            }
            if query:
                entry["query"] = hashlib.sha256(query).hexdigest()[:16]
            if rows >= 0:
                entry["rows"] = rows
            if self._with_clients:
                entry["client"] = client
            self._log.write(json.dumps(entry) + "\n")

    def exposition(self) -> bytes:
        """The metrics in the text format of Prometheus."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing: metrics are described as they are collected."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The metrics, for the registry."""
        requests = CounterMetricFamily("mesoonto_requests", "Requests answered.", labels=["route", "status"])
        for (route, status), number in list(self._requests.items()):
            requests.add_metric([route, str(status)], number)
        yield requests
        yield CounterMetricFamily("mesoonto_cache_hits", "Answers from the cache.", value=self._hits)
        below = [str(bound) for bound in _BUCKETS] + ["+Inf"]
        buckets = list(zip(below, accumulate(self._seconds), strict=True))
        yield HistogramMetricFamily(
            "mesoonto_request_seconds", "Time to answer.", buckets=buckets, sum_value=self._seconds_total
        )
        pool = self._pool
        for name, text, value in (
            ("workers", "Worker processes.", pool.workers),
            ("jobs_running", "Jobs that run.", pool.busy),
            ("jobs_waiting", "Jobs that wait for a worker.", pool.waiting),
        ):
            yield GaugeMetricFamily(f"mesoonto_{name}", text, value=value)
        for name, text, value in (
            ("jobs_out_of_time", "Jobs ended at their deadline.", pool.counts.killed),
            ("jobs_cancelled", "Jobs ended because the client had gone.", pool.counts.cancelled),
            ("workers_crashed", "Workers that ended in the middle of a job.", pool.counts.crashed),
            ("jobs_refused", "Jobs refused because too many waited.", pool.counts.refused),
            ("workers_forked", "Workers started.", pool.counts.forks),
        ):
            yield CounterMetricFamily(f"mesoonto_{name}", text, value=value)


_ROUTES = ("/", "/update", "/store", "/validate", "/metrics", "/health/live", "/health/ready")


def _opened(name: str) -> IO[str] | None:
    if not name:
        return None
    return sys.stdout if name == "-" else open(name, "a", encoding="utf-8", buffering=1)
