"""The default graph as a set (SPARQL 1.1 Query, section 13), also where a triple stands in several graphs.

The engine's own union of graphs is a bag: it matches a triple once for each graph that has it. Where no
triple stands in two graphs, that is a set all the same, and nothing is done here. Where graphs overlap, the
union is kept beside the named graphs, as the default graph of a store that only answers queries: a merged
store. What somebody wrote into the default graph itself is in another store then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyoxigraph as ox

_EVERYWHERE = (None, None, None, None)
_SIZES = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
_SIZE_OF_DEFAULT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"

GraphName = ox.NamedNode | ox.BlankNode

#: From so many quads on it is faster to add them in bulk, which writes files of its own each time.
_MANY = 10_000


def overlap(store: ox.Store) -> bool:
    """Whether a triple stands in two graphs of *store*, of which the default graph is one."""
    if overlap_among(store):
        return True
    sizes = _sizes(store, {})
    default = int(_rows(store.query(_SIZE_OF_DEFAULT))[0]["n"].value)
    if not default or not sizes:
        return False
    # what comes first is read from one end to the other, and looked up in the other
    few, many = "{ ?s ?p ?o }", "{ GRAPH ?h { ?s ?p ?o } }"
    if default > sum(sizes.values()):
        few, many = many, few
    return bool(store.query(f"ASK {{ {few} FILTER EXISTS {many} }}"))


def overlap_among(store: ox.Store, graphs: Sequence[GraphName] | None = None) -> bool:
    """Whether a triple stands in two of the named *graphs* of *store*, all of them by default.

    Takes time in proportion to all of them but the largest.
    """
    options: dict[str, Any] = {} if graphs is None else {"named_graphs": list(graphs)}
    sizes = _sizes(store, options)
    if len(sizes) < 2:
        return False
    largest = max(sizes, key=lambda graph: sizes[graph])
    smaller = f"FILTER(!sameTerm(?g, {largest}))" if isinstance(largest, ox.NamedNode) else ""
    query = f"ASK {{ GRAPH ?g {{ ?s ?p ?o }} {smaller} GRAPH ?h {{ ?s ?p ?o }} FILTER(!sameTerm(?h, ?g)) }}"
    return bool(store.query(query, **options))


def _sizes(store: ox.Store, options: dict[str, Any]) -> dict[GraphName, int]:
    """The number of triples of each named graph that is not empty."""
    return {row["g"]: int(row["n"].value) for row in _rows(store.query(_SIZES, **options)) if row["g"]}


def _rows(result: Any) -> list[Any]:
    assert isinstance(result, ox.QuerySolutions)  # noqa: S101  # SELECT
    return list(result)


def merge(store: ox.Store) -> None:
    """Let the default graph of *store* be the union of all its graphs."""
    store.bulk_extend(_in_default(quad.triple for quad in store.quads_for_pattern(*_EVERYWHERE)))


def separate(store: ox.Store) -> ox.Store | None:
    """Make *store* a merged store where its graphs overlap; gives the default graph as it was.

    None where they do not overlap; *store* is as it was then.
    """
    if not overlap(store):
        return None
    own = ox.Store()
    own.bulk_extend(store.quads_for_pattern(None, None, None, ox.DefaultGraph()))
    merge(store)
    return own


def chosen(store: ox.Store, default: Iterable[GraphName], named: Iterable[GraphName]) -> ox.Store:
    """A merged store in memory of the *named* graphs of *store*, and the union of others as default graph."""
    made = ox.Store()
    for graph in default:
        made.bulk_extend(_in_default(q.triple for q in store.quads_for_pattern(None, None, None, graph)))
    for graph in named:
        made.bulk_extend(store.quads_for_pattern(None, None, None, graph))
    return made


def overlapped_by(store: ox.Store, changed: Iterable[ox.Quad]) -> bool:
    """Whether a triple of *changed* stands in two graphs of *store*."""
    for quad in changed:
        found = store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
        if next(found, None) is not None and next(found, None) is not None:
            return True
    return False


def follow(merged: ox.Store, store: ox.Store, changed: Iterable[ox.Quad]) -> None:
    """Bring *merged* to the state of *store*, which differs in *changed* from what *merged* was made of."""
    present: set[ox.Quad] = set()
    absent: set[ox.Quad] = set()
    for quad in changed:
        (present if quad in store else absent).add(quad)
    for quad in absent:
        if not isinstance(quad.graph_name, ox.DefaultGraph):
            merged.remove(quad)
        if next(store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None), None) is None:
            merged.remove(ox.Quad(quad.subject, quad.predicate, quad.object))
    add = merged.extend if len(present) < _MANY else merged.bulk_extend
    add(present)
    add(_in_default(quad.triple for quad in present))
    before, now = set(merged.named_graphs()), set(store.named_graphs())
    for graph in now - before:
        merged.add_graph(graph)
    for graph in before - now:
        merged.remove_graph(graph)


def _in_default(triples: Iterable[ox.Triple]) -> Iterator[ox.Quad]:
    return (ox.Quad(triple.subject, triple.predicate, triple.object) for triple in triples)
