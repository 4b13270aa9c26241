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

nodes = st.sampled_from([f"ex:n{number}" for number in range(5)])
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
    ]
).map(lambda query: f"a sh:SPARQLRule ; sh:prefixes ex: ; sh:construct '{query}'")
rules = st.tuples(st.one_of(triple_rules, sparql_rules), conditions, st.integers(0, 2)).map(
    lambda t: f"[ {t[0]} {t[1]} ; sh:order {t[2]} ]"
)
targets = st.one_of(
    st.sampled_from(["sh:targetClass ex:A", "sh:targetNode ex:n0"]),
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


def test_rule_that_pyshacl_alone_knows_goes_there_with_every_shape() -> None:
    asked = (
        "ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:property [ sh:path ex:made ; sh:maxCount 0 ] ; "
        "sh:rule [ a sh:TripleRule ; sh:subject sh:this ; sh:predicate ex:made ; "
        "sh:object [ sh:union ( [ sh:path ex:p ] [ sh:path ex:q ] ) ] ] ."
    )
    found = run(load("ex:a ex:p 1 ."), shapes(asked))
    assert [reason for _, reason in found.plan.delegated]
    assert len(found.results) == 1
