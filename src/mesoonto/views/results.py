"""A result as a reader of a trial sees it: the figure with its interval, level, population and analysis."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.ontology.figures import FIGURE_OF
from mesoonto.views.facts import DCTERMS, EntityLink, Facts, shown

HAZARD_RATIO = f"{MESO}MESO_0004101"
ODDS_RATIO = f"{MESO}MESO_0004104"

#: Units as people write them; "1" is that of a ratio.
_UNITS = {"1": "", "d": "days", "mo": "months", "wk": "weeks", "a": "years", "%": "%"}


@dataclass(frozen=True, slots=True)
class ResultView:
    """One figure of a trial."""

    link: EntityLink
    study: EntityLink | None
    cohort: EntityLink | None
    comparative: bool  #: whether the study was designed to compare its arms
    end_point: EntityLink | None
    statistic: EntityLink | None
    population: str
    patients: str  #: how many it is computed from, or nothing
    arms: tuple[EntityLink, ...]  #: experimental and reference arm, or the one arm
    comparison: str  #: what is compared with what, by regimen
    value: str  #: with unit
    interval: str  #: "0.60 to 0.91", or nothing
    level: str  #: "96.6 %", or nothing where it was not read
    p: str  #: "p = 0.002", with sidedness where that was read
    at: str  #: the time it holds for, such as "24 months"
    analysis: EntityLink | None
    earlier: bool  #: a later analysis of the cohort replaces the one it comes from
    superseded: (
        bool  #: another figure of the same end point, statistic, population, arms and time replaces it
    )
    assessor: str
    criteria: str  #: of response and progression, such as modified RECIST
    role: str  #: of the end point: primary, secondary ...
    met: bool | None  #: whether the end point was met, where the source settles it
    second_hand: bool  #: read in another's account, not in its source
    locator: str
    source: EntityLink | None
    notes: tuple[str, ...]
    point: float | None  #: the number behind value, for drawing
    low: float | None
    high: float | None
    ratio: bool  #: whether it compares two arms, so that 1 means no difference

    @property
    def whose(self) -> str:
        """The cohort, and the part of it that the figure is about."""
        cohort = self.cohort.label if self.cohort is not None else ""
        return cohort if self.population.startswith("all ") else f"{cohort}; {self.population}"

    @property
    def weight(self) -> tuple[int, int, str]:
        """Sorts what matters first: current before superseded, primary before the others."""
        order = {"primary": 0, "secondary": 1}
        return (self.superseded + self.earlier, order.get(self.role, 2), self.link.label)


def result(facts: Facts, node: ox.NamedNode) -> ResultView:
    """The result *node*."""

    def of(name: str) -> EntityLink | None:
        return facts.one(node, MESO + name)

    statistic = of("hasStatistic")
    numbers = [facts.number(node, MESO + name) for name in ("value", "lowerBound", "upperBound")]
    value, low, high = shown(*numbers)
    unit = facts.text(node, f"{MESO}unit")
    unit = _UNITS.get(unit, unit)
    level = facts.number(node, f"{MESO}intervalLevel")
    compared = [a for name in ("hasExperimentalArm", "hasReferenceArm") if (a := of(name)) is not None]
    arms = compared or list(facts.linked(node, f"{MESO}ofArm"))
    regimens = [facts.one(ox.NamedNode(arm.iri), f"{MESO}hasIntervention") for arm in arms]
    analysis = facts.entities(node, f"{MESO}hasAnalysis")
    cohorts = facts.entities(node, f"{MESO}ofCohort")
    designs = {d.value for c in cohorts for d in facts.entities(c, f"{MESO}ofStudy", f"{MESO}hasDesign")}
    moment, moment_unit = facts.number(node, f"{MESO}timePoint"), facts.text(node, f"{MESO}timeUnit")
    size = facts.number(node, f"{MESO}populationSize")
    return ResultView(
        link=facts.link(node),
        study=facts.one(node, f"{MESO}ofCohort", f"{MESO}ofStudy"),
        cohort=facts.link(cohorts[0]) if cohorts else None,
        comparative=f"{MESO}RandomisedComparative" in designs,
        end_point=of("hasEndPoint"),
        statistic=statistic,
        population=_population(facts, node),
        patients=f"{size:f}" if size is not None else "",
        arms=tuple(arms),
        comparison=(" against " if compared else " and ").join(r.label for r in regimens if r is not None)
        or ", ".join(a.label for a in arms),
        value=_reached(facts, node, f"{value} {unit}".strip()),
        interval=_interval(facts, node, low, high),
        level=f"{level.normalize():f} %" if level is not None else "",
        p=_p(facts, node),
        at=f"{moment.normalize():f} {_UNITS.get(moment_unit, moment_unit)}" if moment is not None else "",
        analysis=facts.link(analysis[0]) if analysis else None,
        earlier=bool(later := _later(facts, analysis)),
        superseded=bool(facts.subjects(f"{MESO}supersedes", node)) or _stands_again(facts, node, later),
        assessor=_label(of("assessedBy")),
        criteria=_label(of("hasResponseCriteria")),
        role=_label(of("hasEndPointRole")),
        met=facts.flag(node, f"{MESO}endPointMet"),
        second_hand=facts.text(node, f"{MESO}locator").startswith("secondary account"),
        locator=facts.text(node, f"{MESO}locator"),
        source=facts.one(node, f"{DCTERMS}source"),
        notes=facts.notes(node),
        point=_float(numbers[0]),
        low=_float(numbers[1]),
        high=_float(numbers[2]),
        ratio=statistic is not None and statistic.iri in (HAZARD_RATIO, ODDS_RATIO),
    )


def headline(facts: Facts, nodes: Iterable[ox.NamedNode], most: int = 4) -> tuple[ResultView, ...]:
    """Current figures of primary end points among the results *nodes*."""
    primary = ox.NamedNode(f"{MESO}PrimaryEndPoint")
    chosen = {n for n in nodes if facts.objects_contain(n, f"{MESO}hasEndPointRole", primary)}
    found = sorted((result(facts, n) for n in chosen), key=lambda r: r.weight)
    return tuple(r for r in found if not r.superseded)[:most]


def results_of(facts: Facts, study: ox.NamedNode) -> list[ox.NamedNode]:
    """The results of all cohorts of *study*."""
    parts = (p for c in facts.subjects(f"{MESO}ofStudy", study) for p in facts.subjects(f"{MESO}ofCohort", c))
    return [part for part in parts if facts.is_a(part, f"{MESO}Result")]


def same_in_other_analyses(facts: Facts, node: ox.NamedNode) -> tuple[ResultView, ...]:
    """What other analyses of the cohort have for what *node* is a figure of, the current one first."""
    what = _what(facts, node)
    beside = {
        r for c in facts.entities(node, f"{MESO}ofCohort") for r in facts.subjects(f"{MESO}ofCohort", c)
    }
    alike = (r for r in beside - {node} if facts.is_a(r, f"{MESO}Result") and _what(facts, r) == what)
    return tuple(sorted((result(facts, r) for r in alike), key=lambda r: r.weight))


def _later(facts: Facts, analyses: list[ox.NamedNode]) -> set[ox.NamedNode]:
    """The analyses that replace *analyses*, or what replaces them."""
    found: set[ox.NamedNode] = set()
    new = set(analyses)
    while new:
        new = {later for one in new for later in facts.subjects(f"{MESO}supersedes", one)} - found
        found |= new
    return found


def _stands_again(facts: Facts, node: ox.NamedNode, later: set[ox.NamedNode]) -> bool:
    others = (r for analysis in later for r in facts.subjects(f"{MESO}hasAnalysis", analysis))
    what = _what(facts, node)
    return any(_what(facts, other) == what for other in others)


def _what(facts: Facts, node: ox.NamedNode) -> tuple[frozenset[str], ...]:
    """What a result is a figure of."""
    return tuple(frozenset(o.value for o in facts.objects(node, MESO + name)) for name in FIGURE_OF)


def _population(facts: Facts, node: ox.NamedNode) -> str:
    names = [link.label for link in facts.linked(node, f"{MESO}hasPopulation")]
    others = [link.label for link in facts.linked(node, f"{MESO}hasReferencePopulation")]
    against = f" against {', '.join(others)}" if others else ""
    return f"{'; '.join(names)}{against}" or facts.text(node, f"{MESO}populationText")


def _reached(facts: Facts, node: ox.NamedNode, value: str) -> str:
    return "not reached" if facts.flag(node, f"{MESO}notReached") else value


def _interval(facts: Facts, node: ox.NamedNode, low: str, high: str) -> str:
    if facts.flag(node, f"{MESO}upperBoundNotReached"):
        high = "not reached"
    return f"{low} to {high}" if low and high else ""


def _p(facts: Facts, node: ox.NamedNode) -> str:
    value = facts.number(node, f"{MESO}pValue")
    if value is None:
        return ""
    sides = facts.text(node, f"{MESO}sidedness")
    said = f"p {facts.text(node, f'{MESO}pQualifier') or '='} {value:f}"
    return f"{said} ({sides})" if sides else said


def _label(link: EntityLink | None) -> str:
    return link.label if link is not None else ""


def _float(number: Decimal | None) -> float | None:
    return None if number is None else float(number)
