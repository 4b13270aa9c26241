"""A ratio of two arms as synthesis sees it: in whom, for what, and what one arm had beyond the other."""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.facts import SUBCLASS, TYPE, EntityLink, Facts
from mesoonto.views.results import HAZARD_RATIO, ODDS_RATIO, ResultView, result

#: What both arms have in any case: it is no treatment of the tumour.
_BACKGROUND = (f"{MESO}MESO_0002110", f"{MESO}MESO_0002201")  # placebo, best supportive care
#: Cisplatin and carboplatin count as one: trials let physicians choose.
_PLATINUM = f"{MESO}MESO_0002020"


@dataclass(frozen=True, slots=True)
class Given:
    """What one arm had beyond the other, or both had."""

    agents: tuple[EntityLink, ...]
    mechanisms: tuple[EntityLink, ...]  #: that these agents counter

    @property
    def key(self) -> frozenset[str]:
        """Equal for agents that are alike: those that counter the same mechanisms, else the same agents."""
        return frozenset(link.iri for link in self.mechanisms or self.agents)

    @property
    def words(self) -> str:
        """The mechanisms or agents by name."""
        if self.mechanisms:
            return f"agents against {', '.join(m.label for m in self.mechanisms)}"
        return ", ".join(a.label for a in self.agents) or "nothing"


@dataclass(frozen=True, slots=True)
class ArmComparison:
    """One ratio of two arms of a cohort."""

    result: ResultView
    cohort: str  #: IRI
    added: Given  #: what the experimental arm had beyond the reference arm
    dropped: Given  #: what the reference arm had beyond the experimental arm
    shared: Given
    states: tuple[EntityLink, ...]  #: diseases, tumour states and biomarkers that all patients had
    counted: tuple[EntityLink, ...]  #: which of them were counted, such as all randomised patients
    settings: tuple[EntityLink, ...]
    interim: bool
    level: float | None  #: of the interval, in percent
    p: float | None  #: where it is printed exactly
    sides: int | None  #: of the test behind p


def comparisons(facts: Facts) -> tuple[ArmComparison, ...]:
    """Every ratio of two arms on record, by cohort and label."""
    kinds = (ox.NamedNode(iri) for iri in (HAZARD_RATIO, ODDS_RATIO))
    nodes = (node for kind in kinds for node in facts.subjects(f"{MESO}hasStatistic", kind))
    found = [_comparison(facts, node) for node in nodes]
    return tuple(sorted(found, key=lambda c: (c.result.whose, c.result.link.label, c.result.link.iri)))


def _comparison(facts: Facts, node: ox.NamedNode) -> ArmComparison:
    shown = result(facts, node)
    experimental = _agents(facts, facts.entities(node, f"{MESO}hasExperimentalArm", f"{MESO}hasIntervention"))
    reference = _agents(facts, facts.entities(node, f"{MESO}hasReferenceArm", f"{MESO}hasIntervention"))
    cohorts = facts.entities(node, f"{MESO}ofCohort")
    populations = facts.entities(node, f"{MESO}hasPopulation")
    whole = ox.NamedNode(f"{MESO}AnalysisPopulation")
    counted = [p for p in populations if facts.objects_contain(p, TYPE, whole)]
    asked = [p for c in cohorts for p in facts.entities(c, f"{MESO}enrolsPopulation")]
    kinds = facts.entities(node, f"{MESO}hasAnalysis", f"{MESO}hasAnalysisKind")
    exact = facts.text(node, f"{MESO}pQualifier") in ("", "=")
    level, p, sides = (facts.number(node, MESO + name) for name in ("intervalLevel", "pValue", "sidedness"))
    return ArmComparison(
        result=shown,
        cohort=cohorts[0].value if cohorts else "",
        added=_given(facts, experimental - reference),
        dropped=_given(facts, reference - experimental),
        shared=_given(facts, reference & experimental),
        states=facts.links(_narrowest(facts, {*asked, *(p for p in populations if p not in counted)})),
        counted=facts.links(counted),
        settings=facts.linked(node, f"{MESO}ofCohort", f"{MESO}ofStudy", f"{MESO}hasTreatmentSetting"),
        interim=any(kind.value == f"{MESO}InterimAnalysis" for kind in kinds),
        level=float(level) if level is not None else None,
        p=float(p) if p is not None and exact else None,
        sides=int(sides) if sides is not None else None,
    )


def _agents(facts: Facts, regimens: list[ox.NamedNode]) -> set[ox.NamedNode]:
    """What *regimens* are made of, without background; the most specific of each kind."""
    parts, open_ = set[ox.NamedNode](), list(regimens)
    while open_:  # an agent of a regimen may be a regimen
        one = open_.pop()
        agents = facts.entities(one, f"{MESO}hasAgent")
        open_ += [a for a in agents if a not in parts]
        if not agents:
            parts.add(one)
    platinum = ox.NamedNode(_PLATINUM)
    named = {platinum if _below(facts, a, _PLATINUM) else a for a in _narrowest(facts, parts)}
    return {a for a in named if not any(_below(facts, a, kind) for kind in _BACKGROUND)}


def _given(facts: Facts, agents: set[ox.NamedNode]) -> Given:
    mechanisms = {m for a in agents for m in facts.entities(a, f"{MESO}counters")}
    idle = any(not facts.entities(a, f"{MESO}counters") for a in agents)
    return Given(facts.links(agents), () if idle else facts.links(_narrowest(facts, mechanisms)))


def _narrowest(facts: Facts, nodes: set[ox.NamedNode]) -> set[ox.NamedNode]:
    """*nodes* without those that have another of them below."""
    return {n for n in nodes if not any(o != n and _below(facts, o, n.value) for o in nodes)}


def _below(facts: Facts, node: ox.NamedNode, kind: str) -> bool:
    return node.value == kind or facts.objects_contain(node, SUBCLASS, ox.NamedNode(kind))
