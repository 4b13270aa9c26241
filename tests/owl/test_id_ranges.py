"""Numbers of terms: each lies in the range of the module in which the term stands."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoonto import resources
from mesoonto.files.terms import OWL, TYPE
from mesoonto.namespaces import MESO
from mesoonto.ontology.files import DATA, IMPORTS, MODULES, OntologyFile
from mesoonto.ontology.model import Ontology
from mesoonto.owl import id_ranges
from tests import knowledge
from tests.examples import examples

RANGES = {"low": range(1, 1000), "high": range(2000, 3000)}


def declared(module: str, number: int, layer: str = MODULES) -> Ontology:
    """An ontology with one file that declares the term with this *number*."""
    term = ox.NamedNode(f"{MESO}MESO_{number:07}")
    triples = [
        ox.Triple(term, TYPE, ox.NamedNode(OWL + "Class")),
        ox.Triple(ox.NamedNode(f"{MESO}Study"), TYPE, ox.NamedNode(OWL + "Class")),
    ]
    return Ontology([OntologyFile(Path(f"{module}.ttl"), layer, triples, [7, 9])])


def test_shipped_terms_stand_where_their_numbers_belong() -> None:
    assert list(id_ranges.misplaced(knowledge.ontology(), id_ranges.shipped_ranges())) == []


def test_each_module_has_a_range_of_its_own() -> None:
    ranges = id_ranges.shipped_ranges()
    assert set(ranges) == {path.stem for path in resources.module_files()[1:]}
    numbers = [number for each in ranges.values() for number in each]
    assert len(numbers) == len(set(numbers))


@settings(max_examples=examples(200))
@given(st.sampled_from(["low", "high"]), st.integers(0, 9_999_999))
def test_a_term_is_found_where_its_number_does_not_belong(module: str, number: int) -> None:
    first, last = {"low": (1, 999), "high": (2000, 2999)}[module]
    found = list(id_ranges.misplaced(declared(module, number), RANGES))
    if first <= number <= last:
        assert found == []
    else:
        (flaw,) = found
        assert (flaw.file, flaw.line, flaw.term) == (f"{module}.ttl", 7, f"{MESO}MESO_{number:07}")
        assert flaw.summary == f"the terms of {module} have numbers from {first} to {last}"


def test_a_file_without_a_range_declares_no_term() -> None:
    (flaw,) = id_ranges.misplaced(declared("root", 5), RANGES)
    assert flaw.summary == "a term stands in a module with a range of numbers, and root has none"


def test_what_is_imported_or_recorded_is_not_asked_for() -> None:
    for layer in (IMPORTS, DATA):
        assert list(id_ranges.misplaced(declared("root", 5, layer), RANGES)) == []
