"""Figures that stand in a note of a curator and in no field of a record.

A figure that is in a note only cannot be queried. What can be no result is told in ``meso:unrecordedFigure``,
which says why.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from mesoonto.dataset.store import Engine

_NUMBER = r"\d+(?:\.\d+)?"
#: A share, a p value, so many of so many, or a number with decimals that is no part of a name or an address.
_FIGURE = re.compile(
    rf"(?P<share>{_NUMBER}) ?%"
    rf"|\bp ?(?:[=<>]|above|below) ?(?P<p>{_NUMBER})"
    rf"|(?<![\w./-])(?P<part>{_NUMBER}) (?:of|against) (?P<whole>{_NUMBER})"
    r"|(?<![\w./-])(?P<decimal>\d+\.\d+)(?![\w/]|\.\w)",
    re.IGNORECASE,
)

_NOTES = """SELECT ?record ?label ?note {
    ?record skos:note ?note . FILTER(ISIRI(?record)) FILTER NOT EXISTS { ?record a meso:Publication }
    OPTIONAL { ?record rdfs:label ?label } } ORDER BY ?record ?note"""

#: Records with the study that they belong to or rest on, or themselves where there is none.
_STUDIES = """SELECT DISTINCT ?record ?study {
    { ?study a meso:Study BIND(?study AS ?record) } UNION { ?record meso:ofStudy ?study }
    UNION { ?record meso:ofCohort/meso:ofStudy ?study }
    UNION { ?record meso:basedOn/meso:ofCohort/meso:ofStudy ?study } UNION { ?record meso:basedOn ?study .
        ?study a meso:Study }
    UNION { ?record meso:hasReadingItem/meso:ofRecord/meso:ofCohort/meso:ofStudy ?study } }"""

#: Fields that hold what was measured, and fields that hold how many patients.
_MEASURES = (
    "meso:value|meso:lowerBound|meso:upperBound|meso:intervalLevel|meso:pValue|meso:interactionPValue"
    "|meso:rangeMinimum|meso:rangeMaximum|meso:lowerQuartile|meso:upperQuartile|meso:medianFollowUp"
)
_COUNTS = "meso:events|meso:populationSize|meso:armSize|meso:enrolment|meso:value"


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures in the words of a note."""

    measures: frozenset[Decimal]  #: shares, p values and numbers with decimals
    counts: frozenset[Decimal]  #: so many of so many


def figures(note: str) -> Figures:
    """The figures in the words of *note*.

    >>> found = figures("Response 47 % (8 of 17), p = 0.018; antibody 28-8, DOI 10.1000/1.2")
    >>> [sorted(map(str, kind)) for kind in (found.measures, found.counts)]
    [['0.018', '47'], ['17', '8']]
    """
    measures: set[Decimal] = set()
    counts: set[Decimal] = set()
    for found in _FIGURE.finditer(note):
        for name, number in found.groupdict().items():
            if number:
                (counts if name in {"part", "whole"} else measures).add(Decimal(number))
    return Figures(frozenset(measures), frozenset(counts))


def noted_figures(engine: Engine) -> Iterator[tuple[str, str]]:
    """The records, with labels, of which a note has a figure that no field of its kind has.

    A share is looked for among what was measured, and not among numbers of patients; in the record itself
    and in all records of the study that it belongs to, rests on or reads again.
    """
    study: dict[str, set[str]] = defaultdict(set)
    for row in engine.select(_STUDIES):
        study[row["record"]].add(row["study"])
    measured, counted = (_held(engine, fields, study) for fields in (_MEASURES, _COUNTS))
    told = set()
    for row in engine.select(_NOTES):
        record, found = row["record"], figures(row["note"])
        owners = {record, *study[record]}
        known = Figures(*(frozenset().union(*(of[owner] for owner in owners)) for of in (measured, counted)))
        if found.measures - known.measures or found.counts - known.counts:
            told.add((record, row.get("label", "")))
    yield from sorted(told)


def _held(engine: Engine, fields: str, study: dict[str, set[str]]) -> dict[str, set[Decimal]]:
    """The numbers that each record has in *fields*, and each study in those of its records."""
    known: dict[str, set[Decimal]] = defaultdict(set)
    for row in engine.select(f"SELECT DISTINCT ?record ?number {{ ?record {fields} ?number }}"):
        for owner in {row["record"], *study[row["record"]]}:
            known[owner].add(Decimal(row["number"]))
    return known
