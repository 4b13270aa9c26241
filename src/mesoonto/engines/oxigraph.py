"""Oxigraph's server, 0.5.13 run in the tests.

It takes no time-out with a request; start it with ``--timeout-s``.
"""

from __future__ import annotations

import re

from mesoonto.engines.adapter import EngineQuery, EngineUpdate, Refusal
from mesoonto.engines.address import EngineAddress
from mesoonto.engines.generic import Generic, beside, mentions
from mesoonto.errors import MesoontoError, Place, QuerySyntaxError

_PLACE = re.compile(r"error at (\d+):(\d+): ")


class Oxigraph(Generic):
    """See `Adapter`."""

    kind = "oxigraph"
    atomic_updates = True  # a request is a transaction
    takes_queries_as_body = True
    advice_on_union = "start it with --union-default-graph"

    def completed(self, address: EngineAddress) -> EngineAddress:
        """Its three services stand side by side: ``query``, ``update``, ``store``."""
        return beside(address, update="update", graph_store="store")

    def query_parameters(self, asked: EngineQuery) -> list[tuple[str, str]]:
        """The union, where the query has no other dataset: it would stand before what FROM says."""
        given = asked.default_graphs or asked.named_graphs
        if asked.union and not given and not mentions(asked.text, "FROM"):
            return [("union-default-graph", "")]
        return []

    def update_parameters(self, asked: EngineUpdate) -> list[tuple[str, str]]:
        """As `query_parameters`."""
        given = asked.using_graphs or asked.using_named_graphs
        if asked.union and not given and not mentions(asked.text, "USING", "WITH"):
            return [("using-union-graph", "")]
        return []

    def refused(self, refusal: Refusal) -> MesoontoError:  # noqa: D102
        place = _PLACE.match(refusal.text)
        if refusal.status == 400 and place is not None:
            where = Place("query", int(place[1]), int(place[2]))
            return QuerySyntaxError(f"the engine refuses it: {refusal.text[place.end() :]}", where)
        return super().refused(refusal)
