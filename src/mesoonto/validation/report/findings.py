"""What a validation found, apart from the engine that found it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property

from mesoonto.errors import MesoontoError
from mesoonto.files.terms import Term
from mesoonto.validation.engine.results import Result
from mesoonto.validation.report.results import as_turtle


class Severity(Enum):
    """How grave a finding is (SHACL, section 2.1.4)."""

    VIOLATION = "Violation"
    WARNING = "Warning"
    INFO = "Info"


#: From grave to mild; ``--fail-on`` names the mildest that fails.
ORDER = (Severity.VIOLATION, Severity.WARNING, Severity.INFO)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that a curator should mend."""

    file: str  #: the file that holds the offending triple, or the record when that is missing
    line: int  #: the line of the offending triple, or of the record when that is missing; 0 when not found
    column: int  #: its column, in characters from one; 0 when not found
    record: str  #: IRI of the record: the focus node, or what leads to it when it is a blank node
    focus: str  #: the focus node, as IRI or blank node label
    path: str  #: the property, as IRI or SPARQL path, or "" for the node itself
    message: str  #: the shape's own words
    value: str  #: the offending value as it is written, or "" when something is missing
    shape: str  #: IRI of the shape, or of the shape that leads to it when it is a blank node
    severity: Severity = field(compare=False)
    shape_label: str = ""  #: the label of the shape
    component: str = ""  #: local name of the constraint component, such as MinCountConstraintComponent
    expected: str = ""  #: what the constraint asks for, in words
    suggestion: str = ""  #: a likely mend, or ""
    focus_file: str = ""  #: the file in which the focus node gets its type, or is first described
    focus_line: int = 0  #: the line on which it is
    focus_column: int = 0  #: its column
    source: str = ""  #: the text of the line
    because: tuple[str, ...] = ()  #: why the value does not conform to a shape that the shape names

    @property
    def blocking(self) -> bool:
        """Whether the finding is a violation, as opposed to a warning or a remark."""
        return self.severity is Severity.VIOLATION


#: Wordings of one cause that are told apart.
_WORDINGS = 5

#: Doubts that are told and fail no run: an optional property that no record has yet, context that is broken.
REMARKS = frozenset({"unread-context", "unused-property"})


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reason why a validation that found nothing may have looked at nothing."""

    kind: str  #: a short name, such as "unknown-term"
    subject: str  #: the shape, file or term
    message: str  #: one line
    node: Term | None = field(default=None, compare=False, repr=False)  #: the shape, to find its place
    file: str = ""  #: the file of the shape, or the file that is doubted
    line: int = 0  #: 0 when the place is not known
    column: int = 0

    @property
    def grave(self) -> bool:
        """Whether a strict run fails by it."""
        return self.kind not in REMARKS


@dataclass(frozen=True, slots=True)
class ShapeCoverage:
    """What one shape looked at."""

    shape: str
    label: str
    focus_nodes: int
    engine: str  #: "oxigraph" or "pyshacl"
    reason: str = ""  #: why it was not compiled


@dataclass(frozen=True, slots=True)
class Coverage:
    """What all shapes looked at, and what no shape looked at."""

    shapes: tuple[ShapeCoverage, ...] = ()
    nodes: int = 0  #: described nodes
    nodes_seen: int = 0  #: those that are focus nodes, or values that a shape leads to
    unseen_classes: tuple[tuple[str, int], ...] = ()  #: classes of the other nodes, with how many
    unseen_predicates: tuple[tuple[str, int], ...] = ()  #: predicates that no shape names, with how often


@dataclass(frozen=True, slots=True)
class Omitted:
    """Findings of one cause that were left out of an answer, described by the first of them."""

    shape: str
    component: str
    message: str
    severity: Severity
    number: int


@dataclass(frozen=True)
class Report:
    """All findings, in the order of files and places, and how much was looked at."""

    findings: tuple[Finding, ...]
    triples: int  #: size of the data
    shapes: int  #: number of node shapes applied
    results: tuple[Result, ...] = ()  #: the same findings in the words of SHACL
    doubts: tuple[Doubt, ...] = ()
    errors: tuple[MesoontoError, ...] = ()  #: why files were not read, or why the run could not be made
    home: str = ""  #: a file to name where no better place is known
    coverage: Coverage = Coverage()
    files: int = 0  #: number of files that were read
    omitted: tuple[Omitted, ...] = ()  #: findings that were left out of an answer, by their cause
    delegated: tuple[tuple[str, str], ...] = ()  #: shapes that pySHACL evaluated, with the reason

    @property
    def conforms(self) -> bool:
        """Whether there is no result, of whatever severity (SHACL, section 3.6.1.1)."""
        return not self.results

    def fails(self, threshold: Severity) -> bool:
        """Whether a finding is as grave as *threshold*, or graver."""
        grave = ORDER[: ORDER.index(threshold) + 1]
        return any(finding.severity in grave for finding in self.findings)

    @cached_property
    def turtle(self) -> str:
        """The SHACL validation report in Turtle."""
        return as_turtle(self.results)

    def shortened(self, most: int) -> Report:
        """The report with at most *most* findings of one cause, and how many of each were left out."""
        groups = self.groups()
        kept = {id(finding) for group in groups for finding in group[:most]}
        left = [(group[0], len(group) - most) for group in groups if len(group) > most]
        seen: Counter[tuple[str, ...]] = Counter()
        results = []
        for result in self.results:
            cause = (str(result.shape), result.component)
            seen[cause] += 1
            if seen[cause] <= most:
                results.append(result)
        findings = tuple(finding for finding in self.findings if id(finding) in kept)
        omitted = tuple(Omitted(f.shape, f.component, f.message, f.severity, number) for f, number in left)
        return replace(self, findings=findings, results=tuple(results), omitted=omitted)

    def without(self, kinds: Collection[str]) -> Report:
        """The report without doubts of these *kinds*."""
        return replace(self, doubts=tuple(doubt for doubt in self.doubts if doubt.kind not in kinds))

    def about(self, file: str, files: Collection[str]) -> Report:
        """What the report says of *file*, and what of none of the *files* of the data: of shapes, say."""
        others = {other for other in files if other != file}
        errors = tuple(e for e in self.errors if e.place is None or e.place.source not in others)
        findings = tuple(finding for finding in self.findings if finding.file not in others)
        doubts = tuple(d for d in self.doubts if d.kind != "unseen-file" or d.file == file)
        return replace(self, findings=findings, doubts=doubts, errors=errors)

    def doubts_by_kind(self) -> dict[str, tuple[Doubt, ...]]:
        """The doubts of each kind, those that fail a strict run first."""
        found: dict[str, list[Doubt]] = {}
        for doubt in sorted(self.doubts, key=lambda doubt: not doubt.grave):
            found.setdefault(doubt.kind, []).append(doubt)
        return {kind: tuple(group) for kind, group in found.items()}

    def groups(self) -> list[tuple[Finding, ...]]:
        """The findings by cause, the grave and frequent ones first.

        Where the words of a shape differ from finding to finding, as they do when they tell the value, the
        shape and the constraint are the cause.
        """
        by_shape: dict[tuple[str, str, str], list[Finding]] = {}
        for finding in self.findings:
            # A property shape without a name is known by its path; elsewhere the path is what was found.
            path = "" if finding.component.startswith(("Closed", "SPARQL")) else finding.path
            by_shape.setdefault((finding.shape, finding.component, path), []).append(finding)
        groups: list[tuple[Finding, ...]] = []
        for findings in by_shape.values():
            by_words: dict[object, list[Finding]] = {}
            for finding in findings:
                by_words.setdefault((finding.message, finding.severity), []).append(finding)
            groups += map(tuple, by_words.values() if len(by_words) <= _WORDINGS else [findings])
        return sorted(groups, key=lambda group: (ORDER.index(group[0].severity), -len(group)))
