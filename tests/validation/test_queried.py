"""Which properties a query looks at: without the other statements it must find the same."""

from __future__ import annotations

from collections import Counter

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoonto.files.terms import RDF, XSD
from mesoonto.validation.engine.plan import EngineChoice
from mesoonto.validation.engine.queried import properties
from tests.examples import examples
from tests.validation.helpers import load, outcome, shapes

EX = "https://example.org/"
PREFIX = f"PREFIX ex: <{EX}> "
NODES = [ox.NamedNode(EX + name) for name in "abc"]
PROPERTIES = [ox.NamedNode(EX + name) for name in ("p", "q", "r")] + [ox.NamedNode(f"{RDF}type")]
NUMBERS = [ox.Literal(str(n), datatype=ox.NamedNode(f"{XSD}integer")) for n in (1, 2)]

quads = st.lists(
    st.builds(
        ox.Quad, st.sampled_from(NODES), st.sampled_from(PROPERTIES), st.sampled_from([*NODES, *NUMBERS])
    ),
    max_size=12,
)
steps = st.sampled_from(
    ["ex:p", "ex:q", "a", f"<{EX}r>", "^ex:p", "ex:p*", "ex:q?", "ex:r+", "(ex:p|ex:q)", "!ex:p"]
)
paths = st.lists(steps, min_size=1, max_size=3).map("/".join)
verbs = st.one_of(paths, paths, st.sampled_from(["?v", "(ex:p/ex:q)*", "^(ex:q*)"]))
ends = st.sampled_from(["?x", "?y", "ex:a", "ex:b", "[]", "[ ex:q ?y ]", "[ ?v 1 ; a ex:c ]", "( 1 )"])
statements = st.one_of(
    st.tuples(ends, verbs, ends).map(" ".join),
    st.tuples(verbs, verbs, ends).map(lambda part: f"?x {part[0]} ?y , ex:b ; {part[1]} {part[2]}"),
)
patterns = st.recursive(
    st.lists(statements, min_size=1, max_size=2).map(" . ".join),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: f"{{ {pair[0]} }} UNION {{ {pair[1]} }}"),
        st.tuples(inner, inner).map(lambda pair: f"{pair[0]} . FILTER NOT EXISTS {{ {pair[1]} }}"),
        st.tuples(inner, inner).map(lambda pair: f"{pair[0]} . OPTIONAL {{ {pair[1]} }}"),
        st.tuples(inner, inner).map(lambda pair: f"{pair[0]} . {{ SELECT ?y {{ {pair[1]} }} }}"),
    ),
    max_leaves=3,
)


def found(query: str, stated: list[ox.Quad]) -> Counter[str]:
    store = ox.Store()
    store.extend(stated)
    return Counter(str(row) for row in store.query(query))  # type: ignore[union-attr]


@settings(max_examples=examples(200), deadline=None)
@given(pattern=patterns, stated=quads)
def test_query_finds_the_same_without_the_statements_that_it_does_not_look_at(
    pattern: str, stated: list[ox.Quad]
) -> None:
    query = f"{PREFIX}SELECT ?x ?y {{ {pattern} }}"
    named = properties(query)
    if named is not None:
        assert found(query, stated) == found(query, [q for q in stated if q.predicate in named])


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("?x ex:p/a ?y", {"p", "type"}),
        ("?x a/<https://example.org/q>* ex:c", {"q", "type"}),
        ("?x ex:p 1 . FILTER EXISTS { ?x ^ex:q ?z }", {"p", "q"}),
        ("?x ex:p* ?y", None),
        ("?x ex:p*/ex:q? ?y", None),
        ("?x ?p ?y", None),
        ("?x !ex:p ?y", None),
        ("?x ex:p ( 1 )", None),
        ("?x ex:p\\-q ?y", None),
    ],
)
def test_properties_of_a_query(pattern: str, names: set[str] | None) -> None:
    read = properties(f"{PREFIX}SELECT ?x {{ {pattern} }}")
    assert (None if read is None else {p.value.replace("#", "/").rpartition("/")[2] for p in read}) == names


SHAPES = """
ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:sparql [ sh:select '''
    SELECT $this ?value { $this <https://example.org/p> ?value FILTER(?value > 1.5) }''' ] .
"""


def test_values_of_a_queried_property_are_numbers_and_are_told_as_they_are_written() -> None:
    data = load('ex:a a ex:T ; ex:p "1.60"^^xsd:decimal , "01"^^xsd:integer ; ex:q "7.0"^^xsd:decimal .')
    found = outcome(data, shapes(SHAPES), EngineChoice.OXIGRAPH).results
    assert [(str(r.focus), r.value and r.value.value) for r in found] == [(f"<{EX}a>", "1.60")]
