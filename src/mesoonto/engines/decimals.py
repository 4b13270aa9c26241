"""Decimals as queries have them: 24.0, for which our own store writes 24."""

from __future__ import annotations

import pyoxigraph as ox

_DECIMAL = ox.NamedNode("http://www.w3.org/2001/XMLSchema#decimal")


def with_point(quad: ox.Quad) -> ox.Quad:
    """*quad*, with a point in its object where that is a decimal without one.

    >>> a = ox.NamedNode("urn:a")
    >>> print(with_point(ox.Quad(a, a, ox.Literal("-24", datatype=_DECIMAL))).object)
    "-24.0"^^<http://www.w3.org/2001/XMLSchema#decimal>
    """
    value = quad.object
    if isinstance(value, ox.Literal) and value.datatype == _DECIMAL and value.value.lstrip("+-").isdecimal():
        value = ox.Literal(f"{value.value}.0", datatype=_DECIMAL)
    return ox.Quad(quad.subject, quad.predicate, value, quad.graph_name)
