"""The records whose sources can be asked: publications and trials, with the lines of what is compared."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

import pyoxigraph as ox

from mesoonto.errors import Place
from mesoonto.namespaces import MESO, PREFIXES
from mesoonto.ontology.files import DATA
from mesoonto.ontology.model import Ontology

_TYPE = PREFIXES["rdf"] + "type"
_DOI, _PMID = PREFIXES["bibo"] + "doi", PREFIXES["bibo"] + "pmid"
_TITLE, _ISSUED = PREFIXES["dcterms"] + "title", PREFIXES["dcterms"] + "issued"
_CITATION = PREFIXES["dcterms"] + "bibliographicCitation"
_DOI_IRI = "https://doi.org/"
_NCT = re.compile(r"NCT\d{8}")


@dataclass(frozen=True, slots=True)
class Stated:
    """A value as a record states it, and where; "" where it states none, and then where the record begins."""

    value: str
    place: Place


@dataclass(frozen=True, slots=True)
class PublicationRecord:
    """What a record says of a publication."""

    iri: str
    doi: Stated
    pmid: Stated
    title: Stated
    year: Stated
    citation: Stated  #: names the journal


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """What a record says of a trial."""

    iri: str
    label: Stated
    number: Stated  #: of ClinicalTrials.gov
    other_numbers: tuple[str, ...]
    phase: Stated  #: such as ``Phase1Phase2``
    enrolment: Stated
    sponsor: Stated
    status: Stated  #: such as ``RegistryCompleted``
    status_date: Stated
    has_results: bool  #: whether a result of one of its cohorts is recorded


class Records:
    """The records of one ontology."""

    def __init__(self, ontology: Ontology) -> None:
        self._ontology = ontology
        self._about: dict[str, list[ox.Triple]] = defaultdict(list)
        for triple in ontology.triples(DATA):
            if isinstance(triple.subject, ox.NamedNode):
                self._about[triple.subject.value].append(triple)

    def publications(self) -> list[PublicationRecord]:
        """All publications with a title, in the order of their files."""
        found = (self._publication(iri) for iri in self._all("Publication"))
        return [one for one in found if one.title.value]

    def trials(self) -> list[TrialRecord]:
        """All studies, in the order of their files."""
        return [self._trial(iri) for iri in self._all("Study")]

    def _all(self, name: str) -> list[str]:
        return [
            iri
            for iri, triples in self._about.items()
            if any(
                t.predicate.value == _TYPE
                and isinstance(t.object, ox.NamedNode)
                and t.object.value == MESO + name
                for t in triples
            )
        ]

    def _publication(self, iri: str) -> PublicationRecord:
        doi, pmid = self._first(iri, _DOI), self._first(iri, _PMID)
        if not doi.value and iri.startswith(_DOI_IRI):
            doi = Stated(iri.removeprefix(_DOI_IRI), doi.place)
        if not pmid.value and iri.startswith(PREFIXES["pmid"]):
            pmid = Stated(iri.removeprefix(PREFIXES["pmid"]).strip("/"), pmid.place)
        others = (self._first(iri, name) for name in (_TITLE, _ISSUED, _CITATION))
        return PublicationRecord(iri, doi, pmid, *others)

    def _trial(self, iri: str) -> TrialRecord:
        numbers = self._values(iri, MESO + "registryId")
        known = next((n for n in numbers if _NCT.fullmatch(n.value)), Stated("", self._begin(iri)))
        return TrialRecord(
            iri,
            self._first(iri, PREFIXES["rdfs"] + "label"),
            known,
            tuple(n.value for n in numbers if n != known),
            self._listed(iri, "hasPhase"),
            self._first(iri, MESO + "enrolment"),
            self._first(iri, MESO + "sponsor"),
            self._listed(iri, "hasRegistryStatus"),
            self._first(iri, MESO + "registryStatusDate"),
            iri in self._with_results,
        )

    @cached_property
    def _with_results(self) -> set[str]:
        """The studies of whose cohorts a result is recorded."""
        cohorts = {
            cohort.value
            for result in self._all("Result")
            for cohort in self._values(result, MESO + "ofCohort")
        }
        return {study.value for one in cohorts for study in self._values(one, MESO + "ofStudy")}

    def _values(self, iri: str, predicate: str) -> list[Stated]:
        return [
            Stated(t.object.value, self._ontology.source(t) or self._begin(iri))
            for t in self._about[iri]
            if t.predicate.value == predicate and isinstance(t.object, ox.Literal | ox.NamedNode)
        ]

    def _listed(self, iri: str, name: str) -> Stated:
        """One of the project's listed values, by its name."""
        found = self._first(iri, MESO + name)
        return Stated(found.value.removeprefix(MESO), found.place)

    def _first(self, iri: str, predicate: str) -> Stated:
        return next(iter(self._values(iri, predicate)), Stated("", self._begin(iri)))

    def _begin(self, iri: str) -> Place:
        file, line = self._ontology.spot(iri)
        return Place(file, line or None)
