"""Literals are kept as they are written, and judged by the lexical space of their datatype."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoonto.files.terms import XSD
from mesoonto.validation.data.literals import decode, encode, is_well_formed
from mesoonto.validation.engine.plan import EngineChoice
from tests.validation.helpers import load, outcome, shapes

DATATYPES = [
    "integer",
    "decimal",
    "double",
    "float",
    "boolean",
    "date",
    "dateTime",
    "time",
    "gYear",
    "int",
    "byte",
    "nonNegativeInteger",
]


@given(st.text("0123456789+-.eETZ:trufalsIN", max_size=12), st.sampled_from(DATATYPES))
def test_the_store_gives_back_what_was_written(lexical: str, datatype: str) -> None:
    literal = ox.Literal(lexical, datatype=ox.NamedNode(XSD + datatype))
    store = ox.Store()
    node = ox.NamedNode("http://e/x")
    store.add(ox.Quad(node, node, encode(literal)))
    assert decode(next(iter(store)).object) == literal


#: Examples of XML Schema 1.1 part 2, sections 3.3 and 3.4, and their neighbours.
LEXICAL = [
    ("decimal", "+1234.456", True),
    ("decimal", "210.", True),
    ("decimal", ".5", True),
    ("decimal", "1e3", False),
    ("integer", "-0", True),
    ("integer", "1.0", False),
    ("integer", "", False),
    ("integer", "\u0661", False),
    ("byte", "127", True),
    ("byte", "128", False),
    ("unsignedByte", "-0", True),
    ("unsignedByte", "-1", False),
    ("double", "-INF", True),
    ("double", "NaN", True),
    ("double", "inf", False),
    ("double", "12.78e-2", True),
    ("boolean", "1", True),
    ("boolean", "TRUE", False),
    ("date", "2024-02-29", True),
    ("date", "2023-02-29", False),
    ("date", "2000-02-29", True),
    ("date", "1900-02-29", False),
    ("date", "2020-13-01", False),
    ("date", "20-01-01", False),
    ("dateTime", "2002-05-30T09:00:00.5Z", True),
    ("dateTime", "2002-05-30", False),
    ("dateTime", "2002-05-30T24:00:00", True),
    ("time", "13:20:00-05:00", True),
    ("time", "25:00:00", False),
    ("gYear", "2001", True),
    ("gYear", "01", False),
    ("gMonthDay", "--12-25", True),
    ("duration", "P1Y2M3DT5H20M30.123S", True),
    ("duration", "P", False),
    ("duration", "P1YT", False),
    ("hexBinary", "0FB7", True),
    ("hexBinary", "0FB", False),
    ("base64Binary", "AA==", True),
    ("base64Binary", "A", False),
    ("language", "en-GB", True),
    ("token", "a b", True),
    ("token", "a  b", False),
]


@pytest.mark.parametrize(("datatype", "lexical", "good"), LEXICAL)
def test_lexical_spaces(datatype: str, lexical: str, good: bool) -> None:
    assert is_well_formed(lexical, XSD + datatype) is good


SHAPE = "ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:property [ sh:path ex:p ; %s ] ."


@pytest.mark.parametrize(
    ("data", "constraint", "values"),
    [
        ("1.50", "sh:maxInclusive 1", ["1.50"]),
        ('"1"^^xsd:int', "sh:datatype xsd:integer", ["1"]),
        ('1.0 , 1.00 , "1"^^xsd:int', "sh:in ( 1.0 )", ["1", "1.00"]),
        ('"abc"^^xsd:integer', "sh:datatype xsd:integer", ["abc"]),
        ('"x"^^xsd:string', 'sh:in ( "x" )', []),
        ('"x"@EN-gb', 'sh:languageIn ( "en" )', []),
        ("1.50", "sh:datatype xsd:decimal ; sh:minInclusive 1.5 ; sh:maxInclusive 1.5", []),
        ('true , false , "1"^^xsd:boolean', "sh:minInclusive true", ["false"]),
        ('"2020-01-01T24:00:00"^^xsd:dateTime', "sh:nodeKind sh:IRI", ["2020-01-01T24:00:00"]),
    ],
)
def test_values_are_reported_as_written(data: str, constraint: str, values: list[str]) -> None:
    results = outcome(load(f"ex:a ex:p {data} ."), shapes(SHAPE % constraint), EngineChoice.OXIGRAPH).results
    assert sorted(result.value.value for result in results if result.value is not None) == values


def test_two_spellings_of_one_number_are_two_values() -> None:
    found = outcome(load("ex:a ex:p 1.0 , 1.00 ."), shapes(SHAPE % "sh:maxCount 1"), EngineChoice.OXIGRAPH)
    assert len(found.results) == 1
