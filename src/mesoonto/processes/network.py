"""Takes the network away from a process, so that nothing that a query says can reach another host.

There are two walls. A network namespace of its own has no way out. Where the system refuses one, as the
default settings of containers do, a seccomp filter lets the kernel refuse every new socket but those within
this machine (AF_UNIX). Sockets that are open already, or that another process hands over, work on.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import socket
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from mesoonto.errors import MesoontoError

_T = TypeVar("_T")

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000

_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2

_ALLOW = 0x7FFF0000  # SECCOMP_RET_ALLOW
_REFUSE = 0x00050000 | errno.EACCES  # SECCOMP_RET_ERRNO

# Instructions of the classic BPF (linux/bpf_common.h).
_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_IF_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_IF_AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K

# Offsets in struct seccomp_data (linux/seccomp.h).
_CALL, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16

#: By machine: its number in linux/audit.h, and that of the system call ``socket``.
_MACHINES = {
    "x86_64": (0xC000003E, 41),
    "aarch64": (0xC00000B7, 198),
    "riscv64": (0xC00000F3, 198),
}

#: The system call ``io_uring_setup``: what goes through a ring passes by every filter.
_IO_URING_SETUP = 425

#: System calls from here on are those of the x32 interface of x86_64, under other numbers.
_X32 = 0x40000000


#: Bytes of stack for a thread of the engine, taken as they are used: it recurses for each of ``1+1+1``.
_STACK = 1 << 30


class Wall(StrEnum):
    """What keeps a process from the network."""

    NAMESPACE = "namespace"
    SECCOMP = "seccomp"
    NONE = "none"


def leave_network() -> Wall:
    """Take the network from this process and those that it will fork; what it was done by.

    For a process with one thread. `Wall.NONE` says that the system allows neither way.
    """
    if _enter_namespace():
        return Wall.NAMESPACE
    return Wall.SECCOMP if refuse_sockets() else Wall.NONE


def refuse_sockets() -> bool:
    """Let the kernel refuse this thread new sockets that lead out of the machine; whether it does.

    There is no way back. Other threads that run already keep what they have.
    """
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _MACHINES or sys.byteorder != "little":
        return False
    program = ctypes.create_string_buffer(_filter(*_MACHINES[machine]))
    count = (len(program) - 1) // 8
    header = ctypes.create_string_buffer(struct.pack("@HP", count, ctypes.addressof(program)))
    with contextlib.suppress(OSError, AttributeError):
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        zero = ctypes.c_ulong(0)
        if prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero) == 0:
            prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), ctypes.byref(header), zero, zero)
    return _is_refused(socket.AF_INET) and _is_refused(socket.AF_INET6)


def without_network(work: Callable[[], _T]) -> _T:
    """What *work* returns, done in a thread that can open no socket where the system allows to see to it.

    What it raises as a MesoontoError is raised here. Nothing of pyoxigraph that belongs to a thread may be
    in what it returns.
    """
    returned: list[_T] = []
    raised: list[MesoontoError] = []

    def run() -> None:
        refuse_sockets()
        try:
            returned.append(work())
        except MesoontoError as error:
            # Frames hold results of the engine, which must end in the thread that they belong to.
            chain: BaseException | None = error
            while chain is not None:
                traceback.clear_frames(chain.__traceback__)
                chain = chain.__cause__ or chain.__context__
            error.__cause__ = error.__context__ = None
            raised.append(error.with_traceback(None))

    thread = threading.Thread(target=run, name="engine")
    usual = threading.stack_size(_STACK)
    try:
        thread.start()
    except RuntimeError:  # the system has no room for such a stack
        threading.stack_size(usual)
        thread = threading.Thread(target=run, name="engine")
        thread.start()
    finally:
        threading.stack_size(usual)
    thread.join()
    if raised:
        raise raised[0]
    return returned[0]


def _enter_namespace() -> bool:
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        return bool(libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)
    return False


def _filter(architecture: int, socket_call: int) -> bytes:
    """The program that the kernel runs at each system call: (operation, if true, if false, operand).

    Jumps count the instructions that are left out.
    """
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 0, 7, architecture),  # calls by way of another machine's interface are refused
        (_LOAD, 0, 0, _CALL),
        (_IF_AT_LEAST, 5, 0, _X32),
        (_IF_EQUAL, 4, 0, _IO_URING_SETUP),
        (_IF_EQUAL, 0, 2, socket_call),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_IF_EQUAL, 0, 1, int(socket.AF_UNIX)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program)


def _is_refused(family: int) -> bool:
    """Whether no socket of *family* can be had."""
    try:
        os.close(socket.socket(family, socket.SOCK_DGRAM).detach())
    except OSError as error:
        return error.errno in (errno.EACCES, errno.EPERM, errno.EAFNOSUPPORT)
    return False
