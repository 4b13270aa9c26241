"""Keeps the front running: starts it, starts it again when it dies, and lets another take over on SIGHUP.

The first process of the server does this and nothing else, so it has nothing that could make it fail.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from mesoonto.errors import MesoontoError, ServeError
from mesoonto.processes.process_name import set_process_name

_log = logging.getLogger(__name__)

#: Seconds before a front that died is replaced: doubled from the first to the last while it keeps dying soon.
_FIRST_DELAY = 0.1
_LAST_DELAY = 5.0
_SOON = 10.0

#: Seconds for a front to end when its data are gone, and what it has beyond the time of the longest query.
_MOMENT = 2.0
_GRACE = 5.0

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)

_PR_SET_PDEATHSIG = 1

#: Serves in the process that calls it, until SIGTERM; calls what it is given once it accepts connections.
Serve = Callable[[Callable[[], None]], None]


@dataclass(eq=False, slots=True)
class _FrontProcess:
    pid: int
    started: float
    ready: int  #: file descriptor; readable when it accepts connections or has ended
    is_ready: bool = False


class Supervisor:
    """Runs *serve* in a process of its own for as long as the process *data* lives.

    A front that is to end has *patience* seconds for what it is at.
    """

    def __init__(self, serve: Serve, data: int, patience: float) -> None:
        self._serve = serve
        self._data = data
        self._patience = patience + _GRACE
        self._fronts: list[_FrontProcess] = []  #: the newest last
        self._delay = _FIRST_DELAY
        self._start_at = 0.0  #: when the next one is to be started, if it is not 0
        self._kill_at: dict[int, float] = {}
        self._stopping = False
        self._reload = False
        self._lost = False  #: the data are gone
        self._proven = False  #: a front has accepted connections

    def run(self, on_ready: Callable[[], None]) -> None:
        """Return when SIGTERM or SIGINT was obeyed; *on_ready* is called once connections are accepted.

        Raises ServeError when the first front cannot start, and when the data are gone.
        """
        woken, wake = socket.socketpair()
        woken.setblocking(False)
        wake.setblocking(False)
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        old = signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        try:
            for number in _SIGNALS:
                signal.signal(number, lambda *_: None)  # the number comes through the descriptor
            self._start()
            while self._fronts or self._start_at:
                self._wait(woken, on_ready)
        finally:
            signal.set_wakeup_fd(old)
            for number, handler in before.items():
                signal.signal(number, handler)
            woken.close()
            wake.close()
        if self._lost:
            raise ServeError("the process that holds the data has ended, and the server with it")
        if not self._proven and not self._stopping:
            raise ServeError("the server could not start; what its process said stands above")

    def _wait(self, woken: socket.socket, on_ready: Callable[[], None]) -> None:
        """Wait for the next thing to do, and do it."""
        starting = {front.ready: front for front in self._fronts if not front.is_ready}
        moments = [*self._kill_at.values(), *([self._start_at] if self._start_at else [])]
        timeout = max(0.0, min(moments) - time.monotonic()) if moments else None
        readable, _, _ = select.select([woken.fileno(), *starting], [], [], timeout)
        if woken.fileno() in readable:
            self._obey(woken.recv(4096))
        for descriptor, front in starting.items():
            if descriptor in readable and front in self._fronts and os.read(descriptor, 1):
                self._take_over(front, on_ready)
        now = time.monotonic()
        for pid, moment in list(self._kill_at.items()):
            if now >= moment:
                del self._kill_at[pid]
                self._signal(pid, signal.SIGKILL)
        if self._start_at and now >= self._start_at:
            self._start()

    def _obey(self, numbers: bytes) -> None:
        for number in numbers:
            if number == signal.SIGCHLD:
                self._reap()
            elif number == signal.SIGHUP:
                if not self._stopping and all(front.is_ready for front in self._fronts):
                    self._start()
            elif self._stopping:  # asked for a second time: at once
                for front in self._fronts:
                    self._signal(front.pid, signal.SIGKILL)
            else:
                self._stop(self._patience)

    def _stop(self, seconds: float) -> None:
        self._stopping = True
        self._start_at = 0.0
        for front in self._fronts:
            self._end(front, seconds)

    def _end(self, front: _FrontProcess, seconds: float) -> None:
        """Ask *front* to end, and make it after *seconds*."""
        self._signal(front.pid, signal.SIGTERM)
        moment = time.monotonic() + seconds
        self._kill_at[front.pid] = min(moment, self._kill_at.get(front.pid, moment))

    def _start(self) -> None:
        self._start_at = 0.0
        said, say = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            os.close(said)
            self._become_front(say)
        os.close(say)
        self._fronts.append(_FrontProcess(pid, time.monotonic(), said))

    def _become_front(self, say: int) -> None:
        """In the new process; does not return."""
        status = 1
        parent = os.getppid()
        try:
            set_process_name("front")
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(
                signal.SIGTERM, lambda *_: os._exit(0)
            )  # until it serves, there is nothing to finish
            signal.signal(
                signal.SIGINT, signal.SIG_IGN
            )  # Ctrl-C reaches all, and the first process tells what to do
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            _end_with(parent)
            self._serve(lambda: _say(say))
            status = 0
        except MesoontoError as error:
            print(f"mesoonto: {error}", file=sys.stderr)
        except BaseException:  # noqa: BLE001  # the boundary of a process: told on its standard error
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _take_over(self, front: _FrontProcess, on_ready: Callable[[], None]) -> None:
        """*front* accepts connections: those before it may end."""
        front.is_ready = True
        if not self._proven:
            self._proven = True
            on_ready()
        for other in self._fronts:
            if other is not front:
                self._end(other, self._patience)

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                if pid == self._data:
                    self._lost = not self._stopping
                    if self._lost:
                        _log.critical("the process that holds the data has ended")
                    self._stop(_MOMENT)
                self._ended(pid, os.waitstatus_to_exitcode(status))

    def _ended(self, pid: int, status: int) -> None:
        front = next((front for front in self._fronts if front.pid == pid), None)
        if front is None:
            return
        was_newest = front is self._fronts[-1]
        self._fronts.remove(front)
        os.close(front.ready)
        asked = self._kill_at.pop(pid, None) is not None
        if self._stopping or asked:
            return
        if was_newest and self._fronts and not front.is_ready:
            _log.error("the new front ended with status %d before it served; the old one goes on", status)
            return
        if not self._proven:
            return  # told by `run`
        if any(other.pid not in self._kill_at for other in self._fronts):
            return  # another one serves
        lived = time.monotonic() - front.started
        self._delay = min(2 * self._delay, _LAST_DELAY) if lived < _SOON else _FIRST_DELAY
        _log.error("the front ended with status %d; another follows in %.1f s", status, self._delay)
        self._start_at = time.monotonic() + self._delay

    @staticmethod
    def _signal(pid: int, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _say(descriptor: int) -> None:
    os.write(descriptor, b"!")


def _end_with(parent: int) -> None:
    """Let this process end when the process *parent* does, however that ended. Linux only."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before
            os._exit(1)
