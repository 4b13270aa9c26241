"""Figures that stand in a note of a curator and in no field of a record.

A figure that is in a note only cannot be queried. What can be no result is told in ``meso:unrecordedFigure``,
which says why.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
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
        ?study a meso:Study } }"""

_NUMBERS = "SELECT DISTINCT ?record ?number { ?record ?field ?number . FILTER(isNumeric(?number)) }"


def figures(note: str) -> set[Decimal]:
    """The figures in the words of *note*.

    >>> sorted(figures("Response 47 against 16 %, p = 0.018; antibody 28-8, DOI 10.1000/1.2"))
    [Decimal('0.018'), Decimal('16'), Decimal('47')]
    """
    return {Decimal(number) for found in _FIGURE.finditer(note) for number in found.groups() if number}


def noted_figures(engine: Engine) -> Iterator[tuple[str, str]]:
    """The records, with labels, of which a note has a figure that no field has."""
    study: dict[str, set[str]] = defaultdict(set)
    for row in engine.select(_STUDIES):
        study[row["record"]].add(row["study"])
    known: dict[str, set[Decimal]] = defaultdict(set)
    for row in engine.select(_NUMBERS):
        for owner in {row["record"], *study[row["record"]]}:
            known[owner].add(Decimal(row["number"]))
    told = set()
    for row in engine.select(_NOTES):
        record = row["record"]
        typed = set().union(*(known[owner] for owner in {record, *study[record]}))
        if not figures(row["note"]) <= typed:
            told.add((record, row.get("label", "")))
    yield from sorted(told)
