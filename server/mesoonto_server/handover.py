"""Sockets that one process hands to another (SCM_RIGHTS), so that each request has a way of its own."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mesoonto.errors import ServeError

#: One byte, which carries a file descriptor.
_HANDED = b"!"


@contextmanager
def handed_over(way: socket.socket, refusal: str) -> Iterator[socket.socket]:
    """One end of a pair of sockets whose other end goes *way*; a ServeError says *refusal* where nobody is
    there.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours:
        with theirs:
            try:
                socket.send_fds(way, [_HANDED], [theirs.fileno()])
            except OSError as error:
                raise ServeError(refusal) from error
        yield ours


def each_handed_over(way: socket.socket, work: Callable[[socket.socket], None]) -> list[threading.Thread]:
    """Do *work* in a thread with each socket that comes by *way*; the threads not done when it is closed."""
    threads: list[threading.Thread] = []
    while True:
        data, descriptors, _, _ = socket.recv_fds(way, 1, 1)
        if not data:
            return [thread for thread in threads if thread.is_alive()]
        threads = [thread for thread in threads if thread.is_alive()]
        for descriptor in descriptors:
            sock = socket.socket(fileno=descriptor)
            threads.append(threading.Thread(target=_with, args=(work, sock), daemon=True))
            threads[-1].start()


def _with(work: Callable[[socket.socket], None], sock: socket.socket) -> None:
    # A worker that was ended reads no more.
    with sock, contextlib.suppress(ConnectionError):
        work(sock)
