"""Trials as ClinicalTrials.gov has them.

Shapes: ClinicalTrials.gov API v2, "Study Data Structure", read in field references that repeat it:
``protocolSection`` with ``identificationModule``, ``statusModule.overallStatus``, ``designModule.phases``,
``designModule.enrollmentInfo`` (``count``, ``type``) and ``sponsorCollaboratorsModule.leadSponsor.name``;
``hasResults`` stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from mesoonto.sources.answers import number, table, text, texts
from mesoonto.sources.client import ShapeOfAnswerError, SourceClient

ADDRESS = "https://clinicaltrials.gov/api/v2"
#: Seconds between two requests; a guide to the interface tells of about 50 a minute.
INTERVAL = 1.5


@dataclass(frozen=True, slots=True)
class RegisteredTrial:
    """What the registry says of one trial."""

    number: str
    phases: frozenset[str]  #: such as ``PHASE2``; ``NA`` where phases do not apply
    enrolment: int | None
    enrolment_type: str  #: ``ACTUAL`` or ``ESTIMATED``
    status: str  #: such as ``COMPLETED``
    sponsor: str
    has_results: bool


def trial(client: SourceClient, registry_number: str) -> RegisteredTrial | None:
    """The trial with *registry_number*, such as NCT00000001; None when the registry does not know it."""
    return client.ask(f"/studies/{registry_number}", _trial)


def _trial(answer: object) -> RegisteredTrial:
    study = table(answer, "the answer")
    section = table(study.get("protocolSection"), "protocolSection")
    identity = table(section.get("identificationModule"), "identificationModule")
    design = table(section.get("designModule"), "designModule")
    enrolment = table(design.get("enrollmentInfo"), "enrollmentInfo")
    sponsors = table(section.get("sponsorCollaboratorsModule"), "sponsorCollaboratorsModule")
    results = study.get("hasResults", False)
    nct = text(identity.get("nctId"), "nctId")
    if not nct or not isinstance(results, bool):
        raise ShapeOfAnswerError("answers without the documented nctId, or with a hasResults that is none")
    return RegisteredTrial(
        nct,
        frozenset(texts(design.get("phases"), "phases")),
        number(enrolment.get("count"), "count"),
        text(enrolment.get("type"), "type"),
        text(table(section.get("statusModule"), "statusModule").get("overallStatus"), "overallStatus"),
        text(table(sponsors.get("leadSponsor"), "leadSponsor").get("name"), "name"),
        results,
    )
