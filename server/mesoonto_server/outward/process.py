"""Starts the outward process, and again when it dies. It holds no data and no connection of a client."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import socket
import threading
import time
import traceback

from mesoonto.federation.config import Endpoints
from mesoonto.processes.process_name import set_process_name
from mesoonto.processes.worker import limit_memory
from mesoonto_server.outward.requests import Requests

_log = logging.getLogger(__name__)

#: Seconds before one that died is replaced: doubled from the first to the last while it keeps dying soon.
_FIRST_DELAY = 0.1
_LAST_DELAY = 5.0
_SOON = 10.0

#: Bytes of the stack of a thread, of which there are several for each query.
_STACK = 1 << 20

_PR_SET_PDEATHSIG = 1


def start(endpoints: Endpoints, memory: int, unneeded: socket.socket | None) -> socket.socket:
    """Start the process that asks *endpoints*, and no others, for whoever has the socket that is returned.

    It may map *memory* bytes more than now, closes *unneeded*, and ends when nobody has that socket any more.
    To be called before the process starts threads.
    """
    door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    if os.fork() == 0:
        try:
            door.close()
            if unneeded is not None:
                unneeded.close()
            _keep_running(endpoints, memory, theirs)
        except BaseException:  # noqa: BLE001  # the boundary of a process: it goes to standard error
            traceback.print_exc()
        finally:
            os._exit(1)
    theirs.close()
    return door


def _keep_running(endpoints: Endpoints, memory: int, door: socket.socket) -> None:
    """Does not return. Nothing in this process reads anything, so that nothing can make it fail."""
    set_process_name("supervisor")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends with the last process that it serves
    parent = os.getpid()
    delay = _FIRST_DELAY
    while True:
        started = time.monotonic()
        pid = os.fork()
        if pid == 0:
            _become_outward(endpoints, memory, door, parent)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status == 0:
            os._exit(0)
        delay = min(2 * delay, _LAST_DELAY) if time.monotonic() - started < _SOON else _FIRST_DELAY
        _log.error("the process that asks other endpoints ended with status %d; another follows", status)
        time.sleep(delay)


def _become_outward(endpoints: Endpoints, memory: int, door: socket.socket, parent: int) -> None:
    """In the new process; does not return."""
    status = 1
    try:
        set_process_name("outward")
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == parent:
            threading.stack_size(_STACK)
            limit_memory(memory)
            Requests(endpoints).serve(door)
        status = 0
    except BaseException:  # noqa: BLE001  # as above
        traceback.print_exc()
    finally:
        os._exit(status)
