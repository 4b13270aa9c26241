"""Compares the record of one trial with its registry."""

from __future__ import annotations

from collections.abc import Iterator

from mesoonto.sources import trials
from mesoonto.sources.client import SourceClient
from mesoonto.sources.findings import SourceFinding
from mesoonto.sources.records import Stated, TrialRecord

#: How ClinicalTrials.gov writes the phases of records.
_PHASES: dict[str, tuple[set[str], ...]] = {
    "Phase1": ({"PHASE1"}, {"EARLY_PHASE1"}),
    "Phase1Phase2": ({"PHASE1", "PHASE2"},),
    "Phase2": ({"PHASE2"},),
    "Phase2Phase3": ({"PHASE2", "PHASE3"},),
    "Phase3": ({"PHASE3"},),
    "Phase4": ({"PHASE4"},),
}
_ENDED_EARLY = ("TERMINATED", "WITHDRAWN", "SUSPENDED")


def check(record: TrialRecord, registry: SourceClient) -> list[SourceFinding]:
    """What ClinicalTrials.gov, the *registry*, says otherwise than *record*.

    A trial of another registry is told as not checked. Raises EndpointError without a usable answer.
    """
    number = record.number
    if not number.value:
        others = ", ".join(record.other_numbers) or "no registry number"
        what = f"not checked: no interface known ({others})"
        return [_finding(record, "info", "not_checked", what, number)]
    trial = trials.trial(registry, number.value)
    if trial is None:
        what = "ClinicalTrials.gov does not know this number"
        return [_finding(record, "violation", "unknown_identifier", what, number)]
    return list(_differences(record, trial))


def _differences(record: TrialRecord, trial: trials.RegisteredTrial) -> Iterator[SourceFinding]:
    if trial.number != record.number.value:
        what = "the registry answers with another trial"
        yield _finding(record, "violation", "identifiers_differ", what, record.number, trial.number)
        return
    phase = record.phase
    if phase.value in _PHASES and trial.phases and trial.phases not in _PHASES[phase.value]:
        what, theirs = "the registry has another phase", ", ".join(sorted(trial.phases))
        yield _finding(record, "violation", "phase_differs", what, phase, theirs)
    enrolment = record.enrolment
    if enrolment.value and trial.enrolment is not None and str(trial.enrolment) != enrolment.value:
        what = "the registry has another enrolment; it may count patients who were not randomised"
        theirs = f"{trial.enrolment} {trial.enrolment_type}".strip()
        yield _finding(record, "warning", "enrolment_differs", what, enrolment, theirs)
    if trial.has_results and not record.has_results:
        what = "results are posted, and no result of this trial is recorded"
        yield _finding(record, "warning", "results_posted", what, record.number)
    # Records have no field for status and sponsor, so these are told and not compared.
    severity = "warning" if trial.status in _ENDED_EARLY and not record.has_results else "info"
    theirs = ", ".join(part for part in (trial.status, trial.sponsor) if part)
    what = "status and sponsor in the registry, which records do not have"
    yield _finding(record, severity, "status", what, record.label, theirs)


def _finding(
    record: TrialRecord, severity: str, kind: str, message: str, stated: Stated, found: str = ""
) -> SourceFinding:
    return SourceFinding(severity, kind, record.iri, message, stated.value, found, stated.place)
