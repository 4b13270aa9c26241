"""Randomised comparisons side by side: one end point, by population, each interval with its own level."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.facts import SUBCLASS, TYPE, Facts
from mesoonto.views.forest import Forest, forest
from mesoonto.views.landscape import below, kinds_of_interventions
from mesoonto.views.results import HAZARD_RATIO, ResultView, result

#: Diseases that narrow no trial of this field.
_WHOLE_DISEASE = ("malignant pleural mesothelioma", "malignant mesothelioma")

#: The group of results that are about all patients of a trial.
WHOLE = "all patients of the trial"

#: Histologies come first among the populations.
_HISTOLOGIES = (
    "pleural epithelioid mesothelioma",
    "non-epithelioid pleural mesothelioma",
    "pleural biphasic mesothelioma",
    "pleural sarcomatoid mesothelioma",
)


@dataclass(frozen=True, slots=True)
class TrialComparison:
    """A hazard ratio of two arms of a trial that was designed to compare them."""

    result: ResultView
    population: str  #: WHOLE, or what narrows it
    setting: str
    tested: tuple[str, ...]  #: kinds of intervention that the first arm has and the reference arm has not
    reading: str  #: where the interval lies, in words
    verdict: ResultView | None  #: the figure on which the end point was called met or missed


@dataclass(frozen=True, slots=True)
class PopulationGroup:
    """The comparisons of one population."""

    population: str
    comparisons: tuple[TrialComparison, ...]
    plot: Forest | None


@dataclass(frozen=True, slots=True)
class Choices:
    """What one may ask for; each in the order in which it is offered."""

    end_points: tuple[str, ...]
    populations: tuple[str, ...]
    tested: tuple[str, ...]
    settings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparisons:
    """The comparisons that were asked for."""

    end_point: str
    groups: tuple[PopulationGroup, ...]
    levels: tuple[str, ...]  #: of intervals that are not of 95 %, or whose level was not read
    left_out: tuple[ResultView, ...]  #: of trials that were not designed to compare their arms
    choices: Choices


def comparisons(
    facts: Facts,
    *,
    end_point: str = "",
    population: str = "",
    tested: str = "",
    setting: str = "",
    earlier: bool = False,
) -> Comparisons:
    """Hazard ratios for *end_point* (overall survival if none is named), grouped by population.

    *population*, *tested* (a kind of intervention) and *setting* narrow them; nothing means all. Figures that
    a later analysis replaces are among them only where *earlier* ones are wanted.
    """
    found = [c for c in _all(facts) if earlier or not c.result.superseded]
    choices = _choices(found)
    wanted = end_point or next(iter(choices.end_points), "")
    kept = [
        c
        for c in found
        if _end_point(c.result) == wanted
        and population in ("", c.population)
        and setting in ("", c.setting)
        and (not tested or tested in c.tested)
    ]
    drawn = [c for c in kept if c.result.comparative]
    names = sorted({c.population for c in drawn}, key=_place)
    return Comparisons(
        end_point=wanted,
        groups=tuple(_group(name, drawn) for name in names),
        levels=tuple(
            sorted({c.result.level for c in drawn if c.result.interval and c.result.level != "95 %"})
        ),
        left_out=tuple(c.result for c in kept if not c.result.comparative),
        choices=choices,
    )


def _all(facts: Facts) -> list[TrialComparison]:
    """Every current hazard ratio of two arms, by trial."""
    kinds = {facts.label(kind): {kind, *below(facts, kind.value)} for kind in kinds_of_interventions(facts)}
    found = []
    for node in facts.subjects(f"{MESO}hasStatistic", ox.NamedNode(HAZARD_RATIO)):
        one = result(facts, node)
        if one.end_point is None or len(one.arms) != 2:
            continue
        settings = facts.linked(node, f"{MESO}ofCohort", f"{MESO}ofStudy", f"{MESO}hasTreatmentSetting")
        tested = _parts(facts, node, "hasExperimentalArm") - _parts(facts, node, "hasReferenceArm")
        found.append(
            TrialComparison(
                result=one,
                population=_population(facts, node),
                setting=", ".join(link.label for link in settings),
                tested=tuple(name for name, members in kinds.items() if tested & members),
                reading=reading(one),
                verdict=None,
            )
        )
    judged = {_about(c): c.result for c in found if c.result.met is not None}
    found = [replace(c, verdict=judged.get(_about(c))) for c in found]
    return sorted(found, key=lambda c: (c.result.whose.lower(), c.result.weight))


def reading(one: ResultView) -> str:
    """Where the interval of a ratio lies against 1, in words that do not say more than that."""
    if one.low is None or one.high is None:
        return "no interval read"
    if one.high < 1:
        return "interval below 1"
    return "interval above 1" if one.low > 1 else "interval includes 1"


def _about(one: TrialComparison) -> tuple[str, str, str]:
    """What later analyses of the same comparison have in common."""
    cohort = one.result.cohort.iri if one.result.cohort is not None else ""
    return (cohort, _end_point(one.result), one.population)


def _parts(facts: Facts, node: ox.NamedNode, role: str) -> set[ox.NamedNode]:
    """What is given in an arm, as agents and as their kinds."""
    given = facts.entities(node, MESO + role, f"{MESO}hasIntervention")
    parts = {*given, *(a for one in given for a in facts.entities(one, f"{MESO}hasAgent"))}
    return parts | {kind for part in parts for kind in facts.entities(part, SUBCLASS)}


def _population(facts: Facts, node: ox.NamedNode) -> str:
    named = facts.entities(node, f"{MESO}hasPopulation")
    analysed = ox.NamedNode(f"{MESO}AnalysisPopulation")
    narrowing = [facts.label(p) for p in named if not facts.objects_contain(p, TYPE, analysed)]
    narrowing = [name for name in narrowing if name not in _WHOLE_DISEASE]
    if not named and (text := facts.text(node, f"{MESO}populationText")):
        return text
    return "; ".join(sorted(narrowing)) or WHOLE


def _choices(found: Iterable[TrialComparison]) -> Choices:
    kept = [c for c in found if c.result.comparative]
    ends = {_end_point(c.result) for c in kept}
    return Choices(
        end_points=tuple(sorted(ends, key=lambda name: (name != "overall survival", name))),
        populations=tuple(sorted({c.population for c in kept}, key=_place)),
        tested=tuple(sorted({kind for c in kept for kind in c.tested})),
        settings=tuple(sorted({c.setting for c in kept if c.setting})),
    )


def _group(population: str, drawn: list[TrialComparison]) -> PopulationGroup:
    here = tuple(c for c in drawn if c.population == population)
    plot = forest([c.result for c in here], across=True, among=[c.result for c in drawn])
    return PopulationGroup(population, here, plot)


def _place(population: str) -> tuple[int, str]:
    order = (WHOLE, *_HISTOLOGIES)
    return (order.index(population) if population in order else len(order), population)


def _end_point(one: ResultView) -> str:
    return one.end_point.label if one.end_point is not None else ""
