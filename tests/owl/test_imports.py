"""Import slices: what their sources say of the terms that are here, no more and no less."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from mesoonto import resources
from mesoonto.errors import InputError
from mesoonto.files import rdf
from mesoonto.namespaces import expand
from mesoonto.owl import imports

#: Subsumptions of the Cell Ontology among the terms of its slice; the classes between them are not here.
OF_CELLS = [
    ("CL:0000057", "CL:0000499"),  # fibroblast, stromal cell
    ("CL:0000084", "CL:0000738"),  # T cell, leukocyte
    ("CL:0000625", "CL:0000738"),  # CD8-positive, alpha-beta T cell, leukocyte
    ("CL:0011025", "CL:0000738"),  # exhausted T cell, leukocyte
    ("CL:0000451", "CL:0000738"),  # dendritic cell, leukocyte
    ("CL:0000815", "CL:0000084"),  # regulatory T cell, T cell
    ("CL:0000815", "CL:0000738"),
    ("CL:0000890", "CL:0000235"),  # M2 macrophage, macrophage
    ("CL:0000890", "CL:0000738"),
]
#: What BFO 2020 says excludes each other, among the classes that are here.
OF_BFO = [
    ("BFO:0000002", "BFO:0000003"),  # continuant, occurrent
    ("BFO:0000004", "BFO:0000020"),  # independent, specifically dependent continuant
    ("BFO:0000004", "BFO:0000031"),  # independent, generically dependent continuant
    ("BFO:0000020", "BFO:0000031"),
]


#: Subsumptions of Mondo's release of August 2026 among the terms of its slice.
OF_MONDO = [
    ("MONDO:0005112", "MONDO:0006292"),  # malignant pleural mesothelioma, malignant mesothelioma
    ("MONDO:0005512", "MONDO:0006292"),  # malignant peritoneal mesothelioma
    ("MONDO:0006377", "MONDO:0006292"),  # pleural biphasic mesothelioma
    ("MONDO:0006378", "MONDO:0005112"),  # pleural epithelioid mesothelioma, malignant pleural mesothelioma
    ("MONDO:0006380", "MONDO:0005112"),  # pleural sarcomatoid mesothelioma
]


@pytest.fixture(scope="module")
def slices() -> ox.Store:
    store = ox.Store()
    for path in resources.import_files():
        store.extend(ox.Quad(q.subject, q.predicate, q.object) for q in rdf.read(path))
    return store


@pytest.mark.parametrize(("lower", "upper"), OF_CELLS + OF_MONDO)
def test_subsumptions_of_the_source_are_kept(slices: ox.Store, lower: str, upper: str) -> None:
    path = "<http://www.w3.org/2000/01/rdf-schema#subClassOf>+"
    assert slices.query(f"ASK {{ <{expand(lower)}> {path} <{expand(upper)}> }}")


@pytest.mark.parametrize(("one", "other"), OF_BFO)
def test_disjointness_of_bfo_is_in(slices: ox.Store, one: str, other: str) -> None:
    disjoint = "<http://www.w3.org/2002/07/owl#disjointWith>"
    assert slices.query(f"ASK {{ <{expand(one)}> {disjoint}|^{disjoint} <{expand(other)}> }}")


def test_a_slice_says_where_parents_are_not_known() -> None:
    said = {path.stem for path in resources.import_files() if "Parent not known" in path.read_text("utf-8")}
    assert said == {path.stem for path in resources.import_files()} - imports.HIERARCHY_READ.keys()


def test_table_takes_several_parents_and_what_excludes_a_term(tmp_path: Path) -> None:
    table = tmp_path / "x_terms.txt"
    table.write_text(
        "id\tlabel\ttype\tparent\tdisjoint\nGO:1\ta\tClass\tGO:2|GO:3\tGO:4\nGO:2\tb\tClass\t\t\n"
    )
    first, second = imports.read_table(table)
    assert (len(first.parents), len(first.bounds["disjoint"])) == (2, 1)
    assert (second.parents, second.bounds) == ((), {"disjoint": ()})
    text = imports.slice_turtle(table)
    assert "owl:disjointWith obo:GO_4" in text
    table.write_text("id\tlabel\ttype\tparent\nGO:1\ta\tClass\tGO:2\tGO:4\n")
    with pytest.raises(InputError, match=r"x_terms\.txt:2: expected"):
        imports.read_table(table)


def test_table_has_individuals_and_their_classes(tmp_path: Path) -> None:
    table = tmp_path / "x_terms.txt"
    table.write_text("id\tlabel\ttype\tparent\nIAO:2\ta\tNamedIndividual\tIAO:1\n")
    text = imports.slice_turtle(table)
    assert "obo:IAO_1 a owl:Class ." in text
    assert "obo:IAO_2 a obo:IAO_1,\n        owl:NamedIndividual ;" in text


def test_table_bounds_a_property(tmp_path: Path) -> None:
    table = tmp_path / "x_terms.txt"
    header = "id\tlabel\ttype\tparent\tdomain\trange\n"
    table.write_text(f"{header}RO:1\ta\tObjectProperty\tRO:2\tBFO:1\tBFO:2\n")
    text = imports.slice_turtle(table)
    assert "rdfs:subPropertyOf obo:RO_2" in text
    assert "rdfs:domain obo:BFO_1" in text
    assert "rdfs:range obo:BFO_2" in text
    assert "obo:RO_2 a owl:ObjectProperty" in text
    table.write_text(header.replace("domain\trange", "range\tdomain"))
    with pytest.raises(InputError, match=r"x_terms\.txt:1: the first line must be id label"):
        imports.read_table(table)
