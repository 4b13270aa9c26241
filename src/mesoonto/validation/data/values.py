"""Compares literals by value where the store's own value space is too small.

Oxigraph holds an xsd:integer in 64 bits, an xsd:decimal in 38 digits of which 18 stand behind the point, and
dates and durations in those; whatever does not fit compares with nothing there. Here the values are those of
XML Schema 1.1, part 2, of any size. ``literals.encode`` marks the literals that need it.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import TypeVar

import pyoxigraph as ox

from mesoonto.files.terms import XSD
from mesoonto.validation.data.literals import BOUNDED, ILL_FORMED, decode, is_well_formed

_INTEGERS = ("integer", *BOUNDED)
_DATES = re.compile(
    r"(?:(?P<year>-?\d+)(?:-(?P<month>\d\d)(?:-(?P<day>\d\d))?)?|--(?P<month2>\d\d)(?:-(?P<day2>\d\d))?|"
    r"---(?P<day3>\d\d))?T?(?:(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d(?:\.\d+)?))?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?",
    re.ASCII,
)
_DATE_TYPES = {
    name: name for name in ("date", "dateTime", "time", "gDay", "gMonth", "gMonthDay", "gYear", "gYearMonth")
} | {"dateTimeStamp": "dateTime"}
_DURATION = re.compile(
    r"(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII
)
_DURATIONS = ("duration", "dayTimeDuration", "yearMonthDuration")
#: The starts from which two durations are compared (XML Schema 1.1, part 2, section 3.3.6.1).
_STARTS = ((1696, 9), (1697, 2), (1903, 3), (1903, 7))
#: A longer date or duration is compared with nothing: its numbers would take minutes to convert.
_LONGEST = 4000
#: Where there is no time zone it may be any from -14:00 to +14:00 (section D.2.1).
_FURTHEST = 14 * 3600
_SIGNS = {"<": "less", "<=": "less-or-equal", ">": "greater", ">=": "greater-or-equal"}


class Order(Enum):
    """How one value stands to another."""

    LESS = -1
    EQUAL = 0
    GREATER = 1


@dataclass(frozen=True, slots=True)
class _Moment:
    """A value of a date or time type: seconds on the time line, in UTC where it has a zone."""

    kind: str
    seconds: Fraction
    zoned: bool


@dataclass(frozen=True, slots=True)
class _Duration:
    months: int
    seconds: Fraction


#: Datatypes whose values have an order, beside the numbers: SPARQL 1.1, section 17.3, and XML Schema.
_OTHERS = ("string", "boolean", "double", "float", "decimal", *_DATE_TYPES, *_DURATIONS)
#: Their IRIs.
ORDERED = tuple(XSD + local for local in (*_INTEGERS, *_OTHERS))

_Comparable = TypeVar("_Comparable", Decimal, Fraction, float, bool, str)
_Number = Decimal | float
_Value = _Number | _Moment | _Duration | bool | str


def compared(left: ox.Literal, right: ox.Literal) -> Order | None:
    """How *left* stands to *right*, both well formed; None where they cannot be compared, or are in no order.

    >>> compared(ox.Literal("1", datatype=_xsd("integer")), ox.Literal("1.5", datatype=_xsd("decimal")))
    <Order.LESS: -1>
    """
    one, other = _value(left), _value(right)
    match one, other:
        case bool(), bool():
            return _ordered(one, other)
        case (Decimal() | float(), Decimal() | float()):
            return _numbers(one, other, left, right)
        case str(), str():
            return _ordered(one, other)
        case _Moment(), _Moment() if one.kind == other.kind:
            return _moments(one, other)
        case _Duration(), _Duration():
            return _durations(one, other)
    return None


def is_ordered(literal: ox.Literal) -> bool:
    """Whether anything compares with *literal*, itself to begin with: NaN, say, compares with nothing."""
    known = literal.datatype.value in ORDERED and is_well_formed(literal.value, literal.datatype.value)
    return known and compared(literal, literal) is Order.EQUAL


def _test(*allowed: Order) -> Callable[..., ox.Literal]:
    def holds(left: object, right: object) -> ox.Literal:
        well_formed = all(
            isinstance(term, ox.Literal) and not term.datatype.value.startswith(ILL_FORMED)
            for term in (left, right)
        )
        order = compared(decode(left), decode(right)) if well_formed else None  # type: ignore[arg-type]
        return ox.Literal(order is not None and order in allowed)

    return holds


#: The function for each sign of comparison, by the IRI under which queries call it.
NAMES = {sign: ox.NamedNode(f"urn:mesoonto:is:{word}") for sign, word in _SIGNS.items()}
FUNCTIONS = {
    NAMES["<"]: _test(Order.LESS),
    NAMES["<="]: _test(Order.LESS, Order.EQUAL),
    NAMES[">"]: _test(Order.GREATER),
    NAMES[">="]: _test(Order.GREATER, Order.EQUAL),
}


def _xsd(local: str) -> ox.NamedNode:
    return ox.NamedNode(XSD + local)


def _value(literal: ox.Literal) -> _Value | None:
    local, text = literal.datatype.value.removeprefix(XSD), literal.value
    if local in _INTEGERS or local == "decimal":
        return Decimal(text)
    if local == "double":
        return _float(text)
    if local == "float":
        return _single(_float(text))
    if local == "boolean":
        return text in ("true", "1")
    if local == "string" and not literal.language:
        return text
    if len(text) > _LONGEST:
        return None
    if local in _DURATIONS:
        return _duration(text)
    return _moment(text, _DATE_TYPES[local]) if local in _DATE_TYPES else None


def _float(text: str) -> float:
    return float(text.replace("INF", "inf"))


def _single(number: float) -> float:
    """*number* rounded to 32 bits."""
    try:
        return float(struct.unpack("f", struct.pack("f", number))[0])
    except OverflowError:
        return math.copysign(math.inf, number)


def _numbers(one: _Number, other: _Number, left: ox.Literal, right: ox.Literal) -> Order | None:
    """The order of two numbers after promotion to the wider type (XPath 2.0, appendix B.1)."""
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return _ordered(one, other)
    wide = "double" if XSD + "double" in (left.datatype.value, right.datatype.value) else "float"
    first, second = (_promoted(number, wide) for number in (one, other))
    return None if math.isnan(first) or math.isnan(second) else _ordered(first, second)


def _promoted(number: _Number, wide: str) -> float:
    try:
        found = float(number)
    except OverflowError:
        found = math.inf if number > 0 else -math.inf
    return _single(found) if wide == "float" else found


def _ordered(one: _Comparable, other: _Comparable) -> Order:
    return Order((one > other) - (one < other))


# Dates and times


def _moment(text: str, kind: str) -> _Moment | None:
    """The point on the time line (section D.2.1, with the defaults of timeOnTimeline for what is absent)."""
    found = _DATES.fullmatch(text)
    if found is None:
        return None
    part = found.groupdict()
    year = int(part["year"]) if part["year"] else 1971
    month = int(part["month"] or part["month2"] or 12)
    given = part["day"] or part["day2"] or part["day3"]
    seconds = Fraction(86400 * _days(year, month, int(given) if given else _last(year, month)))
    if part["hour"]:
        clock = Fraction(part["second"]) + 60 * int(part["minute"]) + 3600 * int(part["hour"])
        seconds += clock % 86400 if kind == "time" else clock  # 24:00:00 is 00:00:00 there
    zone = part["zone"]
    return _Moment(kind, seconds - (_offset(zone) if zone else 0), zone is not None)


def _offset(zone: str) -> int:
    if zone == "Z":
        return 0
    seconds = 3600 * int(zone[1:3]) + 60 * int(zone[4:6])
    return -seconds if zone[0] == "-" else seconds


def _days(year: int, month: int, day: int) -> int:
    """Days from 0000-03-01 of the proleptic Gregorian calendar."""
    year -= month <= 2
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day - 1


def _last(year: int, month: int) -> int:
    """The last day of a month."""
    following = (year + 1, 1) if month == 12 else (year, month + 1)
    return _days(*following, 1) - _days(year, month, 1)


def _moments(one: _Moment, other: _Moment) -> Order | None:
    if one.zoned == other.zoned:
        return _ordered(one.seconds, other.seconds)
    difference = one.seconds - other.seconds
    if abs(difference) <= _FURTHEST:
        return None
    return Order.LESS if difference < 0 else Order.GREATER


def _duration(text: str) -> _Duration | None:
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    years, months, days, hours, minutes, seconds = (Fraction(part or 0) for part in found.groups()[1:])
    sign = -1 if found[1] else 1
    total = seconds + 60 * minutes + 3600 * hours + 86400 * days
    return _Duration(sign * int(12 * years + months), sign * total)


def _durations(one: _Duration, other: _Duration) -> Order | None:
    orders = {_ordered(_after(start, one), _after(start, other)) for start in _STARTS}
    return orders.pop() if len(orders) == 1 else None


def _after(start: tuple[int, int], duration: _Duration) -> Fraction:
    """The moment that comes *duration* after the first day of a month."""
    months = 12 * start[0] + start[1] - 1 + duration.months
    return 86400 * _days(months // 12, months % 12 + 1, 1) + duration.seconds
