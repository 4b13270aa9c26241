"""How many statements come from sources of each year, as bars."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.views.facts import DCTERMS, Facts
from mesoonto.views.statements import StatementView, Tally, everything, tally

#: Height of the drawing that the tallest bar fills, and the width of a year in it.
HEIGHT, STEP = 160.0, 37.0


@dataclass(frozen=True, slots=True)
class YearBar:
    """The statements of one year; its three heights in the drawing stack upwards."""

    year: str
    tally: Tally
    x: float
    supporting: float
    refuting: float
    inconclusive: float


@dataclass(frozen=True, slots=True)
class Years:
    """A bar for each year between the first and the last."""

    bars: tuple[YearBar, ...]
    undated: int  #: statements whose source has no year on record
    width: float
    height: float


def by_year(facts: Facts) -> Years:
    """Current statements by the year in which their source appeared."""
    said: dict[str, list[StatementView]] = defaultdict(list)
    for one in everything(facts):
        source = ox.NamedNode(one.source.iri) if one.source is not None else None
        year = facts.text(source, f"{DCTERMS}issued")[:4] if source is not None else ""
        said[year if year.isdecimal() else ""].append(one)
    undated = tally(said.pop("", []))
    dated = [int(year) for year in said]
    span = range(min(dated), max(dated) + 1) if dated else range(0)
    tallies = {year: tally(said.get(str(year), [])) for year in span}
    most = max((_all(t) for t in tallies.values()), default=0) or 1
    return Years(
        bars=tuple(
            YearBar(
                year=str(year),
                tally=t,
                x=STEP * index,
                supporting=round(HEIGHT * t.supporting / most, 1),
                refuting=round(HEIGHT * t.refuting / most, 1),
                inconclusive=round(HEIGHT * t.inconclusive / most, 1),
            )
            for index, (year, t) in enumerate(tallies.items())
        ),
        undated=_all(undated),
        width=STEP * len(tallies),
        height=HEIGHT,
    )


def _all(counted: Tally) -> int:
    return counted.supporting + counted.refuting + counted.inconclusive
