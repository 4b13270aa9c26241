"""What the page of pooled estimates shows: each pool with its forest plot and its estimates in words."""

from __future__ import annotations

from dataclasses import dataclass

from mesoonto.synthesis.closed_form import combine_plainly
from mesoonto.synthesis.estimate import Pooled
from mesoonto.synthesis.pools import LeftOut, TrialPool, synthesise
from mesoonto.synthesis.report import LIMITS, WRITERS, heterogeneity, shown
from mesoonto.views.facts import Facts
from mesoonto.views.forest import Forest, PooledRow, forest


@dataclass(frozen=True, slots=True)
class PoolSection:
    """A pool on the page; words are empty where there are no estimates."""

    pool: TrialPool
    contrary: tuple[LeftOut, ...]  #: trials of the same arms that found otherwise
    plot: Forest | None
    fixed: str
    random: str
    heterogeneity: str


@dataclass(frozen=True, slots=True)
class SynthesisPage:
    """The whole page."""

    sections: tuple[PoolSection, ...]
    left_out: tuple[LeftOut, ...]
    problem: str  #: why there are no estimates, or nothing
    limits: tuple[str, ...]
    downloads: dict[str, str]  #: the same whole, by name of its format


def synthesis_page(facts: Facts) -> SynthesisPage:
    """The page on all ratios on record."""
    found = synthesise(facts, by=combine_plainly)
    downloads = {form: WRITERS[form](found) for form in ("csv", "json")}
    return SynthesisPage(tuple(map(_section, found.pools)), found.left_out, found.problem, LIMITS, downloads)


def _section(pool: TrialPool) -> PoolSection:
    results = [m.result for m in pool.members]
    e = pool.estimates
    if e is None:
        return PoolSection(pool, pool.contrary, forest(results, across=True), "", "", "")
    rows = [_row("fixed effect", e.fixed), _row("random effects", e.random)]
    plot = forest(results, across=True, summaries=rows)
    return PoolSection(pool, pool.contrary, plot, shown(e.fixed), shown(e.random), heterogeneity(e))


def _row(name: str, pooled: Pooled) -> PooledRow:
    return PooledRow(name, pooled.ratio, pooled.low, pooled.high, shown(pooled))
