"""The allocator of memory: which one this process has, and how a program starts again with a faster one.

Evaluation takes and frees small pieces of memory all the time, so the allocator decides over a sixth of the
rate. mimalloc is put in the place of the system's by the dynamic linker, which is told by ``LD_PRELOAD`` when
a program starts. Forks have it, too. Other programs that the process starts do not: once it is in, the
environment is what it was.

A library that cannot be used, whatever the reason, leaves the system's allocator in place.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_log = logging.getLogger(__name__)

#: The choices: `AUTO` is mimalloc where there is one, and says nothing where there is none.
AUTO, MIMALLOC, SYSTEM = "auto", "mimalloc", "system"
CHOICES = (AUTO, MIMALLOC, SYSTEM)

#: Tells the process that was started again what the environment was before.
_MARK = "_MESOONTO_ENVIRONMENT"

#: The distribution that brings the library, where pip installs it, and its name in those of the system.
_DISTRIBUTION = "cmeel-mimalloc"
_LIBRARY = "libmimalloc.so"
_SYSTEM_LIBRARIES = ("libmimalloc.so.3", "libmimalloc.so.2")

#: Address space is reserved in steps of this size, not of 1 GiB: what is reserved in advance does not count
#: for the limit of a worker's memory.
_STEP = ("MIMALLOC_ARENA_RESERVE", "64MiB")

#: Sizes in which what is free is taken, and bytes that Python may map meanwhile.
_PIECES = (32 << 20, 4 << 20, 1 << 20, 1 << 18)
_MARGIN = 8 << 20

#: Seconds for the process that tries a library.
_TRIAL_SECONDS = 20.0

#: What it does: prints the version, once a piece of memory from malloc has proved to be of mimalloc.
_TRIAL = """\
import ctypes
c = ctypes.CDLL(None)
c.malloc.restype = ctypes.c_void_p
c.malloc.argtypes = [ctypes.c_size_t]
c.mi_is_in_heap_region.argtypes = [ctypes.c_void_p]
c.mi_is_in_heap_region.restype = ctypes.c_bool
print("used" if c.mi_is_in_heap_region(c.malloc(100)) else "not used", c.mi_version())
"""


@dataclass(frozen=True, slots=True)
class Allocator:
    """The allocator that this process has."""

    name: str  #: mimalloc, glibc, or how the file of another library is called
    version: str = ""  #: empty where it is not known
    library: str = ""  #: its file; empty for the system's


class _Place(ctypes.Structure):
    """``Dl_info`` of dladdr(3)."""

    _fields_ = (
        ("file", ctypes.c_char_p),
        ("base", ctypes.c_void_p),
        ("symbol", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
    )


@cache
def current() -> Allocator:
    """The allocator that ``malloc`` of this process leads to, as the process itself has it loaded."""
    try:
        c = ctypes.CDLL(None)
        file = _file_of_malloc(c)
        if _is_mimalloc(c):
            return Allocator(MIMALLOC, _version(c.mi_version()), file)
    except (AttributeError, OSError, TypeError):  # a system without these functions, or without dlopen
        return Allocator(SYSTEM)
    name, _, version = _system().partition(" ")
    library = Path(file).name
    if not library.startswith("lib") or library.startswith(("libc.", "libc-", "libsystem")):
        return Allocator(name, version)
    return Allocator(library.removeprefix("lib").partition(".")[0], "", file)


def start_again(choice: str) -> None:
    """Start this program again with the allocator of *choice*, once; return where that is not to be done.

    To be called by a program of ours early on, while it has no thread and no file open that it needs. Why
    the system's allocator stays in place is logged where a library fails, and where `MIMALLOC` was chosen.
    """
    told = os.environ.pop(_MARK, None)
    if told is not None:
        _restore(told)
        if current().name != MIMALLOC:
            _log.warning("mimalloc was loaded and is not used; the allocator is %s", current().name)
        return
    if choice == SYSTEM or current().name == MIMALLOC or (choice == AUTO and current().library):
        return
    if not sys.platform.startswith("linux") or not sys.executable or not sys.orig_argv:
        if choice == MIMALLOC:
            _log.warning("mimalloc is put in place on Linux only; the allocator is %s", current().name)
        return
    reasons = []
    for library in _libraries():
        reason = _unusable(library)
        if not reason:
            _execute(library)  # returns only where the system refuses
            return
        if reason != _ABSENT:
            reasons.append(f"{library}: {reason}")
    if reasons:
        _log.warning("mimalloc cannot be used (%s); the allocator is %s", "; ".join(reasons), current().name)
    elif choice == MIMALLOC:
        _log.warning(
            "mimalloc is not installed: pip install %s; the allocator is %s", _DISTRIBUTION, current().name
        )


def settle() -> None:
    """Give back what is free, and keep it from forks.

    What loading took and freed stays mapped with mimalloc, so a fork could fill it beside what it may map. It
    is taken here and never used, which takes no memory. Holes among what is in use remain, as with every
    allocator. The system's unmaps what is free.
    """
    if current().name != MIMALLOC:
        return
    c = ctypes.CDLL(None)
    c.mi_collect(True)
    c.malloc.argtypes, c.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
    try:
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        before = resource.getrlimit(resource.RLIMIT_AS)
        most = mapped + _MARGIN
        if before[1] != resource.RLIM_INFINITY:
            most = min(most, before[1])
        resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))  # so that no more is mapped for it
    except (OSError, ValueError):
        return
    try:
        for size in _PIECES:
            while c.malloc(size):
                pass
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


#: Why a library cannot be used that is not there.
_ABSENT = "not found"


def _libraries() -> Iterator[str]:
    """Where the library may be: the file of the wheel, then names that the linker knows."""
    from importlib import metadata  # takes long to import, and only `mesoonto serve` gets here

    try:
        files = metadata.files(_DISTRIBUTION) or ()
    except metadata.PackageNotFoundError:
        files = ()
    for file in files:
        if file.name == _LIBRARY:
            yield str(Path(str(file.locate())).resolve())
    yield from _SYSTEM_LIBRARIES


def _unusable(library: str) -> str:
    """Why *library* cannot be used, found out by a process of its own; "" if it can."""
    if any(mark in library for mark in " :"):
        return "LD_PRELOAD takes no path with a space or a colon"
    command = [sys.executable, "-I", "-S", "-c", _TRIAL]
    try:
        done = subprocess.run(  # noqa: S603  # this Python
            command,
            env=_environment(library),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TRIAL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"a program with it had not ended after {_TRIAL_SECONDS:.0f} seconds"
    except OSError as error:
        return error.strerror or str(error)
    if done.returncode == 0 and done.stdout.startswith("used"):
        return ""
    if done.returncode < 0:
        return f"a program with it was ended by {_signal(-done.returncode)}"
    said = done.stderr.strip().splitlines() or ["it does not take the place of malloc"]
    if library in said[0] and "cannot open shared object" in said[0] and "/" not in library:
        return _ABSENT
    if refused := re.search(r"cannot be preloaded \((.*)\)", said[0]):
        return refused[1]
    return (said[0] if "shared libraries" in said[0] else said[-1])[:300]


def _execute(library: str) -> None:
    environment = _environment(library)
    before = {name: os.environ.get(name) for name in ("LD_PRELOAD", _STEP[0])}
    environment[_MARK] = json.dumps(before)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606
    except OSError as error:
        _log.warning("cannot start again with mimalloc: %s; the allocator is %s", error, current().name)


def _environment(library: str) -> dict[str, str]:
    """The environment with *library* before others that are to be loaded."""
    others = os.environ.get("LD_PRELOAD")
    environment = {**os.environ, "LD_PRELOAD": f"{library}:{others}" if others else library}
    environment.setdefault(*_STEP)
    return environment


def _restore(told: str) -> None:
    """Let the environment be what it was, so that other programs start as they would have."""
    for name, value in json.loads(told).items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _file_of_malloc(c: ctypes.CDLL) -> str:
    place = _Place()
    c.dladdr.argtypes = [ctypes.c_void_p, ctypes.POINTER(_Place)]
    found = c.dladdr(ctypes.cast(c.malloc, ctypes.c_void_p), ctypes.byref(place))
    return os.fsdecode(place.file or b"") if found else ""


def _is_mimalloc(c: ctypes.CDLL) -> bool:
    """Whether a piece of memory that ``malloc`` gives is of mimalloc."""
    try:
        inside = c.mi_is_in_heap_region
    except AttributeError:
        return False
    inside.argtypes, inside.restype = [ctypes.c_void_p], ctypes.c_bool
    c.malloc.argtypes, c.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
    c.free.argtypes = [ctypes.c_void_p]
    piece = c.malloc(100)
    try:
        return bool(inside(piece))
    finally:
        c.free(piece)


def _version(number: int) -> str:
    """A version as it is written.

    >>> _version(30403), _version(3208), _version(209)
    ('3.4.3', '3.2.8', '2.0.9')
    """
    if number < 1000:  # major, minor, patch; since 3.2 the patch has two digits, since 3.4 the minor, too
        return f"{number // 100}.{number // 10 % 10}.{number % 10}"
    if number < 10000:
        return f"{number // 1000}.{number // 100 % 10}.{number % 100}"
    return f"{number // 10000}.{number // 100 % 100}.{number % 100}"


def _system() -> str:
    """Name and version of the system's C library, which brings the allocator."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or SYSTEM
    except (AttributeError, OSError, ValueError):
        return SYSTEM


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
