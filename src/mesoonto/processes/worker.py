"""A process that evaluates for one client after the other, within a memory limit, until it is ended.

It is forked by the fork server, so it starts within milliseconds and shares the data's memory. Whatever a
query of a stranger does to it, an endless evaluation, an exhausted memory or an overflown stack, ends this
process only.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import signal
import socket
from collections.abc import Callable

from mesoonto.dataset.store import Engine
from mesoonto.processes import framing


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


#: What a worker does with its data until its socket closes.
Work = Callable[[Engine, socket.socket], None]


def jobs(handler: Handler) -> Work:
    """The work of answering the jobs that come on the socket with *handler*."""

    def work(engine: Engine, sock: socket.socket) -> None:
        reply = Reply(sock)
        while (job := framing.receive(sock)) is not None:
            handler(engine, job, reply)

    return work


def run(sock: socket.socket, opened: Callable[[], Engine], work: Work, memory: int) -> None:
    """Do *work*, allocating at most *memory* bytes beyond the data.

    The first frame sent is the version of the data, once they are open.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    engine = opened()
    gc.freeze()  # what is inherited is never freed: no copying of pages for the collector's marks
    limit_memory(memory)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        framing.send(sock, engine.version.encode())
        work(engine, sock)


def limit_memory(extra: int) -> None:
    """Let this process map at most *extra* bytes more than it does now; an excess aborts the process."""
    with contextlib.suppress(OSError, ValueError):  # macOS has neither /proc nor a working RLIMIT_AS
        with open("/proc/self/statm", "rb") as statm:
            mapped = int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (mapped + extra, mapped + extra))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
