"""Faults of records, each of which breaks one shape once."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from mesoonto.synthetic.cohort import CohortRecord, decimal, integer, text


@dataclass(frozen=True, slots=True)
class Fault:
    """What may be wrong with a record of one class: a property with another value, or without any."""

    kind: str
    name: str  #: of the property
    value: str | None  #: in its place, as N-Triples has it; None leaves it out

    @property
    def shape(self) -> str:
        """The shape that such a record breaks, by its local name."""
        return f"{self.kind}-{self.name}"

    def applied(self, record: CohortRecord) -> CohortRecord:
        """*record* with this fault."""
        changed = {k: v for k, v in record.properties.items() if k != self.name}
        return replace(record, properties=changed | ({} if self.value is None else {self.name: self.value}))


FAULTS = (
    Fault("Patient", "hasDiagnosis", None),
    Fault("Patient", "sex", text("m")),
    Fault("Patient", "birthYear", integer(1950)),
    Fault("Sample", "ofPatient", None),
    Fault("Sample", "takenOn", text("in spring")),
    Fault("Measurement", "ofBiomarker", text("PD-L1")),
    Fault("Measurement", "value", decimal(-1)),
    Fault("Measurement", "unit", text("percent")),
    Fault("LineOfTherapy", "number", integer(0)),
    Fault("LineOfTherapy", "hasIntervention", None),
    Fault("LineOfTherapy", "endedOn", '"1999-12-31"^^<http://www.w3.org/2001/XMLSchema#date>'),
    Fault("LineOfTherapy", "bestResponse", text("good")),
    Fault("Outcome", "months", decimal(-1)),
    Fault("Outcome", "event", None),
)
_OF_KIND: dict[str, list[Fault]] = {}
for _fault in FAULTS:
    _OF_KIND.setdefault(_fault.kind, []).append(_fault)


def drawn(record: CohortRecord, share: float, chance: random.Random) -> Fault | None:
    """A fault for *record*, with the probability *share*."""
    return chance.choice(_OF_KIND[record.kind]) if chance.random() < share else None
