"""Entailments that queries need and that follow from the axioms without a reasoner.

Two kinds: the transitive closure of ``rdfs:subClassOf`` between named classes, and for every axiom
``A subClassOf (p some B)`` the direct triple ``A p B``, also for the subclasses of A. With these, a query
can ask ``?intervention meso:counters ?mechanism`` instead of spelling out an OWL restriction. They are a
subset of what OWL 2 EL entails, read as a graph between classes, as Ubergraph does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyoxigraph as ox

#: From a class to what it is asserted to be a subclass of: a named class or an anonymous restriction.
_STEP = """(
    rdfs:subClassOf
    | (owl:equivalentClass / owl:intersectionOf / rdf:rest* / rdf:first)
    | (^rdf:first / ^rdf:rest* / ^owl:unionOf / ^owl:equivalentClass)
)"""

_QUERY = f"""
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
CONSTRUCT {{ ?class ?property ?other }}
WHERE {{
    {{ ?class a owl:Class ; {_STEP}+ ?other . BIND(rdfs:subClassOf AS ?property) }}
    UNION
    {{ ?class a owl:Class ; {_STEP}+ [ owl:onProperty ?property ; owl:someValuesFrom ?other ] }}
    FILTER(isIRI(?class) && isIRI(?other))
}}
"""


def relations(store: ox.Store, schema_graphs: Sequence[ox.NamedNode]) -> Iterator[ox.Triple]:
    """The entailed triples between named classes of *schema_graphs*, asserted ones included."""
    result = store.query(_QUERY, default_graph=list(schema_graphs))
    assert isinstance(result, ox.QueryTriples)  # noqa: S101  # CONSTRUCT
    return result
