"""The kinds of engine that are known, by name and by what they say of themselves."""

from __future__ import annotations

from collections.abc import Mapping

from mesoonto.engines.adapter import Adapter, EngineQuery
from mesoonto.engines.address import EngineAddress
from mesoonto.engines.client import Connect, EngineClient, connect_directly
from mesoonto.engines.fuseki import Fuseki
from mesoonto.engines.generic import Generic
from mesoonto.engines.graphdb import GraphDB
from mesoonto.engines.neptune import Neptune
from mesoonto.engines.oxigraph import Oxigraph
from mesoonto.engines.qlever import QLever
from mesoonto.engines.virtuoso import Virtuoso
from mesoonto.errors import InputError

KINDS: Mapping[str, Adapter] = {
    adapter.kind: adapter
    for adapter in (Fuseki(), Generic(), GraphDB(), Neptune(), Oxigraph(), QLever(), Virtuoso())
}

#: A header that tells of a kind, where Server does not.
_TELLING = {"fuseki-request-id": "fuseki"}


def adapter_of(kind: str) -> Adapter:
    """The adapter called *kind*; that for any engine where it is ""; an InputError where there is none."""
    found = KINDS.get(kind or "generic")
    if found is None:
        raise InputError(f"no engine of kind {kind} is known; use one of {', '.join(sorted(KINDS))}")
    return found


def kind_told_by(headers: Mapping[str, str]) -> str:
    """The kind of engine that answered with *headers*, names in lower case; "" where they do not tell."""
    for name, kind in _TELLING.items():
        if name in headers:
            return kind
    server = headers.get("server", "").lower()
    return next((kind for kind in KINDS if kind != "generic" and kind in server), "")


def kind_found(address: EngineAddress, connect: Connect = connect_directly, seconds: float = 10.0) -> str:
    """The kind of the engine at *address*, as it was named there, or as an answer tells; "" for another.

    Raises what `EngineClient.query` does.
    """
    if address.kind:
        return address.kind
    client = EngineClient(address, connect)
    try:
        answer = client.query(EngineQuery("ASK {}", "application/sparql-results+json", seconds=seconds))
        answer.close()
        return kind_told_by(answer.headers)
    finally:
        client.close()


def opened(address: EngineAddress, connect: Connect = connect_directly) -> EngineClient:
    """A client of the engine at *address*, with the adapter of its kind; raises as `kind_found`."""
    return EngineClient(address, connect, adapter_of(kind_found(address, connect)))
