"""What is added before validation is the closure that the library owlrl makes of the data."""

from __future__ import annotations

from pathlib import Path

import owlrl
import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoonto.errors import InputError
from mesoonto.validation import inference
from mesoonto.validation.request import ValidationRequest, judge
from tests.examples import examples
from tests.validation.helpers import PREFIXES, load
from tests.validation.test_engines import common

OWL = "http://www.w3.org/2002/07/owl#"
classes, properties, nodes = (
    st.sampled_from([f"ex:{kind}{n}" for n in range(3)]) for kind in ("C", "p", "n")
)
statements = st.one_of(
    st.tuples(nodes, st.just("a"), classes),
    st.tuples(nodes, properties, st.one_of(nodes, st.sampled_from(["1", '"a"@en', '"1.50"^^xsd:decimal']))),
    st.tuples(classes, st.sampled_from(["rdfs:subClassOf", f"<{OWL}equivalentClass>"]), classes),
    st.tuples(properties, st.sampled_from(["rdfs:subPropertyOf", f"<{OWL}inverseOf>"]), properties),
    st.tuples(properties, st.sampled_from(["rdfs:domain", "rdfs:range"]), classes),
    st.tuples(
        properties, st.just("a"), st.sampled_from([f"<{OWL}TransitiveProperty>", f"<{OWL}SymmetricProperty>"])
    ),
)
texts = st.lists(statements, min_size=1, max_size=8).map(
    lambda rows: " ".join(f"{s} {p} {o} ." for s, p, o in rows)
)


def closure(text: str, regime: str) -> set[str]:
    """The statements of N-Triples that the library adds, those with literals as subjects left out."""
    graph = rdflib.Graph().parse(data=PREFIXES + text, format="turtle")
    before = set(graph)
    semantics = {"rdfs": owlrl.RDFS_Semantics, "owlrl": owlrl.OWLRL_Semantics}[regime]
    owlrl.DeductiveClosure(semantics, axiomatic_triples=False, datatype_axioms=False).expand(graph)
    return {
        f"{s.n3()} {p.n3()} {value(o)}"
        for s, p, o in set(graph) - before
        if isinstance(s, rdflib.URIRef) and isinstance(p, rdflib.URIRef) and not isinstance(o, rdflib.BNode)
    }


def value(term: rdflib.term.Node) -> str:
    if isinstance(term, rdflib.Literal) and term.datatype is not None:
        return str(ox.Literal(str(term), datatype=ox.NamedNode(str(term.datatype))))
    return str(term.n3())  # type: ignore[attr-defined]


@pytest.mark.parametrize("regime", inference.REGIMES)
@settings(common, max_examples=examples(15))
@given(text=texts)
def test_conclusions_are_those_of_the_library(regime: str, text: str) -> None:
    found = {
        f"{s} {p} {o}"
        for s, p, o in inference.concluded(load(text), regime)
        if isinstance(s, ox.NamedNode) and not isinstance(o, ox.BlankNode)
    }
    assert found == closure(text, regime)


@pytest.mark.parametrize("regime", inference.REGIMES)
def test_conclusions_that_rdfs_and_owl_rl_share(regime: str) -> None:
    text = "ex:C0 rdfs:subClassOf ex:C1 . ex:p0 rdfs:domain ex:C0 . ex:n0 ex:p0 1 ."
    found = {f"{s} {p} {o}" for s, p, o in inference.concluded(load(text), regime)}
    kind = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    assert {f"<https://example.org/n0> {kind} <https://example.org/C{n}>" for n in range(2)} <= found


def test_another_regime_is_refused() -> None:
    with pytest.raises(InputError, match="choose from rdfs, owlrl"):
        list(inference.concluded(load("ex:a a ex:C ."), "owl-dl"))


def test_what_is_concluded_of_properties_declares_none(tmp_path: Path) -> None:
    (tmp_path / "data.ttl").write_text(f"{PREFIXES}ex:a ex:p 1 .")
    shape = "ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:property [ sh:path ex:later ; sh:maxCount 1 ] ."
    (tmp_path / "shapes.ttl").write_text(PREFIXES + shape)
    asked = ValidationRequest(shapes=(tmp_path / "shapes.ttl",), inference="rdfs")
    assert {doubt.kind for doubt in judge([tmp_path / "data.ttl"], asked).doubts} == {"unused-property"}
