"""Bounds the time of a validation: it runs in a process of its own, which ends in the middle of a query.

Neither pyoxigraph nor a regular expression of Python gives the reins back before it has ended. The process is
a new one and no fork: who asks may have threads, as pytest has.
"""

from __future__ import annotations

import gc
import mmap
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from mesoonto.errors import MesoontoError, OutOfTimeError, ShapeError
from mesoonto.files import temporary

_P = ParamSpec("_P")
_T = TypeVar("_T")

#: Bytes in which the working process notes what it evaluates.
_NOTE = 4096

#: Seconds that the longest time limit has: what the timer of a process can hold (a year).
LONGEST = 366 * 86_400

#: The files by which the two processes speak.
_ASKED, _DONE, _UNDER_WAY = "asked", "done", "under-way"


class RunningShape:
    """What is being evaluated, in a *file* that both processes see."""

    def __init__(self, file: Path) -> None:
        with file.open("r+b") as opened:
            self._note = mmap.mmap(opened.fileno(), _NOTE)
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


#: The watch of this process, where it is one that will be ended.
_watches: list[RunningShape] = []


def current() -> RunningShape | None:
    """The watch that is to be told what is under way; None where nobody bounds the time."""
    return _watches[-1] if _watches else None


def limited(seconds: float, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """What *work* returns, a function of a module, called in a process of its own.

    Arguments and result are such as can be pickled. Raises the MesoontoError that *work* raises,
    OutOfTimeError when it takes longer than *seconds* and ShapeError when it is killed; both name the shapes
    under way. Where *work* ends by a fault of its own, standard error has it, and RuntimeError is raised.
    """
    folder = Path(temporary.directory())
    try:
        with temporary.told():
            (folder / _ASKED).write_bytes(pickle.dumps((seconds, work, args, kwargs)))
            (folder / _UNDER_WAY).write_bytes(bytes(_NOTE))
        # -P: no module is taken from the directory that one happens to be in.
        code = subprocess.call([sys.executable, "-P", "-m", __name__, str(folder)])  # noqa: S603
        if code == 0:
            result, refusal = pickle.loads((folder / _DONE).read_bytes())  # noqa: S301  # of our own process
            if refusal is not None:
                raise refusal
            done: _T = result
            return done
        names = (folder / _UNDER_WAY).read_bytes().rstrip(b"\0").decode(errors="ignore")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    during = f"; under way was the shape {names}" if names else "; the data were being read"
    if code == -signal.SIGALRM:
        raise OutOfTimeError(f"not done within {seconds:g} seconds{during}")
    if code < 0:
        raise ShapeError(f"ended by signal {-code}{during}")
    raise RuntimeError(f"the process that validates ended with {code}{during}")


def _work(folder: Path) -> None:
    """Do what is asked in *folder*; the system ends this process when its time is over."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    seconds, work, args, kwargs = pickle.loads((folder / _ASKED).read_bytes())  # noqa: S301
    signal.setitimer(signal.ITIMER_REAL, min(seconds, LONGEST))
    _watches.append(RunningShape(folder / _UNDER_WAY))
    # Nearly all that is made lives until the end, and hardly any of it in circles.
    gc.set_threshold(100_000, 50, 100)
    outcome: tuple[object, MesoontoError | None]
    try:
        outcome = work(*args, **kwargs), None
    except MesoontoError as error:
        outcome = None, error
    (folder / _DONE).write_bytes(pickle.dumps(outcome))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # what was read need not be freed, which takes half a second for a million statements


if __name__ == "__main__":
    from mesoonto.validation import timeout

    timeout._work(Path(sys.argv[1]))  # the module that others import, and not this second one
