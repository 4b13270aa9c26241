"""Ontotext GraphDB, from documentation alone: this file was never run against one.

It has the REST API of RDF4J (https://rdf4j.org/documentation/reference/rest-api/): queries go to
``/repositories/ID``, updates to ``/statements`` and the Graph Store Protocol to ``/rdf-graphs/service`` below
it; ``timeout`` are whole seconds. Its default graph is the union of all graphs and of its own
(https://hexdocs.pm/gno/Gno.Store.Adapters.GraphDB.html).
"""

from __future__ import annotations

import math

from mesoonto.engines.adapter import EngineQuery
from mesoonto.engines.address import EngineAddress
from mesoonto.engines.generic import Generic, beside


class GraphDB(Generic):
    """See `Adapter`."""

    kind = "graphdb"

    def completed(self, address: EngineAddress) -> EngineAddress:
        """Below the address of the repository."""
        repository = address.query.path.partition("?")[0].rstrip("/").rpartition("/")[2]
        return beside(
            address, update=f"{repository}/statements", graph_store=f"{repository}/rdf-graphs/service"
        )

    def query_parameters(self, asked: EngineQuery) -> list[tuple[str, str]]:
        """Whole seconds."""
        return [("timeout", str(max(1, math.ceil(asked.seconds))))]
