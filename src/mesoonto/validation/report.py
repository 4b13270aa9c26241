"""What a validation found, apart from the engine that found it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How grave a finding is (SHACL, section 2.1.4)."""

    VIOLATION = "Violation"
    WARNING = "Warning"
    INFO = "Info"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that a curator should mend."""

    file: str  #: the file that describes the focus node
    line: int  #: the line of the property, or of the record when that is missing; 0 when it was not found
    record: str  #: IRI of the record: the focus node, or what leads to it when it is a blank node
    focus: str  #: the focus node, as IRI or blank node label
    path: str  #: the property, as IRI or SHACL path, or "" for the node itself
    message: str  #: the shape's own words
    value: str  #: the offending value, or "" when something is missing
    shape: str  #: IRI of the shape
    severity: Severity

    @property
    def blocking(self) -> bool:
        """Whether the finding makes the data not conform."""
        return self.severity is Severity.VIOLATION


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, in the order of files and focus nodes, and how much was looked at."""

    findings: tuple[Finding, ...]
    triples: int  #: size of the data
    shapes: int  #: number of node shapes applied
    turtle: str  #: the SHACL validation report

    @property
    def conforms(self) -> bool:
        """True when no finding is blocking."""
        return not any(finding.blocking for finding in self.findings)
