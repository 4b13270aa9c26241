"""Who runs the steps of a validation in parts: this process, or the workers of a Dask cluster."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from mesoonto.errors import ClusterError, MesoontoError
from mesoonto.validation.cluster.local import SETTINGS, local_cluster

if TYPE_CHECKING:
    from distributed import Client, Future

#: Told how many of the steps that are known are done, and how many these are.
Advance = Callable[[int, int], None]

#: Seconds to wait for the scheduler, for its first worker, and for workers after the last has gone.
_CONNECT, _WORKERS = 15, 30

#: Seconds for which the connection to the scheduler may be lost, and those it has for an answer.
_GONE, _ANSWER = 5, 60

#: Seconds between two looks at whether there are workers.
_OFTEN = 5

_LOCAL = re.compile(r"local(?::([0-9]{1,3}))?")


class Runner(Protocol):
    """Runs functions of modules on arguments that can be pickled."""

    @property
    def workers(self) -> int:
        """How many functions run at once."""

    def start(
        self,
        function: Callable[..., Any],
        arguments: Sequence[tuple[Any, ...]],
        near: Sequence[Any] = (),
    ) -> list[Any]:
        """Begin a call of *function* for each of *arguments*; what was begun stands there for its result.

        A call runs where that of *near* in its place has run, if it can.
        """

    def results(self, started: Sequence[Any]) -> list[Any]:
        """What the calls *started* came to; raises the MesoontoError of the first that did not."""

    def everywhere(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call *function* once in each process, if it can be had."""


@dataclass(slots=True)
class Here:
    """Runs all in this process, one after another."""

    workers: int = 1

    def start(
        self,
        function: Callable[..., Any],
        arguments: Sequence[tuple[Any, ...]],
        near: Sequence[Any] = (),  # noqa: ARG002
    ) -> list[Any]:
        """Call *function* for each of *arguments*."""
        return [function(*each) for each in arguments]

    def results(self, started: Sequence[Any]) -> list[Any]:
        """What `start` gave."""
        return list(started)

    def everywhere(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call *function*."""
        function(*arguments)


@dataclass(slots=True)
class OnDask:
    """Runs calls on the workers of a Dask cluster."""

    client: Client
    advance: Advance | None = None
    _known: int = 0
    _done: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def workers(self) -> int:
        """The threads of all workers."""
        workers = self.client.scheduler_info(n_workers=-1)["workers"].values()
        return max(1, sum(int(worker["nthreads"]) for worker in workers))

    def start(
        self,
        function: Callable[..., Any],
        arguments: Sequence[tuple[Any, ...]],
        near: Sequence[Any] = (),
    ) -> list[Any]:
        """Hand the calls to the scheduler."""
        self._known += len(arguments)
        # A step is tried again where its worker has died, and not where it has failed.
        homes = self.client.who_has(list(near)) if near else {}  # type: ignore[no-untyped-call]
        places = [list(homes.get(future.key, ())) or None for future in near] or self._in_turn(len(arguments))
        begun = [
            self.client.submit(
                function, *each, pure=False, retries=0, workers=at, allow_other_workers=at is not None
            )
            for each, at in zip(arguments, places, strict=True)
        ]
        for future in begun:
            future.add_done_callback(self._count)  # type: ignore[no-untyped-call]
        return begun

    def results(self, started: Sequence[Any]) -> list[Any]:
        """Wait for the calls; raises ClusterError when the scheduler or all workers have gone."""
        with _told():
            self._wait(started)
            found: list[Any] = self.client.gather(list(started), errors="raise")  # type: ignore[no-untyped-call]
        self._tell()
        return found

    def _in_turn(self, number: int) -> list[list[str] | None]:
        """A worker for each of *number* calls, each worker in its turn, one for each of its threads."""
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        turns = [address for address, told in workers.items() for _ in range(told["nthreads"])]
        return [[turns[n % len(turns)]] if turns else None for n in range(number)]

    def _count(self, _: Future[Any]) -> None:
        with self._lock:
            self._done += 1

    def everywhere(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call *function* once in each worker that answers soon."""
        with contextlib.suppress(Exception):
            self.client.run(function, *arguments, wait=False)

    def _wait(self, started: Sequence[Future[Any]]) -> None:
        """Wait until *started* are done, or one of them cannot be done."""
        lonely = gone = None
        asked = time.monotonic()
        while any(future.status == "pending" for future in started):
            self._tell()
            if any(future.status in ("error", "lost", "cancelled") for future in started):
                return
            time.sleep(0.1)
            now = time.monotonic()
            gone = None if self.client.status == "running" else gone or now
            if gone is not None and now - gone > _GONE:
                raise ClusterError("the scheduler has gone; start it, and run this again")
            if gone is None and now - asked > _OFTEN:
                lonely = None if self._has_workers() else lonely or now
                asked = time.monotonic()
            if lonely is not None and now - lonely > _WORKERS:
                raise ClusterError(f"the scheduler has had no worker for {_WORKERS} seconds")

    def _has_workers(self) -> bool:
        """Whether the scheduler has workers; a TimeoutError when it does not say."""
        scheduler = self.client.scheduler
        told = scheduler and self.client.sync(  # type: ignore[no-untyped-call]
            scheduler.identity, n_workers=1, callback_timeout=_ANSWER
        )
        return bool(told and told["workers"])

    def _tell(self) -> None:
        if self.advance is not None:
            self.advance(self._done, self._known)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Tell in one line what Dask raises."""
    from concurrent.futures import CancelledError

    from distributed import KilledWorker
    from distributed.comm.core import CommClosedError

    try:
        yield
    except MesoontoError:
        raise
    except KilledWorker as error:
        raise ClusterError(
            "a part of the data ended every worker that took it; give workers more memory, "
            "or the data in more files"
        ) from error
    except ModuleNotFoundError as error:
        raise ClusterError(
            f"a worker has no {error.name}; install mesoonto[cluster] on all workers"
        ) from error
    except (CancelledError, CommClosedError, TimeoutError, OSError) as error:
        raise ClusterError(
            f"the cluster has lost what it was doing ({type(error).__name__}); run this again"
        ) from error


@contextlib.contextmanager
def on_dask(address: str, advance: Advance | None = None) -> Iterator[OnDask]:
    """The cluster at *address*, or one of processes of this machine for ``local`` and ``local:N``.

    Raises ClusterError when there is none, or it has no workers.
    """
    import dask
    import distributed

    local = _LOCAL.fullmatch(address)
    if local is None and "://" not in address and not re.fullmatch(r"[^:/\s]+:[0-9]{1,5}", address):
        raise ClusterError(
            f"{address!r} is no scheduler; write local, local:N, or an address such as tcp://host:8786"
        )
    wanted = {**SETTINGS, "distributed.comm.timeouts.connect": _CONNECT}
    with dask.config.set(wanted), _silent(), contextlib.ExitStack() as opened:
        try:
            at = address
            if local is not None:
                at = opened.enter_context(local_cluster(max(1, int(local[1] or _cores()))))
            client: Client = opened.enter_context(
                distributed.Client(at, timeout=_CONNECT, set_as_default=False)  # type: ignore[no-untyped-call]
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise ClusterError(
                f"no scheduler answers at {address}: start one with: dask scheduler"
            ) from error
        try:
            client.wait_for_workers(1, timeout=_WORKERS)
        except TimeoutError as error:
            raise ClusterError(
                f"the scheduler {address} has no worker; start one with: dask worker {address}"
            ) from error
        yield OnDask(client, advance)


def _cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep Dask and its event loop from writing to the terminal what is told in one line here."""
    loggers = [logging.getLogger(name) for name in ("distributed", "tornado", "asyncio")]
    before = [(logger, logger.level) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in before:
            logger.setLevel(level)
