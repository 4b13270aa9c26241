"""What each record still lacks: not mistakes, which validation finds, but work that is left for a curator."""

from __future__ import annotations

from dataclasses import dataclass

from mesoonto.dataset.store import Engine
from mesoonto.knowledge.noted_figures import noted_figures
from mesoonto.knowledge.readings import OTHER_PAGE

#: What may be lacking, and the pattern that finds each ?record that lacks it.
_LACKS: dict[str, str] = {
    "figure read only in another's account of its source": """
        ?record a meso:Result ; meso:locator ?locator . FILTER(STRSTARTS(?locator, "secondary account"))""",
    "figure without a second source": """
        ?record a meso:Result . MINUS { ?record meso:confirmedBy ?page }
        MINUS { ?item meso:ofRecord ?record ; meso:hasReadingOutcome meso:ReadingAgrees .
            ?reading meso:hasReadingItem ?item ; meso:hasReadingBasis meso:OtherSource .
            """
    + OTHER_PAGE
    + " }",
    "difference between a page and a record that is not settled": """
        ?item meso:ofRecord ?record ; meso:hasDifferenceResolution meso:DifferenceOpen""",
    "hazard ratio without an interval": """
        ?record meso:hasStatistic meso:MESO_0004101 . FILTER NOT EXISTS { ?record meso:lowerBound ?lower }""",
    "interval whose level was not read": """
        ?record a meso:Result ; meso:lowerBound ?lower .
        FILTER NOT EXISTS { ?record meso:intervalLevel ?level }""",
    "figure whose population was not read": """
        ?record a meso:Result . FILTER NOT EXISTS { ?record meso:hasPopulation ?population }""",
    "p value whose sidedness was not read": """
        ?record a meso:Result ; meso:pValue ?p . FILTER NOT EXISTS { ?record meso:sidedness ?sides }""",
    "analysis without a data cut-off": """
        ?record a meso:Analysis . FILTER NOT EXISTS { ?record meso:dataCutoff ?day }""",
    "arm without a number of patients": """
        ?record a meso:Arm . FILTER NOT EXISTS { ?record meso:armSize ?n }""",
    "arm with an agent whose dose was not read": """
        ?record a meso:Arm ; meso:hasComponent ?component .
        ?component meso:administers/rdfs:subClassOf meso:MESO_0000003 .
        FILTER NOT EXISTS { ?component meso:dose|meso:doseText ?dose }""",
    "cohort without a result": """
        ?record a meso:Cohort . FILTER NOT EXISTS { ?result a meso:Result ; meso:ofCohort ?record }""",
    "study without an evidence statement": """
        ?record a meso:Study . FILTER NOT EXISTS {
            ?cohort meso:ofStudy ?record . ?result meso:ofCohort ?cohort .
            ?statement meso:basedOn ?result ; a meso:EvidenceStatement }""",
    "publication without PMID and DOI": """
        ?record a meso:Publication . FILTER NOT EXISTS { ?record bibo:pmid|bibo:doi ?id }""",
    "publication of which no own text was read": """
        ?record a meso:Publication ; meso:hasReadingDepth meso:SecondaryAccountRead""",
}


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """One thing that one record lacks."""

    lack: str
    record: str  #: IRI
    label: str  #: the name of the record, or "" when it has none


def gaps(engine: Engine) -> list[Gap]:
    """Everything that the records of *engine* lack, ordered by kind and record."""
    found = []
    for lack, pattern in _LACKS.items():
        named = f"{pattern} OPTIONAL {{ ?record rdfs:label|dcterms:title ?label }}"
        rows = engine.select(f"SELECT DISTINCT ?record ?label {{ {named} }}")
        found += sorted(Gap(lack, row["record"], row.get("label", "")) for row in rows)
    return [*found, *(Gap("figure in a note only", *one) for one in noted_figures(engine))]
