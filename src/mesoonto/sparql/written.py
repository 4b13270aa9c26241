"""Terms as a query has them."""

from __future__ import annotations

import re

import pyoxigraph as ox

from mesoonto.files.terms import XSD
from mesoonto.namespaces import in_query

#: What a number or truth value looks like where SPARQL needs no datatype (SPARQL 1.1, section 4.1.2).
_BARE = {f"{XSD}integer": r"[+-]?\d+", f"{XSD}decimal": r"[+-]?\d*\.\d+", f"{XSD}boolean": "true|false"}


def written(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> str:
    """*term* as a query has it, with the usual prefixes.

    >>> number = ox.Literal("12", datatype=ox.NamedNode(f"{XSD}decimal"))
    >>> written(ox.NamedNode(f"{XSD}date")), written(ox.Literal("MAPS", language="en")), written(number)
    ('xsd:date', '"MAPS"@en', '12.0')
    """
    if isinstance(term, ox.NamedNode):
        return in_query(term.value)
    if isinstance(term, ox.Triple):
        return f"<<( {written(term.subject)} {written(term.predicate)} {written(term.object)} )>>"
    if isinstance(term, ox.BlankNode) or term.language or term.datatype.value == f"{XSD}string":
        return str(term)
    kind, value = term.datatype.value, term.value
    if kind == f"{XSD}decimal" and re.fullmatch(r"[+-]?\d+", value, re.ASCII):
        return f"{value}.0"
    if kind in _BARE and re.fullmatch(_BARE[kind], value, re.ASCII):
        return value
    return f"{ox.Literal(value)}^^{in_query(kind)}"
