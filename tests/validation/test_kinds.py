"""Faults met with shapes and data of others, each as a kind: the same by command line and /validate.

Each kind stands in several variants. What is expected follows from the sections of the standard.
"""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.validation.helpers import PREFIXES

Run = Callable[..., subprocess.CompletedProcess[str]]
EX = "https://example.org/"
MEDIA = {"ttl": "text/turtle", "nt": "application/n-triples", "jsonld": "application/ld+json"}

#: Focus node, constraint component and value of a result, how often it comes.
Results = dict[tuple[str, str, str], int]


@dataclass(frozen=True)
class Kind:
    """Shapes and data, and what is to come of them."""

    shapes: str
    data: str
    results: Results = field(default_factory=dict)
    refused: str = ""  #: what the one line of a refusal names
    doubts: frozenset[str] = frozenset()  #: kinds of doubt, notes apart
    lines: frozenset[int] = frozenset()  #: lines of the findings, from the first line of the data on
    ending: str = "ttl"


def on_node(constraints: str) -> str:
    return f"ex:S a sh:NodeShape ; sh:targetNode ex:x ; {constraints} ."


def on_values(constraints: str) -> str:
    return f"ex:S a sh:NodeShape ; sh:targetNode ex:x ; sh:property [ sh:path ex:p ; {constraints} ] ."


def x(component: str, value: str = "x", times: int = 1) -> Results:
    return {("x", component, value): times}


TWO = "ex:x a ex:A , ex:B ; ex:p 1 , 2 ; ex:q 2 ; ex:r 2 . ex:y a ex:C , ex:D ."

#: Section 3.4: each constraint gives its results, and none are put together.
SEVERAL = {
    "not": Kind(on_node("sh:not [ sh:class ex:A ] , [ sh:class ex:B ]"), TWO, x("Not", times=2)),
    "class": Kind(on_node("sh:class ex:C , ex:D"), TWO, x("Class", times=2)),
    "node": Kind(on_node("sh:node [ sh:class ex:C ] , [ sh:class ex:D ]"), TWO, x("Node", times=2)),
    "and": Kind(on_node("sh:and ( [ sh:class ex:C ] ) , ( [ sh:class ex:D ] )"), TWO, x("And", times=2)),
    "or": Kind(on_node("sh:or ( [ sh:class ex:C ] ) , ( [ sh:class ex:D ] )"), TWO, x("Or", times=2)),
    "xone": Kind(
        on_node("sh:xone ( [ sh:class ex:A ] [ sh:class ex:B ] ) , ( [ sh:class ex:C ] )"),
        TWO,
        x("Xone", times=2),
    ),
    "hasValue": Kind(on_values("sh:hasValue 8 , 9"), TWO, x("HasValue", "", 2)),
    "disjoint": Kind(on_values("sh:disjoint ex:q , ex:r"), TWO, x("Disjoint", "2", 2)),
    "equals": Kind(on_values("sh:equals ex:q , ex:r"), TWO, x("Equals", "1", 2)),
    "lessThan": Kind(on_values("sh:lessThan ex:q , ex:r"), TWO, x("LessThan", "2", 2)),
    "lessThan of several values": Kind(
        on_values("sh:lessThan ex:q"), "ex:x ex:p 5 ; ex:q 1 , 2 , 9 .", x("LessThan", "5", 2)
    ),
    "lessThanOrEquals": Kind(
        on_values("sh:lessThanOrEquals ex:q , ex:r"),
        "ex:x ex:p 3 ; ex:q 2 ; ex:r 2 .",
        x("LessThanOrEquals", "3", 2),
    ),
    "property": Kind(
        on_node("sh:property [ sh:path ex:p ; sh:maxCount 1 ] , [ sh:path ex:p ; sh:maxCount 1 ]"),
        TWO,
        x("MaxCount", "", 2),
    ),
    "property reached by two targets": Kind(
        on_node("sh:property ex:P") + "ex:T a sh:NodeShape ; sh:targetClass ex:A ; sh:property ex:P . "
        "ex:P sh:path ex:p ; sh:maxCount 1 .",
        TWO,
        x("MaxCount", "", 2),
    ),
    "property reached from two nodes": Kind(
        "ex:S a sh:NodeShape ; sh:targetClass ex:A ; sh:property [ sh:path ex:o ; sh:property ex:P ] ."
        "ex:P sh:path ex:p ; sh:minCount 1 .",
        "ex:a a ex:A ; ex:o ex:x . ex:b a ex:A ; ex:o ex:x .",
        x("MinCount", "", 2),
    ),
    "property reached by two paths": Kind(
        on_node("sh:property [ sh:path ex:o ; sh:property ex:P ] , [ sh:path ex:n ; sh:property ex:P ]")
        + "ex:P sh:path ex:p ; sh:minCount 1 .",
        "ex:x ex:o ex:y ; ex:n ex:y .",
        {("y", "MinCount", ""): 2},
    ),
    "sparql": Kind(
        on_node("sh:sparql [ sh:select 'SELECT $this { $this a ?c }' ] , [ sh:select 'SELECT $this {}' ]"),
        "ex:x a ex:A .",
        x("SPARQL", times=2),
    ),
    "solutions of one query": Kind(
        on_node('sh:sparql [ sh:select "SELECT $this { $this ?p ?o }" ]'),
        "ex:x ex:p 1 , 2 ; ex:q 1 .",
        x("SPARQL", times=3),
    ),
    "solutions over several targets": Kind(
        "ex:S a sh:NodeShape ; sh:targetNode ex:x ; sh:targetSubjectsOf ex:p , ex:q ; "
        'sh:sparql [ sh:select "SELECT ?this ?value { $this <https://example.org/p> ?value , ?other }" ] .',
        "ex:x ex:p 1 , 2 ; ex:q 1 .",
        x("SPARQL", "1", 2) | x("SPARQL", "2", 2),
    ),
    "qualified": Kind(
        on_node(
            "sh:property [ sh:path ex:p ; sh:qualifiedValueShape [ sh:class ex:A ] ; "
            "sh:qualifiedMinCount 1 ; sh:qualifiedMaxCount 0 ] , [ sh:path ex:p ; sh:qualifiedValueShape "
            "[ sh:class ex:B ] ; sh:qualifiedMinCount 1 ]"
        ),
        "ex:x ex:p ex:y . ex:z a ex:A , ex:B .",
        x("QualifiedMinCount", "", 2),
    ),
    "languages": Kind(
        on_values("sh:uniqueLang true"),
        'ex:x ex:p "a"@en , "b"@EN , "c"@en-gb , "d"@en-GB , "e"@de , "f" , "g" .',
        x("UniqueLang", "", 2),
    ),
    "languages along a path": Kind(
        on_node("sh:property [ sh:path ( ex:o ex:p ) ; sh:uniqueLang true ]"),
        'ex:x ex:o ex:y , ex:z . ex:y ex:p "a"@fr , "b"@de . ex:z ex:p "c"@FR , "d"@de .',
        x("UniqueLang", "", 2),
    ),
}

#: Lists without members, ranges of languages, expressions and comparisons that only SPARQL defines.
CORNERS = {
    "no alternative": Kind(on_values("sh:or ()"), "ex:x ex:p 1 .", x("Or", "1")),
    "no conjunct": Kind(on_values("sh:and ()"), "ex:x ex:p 1 ."),
    "one of none": Kind(on_values("sh:xone ()"), "ex:x ex:p 1 .", x("Xone", "1")),
    "no member": Kind(on_values("sh:in ()"), "ex:x ex:p 1 .", x("In", "1")),
    "no language": Kind(on_values("sh:languageIn ()"), 'ex:x ex:p "a"@en .', x("LanguageIn", "a")),
    "none below a negation": Kind(on_values("sh:not [ sh:or () ]"), "ex:x ex:p 1 ."),
    "any language": Kind(
        on_values('sh:languageIn ( "*" )'), 'ex:x ex:p "a"@en , "b" .', x("LanguageIn", "b")
    ),
    "a range of languages": Kind(
        on_values('sh:languageIn ( "de-AT" "en" )'),
        'ex:x ex:p "a"@de , "b"@de-at , "c"@EN-us , "d" , ex:y .',
        x("LanguageIn", "a") | x("LanguageIn", "d") | x("LanguageIn", "y"),
    ),
    "a category of characters": Kind(
        on_values(r"sh:pattern '^\\p{L}+$'"), 'ex:x ex:p "äß" , "a1" .', x("Pattern", "a1")
    ),
    "characters of a literal": Kind(
        on_values("sh:pattern 'a.b' ; sh:flags 'q'"), 'ex:x ex:p "a.b" , "axb" .', x("Pattern", "axb")
    ),
    "texts with a language have no order": Kind(
        on_values("sh:lessThan ex:q ; sh:lessThanOrEquals ex:q"),
        'ex:x ex:p "a"@en ; ex:q "b"@en .',
        x("LessThan", "a") | x("LessThanOrEquals", "a"),
    ),
    "texts have one": Kind(on_values("sh:lessThan ex:q"), 'ex:x ex:p "a" ; ex:q "b" .'),
    "a bound with a language": Kind(
        on_values('sh:minInclusive "a"@en'), 'ex:x ex:p "b"@en .', x("MinInclusive", "b")
    ),
    "a word of XML Schema": Kind(on_values('sh:uniqueLang "1"^^xsd:boolean'), 'ex:x ex:p "a"@en , "b"@en .'),
}

FUNCTION = (
    "ex:twice a sh:SPARQLFunction ; sh:parameter [ sh:path ex:n ; sh:datatype xsd:integer ] ; "
    "sh:returnType xsd:integer ; sh:select 'SELECT ($n * 2 AS ?r) {}' . "
    "ex: sh:declare [ sh:prefix 'ex' ; sh:namespace 'https://example.org/'^^xsd:anyURI ] . "
)
CORNERS["a function that a query calls"] = Kind(
    FUNCTION
    + on_node(
        "sh:sparql [ sh:prefixes ex: ; sh:select "
        "'SELECT $this ?value { $this ex:p ?value FILTER(ex:twice(?value) > 3) }' ]"
    ),
    "ex:x ex:p 1 , 2 .",
    x("SPARQL", "2"),
)

LONG, BIG = "0.1234567890123456789012345678901", "123456789012345678901234567890"

#: XML Schema 1.1, part 2: the order of values, of whatever size.
VALUES = {
    "long decimals": Kind(
        on_values("sh:minExclusive 0 ; sh:maxInclusive 100"),
        f"ex:x ex:p {LONG} , -{LONG} , {BIG}.5 .",
        x("MinExclusive", f"-{LONG}") | x("MaxInclusive", f"{BIG}.5"),
    ),
    "digits that decide are the last": Kind(
        on_values(f"sh:maxExclusive {LONG}2"),
        f"ex:x ex:p {LONG}1 , {LONG}2 , {LONG}3 .",
        x("MaxExclusive", f"{LONG}2") | x("MaxExclusive", f"{LONG}3"),
    ),
    "big integers": Kind(
        on_values(f"sh:maxInclusive {BIG}"),
        f"ex:x ex:p {BIG} , {BIG}1 , -{BIG}1 .",
        x("MaxInclusive", f"{BIG}1"),
    ),
    "subtypes of integer": Kind(
        on_values("sh:minInclusive 1"),
        f'ex:x ex:p "{BIG}"^^xsd:nonNegativeInteger , "-{BIG}"^^xsd:negativeInteger , "3"^^xsd:byte .',
        x("MinInclusive", f"-{BIG}"),
    ),
    "decimals beside integers and doubles": Kind(
        on_values("sh:lessThan ex:q"),
        f"ex:x ex:p {LONG} , {BIG} ; ex:q 0.5e0 .",
        x("LessThan", BIG),
    ),
    "pairs": Kind(
        on_values("sh:lessThanOrEquals ex:q"),
        f"ex:x ex:p {LONG}1 , {LONG}2 , {LONG}3 ; ex:q {LONG}2 .",
        x("LessThanOrEquals", f"{LONG}3"),
    ),
    "years far away": Kind(
        on_values('sh:minInclusive "-20000-01-01"^^xsd:date'),
        'ex:x ex:p "-30000-01-01"^^xsd:date , "-10000-12-31"^^xsd:date , "123456-07-01"^^xsd:date .',
        x("MinInclusive", "-30000-01-01"),
    ),
    "zones": Kind(
        on_values('sh:maxExclusive "2020-01-01T12:00:00Z"^^xsd:dateTime'),
        'ex:x ex:p "2020-01-01T13:30:00+02:00"^^xsd:dateTime , "2020-01-01T11:30:00-02:00"^^xsd:dateTime .',
        x("MaxExclusive", "2020-01-01T11:30:00-02:00"),
    ),
    "a zone against none, within 14 hours": Kind(
        on_values('sh:minInclusive "2020-01-01T12:00:00Z"^^xsd:dateTime'),
        'ex:x ex:p "2020-01-01T12:00:00"^^xsd:dateTime , "2020-01-03T12:00:00"^^xsd:dateTime .',
        x("MinInclusive", "2020-01-01T12:00:00"),
    ),
    "durations": Kind(
        on_values('sh:maxInclusive "P1M"^^xsd:duration'),
        'ex:x ex:p "P27D"^^xsd:duration , "P30D"^^xsd:duration , "P40D"^^xsd:duration .',
        x("MaxInclusive", "P30D") | x("MaxInclusive", "P40D"),
    ),
    "durations of more days than fit": Kind(
        on_values(f'sh:minExclusive "P{BIG}D"^^xsd:dayTimeDuration'),
        f'ex:x ex:p "P{BIG}DT1S"^^xsd:dayTimeDuration , "P{BIG}D"^^xsd:dayTimeDuration .',
        x("MinExclusive", f"P{BIG}D"),
    ),
    "no numbers at all": Kind(
        on_values("sh:minInclusive 0"),
        'ex:x ex:p "NaN"^^xsd:double , "1"^^xsd:string , ex:y , "INF"^^xsd:double .',
        x("MinInclusive", "NaN") | x("MinInclusive", "1") | x("MinInclusive", "y"),
    ),
}

JS = "SHACL JavaScript"
ENTAILMENT = "<http://www.w3.org/ns/entailment/"
SELECT = "a sh:SPARQLTarget ; sh:select"

#: Sections 1.5 and 3.4.2, SHACL JavaScript Extensions: what cannot be done is a failure.
REFUSED = {
    "a node shape with a path": Kind(
        "ex:S a sh:NodeShape ; sh:targetNode ex:x ; sh:path ex:p ; sh:minCount 1 .",
        TWO,
        refused="the node shape <https://example.org/S> has a sh:path",
    ),
    **{
        f"two values of {word}": Kind(
            on_values(f"sh:{word} {values}"), TWO, refused=f"more than one sh:{word}"
        )
        for word, values in {
            "nodeKind": "sh:IRI , sh:Literal",
            "datatype": "xsd:date , xsd:int",
            "in": "( 1 ) , ( 2 )",
            "languageIn": "( 'en' ) , ( 'de' )",
            "uniqueLang": "true , false",
            "minLength": "1 , 2",
            "maxLength": "1 , 2",
            "minExclusive": "1 , 2",
            "maxInclusive": "1 , 2",
            "maxCount": "1 , 2",
        }.items()
    },
    "sh:js on values": Kind(on_values("sh:js [ a sh:JSConstraint ]"), TWO, refused="JavaScript"),
    "JSRule": Kind(on_node("sh:rule [ a sh:JSRule ; sh:jsFunctionName 'f' ]"), TWO, refused="JavaScript"),
    "JSTarget": Kind(
        "ex:S a sh:NodeShape ; sh:target [ a sh:JSTarget ; sh:jsFunctionName 'f' ] .",
        TWO,
        refused="JavaScript",
    ),
    "JSTargetType": Kind(
        "ex:T a sh:JSTargetType . " + on_node("sh:nodeKind sh:IRI"), TWO, refused="JavaScript"
    ),
    "JSFunction": Kind("ex:f a sh:JSFunction . " + on_node("sh:nodeKind sh:IRI"), TWO, refused="JavaScript"),
    "JSValidator": Kind(
        "ex:C a sh:ConstraintComponent ; sh:parameter [ sh:path ex:o ] ; sh:validator [ a sh:JSValidator ; "
        "sh:jsFunctionName 'f' ] . " + on_node("ex:o 1"),
        TWO,
        refused="JavaScript",
    ),
    "entailment of OWL": Kind(
        f"ex: sh:entailment {ENTAILMENT}OWL-RDF-Based> . " + on_node("sh:nodeKind sh:IRI"),
        TWO,
        refused="entailment",
    ),
    "entailment of two regimes": Kind(
        f"ex: sh:entailment {ENTAILMENT}RDFS> , {ENTAILMENT}D> . " + on_node("sh:nodeKind sh:IRI"),
        TWO,
        refused="entailment",
    ),
    "entailment on a shape": Kind(on_node(f"sh:entailment {ENTAILMENT}RDFS>"), TWO, refused="entailment"),
    "target with an unknown prefix": Kind(
        f"ex:S a sh:NodeShape ; sh:target [ {SELECT} 'SELECT ?this {{ ?this a owl:Class }}' ] .",
        TWO,
        refused="the prefix owl:",
    ),
    "constraint with an unknown prefix": Kind(
        on_node("sh:sparql [ sh:select 'SELECT $this { $this foaf:name ?n }' ]"),
        TWO,
        refused="the prefix foaf:",
    ),
    "rule with an unknown prefix": Kind(
        on_node("sh:rule [ a sh:SPARQLRule ; sh:construct 'CONSTRUCT { $this u:p 1 } {}' ]"),
        TWO,
        refused="the prefix u:",
    ),
    "validator with an unknown prefix": Kind(
        "ex:C a sh:ConstraintComponent ; sh:parameter [ sh:path ex:o ] ; sh:validator "
        "[ a sh:SPARQLAskValidator ; sh:ask 'ASK { $value u:p 1 }' ] . " + on_node("ex:o 1"),
        TWO,
        refused="the prefix u:",
    ),
    "function with an unknown prefix": Kind(
        "ex:f a sh:SPARQLFunction ; sh:returnType xsd:boolean ; sh:ask 'ASK { $value u:p 1 }' . "
        + on_node("sh:nodeKind sh:IRI"),
        TWO,
        refused="the prefix u:",
    ),
    "type of targets with an unknown prefix": Kind(
        "ex:T a sh:SPARQLTargetType ; rdfs:subClassOf sh:Target ; sh:select 'SELECT ?this { ?this u:p 1 }' . "
        "ex:S a sh:NodeShape ; sh:target [ a ex:T ] ; sh:nodeKind sh:IRI .",
        TWO,
        refused="the prefix u:",
    ),
    "query that is no query": Kind(
        on_node("sh:sparql [ sh:select 'SELECT $this { $this a }' ]"), TWO, refused="the query of"
    ),
    "target without a parameter": Kind(
        "ex:T a sh:SPARQLTargetType ; rdfs:subClassOf sh:Target ; sh:parameter [ sh:path ex:of ] ; "
        "sh:select 'SELECT ?this { ?this ?p $of }' . ex:S a sh:NodeShape ; sh:target [ a ex:T ] .",
        TWO,
        refused="lacks the parameter",
    ),
    "a target of no kind": Kind("ex:S a sh:NodeShape ; sh:target [ a ex:T ] .", TWO, refused="target"),
}

DECLARED = "ex: sh:declare [ sh:prefix 'ex' ; sh:namespace 'https://example.org/'^^xsd:anyURI ] . "
TYPED = (
    f"{DECLARED} ex:LivesIn a sh:SPARQLTargetType ; rdfs:subClassOf sh:Target ; sh:prefixes ex: ; "
    "sh:parameter [ sh:path ex:town ] , [ sh:path ex:since ; sh:optional true ] ; "
    "sh:select 'SELECT ?this WHERE { ?this ex:lives $town . OPTIONAL { ?this ex:from $since } }' . "
)
PEOPLE = "ex:x ex:lives ex:oslo ; ex:from 1990 . ex:y ex:lives ex:oslo . ex:z ex:lives ex:rome ."

#: Advanced Features, section 3: targets by query.
TARGETS = {
    "a type of targets": Kind(
        TYPED
        + "ex:S a sh:NodeShape ; sh:target [ a ex:LivesIn ; ex:town ex:rome ] ; sh:nodeKind sh:Literal .",
        PEOPLE,
        {("z", "NodeKind", "z"): 1},
    ),
    "two targets of one type": Kind(
        TYPED + "ex:S a sh:NodeShape ; sh:target [ a ex:LivesIn ; ex:town ex:rome ] , "
        "[ a ex:LivesIn ; ex:town ex:oslo ] ; sh:nodeKind sh:Literal .",
        PEOPLE,
        {(n, "NodeKind", n): 1 for n in "xyz"},
    ),
    "a literal as parameter": Kind(
        f"{DECLARED} ex:Born a sh:SPARQLTargetType ; rdfs:subClassOf sh:Target ; sh:prefixes ex: ; "
        "sh:parameter [ sh:path ex:year ] ; sh:select 'SELECT ?this WHERE { ?this ex:from $year }' . "
        "ex:S a sh:NodeShape ; sh:target [ a ex:Born ; ex:year 1990 ] ; sh:nodeKind sh:Literal .",
        PEOPLE,
        {("x", "NodeKind", "x"): 1},
    ),
    "a query beside a class": Kind(
        f"{DECLARED} ex:S a sh:NodeShape ; sh:targetClass ex:Person ; sh:nodeKind sh:Literal ; "
        f"sh:target [ {SELECT} 'SELECT ?this {{ ?this ex:lives ex:rome }}' ; sh:prefixes ex: ] .",
        PEOPLE + "ex:w a ex:Person .",
        {(n, "NodeKind", n): 1 for n in "wz"},
    ),
}

OWL = "http://www.w3.org/2002/07/owl#"
IMPORT = f"ex:shapes a <{OWL}Ontology> ; <{OWL}imports> ex:elsewhere . "

#: What would otherwise be green without having been earned.
DOUBTED = {
    "imports alone": Kind(IMPORT, TWO, doubts=frozenset({"not-imported", "no-shapes", "unseen-file"})),
    "an import beside shapes": Kind(
        IMPORT + on_node("sh:nodeKind sh:IRI"), TWO, doubts=frozenset({"not-imported"})
    ),
    "no shape": Kind("ex:S a ex:Something .", TWO, doubts=frozenset({"no-shapes", "unseen-file"})),
    "only a shape without target": Kind(
        "ex:S a sh:NodeShape ; sh:nodeKind sh:IRI .",
        TWO,
        doubts=frozenset({"no-shapes", "no-target", "unseen-file"}),
    ),
    "only a shape that is switched off": Kind(
        on_node("sh:nodeKind sh:IRI ; sh:deactivated true"),
        TWO,
        doubts=frozenset({"deactivated", "no-shapes", "unseen-file"}),
    ),
    "a class beside sh:disjoint": Kind(
        on_node("sh:disjoint ex:A"), TWO, doubts=frozenset({"unknown-property"})
    ),
    "a class as a path": Kind(
        on_node("sh:property [ sh:path ex:A ; sh:maxCount 0 ]"), TWO, doubts=frozenset({"unknown-property"})
    ),
    "a class beside sh:equals": Kind(
        on_values("sh:lessThan ex:A"), TWO, doubts=frozenset({"unknown-property"})
    ),
    "a word that SHACL does not have": Kind(
        on_values("sh:minCout 4"), TWO, doubts=frozenset({"unknown-term"})
    ),
    "a property shape that is not there": Kind(
        on_node("sh:property ex:Gone"), TWO, doubts=frozenset({"undefined-shape"})
    ),
    "a shape that is not there": Kind(on_node("sh:node ex:Gone"), TWO, doubts=frozenset({"undefined-shape"})),
    "a constraint where it has no effect": Kind(
        on_values("sh:nodeKind sh:Literal ; sh:flags 'i'"), TWO, doubts=frozenset({"not-evaluated"})
    ),
    "a construct of a draft": Kind(
        on_values("sh:nodeKind sh:Literal ; sh:someValue [ sh:nodeKind sh:IRI ]"),
        TWO,
        doubts=frozenset({"not-evaluated"}),
    ),
    "a rule is something that a shape asks for": Kind(
        on_node("sh:rule [ a sh:TripleRule ; sh:subject sh:this ; sh:predicate ex:made ; sh:object 1 ]"), TWO
    ),
    "optional properties that no data use": Kind(
        on_node(
            "".join(f"sh:property [ sh:path ex:opt{n} ; sh:maxCount 1 ] ; " for n in range(30))
            + "sh:nodeKind sh:IRI"
        ),
        TWO,
    ),
}

#: Where a finding stands: at the triple that holds its value.
PLACES = {
    "a sequence": Kind(
        on_node("sh:property [ sh:path ( ex:a ex:b ) ; sh:nodeKind sh:IRI ]"),
        "ex:x ex:a ex:m .\nex:m ex:c 1 ;\n  ex:b 7 .",
        x("NodeKind", "7"),
        lines=frozenset({3}),
    ),
    "an inverse step": Kind(
        on_node("sh:property [ sh:path ( [ sh:inversePath ex:a ] ex:b ) ; sh:nodeKind sh:IRI ]"),
        "ex:m ex:c 1 .\nex:m ex:a ex:x .\nex:m ex:b 7 .",
        x("NodeKind", "7"),
        lines=frozenset({3}),
    ),
    "an alternative": Kind(
        on_node("sh:property [ sh:path [ sh:alternativePath ( ex:a ex:b ) ] ; sh:nodeKind sh:IRI ]"),
        "ex:x ex:a ex:m .\nex:x ex:b 7 .",
        x("NodeKind", "7"),
        lines=frozenset({2}),
    ),
    "members of a list": Kind(
        on_node(
            "sh:property [ sh:path ( ex:a [ sh:zeroOrMorePath rdf:rest ] rdf:first ) ; "
            "sh:datatype xsd:integer ]"
        ),
        "ex:x ex:a (\n  1\n  true\n  3\n  false ) .",
        x("Datatype", "true") | x("Datatype", "false"),
        lines=frozenset({3, 5}),
    ),
    "two nodes of one subject": Kind(
        on_values("sh:nodeKind sh:IRI"),
        "ex:y ex:p 1 .\nex:x ex:q 1 .\nex:x ex:p 7 .",
        x("NodeKind", "7"),
        lines=frozenset({3}),
    ),
    "something that is missing": Kind(
        "ex:S a sh:NodeShape ; sh:targetClass ex:A ; sh:property [ sh:path ex:p ; sh:minCount 1 ] .",
        "ex:x ex:q 1 .\nex:y ex:q ex:x .\nex:x a ex:A .",
        x("MinCount", ""),
        lines=frozenset({3}),
    ),
    "N-Triples after a blank": Kind(
        on_values("sh:nodeKind sh:IRI"),
        f'<{EX}x> <{EX}q> <{EX}y> .\n \t<{EX}x>\t<{EX}p> \t"7" .',
        x("NodeKind", "7"),
        lines=frozenset({2}),
        ending="nt",
    ),
    "N-Triples with escapes": Kind(
        on_values("sh:nodeKind sh:IRI"),
        f'<{EX}x> <{EX}q> <{EX}y> .\n# <{EX}x> <{EX}p> "7" .\n<{EX}\\u0078> <{EX}\\U00000070> "\\u0037" .',
        x("NodeKind", "7"),
        lines=frozenset({3}),
        ending="nt",
    ),
    "N-Triples after an empty line": Kind(
        on_values("sh:nodeKind sh:IRI"),
        f'\n\n<{EX}x> <{EX}p> "7" . # remark\n',
        x("NodeKind", "7"),
        lines=frozenset({3}),
        ending="nt",
    ),
    "a byte order mark": Kind(
        on_values("sh:nodeKind sh:IRI"),
        f'\ufeff<{EX}x> <{EX}p> "7" .',
        x("NodeKind", "7"),
        lines=frozenset({1}),
        ending="nt",
    ),
    "JSON-LD": Kind(
        on_values("sh:nodeKind sh:IRI"),
        f'{{\n"@id": "{EX}x",\n"{EX}q": 1,\n"{EX}p": "7"\n}}',
        x("NodeKind", "7"),
        lines=frozenset({4}),
        ending="jsonld",
    ),
}

CLASS_SHAPES = "sh:property [ sh:path ex:p ; sh:minCount 1 ] ."
CLASS_DATA = "ex:x a ex:C . ex:y a ex:D ; ex:p 1 . ex:D rdfs:subClassOf ex:C ."
AS_OWL = "@prefix owl: <http://www.w3.org/2002/07/owl#> . "

#: Section 2.1.3.3: a shape that is a class has its instances as targets, of whichever kind of class it is.
CLASSES = {
    "rdfs:Class": Kind(f"ex:C a sh:NodeShape , rdfs:Class ; {CLASS_SHAPES}", CLASS_DATA, x("MinCount", "")),
    "owl:Class": Kind(
        f"{AS_OWL} ex:C a sh:NodeShape , owl:Class ; {CLASS_SHAPES}", CLASS_DATA, x("MinCount", "")
    ),
    "own kinds of classes": Kind(
        "ex:A rdfs:subClassOf ex:M . ex:M rdfs:subClassOf ex:Z . ex:Z rdfs:subClassOf rdfs:Class . "
        f"ex:C a sh:NodeShape , ex:A ; {CLASS_SHAPES}",
        CLASS_DATA, x("MinCount", ""),
    ),
    "kinds of owl:Class": Kind(
        f"{AS_OWL} ex:B rdfs:subClassOf owl:Class . ex:C a sh:NodeShape , ex:B ; {CLASS_SHAPES}",
        CLASS_DATA, x("MinCount", ""),
    ),
    "no class": Kind(
        f"ex:C a sh:NodeShape , ex:A ; {CLASS_SHAPES}", CLASS_DATA,
        doubts=frozenset({"no-shapes", "no-target", "unseen-file"}),
    ),
}  # fmt: skip


#: Data that cannot be read: one line that says where, also in the reports that are files.
UNREADABLE = {
    "Turtle that breaks off": Kind(on_node("sh:nodeKind sh:IRI"), "ex:x ex:p 1 ;\n", refused="data.ttl:"),
    "a literal as subject": Kind(on_node("sh:nodeKind sh:IRI"), '"a" ex:p 1 .', refused="data.ttl:"),
    "N-Triples without an end": Kind(
        on_node("sh:nodeKind sh:IRI"), f"<{EX}x> <{EX}p>", refused="data.nt:", ending="nt"
    ),
    "JSON that breaks off": Kind(
        on_node("sh:nodeKind sh:IRI"), '{"@id": ', refused="data.jsonld:", ending="jsonld"
    ),
    "a context that is not at hand": Kind(
        on_node("sh:nodeKind sh:IRI"),
        '{"@context": "https://example.org/context", "@id": "a"}',
        refused="https://example.org/context is not at hand",
        ending="jsonld",
    ),
}

KINDS = {
    f"{family}: {name}": kind
    for family, kinds in {
        "several": SEVERAL,
        "values": VALUES,
        "corners": CORNERS,
        "refused": REFUSED,
        "targets": TARGETS,
        "classes": CLASSES,
        "doubts": DOUBTED,
        "places": PLACES,
        "unreadable": UNREADABLE,
    }.items()
    for name, kind in kinds.items()
}


def data_of(kind: Kind) -> str:
    return kind.data if kind.ending != "ttl" else PREFIXES + kind.data


def by_command_line(kind: Kind, folder: Path, run: Run) -> tuple[dict[str, object], str]:
    (folder / "shapes.ttl").write_text(PREFIXES + kind.shapes, encoding="utf-8")
    data = folder / f"data.{kind.ending}"
    data.write_text(data_of(kind), encoding="utf-8")
    done = run(
        "validate", "--no-strict", "--shapes", str(folder / "shapes.ttl"), "--format", "json", str(data)
    )
    if done.returncode == 2:
        return {}, done.stderr
    return json.loads(done.stdout), ""


def by_server(kind: Kind, address: str, **more: str) -> tuple[dict[str, object], str]:
    parts = [("file", f"data.{kind.ending}", MEDIA[kind.ending], data_of(kind))]
    parts += [("shapes", "shapes.ttl", MEDIA["ttl"], PREFIXES + kind.shapes)]
    parts += [("shapes", f"{name}.ttl", MEDIA["ttl"], PREFIXES + text) for name, text in more.items()]
    body = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
        f"Content-Type: {media}\r\n\r\n{text}\r\n"
        for name, file, media, text in parts
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Accept": "application/json"}
    request = urllib.request.Request(
        f"{address}validate?strict=false", (body + "--x--\r\n").encode(), headers
    )
    if kind.refused:
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=60)
        assert caught.value.code == 400
        with caught.value as refusal:
            return {}, refusal.read().decode()
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read()), ""


def judged(kind: Kind, report: dict[str, object]) -> None:
    """Hold *report* against what the kind expects."""
    found: Counter[tuple[str, str, str]] = Counter()
    for row in report["findings"]:  # type: ignore[attr-defined]
        component = row["component"].removesuffix("ConstraintComponent")
        found[row["focus"].removeprefix(EX), component, row["value"].removeprefix(EX)] += 1
    assert found == Counter(kind.results)
    assert report["conforms"] == (not kind.results)
    if kind.lines:
        first = 1 + PREFIXES.count("\n") if kind.ending == "ttl" else 1
        assert {row["line"] - first + 1 for row in report["findings"]} == kind.lines  # type: ignore[attr-defined]
    if not kind.results:
        told = {row["kind"] for row in report["doubts"]} - {"unused-property"}  # type: ignore[attr-defined]
        assert told == kind.doubts


@pytest.mark.parametrize("name", KINDS)
def test_command_line(name: str, tmp_path: Path, mesoonto: Run) -> None:
    report, error = by_command_line(KINDS[name], tmp_path, mesoonto)
    assert KINDS[name].refused in error
    if KINDS[name].refused:
        assert len(error.splitlines()) == 1
    else:
        assert not error
        judged(KINDS[name], report)


@pytest.mark.parametrize("name", KINDS)
def test_server(name: str, address: str) -> None:
    report, error = by_server(KINDS[name], address)
    assert KINDS[name].refused in error
    if KINDS[name].refused:
        assert len(error.splitlines()) == 1
    else:
        assert not error
        judged(KINDS[name], report)


def test_shapes_sent_together_import_one_another(address: str) -> None:
    rest = on_node("sh:nodeKind sh:Literal")
    kind = Kind(f"ex:shapes <{OWL}imports> <rest.ttl> .", TWO, x("NodeKind"))
    report, _ = by_server(kind, address, rest=rest)
    judged(kind, report)
    assert not report["doubts"]


def test_rule_sends_no_shape_to_pyshacl(tmp_path: Path, mesoonto: Run) -> None:
    rule = "sh:rule [ a sh:TripleRule ; sh:subject sh:this ; sh:predicate ex:made ; sh:object 1 ]"
    shapes = on_values("sh:datatype xsd:date") + f"ex:R a sh:NodeShape ; sh:targetClass ex:A ; {rule} ."
    kind = Kind(shapes, TWO, x("Datatype", "1") | x("Datatype", "2"))
    report, _ = by_command_line(kind, tmp_path, mesoonto)
    judged(kind, report)
    assert report["evaluatedByPySHACL"] == []
