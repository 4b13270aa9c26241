"""The patients of a cohort: baseline characteristics, follow-up and what was given later, arm by arm."""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.facts import DCTERMS, EntityLink, Facts, shown

_UNITS = {"1": "", "a": "years", "mo": "months", "wk": "weeks", "d": "days"}
_PROPORTION = f"{MESO}MESO_0004103"


@dataclass(frozen=True, slots=True)
class CharacteristicView:
    """One number that describes the patients of a cohort or arm."""

    link: EntityLink
    what: tuple[EntityLink, ...]
    arm: EntityLink | None  #: None for the whole cohort
    value: str  #: with unit
    counted: str  #: "229 of 303", or how many were looked at, or nothing
    spread: str  #: "range 33 to 87", or nothing
    statistic: EntityLink | None  #: None for a proportion, which its unit shows
    source: EntityLink | None
    second_hand: bool  #: read in another's account, not in its source
    notes: tuple[str, ...]


def characteristics(facts: Facts, cohort: ox.NamedNode) -> tuple[CharacteristicView, ...]:
    """What describes the patients of *cohort*, by characteristic, the whole cohort before its arms."""
    nodes = facts.subjects(f"{MESO}ofCohort", cohort)
    views = [_characteristic(facts, n) for n in nodes if facts.is_a(n, f"{MESO}CohortCharacteristic")]
    return tuple(sorted(views, key=_order))


def _order(view: CharacteristicView) -> tuple[list[str], str, str]:
    return ([what.label for what in view.what], view.arm.label if view.arm is not None else "", view.link.iri)


def _characteristic(facts: Facts, node: ox.NamedNode) -> CharacteristicView:
    statistic = facts.one(node, f"{MESO}hasStatistic")
    unit = facts.text(node, f"{MESO}unit")
    (value,) = shown(facts.number(node, f"{MESO}value"))
    return CharacteristicView(
        link=facts.link(node),
        what=facts.linked(node, f"{MESO}hasCharacteristic"),
        arm=facts.one(node, f"{MESO}ofArm"),
        value=f"{value} {_UNITS.get(unit, unit)}".strip(),
        counted=_counted(facts.text(node, f"{MESO}events"), facts.text(node, f"{MESO}populationSize")),
        spread=_spread(facts, node),
        statistic=None if statistic is not None and statistic.iri == _PROPORTION else statistic,
        source=facts.one(node, f"{DCTERMS}source"),
        second_hand=facts.text(node, f"{MESO}locator").startswith("secondary account"),
        notes=facts.notes(node),
    )


def _counted(having: str, of: str) -> str:
    """How many patients of how many.

    >>> _counted("15", "20"), _counted("", "20"), _counted("15", ""), _counted("", "")
    ('15 of 20', 'of 20', '15', '')
    """
    return " ".join(part for part in (having, f"of {of}" if of else "") if part)


def _spread(facts: Facts, node: ox.NamedNode) -> str:
    parts = []
    for name, low, high in (
        ("range", "rangeMinimum", "rangeMaximum"),
        ("quartiles", "lowerQuartile", "upperQuartile"),
        ("interval", "lowerBound", "upperBound"),
    ):
        ends = shown(facts.number(node, MESO + low), facts.number(node, MESO + high))
        if all(ends):
            parts.append(f"{name} {ends[0]} to {ends[1]}")
    return "; ".join(parts)
