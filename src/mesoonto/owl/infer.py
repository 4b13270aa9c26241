"""The inferred graph: what queries need and nobody asserts.

Four kinds of triples, all between classes, read as a graph as Ubergraph does. What another graph of the
dataset states is not repeated in it, so queries of what is entailed ask the default graph:

* the subsumptions that HermiT found when the dataset was built (``ontology/inferred.ttl``, committed, so that
  serving needs no Java);
* the transitive closure of ``rdfs:subClassOf`` between named classes;
* for every entailed ``A subClassOf (p some B)`` the direct triple ``A p B``, property chains included. With
  these, a query asks ``?intervention meso:counters ?mechanism`` instead of spelling out an OWL restriction;
* what the rules below derive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import GRAPH, PREFIXES
from mesoonto.ontology.axioms import Axiom
from mesoonto.owl.entail import Entailments

#: The graph that this module fills.
INFERRED = f"{GRAPH}inferred"


@dataclass(frozen=True, slots=True)
class InferenceRule:
    """A rule that goes beyond OWL, as a query."""

    property: str  #: the IRI of the property it derives
    words: str  #: what it says
    query: str  #: SPARQL CONSTRUCT
    claim: str = ""  #: IRI of the relation of the claims that it sums up, for a rule on evidence statements


def _reported(derived: str, claim: str, words: str) -> InferenceRule:
    """The rule that sums up the statements from mesothelioma that support *claim*."""
    return InferenceRule(
        f"{PREFIXES['meso']}{derived}",
        "a statement from pleural mesothelioma, or from mesothelioma of several sites, supports that "
        + words,
        f"""CONSTRUCT {{ ?mechanism meso:{derived} ?object }}
        WHERE {{
            VALUES ?context {{ meso:PleuralContext meso:MixedMesotheliomaContext }}
            ?statement meso:hasClaimRelation meso:{claim} ; meso:hasDirection meso:Supports ;
                meso:hasDiseaseContext ?context ;
                meso:hasClaimSubject ?mechanism ; meso:hasClaimObject ?object .
        }}""",
        f"{PREFIXES['meso']}{claim}",
    )


RULES = (
    InferenceRule(
        f"{PREFIXES['meso']}counteredBy",
        "an intervention that counters a mechanism is one that the mechanism is countered by",
        """CONSTRUCT { ?mechanism meso:counteredBy ?intervention }
        WHERE { ?intervention meso:counters ?mechanism }""",
    ),
    _reported("reportedActiveIn", "activeIn", "the mechanism is active there"),
    _reported(
        "reportedToImpairResponseTo",
        "impairsResponseTo",
        "the mechanism lessens the effect of the intervention",
    ),
)


def relations(axioms: Iterable[Axiom]) -> Iterator[ox.Triple]:
    """The triples between named classes that the logical *axioms* entail, asserted ones included."""
    for subject, predicate, other in Entailments(axioms).relations():
        yield ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), ox.NamedNode(other))


def by_rules(store: ox.Store) -> Iterator[ox.Triple]:
    """What the rules derive from the graphs of *store*."""
    for rule in RULES:
        found = store.query(rule.query, use_default_graph_as_union=True, prefixes=PREFIXES)
        assert isinstance(found, ox.QueryTriples)  # noqa: S101  # CONSTRUCT
        yield from found


def origin() -> Iterator[ox.Triple]:
    """What the inferred graph says of itself."""
    graph, dcterms = ox.NamedNode(INFERRED), PREFIXES["dcterms"]
    words = "Computed, not asserted: subsumptions found by HermiT, their transitive closure, existential "
    words += "restrictions as direct links, property chains, and these rules: "
    words += "; ".join(rule.words for rule in RULES)
    yield ox.Triple(graph, ox.NamedNode(f"{dcterms}description"), ox.Literal(words, language="en"))
    for source in ("ontology", "imports", "data"):
        yield ox.Triple(graph, ox.NamedNode(f"{dcterms}source"), ox.NamedNode(GRAPH + source))
