"""A process that evaluates for one client after the other, within a memory limit, until it is ended.

It is forked by the fork server, so it starts within milliseconds and shares the data's memory. Whatever a
query of a stranger does to it, an endless evaluation, an exhausted memory or an overflown stack, ends this
process only.

It evaluates in a thread beside the first one. A thread whose priority was lowered for a long job cannot take
that back, and the first one starts another in its place: so the process stays, with the pages of the data
that it has copied by reading them.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator

from mesoonto.dataset.store import Engine
from mesoonto.processes import framing

#: Bytes of the stack of the thread that evaluates: what the first thread of a process has on most systems.
_STACK = 8 << 20


class Reply:
    """Where a handler puts the answer to a job: parts, the last of them marked as such."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def part(self, payload: bytes) -> None:
        """Send a part that others follow; blocks while the reader is slow."""
        framing.send(self._sock, payload, framing.Mark.MORE)

    def last(self, payload: bytes) -> None:
        """Send the last part."""
        framing.send(self._sock, payload, framing.Mark.LAST)

    def fail(self, reason: str) -> None:
        """Say that the answer breaks off here."""
        framing.send(self._sock, reason.encode(), framing.Mark.FAILED)


#: Answers one job; what it raises ends the process.
Handler = Callable[[Engine, bytes, Reply], None]


#: What a worker does with its data until its socket closes. It yields between jobs, where it may go on in
#: another thread: it holds no result then, which pyoxigraph binds to a thread.
Work = Callable[[Engine, socket.socket], Iterator[None]]


def jobs(handler: Handler) -> Work:
    """The work of answering the jobs that come on the socket with *handler*."""

    def work(engine: Engine, sock: socket.socket) -> Iterator[None]:
        reply = Reply(sock)
        while (job := framing.receive(sock)) is not None:
            handler(engine, job, reply)
            yield

    return work


def run(sock: socket.socket, opened: Callable[[], Engine], work: Work, memory: int) -> None:
    """Do *work*, allocating at most *memory* bytes beyond the data.

    The first frame sent is the version of the data, once they are open.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    engine = opened()
    gc.freeze()  # what is inherited is never freed: no copying of pages for the collector's marks
    threading.stack_size(_STACK)
    steps = _steps(sock, engine, work, memory)
    usual = _priority()
    while not _EvaluatingThread(steps, usual).has_ended():
        pass


def _steps(sock: socket.socket, engine: Engine, work: Work, memory: int) -> Iterator[None]:
    limit_memory(memory)  # in the first thread that evaluates, beyond its stack and what its heap starts with
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        framing.send(sock, engine.version.encode())
        yield from work(engine, sock)


class _EvaluatingThread(threading.Thread):
    """Takes *steps* until they end, or until its priority is lower than *usual*."""

    def __init__(self, steps: Iterator[None], usual: int) -> None:
        super().__init__(name="evaluation")
        self._steps = steps
        self._usual = usual
        self._ended = False

    def has_ended(self) -> bool:
        """Take the steps; whether they have ended."""
        self.start()
        self.join()
        return self._ended

    def run(self) -> None:
        try:
            for _ in self._steps:
                if _priority() > self._usual:
                    gc.collect()  # should a result still be part of a cycle: it must go in this thread
                    return
            self._ended = True
        except BaseException:  # noqa: BLE001  # the boundary of the process, which ends by it
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)


def _priority() -> int:
    """The nice value of this thread, on Linux; elsewhere that of the process."""
    return os.getpriority(os.PRIO_PROCESS, 0)


def limit_memory(extra: int) -> None:
    """Let this process map at most *extra* bytes more than it does now; an excess aborts the process."""
    with contextlib.suppress(OSError, ValueError):  # macOS has neither /proc nor a working RLIMIT_AS
        with open("/proc/self/statm", "rb") as statm:
            mapped = int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (mapped + extra, mapped + extra))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
