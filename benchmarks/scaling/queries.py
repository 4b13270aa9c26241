"""The query templates, over what `mesoonto synth` writes; each is asked with keys that differ."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

_COHORT = "https://w3id.org/mesoonto/synthetic/cohort"
_PREFIXES = """\
PREFIX meso: <https://w3id.org/mesoonto/>
PREFIX obo: <http://purl.obolibrary.org/obo/>
PREFIX s: <https://w3id.org/mesoonto/synthetic/>
"""

#: The seed of the cohort, which is part of its IRIs.
SEED = 1

#: The biomarkers that are measured in percent.
_IN_PERCENT = ("MESO_0003120", "MESO_0003139", "MESO_0003155", "MESO_0003102", "MESO_0003168")


@dataclass(frozen=True, slots=True)
class QueryTemplate:
    """A query with places for a key, and what of the data an answer has to touch."""

    name: str
    text: str
    touches: str
    warm: int  #: how often it is asked after the first time

    def queries(self, patients: int, seed: int) -> Iterator[str]:
        """As many queries as are wanted, with patients and biomarkers drawn by *seed*."""
        chance = random.Random(f"{self.name} {seed}")
        while True:
            patient = f"<{_COHORT}/{SEED}/patient/{chance.randrange(patients) + 1}>"
            biomarker = f"meso:{chance.choice(_IN_PERCENT)}"
            least = f"{chance.randrange(970, 990) / 10}"
            text = self.text.replace("$patient", patient).replace("$biomarker", biomarker)
            yield _PREFIXES + text.replace("$least", least)


#: From the smallest to the largest. What is `linear` in its nature is asked few times.
TEMPLATES = (
    QueryTemplate("look-up", "SELECT ?p ?o { $patient ?p ?o }", "5 triples of one patient", 200),
    QueryTemplate(
        "star",
        "SELECT ?sex ?year ?diagnosis ?number ?intervention ?start ?end ?response { "
        "$patient s:sex ?sex ; s:birthYear ?year ; s:hasDiagnosis ?diagnosis . "
        "?line s:ofPatient $patient ; s:number ?number ; s:hasIntervention ?intervention ; "
        "s:startedOn ?start ; s:endedOn ?end ; s:bestResponse ?response } ORDER BY ?number",
        "one patient and their lines of therapy",
        200,
    ),
    QueryTemplate(
        "path",
        "SELECT (COUNT(DISTINCT ?x) AS ?n) { ?x (s:ofSample|s:ofPatient)+ $patient }",
        "all records of one patient, by a path of any length",
        200,
    ),
    QueryTemplate(
        "range",
        "SELECT (COUNT(*) AS ?n) { ?m s:ofBiomarker $biomarker ; s:value ?value . FILTER(?value >= $least) }",
        "all measurements of one biomarker (every sixth), filtered by their value",
        2,
    ),
    QueryTemplate(
        "join",
        "SELECT ?intervention (COUNT(*) AS ?n) (AVG(?number) AS ?mean) { "
        "?patient s:hasDiagnosis obo:MONDO_0006380 . "
        "?line s:ofPatient ?patient ; s:hasIntervention ?intervention ; s:number ?number } "
        "GROUP BY ?intervention ORDER BY ?intervention",
        "every tenth patient, their lines of therapy, grouped by intervention",
        2,
    ),
    QueryTemplate("count", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "all triples", 1),
)
