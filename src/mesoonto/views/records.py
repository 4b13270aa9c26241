"""Pages of single records: what is stated of one, in a sensible order and in words, and what rests on it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO, OBO, PREFIXES, compress
from mesoonto.ontology.synonyms import ALT_LABEL, OTHER_NAMES, SCOPES
from mesoonto.views.elsewhere import name_elsewhere
from mesoonto.views.facts import (
    BIBO,
    DCTERMS,
    DEFINITION,
    LABEL,
    RDFS,
    SKOS,
    SUBCLASS,
    TYPE,
    EntityLink,
    Facts,
    local,
)
from mesoonto.views.results import ResultView, result
from mesoonto.views.statements import StatementView, ordered, statement

_OWL = PREFIXES["owl"]

#: Words for properties whose own labels are made for queries.
_WORDS = {
    TYPE: "kind",
    SUBCLASS: "is a kind of",
    DEFINITION: "definition",
    ALT_LABEL: "also called",
    SCOPES["exact"]: "also called",
    SCOPES["narrow"]: "has the narrower synonym",
    SCOPES["broad"]: "has the broader synonym",
    SCOPES["related"]: "has the related synonym",
    f"{SKOS}note": "note",
    f"{SKOS}editorialNote": "remark of the editors",
    f"{DCTERMS}source": "source",
    f"{DCTERMS}title": "title",
    f"{DCTERMS}issued": "date",
    f"{DCTERMS}created": "recorded on",
    f"{DCTERMS}creator": "recorded by",
    f"{DCTERMS}bibliographicCitation": "citation",
    f"{BIBO}doi": "DOI",
    f"{BIBO}pmid": "PubMed",
    f"{RDFS}domain": "domain",
    f"{RDFS}range": "range",
    f"{OBO}IAO_0100001": "replaced by",
    f"{RDFS}seeAlso": "see also",
    f"{RDFS}comment": "remark",
    f"{DCTERMS}modified": "changed on",
    f"{DCTERMS}description": "description",
    f"{DCTERMS}license": "licence",
    f"{DCTERMS}isReplacedBy": "replaced by",
    f"{SKOS}notation": "short form",
    f"{SKOS}example": "example",
    f"{SKOS}exactMatch": "the same as",
    f"{SKOS}closeMatch": "nearly the same as",
    f"{SKOS}broadMatch": "narrower than",
    f"{SKOS}narrowMatch": "broader than",
    f"{SKOS}relatedMatch": "related to",
    f"{_OWL}disjointWith": "never together with",
    f"{_OWL}equivalentClass": "defined as",
    f"{_OWL}equivalentProperty": "the same relation as",
    f"{_OWL}inverseOf": "the other way round",
    f"{_OWL}imports": "imports",
    f"{_OWL}deprecated": "retired",
    f"{_OWL}versionInfo": "version",
    f"{MESO}readAt": "read at",
}

#: Kinds of entities by the words of a reader.
_KINDS = {
    f"{_OWL}Class": "class",
    f"{_OWL}NamedIndividual": "individual",
    f"{_OWL}ObjectProperty": "relation",
    f"{_OWL}DatatypeProperty": "property",
    f"{_OWL}AnnotationProperty": "annotation",
    f"{_OWL}Ontology": "ontology",
}

#: What comes first and what last; the others stand between, by their words.
_FIRST = (TYPE, DEFINITION, *OTHER_NAMES, SUBCLASS)
_LAST = (f"{SKOS}note", f"{MESO}unrecordedFigure", f"{SKOS}editorialNote", f"{DCTERMS}source",
         f"{MESO}readAt", f"{DCTERMS}created", f"{DCTERMS}creator")  # fmt: skip

#: Figures, statements and names that a page shows of what names an entity; a term may be named by hundreds.
_MOST = 60


@dataclass(frozen=True, slots=True)
class PropertyRow:
    """A property in words, with its values."""

    property: str
    values: tuple[EntityLink, ...]  #: a text is a link without an address
    more: int = 0  #: how many are left out


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Any entity."""

    link: EntityLink
    kind: str
    rows: tuple[PropertyRow, ...]
    named_by: tuple[PropertyRow, ...]  #: the other way round
    results: tuple[ResultView, ...]
    more_results: int  #: how many are left out
    statements: tuple[StatementView, ...]
    more_statements: int
    classes: tuple[str, ...] = ()  #: IRIs of what it is an instance of


def record(facts: Facts, node: ox.NamedNode) -> RecordPage:
    """What is known of *node*, whatever it is."""
    inward = facts.inward(node)
    subjects = {subject for subjects in inward.values() for subject in subjects}
    results = [s for s in subjects if facts.is_a(s, f"{MESO}Result")]
    statements = [s for s in subjects if facts.is_a(s, f"{MESO}EvidenceStatement")]
    apart = {*results, *statements}
    above = facts.links(_nearest(facts, facts.entities(node, SUBCLASS)))
    kinds = above or tuple(value(facts, kind) for kind in facts.objects(node, TYPE))
    stated = facts.outward(node)
    if SUBCLASS in stated:
        stated[SUBCLASS] = list(_nearest(facts, facts.entities(node, SUBCLASS)))
    return RecordPage(
        link=facts.link(node),
        kind=", ".join(link.label for link in kinds),
        rows=tuple(
            PropertyRow(word(facts, name), tuple(value(facts, o) for o in values))
            for name, values in sorted(stated.items(), key=lambda item: _place(facts, item[0]))
            if name != LABEL
        ),
        named_by=tuple(
            PropertyRow(word(facts, name), facts.links(others)[:_MOST], max(0, len(others) - _MOST))
            for name, found in sorted(inward.items(), key=lambda item: _place(facts, item[0]))
            if (others := [s for s in found if s not in apart])
        ),
        classes=tuple(kind.value for kind in facts.entities(node, TYPE)),
        results=tuple(sorted((result(facts, r) for r in results), key=lambda r: r.weight))[:_MOST],
        more_results=max(0, len(results) - _MOST),
        statements=ordered(statement(facts, s) for s in statements)[:_MOST],
        more_statements=max(0, len(statements) - _MOST),
    )


def word(facts: Facts, iri: str) -> str:
    """The property *iri* as a reader expects it."""
    node = ox.NamedNode(iri)
    found = _WORDS.get(iri) or facts.text(node, LABEL)
    if not found:  # in the words that its name is put together from
        found = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", local(iri)).lower()
    return found.removeprefix("has ")


def value(facts: Facts, term: ox.NamedNode | ox.BlankNode | ox.Literal) -> EntityLink:
    """A value, as a link where it has an address; a nameless node by what it gives or says."""
    if isinstance(term, ox.NamedNode):
        link = facts.link(term)
        plain = link.label == compress(term.value)  # it has no label here
        return EntityLink(_KINDS.get(term.value) or name_elsewhere(term.value), term.value) if plain else link
    if isinstance(term, ox.Literal):
        return EntityLink(term.value, "")
    parts = [
        value(facts, o).label
        for name, values in sorted(facts.outward(term).items())
        for o in values
        if name != TYPE
    ]
    return EntityLink(", ".join(parts), "")


def _nearest(facts: Facts, nodes: list[ox.NamedNode]) -> list[ox.NamedNode]:
    """*nodes* without those that another of them is a kind of."""
    far = {n for one in nodes for n in facts.entities(one, SUBCLASS) if n != one}
    return [node for node in nodes if node not in far]


def _place(facts: Facts, name: str) -> tuple[int, str]:
    if name in _FIRST:
        return (_FIRST.index(name) - len(_FIRST), "")
    if name in _LAST:
        return (_LAST.index(name) + 1, "")
    return (0, word(facts, name))
