"""Rules run on the data store make what pySHACL makes of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoonto.errors import ShapeError
from mesoonto.validation.engine.plan import EngineChoice, run
from tests.examples import examples
from tests.validation.helpers import load, rows, shapes
from tests.validation.test_engines import DECLARED, common, properties

nodes = st.sampled_from([*(f"ex:n{number}" for number in range(5)), "ex:p"])
values = st.one_of(nodes, st.sampled_from(['"x"', "1", "1.50", '"y"@en']))
texts = st.lists(
    st.one_of(
        st.tuples(nodes, st.just("a"), st.sampled_from(["ex:A", "ex:B"])),
        st.tuples(nodes, properties, values),
    ),
    min_size=1,
    max_size=15,
).map(lambda rows: "\n".join(f"{s} {p} {o} ." for s, p, o in rows))
expressions = st.one_of(
    st.sampled_from(["sh:this", "ex:n0"]),
    properties.map(lambda p: f"[ sh:path {p} ]"),
    st.just("[ sh:path ( ex:p ex:q ) ]"),
)
conditions = st.sampled_from(
    [
        "",
        "; sh:condition [ a sh:NodeShape ; sh:property [ sh:path ex:p ; sh:minCount 1 ] ]",
        "; sh:condition [ a sh:NodeShape ; sh:class ex:A ]",
    ]
)
#: pySHACL would make statements about literals, which RDF does not have: the subject is no value of a path.
subjects = st.sampled_from(["sh:this", "ex:n0"])
triple_rules = st.tuples(subjects, properties, st.one_of(expressions, values)).map(
    lambda t: f"a sh:TripleRule ; sh:subject {t[0]} ; sh:predicate {t[1]} ; sh:object {t[2]}"
)
sparql_rules = st.sampled_from(
    [
        "CONSTRUCT { $this ex:r ?x } WHERE { $this ex:p ?x }",
        "CONSTRUCT { ?x ex:q $this } WHERE { $this ex:q ?x FILTER(isIRI(?x)) }",
        "CONSTRUCT { $this a ex:B } WHERE { }",
        "CONSTRUCT { $this ex:p ?z } WHERE { $this ex:p ?y . ?y ex:p ?z }",
        "CONSTRUCT { $this ex:r ?x } WHERE { { $this ex:p ?x } UNION { ?x ex:q $this FILTER(isIRI(?x)) } }",
        "CONSTRUCT { $this ex:r ?y } WHERE { $this ex:p ?x OPTIONAL { ?z ex:q $this ; ex:p ?y } }",
        "CONSTRUCT { $this ex:r ex:n1 } WHERE { FILTER NOT EXISTS { $this ex:q ?any } }",
        "CONSTRUCT { ?x ex:r $this } WHERE { ?x ex:p ?y MINUS { ?x ex:q ?y } }",
        "CONSTRUCT { $this ex:q ?y } WHERE { $this (ex:p|ex:q)+ ?y }",
        "CONSTRUCT { ?s ex:r ?o } WHERE { ?s ?p ?o . ?p ex:p $this }",
        'CONSTRUCT { $this ex:r ?x } WHERE { $this ex:p ?x BIND(str(?x) AS ?y) FILTER(?y != "x") } LIMIT 50',
        "CONSTRUCT WHERE { $this ex:p ?y . ?y ex:q ?z }",
        # Forms of Brick's: tags of classes, and what properties of properties say.
        "CONSTRUCT { $this ex:r ?t } WHERE { $this a/ex:p* ?c . ?c ex:q ?t }",
        "CONSTRUCT { ?s ex:r ?o } WHERE { ?s $this ?o . { $this ex:p ?x } UNION { ?x ex:p $this } }",
        "CONSTRUCT { $this ?i ?o } WHERE { ?o ?p $this . ?i ex:q ?p }",
    ]
).map(lambda query: f"a sh:SPARQLRule ; sh:prefixes ex: ; sh:construct '{query}'")
rules = st.tuples(st.one_of(triple_rules, sparql_rules), conditions, st.integers(0, 2)).map(
    lambda t: f"[ {t[0]} {t[1]} ; sh:order {t[2]} ]"
)
targets = st.one_of(
    st.sampled_from(["sh:targetClass ex:A", "sh:targetNode ex:n0", "sh:targetNode ex:p , ex:n1"]),
    properties.map(lambda p: f"sh:targetSubjectsOf {p}"),
)
ruled = st.tuples(targets, rules).map(lambda t: f"a sh:NodeShape ; {t[0]} ; sh:rule {t[1]}")
WITNESS = """ex:W a sh:NodeShape ; sh:targetClass ex:A , ex:B ; sh:targetSubjectsOf ex:p , ex:q , ex:r ;
    sh:targetObjectsOf ex:p , ex:q , ex:r ; sh:closed true ."""


@settings(common, max_examples=examples(40))
@given(text=texts, asked=st.lists(ruled, min_size=1, max_size=2), repeat=st.booleans())
def test_rules_make_what_pyshacl_makes(text: str, asked: list[str], repeat: bool) -> None:
    """A closed shape without properties reports every statement, so results show the whole of the data."""
    shape_text = DECLARED + "".join(f"ex:R{n} {shape} ; sh:order {n} .\n" for n, shape in enumerate(asked))
    found = [
        run(load(text), shapes(shape_text + WITNESS), engine, repeat_rules=repeat)
        for engine in (EngineChoice.OXIGRAPH, EngineChoice.PYSHACL)
    ]
    assert not found[0].plan.delegated
    assert rows(found[0].results) == rows(found[1].results)


def test_rule_that_never_ends_is_told() -> None:
    asked = (
        f"{DECLARED} ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:rule [ a sh:SPARQLRule ; "
        "sh:prefixes ex: ; sh:construct 'CONSTRUCT { $this ex:p [] } WHERE { }' ] ."
    )
    with pytest.raises(ShapeError, match="without end"):
        run(load("ex:a ex:p 1 ."), shapes(asked), repeat_rules=True)


STRANGE = """[ a sh:TripleRule ; sh:subject sh:this ; sh:predicate ex:made ;
    sh:object [ sh:union ( [ sh:path ex:p ] [ sh:path ex:q ] ) ] ]"""


def test_rule_that_pyshacl_alone_knows_takes_the_shapes_along_that_it_can_touch() -> None:
    asked = (
        f"{DECLARED} ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:rule {STRANGE} ; "
        "sh:property [ sh:path ex:made ; sh:maxCount 0 ] . "
        "ex:Further a sh:NodeShape ; sh:targetSubjectsOf ex:made ; sh:order 1 ; "
        "sh:rule [ a sh:SPARQLRule ; sh:prefixes ex: ; "
        "sh:construct 'CONSTRUCT { $this ex:next ?x } WHERE { $this ex:made ?x }' ] . "
        "ex:Next a sh:PropertyShape ; sh:targetNode ex:a ; sh:path ex:next ; sh:maxCount 0 . "
        "ex:Own a sh:NodeShape ; sh:targetNode ex:a ; sh:order 2 ; "
        "sh:rule [ a sh:TripleRule ; sh:subject sh:this ; sh:predicate ex:r ; sh:object ex:b ] ; "
        "sh:property [ sh:path ex:r ; sh:maxCount 0 ] . "
        "ex:Apart a sh:PropertyShape ; sh:targetNode ex:a ; sh:path ex:p ; sh:maxCount 0 ."
    )
    found = run(load("ex:a ex:p 1 ."), shapes(asked))
    assert {str(shape.node) for shape, _ in found.plan.delegated} == {
        f"<https://example.org/{name}>" for name in ("S", "Further", "Next")
    }
    assert {str(shape.node) for shape in found.plan.compiled} == {
        f"<https://example.org/{name}>" for name in ("Own", "Apart")
    }
    assert len(found.results) == 4
    assert rows(found.results) == rows(
        run(load("ex:a ex:p 1 ."), shapes(asked), EngineChoice.PYSHACL).results
    )


@settings(common, max_examples=examples(25))
@given(text=texts, asked=st.lists(ruled, min_size=1, max_size=2), place=st.integers(0, 2), at=properties)
def test_what_is_shared_with_pyshacl_is_the_same(text: str, asked: list[str], place: int, at: str) -> None:
    """Shapes that a rule of pySHACL can touch, and others, side by side."""
    foreign = STRANGE.replace("ex:made", at)
    shape_text = DECLARED + "".join(f"ex:R{n} {shape} ; sh:order {n} .\n" for n, shape in enumerate(asked))
    shape_text += f"ex:F a sh:NodeShape ; sh:targetClass ex:A ; sh:order {place}.5 ; sh:rule {foreign} .\n"
    for name in ("p", "q", "r", "s"):
        shape_text += (
            f"ex:P{name} a sh:PropertyShape ; sh:path ex:{name} ; sh:maxCount 0 ; "
            f"sh:targetSubjectsOf ex:{name} . "
        )
    found = [
        run(load(text), shapes(shape_text), engine).results
        for engine in (EngineChoice.AUTO, EngineChoice.PYSHACL)
    ]
    assert rows(found[0]) == rows(found[1])
