"""Which job may start: a short lane for as many as there are cores, a long one for those that go on.

A job that still runs after `SHORT` seconds moves to the long lane, where it no longer keeps others from
starting. So a few endless queries delay nobody by more than that time, and many short ones do not crowd each
other on the cores.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from mesoonto.errors import MesoontoError, OverloadedError
from mesoonto.processes.limits import ProcessLimits
from mesoonto.processes.worker_client import WorkerClient

#: Seconds after which a job counts as long.
SHORT = 0.05


@dataclass(slots=True)
class PoolCounts:
    """What the pool has seen, for metrics."""

    killed: int = 0  #: workers ended at a deadline
    cancelled: int = 0  #: workers ended because the client had gone
    crashed: int = 0  #: workers that ended by themselves in the middle of a job
    refused: int = 0  #: jobs refused because too many ran or waited, or no worker became free in time
    forks: int = 0


class Lanes:
    """Workers at work, workers that stand ready, and jobs that wait for one."""

    def __init__(self, limits: ProcessLimits, counts: PoolCounts) -> None:
        self.busy: set[WorkerClient] = set()
        self.idle: list[WorkerClient] = []
        self._limits = limits
        self._counts = counts
        self._waiting: deque[tuple[asyncio.Future[WorkerClient], float]] = deque()  #: with deadlines
        self.long = 0  #: jobs in the long lane

    @property
    def waiting(self) -> int:
        """Jobs that wait for a worker."""
        return len(self._waiting)

    @property
    def wanted(self) -> int:
        """Idle workers that should stand ready for what may start next."""
        short = len(self.busy) - self.long
        return min(self._limits.workers - short, self._limits.max_workers - len(self.busy))

    def take(self) -> WorkerClient | None:
        """An idle worker, where a job may start at once."""
        if self._waiting or not self._has_room():
            return None
        while self.idle:
            worker = self.idle.pop()
            if not worker.closed:  # it may have ended since the last look
                return worker
        return None

    async def wait(self, deadline: float, release: Callable[[WorkerClient], None]) -> WorkerClient:
        """A worker as soon as one is free; an OverloadedError when none is in time, or too many wait.

        *release* takes back a worker that came too late for whoever waited.
        """
        if self.waiting >= self._limits.queue:
            self._counts.refused += 1
            raise OverloadedError("too many queries are waiting; ask again in a moment")
        turn: asyncio.Future[WorkerClient] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, deadline))
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                release(turn.result())
            raise

    def hand_over(self) -> None:
        """Give idle workers to those who wait."""
        while self._waiting and self.idle and self._has_room():
            worker = self.idle.pop()
            if worker.closed:
                continue
            turn, _ = self._waiting.popleft()
            if turn.done():
                self.idle.append(worker)
                continue
            self.busy.add(worker)  # so that its place is taken until the waiter runs
            turn.set_result(worker)

    def begin(self, worker: WorkerClient, deadline: float, seconds: float) -> None:
        """A job has started in *worker*, in the short lane; it has *seconds*, until *deadline*."""
        worker.started = time.monotonic()
        worker.deadline = deadline
        worker.timeout = seconds
        self.busy.add(worker)

    def lengthen(self, worker: WorkerClient) -> None:
        """Move the job of *worker* to the long lane."""
        worker.long = True
        self.long += 1

    def finish(self, worker: WorkerClient) -> None:
        """The job of *worker* has ended."""
        self.busy.discard(worker)
        worker.started = worker.deadline = 0.0
        if worker.long:
            worker.long = False
            self.long -= 1

    def refuse_late(self, now: float) -> None:
        """Refuse the jobs for which no worker became free in time."""
        for turn, deadline in self._waiting:
            if now >= deadline and not turn.done():
                self._counts.refused += 1
                turn.set_exception(OverloadedError("no worker became free in time; ask again in a moment"))
        if any(turn.done() for turn, _ in self._waiting):
            self._waiting = deque(pair for pair in self._waiting if not pair[0].done())

    def refuse_all(self, error: MesoontoError) -> None:
        """Refuse all jobs that wait, with *error*."""
        for turn, _ in self._waiting:
            if not turn.done():
                turn.set_exception(error)
        self._waiting.clear()

    def _has_room(self) -> bool:
        busy = len(self.busy)
        return busy - self.long < self._limits.workers and busy < self._limits.max_workers
