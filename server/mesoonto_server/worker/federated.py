"""Queries with SERVICE, in a worker: it takes them apart, reads what other endpoints say, and joins.

A worker has no network. What is to be sent goes to the outward process, which sends it to listed endpoints
only and gives back, unread, what comes.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, replace

from mesoonto.dataset.formats import Kind, format_named
from mesoonto.dataset.query_features import Outline
from mesoonto.dataset.store import QueryResult
from mesoonto.engines.remote import RemoteResult
from mesoonto.federation import Endpoints, Federation, FederationLimits, ResolvedQuery
from mesoonto.processes.limits import ProcessLimits
from mesoonto_server.outward_link import session

#: The share of a query's time that its requests may take; the rest is for the evaluation, and to tell which
#: endpoint was late before the process is ended.
_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class OtherEndpoints:
    """The endpoints that queries may ask, and the way to them."""

    endpoints: Endpoints
    door: socket.socket | None  #: of the outward process; None where no endpoint is listed
    limits: ProcessLimits

    def resolve(
        self, query: str, ask: Callable[..., QueryResult | RemoteResult], timeout: float | None
    ) -> ResolvedQuery:
        """*query* with what other endpoints say in place of its clauses; *ask* evaluates on the local data.

        Raises what `Federation.evaluate` does, OverloadedError, and ServeError.
        """
        local = _LocalData(ask)
        if self.door is None:  # so that nobody is asked: a clause is refused or, when SILENT, empty
            return Federation(self.endpoints).evaluate(query, local)
        seconds = min(timeout or self.limits.timeout, self.limits.max_timeout)
        limits = FederationLimits()
        limits = replace(limits, seconds=min(limits.seconds, _SHARE * seconds))
        with session(self.door) as transport:
            return Federation(self.endpoints, limits, transport).evaluate(query, local)


#: Where nobody may be asked.
NOBODY = OtherEndpoints(Endpoints(), None, ProcessLimits())


class _LocalData:
    """The data of this worker as the local side of a query with SERVICE."""

    def __init__(self, ask: Callable[..., QueryResult | RemoteResult]) -> None:
        self._ask = ask

    def select(self, query: str, outline: Outline) -> bytes:
        return self._ask(query, outline=outline).serialize(format_named("json", Kind.SOLUTIONS))
