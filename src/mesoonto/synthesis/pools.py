"""Which comparisons stand in one pool, and why the others stand in none.

A pool holds comparisons of the same statistic and end point, in patients of the same kind, between comparable
arms; each patient counts once. docs/synthesis.md defines these words and their limits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.errors import MesoontoError, NotInstalledError
from mesoonto.namespaces import MESO
from mesoonto.synthesis.comparison import ArmComparison, comparisons
from mesoonto.synthesis.estimate import Estimates, combine
from mesoonto.synthesis.interval import LogRatio, agrees, centred, log_ratio
from mesoonto.views.facts import EntityLink, Facts
from mesoonto.views.results import ResultView
from mesoonto.views.trial import OVERALL_SURVIVAL

ALONE = "no other comparison on record has comparable arms in the same patients and setting"


@dataclass(frozen=True, slots=True)
class Member:
    """A comparison in a pool."""

    result: ResultView
    ratio: LogRatio
    cautions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A ratio that stands in no pool, and every reason found."""

    result: ResultView
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrialPool:
    """Comparisons that may be pooled, and their estimates."""

    end_point: str
    statistic: str
    assessor: str  #: who judged the end point, or nothing where it needs no judgement
    added: str  #: what the experimental arms had beyond the reference arms
    dropped: str  #: the other way round
    shared: str  #: what both had
    population: str
    setting: str
    members: tuple[Member, ...]
    near: tuple[LeftOut, ...]  #: of the same arms and end point, but left out
    estimates: Estimates | None  #: None where the library is missing

    @property
    def title(self) -> str:
        """The pool in a line."""
        instead = f" in place of {self.dropped}" if self.dropped != "nothing" else ""
        beside = f" beside {self.shared}" if self.shared != "nothing" else ""
        return f"{self.end_point}: {self.added}{instead}{beside}, {self.setting}, {self.population}"

    @property
    def contrary(self) -> tuple[LeftOut, ...]:
        """Ratios of the same arms in other trials that lie outside the pooled interval of one true ratio."""
        if self.estimates is None:
            return ()
        low, high = self.estimates.fixed.low, self.estimates.fixed.high
        pooled = {m.result.cohort for m in self.members}
        return tuple(
            one
            for one in self.near
            if not (one.result.superseded or one.result.earlier or one.result.cohort in pooled)
            and one.result.point is not None
            and not low <= one.result.point <= high
        )


@dataclass(frozen=True, slots=True)
class Synthesis:
    """All ratios on record: each is in a pool or left out."""

    pools: tuple[TrialPool, ...]
    left_out: tuple[LeftOut, ...]
    problem: str  #: why there are no estimates, or nothing


def synthesise(
    facts: Facts, *, end_point: str = "", by: Callable[[Sequence[LogRatio]], Estimates] | None = combine
) -> Synthesis:
    """What may be pooled of the ratios on record, those of *end_point* alone where its label is given.

    *by* makes the estimates; without it there are none, so that no library is needed. A MesoontoError names
    the end points when none is called so.
    """
    every = comparisons(facts)
    known = sorted({_label(c.result.end_point) for c in every} - {""})
    wanted = end_point.strip().casefold()
    if wanted and wanted not in known:
        raise MesoontoError(f"no ratio is on record for {end_point}; there are ratios for {', '.join(known)}")
    asked = [c for c in every if wanted in ("", _label(c.result.end_point))]
    reasons = {c.result.link.iri: _reasons(c) for c in asked}
    groups: dict[tuple[object, ...], list[ArmComparison]] = defaultdict(list)
    for one in asked:
        if not reasons[one.result.link.iri]:
            groups[_key(one)].append(one)
    filled: list[list[ArmComparison]] = []
    for group in groups.values():
        chosen, others = _once(facts, group)
        reasons |= others
        if len(chosen) > 1:
            filled.append(chosen)
        else:
            reasons[chosen[0].result.link.iri] = [ALONE]
    left = [(c, LeftOut(c.result, tuple(why))) for c in asked if (why := reasons[c.result.link.iri])]
    pools, problem = [], ""
    for chosen in filled:
        members = tuple(map(_member, chosen))
        estimates = None
        if by is not None:
            try:
                estimates = by([m.ratio for m in members])
            except NotInstalledError as error:
                problem = str(error)
        near = tuple(out for c, out in left if _arms(c) == _arms(chosen[0]))
        pools.append(_pool(chosen[0], members, near, estimates))
    pools.sort(key=lambda p: (p.end_point != "overall survival", p.title))
    return Synthesis(tuple(pools), tuple(out for _, out in left), problem)


def _reasons(one: ArmComparison) -> list[str]:
    """Why *one* can stand in no pool, whatever the others are."""
    r = one.result
    checks = (
        (not r.comparative, "the trial was not designed to compare its arms"),
        (r.superseded, "superseded by a later figure"),
        (r.earlier and not r.superseded, "a later analysis replaces the one it comes from"),
        (not one.states or not (one.counted or r.population), "the patients it counts were not read"),
        (_judged(r) and not r.assessor, "who judged the end point was not read"),
        (not one.added.agents and not one.dropped.agents, "the records do not tell what its arms differ in"),
        *_of_interval(one),
    )
    return [why for holds, why in checks if holds]


def _judged(r: ResultView) -> bool:
    """Whether the end point rests on somebody's judgement."""
    return r.end_point is None or r.end_point.iri != OVERALL_SURVIVAL


def _of_interval(one: ArmComparison) -> list[tuple[bool, str]]:
    r = one.result
    if r.point is None or r.low is None or r.high is None:
        return [(True, "no interval with both ends was read")]
    if one.level is None:
        return [(True, "the level of its interval was not read")]
    try:
        ratio = log_ratio(r.point, r.low, r.high, one.level)
    except ValueError:
        return [(True, "its value does not lie within its interval")]
    return [
        (not centred(r.point, r.low, r.high, _step(r.value)), "its value is not the middle of its interval"),
        (
            one.p is not None and not agrees(ratio, one.p, one.sides),
            "its p value does not fit an interval of that level",
        ),
    ]


def _step(value: str) -> float:
    """The unit of the last printed digit.

    >>> _step("0.74"), _step("14")
    (0.01, 1.0)
    """
    return float(10.0 ** -len(value.partition(".")[2]))


def _arms(one: ArmComparison) -> tuple[object, ...]:
    """What comparisons of comparable arms for one end point have in common."""
    r = one.result
    shared = frozenset(a.iri for a in one.shared.agents)
    return (_label(r.statistic), _label(r.end_point), one.added.key, one.dropped.key, shared)


def _key(one: ArmComparison) -> tuple[object, ...]:
    """What comparisons in one pool have in common."""
    return (
        _arms(one),
        one.result.assessor if _judged(one.result) else "",
        frozenset(s.iri for s in one.states),
        frozenset(c.iri for c in one.counted),
        frozenset(s.iri for s in one.settings),
    )


def _once(facts: Facts, group: Sequence[ArmComparison]) -> tuple[list[ArmComparison], dict[str, list[str]]]:
    """Those of *group* that share no patients, and by IRI why each other one is left out.

    Of two that do, the one whose interval is nearest to 95 % stays, then the one with the smaller error.
    """
    order = sorted(group, key=lambda c: (abs((c.level or 0) - 95), _member(c).ratio.error, c.result.link.iri))
    chosen: list[ArmComparison] = []
    others: dict[str, list[str]] = {}
    for one in order:
        for kept in chosen:
            name = kept.result.link.label
            if kept.cohort == one.cohort:
                others[one.result.link.iri] = [f"the same patients as in: {name}"]
                break
            if _dependent(facts, one) & _based(facts, kept):
                others[one.result.link.iri] = [f"the records mark it as not independent of: {name}"]
                break
        else:
            chosen.append(one)
    return sorted(chosen, key=lambda c: (c.result.whose, c.result.link.iri)), others


def _based(facts: Facts, one: ArmComparison) -> set[ox.NamedNode]:
    """The statements that rest on a ratio."""
    return set(facts.subjects(f"{MESO}basedOn", ox.NamedNode(one.result.link.iri)))


def _dependent(facts: Facts, one: ArmComparison) -> set[ox.NamedNode]:
    """The statements that these share patients or samples with."""
    name = f"{MESO}notIndependentOf"
    based = _based(facts, one)
    return {o for s in based for o in (*facts.entities(s, name), *facts.subjects(name, s))}


def _member(one: ArmComparison) -> Member:
    r = one.result
    if r.point is None or r.low is None or r.high is None or one.level is None:
        raise ValueError("a comparison without an interval is in no pool")
    # leaving out the only figure of a trial because it is early would favour trials that ended well
    cautions = ("read second-hand", "an interim analysis, the last one read")
    said = tuple(words for words, holds in zip(cautions, (r.second_hand, one.interim), strict=True) if holds)
    return Member(r, log_ratio(r.point, r.low, r.high, one.level), said)


def _pool(
    one: ArmComparison, members: tuple[Member, ...], near: tuple[LeftOut, ...], estimates: Estimates | None
) -> TrialPool:
    """The pool of *members*, of which *one* is like all."""

    def words(links: Iterable[EntityLink]) -> str:
        return ", ".join(link.label for link in links)

    return TrialPool(
        end_point=_label(one.result.end_point),
        statistic=_label(one.result.statistic),
        assessor=one.result.assessor if _judged(one.result) else "",
        added=one.added.words,
        dropped=one.dropped.words,
        shared=words(one.shared.agents) or "nothing",
        population="; ".join(filter(None, (words(one.states), words(one.counted)))),
        setting=words(one.settings),
        members=members,
        near=near,
        estimates=estimates,
    )


def _label(link: EntityLink | None) -> str:
    return link.label if link is not None else ""
