"""What operators see: metrics for Prometheus, and an access log of one JSON object a line."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import time
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

from mesoonto.engines.health import EngineStatus
from mesoonto.processes import allocator
from mesoonto.processes.pool import Pool
from mesoonto.replicas.follow import FollowStatus, published_at
from mesoonto_server.settings import Settings
from mesoonto_server.shared_status import SharedStatus
from mesoonto_server.telemetry.counts import BUCKETS, ROUTES, SharedCounters


class Recorder:
    """Counts the requests of one process and writes their log."""

    def __init__(self, settings: Settings, counters: SharedCounters) -> None:
        self.counters = counters
        self._log = _opened(settings.log_file)
        self._with_clients = settings.log_clients
        self._numbers = itertools.count(1)
        self._prefix = os.urandom(4).hex()

    def request_id(self) -> bytes:
        """A name for one request, for its response and the log."""
        return f"{self._prefix}-{next(self._numbers):x}".encode()

    def note(
        self, *, request_id: bytes, method: str, path: str, query: bytes, status: int, size: int, rows: int,
        started: float, cached: bool,
        broken: bool, client: str
    ) -> None:  # fmt: skip
        """Record a request that was answered, or *broken* off; *started* is of `time.perf_counter`."""
        seconds = time.perf_counter() - started
        self.counters.note(_route(path), status, seconds, cached=cached)
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
            if broken:
                entry["broken"] = True
            if rows >= 0:
                entry["rows"] = rows
            if self._with_clients:
                entry["client"] = client
            self._log.write(json.dumps(entry) + "\n")


class Telemetry(Recorder):
    """What the serving process and its workers have recorded, for Prometheus."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(
        self, pool: Pool, settings: Settings, following: SharedStatus[FollowStatus] | None = None,
        engine: SharedStatus[EngineStatus] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(settings, SharedCounters())
        self._following = following
        self._engine = engine
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._pool = pool
        self._others: list[SharedCounters] = []

    def include(self, counters: SharedCounters) -> None:
        """Show what a worker counts, from now on."""
        self._others.append(counters)

    def keep(self, counters: SharedCounters) -> None:
        """Take over what a worker has counted, since it has ended."""
        self._others.remove(counters)
        self.counters.add(counters)

    def exposition(self) -> bytes:
        """The metrics in the text format of Prometheus."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing: metrics are described as they are collected."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The metrics, for the registry."""
        total = SharedCounters()
        for counters in (self.counters, *self._others):
            total.add(counters)
        requests = CounterMetricFamily("mesoonto_requests", "Requests answered.", labels=["route", "status"])
        for route, status, number in total.requests():
            requests.add_metric([route, str(status)], number)
        yield requests
        yield CounterMetricFamily("mesoonto_cache_hits", "Answers from the cache.", value=total.hits)
        below = [str(bound) for bound in BUCKETS] + ["+Inf"]
        buckets = list(zip(below, accumulate(total.times), strict=True))
        yield HistogramMetricFamily(
            "mesoonto_request_seconds", "Time to answer.", buckets=buckets, sum_value=total.seconds
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
        yield _info("dataset", "The version of the data that is served.", version=pool.version)
        used = allocator.current()
        yield _info("allocator", "How memory is taken.", allocator=used.name, version=used.version)
        if self._following is not None:
            yield from _following(self._following.read(), pool.version)
        if self._engine is not None:
            yield from _engine(self._engine.read())


def _following(status: FollowStatus, version: str) -> Iterator[Metric]:
    """What is told of a publication that is followed, and of the *version* of it that is served."""
    yield _info("follow", "What is followed, and how it goes.", source=status.source, state=status.state)
    now = time.time()
    for name, text, moment in (
        ("published", "Seconds since the version that is served was published.", published_at(version)),
        ("loaded", "Seconds since it was loaded here.", status.loaded),
        ("checked", "Seconds since the last look for another one.", status.checked),
    ):
        if moment:
            yield GaugeMetricFamily(f"mesoonto_follow_{name}_age_seconds", text, value=now - moment)
    text = "Looks that failed in a row; 0 when the last went well."
    yield GaugeMetricFamily("mesoonto_follow_failures", text, value=status.failures)
    if status.error:
        yield _info("follow_error", "Why the last look failed.", error=status.error)


def _engine(status: EngineStatus) -> Iterator[Metric]:
    """What is told of the engine that evaluates."""
    yield _info("engine", "The engine that evaluates, and what it notes of its data.",
                url=status.url, kind=status.kind, shipped=status.shipped, state=status.state)  # fmt: skip
    yield GaugeMetricFamily("mesoonto_engine_up", "Whether the engine answers.", value=status.up)
    now = time.time()
    for name, text, moment in (
        ("state", "Seconds since the engine came up, or went down.", status.since),
        ("checked", "Seconds since the last look at the engine.", status.checked),
    ):
        if moment:
            yield GaugeMetricFamily(f"mesoonto_engine_{name}_age_seconds", text, value=now - moment)
    text = "Looks at the engine and connections to it that failed in a row; 0 when the last went well."
    yield GaugeMetricFamily("mesoonto_engine_failures", text, value=status.failures)
    if status.error:
        yield _info("engine_error", "Why the last look or connection failed.", error=status.error)


def _info(name: str, text: str, **labels: str) -> GaugeMetricFamily:
    """A metric whose labels tell, and whose value is 1."""
    family = GaugeMetricFamily(f"mesoonto_{name}_info", text, labels=list(labels))
    family.add_metric(list(labels.values()), 1)
    return family


#: Addresses that have a route of their own; others that start the same are not told apart.
_ADDRESSES = ("/", "/update", "/store", "/validate", "/metrics", "/health", "/health/live", "/health/ready")

_ROUTE_OF = {path: ROUTES.index(path.split("/", 2)[1]) for path in _ADDRESSES}
_SPARQL, _OTHER = ROUTES.index("sparql"), ROUTES.index("other")


def _route(path: str) -> int:
    return _SPARQL if path.startswith("/sparql") else _ROUTE_OF.get(path, _OTHER)


def _opened(name: str) -> IO[str] | None:
    if not name:
        return None
    # A line is one write, so that those of several processes do not mix.
    if name == "-":
        return open(1, "w", encoding="utf-8", buffering=1, closefd=False)
    return open(name, "a", encoding="utf-8", buffering=1)
