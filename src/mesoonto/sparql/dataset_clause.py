"""The graphs that a query names with FROM and FROM NAMED (SPARQL 1.1 Query, section 13.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from mesoonto.sparql.parser import parse_query


@dataclass(frozen=True, slots=True)
class DatasetClause:
    """The dataset of a query, each graph once."""

    default: tuple[ox.NamedNode, ...]  #: whose union is the default graph
    named: tuple[ox.NamedNode, ...]


def read(text: str, options: Mapping[str, Any]) -> DatasetClause:
    """What the query *text* names; *options* are those of the engine, ``prefixes`` and ``base_iri``.

    Raises NotSparqlError, and the engine's SyntaxError for an IRI that cannot be resolved.

    >>> read("PREFIX e: <http://e/> ASK FROM e:a FROM NAMED e:b FROM e:a {}", {}).default
    (<NamedNode value=http://e/a>,)
    """
    form = parse_query(text).children[-1]
    clauses = [clause.children for clause in form.children if clause.kind == "DatasetClause"]
    default = [parts[-1].text for parts in clauses if len(parts) == 2]
    named = [parts[-1].text for parts in clauses if len(parts) == 3]
    prologue = text[: form.start]

    def resolved(names: list[str]) -> tuple[ox.NamedNode, ...]:
        if not names:
            return ()
        # in one block of values, because an expression for each nests as deeply as there are names
        query = f"{prologue} SELECT ?iri {{ VALUES ?iri {{ {' '.join(names)} }} }}"
        solutions = ox.Store().query(query, **options)
        assert isinstance(solutions, ox.QuerySolutions)  # noqa: S101  # SELECT
        iris = (row["iri"] for row in solutions)
        return tuple(dict.fromkeys(iri for iri in iris if isinstance(iri, ox.NamedNode)))

    return DatasetClause(resolved(default), resolved(named))


def without(text: str) -> str:
    """The query *text* with blanks in place of FROM and FROM NAMED, so that all else stays where it is.

    Raises NotSparqlError.

    >>> without("ASK FROM <http://e/a> { ?s ?p ?o }")
    'ASK                   { ?s ?p ?o }'
    """
    form = parse_query(text).children[-1]
    for clause in form.children:
        if clause.kind == "DatasetClause":
            blank = re.sub(r"[^\r\n]", " ", text[clause.start : clause.end])
            text = f"{text[: clause.start]}{blank}{text[clause.end :]}"
    return text
