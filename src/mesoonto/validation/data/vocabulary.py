"""The IRIs of SHACL and RDF that validation uses, and which words SHACL has."""

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

#: What may stand on a shape beside targets and parameters (SHACL, sections 2.1 and 2.3; Advanced Features).
ON_SHAPES = (
    "deactivated", "defaultValue", "description", "entailment", "flags", "group", "ignoredProperties",
    "message", "name", "order", "path", "qualifiedValueShapesDisjoint", "rule", "severity", "shapesGraph",
    "suggestedShapesGraph", "expression", "values", "js",
)  # fmt: skip

#: The other words of the SHACL vocabulary, on queries, paths, components, functions and rules.
_ELSEWHERE = (
    "alternativePath", "annotationProperty", "annotationValue", "annotationVarName", "ask", "condition",
    "conforms", "construct", "count", "declare", "detail", "distinct", "else", "filterShape", "focusNode",
    "groupConcat", "if", "intersection", "inversePath", "jsFunctionName", "jsLibrary", "jsLibraryURL",
    "labelTemplate", "limit", "max", "min", "minus", "namespace", "nodeValidator", "nodes", "object",
    "offset", "oneOrMorePath", "optional", "orderBy", "parameter", "predicate", "prefix", "prefixes",
    "propertyValidator", "result", "resultAnnotation", "resultMessage", "resultPath", "resultSeverity",
    "returnType", "select", "shapesGraphWellFormed", "sourceConstraint", "sourceConstraintComponent",
    "sourceShape", "subject", "sum", "then", "this", "union", "update", "validator", "value",
    "zeroOrMorePath", "zeroOrOnePath",
)  # fmt: skip

#: Words of the drafts of SHACL 1.2 (vocabulary of 2026) that 1.0 does not have.
_DRAFT = (
    "agentInstruction", "bodyExpression", "codeIdentifier", "intent", "maxListLength", "memberShape",
    "minListLength", "nodeByExpression", "reificationRequired", "reifierShape", "rootClass", "shape",
    "singleLine", "someValue", "sparqlExpr", "subsetOf", "targetWhere", "uniqueMembers", "uniqueValuesFor",
    "unit",
)  # fmt: skip

#: Every property of the SHACL vocabulary that may stand in a shapes graph.
PROPERTIES = frozenset((*TARGETS, *PARAMETERS, *ON_SHAPES, *_ELSEWHERE, *_DRAFT))

NODE_KINDS = {
    "BlankNode": ("isBlank",),
    "IRI": ("isIRI",),
    "Literal": ("isLiteral",),
    "BlankNodeOrIRI": ("isBlank", "isIRI"),
    "BlankNodeOrLiteral": ("isBlank", "isLiteral"),
    "IRIOrLiteral": ("isIRI", "isLiteral"),
}
