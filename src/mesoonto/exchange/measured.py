"""Measured values as biomarkers: those that the labels of the ontology bound, such as "of at least 1 %".

"PD-L1 expression of at least 50 % by assay 22C3" is "PD-L1 expression by assay 22C3" with a bound on it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

_BOUND = re.compile(
    r" (?:(?:of|in) (?:(?P<how>at least|at most|more than) )?|(?P<below>below ))"
    r"(?P<low>\d+)(?P<percent> %)?(?: to (?P<high>\d+) %)?(?: of (?:cells|the tumour))?(?= by assay |$)"
)


@dataclass(frozen=True, slots=True)
class CutOff:
    """What the label of a biomarker says of a number."""

    measured: str  #: the label without the bound
    percent: bool
    how: str  #: "at least", "at most", "more than", "below", "to", or "" for the very number
    low: int
    high: int  #: the last whole number of a range, else 0

    def holds(self, value: float) -> bool:
        """Whether *value* is within; of "1 % to 49 %" all below 50 % is."""
        if self.how == "to":
            return self.low <= value < self.high + 1
        return {
            "at least": value >= self.low,
            "at most": value <= self.low,
            "more than": value > self.low,
            "below": value < self.low,
            "": value == self.low,
        }[self.how]


def bound_of(label: str) -> CutOff | None:
    """The bound in *label*, if it has one.

    >>> bound_of("WT1 expression in more than 10 % of cells").measured
    'WT1 expression'
    """
    found = _BOUND.search(label)
    if found is None:
        return None
    how = "below" if found["below"] else "to" if found["high"] else found["how"] or ""
    rest = label[: found.start()] + label[found.end() :]
    percent = bool(found["percent"] or found["high"])
    return CutOff(rest, percent, how, int(found["low"]), int(found["high"] or 0))


class Measured:
    """The biomarkers that bound what is measured, by what that is."""

    def __init__(self, labels: Mapping[str, str], above: Mapping[str, Collection[str]]) -> None:
        self._labels = labels
        self._above = above
        self._bounds: dict[str, dict[str, CutOff]] = {}
        for iri in above:
            bound = bound_of(labels.get(iri, ""))
            if bound is not None:
                self._bounds.setdefault(bound.measured, {})[iri] = bound

    def bounds(self, assay: str) -> dict[str, CutOff]:
        """The biomarkers that bound what *assay* is, an IRI, or else what it is a kind of."""
        own = self._bounds.get(self._labels.get(assay, ""))
        if own is not None:
            return own
        wider = (self._bounds.get(self._labels.get(up, "")) for up in self._above.get(assay, ()))
        return next((found for found in wider if found is not None), {})

    def holding(self, assay: str, value: float, percent: bool) -> set[str]:
        """The narrowest biomarkers that hold where *assay* gave *value*; none where no bound says so."""
        found = {iri for iri, b in self.bounds(assay).items() if b.percent == percent and b.holds(value)}
        return {iri for iri in found if not any(iri in self._above.get(other, ()) for other in found)}
