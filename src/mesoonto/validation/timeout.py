"""Bounds the time of a validation: it runs in a process of its own, which can be killed in a query.

Neither pyoxigraph nor a regular expression of Python gives the reins back before it has ended.
"""

from __future__ import annotations

import mmap
import os
import signal
import threading
import time
from collections.abc import Callable

from mesoonto.errors import ShapeError

#: Bytes in which the working process notes what it evaluates.
_NOTE = 4096

#: Seconds between two looks at the working process.
_PAUSE = 0.01


class RunningShape:
    """What is being evaluated, in memory that both processes see."""

    def __init__(self) -> None:
        self._note = mmap.mmap(-1, _NOTE)
        self._lock = threading.Lock()
        self._current: list[str] = []

    def begin(self, name: str) -> None:
        """Note that the shape *name* is under way."""
        with self._lock:
            self._current.append(name)
            self._write()

    def end(self, name: str) -> None:
        """Note that one evaluation of the shape *name* has ended."""
        with self._lock:
            self._current.remove(name)
            self._write()

    def _write(self) -> None:
        text = ", ".join(dict.fromkeys(self._current)).encode()[: _NOTE - 1]
        self._note.seek(0)
        self._note.write(text.ljust(_NOTE, b"\0"))

    def read(self) -> str:
        """The shapes that are under way."""
        return self._note[:].rstrip(b"\0").decode(errors="ignore")


#: The watch of this process, where it is one that can be ended.
_watches: list[RunningShape] = []


def current() -> RunningShape | None:
    """The watch that is to be told what is under way; None where nobody bounds the time."""
    return _watches[-1] if _watches else None


def limited(seconds: float, work: Callable[[], None]) -> int:
    """Run *work*, which leaves by SystemExit or returns, in a child process; gives its exit code.

    Raises ShapeError that names the shapes under way when it takes longer than *seconds*, or is killed.
    """
    watch = RunningShape()
    deadline = time.monotonic() + seconds
    child = os.fork()
    if child == 0:
        _watches.append(watch)
        work()
        raise SystemExit(0)
    status = _waited(child, deadline)
    if status is None:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise ShapeError(f"not done within {seconds:g} seconds{_during(watch)}")
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        raise ShapeError(f"ended by signal {-code}{_during(watch)}")
    return code


def _waited(child: int, deadline: float) -> int | None:
    """The status with which *child* ended; None when it has not by the deadline."""
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        if time.monotonic() >= deadline:
            return None
        time.sleep(_PAUSE)


def _during(watch: RunningShape) -> str:
    names = watch.read()
    return f"; under way was the shape {names}" if names else "; the data were being read"
