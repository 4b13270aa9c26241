"""Classification with HermiT: the shipped ontology is sound, and each way to fail is told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesoonto.errors import InputError, NoJavaError, UnsupportedConstructError
from mesoonto.namespaces import MESO, OBO
from mesoonto.ontology.model import Ontology
from mesoonto.owl.reason import classify
from tests import knowledge

PREFIXES = """
@prefix : <http://e/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
UNSATISFIABLE = """
:Animal a owl:Class . :Plant a owl:Class ; owl:disjointWith :Animal .
:Coral a owl:Class ; rdfs:label "coral" ; rdfs:subClassOf :Animal , :Sessile .
:Sessile a owl:Class ; rdfs:subClassOf :Plant .
:Cow a owl:Class ; rdfs:subClassOf :Animal .
"""

pytestmark = pytest.mark.java


def ontology(folder: Path, turtle: str) -> Ontology:
    path = folder / "o.ttl"
    path.write_text(PREFIXES + turtle)
    return Ontology.from_files([path])


@pytest.mark.thorough  # the command and the test of what is inferred classify it as well
def test_shipped_ontology_is_sound() -> None:
    found = classify(knowledge.ontology())
    assert found.consistent
    assert found.unsatisfiable == ()
    # biphasic pleural mesothelioma is non-epithelioid by the definition of the latter
    assert (f"{OBO}MONDO_0006377", f"{MESO}MESO_0003001") in found.subsumptions


@pytest.mark.slow
def test_unsatisfiable_class_is_named_with_the_axioms_that_make_it_so(tmp_path: Path) -> None:
    found = classify(ontology(tmp_path, UNSATISFIABLE))
    assert found.consistent
    (item,) = found.unsatisfiable
    assert item.iri == "http://e/Coral"
    # by hand: Coral is an Animal and, through Sessile, a Plant, and these are disjoint; Cow has no part in it
    assert {found.wording.say(axiom) for axiom in item.because} == {
        "every 'coral' is a Animal",
        "every 'coral' is a Sessile",
        "every Sessile is a Plant",
        "nothing is both Plant and Animal",
    }


def test_verdict_can_be_had_without_reasons(tmp_path: Path) -> None:
    found = classify(ontology(tmp_path, UNSATISFIABLE), reasons=False)
    assert [(item.iri, item.because) for item in found.unsatisfiable] == [("http://e/Coral", ())]
    assert not found.sound


@pytest.mark.slow
def test_inconsistent_ontology_is_told_apart(tmp_path: Path) -> None:
    found = classify(
        ontology(
            tmp_path,
            """:Animal a owl:Class ; owl:disjointWith :Plant . :Plant a owl:Class .
            :Coral a owl:Class ; rdfs:subClassOf :Animal , :Plant . :c a owl:NamedIndividual , :Coral .""",
        )
    )
    assert not found.consistent
    assert "c is a Coral" in {found.wording.say(axiom) for axiom in found.because}
    assert len(found.because) == 4


@pytest.mark.slow
def test_restrictions_are_put_into_words(tmp_path: Path) -> None:
    found = classify(
        ontology(
            tmp_path,
            """:eats a owl:ObjectProperty . :A a owl:Class . :B a owl:Class .
            :C a owl:Class ; rdfs:subClassOf
                [ a owl:Restriction ; owl:onProperty :eats ; owl:someValuesFrom :A ] ,
                [ a owl:Restriction ; owl:onProperty :eats ; owl:allValuesFrom [ owl:complementOf :A ] ] .""",
        )
    )
    (item,) = found.unsatisfiable
    assert {found.wording.say(axiom) for axiom in item.because} == {
        "every C eats some A",
        "every C eats only not A",
    }


def test_unsupported_datatype_is_told_apart(tmp_path: Path) -> None:
    turtle = ':born a owl:DatatypeProperty . :i a owl:NamedIndividual ; :born "2020-01-01"^^xsd:date .'
    with pytest.raises(UnsupportedConstructError, match=r"o\.ttl:6: .*XMLSchema#date"):
        classify(ontology(tmp_path, turtle))


def test_non_simple_property_in_cardinality_is_unsupported(tmp_path: Path) -> None:
    turtle = """:part a owl:ObjectProperty , owl:TransitiveProperty . :A a owl:Class ; rdfs:subClassOf
        [ a owl:Restriction ; owl:onProperty :part ; owl:maxCardinality "1"^^xsd:nonNegativeInteger ] ."""
    with pytest.raises(UnsupportedConstructError, match="part"):
        classify(ontology(tmp_path, turtle))


def test_missing_java_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoJavaError, match="default-jre-headless"):
        classify(knowledge.ontology())


def test_broken_file_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"o\.ttl:\d+:\d+:"):
        classify(ontology(tmp_path, ":a :b ] ."))


def test_triples_about_triples_are_no_verdict(tmp_path: Path) -> None:
    turtle = "\n:x :states <<( :a :b :c )>> ."
    with pytest.raises(UnsupportedConstructError, match=r"o\.ttl: triples about triples"):
        classify(ontology(tmp_path, turtle))


def test_root_of_the_modules_is_judged_with_all_that_it_imports() -> None:
    from mesoonto import resources

    root = Ontology.from_files([resources.ontology_dir() / "mesoonto.ttl"])
    assert {file.path for file in root.documents} == {*resources.module_files(), *resources.import_files()}
    assert {str(a.head) for a in root.logical_axioms if a.is_declaration} == {
        str(a.head) for a in knowledge.ontology().logical_axioms if a.is_declaration
    }


def test_contradiction_in_an_imported_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "animals.ttl").write_text(
        f"{PREFIXES} <http://e/animals> a owl:Ontology . {UNSATISFIABLE}"
    )
    (tmp_path / "catalog-v001.xml").write_text(
        """<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">
        <uri name="http://e/animals" uri="parts/animals.ttl"/></catalog>"""
    )
    imports = "<http://e/o> a owl:Ontology ; owl:imports <http://e/animals> ."
    found = classify(ontology(tmp_path, imports), reasons=False)
    assert [item.iri for item in found.unsatisfiable] == ["http://e/Coral"]


def test_import_among_the_named_files_needs_no_catalog(tmp_path: Path) -> None:
    other = tmp_path / "other.ttl"
    other.write_text(f"{PREFIXES} <http://e/animals> a owl:Ontology ; owl:imports <http://e/o> .")
    path = tmp_path / "o.ttl"
    path.write_text(f"{PREFIXES} <http://e/o> a owl:Ontology ; owl:imports <http://e/animals> .")
    assert [f.path for f in Ontology.from_files([path, other]).documents] == [path, other]


def test_import_that_is_not_at_hand_is_no_verdict(tmp_path: Path) -> None:
    turtle = "<http://e/o> a owl:Ontology ;\n owl:imports <http://e/nowhere> ."
    with pytest.raises(InputError, match=r"o\.ttl:7: imports <http://e/nowhere>, which is not at hand"):
        ontology(tmp_path, turtle)
