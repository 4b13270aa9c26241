"""How much of the data was read in which depth, and what the statements rest on."""

from __future__ import annotations

from dataclasses import dataclass

from mesoonto.dataset.store import Engine


@dataclass(frozen=True, slots=True)
class DataCoverage:
    """Counts that tell how far to trust the data; labels with numbers, the most frequent first."""

    depths: tuple[tuple[str, int], ...]  #: publications by how far they were read
    second_hand: int  #: results whose figure was read in another's account
    results: int
    intervals: int  #: results with an interval
    levels_read: int  #: of these, those whose level was read
    levels: tuple[tuple[str, int], ...]  #: statements by level of evidence
    directions: tuple[tuple[str, int], ...]
    contexts: tuple[tuple[str, int], ...]  #: statements by the disease that they come from
    searches: int  #: records of what was looked for
    in_vain: int  #: of these, those that found nothing
    newest: str  #: date of the newest record


def coverage(engine: Engine) -> DataCoverage:
    """The counts of the data in *engine*."""

    def grouped(kind: str, predicate: str) -> tuple[tuple[str, int], ...]:
        rows = engine.select(
            f"""SELECT ?label (COUNT(DISTINCT ?x) AS ?n)
            {{ ?x a meso:{kind} ; meso:{predicate}/rdfs:label ?label }}
            GROUP BY ?label ORDER BY DESC(?n) ?label"""
        )
        return tuple((row["label"], int(row["n"])) for row in rows)

    def number(pattern: str) -> int:
        return int(engine.select(f"SELECT (COUNT(DISTINCT ?x) AS ?n) {{ {pattern} }}")[0]["n"])

    newest = engine.select("SELECT (MAX(?d) AS ?day) { ?x dcterms:created ?d }")
    return DataCoverage(
        depths=grouped("Publication", "hasReadingDepth"),
        second_hand=number('?x a meso:Result ; meso:locator ?l FILTER(STRSTARTS(?l, "secondary account"))'),
        results=number("?x a meso:Result"),
        intervals=number("?x a meso:Result ; meso:lowerBound ?low"),
        levels_read=number("?x a meso:Result ; meso:lowerBound ?low ; meso:intervalLevel ?level"),
        levels=tuple(sorted(grouped("EvidenceStatement", "hasEvidenceLevel"))),
        directions=grouped("EvidenceStatement", "hasDirection"),
        contexts=grouped("EvidenceStatement", "hasDiseaseContext"),
        searches=number("?x a meso:SearchRecord"),
        in_vain=number("?x a meso:SearchRecord ; meso:hasSearchOutcome meso:NotFound"),
        newest=newest[0].get("day", "") if newest else "",
    )
