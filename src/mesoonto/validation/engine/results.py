"""What an engine reports: results in the words of SHACL (section 3.6.2)."""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.files.terms import Term
from mesoonto.validation.shapes.paths import Path


@dataclass(frozen=True, slots=True)
class Result:
    """One sh:ValidationResult."""

    focus: Term
    path: Path | None
    value: Term | None
    component: str  #: IRI of the constraint component
    shape: Term
    severity: str
    messages: tuple[ox.Literal, ...] = ()
    constraint: Term | None = None  #: sh:sourceConstraint, for SPARQL
    details: tuple[Result, ...] = ()  #: sh:detail: why a value fails a shape that the shape names

    @property
    def order(self) -> tuple[str, ...]:
        """Where it comes in a report; results that differ in wording alone are equal here."""
        path = self.path.sparql if self.path else ""
        return (str(self.focus), path, str(self.value), self.component, str(self.shape), self.severity)
