"""What `stratify` tells: the report on one tumour profile, and its first page."""

from __future__ import annotations

from dataclasses import dataclass, field

DISCLAIMER = (
    "This is no medical advice. It repeats what research records say of groups of patients, with their gaps, "
    "and cannot tell what is right for one patient."
)
#: Directions of statements, the best first, as they rank an intervention.
_DIRECTIONS = ("supports", "inconclusive", "refutes")
#: What stands for the population of a result that names none.
POPULATION_NOT_READ = "population not read"
#: End points of benefit, the one that says most first; others say nothing of benefit.
_BENEFIT = ("overall survival", "progression-free survival", "objective response", "disease control")
#: Stages after which nobody is offered an intervention.
STOPPED = ("discontinued", "on hold", "withdrawn from the market")
#: Stages that a combination is told of when one of its agents is in them.
BAD_NEWS = (*STOPPED, "application withdrawn")


@dataclass(frozen=True, slots=True)
class Statement:
    """One evidence statement, with what is needed to judge it."""

    iri: str
    text: str
    subject: str
    relation: str
    object: str
    direction: str  #: supports, refutes or inconclusive
    level: str  #: CIViC level, A to E
    context: str  #: the disease in which it was found
    population: str  #: label of the patients it is limited to, or ""
    source: str
    extrapolated: str  #: why it does not speak of this stratum as such, or ""


@dataclass(frozen=True, slots=True)
class TrialResult:
    """One result in a stratum of the tumour."""

    iri: str
    text: str
    value: str  #: with unit and interval, as far as they were read
    population: str
    source: str
    caution: str  #: what a reader must know: read second-hand, superseded, ...
    end_point: str
    intervention: str  #: IRI of what was given, of the experimental arm in a comparison, or ""
    compares: bool  #: whether it is a figure of two arms, and not of one
    own: bool  #: whether it speaks of a stratum of this tumour, and not of pleural mesothelioma as a whole
    superseded: bool


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A mechanism that is likely active, why, and what counters it."""

    iri: str
    label: str
    basis: str  #: "reported" or "by definition"
    statements: tuple[Statement, ...]  #: on its activity here and on the response that it impairs
    interventions: tuple[Intervention, ...]


@dataclass(frozen=True, slots=True)
class Intervention:
    """An intervention that counters a mechanism, with the evidence for that and for its benefit."""

    iri: str
    label: str
    statements: tuple[Statement, ...]
    results: tuple[TrialResult, ...]  #: of trials that may speak of this tumour, superseded ones left out
    status: (
        str  #: the newest development status with its date, of a part of it where none is of the whole, or ""
    )
    stopped: bool  #: whether that status says that its development, or that of a part, ended or rests
    had: bool  #: whether the patient had all of it before

    @property
    def rank(self) -> tuple[bool, str, int, bool]:
        """What sorts interventions: evidence in this stratum first, then its level, then its direction."""
        best = [(bool(s.extrapolated), s.level, _DIRECTIONS.index(s.direction)) for s in self.statements]
        best += [(not r.own, "level C", 0) for r in self.results]
        return (*min(best, default=(True, "none", len(_DIRECTIONS))), self.stopped)

    @property
    def refuted(self) -> bool:
        """Whether the weightiest evidence in this stratum, by level, speaks against it and none for it."""
        own = [s for s in self.statements if not s.extrapolated]
        weight = min((s.level for s in own), default="")
        return bool(own) and all(s.direction == "refutes" for s in own if s.level == weight)

    @property
    def best(self) -> str:
        """The statement or result that speaks most for it here, in words, or ""."""
        results = sorted(
            (r for r in self.results if r.end_point in _BENEFIT),
            key=lambda r: (
                not r.own,
                r.population == POPULATION_NOT_READ,
                _BENEFIT.index(r.end_point),
                not r.compares,
            ),
        )
        statements = sorted(
            self.statements, key=lambda s: (bool(s.extrapolated), s.level, _DIRECTIONS.index(s.direction))
        )
        if statements and not (statements[0].extrapolated and results and results[0].own):
            first = statements[0]
            reason = f"; {first.extrapolated}" if first.extrapolated else ""
            against = sum(s.direction == "refutes" for s in statements if s is not first)
            but = f" ({against} on record against other benefits or readings)" if against else ""
            return f"[{first.direction}, {first.level}{reason}] {first.text}{but}"
        if results:
            where = "" if results[0].own else "; not of this stratum"
            return f"[result{where}] {results[0].text}: {results[0].value}"
        return ""


@dataclass(frozen=True, slots=True)
class Summary:
    """The first page: interventions by the evidence for this stratum, and what is not to be thought of."""

    options: tuple[
        Intervention, ...
    ]  #: with evidence, the best first; neither had before, stopped nor refuted
    refuted: tuple[
        Intervention, ...
    ]  #: not had nor stopped, but evidence in this stratum speaks against them
    without_evidence: tuple[str, ...]  #: labels of those with a rationale only
    stopped: tuple[str, ...]  #: labels, with the status
    had: tuple[str, ...]  #: labels of what the patient had before


@dataclass(frozen=True, slots=True)
class PacketItem:
    """One item of a Phenopacket, and what became of it."""

    path: str  #: where it stands, such as ``diseases[0].term``
    text: str  #: code and label, as the packet has them
    meaning: str  #: the term that it was read as, or why it was not used


@dataclass(frozen=True, slots=True)
class StratificationReport:
    """All that the records say for one profile."""

    profile: tuple[str, ...]  #: labels of disease, features and setting
    strata: tuple[str, ...]  #: labels
    prior: tuple[str, ...]  #: labels of what the patient had before
    summary: Summary
    mechanisms: tuple[Mechanism, ...]
    predictions: tuple[Statement, ...]  #: what the markers of the profile foretell
    results: tuple[TrialResult, ...]
    in_trial: tuple[str, ...]  #: development statuses: what was on trial, with the date
    contradicting: tuple[Statement, ...]
    extrapolated: tuple[Statement, ...]
    disclaimer: str = field(default=DISCLAIMER)
    used: tuple[PacketItem, ...] = ()  #: of a Phenopacket, where the profile is one
    absent: tuple[PacketItem, ...] = ()  #: of a Phenopacket: what it says that the tumour does not have
    unused: tuple[PacketItem, ...] = ()  #: of a Phenopacket: what was not used, and why


def summarise(interventions: dict[str, Intervention]) -> Summary:
    """The first page on *interventions*: those that counter an active mechanism or have a result here."""
    ranked = sorted(interventions.values(), key=lambda i: (i.rank, i.label))
    offered = [i for i in ranked if not i.had and not i.stopped]
    return Summary(
        options=tuple(i for i in offered if (i.statements or i.results) and not i.refuted),
        refuted=tuple(i for i in offered if i.refuted),
        without_evidence=tuple(i.label for i in offered if not i.statements and not i.results),
        stopped=tuple(f"{i.label} ({i.status})" for i in ranked if i.stopped and not i.had),
        had=tuple(i.label for i in ranked if i.had),
    )
