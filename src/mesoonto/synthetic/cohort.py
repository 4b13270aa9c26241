"""The patients of a synthetic cohort, each with samples, measurements, lines of therapy and outcomes.

Distributions. Ages at diagnosis are normal (mean 68, standard deviation 9, from 30 to 95 years), seven in ten
patients are male; histology is epithelioid, biphasic, sarcomatoid by 7, 2, 1. One or two samples have two to
five measurements each: percentages and burdens are uniform within the range of their biomarker. One to four
lines of therapy (by 4, 3, 2, 1) follow each other; the months of a line and those from the last line to death
or the last visit are exponential (means 6 and 8). Three deaths in four are seen. All draws of a patient come
from one generator, seeded with the seed of the cohort and the number of the patient.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from mesoonto.files.terms import XSD
from mesoonto.namespaces import MESO, OBO

#: The terms of cohorts, and the names of what is in one.
TERMS = f"{MESO}synthetic/"
_RECORDS = f"{TERMS}cohort/"

_FIRST_DAY = date(2010, 1, 1)
_DAYS = 5000  #: in which diagnoses fall
_DAYS_OF_MONTH = 30.4375

_HISTOLOGIES = {f"{OBO}MONDO_0006378": 7, f"{OBO}MONDO_0006377": 2, f"{OBO}MONDO_0006380": 1}
#: Biomarkers with their unit and the ends of their range.
_BIOMARKERS = (
    (f"{MESO}MESO_0003120", "%", 100),  # PD-L1 tumour proportion score
    (f"{MESO}MESO_0003125", "/Mb", 20),  # tumour mutational burden
    (f"{MESO}MESO_0003139", "%", 100),  # BAP1 loss, of cells
    (f"{MESO}MESO_0003155", "%", 100),  # MTAP loss
    (f"{MESO}MESO_0003102", "%", 100),  # ASS1 loss
    (f"{MESO}MESO_0003168", "%", 100),  # mesothelin expression
)
_INTERVENTIONS = (
    f"{MESO}MESO_0002301",  # nivolumab plus ipilimumab
    f"{MESO}MESO_0002302",  # platinum plus pemetrexed
    f"{MESO}MESO_0002101",  # nivolumab
    f"{MESO}MESO_0002111",  # pembrolizumab
    f"{MESO}MESO_0002126",  # gemcitabine
    f"{MESO}MESO_0002127",  # vinorelbine
)
_OVERALL_SURVIVAL, _PROGRESSION_FREE = f"{MESO}MESO_0004001", f"{MESO}MESO_0004002"
_RESPONSES = ("complete", "partial", "stable", "progressive")


@dataclass(frozen=True, slots=True)
class CohortRecord:
    """One record: its class, its IRI, and its properties with values as N-Triples has them."""

    kind: str
    iri: str
    properties: dict[str, str] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """Its statements."""
        subject = f"<{self.iri}>"
        yield f"{subject} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{TERMS}{self.kind}> .\n"
        for name, value in self.properties.items():
            yield f"{subject} <{TERMS}{name}> {value} .\n"


def patient(number: int, seed: int) -> Iterator[CohortRecord]:
    """The patient *number* of the cohort with *seed*, and all that is recorded of them."""
    chance = random.Random(f"{seed} {number}")  # noqa: S311  # test data, not a secret
    me = f"{_RECORDS}{seed}/patient/{number}"
    diagnosed = _FIRST_DAY + timedelta(chance.randrange(_DAYS))
    age = min(95, max(30, round(chance.gauss(68, 9))))
    yield CohortRecord(
        "Patient",
        me,
        {
            "sex": text("male" if chance.random() < 0.7 else "female"),
            "birthYear": _typed(f"{diagnosed.year - age}", "gYear"),
            "diagnosedOn": _day(diagnosed),
            "hasDiagnosis": iri(chance.choices(*zip(*_HISTOLOGIES.items(), strict=True))[0]),
        },
    )
    for sample in range(1, chance.choice((2, 3))):
        yield from _sample(f"{me}/sample/{sample}", me, diagnosed, chance)
    yield from _course(me, diagnosed, chance)


def _sample(me: str, owner: str, diagnosed: date, chance: random.Random) -> Iterator[CohortRecord]:
    taken = diagnosed + timedelta(chance.randrange(60))
    yield CohortRecord("Sample", me, {"ofPatient": iri(owner), "takenOn": _day(taken)})
    for biomarker, unit, most in chance.sample(_BIOMARKERS, chance.randrange(2, 6)):
        yield CohortRecord(
            "Measurement",
            f"{me}/{biomarker.rpartition('_')[2]}",
            {
                "ofSample": iri(me),
                "ofBiomarker": iri(biomarker),
                "value": decimal(chance.randrange(most * 10 + 1) / 10),
                "unit": text(unit),
            },
        )


def _course(owner: str, diagnosed: date, chance: random.Random) -> Iterator[CohortRecord]:
    """The lines of therapy, one after another, and how long the patient lived."""
    day = diagnosed
    for number in range(1, chance.choices((2, 3, 4, 5), (4, 3, 2, 1))[0]):
        me = f"{owner}/line/{number}"
        started = day + timedelta(chance.randrange(7, 60))
        months = chance.expovariate(1 / 6)
        day = started + timedelta(months * _DAYS_OF_MONTH)
        yield CohortRecord(
            "LineOfTherapy",
            me,
            {
                "ofPatient": iri(owner),
                "number": integer(number),
                "hasIntervention": iri(chance.choice(_INTERVENTIONS)),
                "startedOn": _day(started),
                "endedOn": _day(day),
                "bestResponse": text(chance.choice(_RESPONSES)),
            },
        )
        yield _outcome(f"{me}/outcome", owner, _PROGRESSION_FREE, months, event=chance.random() < 0.75)
    lived = (day - diagnosed).days / _DAYS_OF_MONTH + chance.expovariate(1 / 8)
    yield _outcome(f"{owner}/outcome", owner, _OVERALL_SURVIVAL, lived, event=chance.random() < 0.75)


def _outcome(me: str, owner: str, end_point: str, months: float, *, event: bool) -> CohortRecord:
    seen = _typed("true" if event else "false", "boolean")
    values = {
        "ofPatient": iri(owner),
        "hasEndPoint": iri(end_point),
        "months": decimal(months),
        "event": seen,
    }
    return CohortRecord("Outcome", me, values)


def iri(value: str) -> str:
    """An IRI as N-Triples has it."""
    return f"<{value}>"


def text(value: str) -> str:
    """A plain literal without anything to escape."""
    return f'"{value}"'


def integer(value: int) -> str:
    """A whole number."""
    return _typed(str(value), "integer")


def decimal(value: float) -> str:
    """A number with one place."""
    return _typed(f"{value:.1f}", "decimal")


def _day(value: date) -> str:
    return _typed(value.isoformat(), "date")


def _typed(value: str, name: str) -> str:
    return f'"{value}"^^<{XSD}{name}>'
