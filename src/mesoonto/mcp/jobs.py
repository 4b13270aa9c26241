"""What a worker does with the calls of tools that `calls` describes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from mesoonto.dataset.store import Engine
from mesoonto.errors import MesoontoError
from mesoonto.mcp import describe, evidence, query
from mesoonto.mcp.calls import DONE, REFUSED
from mesoonto.mcp.data import ToolData
from mesoonto.processes.worker import Handler, Reply

#: What is called for each name; answers are of `answers`, or text.
_TOOLS: Mapping[str, Callable[..., Any]] = {
    "search": describe.search,
    "describe": describe.describe,
    "examples": query.examples,
    "schema": query.schema,
    "check_query": query.check_query,
    "query": query.query,
    "stratify": evidence.stratify,
    "traits": evidence.traits,
    "pool": evidence.pool,
}


def handler(data: ToolData) -> Handler:
    """Answers jobs in a worker, from *data*."""

    def answer(_: Engine, job: bytes, reply: Reply) -> None:
        name, arguments = msgspec.json.decode(job, type=tuple[str, dict[str, Any]])
        try:
            found = msgspec.json.encode(_TOOLS[name](data, **arguments))
        except MesoontoError as error:
            reply.last(REFUSED + str(error).encode())
        else:
            reply.last(DONE + found)

    return answer
