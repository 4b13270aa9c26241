"""The serving process's end of one worker process: frames go to it, and frames come back."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Awaitable, Callable

from mesoonto.errors import MesoontoError
from mesoonto.processes import framing

#: Bytes of frames that are taken in ahead of the reader of an answer.
_AHEAD = 1 << 18

#: Bytes to read at one time.
_READ = 1 << 18

#: Returns when whoever asked has gone.
Gone = Callable[[], Awaitable[None]]


class WorkerClient:
    """A worker as the serving process knows it. All methods belong to its event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket, pid: int) -> None:
        self.loop = loop
        self.sock = sock
        self.pid = pid
        self.version = ""  #: the state of the data that it answers from
        self.stale = False  #: to be ended after its job: the data have a newer state, or it has grown
        self.memory = 0  #: bytes that it had of its own when it was forked
        self.lowered = False  #: its job runs at low priority
        self.settled = False  #: it had a long job, and has copied the pages of the data that this read
        self.started = 0.0
        self.deadline = 0.0
        self.timeout = 0.0
        self.long = False
        self.alone = False  #: forked for one job only
        self.verdict: MesoontoError | None = None  #: why we ended it
        self.gone: Gone | None = None
        self.watching: asyncio.Task[None] | None = None  #: waits for `gone`
        self.closed = False
        self.exited: asyncio.Future[tuple[int, str]] = loop.create_future()  #: status, standard error
        self._frames: deque[tuple[framing.Mark, bytes]] = deque()
        self._held = 0
        self._waiter: asyncio.Future[None] | None = None
        self._reader = framing.FrameReader()
        self._reading = False
        sock.setblocking(False)
        self._resume()

    async def send(self, payload: bytes) -> None:
        """Send one frame."""
        data = framing.frame(payload)
        try:
            sent = self.sock.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            await self.loop.sock_sendall(self.sock, data[sent:])

    async def frame(self) -> tuple[framing.Mark, bytes]:
        """The next frame; EOFError when the worker has ended without one."""
        while not self._frames:
            if self.closed:
                raise EOFError
            if not self._reading:
                self._resume()
            self._waiter = self.loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        mark, payload = self._frames.popleft()
        self._held -= len(payload)
        return mark, payload

    def close(self) -> None:
        """Want nothing more of it; it ends when it has finished its job."""
        if not self.closed:
            self.closed = True
            self._pause()
            self.sock.close()
            self._wake()

    def _resume(self) -> None:
        self._reading = True
        self.loop.add_reader(self.sock.fileno(), self._readable)

    def _pause(self) -> None:
        if self._reading:
            self._reading = False
            self.loop.remove_reader(self.sock.fileno())

    def _readable(self) -> None:
        try:
            data = self.sock.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        frames = self._reader.feed(data)
        for _, payload in frames:
            self._held += len(payload)
        self._frames.extend(frames)
        if self._held > _AHEAD:
            self._pause()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
