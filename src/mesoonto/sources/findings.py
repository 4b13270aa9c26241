"""What a check of sources found, as data."""

from __future__ import annotations

from dataclasses import dataclass, field

from mesoonto.errors import Place

#: From grave to mild: the record says what its source does not; it should be looked at; for information.
SEVERITIES = ("violation", "warning", "info")


@dataclass(frozen=True, slots=True)
class SourceFinding:
    """One disagreement between a record and a source, or a proposal."""

    severity: str
    kind: str  #: such as ``retracted``
    record: str  #: IRI
    message: str
    recorded: str  #: as the record has it
    found: str  #: as the source has it
    place: Place


@dataclass
class SourcesReport:
    """What a whole run found."""

    checked: int = 0  #: records of which every source was asked
    findings: list[SourceFinding] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)  #: what could not be checked, one line each

    def failed(self, fail_on: str) -> bool:
        """Whether there is a finding of the severity *fail_on* or a graver one."""
        counting = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
        return any(finding.severity in counting for finding in self.findings)
