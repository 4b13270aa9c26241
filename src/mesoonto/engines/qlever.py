"""QLever, from its documentation alone: this file was never run against one.

One address takes queries, updates and the Graph Store Protocol; writing needs its access token, as
``Authorization: Bearer`` (https://github.com/qlever-dev/qlever-docs/blob/main/docs/update.md). A time-out
longer than that it was started with is refused (https://github.com/ad-freiburg/qlever/pull/1162), so none is
sent. A query that is out of time is answered 429 (https://github.com/ad-freiburg/qlever/issues/2002), or its
answer broken off (https://github.com/ad-freiburg/qlever/issues/1420).
"""

from __future__ import annotations

from dataclasses import replace

from mesoonto.engines.adapter import Refusal
from mesoonto.engines.address import EngineAddress
from mesoonto.engines.generic import Generic
from mesoonto.errors import EngineTimeoutError, MesoontoError


class QLever(Generic):
    """See `Adapter`."""

    kind = "qlever"

    def completed(self, address: EngineAddress) -> EngineAddress:
        """The one address for all."""
        found = super().completed(address)
        return found if found.graph_store else replace(found, graph_store=found.query)

    def refused(self, refusal: Refusal) -> MesoontoError:  # noqa: D102
        if refusal.status == 429 and "timed out" in refusal.text:
            return EngineTimeoutError("gave up in time of its own")
        return super().refused(refusal)
