"""Amazon Neptune, from its documentation alone: this file was never run against one.

Its default graph is the union of all named graphs, a triple in two of them there once
(https://docs.aws.amazon.com/neptune/latest/userguide/best-practices-sparql-query.html). The Graph Store
Protocol is at ``/sparql/gsp/``
(https://docs.aws.amazon.com/neptune/latest/userguide/sparql-graph-store-protocol.html). A time-out would
have to be written into the query
(https://docs.aws.amazon.com/neptune/latest/userguide/sparql-query-hints-queryTimeout.html); it is left to the
parameter ``neptune_query_timeout`` of the database. Requests are not signed: a database with IAM
authentication needs a signing proxy before it.
"""

from __future__ import annotations

from mesoonto.engines.address import EngineAddress
from mesoonto.engines.generic import Generic, beside


class Neptune(Generic):
    """See `Adapter`."""

    kind = "neptune"
    has_default_graph = False

    def completed(self, address: EngineAddress) -> EngineAddress:
        """Updates go where queries do, to ``/sparql``."""
        return beside(address, update="sparql", graph_store="sparql/gsp/")
