"""Pages of single records: what is stated of one, in a sensible order and in words, and what rests on it."""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO, OBO, compress
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
)
from mesoonto.views.results import ResultView, result
from mesoonto.views.statements import StatementView, ordered, statement

#: Words for properties whose own labels are made for queries.
_WORDS = {
    TYPE: "kind",
    SUBCLASS: "is a kind of",
    DEFINITION: "definition",
    f"{SKOS}altLabel": "also called",
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
    f"{MESO}readAt": "read at",
}

#: What comes first and what last; the others stand between, by their words.
_FIRST = (TYPE, DEFINITION, f"{SKOS}altLabel", SUBCLASS)
_LAST = (f"{SKOS}note", f"{SKOS}editorialNote", f"{DCTERMS}source", f"{MESO}readAt", f"{DCTERMS}created",
         f"{DCTERMS}creator")  # fmt: skip

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


def record(facts: Facts, node: ox.NamedNode) -> RecordPage:
    """What is known of *node*, whatever it is."""
    inward = facts.inward(node)
    subjects = {subject for subjects in inward.values() for subject in subjects}
    results = [s for s in subjects if facts.is_a(s, f"{MESO}Result")]
    statements = [s for s in subjects if facts.is_a(s, f"{MESO}EvidenceStatement")]
    apart = {*results, *statements}
    kinds = facts.linked(node, TYPE)
    return RecordPage(
        link=facts.link(node),
        kind=", ".join(link.label for link in kinds),
        rows=tuple(
            PropertyRow(word(facts, name), tuple(value(facts, o) for o in values))
            for name, values in sorted(facts.outward(node).items(), key=lambda item: _place(facts, item[0]))
            if name != LABEL
        ),
        named_by=tuple(
            PropertyRow(word(facts, name), facts.links(others)[:_MOST], max(0, len(others) - _MOST))
            for name, found in sorted(inward.items(), key=lambda item: _place(facts, item[0]))
            if (others := [s for s in found if s not in apart])
        ),
        results=tuple(sorted((result(facts, r) for r in results), key=lambda r: r.weight))[:_MOST],
        more_results=max(0, len(results) - _MOST),
        statements=ordered(statement(facts, s) for s in statements)[:_MOST],
        more_statements=max(0, len(statements) - _MOST),
    )


def word(facts: Facts, iri: str) -> str:
    """The property *iri* as a reader expects it."""
    node = ox.NamedNode(iri)
    found = _WORDS.get(iri) or facts.text(node, LABEL)
    return (found or compress(iri)).removeprefix("has ")


def value(facts: Facts, term: ox.NamedNode | ox.BlankNode | ox.Literal) -> EntityLink:
    """A value, as a link where it has an address; a nameless node by what it gives or says."""
    if isinstance(term, ox.NamedNode):
        return facts.link(term)
    if isinstance(term, ox.Literal):
        return EntityLink(term.value, "")
    parts = [
        value(facts, o).label
        for name, values in sorted(facts.outward(term).items())
        for o in values
        if name != TYPE
    ]
    return EntityLink(", ".join(parts), "")


def _place(facts: Facts, name: str) -> tuple[int, str]:
    if name in _FIRST:
        return (_FIRST.index(name) - len(_FIRST), "")
    if name in _LAST:
        return (_LAST.index(name) + 1, "")
    return (0, word(facts, name))
