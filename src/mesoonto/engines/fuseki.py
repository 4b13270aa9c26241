"""Apache Jena Fuseki, 5.6 run in the tests.

Its default graph is its own unless the dataset is configured with ``tdb2:unionDefaultGraph true``. A query
may name ``urn:x-arq:UnionGraph`` as its default graph, but has no named graphs then
(https://jena.apache.org/documentation/tdb/datasets.html).
"""

from __future__ import annotations

import math

from mesoonto.engines.adapter import EngineQuery, Refusal
from mesoonto.engines.address import EngineAddress
from mesoonto.engines.generic import Generic, beside, mentions
from mesoonto.errors import EngineTimeoutError, MesoontoError

_UNION = "urn:x-arq:UnionGraph"

#: How the services of a dataset are called that answer queries.
_QUERY_NAMES = ("query", "sparql")


class Fuseki(Generic):
    """See `Adapter`."""

    kind = "fuseki"
    atomic_updates = True  # a request is a transaction
    takes_queries_as_body = True
    advice_on_union = "configure the dataset with tdb2:unionDefaultGraph true"

    def completed(self, address: EngineAddress) -> EngineAddress:
        """The services ``update`` and ``data`` of the dataset, as they are called by default."""
        path = address.query.path
        if path.rpartition("/")[2] in _QUERY_NAMES:
            return beside(address, update="update", graph_store="data")
        inside = path.rstrip("/").rpartition("/")[2]  # the address of the dataset itself
        return beside(address, update=f"{inside}/update", graph_store=f"{inside}/data")

    def query_parameters(self, asked: EngineQuery) -> list[tuple[str, str]]:
        """Whole seconds, after which it answers 503; and the union, where the query has no other dataset."""
        parameters = [("timeout", str(max(1, math.ceil(asked.seconds))))]
        given = asked.default_graphs or asked.named_graphs
        if asked.union and not given and not mentions(asked.text, "GRAPH", "FROM"):
            parameters.append(("default-graph-uri", _UNION))
        return parameters

    def refused(self, refusal: Refusal) -> MesoontoError:  # noqa: D102
        if refusal.status == 503 and "timed out" in refusal.text:
            return EngineTimeoutError("gave up in time of its own")
        return super().refused(refusal)
