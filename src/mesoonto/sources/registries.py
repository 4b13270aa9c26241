"""Compares the record of one trial with its registry."""

from __future__ import annotations

from collections.abc import Iterator

from mesoonto.sources import trials
from mesoonto.sources.client import SourceClient
from mesoonto.sources.compare import folded
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
    if record.sponsor.value and trial.sponsor and folded(trial.sponsor) != folded(record.sponsor.value):
        what = "the registry has another sponsor"
        yield _finding(record, "warning", "sponsor_differs", what, record.sponsor, trial.sponsor)
    yield from _status(record, trial)


def _status(record: TrialRecord, trial: trials.RegisteredTrial) -> Iterator[SourceFinding]:
    status = record.status
    if status.value and trial.status and status.value != status_name(trial.status):
        what = f"the registry has another status now; that of the record is of {record.status_date.value}"
        yield _finding(record, "warning", "status_differs", what, status, trial.status)
    if trial.status in _ENDED_EARLY and not record.has_results:
        what = "the trial ended early, and no result of it is recorded"
        yield _finding(record, "warning", "ended_early", what, record.label, trial.status)


def status_name(status: str) -> str:
    """The record's word for *status*, as ``RegistryNotYetRecruiting`` for NOT_YET_RECRUITING."""
    return "Registry" + status.title().replace("_", "")


def _finding(
    record: TrialRecord, severity: str, kind: str, message: str, stated: Stated, found: str = ""
) -> SourceFinding:
    return SourceFinding(severity, kind, record.iri, message, stated.value, found, stated.place)
