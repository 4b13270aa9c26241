"""The keeper: a process that holds the data, never evaluates anything, and forks the workers that do.

Forking a process that holds a million triples takes some 15 ms, and the child shares its memory, so a worker
that had to be killed is replaced at once. The keeper runs without a network where the system allows it, and
its workers with it: nothing that a query says can reach another host.

The serving process speaks to it over a pair of datagram sockets, in messages of a few words:

=============== ==========================================================================================
to the keeper   ``hello NONCE``: a new serving process; workers of an earlier one are ended
                ``fork ROLE``: answered by ``worker PID`` with the other end of the worker's socket
                ``kill PID``, ``renice PID``
from the keeper ``hello NONCE``, ``worker PID``, ``failed REASON``, ``exit PID STATUS TEXT``
=============== ==========================================================================================
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mesoonto.engine import worker
from mesoonto.engine.store import Engine
from mesoonto.errors import MesoontoError, ServeError

#: What a worker may say on its way out, in bytes.
_LAST_WORDS = 4000

#: What the keeper says once its data are loaded.
_LOADED = "ready"

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of worker."""

    opened: Callable[[], Engine]  #: opens the data, in the worker
    handler: worker.Handler
    memory: int  #: bytes that it may allocate beyond the data


#: Called once in the keeper: loads what the workers share and tells how they work.
Prepare = Callable[[], Mapping[str, Role]]


@dataclass(frozen=True, slots=True)
class Link:
    """The serving process's hold on the keeper."""

    control: socket.socket
    lifeline: int  #: file descriptor; the keeper ends when nobody holds it any more
    pid: int


def start(prepare: Prepare) -> Link:
    """Fork the keeper and wait until its data are loaded; a ServeError says why they cannot be.

    To be called before the process starts threads.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    read_end, write_end = os.pipe()
    said, say = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(write_end)
        os.close(said)
        ours.close()
        _main(prepare, theirs, read_end, say)
    os.close(read_end)
    os.close(say)
    theirs.close()
    with open(said, "rb") as words:  # a pipe ends with the process, however that ends
        verdict = words.read().decode()
    if verdict != _LOADED:
        os.waitpid(pid, 0)
        raise ServeError(verdict or "the process that loads the data ended; is there enough memory?")
    return Link(ours, write_end, pid)


def apart(work: Callable[[], None]) -> None:
    """Do *work* in a process of its own and wait for it; a ServeError says why it could not be done.

    Opening a store on disk starts threads that a fork does not copy and that the child then waits for in
    vain, so a process that forks must not open one.
    """
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        except MesoontoError as error:
            os.write(write_end, str(error).encode()[:4000])
        except BaseException:  # noqa: BLE001  # the boundary of a process: told on its standard error
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(write_end)
    with open(read_end, "rb") as words:
        reason = words.read().decode()
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        raise ServeError(reason or "the dataset could not be prepared")


def _main(prepare: Prepare, control: socket.socket, lifeline: int, say: int) -> None:
    """The keeper process; does not return."""
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends with the last process that it serves
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            roles = prepare()
        except MesoontoError as error:
            os.write(say, str(error).encode()[:4000])
            os._exit(2)
        _leave_network()
        gc.collect()
        gc.freeze()
        os.write(say, _LOADED.encode())
        os.close(say)
        _Keeper(roles, control, lifeline).run()
        status = 0
    except BaseException:  # noqa: BLE001  # the boundary of a process: told on its standard error
        traceback.print_exc()
    finally:
        os._exit(status)


def _leave_network() -> None:
    """Move this process to a network namespace of its own, which has no way out. Best effort."""
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


class _Keeper:
    def __init__(self, roles: Mapping[str, Role], control: socket.socket, lifeline: int) -> None:
        self._roles = roles
        self._control = control
        self._lifeline = lifeline
        self._children: dict[int, int] = {}  #: process id -> file that has its standard error

    def run(self) -> None:
        woken, wake = socket.socketpair()
        for end in (woken, wake):
            end.setblocking(False)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ, "control")
            selector.register(self._lifeline, selectors.EVENT_READ, "lifeline")
            selector.register(woken, selectors.EVENT_READ, "child")
            while True:
                for key, _ in selector.select():
                    if key.data == "lifeline":
                        self._kill_all()
                        return
                    if key.data == "child":
                        with contextlib.suppress(BlockingIOError):
                            woken.recv(4096)
                        self._reap()
                    else:
                        self._obey(self._control.recv(4096).decode())

    def _obey(self, message: str) -> None:
        word, _, rest = message.partition(" ")
        if word == "fork":
            self._fork(rest)
        elif word == "hello":
            self._kill_all()
            self._tell(f"hello {rest}")
        elif (pid := int(rest)) in self._children:
            # A process id stays ours until it is reaped, so it cannot mean another process.
            if word == "kill":
                os.kill(pid, signal.SIGKILL)
            elif word == "renice":
                with contextlib.suppress(OSError):
                    os.setpriority(os.PRIO_PROCESS, pid, 10)

    def _tell(self, message: str, descriptors: list[int] | None = None) -> None:
        with contextlib.suppress(OSError):  # nobody there: a new serving process will say hello
            socket.send_fds(self._control, [message.encode()[:60000]], descriptors or [])

    def _fork(self, role: str) -> None:
        try:
            ours, theirs = socket.socketpair()
            words = _anonymous_file()
            pid = os.fork()
        except OSError as error:
            self._tell(f"failed {error.strerror}")
            return
        if pid == 0:
            status = 1
            try:
                self._become(self._roles[role], ours, theirs, words)
                status = 0
            except BaseException:  # noqa: BLE001  # as above; the keeper passes the text on
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(status)
        theirs.close()
        self._children[pid] = words
        self._tell(f"worker {pid}", [ours.fileno()])
        ours.close()

    def _become(self, role: Role, ours: socket.socket, theirs: socket.socket, words: int) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        ours.close()
        self._control.close()
        os.close(self._lifeline)
        for other in self._children.values():
            os.close(other)
        os.dup2(words, 2)
        worker.run(theirs, role.opened, role.handler, role.memory)

    def _reap(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            words = self._children.pop(pid, None)
            if words is not None:
                text = os.pread(words, _LAST_WORDS, 0).decode("utf-8", "replace")
                os.close(words)
                self._tell(f"exit {pid} {os.waitstatus_to_exitcode(status)} {text}")

    def _kill_all(self) -> None:
        for pid, words in self._children.items():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(words)
        self._children.clear()


def _anonymous_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("stderr")
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
