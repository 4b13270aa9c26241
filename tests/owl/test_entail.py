"""Entailments and their explanations."""

from __future__ import annotations

from collections.abc import Callable
from subprocess import CompletedProcess

import pyoxigraph as ox
import pytest

from mesoonto.dataset.store import Engine
from mesoonto.errors import MesoontoError
from mesoonto.namespaces import MESO
from mesoonto.ontology.axioms import axioms_of, logical
from mesoonto.ontology.expressions import SUBCLASS
from mesoonto.owl import generated, infer
from mesoonto.owl.entail import Entailments
from mesoonto.owl.explain import Explainer
from tests import knowledge

PREFIXES = """@prefix : <http://e/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""


def entailments(turtle: str) -> Entailments:
    classes = " ".join(f":{name} a owl:Class ." for name in "ABCDEF")
    quads = ox.parse(PREFIXES + classes + turtle, format=ox.RdfFormat.TURTLE)
    return Entailments(logical(axioms_of(ox.Triple(q.subject, q.predicate, q.object) for q in quads)))


def short(found: Entailments) -> set[tuple[str, str, str]]:
    return {
        (
            a.removeprefix("http://e/"),
            "<" if p == SUBCLASS else p.removeprefix("http://e/"),
            b.removeprefix("http://e/"),
        )
        for a, p, b in found.relations()
    }


# ruff: noqa: E501
SOME_R = "[ a owl:Restriction ; owl:onProperty :r ; owl:someValuesFrom {} ]"


@pytest.mark.parametrize(
    ("turtle", "expected"),
    [
        (":A rdfs:subClassOf :B . :B rdfs:subClassOf :C .", {("A", "<", "B"), ("B", "<", "C"), ("A", "<", "C")}),
        (f":A rdfs:subClassOf :B . :B rdfs:subClassOf {SOME_R.format(':C')} .",
         {("A", "<", "B"), ("A", "r", "C"), ("B", "r", "C")}),
        # a definition recognises what fits it
        (f":A rdfs:subClassOf :B , {SOME_R.format(':C')} . "
         f":D owl:equivalentClass [ owl:intersectionOf ( :B {SOME_R.format(':E')} ) ] . :C rdfs:subClassOf :E .",
         {("A", "<", "B"), ("A", "<", "D"), ("D", "<", "B"), ("C", "<", "E"), ("A", "r", "C"), ("D", "r", "E")}),
        (":D owl:equivalentClass [ owl:unionOf ( :A :B ) ] . :D rdfs:subClassOf :C .",
         {("A", "<", "D"), ("B", "<", "D"), ("D", "<", "C"), ("A", "<", "C"), ("B", "<", "C")}),
        (":r owl:propertyChainAxiom ( :s :r ) . "
         ":A rdfs:subClassOf [ owl:onProperty :s ; owl:someValuesFrom :B ] . "
         f":B rdfs:subClassOf {SOME_R.format(':C')} .",
         {("A", "s", "B"), ("B", "r", "C"), ("A", "r", "C")}),
        (f":r rdfs:domain :D ; rdfs:subPropertyOf :s . :A rdfs:subClassOf {SOME_R.format(':B')} .",
         {("A", "r", "B"), ("A", "s", "B"), ("A", "<", "D")}),
        # what the rules must not conclude
        (f":A rdfs:subClassOf [ owl:unionOf ( :B :C ) ] . :D owl:equivalentClass {SOME_R.format(':E')} .",
         {("D", "r", "E")}),
    ],
)  # fmt: skip
def test_consequences(turtle: str, expected: set[tuple[str, str, str]]) -> None:
    assert short(entailments(turtle)) == expected


@pytest.mark.slow
def test_reasons_suffice_and_each_is_needed() -> None:
    """For a sample of what is shipped: the axioms given entail the triple, any fewer do not."""
    ontology = knowledge.ontology()
    explainer = Explainer(ontology)
    declarations = [axiom for axiom in ontology.logical_axioms if axiom.declares_class]
    inferred = list(Entailments(ontology.logical_axioms).relations())[::400]
    assert len(inferred) >= 10
    for subject, predicate, other in inferred:
        axioms = explainer.needed_axioms(subject, predicate, other)
        assert axioms
        assert Entailments([*declarations, *axioms]).why(subject, predicate, other)
        for axiom in axioms:
            fewer = [one for one in axioms if one is not axiom]
            assert Entailments([*declarations, *fewer]).why(subject, predicate, other) is None


@pytest.mark.parametrize("step", [8, pytest.param(1, marks=pytest.mark.thorough)], ids=["some", "all"])
def test_every_inferred_triple_has_an_explanation(step: int, engine: Engine) -> None:
    explainer = Explainer(knowledge.ontology())
    rows = list(engine.store.quads_for_pattern(None, None, None, ox.NamedNode(infer.INFERRED)))
    between_terms = [
        q
        for q in rows
        if isinstance(q.object, ox.NamedNode)
        and not q.subject.value.startswith((infer.INFERRED, f"{MESO}inferred"))  # type: ignore[union-attr]
    ]
    assert len(between_terms) > 3000
    unexplained = [
        q
        for q in between_terms[::step]
        if not explainer.entails(q.subject.value, q.predicate.value, q.object.value)  # type: ignore[union-attr]
        and explainer.explain(q.subject.value, q.predicate.value, q.object.value) is None  # type: ignore[union-attr]
    ]
    assert unexplained == []


def test_inferred_graph_names_its_origin(engine: Engine) -> None:
    rows = engine.store.quads_for_pattern(
        ox.NamedNode(infer.INFERRED), None, None, ox.NamedNode(infer.INFERRED)
    )
    said = {q.predicate.value.rpartition("/")[2] for q in rows}
    assert said == {"description", "source"}


def test_inferred_subsumptions_are_current() -> None:
    assert generated.inferred_is_current(knowledge.ontology())


@pytest.mark.slow
@pytest.mark.java
def test_inferred_subsumptions_are_what_hermit_says() -> None:
    from mesoonto import resources

    assert generated.inferred_turtle(knowledge.ontology()) == resources.inferred_file().read_text("utf-8")


def test_command_explains_in_words_with_file_and_line(mesoonto: Callable[..., CompletedProcess[str]]) -> None:
    done = mesoonto("explain", "CTLA-4 checkpoint engagement", "counteredBy", "nivolumab plus ipilimumab")
    assert done.returncode == 0
    said = [
        line.split(". ", 1)[1] for line in done.stdout.splitlines() if line.startswith("  ") and ". " in line
    ]
    # by hand: ipilimumab is a therapeutic agent of the combination, and an antibody to CTLA-4
    assert sorted(said) == [
        "every 'anti-CTLA-4 antibody' 'counters' some 'CTLA-4 checkpoint engagement'",
        "every 'ipilimumab' is a 'anti-CTLA-4 antibody'",
        "every 'nivolumab plus ipilimumab' 'has therapeutic agent' some 'ipilimumab'",
        "if x 'has agent' y and y 'counters' z, then x 'counters' z",
        "if x 'has therapeutic agent' y, then x 'has agent' y",
    ]
    assert "ontology/modules/core.ttl:" in done.stdout


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ("ipilimumab", "every class is a subclass of itself"),
        ("owl:Thing", "every class is a subclass of owl:Thing"),
    ],
)
def test_what_holds_of_every_class_is_explained(mesoonto, other: str, words: str) -> None:  # type: ignore[no-untyped-def]
    done = mesoonto("explain", "ipilimumab", "subClassOf", other)
    assert (done.returncode, done.stdout.splitlines()[1:]) == (0, [words])
    assert mesoonto("explain", "CheckMate 743", "subClassOf", "CheckMate 743").returncode == 1


def test_a_claim_without_axiom_leads_to_its_statements(mesoonto) -> None:  # type: ignore[no-untyped-def]
    """Macrophages and survival: found by some, not by others (PMID 21523763 reports both)."""
    done = mesoonto("explain", "MESO:0001014", "prognosticFor", "MESO:0004001")
    first, *found = done.stdout.splitlines()
    assert done.returncode == 1
    assert first.endswith("no axiom says so; it is a claim on which there is evidence:")
    assert any("'refutes', 'pleural'" in line for line in found)
    assert any("statement_PMID21523763.ttl" in line for line in found)


def test_a_claim_of_one_sign_leaves_the_other_out(mesoonto) -> None:  # type: ignore[no-untyped-def]
    """BAP1 loss: longer survival in two series, shorter in another (PMID 29085180); prognosis is told by all."""
    longer, shorter, both = (
        mesoonto("explain", "MESO:0003139", relation, "MESO:0004001").stdout
        for relation in ("marksLonger", "marksShorter", "prognosticFor")
    )
    assert ("PMID29085180" in longer, "Louw2022" in longer) == (False, True)
    assert ("PMID29085180" in shorter, "Louw2022" in shorter) == (True, False)
    assert [name in both for name in ("PMID29085180", "Louw2022", "Cantini2020")] == [True, True, True]


def test_command_says_no_to_what_does_not_follow(mesoonto: Callable[..., CompletedProcess[str]]) -> None:
    done = mesoonto("explain", "ipilimumab", "subClassOf", "anti-PD-1 antibody")
    assert (done.returncode, done.stdout) == (
        1,
        "'ipilimumab' subClassOf 'anti-PD-1 antibody': this does not follow from the dataset\n",
    )


def test_unknown_name_is_refused() -> None:
    with pytest.raises(MesoontoError, match="no such thing: nothing in the dataset"):
        knowledge.ontology().find("no such thing")
