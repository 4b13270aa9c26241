"""Ranges of numbers for terms: which module gives out which, in the file that Protégé reads too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pyoxigraph as ox

from mesoonto import resources
from mesoonto.files.terms import TYPE
from mesoonto.namespaces import MESO
from mesoonto.ontology.files import MODULES
from mesoonto.ontology.model import Ontology
from mesoonto.owl.quality import Flaw

RULE = "number_range"
_NUMBERED = re.compile(re.escape(MESO) + r"MESO_([0-9]{7})")
#: One range of the file, which is in Manchester syntax.
_RANGE = re.compile(r'allocatedto: "([^"]+)"\s+EquivalentTo:\s+xsd:integer\[>= (\d+) , <= (\d+)\]')


def read_ranges(text: str) -> dict[str, range]:
    """The numbers of each module, by its name, in the *text* of a file of ranges."""
    return {name: range(int(first), int(last) + 1) for name, first, last in _RANGE.findall(text)}


def shipped_ranges() -> dict[str, range]:
    """The numbers of each module of the shipped ontology."""
    return read_ranges((resources.ontology_dir() / "mesoonto-idranges.owl").read_text("utf-8"))


def misplaced(ontology: Ontology, ranges: Mapping[str, range]) -> Iterator[Flaw]:
    """The terms of *ontology* that stand in a module with other numbers, or in a file without a range.

    A term stands where its kind is told (rdf:type). In Protégé a new term goes into whichever ontology is
    active, with the number of whichever range was chosen.
    """
    for document in ontology.documents:
        if document.layer != MODULES:
            continue
        numbers = ranges.get(document.path.stem)
        for index, triple in enumerate(document.triples):
            if triple.predicate != TYPE or not isinstance(triple.subject, ox.NamedNode):
                continue
            found = _NUMBERED.fullmatch(triple.subject.value)
            if found and (numbers is None or int(found[1]) not in numbers):
                yield Flaw(
                    document.shown,
                    document.lines[index],
                    triple.subject.value,
                    "",
                    RULE,
                    _summary(document.path.stem, numbers),
                )


def _summary(name: str, numbers: range | None) -> str:
    if numbers is None:
        return f"a term stands in a module with a range of numbers, and {name} has none"
    return f"the terms of {name} have numbers from {numbers[0]} to {numbers[-1]}"
