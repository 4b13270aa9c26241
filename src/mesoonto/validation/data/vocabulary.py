"""The IRIs of SHACL and RDF that validation uses; shapes/constructs.py has all words of SHACL."""

from __future__ import annotations

import pyoxigraph as ox

SH = "http://www.w3.org/ns/shacl#"


def sh(name: str) -> ox.NamedNode:
    """The term of SHACL called *name*."""
    return ox.NamedNode(SH + name)


TARGETS = ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf", "target")

#: Parameters of the constraint components of SHACL core and SHACL-SPARQL, without their helpers.
PARAMETERS = (
    "and", "class", "closed", "datatype", "disjoint", "equals", "hasValue", "in", "languageIn", "lessThan",
    "lessThanOrEquals", "maxCount", "maxExclusive", "maxInclusive", "maxLength", "minCount", "minExclusive",
    "minInclusive", "minLength", "node", "nodeKind", "not", "or", "pattern", "property", "qualifiedMaxCount",
    "qualifiedMinCount", "qualifiedValueShape", "sparql", "uniqueLang", "xone",
)  # fmt: skip

NODE_KINDS = {
    "BlankNode": ("isBlank",),
    "IRI": ("isIRI",),
    "Literal": ("isLiteral",),
    "BlankNodeOrIRI": ("isBlank", "isIRI"),
    "BlankNodeOrLiteral": ("isBlank", "isLiteral"),
    "IRIOrLiteral": ("isIRI", "isLiteral"),
}
