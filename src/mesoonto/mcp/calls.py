"""Calls of tools, as they go to a worker that can be killed, and their answers.

A job is JSON: the name of the tool and its arguments. An answer is one byte, that says whether the tool could
do its work, and JSON or the text of the error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from mesoonto.errors import MesoontoError
from mesoonto.processes.limits import MIB, ProcessLimits
from mesoonto.processes.pool import Pool

#: What a call may use: half a minute, two where a query asks for it.
LIMITS = ProcessLimits(timeout=30, max_timeout=120, memory=1024 * MIB, max_workers=8, queue=32)

#: How an answer begins.
DONE, REFUSED = b"+", b"-"


class ToolRefusedError(MesoontoError):
    """A tool could not do what it was asked for; the text says why."""


async def call(pool: Pool, name: str, arguments: Mapping[str, Any], timeout: float | None = None) -> bytes:
    """The answer of the tool *name*, in JSON.

    Raises ToolRefusedError with what the tool says, OutOfTimeError after *timeout* seconds (the pool's where
    none are named), OutOfMemoryError, NestingError, and OverloadedError.
    """
    answer = await pool.run(msgspec.json.encode((name, arguments)), timeout)
    whole = await answer.part()
    if whole[:1] == REFUSED:
        raise ToolRefusedError(whole[1:].decode())
    return whole[1:]
