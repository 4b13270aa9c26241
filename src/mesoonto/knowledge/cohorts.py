"""Whom the cohorts of trials took: what each result and statement inherits from its cohort."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

Rows = Callable[[str], list[dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Patients:
    """What a cohort asked of every patient, as far as it was read."""

    populations: frozenset[str]  #: IRIs of diseases, tumour states and biomarkers, an intersection
    excluded_treatments: frozenset[str]  #: IRIs of interventions that nobody may have had
    settings: frozenset[str]  #: IRIs of the treatment settings of the study


NOBODY_ASKED = Patients(frozenset(), frozenset(), frozenset())


class Cohorts:
    """The patients behind every result and statement of a dataset."""

    def __init__(self, rows: Rows) -> None:
        found = rows(
            """SELECT ?cohort
                (GROUP_CONCAT(DISTINCT STR(?population); SEPARATOR=" ") AS ?populations)
                (GROUP_CONCAT(DISTINCT STR(?excluded); SEPARATOR=" ") AS ?treatments)
                (GROUP_CONCAT(DISTINCT STR(?setting); SEPARATOR=" ") AS ?settings)
            WHERE {
                ?cohort meso:ofStudy ?study .
                OPTIONAL { ?cohort meso:enrolsPopulation ?population }
                OPTIONAL { ?cohort meso:excludesPriorTreatment ?excluded }
                OPTIONAL { ?study meso:hasTreatmentSetting ?setting }
            } GROUP BY ?cohort"""
        )
        patients = {
            row["cohort"]: Patients(
                frozenset(row["populations"].split()),
                frozenset(row["treatments"].split()),
                frozenset(row["settings"].split()),
            )
            for row in found
        }
        pairs = rows("SELECT ?r ?cohort { ?r a meso:Result ; meso:ofCohort ?cohort }")
        self._of_result = {row["r"]: patients.get(row["cohort"], NOBODY_ASKED) for row in pairs}
        self._of_statement: dict[str, set[Patients]] = {}
        for row in rows("SELECT ?s ?r { ?s meso:basedOn ?r . ?r a meso:Result }"):
            self._of_statement.setdefault(row["s"], set()).add(self.of_result(row["r"]))

    def of_result(self, iri: str) -> Patients:
        """The patients of the cohort that the result *iri* comes from."""
        return self._of_result.get(iri, NOBODY_ASKED)

    def of_statement(self, iri: str) -> Patients:
        """What all cohorts that the statement *iri* is based on have in common."""
        return _common(self._of_statement.get(iri, set()))


def _common(cohorts: Iterable[Patients]) -> Patients:
    every = list(cohorts)
    if not every:
        return NOBODY_ASKED
    return Patients(
        frozenset.intersection(*(c.populations for c in every)),
        frozenset.intersection(*(c.excluded_treatments for c in every)),
        frozenset.union(*(c.settings for c in every)),
    )
