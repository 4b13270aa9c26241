"""RDF terms: what a term can be, the IRIs of RDF, RDFS and OWL that code names, names of blank nodes."""

from __future__ import annotations

import pyoxigraph as ox

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
XSD = "http://www.w3.org/2001/XMLSchema#"
TYPE = ox.NamedNode(RDF + "type")
FIRST = ox.NamedNode(RDF + "first")
REST = ox.NamedNode(RDF + "rest")
NIL = ox.NamedNode(RDF + "nil")
SUBCLASS = ox.NamedNode(RDFS + "subClassOf")
LABEL = ox.NamedNode(RDFS + "label")

#: A term of a graph; the subject is no literal.
Term = ox.NamedNode | ox.BlankNode | ox.Literal


def blank(file: int, number: int) -> ox.BlankNode:
    """The name of the blank node that comes *number*-th in file number *file*.

    Names follow the order of appearance, so that a second reading of the file, which looks for places, gives
    each node the same name.
    """
    return ox.BlankNode(f"f{file}b{number}")
