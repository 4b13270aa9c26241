"""Axioms in words: a sentence for every kind of axiom, and none that tells of how OWL is written in RDF."""

from __future__ import annotations

import re

import pyoxigraph as ox
import pytest

from mesoonto.ontology.axioms import axioms_of, logical
from mesoonto.ontology.wording import Wording
from tests import knowledge

PREFIXES = """@prefix : <http://e/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


@pytest.mark.parametrize(
    ("turtle", "words"),
    [
        (":A rdfs:subClassOf :B .", "every A is a B"),
        (":A owl:disjointWith :B .", "nothing is both A and B"),
        ("[] a owl:AllDisjointClasses ; owl:members ( :B :A :C ) .", "nothing is two of A, B, C"),
        (":A owl:equivalentClass [ owl:unionOf ( :B :C ) ] .", "A is by definition B or C"),
        (
            ":A owl:equivalentClass [ owl:intersectionOf (\n"
            " :B [ owl:onProperty :r ; owl:someValuesFrom :C ] ) ] .",
            "A is by definition B that r some C",
        ),
        (":r owl:propertyChainAxiom ( :p :q ) .", "if x p y and y q z, then x r z"),
        (":r owl:propertyChainAxiom ( :p :q :s ) .", "if x p y and y q z and z s u, then x r u"),
        (":r rdfs:subPropertyOf :p .", "if x r y, then x p y"),
        (":r rdfs:domain :A .", "whatever r something is a A"),
        (":r rdfs:range :A .", "whatever something r is a A"),
        (":r a owl:TransitiveProperty .", "if x r y and y r z, then x r z"),
        (":A rdfs:subClassOf [ owl:onProperty :r ; owl:hasSelf true ] .", "every A r itself"),
        (
            ":A rdfs:subClassOf [ owl:onProperty :r ; owl:onClass :B ;\n"
            ' owl:maxQualifiedCardinality "2"^^xsd:nonNegativeInteger ] .',
            "every A r at most 2 B",
        ),
        ("[] a owl:NegativePropertyAssertion ; owl:sourceIndividual :a ; owl:assertionProperty :r ;"
         " owl:targetIndividual :b .", "never a r b"),
        (":a :r :b .", "a r b"),
    ],
)  # fmt: skip
def test_each_kind_of_axiom_has_its_sentence(turtle: str, words: str) -> None:
    triples = [q.triple for q in ox.parse(PREFIXES + turtle, format=ox.RdfFormat.TURTLE)]
    (axiom,) = logical(axioms_of(triples))
    assert Wording({}).say(axiom) == words


def test_no_shipped_axiom_is_told_in_terms_of_rdf() -> None:
    ontology = knowledge.ontology()
    said = [ontology.wording.say(a) for a in ontology.logical_axioms if not a.is_declaration]
    assert len(said) > 1000
    names = r"\b(first|rest|onProperty|someValuesFrom|intersectionOf|propertyChainAxiom)\b|_:|something$"
    without_labels = {words: re.sub("'[^']*'", "", words) for words in said}
    assert [words for words, bare in without_labels.items() if re.search(names, bare)] == []
