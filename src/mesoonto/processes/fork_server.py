"""The fork server: a process that holds the data, never evaluates anything, and forks the workers that do.

Forking a process that holds a million triples takes some 15 ms, and the child shares its memory, so a worker
that had to be killed is replaced at once. The fork server runs without a network where the system
allows it (see `network`), and its workers with it: nothing that a query says can reach another host.

Each serving process has a channel of its own to it, so that one that takes over and one that finishes its
last queries do not read each other's messages. A channel is opened at the fork server's door, by one
datagram with two file descriptors: a datagram socket, and the end of a pipe that closes with the serving
process; its workers are ended then. Messages are a few words:

=============== ==========================================================================================
to it           ``fork ROLE``: answered by ``worker PID`` with the other end of the worker's socket
                ``kill PID``, ``renice PID``
from it         ``worker PID``, ``failed REASON``, ``exit PID STATUS TEXT``
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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from mesoonto.dataset.store import Engine
from mesoonto.errors import MesoontoError, ServeError
from mesoonto.processes import allocator, worker
from mesoonto.processes.network import Wall, leave_network
from mesoonto.processes.process_name import set_process_name

#: Bytes of a worker's standard error that are read when it has ended.
_MOST_STDERR = 4000

#: What the fork server reports once its data are loaded.
_LOADED = "ready"

#: The nice value of a thread that is at a long job.
_LOW = 10

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of worker."""

    opened: Callable[[], Engine]  #: opens the data, in the worker
    work: worker.Work
    memory: int  #: bytes that it may allocate beyond the data


#: Called once in the fork server: loads what the workers share, and returns the roles that they have.
Prepare = Callable[[], Mapping[str, Role]]


@dataclass(frozen=True, slots=True)
class Link:
    """The serving process's hold on the fork server."""

    door: socket.socket  #: where a serving process opens its channel
    lifeline: int  #: file descriptor; the fork server ends when nobody holds it any more
    pid: int
    wall: Wall = Wall.NONE  #: what keeps the fork server and its workers from the network


def start(prepare: Prepare) -> Link:
    """Fork the fork server and wait until its data are loaded; a ServeError says why they cannot be.

    To be called before the process starts threads.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    read_end, write_end = os.pipe()
    report_end, verdict_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(write_end)
        os.close(report_end)
        ours.close()
        _main(prepare, theirs, read_end, verdict_end)
    os.close(read_end)
    os.close(verdict_end)
    theirs.close()
    with open(report_end, "rb") as pipe:  # a pipe ends with the process, however that ends
        verdict = pipe.read().decode()
    loaded, _, wall = verdict.partition(" ")
    if loaded != _LOADED:
        os.waitpid(pid, 0)
        os.close(write_end)
        ours.close()
        raise ServeError(verdict or "the process that loads the data ended; is there enough memory?")
    return Link(ours, write_end, pid, Wall(wall))


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
        except BaseException:  # noqa: BLE001  # the boundary of a process: it goes to standard error
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(write_end)
    with open(read_end, "rb") as pipe:
        reason = pipe.read().decode()
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        raise ServeError(reason or "the dataset could not be prepared")


def _main(prepare: Prepare, door: socket.socket, lifeline: int, verdict_end: int) -> None:
    """The fork server's process; does not return."""
    status = 1
    try:
        set_process_name("forkserver")
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends with the last process that it serves
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            roles = prepare()
        except MesoontoError as error:
            os.write(verdict_end, str(error).encode()[:4000])
            os._exit(2)
        wall = leave_network()
        gc.collect()
        gc.freeze()
        allocator.settle()
        os.write(verdict_end, f"{_LOADED} {wall}".encode())
        os.close(verdict_end)
        _ForkServer(roles, door, lifeline).run()
        status = 0
    except BaseException:  # noqa: BLE001  # the boundary of a process: it goes to standard error
        traceback.print_exc()
    finally:
        os._exit(status)


@dataclass(eq=False, slots=True)
class _ServedProcess:
    """The fork server's end of the channel that one serving process opened."""

    control: socket.socket
    lifeline: int
    children: dict[int, int]  #: process id -> file that has its standard error


class _ForkServer:
    def __init__(self, roles: Mapping[str, Role], door: socket.socket, lifeline: int) -> None:
        self._roles = roles
        self._door = door
        self._lifeline = lifeline
        self._channels: list[_ServedProcess] = []
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        woken, wake = socket.socketpair()
        for end in (woken, wake):
            end.setblocking(False)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector.register(self._door, selectors.EVENT_READ, self._open)
        self._selector.register(self._lifeline, selectors.EVENT_READ, None)
        self._selector.register(woken, selectors.EVENT_READ, partial(self._reap, woken))
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    for channel in list(self._channels):
                        self._close(channel)
                    return
                key.data()

    def _open(self) -> None:
        _, (control, lifeline), _, _ = socket.recv_fds(self._door, 1, 2)
        channel = _ServedProcess(socket.socket(fileno=control), lifeline, {})
        self._channels.append(channel)
        self._selector.register(channel.control, selectors.EVENT_READ, partial(self._receive, channel))
        self._selector.register(lifeline, selectors.EVENT_READ, partial(self._close, channel))

    def _close(self, channel: _ServedProcess) -> None:
        """End what a serving process that has ended left."""
        if channel not in self._channels:
            return
        self._channels.remove(channel)
        self._selector.unregister(channel.control)
        self._selector.unregister(channel.lifeline)
        channel.control.close()
        os.close(channel.lifeline)
        for pid, stderr in channel.children.items():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(stderr)

    def _receive(self, channel: _ServedProcess) -> None:
        if channel not in self._channels:  # closed in the same round of events
            return
        try:
            message = channel.control.recv(4096, socket.MSG_DONTWAIT)
        except OSError:
            # What had come is lost when something was sent to the other end meanwhile, and that is closed.
            return
        word, _, rest = message.decode().partition(" ")
        if word == "fork":
            self._fork(channel, rest)
        elif (pid := int(rest)) in channel.children:
            # A process id stays ours until it is reaped, so it cannot mean another process.
            if word == "kill":
                os.kill(pid, signal.SIGKILL)
            elif word == "renice":
                _lower_priority(pid)

    @staticmethod
    def _send(channel: _ServedProcess, message: str, descriptors: Sequence[int] = ()) -> None:
        with contextlib.suppress(OSError):  # it has ended, which its lifeline shows too
            socket.send_fds(channel.control, [message.encode()[:60000]], descriptors)

    def _fork(self, channel: _ServedProcess, role: str) -> None:
        try:
            ours, theirs = socket.socketpair()
            stderr = _anonymous_file()
            pid = os.fork()
        except OSError as error:
            self._send(channel, f"failed {error.strerror}")
            return
        if pid == 0:
            status = 1
            try:
                set_process_name(role)
                self._become(self._roles[role], ours, theirs, stderr)
                status = 0
            except BaseException:  # noqa: BLE001  # as above; the fork server passes the text on
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(status)
        theirs.close()
        channel.children[pid] = stderr
        self._send(channel, f"worker {pid}", [ours.fileno()])
        ours.close()

    def _become(self, role: Role, ours: socket.socket, theirs: socket.socket, stderr: int) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _end_with_parent()
        ours.close()
        self._door.close()
        os.close(self._lifeline)
        for channel in self._channels:
            channel.control.close()
            os.close(channel.lifeline)
            for other in channel.children.values():
                os.close(other)
        os.dup2(stderr, 2)
        worker.run(theirs, role.opened, role.work, role.memory)

    def _reap(self, woken: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            woken.recv(4096)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._report_exit(*ended)

    def _report_exit(self, pid: int, status: int) -> None:
        for channel in self._channels:
            stderr = channel.children.pop(pid, None)
            if stderr is not None:
                text = os.pread(stderr, _MOST_STDERR, 0).decode("utf-8", "replace")
                os.close(stderr)
                self._send(channel, f"exit {pid} {os.waitstatus_to_exitcode(status)} {text}")


def _lower_priority(pid: int) -> None:
    """Let what worker *pid* evaluates give way to others: all its threads but the first. Linux only."""
    with contextlib.suppress(OSError):
        for thread in map(int, os.listdir(f"/proc/{pid}/task")):
            if thread != pid:  # the first starts others, which have its priority
                os.setpriority(os.PRIO_PROCESS, thread, _LOW)


def _end_with_parent() -> None:
    """Let this worker end with the fork server, in the middle of a query too. Linux only."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _anonymous_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("stderr")
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
