"""The compiled engine gives the results of pySHACL: on generated data and shapes, and the shipped ones."""

from __future__ import annotations

import random
import re
from pathlib import Path
from unittest.mock import patch

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesoonto import resources
from mesoonto.validation.data.literals import decode
from mesoonto.validation.engine import to_sparql
from mesoonto.validation.engine.plan import EngineChoice
from mesoonto.validation.validate import Options, validate
from tests.conftest import ROOT
from tests.examples import examples
from tests.validation.helpers import load, outcome, rows, shapes

NODES = [f"ex:n{number}" for number in range(5)] + ["_:b0", "_:b1"]
PROPERTIES = ["ex:p", "ex:q", "ex:r"]
CLASSES = ["ex:A", "ex:B", "ex:C"]
LITERALS = [
    '"x"', '"x"^^xsd:string', '"x"@en', '"y"@EN', '"z"@en-GB', '"x"@de', '""', '"long text"',
    "1", "2", "01", "1.0", "1.50", "-3", '"1"^^xsd:int', '"300"^^xsd:byte', '"abc"^^xsd:integer',
    "true", '"1"^^xsd:boolean', '"2020-01-01"^^xsd:date', '"2020-02-30"^^xsd:date', "2.5e0",
]  # fmt: skip
#: Bounds and values whose order pySHACL and SPARQL see alike; see test_known_differences.
NUMBERS = ["1", "2", "1.50", "0", "-1", "2.5e0", '"1"^^xsd:int']

nodes = st.sampled_from(NODES)
properties = st.sampled_from(PROPERTIES)
values = st.one_of(nodes, st.sampled_from(LITERALS))
statements = st.one_of(
    st.tuples(nodes, st.just("a"), st.sampled_from(CLASSES)),
    st.tuples(nodes, properties, values),
)
data = st.lists(statements, min_size=1, max_size=25).map(
    lambda rows: "ex:C rdfs:subClassOf ex:B .\n" + "\n".join(f"{s} {p} {o} ." for s, p, o in rows)
)

SEQUENCE = re.compile(r"(?<!sh:alternativePath )\( ")
paths = st.recursive(
    properties,
    lambda inner: st.one_of(
        # pySHACL walks the inverse of a sequence in the wrong order; see below.
        inner.filter(lambda p: not SEQUENCE.search(p)).map(lambda p: f"[ sh:inversePath {p} ]"),
        inner.map(lambda p: f"[ sh:zeroOrMorePath {p} ]"),
        inner.map(lambda p: f"[ sh:oneOrMorePath {p} ]"),
        inner.map(lambda p: f"[ sh:zeroOrOnePath {p} ]"),
        st.tuples(inner, inner).map(lambda two: f"( {two[0]} {two[1]} )"),
        st.tuples(inner, inner).map(lambda two: f"[ sh:alternativePath ( {two[0]} {two[1]} ) ]"),
    ),
    max_leaves=3,
)
terms = st.one_of(
    st.sampled_from([node for node in NODES if node.startswith("ex:")]), st.sampled_from(LITERALS)
)
datatypes = st.sampled_from(
    ["xsd:string", "xsd:integer", "xsd:decimal", "xsd:date", "xsd:int", "xsd:boolean"]
)
kinds = st.sampled_from(
    ["IRI", "Literal", "BlankNode", "BlankNodeOrIRI", "BlankNodeOrLiteral", "IRIOrLiteral"]
)
on_values = st.one_of(
    st.sampled_from(CLASSES).map(lambda c: f"sh:class {c}"),
    datatypes.map(lambda d: f"sh:datatype {d}"),
    st.just("sh:datatype rdf:langString"),
    kinds.map(lambda k: f"sh:nodeKind sh:{k}"),
    st.integers(1, 4).map(lambda n: f"sh:minLength {n}"),
    st.integers(0, 4).map(lambda n: f"sh:maxLength {n}"),
    st.sampled_from(["^x", "^[0-9.]+$", "example", "^$"]).map(lambda p: f'sh:pattern "{p}"'),
    st.just('sh:pattern "^X" ; sh:flags "i"'),
    st.lists(st.sampled_from(["en", "de", "EN-gb"]), min_size=1, max_size=2, unique=True).map(
        lambda tags: "sh:languageIn ( " + " ".join(f'"{tag}"' for tag in tags) + " )"
    ),
    st.lists(terms, min_size=1, max_size=16, unique=True).map(lambda ts: f"sh:in ( {' '.join(ts)} )"),
    terms.map(lambda t: f"sh:hasValue {t}"),
    properties.map(lambda p: f"sh:equals {p}"),
    properties.map(lambda p: f"sh:disjoint {p}"),
)
on_properties = st.one_of(
    on_values,
    st.integers(0, 3).map(lambda n: f"sh:minCount {n}"),
    st.integers(0, 3).map(lambda n: f"sh:maxCount {n}"),
    st.just("sh:uniqueLang true"),
)


def joined(constraints: list[str]) -> str:
    """Constraints of one shape, each parameter at most once, where SHACL asks for that."""
    return " ; ".join({constraint.split()[0]: constraint for constraint in constraints}.values())


def node_shape(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A shape as a blank node, made of constraints and of *inner* shapes."""
    return st.one_of(
        st.lists(on_values, min_size=1, max_size=2).map(lambda cs: f"[ {joined(cs)} ]"),
        property_shape(inner).map(lambda p: f"[ sh:property {p} ]"),
        inner.map(lambda s: f"[ sh:not {s} ]"),
        inner.map(lambda s: f"[ sh:node {s} ]"),
        st.tuples(st.sampled_from(["and", "or", "xone"]), inner, inner).map(
            lambda t: f"[ sh:{t[0]} ( {t[1]} {t[2]} ) ]"
        ),
    )


def property_shape(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    more = st.one_of(
        st.just(""),
        inner.map(lambda s: f" ; sh:node {s}"),
        st.tuples(inner, st.integers(0, 2)).map(
            lambda t: f" ; sh:qualifiedValueShape {t[0]} ; sh:qualifiedMinCount {t[1]}"
        ),
        st.tuples(inner, st.integers(0, 2)).map(
            lambda t: f" ; sh:qualifiedValueShape {t[0]} ; sh:qualifiedMaxCount {t[1]}"
        ),
        inner.map(lambda s: f" ; sh:not {s}"),
    )
    return st.tuples(paths, st.lists(on_properties, min_size=1, max_size=3), more).map(
        lambda t: f"[ sh:path {t[0]} ; {joined(t[1])}{t[2]} ]"
    )


leaf = st.lists(on_values, min_size=1, max_size=2).map(lambda cs: f"[ {joined(cs)} ]")
inner_shapes = st.recursive(leaf, node_shape, max_leaves=4)
targets = st.one_of(
    st.sampled_from(CLASSES).map(lambda c: f"sh:targetClass {c}"),
    st.sampled_from([*NODES[:5], '"x"', "1.50"]).map(lambda n: f"sh:targetNode {n}"),
    properties.map(lambda p: f"sh:targetSubjectsOf {p}"),
    properties.map(lambda p: f"sh:targetObjectsOf {p}"),
)
top_shapes = st.tuples(
    st.lists(targets, min_size=1, max_size=2, unique=True),
    st.lists(on_values, max_size=2),
    st.lists(property_shape(inner_shapes), max_size=2),
    st.lists(inner_shapes, max_size=1),
    st.sampled_from(["", "sh:closed true", "sh:severity sh:Warning"]),
).map(
    lambda t: (
        " ; ".join(
            ["ex:S a sh:NodeShape", *t[0]]
            + ([joined(t[1])] if t[1] else [])
            + [f"sh:property {p}" for p in t[2]]
            + [f"sh:node {s}" for s in t[3]]
            + ([t[4]] if t[4] else [])
        )
        + " ."
    )
)

common = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


def assert_alike(text: str, asked: str) -> None:
    read = shapes(asked)
    compiled = outcome(load(text), read, EngineChoice.OXIGRAPH)
    assert not compiled.plan.delegated
    reference = outcome(load(text), read, EngineChoice.PYSHACL)
    assert rows(compiled.results) == rows(reference.results)


@common
@given(text=data, asked=top_shapes)
def test_generated_shapes_over_generated_data(text: str, asked: str) -> None:
    assert_alike(text, asked)


numbers = st.sampled_from(NUMBERS)
numeric_data = st.lists(st.tuples(nodes, properties, numbers), min_size=1, max_size=15).map(
    lambda rows: "\n".join(f"{s} {p} {o} ." for s, p, o in rows)
)
comparisons = st.one_of(
    st.tuples(st.sampled_from(["minInclusive", "minExclusive", "maxInclusive", "maxExclusive"]), numbers).map(
        lambda t: f"sh:{t[0]} {t[1]}"
    ),
    properties.map(lambda p: f"sh:lessThan {p}"),
    properties.map(lambda p: f"sh:lessThanOrEquals {p}"),
)


@common
@given(text=numeric_data, path=properties, constraint=comparisons)
def test_comparisons_of_numbers(text: str, path: str, constraint: str) -> None:
    assert_alike(
        text,
        f"ex:S a sh:NodeShape ; sh:targetSubjectsOf {path} ; sh:property [ sh:path {path} ; {constraint} ] .",
    )


QUERIES = {
    "a pattern": "SELECT $this ?value { $this ex:p ?value FILTER(isLiteral(?value)) }",
    "a filter on $this alone": "SELECT $this { FILTER(isIRI($this)) }",
    "a union": "SELECT $this ?value { { $this ex:p ?value } UNION { $this ex:q ?value } }",
    "an optional part": "SELECT $this { $this ex:p ?x OPTIONAL { $this ex:q ?y } FILTER(!bound(?y)) }",
    "not exists": "SELECT $this { $this ex:p ?x FILTER NOT EXISTS { $this ex:q ?y } }",
    "a subquery with an aggregate": (
        "SELECT $this ?n { { SELECT $this (COUNT(?x) AS ?n) { $this ex:p ?x } GROUP BY $this } "
        "FILTER(?n > 1) }"
    ),
    "a nested filter": "SELECT $this { { FILTER(bound($this)) } $this ex:p ?x }",
    "an aggregate": (
        "SELECT $this (COUNT(?x) AS ?value) { $this ex:p ?x } GROUP BY $this HAVING(COUNT(?x) > 1)"
    ),
    "bind": "SELECT $this ?value { BIND($this AS ?that) ?that ex:p ?value }",
    "a path of one's own": "SELECT $this ?path ?value { $this ?path ?value FILTER(?path = ex:q) }",
    "limit": "SELECT $this { $this ex:p ?x } LIMIT 1",
}
DECLARED = "ex: sh:declare [ sh:prefix 'ex' ; sh:namespace 'https://example.org/'^^xsd:anyURI ] .\n"


#: Literals that SPARQL takes for one value.
SPELLINGS = [{"1", "01", '"1"^^xsd:int'}, {"true", '"1"^^xsd:boolean'}]


def spells_one_way(text: str) -> bool:
    """Whether no node of *text* has two spellings of one value: a query cannot say which it found."""
    said: dict[str, set[str]] = {}
    for line in text.splitlines():
        subject, _, value = line.removesuffix(" .").split(" ", 2)
        said.setdefault(subject, set()).add(value)
    return all(len(values & group) < 2 for values in said.values() for group in SPELLINGS)


@pytest.mark.parametrize("name", QUERIES)
@settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(text=data.filter(spells_one_way))
def test_queries_evaluated_once_are_those_evaluated_for_each_node(name: str, text: str) -> None:
    asked = (
        f"{DECLARED}ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:p ; sh:targetClass ex:A ; "
        f'sh:sparql [ sh:prefixes ex: ; sh:select "{QUERIES[name]}" ] .'
    )
    read = shapes(asked)
    compiled = outcome(load(text), read, EngineChoice.OXIGRAPH)
    reference = outcome(load(text), read, EngineChoice.PYSHACL)
    # pySHACL reports equal solutions once; the standard has a result for each (section 5.3).
    assert set(rows(compiled.results)) == set(rows(reference.results))


def test_query_that_finds_a_value_reports_each_spelling_that_its_node_has() -> None:
    """docs/validating.md: queries see values, so it cannot be told which of the two the query found."""
    query = "SELECT $this ?value { $this ex:p ?value }"
    read = shapes(
        f"{DECLARED}ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:p ; "
        f'sh:sparql [ sh:prefixes ex: ; sh:select "{query}" ] .'
    )
    text = 'ex:n ex:p 1 . ex:n ex:q "1"^^xsd:int .'
    found = outcome(load(text), read, EngineChoice.OXIGRAPH).results
    assert {str(decode(result.value)) for result in found if result.value is not None} == {
        '"1"^^<http://www.w3.org/2001/XMLSchema#integer>',
        '"1"^^<http://www.w3.org/2001/XMLSchema#int>',
    }
    assert len(outcome(load(text), read, EngineChoice.PYSHACL).results) == 1


@settings(common, max_examples=examples(30))
@given(text=data, path=st.tuples(paths, paths, paths), asked=st.lists(on_properties, min_size=1, max_size=2))
def test_long_sequences_go_in_parts(text: str, path: tuple[str, ...], asked: list[str]) -> None:
    """pySHACL walks no long path: a step of each sequence is a part of its own here."""
    with patch.object(to_sparql, "_STEPS", 1):
        assert_alike(
            text,
            "ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:p , ex:q ; sh:targetClass ex:A ; "
            f"sh:property [ sh:path ( {' '.join(path)} ) ; {joined(asked)} ] .",
        )


@pytest.mark.slow
def test_path_of_a_thousand_steps_is_walked() -> None:
    text = "".join(f"ex:n{n} ex:p ex:n{n + 1} .\n" for n in range(1000))
    read = shapes(
        f"ex:S a sh:NodeShape ; sh:targetNode ex:n0 , ex:n1 ; sh:property [ sh:path ({' ex:p' * 1000} ) ; "
        "sh:minCount 1 ] ."
    )
    (found,) = outcome(load(text), read, EngineChoice.OXIGRAPH).results
    assert found.focus == ox.NamedNode("https://example.org/n1")


def test_path_of_a_property_shape_stands_in_its_query() -> None:
    asked = (
        f"{DECLARED}ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:property [ sh:path ( ex:p ex:q ) ; "
        'sh:sparql [ sh:select "SELECT $this ?value { $this $PATH ?value }" ] ] .'
    )
    assert_alike('ex:a ex:p ex:b . ex:b ex:q 1.50 , "x"@en .', asked)


# The shipped shapes

FOLDER = ROOT / "tests" / "shapes"
FILES = sorted(FOLDER.glob("*/*.ttl"))
SAMPLE = random.Random(5).sample(FILES, 40)  # the whole takes two minutes


@pytest.mark.parametrize(
    "path",
    [
        *SAMPLE[:3],
        *(pytest.param(path, marks=pytest.mark.slow) for path in SAMPLE[3:12]),
        *(pytest.param(path, marks=pytest.mark.thorough) for path in SAMPLE[12:]),
    ],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_shipped_shapes_on_their_examples(path: Path) -> None:
    reports = [
        validate([path], options=Options(engine=engine))
        for engine in (EngineChoice.OXIGRAPH, EngineChoice.PYSHACL)
    ]
    assert rows(reports[0].results) == rows(reports[1].results)


def test_a_number_of_values_can_break_both_limits() -> None:
    limits = "sh:minCount 2 ; sh:maxCount 0"
    asked = f"ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:property [ sh:path %s ; {limits} ] ."
    for path in ("ex:p", "[ sh:zeroOrMorePath ex:q ]"):
        assert_alike("ex:a ex:p ex:b .", asked % path)
        assert (
            len(outcome(load("ex:a ex:p ex:b ."), shapes(asked % path), EngineChoice.OXIGRAPH).results) == 2
        )


@pytest.mark.thorough
def test_shipped_shapes_on_shipped_records() -> None:
    reports = [
        validate(options=Options(engine=engine)) for engine in (EngineChoice.OXIGRAPH, EngineChoice.PYSHACL)
    ]
    assert rows(reports[0].results) == rows(reports[1].results)
    assert len(reports[0].results) > 100


def test_every_shipped_shape_compiles() -> None:
    report = validate(resources.record_files()[:1], options=Options(engine=EngineChoice.OXIGRAPH))
    assert report.delegated == ()


#: Where the engines differ because pySHACL 0.40 departs from the standard: data, constraint, the number of
#: results that the standard asks for, and why.
DIFFERENCES = {
    "a blank node has no length": ("[]", "sh:minLength 0", 1, "SHACL 4.4.1: or where v is a blank node"),
    "rdfs:Literal is no datatype": (
        '"x"',
        "sh:datatype rdfs:Literal",
        1,
        "SHACL 4.1.2: DATATYPE(v) = rdfs:Literal",
    ),
    "a blank before a number": (
        '" 1"^^xsd:integer',
        "sh:datatype xsd:integer",
        1,
        "XSD 3.4.13: lexical space",
    ),
    "an exponent in a decimal": (
        '"1e3"^^xsd:decimal',
        "sh:datatype xsd:decimal",
        1,
        "XSD 3.3.3: lexical space",
    ),
    "a day as dateTime": (
        '"2020-01-01"^^xsd:dateTime',
        "sh:datatype xsd:dateTime",
        1,
        "XSD 3.3.7: lexical space",
    ),
    "midnight as hour 24": ('"24:00:00"^^xsd:time', "sh:datatype xsd:time", 0, "XSD 3.3.8: endOfDayFrag"),
    "a stamp without zone": (
        '"2020-01-01T00:00:00"^^xsd:dateTimeStamp',
        "sh:datatype xsd:dateTimeStamp",
        1,
        "XSD 3.4.28: zone required",
    ),
    "a number after a date": ("1", 'sh:minInclusive "2019-01-01"^^xsd:date', 1, "SHACL 4.3.2: incomparable"),
    "a text with a language and a bound": ('"b"@en', 'sh:minInclusive "a"', 1, "SHACL 4.3.2: incomparable"),
    "a time zone on one side": (
        '"2020-01-01T00:00:00Z"^^xsd:dateTime',
        'sh:minInclusive "2019-01-01T00:00:00"^^xsd:dateTime',
        0,
        "XSD 3.3.7: a year apart, so the order is determined",
    ),
    "a line end after the last letter": (
        r'"a\n"',
        'sh:pattern "^a$"',
        1,
        "XPath 5.6.1: $ is the end of the text",
    ),
}


def test_inverse_of_a_sequence_is_walked_from_its_end() -> None:
    """SHACL 2.3.1.5: the path is ^(ex:p/ex:q) of SPARQL, which pySHACL takes for ^ex:p/^ex:q."""
    read = shapes(
        "ex:S a sh:NodeShape ; sh:targetNode ex:c ; "
        "sh:property [ sh:path [ sh:inversePath ( ex:p ex:q ) ] ; sh:minCount 1 ] ."
    )
    data = load("ex:a ex:p ex:b . ex:b ex:q ex:c .")
    assert outcome(data, read, EngineChoice.OXIGRAPH).results == ()
    assert len(outcome(data, read, EngineChoice.PYSHACL).results) == 1


@pytest.mark.parametrize("name", DIFFERENCES)
def test_where_engines_differ_the_compiled_one_follows_the_standard(name: str) -> None:
    value, constraint, number, _ = DIFFERENCES[name]
    read = shapes(f"ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:property [ sh:path ex:p ; {constraint} ] .")
    data = f"ex:a ex:p {value} ."
    assert len(outcome(load(data), read, EngineChoice.OXIGRAPH).results) == number
    assert len(outcome(load(data), read, EngineChoice.PYSHACL).results) != number
