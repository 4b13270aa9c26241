"""What RDFS or OWL 2 RL lets one conclude from the data, by the library owlrl."""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox

from mesoonto.errors import InputError
from mesoonto.files.terms import Term
from mesoonto.validation.data.store import Data

#: The entailment regimes that a shapes graph may ask for (SHACL, section 1.5), by ``--inference``.
SATISFIES = {
    "rdfs": frozenset(f"http://www.w3.org/ns/entailment/{name}" for name in ("RDF", "RDFS")),
}

#: The regimes of ``--inference``.
REGIMES = ("rdfs", "owlrl")


def concluded(data: Data, regime: str) -> Iterator[tuple[Term, ox.NamedNode, Term]]:
    """The statements that follow from *data* under *regime* and are not in them.

    Raises InputError for a regime that is none of `REGIMES`.
    """
    if regime not in REGIMES:
        raise InputError(f"{regime} is no entailment regime; choose from {', '.join(REGIMES)}")
    import owlrl
    import rdflib

    text = ox.serialize((ox.Triple(*row) for row in data.statements()), format=ox.RdfFormat.N_TRIPLES)  # type: ignore[arg-type]
    assert text is not None  # noqa: S101  # no output file was named
    graph = rdflib.Graph()
    normalizes, rdflib.NORMALIZE_LITERALS = rdflib.NORMALIZE_LITERALS, False
    try:
        graph.parse(data=text, format="nt")
        before = set(graph)
        semantics = owlrl.RDFS_Semantics if regime == "rdfs" else owlrl.OWLRL_Semantics
        owlrl.DeductiveClosure(semantics, axiomatic_triples=False, datatype_axioms=False).expand(graph)
        added = rdflib.Graph()
        for row in set(graph) - before:
            if not isinstance(row[0], rdflib.Literal) and isinstance(row[1], rdflib.URIRef):
                added.add(row)
        found = added.serialize(format="nt", encoding="utf-8")
    finally:
        rdflib.NORMALIZE_LITERALS = normalizes
    for quad in ox.parse(found, format=ox.RdfFormat.N_TRIPLES):
        if not isinstance(quad.subject, ox.Triple) and not isinstance(quad.object, ox.Triple):
            yield quad.subject, quad.predicate, quad.object
