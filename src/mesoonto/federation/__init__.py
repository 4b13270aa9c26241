"""SERVICE: queries that join the local data with other endpoints, bounded and safe.

>>> from mesoonto.federation import Endpoints, Federation
>>> federation = Federation(Endpoints())  # nothing is listed, so nothing may be asked

``Federation.evaluate`` takes a query and something that answers local SELECT queries, and gives back a query
without SERVICE for the local data, with a report of what was asked of whom.
"""

from mesoonto.federation.config import Endpoint, Endpoints
from mesoonto.federation.evaluate import Federation, FederationLimits, Local, ResolvedQuery
from mesoonto.federation.report import FederationReport, ServiceReport, SubRequest

__all__ = [
    "Endpoint",
    "Endpoints",
    "Federation",
    "FederationLimits",
    "FederationReport",
    "Local",
    "ResolvedQuery",
    "ServiceReport",
    "SubRequest",
]
