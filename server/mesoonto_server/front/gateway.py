"""The serving process's way to the workers, for views in threads and for the event loop alike."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

from mesoonto.engines.health import EngineStatus
from mesoonto.errors import OverloadedError
from mesoonto.processes.fork_server import Link
from mesoonto.processes.pool import JobAnswer, Pool
from mesoonto.processes.worker_client import Gone
from mesoonto.replicas.follow import FollowStatus
from mesoonto_server.http.messages import Head, WorkerRequest, decode_head, decode_tail, encode
from mesoonto_server.settings import Settings
from mesoonto_server.shared_status import SharedStatus

_T = TypeVar("_T")


class Exchange:
    """A response on its way: its head is there, the rest of the body comes part by part."""

    def __init__(self, head: Head, answer: JobAnswer) -> None:
        self.head = head
        self.rows = head.rows
        self.version = answer.version
        self._answer = answer

    @property
    def more(self) -> bool:
        """Whether another part follows."""
        return self._answer.more

    async def part(self) -> bytes:
        """The next part of the body."""
        payload = await self._answer.part()
        if self._answer.more:
            return payload
        tail = decode_tail(payload)
        self.rows = tail.rows
        return tail.body

    def close(self) -> None:
        """Want no more of it."""
        self._answer.close()


class Gateway:
    """Sends requests to workers."""

    def __init__(
        self,
        link: Link,
        settings: Settings,
        published: Callable[[], str] | None = None,
        following: SharedStatus[FollowStatus] | None = None,
        engine: SharedStatus[EngineStatus] | None = None,
    ) -> None:
        self.settings = settings
        self.wall = link.wall  #: what keeps the workers from the network
        self.published = published  #: tells the newest version on disk, where the data are there
        self.following = following  #: what the follower tells, where there is one
        self.engine = engine  #: what the dialer tells of the engine, where there is one
        self.pool = Pool(link, settings.limits)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opening = threading.Lock()

    @property
    def holds_shipped(self) -> bool | None:
        """Whether the engine notes the shipped graphs as they are here; None where it notes nothing."""
        status = self.engine.read() if self.engine is not None else None
        if status is None or not status.state:
            return None
        return bool(status.shipped) and self.pool.version == f"{status.shipped}.{status.state}"

    def require_data(self) -> None:
        """Raise an OverloadedError where the first version is still to come."""
        if self.following is not None and not self.pool.version:
            status = self.following.read()
            raise OverloadedError(
                f"no version of {status.source} is there yet ({status.error or status.state}); "
                "ask again in a moment"
            )

    # For the event loop.

    async def open(self) -> None:
        """Start the workers; the running loop is theirs from now on."""
        self._loop = asyncio.get_running_loop()
        await self.pool.open()

    async def read(
        self, request: WorkerRequest, timeout: float | None = None, gone: Gone | None = None
    ) -> Exchange:
        """Let a worker answer a request that changes nothing; it is ended when *gone* returns."""
        answer = await self.pool.run(encode(request), timeout, gone)
        return Exchange(decode_head(await answer.part()), answer)

    async def write(self, request: WorkerRequest) -> Exchange:
        """Let a writer answer a request that changes the data; what is read after it sees the change."""
        answer = await self.pool.run_alone("writer", encode(request), self.settings.write_timeout)
        head = decode_head(await answer.part())
        if head.status < 300:
            await self.pool.renew()
        return Exchange(head, answer)

    async def validate(self, request: WorkerRequest) -> Exchange:
        """Let a worker of its own judge what was sent."""
        answer = await self.pool.run_alone("validator", encode(request), self.settings.timeout)
        return Exchange(decode_head(await answer.part()), answer)

    # For threads.

    def read_blocking(self, request: WorkerRequest, timeout: float | None = None) -> Exchange:
        """As `read`."""
        return self.wait(self.read(request, timeout))

    def write_blocking(self, request: WorkerRequest) -> Exchange:
        """As `write`."""
        return self.wait(self.write(request))

    def validate_blocking(self, request: WorkerRequest) -> Exchange:
        """As `validate`."""
        return self.wait(self.validate(request))

    def parts(self, exchange: Exchange) -> Iterator[bytes]:
        """The whole body of *exchange*."""
        yield exchange.head.body
        try:
            while exchange.more:
                yield self.wait(exchange.part())
        finally:
            if exchange.more:
                self._running().call_soon_threadsafe(exchange.close)

    def wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Run *coroutine* in the workers' event loop, and wait for it here."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._running()).result()

    def _running(self) -> asyncio.AbstractEventLoop:
        """The workers' event loop; started in a thread of its own where no server brought one."""
        with self._opening:
            if self._loop is None:
                loop = asyncio.new_event_loop()
                threading.Thread(target=loop.run_forever, name="workers", daemon=True).start()
                asyncio.run_coroutine_threadsafe(self.open(), loop).result()
            assert self._loop is not None  # noqa: S101  # set by open
            return self._loop
