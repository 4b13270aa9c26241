"""A process that does one thing beside the server, started again when it dies."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterable
from typing import NoReturn

from mesoonto.processes.process_name import set_process_name

_log = logging.getLogger(__name__)

#: Seconds before one that died is replaced: doubled from the first to the last while it keeps dying soon.
_FIRST_DELAY = 0.1
_LAST_DELAY = 5.0
_SOON = 10.0

_PR_SET_PDEATHSIG = 1


def start(role: str, work: Callable[[], None], first: Iterable[Callable[[], None]] = ()) -> None:
    """Start a process that keeps *work* running as *role*, once it has done what it does *first*.

    To be called before the process starts threads.
    """
    if os.fork() != 0:
        return
    try:
        for each in first:
            each()
        _keep_running(role, work)
    except BaseException:  # noqa: BLE001  # the boundary of a process: it goes to standard error
        traceback.print_exc()
    finally:
        os._exit(1)


def _keep_running(role: str, work: Callable[[], None]) -> NoReturn:
    """Do *work* in a process called *role*, again and again until it returns; then end this process.

    Nothing in this process reads anything, so that nothing can make it fail.
    """
    set_process_name("supervisor")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends with the last process that it serves
    parent = os.getpid()
    delay = _FIRST_DELAY
    while True:
        started = time.monotonic()
        pid = os.fork()
        if pid == 0:
            _become(role, work, parent)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status == 0:
            os._exit(0)
        delay = min(2 * delay, _LAST_DELAY) if time.monotonic() - started < _SOON else _FIRST_DELAY
        _log.error("the process meso-%s ended with status %d; another follows", role, status)
        time.sleep(delay)


def end_with_parent() -> None:
    """Let this process be killed when its parent ends, however that does. Linux only."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _become(role: str, work: Callable[[], None], parent: int) -> NoReturn:
    """In the new process."""
    status = 1
    try:
        set_process_name(role)
        end_with_parent()
        if os.getppid() == parent:
            work()
        status = 0
    except BaseException:  # noqa: BLE001  # the boundary of a process: it goes to standard error
        traceback.print_exc()
    finally:
        os._exit(status)
