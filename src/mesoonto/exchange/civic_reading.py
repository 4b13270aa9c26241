"""CIViC's table of evidence as evidence statements that somebody has to check and complete.

Nothing is guessed: what a row does not say, or says in a name that no class here has, is left out, and the
shapes then ask for it. Rows that no statement can be made of, and fields that are lost, are told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyoxigraph as ox

from mesoonto.exchange.civic import BIOMARKER, INTERVENTION, SIGNIFICANCE, doid
from mesoonto.exchange.civic_table import CivicRow, TableProblem, read_table
from mesoonto.exchange.claims import DISEASES, therapies
from mesoonto.exchange.formats import WHOLE, Loss, record_name
from mesoonto.namespaces import DATA, MESO, OBO_IN_OWL, PREFIXES
from mesoonto.views.facts import BIBO, DCTERMS, LABEL, SKOS, SUBCLASS, TYPE, Facts

#: Fields that have no property here, with the reason. The number of the item, by which it is found in CIViC
#: with all of them, stands in a note.
_LOST = {
    "molecular_profile_id": "a number of CIViC",
    "phenotypes": "statements have no phenotypes",
    "asco_abstract_id": "describe its source as a publication",
    "nct_ids": "a statement names results of a trial, which the row does not tell",
    "rating": "statements have no stars",
    "evidence_status": "statements have no such state",
    "variant_origin": "biomarkers tell it by their class",
    "last_review_date": "it tells when CIViC changed the item",
    "molecular_profile_civic_url": "an address of CIViC",
    "is_flagged": "look at it in CIViC",
}
_RELATIONS = {words: relation for relation, words in SIGNIFICANCE.items()}
_PREFIXES = {name: PREFIXES[name] for name in ("bibo", "dcterms", "meso", "mesod", "pmid", "rdfs", "skos")}


@dataclass(frozen=True, slots=True)
class Imported:
    """A table, read."""

    turtle: str
    number: int  #: of statements
    losses: tuple[Loss, ...]  #: a record is a statement, or the place of a row that none was made of
    problems: tuple[TableProblem, ...]  #: rows that are no evidence items

    @property
    def left_out(self) -> int:
        """Rows that are evidence items, and none for a statement."""
        return sum(loss.what == WHOLE for loss in self.losses)


def read(facts: Facts, path: Path) -> Imported:
    """The rows of *path* on mesothelioma as statements in Turtle; raises InputError as `read_table` does."""
    names = _NamedClasses(facts)
    triples: list[ox.Triple] = []
    losses: list[Loss] = []
    problems: list[TableProblem] = []
    counts: dict[str, int] = defaultdict(int)
    number = 0
    for line, row in read_table(path):
        if isinstance(row, TableProblem):
            problems.append(row)
        elif why := _unfit(names, row):
            losses.append(Loss(f"{path}:{line}", WHOLE, why))
        else:
            statement = _node(facts, row, line, counts)
            triples += _triples(facts, names, row, statement)
            losses += (Loss(record_name(statement), *told) for told in _losses(facts, names, row))
            number += 1
    turtle = ox.serialize(dict.fromkeys(triples), format=ox.RdfFormat.TURTLE, prefixes=_PREFIXES) or b""
    return Imported(turtle.decode(), number, tuple(losses), tuple(problems))


class _NamedClasses:
    """Classes by what a table calls them."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    @cached_property
    def biomarkers(self) -> dict[str, set[ox.NamedNode]]:
        """By label and exact synonym."""
        return self._named(BIOMARKER)

    @cached_property
    def interventions(self) -> dict[frozenset[str], set[ox.NamedNode]]:
        """By the names of what is given together."""
        singly = self._named(INTERVENTION)
        found = {frozenset([name]): set(nodes) for name, nodes in singly.items()}
        for node in {node for nodes in singly.values() for node in nodes}:
            parts = therapies(self._facts, node)
            if len(parts) > 1:
                key = frozenset(self._facts.label(part).casefold() for part in parts)
                found.setdefault(key, set()).add(node)
        return found

    @cached_property
    def contexts(self) -> dict[str, str]:
        """Disease contexts by the number of their disease in the Disease Ontology."""
        found = {doid(self._facts, ox.NamedNode(iri)): context for context, iri in DISEASES.items()}
        return {number: context for number, context in found.items() if number}

    def biomarker(self, row: CivicRow) -> ox.NamedNode | None:
        """The one class that the molecular profile names."""
        return _only(self.biomarkers.get(row.molecular_profile.casefold(), set()))

    def intervention(self, row: CivicRow) -> ox.NamedNode | None:
        """The one class of all that is given; None for what is given in turn or for choice."""
        if row.therapy_interaction_type in ("Sequential", "Substitutes"):
            return None
        key = frozenset(name.casefold() for name in row.therapy_names)
        return _only(self.interventions.get(key, set()))

    def context(self, row: CivicRow) -> str | None:
        """The disease context, by the number of the disease."""
        return self.contexts.get(row.doid.removeprefix("DOID:"))

    def _named(self, root: str) -> dict[str, set[ox.NamedNode]]:
        found: dict[str, set[ox.NamedNode]] = defaultdict(set)
        for node in self._facts.subjects(SUBCLASS, ox.NamedNode(root)):
            for predicate in (LABEL, f"{OBO_IN_OWL}hasExactSynonym"):
                for name in self._facts.texts(node, predicate):
                    found[name.casefold()].add(node)
        return found


def _only(nodes: Iterable[ox.NamedNode]) -> ox.NamedNode | None:
    found = list(nodes)
    return found[0] if len(found) == 1 else None


def _unfit(names: _NamedClasses, row: CivicRow) -> str:
    """Why no statement can be made of *row*; nothing where one can."""
    if row.evidence_status == "rejected":
        return "CIViC rejected it"
    if names.context(row) is None:
        return f"the disease is no mesothelioma that contexts are for: {row.disease or row.doid or 'none'}"
    if (row.evidence_type, row.significance) not in _RELATIONS:
        return f"no relation here means {row.evidence_type} evidence, {row.significance}"
    return ""


def _node(facts: Facts, row: CivicRow, line: int, counts: dict[str, int]) -> ox.NamedNode:
    """A name for the statement that no record has."""
    other = f"CIViC-{row.evidence_id or f'line{line}'}"
    key = f"PMID{row.citation_id}" if row.source_type == "PubMed" else other
    while True:
        counts[key] += 1
        node = ox.NamedNode(f"{DATA}statement_{key}_{counts[key]}")
        if not facts.exists(node):
            return node


def _triples(facts: Facts, names: _NamedClasses, row: CivicRow, node: ox.NamedNode) -> Iterator[ox.Triple]:
    def said(name: str, value: ox.NamedNode | ox.Literal | None) -> Iterator[ox.Triple]:
        if value is not None:
            yield ox.Triple(node, ox.NamedNode(name), value)

    relation = _RELATIONS[row.evidence_type, row.significance]
    yield from said(TYPE, ox.NamedNode(f"{MESO}EvidenceStatement"))
    yield from said(LABEL, ox.Literal(row.evidence_statement, language="en"))
    yield from said(f"{MESO}hasClaimSubject", names.biomarker(row))
    yield from said(f"{MESO}hasClaimRelation", ox.NamedNode(MESO + relation))
    yield from said(f"{MESO}hasClaimObject", names.intervention(row) if row.therapies else None)
    yield from said(f"{MESO}hasDirection", _direction(row))
    yield from said(f"{MESO}hasDiseaseContext", ox.NamedNode(f"{MESO}{names.context(row)}"))
    yield from said(f"{MESO}hasEvidenceLevel", ox.NamedNode(f"{MESO}Level{row.evidence_level}"))
    if row.evidence_id or row.evidence_civic_url:
        told = f"From CIViC, evidence item {row.evidence_id or row.evidence_civic_url}."
        yield from said(f"{SKOS}note", ox.Literal(told, language="en"))
    if row.source_type == "PubMed":
        source = _pubmed(row)
        yield from said(f"{DCTERMS}source", source)
        if not facts.exists(source):
            yield ox.Triple(source, ox.NamedNode(TYPE), ox.NamedNode(f"{MESO}Publication"))
            yield ox.Triple(source, ox.NamedNode(f"{BIBO}pmid"), ox.Literal(row.citation_id))
            if row.citation:
                cited = ox.NamedNode(f"{DCTERMS}bibliographicCitation")
                yield ox.Triple(source, cited, ox.Literal(row.citation))


def _direction(row: CivicRow) -> ox.NamedNode | None:
    """None where the row leaves open whether the evidence refutes or is inconclusive."""
    if row.evidence_direction == "Supports":
        return ox.NamedNode(f"{MESO}Supports")
    if row.evidence_direction == "Does Not Support" and row.evidence_type == "Prognostic":
        return ox.NamedNode(f"{MESO}Refutes")
    return None


def _losses(facts: Facts, names: _NamedClasses, row: CivicRow) -> Iterator[tuple[str, str]]:
    """What of *row* is not in the statement, and why."""
    if names.biomarker(row) is None:
        yield "molecular_profile", f"no one biomarker here is called {row.molecular_profile}"
    if row.therapies and names.intervention(row) is None:
        kind = f" ({row.therapy_interaction_type.lower()})" if row.therapy_interaction_type else ""
        yield "therapies", f"no one intervention here is {row.therapies}{kind}"
    if not row.therapies:
        yield "hasClaimObject", "CIViC does not tell the end point"
    if _direction(row) is None:
        yield "evidence_direction", f"{row.evidence_direction} may mean refuted or inconclusive"
    if row.source_type != "PubMed":
        yield "citation_id", f"{row.source_type} {row.citation_id}: describe its source as a publication"
    if row.citation and (row.source_type != "PubMed" or facts.exists(_pubmed(row))):
        yield (
            "citation",
            "the publication is on record" if row.source_type == "PubMed" else "it has no record",
        )
    for name, why in _LOST.items():
        if getattr(row, name) not in ("", "false"):
            yield name, why


def _pubmed(row: CivicRow) -> ox.NamedNode:
    """The publication that *row* cites by its PubMed number."""
    return ox.NamedNode(PREFIXES["pmid"] + row.citation_id)
