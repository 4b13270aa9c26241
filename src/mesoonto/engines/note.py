"""The note that an engine holds of its data: which version of the shipped graphs, and which state of all.

It is a graph of its own. Every write by mesoonto makes a new state, in the same update request, so that
answers of the same state are the same. Writes by others are not seen in it.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO, PREFIXES

#: The graph, and what it is about.
GRAPH = f"{MESO}graph/state"

VERSION, STATE = f"{PREFIXES['dcterms']}hasVersion", f"{PREFIXES['dcterms']}identifier"

#: What asks for the note; its answer is read as SPARQL JSON by `read`.
QUERY = (
    f"SELECT ?version ?state {{ GRAPH <{GRAPH}> {{ <{GRAPH}> <{STATE}> ?state . "
    f"OPTIONAL {{ <{GRAPH}> <{VERSION}> ?version }} }} }} LIMIT 2"
)


@dataclass(frozen=True, slots=True)
class Note:
    """What an engine says of its data."""

    version: str  #: of the shipped graphs in it, as `shipped.version` has it; "" where they are not
    state: str  #: another one after each write

    @classmethod
    def read(cls, body: bytes) -> Note | None:
        """The note in *body*, the answer to `QUERY`; None where there is none, or more than one."""
        try:
            rows = json.loads(body)["results"]["bindings"]
            if len(rows) != 1:
                return None
            version = rows[0].get("version", {}).get("value", "")
            return cls(str(version)[:200], str(rows[0]["state"]["value"])[:200])
        except (ValueError, KeyError, TypeError, AttributeError):
            return None


def new_state() -> str:
    """A name for a state of the data that no other has."""
    return secrets.token_hex(8)


def noting(state: str, version: str | None = None) -> str:
    """Operations of an update that make *state* the state, and *version* that of the shipped graphs.

    Without *version* it stays as it is. They stand behind those that make the change, in one request.
    """
    said = [(STATE, state)] if version is None else [(STATE, state), (VERSION, version)]
    removals = [f"DELETE WHERE {{ GRAPH <{GRAPH}> {{ <{GRAPH}> <{name}> ?o }} }}" for name, _ in said]
    added = " ; ".join(f"<{name}> {ox.Literal(value)}" for name, value in said)
    return " ; ".join([*removals, f"INSERT DATA {{ GRAPH <{GRAPH}> {{ <{GRAPH}> {added} }} }}"])
