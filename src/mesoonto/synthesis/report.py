"""A synthesis as text, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict

from mesoonto.synthesis.estimate import LEVEL, Estimates, Pooled
from mesoonto.synthesis.pools import Synthesis, TrialPool

#: What a reader must know of every pool, in a line each.
LIMITS = (
    "Few trials: the random-effects interval is too narrow where it rests on two or three, and differences "
    "between trials cannot be told from chance.",
    "Arms are alike by what was given, not by dose, schedule or blinding; what is left out may point "
    "elsewhere.",
    "For research; no medical advice.",
)

_COLUMNS = (
    "pool", "row", "label", "iri", "ratio", "low", "high", "level", "log_ratio", "standard_error",
    "weight_fixed", "weight_random", "q", "degrees_of_freedom", "p", "i2", "tau2", "reasons",
)  # fmt: skip


def text(found: Synthesis) -> str:
    """For a terminal."""
    return "\n".join(_lines(found)) + "\n"


def as_json(found: Synthesis) -> str:
    """All of it, numbers unrounded."""
    return json.dumps({**asdict(found), "limits": LIMITS}, indent=2, ensure_ascii=False) + "\n"


def as_csv(found: Synthesis) -> str:
    """A row for each comparison and estimate of a pool, and for each ratio that is left out."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, lineterminator="\n", restval="")
    writer.writeheader()
    for number, pool in enumerate(found.pools, 1):
        writer.writerows({"pool": number, **row} for row in _rows(pool))
    for left in found.left_out:
        link = left.result.link
        writer.writerow(
            {"row": "left out", "label": link.label, "iri": link.iri, "reasons": "; ".join(left.reasons)}
        )
    return out.getvalue()


#: Writers by name of their format.
WRITERS: dict[str, Callable[[Synthesis], str]] = {"text": text, "json": as_json, "csv": as_csv}


def shown(pooled: Pooled) -> str:
    """The ratio with its interval.

    >>> shown(Pooled(0.774, 0.632, 0.938, (1.0,)))
    '0.77 (0.63 to 0.94, 95 %)'
    """
    return f"{pooled.ratio:.2f} ({pooled.low:.2f} to {pooled.high:.2f}, {LEVEL:g} %)"


def heterogeneity(e: Estimates) -> str:
    """How far the trials differ, in a line."""
    return f"Q = {e.q:.2f} on {e.freedom} df, p = {e.p:.2f}; I² = {e.i2:.0f} %; tau² = {e.tau2:.3f}"


def _lines(found: Synthesis) -> Iterator[str]:
    for pool in found.pools:
        yield f"{pool.title} ({pool.statistic}{', ' + pool.assessor if pool.assessor else ''})"
        for index, m in enumerate(pool.members):
            weights = ""
            if pool.estimates is not None:
                fixed, random = pool.estimates.fixed.weights[index], pool.estimates.random.weights[index]
                weights = f"; weight {100 * fixed:.1f} % fixed, {100 * random:.1f} % random"
            cautions = f" [{'; '.join(m.cautions)}]" if m.cautions else ""
            interval = f"({m.result.interval}, {m.result.level})"
            yield f"  {m.result.whose}: {m.result.value} {interval}{weights}{cautions}"
        if pool.estimates is not None:
            yield f"  fixed effect:   {shown(pool.estimates.fixed)}"
            yield f"  random effects: {shown(pool.estimates.random)}"
            yield f"  {heterogeneity(pool.estimates)}"
        for left in pool.contrary:
            told = f"{left.result.whose}: {left.result.value}"
            yield f"  caution: outside the pooled interval, and not in it: {told}"
        for left in pool.near:
            yield f"  not in it, of the same arms: {left.result.link.label}: {'; '.join(left.reasons)}"
        yield ""
    if not found.pools:
        yield "Nothing can be pooled.\n"
    yield from LIMITS
    yield f"\nLeft out ({len(found.left_out)})"
    for left in found.left_out:
        yield f"  {left.result.link.label}: {'; '.join(left.reasons)}"


def _rows(pool: TrialPool) -> Iterator[dict[str, object]]:
    e = pool.estimates
    for index, m in enumerate(pool.members):
        yield {
            "row": "comparison", "label": m.result.link.label, "iri": m.result.link.iri,
            "ratio": m.result.point, "low": m.result.low, "high": m.result.high,
            "level": m.result.level.removesuffix(" %"),
            "log_ratio": m.ratio.estimate, "standard_error": m.ratio.error,
            "weight_fixed": e.fixed.weights[index] if e else "",
            "weight_random": e.random.weights[index] if e else "", "reasons": "; ".join(m.cautions),
        }  # fmt: skip
    if e is None:
        return
    for name, one in (("fixed effect", e.fixed), ("random effects", e.random)):
        yield {
            "row": name, "label": pool.title, "ratio": one.ratio, "low": one.low, "high": one.high,
            "level": f"{LEVEL:g}", "q": e.q, "degrees_of_freedom": e.freedom, "p": e.p, "i2": e.i2,
            "tau2": e.tau2,
        }  # fmt: skip
