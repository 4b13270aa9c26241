"""Comparison by value, of any size, against Python's decimal and elementpath's XSD types.

Literals that the store can hold are compared by the store, others by ours; the tests do not know which.
"""

from __future__ import annotations

import math
import struct
from decimal import Decimal
from typing import Any

import elementpath.datatypes as xsd
import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesoonto.files.terms import XSD
from mesoonto.validation.data.literals import BEYOND, encode, is_well_formed
from mesoonto.validation.data.values import Order, compared
from mesoonto.validation.engine.plan import EngineChoice
from tests.examples import examples
from tests.validation.helpers import load, outcome, shapes

common = settings(
    max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)

Pair = tuple[ox.Literal, ox.Literal]

# Literals of each datatype, small and large

digits = st.one_of(
    st.integers(-3, 3).map(str),
    st.integers(-(2**70), 2**70).map(str),
    st.sampled_from([str(2**63 + n) for n in (-2, -1, 0, 1)] + [str(-(2**63) + n) for n in (-1, 0, 1)]),
    st.integers(10**20, 10**45).map(str),
)
fractions = st.one_of(
    st.just(""), st.integers(0, 99).map(str), st.text("0123456789", min_size=1, max_size=40)
)
decimals = st.one_of(
    st.tuples(digits, fractions).map(lambda t: f"{t[0]}.{t[1]}" if t[1] else t[0]),
    fractions.filter(bool).map(lambda f: f"-.{f}"),
    digits.map(lambda d: d if d.startswith("-") else f"+00{d}"),
)
floats = st.one_of(
    st.floats(allow_nan=False).map(
        lambda f: "INF" if f == math.inf else "-INF" if f == -math.inf else repr(f)
    ),
    st.sampled_from(["NaN", "1e400", "-1e400", "0e0", "1E-400", "9007199254740993"]),
)
years = st.one_of(
    st.integers(1, 9999).map(lambda y: f"{y:04}"),
    st.integers(-9999, -1).map(lambda y: f"-{-y:04}"),
    st.integers(10_000, 2 * 10**9).map(str),
    st.integers(10_000, 10**9).map(lambda y: f"-{y}"),
)
months = st.integers(1, 12).map(lambda m: f"{m:02}")
days = st.integers(1, 28).map(lambda d: f"{d:02}")
zones = st.one_of(
    st.just("Z"),
    st.tuples(st.sampled_from("+-"), st.integers(0, 13), st.integers(0, 59)).map(
        lambda t: f"{t[0]}{t[1]:02}:{t[2]:02}"
    ),
    st.sampled_from(["+14:00", "-14:00", "+00:00"]),
)
clocks = st.one_of(
    st.tuples(
        st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.sampled_from(["", ".5", ".000001"])
    ).map(lambda t: f"{t[0]:02}:{t[1]:02}:{t[2]:02}{t[3]}"),
    st.just("24:00:00"),
)
#: elementpath counts up to two billion years and a billion days.
amounts = st.integers(0, 40)
seconds = st.one_of(amounts, st.integers(0, 10**12))
LEXICAL: dict[str, st.SearchStrategy[str]] = {
    "date": st.tuples(years, months, days).map("-".join),
    "dateTime": st.tuples(years, months, days, clocks).map(lambda t: f"{t[0]}-{t[1]}-{t[2]}T{t[3]}"),
    "time": clocks,
    "gYear": years,
    "gYearMonth": st.tuples(years, months).map("-".join),
    "gMonth": months.map(lambda m: f"--{m}"),
    "gMonthDay": st.tuples(months, days).map(lambda t: f"--{t[0]}-{t[1]}"),
    "gDay": days.map(lambda d: f"---{d}"),
}
CLASSES: dict[str, Any] = {
    "date": xsd.Date,
    "dateTime": xsd.DateTime,
    "time": xsd.Time,
    "gYear": xsd.GregorianYear,
    "gYearMonth": xsd.GregorianYearMonth,
    "gMonth": xsd.GregorianMonth,
    "gMonthDay": xsd.GregorianMonthDay,
    "gDay": xsd.GregorianDay,
}


def literal(text: str, datatype: str) -> ox.Literal:
    assert is_well_formed(text, XSD + datatype), (text, datatype)
    return ox.Literal(text, datatype=ox.NamedNode(XSD + datatype))


@st.composite
def durations(draw: st.DrawFn) -> ox.Literal:
    kind = draw(st.sampled_from(["duration", "dayTimeDuration", "yearMonthDuration"]))
    sign, found = draw(st.sampled_from(["", "-"])), draw(st.tuples(*[amounts] * 5, seconds))
    date = f"{found[0]}Y{found[1]}M" if kind != "dayTimeDuration" else ""
    rest = f"{found[2]}DT{found[3]}H{found[4]}M{found[5]}.25S" if kind != "yearMonthDuration" else ""
    return literal(f"{sign}P{date}{rest}", kind)


numbers = st.one_of(
    decimals.map(lambda t: literal(t, "decimal")),
    digits.map(lambda t: literal(t, "integer")),
    st.integers(0, 2**64 - 1).map(lambda n: literal(str(n), "unsignedLong")),
    st.integers(-128, 127).map(lambda n: literal(str(n), "byte")),
    floats.map(lambda t: literal(t, "double")),
    floats.map(lambda t: literal(t, "float")),
)
dates = st.sampled_from(sorted(LEXICAL)).flatmap(
    lambda kind: st.tuples(LEXICAL[kind], LEXICAL[kind], zones, zones, st.sampled_from(["both", "none"])).map(
        lambda t: tuple(literal(t[n] + (t[n + 2] if t[4] == "both" else ""), kind) for n in (0, 1))
    )
)
pairs: st.SearchStrategy[Pair] = st.one_of(
    st.tuples(numbers, numbers), dates, st.tuples(durations(), durations()), st.tuples(numbers, durations())
)


# What others say


def expected(one: ox.Literal, other: ox.Literal) -> Order | None:
    """The order by Python's decimal module or by elementpath."""
    kinds = {term.datatype.value.removeprefix(XSD) for term in (one, other)}
    if kinds & {"double", "float"} and not any("uration" in kind for kind in kinds):
        wide = "double" if "double" in kinds else "float"
        left, right = (as_float(term, wide) for term in (one, other))
        return None if math.isnan(left) or math.isnan(right) else order(left, right)
    if kinds <= {"decimal", "integer", "unsignedLong", "byte"}:
        return order(Decimal(one.value), Decimal(other.value))
    if all("uration" in kind for kind in kinds):
        left, right = (xsd.Duration.fromstring(term.value) for term in (one, other))
        if (left.months, left.seconds) == (right.months, right.seconds):
            return Order.EQUAL
        return Order.LESS if left < right else Order.GREATER if left > right else None
    if len(kinds) == 1 and (kind := kinds.pop()) in CLASSES:
        return order(*(CLASSES[kind].fromstring(term.value) for term in (one, other)))
    return None


def as_float(term: ox.Literal, wide: str) -> float:
    found = float(term.value.replace("INF", "inf"))
    if term.datatype.value == XSD + "float" or wide == "float":
        try:
            found = struct.unpack("f", struct.pack("f", found))[0]
        except OverflowError:
            found = math.copysign(math.inf, found)
    return found


def order(left: Any, right: Any) -> Order:
    return Order.LESS if left < right else Order.GREATER if left > right else Order.EQUAL


@settings(common, max_examples=examples(600))
@given(pair=pairs)
def test_order_is_that_of_another_implementation(pair: Pair) -> None:
    assert compared(*pair) is expected(*pair)


@common
@given(found=st.lists(pairs, min_size=1, max_size=8))
def test_property_pairs_are_compared_by_value(found: list[Pair]) -> None:
    text = "\n".join(f"ex:n{n} ex:lo {one} ; ex:hi {other} ." for n, (one, other) in enumerate(found))
    for word, good in (("lessThan", [Order.LESS]), ("lessThanOrEquals", [Order.LESS, Order.EQUAL])):
        read = shapes(
            "ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:lo ; "
            f"sh:property [ sh:path ex:lo ; sh:{word} ex:hi ] ."
        )
        results = outcome(load(text), read, EngineChoice.OXIGRAPH).results
        assert {result.focus.value.rpartition("/n")[2] for result in results} == {
            str(n) for n, pair in enumerate(found) if expected(*pair) not in good
        }


@common
@given(pair=pairs)
def test_bounds_are_compared_by_value(pair: Pair) -> None:
    value, bound = pair
    wanted = {
        "minExclusive": [Order.GREATER],
        "minInclusive": [Order.GREATER, Order.EQUAL],
        "maxExclusive": [Order.LESS],
        "maxInclusive": [Order.LESS, Order.EQUAL],
    }
    asked = " , ".join(f"[ sh:path ex:p ; sh:{word} {bound} ]" for word in wanted)
    read = shapes(f"ex:S a sh:NodeShape ; sh:targetNode ex:n ; sh:property {asked} .")
    results = outcome(load(f"ex:n ex:p {value} ."), read, EngineChoice.OXIGRAPH).results
    broken = {r.component.rpartition("#")[2].removesuffix("ConstraintComponent") for r in results}
    assert broken == {
        word[0].upper() + word[1:] for word, good in wanted.items() if expected(value, bound) not in good
    }


# Single cases, each with its place in the standard


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("2020-01-01T00:00:00", "2020-01-01T13:00:00Z", None),
        ("12020-01-01T00:00:00", "12020-01-02T13:00:00Z", Order.LESS),
        ("12020-01-01T00:00:00", "12020-01-01T13:00:00Z", None),
        (f"{10**30}-01-01T00:00:00Z", f"{10**30 + 1}-01-01T00:00:00Z", Order.LESS),
    ],
)
def test_moment_without_zone_may_have_any(one: str, other: str, found: Order | None) -> None:
    """XML Schema 1.1, part 2, section 3.3.7.1: in order where they are 14 hours and more apart."""
    assert compared(literal(one, "dateTime"), literal(other, "dateTime")) is found


@pytest.mark.parametrize(
    ("text", "datatype"),
    [
        ("0.123456789012345678901", "decimal"),
        ("9223372036854775808", "integer"),
        ("18446744073709551615", "unsignedLong"),
        ("99999-01-01", "date"),
        ("P9999999999Y", "duration"),
    ],
)
def test_literal_that_the_store_cannot_hold_is_kept_apart(text: str, datatype: str) -> None:
    assert encode(literal(text, datatype)).datatype.value == BEYOND + datatype


@pytest.mark.parametrize("number", ["9" * 1_000_000, "0." + "1" * 1_000_000])
def test_long_numbers_cost_no_more_than_their_length(number: str) -> None:
    one = literal(number, "decimal")
    assert compared(one, literal("5", "integer")) is order(Decimal(number), Decimal(5))


@pytest.mark.parametrize(
    "term", ["ex:a", "_:b", '"x"@en', '"x"^^ex:t', '"no"^^xsd:integer', '"NaN"^^xsd:double']
)
def test_what_has_no_order_is_not_even_equal_to_itself(term: str) -> None:
    """SHACL 4.5.4, 4.3.2: also a violation where the two cannot be compared (SPARQL 1.1, section 17.3)."""
    asked = "sh:lessThanOrEquals ex:q"
    asked += "" if term.startswith(("ex:", "_:")) else f" ; sh:minInclusive {term}"
    read = shapes(f"ex:S a sh:NodeShape ; sh:targetNode ex:n ; sh:property [ sh:path ex:p ; {asked} ] .")
    results = outcome(load(f"ex:n ex:p {term} ; ex:q {term} ."), read, EngineChoice.OXIGRAPH).results
    assert len(results) == asked.count("sh:")


def test_ill_formed_literal_compares_with_nothing() -> None:
    read = shapes(
        "ex:S a sh:NodeShape ; sh:targetNode ex:n ; sh:property [ sh:path ex:p ; sh:lessThan ex:q ] ."
    )
    text = f'ex:n ex:p "no"^^xsd:decimal ; ex:q {"9" * 40} .'
    assert len(outcome(load(text), read, EngineChoice.OXIGRAPH).results) == 1
