"""Reads OBO 1.4 as OWL, with the line of every frame (OBO Flat File Format 1.4, section 5: mapping to OWL).

What a check or a reasoner needs is read: declarations, logical axioms, labels, definitions, synonyms, what is
obsolete and what replaces it. Cross-references, subsets and property values of terms are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastobo
import pyoxigraph as ox

from mesoonto.errors import InputError, Place
from mesoonto.files import rdf
from mesoonto.files.terms import FIRST, LABEL, NIL, OWL, RDFS, REST, SUBCLASS, TYPE, XSD
from mesoonto.namespaces import OBO, PREFIXES

_OBO_IN_OWL = "http://www.geneontology.org/formats/oboInOwl#"
_ID = re.compile(r"^id:\s*(\S+)", re.MULTILINE)
_TRUE = ox.Literal("true", datatype=ox.NamedNode(f"{XSD}boolean"))
_CONVERT = "convert the file to OWL first (robot convert, say)"
#: Qualifiers that change what a relationship says and are not read.
_UNREAD = frozenset(
    ("cardinality", "minCardinality", "maxCardinality", "all_only", "all_some", "gci_relation", "gci_filler")
)
#: Clauses that say one thing of their frame by another frame.
_LINKS = {
    "is_a": SUBCLASS,
    "equivalent_to": ox.NamedNode(f"{OWL}equivalentClass"),
    "disjoint_from": ox.NamedNode(f"{OWL}disjointWith"),
    "replaced_by": ox.NamedNode(f"{OBO}IAO_0100001"),
    "consider": ox.NamedNode(f"{_OBO_IN_OWL}consider"),
}
#: The same of relations.
_RELATION_LINKS = _LINKS | {
    "is_a": ox.NamedNode(f"{RDFS}subPropertyOf"),
    "equivalent_to": ox.NamedNode(f"{OWL}equivalentProperty"),
    "disjoint_from": ox.NamedNode(f"{OWL}propertyDisjointWith"),
    "inverse_of": ox.NamedNode(f"{OWL}inverseOf"),
    "domain": ox.NamedNode(f"{RDFS}domain"),
    "range": ox.NamedNode(f"{RDFS}range"),
}
_TRAITS = {
    "is_transitive": "TransitiveProperty",
    "is_symmetric": "SymmetricProperty",
    "is_asymmetric": "AsymmetricProperty",
    "is_reflexive": "ReflexiveProperty",
    "is_functional": "FunctionalProperty",
    "is_inverse_functional": "InverseFunctionalProperty",
}
_DEFINITION = ox.NamedNode(f"{OBO}IAO_0000115")
_IMPORTS = ox.NamedNode(f"{OWL}imports")
#: What is no logic among the predicates that are read, and not known to OWL as such.
_ANNOTATIONS = (
    *(_DEFINITION, _LINKS["replaced_by"], _LINKS["consider"]),
    *(ox.NamedNode(f"{_OBO_IN_OWL}has{scope}Synonym") for scope in ("Exact", "Broad", "Narrow", "Related")),
)
_CHAIN = ox.NamedNode(f"{OWL}propertyChainAxiom")


def read(path: Path) -> Iterator[tuple[ox.Triple, int]]:
    """The triples of the OBO document *path*, each with the line at which its frame begins.

    Raises InputError with the line of what is not OBO, or cannot be read as OWL here.
    """
    rdf.refuse_owl_syntax(path)  # whose first lines could be taken for a header with tags of its own
    try:
        text = path.read_text(encoding="utf-8-sig")
        document = fastobo.loads(text)
    except SyntaxError as error:
        raise InputError(f"not OBO: {error.msg}", Place(str(path), error.lineno, error.offset)) from error
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot be read: {getattr(error, 'strerror', None) or error}", Place(str(path))
        ) from error
    lines = {match[1]: text.count("\n", 0, match.start()) + 1 for match in _ID.finditer(text)}
    frames = list(document)
    if any(isinstance(frame, fastobo.instance.InstanceFrame) for frame in frames):
        line = text.count("\n", 0, text.index("[Instance]")) + 1
        raise InputError(f"instances are not read; {_CONVERT}", Place(str(path), line))
    names = _Identifiers(document.header, frames)
    annotations = set(_ANNOTATIONS)
    for triple in _header(document.header, names):
        if triple.predicate not in (TYPE, _IMPORTS):
            annotations.add(triple.predicate)
        yield triple, 1
    for annotation in annotations:
        yield ox.Triple(annotation, TYPE, ox.NamedNode(f"{OWL}AnnotationProperty")), 1
    for frame in frames:
        line = lines.get(str(frame.id), 1)
        try:
            for triple in _frame(frame, names):
                yield triple, line
        except InputError as error:
            raise InputError(error.message, Place(str(path), line)) from error


class _Identifiers:
    """What identifiers mean in one document (section 5.9)."""

    def __init__(self, header: fastobo.header.HeaderFrame, frames: list[Any]) -> None:
        clauses = list(header)
        self.ontology = next((c.ontology for c in clauses if c.raw_tag() == "ontology"), "unnamed")
        self._spaces = {c.prefix: str(c.url) for c in clauses if c.raw_tag() == "idspace"}
        # a relation with a short name stands for the first one of an ontology that it refers to
        self._relations = {
            str(frame.id): clause.xref.id
            for frame in frames
            if isinstance(frame, fastobo.typedef.TypedefFrame)
            for clause in reversed(list(frame))
            if clause.raw_tag() == "xref" and isinstance(clause.xref.id, fastobo.id.PrefixedIdent)
        }

    def iri(self, ident: Any) -> ox.NamedNode:  # fastobo has no common type for these
        if isinstance(ident, fastobo.id.Url):
            return ox.NamedNode(str(ident))
        if isinstance(ident, fastobo.id.PrefixedIdent):
            stem = self._spaces.get(ident.prefix, f"{OBO}{ident.prefix}_")
            return ox.NamedNode(stem + ident.local)
        known = self._relations.get(str(ident))
        return self.iri(known) if known is not None else ox.NamedNode(f"{OBO}{self.ontology}#{ident}")


def _header(header: fastobo.header.HeaderFrame, names: _Identifiers) -> Iterator[ox.Triple]:
    ontology = ox.NamedNode(f"{OBO}{names.ontology}.owl")
    yield ox.Triple(ontology, TYPE, ox.NamedNode(f"{OWL}Ontology"))
    for clause in header:
        match clause.raw_tag():
            case "import":
                target = str(clause.reference)
                iri = target if "://" in target else f"{OBO}{target}.owl"
                yield ox.Triple(ontology, _IMPORTS, ox.NamedNode(iri))
            case "property_value":
                stated = clause.property_value
                predicate = _annotation(stated.relation, names)
                value = ox.Literal(stated.value) if hasattr(stated, "datatype") else names.iri(stated.value)
                yield ox.Triple(ontology, predicate, value)


def _annotation(relation: Any, names: _Identifiers) -> ox.NamedNode:  # see _Identifiers.iri
    if isinstance(relation, fastobo.id.PrefixedIdent) and relation.prefix in ("dc", "dcterms", "terms"):
        return ox.NamedNode(PREFIXES["dcterms"] + relation.local)
    return names.iri(relation)


def _frame(frame: Any, names: _Identifiers) -> Iterator[ox.Triple]:  # a term's or a relation's
    is_relation = isinstance(frame, fastobo.typedef.TypedefFrame)
    subject = names.iri(frame.id)
    clauses = list(frame)
    is_annotation = any(c.raw_tag() == "is_metadata_tag" and c.metadata_tag for c in clauses)
    kind = "Class" if not is_relation else "AnnotationProperty" if is_annotation else "ObjectProperty"
    yield ox.Triple(subject, TYPE, ox.NamedNode(OWL + kind))
    links = _RELATION_LINKS if is_relation else _LINKS
    gathered: dict[str, list[ox.NamedNode | ox.BlankNode]] = {}
    for clause in clauses:
        tag = clause.raw_tag()
        unread = sorted(_UNREAD & {str(qualifier.key) for qualifier in clause.qualifiers or ()})
        if unread:
            raise InputError(f"the qualifier {unread[0]} is not read; {_CONVERT}")
        if tag in links:
            yield ox.Triple(subject, links[tag], names.iri(_other(clause)))
        elif tag in ("intersection_of", "union_of") and not is_relation:
            expression, triples = _expression(clause, names)
            yield from triples
            gathered.setdefault(tag, []).append(expression)
        elif tag == "relationship" and not is_relation:
            expression, triples = _expression(clause, names)
            yield from triples
            yield ox.Triple(subject, SUBCLASS, expression)
        else:
            yield from _said(subject, tag, clause, names)
    for tag, members in gathered.items():
        expression = ox.BlankNode()
        yield ox.Triple(subject, ox.NamedNode(f"{OWL}equivalentClass"), expression)
        yield ox.Triple(expression, TYPE, ox.NamedNode(f"{OWL}Class"))
        operator = "intersectionOf" if tag == "intersection_of" else "unionOf"
        yield from _list(expression, ox.NamedNode(OWL + operator), members)


def _said(subject: ox.NamedNode, tag: str, clause: Any, names: _Identifiers) -> Iterator[ox.Triple]:
    """What *clause*, which is no link and no expression, says of *subject*."""
    match tag:
        case "name":
            yield ox.Triple(subject, LABEL, ox.Literal(clause.name))
        case "def":
            yield ox.Triple(subject, _DEFINITION, ox.Literal(str(clause.definition)))
        case "comment":
            yield ox.Triple(subject, ox.NamedNode(f"{RDFS}comment"), ox.Literal(clause.raw_value()))
        case "synonym":
            scope = clause.synonym.scope.capitalize()
            predicate = ox.NamedNode(f"{_OBO_IN_OWL}has{scope}Synonym")
            yield ox.Triple(subject, predicate, ox.Literal(clause.synonym.desc))
        case "is_obsolete" if clause.obsolete:
            yield ox.Triple(subject, ox.NamedNode(f"{OWL}deprecated"), _TRUE)
        case "transitive_over":
            yield from _list(subject, _CHAIN, [subject, names.iri(clause.typedef)])
        case "holds_over_chain" | "equivalent_to_chain":
            yield from _list(subject, _CHAIN, [names.iri(clause.first), names.iri(clause.last)])
        case _ if tag in _TRAITS and clause.raw_value() == "true":
            yield ox.Triple(subject, TYPE, ox.NamedNode(OWL + _TRAITS[tag]))


def _other(clause: Any) -> Any:  # see _Identifiers.iri
    """The other frame that a linking clause names."""
    return next(
        getattr(clause, name) for name in ("term", "typedef", "domain", "range") if hasattr(clause, name)
    )


def _expression(clause: Any, names: _Identifiers) -> tuple[ox.NamedNode | ox.BlankNode, list[ox.Triple]]:
    """The class that *clause* names, alone or as "relation class", and the triples that make it."""
    filler = names.iri(clause.term)
    relation = getattr(clause, "typedef", None)
    if relation is None:
        return filler, []
    node = ox.BlankNode()
    return node, [
        ox.Triple(node, TYPE, ox.NamedNode(f"{OWL}Restriction")),
        ox.Triple(node, ox.NamedNode(f"{OWL}onProperty"), names.iri(relation)),
        ox.Triple(node, ox.NamedNode(f"{OWL}someValuesFrom"), filler),
    ]


def _list(
    subject: ox.NamedNode | ox.BlankNode,
    predicate: ox.NamedNode,
    members: list[ox.NamedNode] | list[ox.NamedNode | ox.BlankNode],
) -> Iterator[ox.Triple]:
    """*subject* *predicate* ( *members* )."""
    cells: list[ox.NamedNode | ox.BlankNode] = [*(ox.BlankNode() for _ in members), NIL]
    yield ox.Triple(subject, predicate, cells[0])
    for cell, member, rest in zip(cells, members, cells[1:], strict=False):
        yield ox.Triple(cell, FIRST, member)
        yield ox.Triple(cell, REST, rest)
