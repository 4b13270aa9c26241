"""Each construct of SHACL does what the table says: an example for each of its rows."""

from __future__ import annotations

import re

import pytest

from mesoonto.errors import ShapeError
from mesoonto.validation.advice import constructs as advice
from mesoonto.validation.advice.doubts import of_shapes
from mesoonto.validation.data import store as data_files
from mesoonto.validation.data.graph import Graph
from mesoonto.validation.engine.plan import EngineChoice, prepare
from mesoonto.validation.shapes import constructs
from mesoonto.validation.shapes.constructs import TABLE, Construct, Treatment
from mesoonto.validation.shipped import Vocabulary
from tests.conftest import ROOT
from tests.validation.helpers import load, outcome, shapes, source
from tests.validation.shacl_words import WORDS

DATA = """ex:a a ex:T ; ex:p 1, 2, "x"@en, "y"@en ; ex:q 1 ; ex:o ex:b . ex:b ex:p "z" .
ex:D rdfs:subClassOf ex:C ."""

RDFS = "http://www.w3.org/ns/entailment/RDFS"
TARGET = "sh:targetNode ex:a"
DECLARED = "ex: sh:declare [ sh:prefix 'ex' ; sh:namespace 'https://example.org/'^^xsd:anyURI ] ."


def on_values(constraint: str) -> str:
    """A property shape that the data break."""
    return f"ex:S a sh:NodeShape ; {TARGET} ; sh:property [ sh:path ex:p ; {constraint} ] ."


def on_node(constraint: str) -> str:
    return f"ex:S a sh:NodeShape ; {TARGET} ; {constraint} ."


def with_path(path: str) -> str:
    return f"ex:S a sh:NodeShape ; {TARGET} ; sh:property [ sh:path {path} ; sh:maxCount 0 ] ."


def with_query(query: str) -> str:
    return (
        f"{DECLARED} ex:S a sh:NodeShape ; {TARGET} ; sh:sparql [ sh:prefixes ex: ; sh:select '{query}' ] ."
    )


def with_component(validator: str) -> str:
    return (
        "ex:Component a sh:ConstraintComponent ; sh:parameter [ sh:path ex:never ] ; "
        f"{validator} . {on_values('ex:never true')}"
    )


QUERY = with_query("SELECT $this { $this ex:q ?x }")
ASK = '[ a sh:SPARQLAskValidator ; sh:ask "ASK { FILTER(isIRI($value)) }" ]'
SELECT = '[ a sh:SPARQLSelectValidator ; sh:select "SELECT $this { $this $PATH ?x }" ]'
SELECT_NODE = '[ a sh:SPARQLSelectValidator ; sh:select "SELECT $this { $this ?p ?x }" ]'

RULED = "ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:property [ sh:path ex:made ; sh:maxCount 0 ]"
RULE = f"{RULED} ; sh:rule [ a sh:TripleRule ; sh:subject sh:this ; sh:predicate ex:made ; sh:object 1"
AT_LEAST_ONE = on_values("sh:qualifiedValueShape [ sh:nodeKind sh:IRI ] ; sh:qualifiedMinCount 1")

#: Shapes for each row; what is evaluated finds something in DATA.
EXAMPLES = {
    "targetClass": "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:nodeKind sh:Literal .",
    "targetNode": "ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:nodeKind sh:Literal .",
    "targetSubjectsOf": "ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:p ; sh:nodeKind sh:Literal .",
    "targetObjectsOf": "ex:S a sh:NodeShape ; sh:targetObjectsOf ex:o ; sh:nodeKind sh:Literal .",
    "and": on_values("sh:and ( [ sh:nodeKind sh:IRI ] )"),
    "class": on_values("sh:class ex:T"),
    "closed": on_node("sh:closed true"),
    "datatype": on_values("sh:datatype xsd:date"),
    "disjoint": on_values("sh:disjoint ex:q"),
    "equals": on_values("sh:equals ex:q"),
    "hasValue": on_values("sh:hasValue 9"),
    "in": on_values("sh:in ( 9 )"),
    "languageIn": on_values('sh:languageIn ( "de" )'),
    "lessThan": on_values("sh:lessThan ex:q"),
    "lessThanOrEquals": on_values("sh:lessThanOrEquals ex:q"),
    "maxCount": on_values("sh:maxCount 1"),
    "maxExclusive": on_values("sh:maxExclusive 1"),
    "maxInclusive": on_values("sh:maxInclusive 0"),
    "maxLength": on_values("sh:maxLength 0"),
    "minCount": on_values("sh:minCount 9"),
    "minExclusive": on_values("sh:minExclusive 9"),
    "minInclusive": on_values("sh:minInclusive 9"),
    "minLength": on_values("sh:minLength 9"),
    "node": on_values("sh:node [ sh:nodeKind sh:IRI ]"),
    "nodeKind": on_values("sh:nodeKind sh:IRI"),
    "not": on_values("sh:not [ sh:nodeKind sh:Literal ]"),
    "or": on_values("sh:or ( [ sh:nodeKind sh:IRI ] )"),
    "pattern": on_values("sh:pattern 'never'"),
    "property": on_values("sh:minCount 9"),
    "qualifiedMaxCount": on_values(
        "sh:qualifiedMaxCount 0 ; sh:qualifiedValueShape [ sh:nodeKind sh:Literal ]"
    ),
    "qualifiedMinCount": AT_LEAST_ONE,
    "qualifiedValueShape": on_values(
        "sh:qualifiedValueShape [ sh:nodeKind sh:IRI ] ; sh:qualifiedMinCount 1"
    ),
    "uniqueLang": on_values("sh:uniqueLang true"),
    "xone": on_values("sh:xone ( [ sh:nodeKind sh:IRI ] )"),
    "path": with_path("ex:p"),
    "inversePath": "ex:S a sh:NodeShape ; sh:targetNode ex:b ; "
    "sh:property [ sh:path [ sh:inversePath ex:o ] ; sh:maxCount 0 ] .",
    "alternativePath": with_path("[ sh:alternativePath ( ex:never ex:p ) ]"),
    "zeroOrMorePath": with_path("[ sh:zeroOrMorePath ex:o ]"),
    "oneOrMorePath": with_path("[ sh:oneOrMorePath ex:o ]"),
    "zeroOrOnePath": with_path("[ sh:zeroOrOnePath ex:o ]"),
    "deactivated": on_values("sh:minCount 9 ; sh:deactivated false"),
    "severity": on_values("sh:minCount 9 ; sh:severity sh:Warning"),
    "message": on_values("sh:minCount 9 ; sh:message 'nine are needed'"),
    "flags": on_values("sh:pattern 'NEVER' ; sh:flags 'i'"),
    "ignoredProperties": on_node("sh:closed true ; sh:ignoredProperties ( ex:p )"),
    "qualifiedValueShapesDisjoint": f"ex:S a sh:NodeShape ; {TARGET} ; "
    "sh:property [ sh:path ex:p ; sh:qualifiedValueShapesDisjoint true ; sh:qualifiedMinCount 1 ; "
    "sh:qualifiedValueShape [ sh:nodeKind sh:Literal ] ] , [ sh:path ex:q ; "
    "sh:qualifiedValueShapesDisjoint true ; sh:qualifiedMinCount 1 ; "
    "sh:qualifiedValueShape [ sh:minLength 0 ] ] .",
    "name": on_values("sh:minCount 9 ; sh:name 'a name'"),
    "description": on_values("sh:minCount 9 ; sh:description 'a text'"),
    "order": on_values("sh:minCount 9 ; sh:order 1"),
    "group": on_values("sh:minCount 9 ; sh:group ex:g"),
    "defaultValue": on_values("sh:minCount 9 ; sh:defaultValue 1"),
    "entailment": f"ex:graph sh:entailment <{RDFS}> . {on_values('sh:minCount 1')}",
    "shapesGraph": f"ex:graph sh:shapesGraph ex:other . {on_values('sh:minCount 9')}",
    "suggestedShapesGraph": f"ex:graph sh:suggestedShapesGraph ex:other . {on_values('sh:minCount 9')}",
    "sparql": QUERY,
    "select": QUERY,
    "prefixes": QUERY,
    "declare": QUERY,
    "prefix": QUERY,
    "namespace": QUERY,
    "parameter": with_component(f"sh:validator {ASK}"),
    "validator": with_component(f"sh:validator {ASK}"),
    "nodeValidator": "ex:Component a sh:ConstraintComponent ; sh:parameter [ sh:path ex:never ] ; "
    f"sh:nodeValidator {SELECT_NODE} . {on_node('ex:never true')}",
    "propertyValidator": with_component(f"sh:propertyValidator {SELECT}"),
    "target": f"{DECLARED} ex:Of a sh:SPARQLTargetType ; rdfs:subClassOf sh:Target ; "
    "sh:parameter [ sh:path ex:value ] ; sh:prefixes ex: ; sh:select 'SELECT ?this { ?this ex:q $value }' . "
    "ex:S a sh:NodeShape ; sh:target [ a ex:Of ; ex:value 1 ] ; sh:nodeKind sh:Literal .",
    "rule": f"{RULE} ] .",
    "condition": f"{RULE} ; sh:condition [ sh:property [ sh:path ex:q ; sh:minCount 1 ] ] ] .",
    "subject": f"{RULE} ] .",
    "predicate": f"{RULE} ] .",
    "object": f"{RULE} ] .",
    "construct": f"{RULED} ; sh:rule [ a sh:SPARQLRule ; sh:prefixes ex: ; "
    f"sh:construct 'CONSTRUCT {{ $this ex:made 1 }} {{}}' ] . {DECLARED}",
    "expression": on_node("sh:expression [ sh:path ex:q ]"),
    "values": on_values("sh:minCount 9 ; sh:values [ sh:path ex:q ]"),
    "returnType": f"{DECLARED} ex:f a sh:SPARQLFunction ; sh:prefixes ex: ; sh:returnType xsd:boolean ; "
    "sh:select 'SELECT (true AS ?x) {}' . " + QUERY.removeprefix(DECLARED),
    "resultAnnotation": on_node(
        "sh:sparql [ sh:select 'SELECT $this { $this ?p 1 }' ; "
        "sh:resultAnnotation [ sh:annotationProperty ex:note ; sh:annotationValue 1 ] ]"
    ),
    "js": on_node("sh:js [ a sh:JSConstraint ]"),
    "jsFunctionName": f"ex:f sh:jsFunctionName 'f' . {on_values('sh:minCount 1')}",
    "jsLibrary": f"ex:f sh:jsLibrary ex:l . {on_values('sh:minCount 1')}",
    "jsLibraryURL": f"ex:f sh:jsLibraryURL 'file:///l.js' . {on_values('sh:minCount 1')}",
}
PREFIXED = "".join(f"PREFIX {prefix}: <{stems[0]}> " for prefix, stems in constructs.NAMESPACES.items())
VALUES = ("BlankNode", "IRI", "Literal", "BlankNodeOrIRI", "BlankNodeOrLiteral", "IRIOrLiteral", "TripleTerm")
SEVERITIES = ("Violation", "Warning", "Info", "Trace", "Debug")
EXAMPLES |= {
    "union": on_node("sh:expression [ sh:union ( [ sh:path ex:q ] ) ]"),
    "intersection": on_node("sh:expression [ sh:intersection ( [ sh:path ex:q ] ) ]"),
    "ask": EXAMPLES["validator"],
    "optional": with_component(f"sh:parameter [ sh:path ex:more ; sh:optional true ] ; sh:validator {ASK}"),
    "this": EXAMPLES["rule"],
    "NodeShape": EXAMPLES["and"],
    "PropertyShape": "ex:S a sh:PropertyShape ; sh:targetNode ex:a ; sh:path ex:p ; sh:maxCount 0 .",
    "SPARQLConstraint": QUERY.replace("[ sh:prefixes", "[ a sh:SPARQLConstraint ; sh:prefixes"),
    "SPARQLTarget": f"{DECLARED} ex:S a sh:NodeShape ; sh:nodeKind sh:Literal ; "
    "sh:target [ a sh:SPARQLTarget ; sh:prefixes ex: ; sh:select 'SELECT ?this { ?this ex:q 1 }' ] .",
    "SPARQLTargetType": EXAMPLES["target"],
    "TripleRule": EXAMPLES["rule"],
    "SPARQLRule": EXAMPLES["construct"],
    "ConstraintComponent": EXAMPLES["validator"],
    "SPARQLAskValidator": EXAMPLES["validator"],
    "SPARQLSelectValidator": EXAMPLES["propertyValidator"],
    "SPARQLFunction": EXAMPLES["returnType"],
    "RulesEntailment": f"ex:graph sh:entailment sh:RulesEntailment . {on_values('sh:minCount 1')}",
    # A list that every value of the data breaks.
    **{word: on_values(f"sh:not [ sh:nodeKind sh:{word} ] ; sh:nodeKind sh:{word}") for word in VALUES},
    **{word: on_values(f"sh:minCount 9 ; sh:severity sh:{word}") for word in SEVERITIES},
}


def example(row: Construct) -> str:
    """Shapes that use the word, and find something by something else where it is no constraint."""
    if row.prefix == "sh" and row.word in EXAMPLES:
        return PREFIXED + EXAMPLES[row.word]
    word = row.name if row.word else f"{row.prefix}:anything"
    if row.treatment is Treatment.REFUSED:
        return PREFIXED + on_node(f"sh:expression [ {word} ex:anything ]")
    if row.is_property:
        return PREFIXED + on_values(f"sh:minCount 9 ; {word} ex:anything")
    return PREFIXED + f"ex:thing a {word} . {on_values('sh:minCount 9')}"


def test_what_is_evaluated_has_an_example_of_its_own() -> None:
    evaluated = {row.word for row in TABLE if row.treatment in (Treatment.COMPILED, Treatment.PYSHACL)}
    assert evaluated <= set(EXAMPLES) <= {row.word for row in TABLE}
    assert len({row.name for row in TABLE}) == len(TABLE)


@pytest.mark.parametrize("prefix", WORDS)
def test_every_word_of_the_vocabularies_has_a_row(prefix: str) -> None:
    assert {row.word for row in TABLE if row.prefix == prefix} == WORDS[prefix]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_construct_does_what_the_table_says(row: Construct) -> None:
    text = example(row)
    assert re.search(rf"\b{row.prefix}:{row.word or 'anything'}\b", text.removeprefix(PREFIXED))
    if row.treatment is Treatment.REFUSED:
        with pytest.raises(ShapeError, match=f"{row.name}|JavaScript"):
            shapes(text)
        return
    read = shapes(text)
    found = outcome(load(DATA), read, EngineChoice.AUTO)
    doubts = {doubt.message for doubt in advice.of_constructs(read)}
    assert (f"{row.name} ({row.standard.value}) is not evaluated" in doubts) == (
        row.treatment is Treatment.DOUBT
    )
    assert not [
        doubt
        for doubt in of_shapes(read, Vocabulary(load(DATA), shipped=False))
        if doubt.kind == "unknown-term"
    ]
    assert found.results
    if row.treatment is Treatment.COMPILED:
        assert not found.plan.delegated
    elif row.treatment is Treatment.PYSHACL:
        assert found.plan.delegated


@pytest.mark.parametrize("prefix", ["shnex", "srl"])
def test_word_that_a_draft_gets_later_is_a_doubt(prefix: str) -> None:
    read = shapes(PREFIXED + on_values(f"sh:minCount 1 ; {prefix}:later 1") + f" ex:y a {prefix}:Later .")
    found = {doubt.message.split()[0] for doubt in advice.of_constructs(read)}
    assert found == {f"{prefix}:later", f"{prefix}:Later"}


@pytest.mark.parametrize("word", ["shape", "incomplete", "incompleteURIStart"])
def test_word_in_the_data_that_steers_validation_is_a_doubt(word: str) -> None:
    data = load(f"{DATA} ex:a sh:{word} ex:S .")
    assert [doubt.message for doubt in advice.of_data(data.store)] == [
        f"sh:{word} (SHACL 1.2, drafts) is not evaluated"
    ]
    assert not list(advice.of_data(load(DATA).store))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("minCont 1", "minCount"), ("datatyp xsd:date", "datatype"), ("severty sh:Warning", "severity"),
        ("nodekind sh:IRI", "nodeKind"), ("severity sh:warning", "Warning"),
        ("memberShapes ex:S", "memberShape"), ("minLenght 1", "minLength"),
        ("uniqueLangs true", "uniqueLang"), ("hasvalue 1", "hasValue"),
    ],
)  # fmt: skip
def test_word_that_shacl_does_not_have_is_a_doubt_with_the_nearest(written: str, meant: str) -> None:
    read = shapes(on_values(f"sh:minCount 1 ; sh:{written}"))
    (doubt,) = (d for d in of_shapes(read, Vocabulary(load(DATA), shipped=False)) if d.kind == "unknown-term")
    assert doubt.message.endswith(f"did you mean sh:{meant}")


@pytest.mark.parametrize(
    "constraint",
    [
        "sh:class ( ex:A ex:B )", "sh:datatype ( xsd:date )", "sh:nodeKind ( sh:IRI )",
        "sh:minCount [ sh:path ex:q ]", "sh:disjoint [ sh:inversePath ex:q ]",
        "sh:deactivated [ sh:path ex:q ]", "sh:closed sh:ByTypes",
        "sh:targetNode [ sh:path ex:q ]",
    ],
)  # fmt: skip
def test_value_that_only_the_drafts_allow_is_refused(constraint: str) -> None:
    with pytest.raises(ShapeError, match=constraint.split()[0]):
        shapes(on_values(constraint))


def test_entailment_that_was_done_is_not_refused() -> None:
    graph = Graph(data_files.read(source(EXAMPLES["entailment"]), 1))
    assert prepare(graph, frozenset({RDFS})).targeted


@pytest.mark.parametrize("kind", ["JSRule", "JSTarget", "JSFunction", "JSValidator", "JSConstraint"])
def test_what_is_a_script_is_refused(kind: str) -> None:
    with pytest.raises(ShapeError, match="JavaScript"):
        shapes(f"ex:x a sh:{kind} . {on_values('sh:minCount 1')}")


def test_class_in_the_place_of_a_property_is_a_doubt() -> None:
    read = shapes(on_values("sh:disjoint ex:T") + " ex:S2 sh:targetSubjectsOf ex:C ; sh:nodeKind sh:IRI .")
    found = [doubt.message for doubt in advice.of_roles(read, load(DATA).store)]
    assert {message.split()[0] for message in found} == {"<https://example.org/C>", "<https://example.org/T>"}


def test_page_is_current() -> None:
    if not (ROOT / "docs").is_dir():
        pytest.skip("the documentation is in a checkout only")
    assert (ROOT / "docs" / "shacl.md").read_text() == constructs.HEAD + constructs.as_markdown()
