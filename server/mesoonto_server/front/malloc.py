"""Gives memory that is no longer used back to the system.

Threads of the serving process take large and small bodies in and out; without this, the allocator of glibc
keeps what it once had, in an arena for each thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes

#: Seconds between two times of giving back.
_EVERY = 10.0

#: Arenas of the allocator, by ``M_ARENA_MAX`` of mallopt(3).
_ARENAS = 2
_M_ARENA_MAX = -8


async def keep_small() -> None:
    """Bound the arenas, and give back what is free, again and again. Does nothing without glibc."""
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_ARENA_MAX, _ARENAS)
        while True:
            await asyncio.sleep(_EVERY)
            libc.malloc_trim(0)
