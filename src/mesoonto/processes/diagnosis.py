"""What the end of a worker means for the one whose job it had."""

from __future__ import annotations

import signal

from mesoonto.errors import MesoontoError, NestingError, OutOfMemoryError, QueryFailedError

#: What Rust, C++, Python, a thread that cannot be started, and RocksDB say when they get no memory.
_NO_MEMORY = ("memory allocation", "bad_alloc", "MemoryError", "system_error", "mmap for")


def diagnosis(status: int, stderr: str, memory: int) -> MesoontoError:
    """The error for a worker that ended with *status* and *stderr*; it could allocate *memory* bytes."""
    if "overflowed its stack" in stderr or status in (-signal.SIGSEGV, -signal.SIGBUS):
        return NestingError("nested too deeply for the engine; write it with fewer levels")
    if status == -signal.SIGKILL or any(sign in stderr for sign in _NO_MEMORY):
        return OutOfMemoryError(
            f"out of memory: it needed more than {memory >> 20} MiB; make it more selective"
        )
    return QueryFailedError("the evaluation ended unexpectedly")
