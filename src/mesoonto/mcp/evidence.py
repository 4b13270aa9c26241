"""What the records say together: for one tumour, and of trials that may be pooled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mesoonto.errors import InputError
from mesoonto.knowledge import stratify as stratification
from mesoonto.knowledge.strata_report import Intervention, Mechanism, Statement, TrialResult
from mesoonto.mcp.answers import (
    ActiveMechanism,
    LeftOutLine,
    OptionLine,
    PoolAnswer,
    PoolLine,
    StratifyAnswer,
)
from mesoonto.mcp.data import ToolData
from mesoonto.namespaces import in_query
from mesoonto.synthesis.closed_form import combine_plainly
from mesoonto.synthesis.pools import LeftOut, Member, TrialPool, synthesise
from mesoonto.synthesis.report import LIMITS, heterogeneity, shown

#: Lines of one kind that are shown.
_MOST = 20

#: Statements and interventions that are shown of one mechanism.
_FEW = 5


def stratify(
    data: ToolData, traits: Mapping[str, str], prior: Sequence[str] = (), most: int = _MOST
) -> StratifyAnswer:
    """What is on record for a tumour with *traits* whose patient had *prior* interventions.

    *most* lines of each kind are shown. A MesoontoError names a trait that is not known, or two that exclude
    each other.
    """
    if not (traits or prior):
        raise InputError(f"no trait is given; there are {'; '.join(_choices(data))}")
    settings = [f"{name}={value}" for name, value in traits.items()]
    profile = data.vocabulary.from_settings([*settings, *(f"prior={name}" for name in prior)])
    found = stratification.stratify(data.strata, profile, data.vocabulary.strata(profile))
    summary = found.summary
    return StratifyAnswer(
        profile=found.profile,
        strata=found.strata,
        prior=found.prior,
        options=tuple(map(_option, summary.options[:most])),
        more_options=max(0, len(summary.options) - most),
        refuted=tuple(map(_option, summary.refuted[:most])),
        without_evidence=summary.without_evidence,
        stopped=summary.stopped,
        had=summary.had,
        mechanisms=tuple(map(_mechanism, found.mechanisms[:most])),
        predictions=tuple(map(_statement, found.predictions[:most])),
        results=tuple(map(_result, found.results[:most])),
        more_results=max(0, len(found.results) - most),
        contradicting=tuple(map(_statement, found.contradicting[:most])),
        more_contradicting=max(0, len(found.contradicting) - most),
        disclaimer=found.disclaimer,
        version=data.engine.version,
    )


def traits(data: ToolData) -> str:
    """What can be told of a tumour, a line each."""
    return "\n".join((*_choices(data), "prior=LABEL, of an intervention that was given before; repeatable"))


def pool(data: ToolData, end_point: str = "", offset: int = 0, most: int = _MOST) -> PoolAnswer:
    """The ratios that may be pooled, those of one *end_point* where it is given, and those left out.

    What is left out is shown from *offset* on, *most* of it. A MesoontoError names the end points.
    """
    found = synthesise(data.facts(), end_point=end_point, by=combine_plainly)
    left = found.left_out
    return PoolAnswer(
        pools=tuple(map(_pool, found.pools)),
        left_out=tuple(
            LeftOutLine(in_query(one.result.link.iri), one.result.link.label, one.reasons)
            for one in left[offset : offset + most]
        ),
        more_left_out=max(0, len(left) - offset - most),
        limits=LIMITS,
        version=data.engine.version,
    )


def _choices(data: ToolData) -> list[str]:
    return data.vocabulary.settings_help().splitlines()


def _option(one: Intervention) -> OptionLine:
    return OptionLine(in_query(one.iri), one.label, one.best, one.status)


def _mechanism(one: Mechanism) -> ActiveMechanism:
    return ActiveMechanism(
        id=in_query(one.iri),
        label=one.label,
        basis=one.basis,
        statements=tuple(map(_statement, one.statements[:_FEW])),
        interventions=tuple(i.label for i in one.interventions[:_FEW]),
    )


def _statement(s: Statement) -> str:
    marks = [s.direction, s.level, s.context, s.population, s.extrapolated]
    return f"[{', '.join(mark for mark in marks if mark)}] {s.text} ({in_query(s.iri)})"


def _result(r: TrialResult) -> str:
    caution = f" [{r.caution}]" if r.caution else ""
    return f"{r.text}: {r.value}; {r.population}{caution} ({in_query(r.iri)})"


def _pool(one: TrialPool) -> PoolLine:
    e = one.estimates
    return PoolLine(
        title=one.title,
        statistic=one.statistic,
        members=tuple(map(_member, one.members)),
        fixed=shown(e.fixed) if e is not None else "",
        random=shown(e.random) if e is not None else "",
        heterogeneity=heterogeneity(e) if e is not None else "",
        contrary=tuple(f"{left.result.whose}: {left.result.value}" for left in one.contrary),
        near=tuple(map(_left, one.near)),
    )


def _member(m: Member) -> str:
    cautions = f" [{'; '.join(m.cautions)}]" if m.cautions else ""
    return f"{m.result.whose}: {m.result.value} ({m.result.interval}, {m.result.level}){cautions}"


def _left(one: LeftOut) -> str:
    return f"{one.result.link.label}: {'; '.join(one.reasons)}"
