"""Keeps literals as they are written, in a store that would rewrite them.

The store of pyoxigraph holds numbers, dates and booleans by value: ``"1.50"^^xsd:decimal`` comes back as
1.5, ``"1"^^xsd:int`` as an xsd:integer, and two spellings of one value become one term. SHACL compares terms,
and a finding must show what stands in the file. So a literal that the store would change is kept under a
datatype of our own, which the store leaves alone: *written* for one that is well formed, *beyond* for one
whose value the store may not be able to hold, *ill-formed* for one that is no literal of its datatype.
``decode`` gives the original back, and ``values`` compares what is beyond the store.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache

import pyoxigraph as ox

from mesoonto.files.terms import XSD, Term

#: Stems of the datatypes that stand in for a changed literal; XSD's local name follows.
WRITTEN = "urn:mesoonto:written:"
BEYOND = "urn:mesoonto:beyond:"
ILL_FORMED = "urn:mesoonto:ill-formed:"
STEMS = (WRITTEN, BEYOND, ILL_FORMED)

_YEAR = r"-?(?:[1-9]\d{3,}|0\d{3})"
_ZONE = r"(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))?"
_DAY = r"(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_TIME = r"(?:(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?|24:00:00(?:\.0+)?)"
_INTEGER = r"[+-]?\d+"
_FLOAT = r"(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?INF|NaN)"
_NORMAL = r"[^\t\n\r]*"

#: The lexical space of each datatype of XML Schema 1.1, part 2, that SPARQL or SHACL give a meaning.
_LEXICAL = {
    "base64Binary": r"(?:(?:[A-Za-z0-9+/]\s?){4})*"
    r"(?:(?:[A-Za-z0-9+/]\s?){2}(?:[A-Za-z0-9+/]\s?|=\s?)=)?",
    "boolean": "true|false|1|0",
    "date": rf"{_YEAR}-{_DAY}{_ZONE}",
    "dateTime": rf"{_YEAR}-{_DAY}T{_TIME}{_ZONE}",
    "dateTimeStamp": rf"{_YEAR}-{_DAY}T{_TIME}(?:Z|[+-]\d\d:\d\d)",
    "dayTimeDuration": r"-?P(?=.)(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?",
    "decimal": r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)",
    "double": _FLOAT,
    "duration": r"-?P(?=.)(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?",
    "float": _FLOAT,
    "gDay": rf"---(?:0[1-9]|[12]\d|3[01]){_ZONE}",
    "gMonth": rf"--(?:0[1-9]|1[0-2]){_ZONE}",
    "gMonthDay": rf"--{_DAY}{_ZONE}",
    "gYear": rf"{_YEAR}{_ZONE}",
    "gYearMonth": rf"{_YEAR}-(?:0[1-9]|1[0-2]){_ZONE}",
    "hexBinary": r"(?:[0-9a-fA-F]{2})*",
    "integer": _INTEGER,
    "language": r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*",
    "normalizedString": _NORMAL,
    "time": rf"{_TIME}{_ZONE}",
    "token": r"(?! )(?!.*  )[^\t\n\r]*(?<! )",
    "yearMonthDuration": r"-?P(?=.)(?:\d+Y)?(?:\d+M)?",
}

#: Datatypes derived from xsd:integer with their least and greatest value.
_BOUNDS: dict[str, tuple[int | None, int | None]] = {
    "byte": (-(2**7), 2**7 - 1),
    "int": (-(2**31), 2**31 - 1),
    "long": (-(2**63), 2**63 - 1),
    "negativeInteger": (None, -1),
    "nonNegativeInteger": (0, None),
    "nonPositiveInteger": (None, 0),
    "positiveInteger": (1, None),
    "short": (-(2**15), 2**15 - 1),
    "unsignedByte": (0, 2**8 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedLong": (0, 2**64 - 1),
    "unsignedShort": (0, 2**16 - 1),
}

#: The local names of these.
BOUNDED = tuple(_BOUNDS)

#: Spellings of the frequent datatypes that are well formed and that the store gives back unchanged.
_UNCHANGED = {
    local: re.compile(pattern, re.ASCII)
    for local, pattern in {
        "integer": r"0|-?[1-9]\d{0,17}",
        "decimal": r"0|-?(?:0|[1-9]\d{0,8})\.\d{0,7}[1-9]|-?[1-9]\d{0,8}",
        "boolean": "true|false",
        "date": r"[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])",
        "dateTime": r"[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3])(?::[0-5]\d){2}Z?",
        "gYear": r"[12]\d{3}",
    }.items()
}

#: Spellings whose values the store surely holds; one that is not among them is compared by ``values``.
_HELD_NUMBER = re.compile(r"[+-]?0*\d{0,18}(?:\.\d{0,18}0*)?", re.ASCII)
_HELD = {
    "decimal": _HELD_NUMBER,
    "integer": _HELD_NUMBER,
    **{
        local: re.compile(rf"\d{{4}}(?:-\d\d){{0,2}}(?:T[^.]*(?:\.\d{{1,9}})?)?{_ZONE}", re.ASCII)
        for local in ("date", "dateTime", "dateTimeStamp", "gYear", "gYearMonth")
    },
    "time": re.compile(rf"[^.]*(?:\.\d{{1,9}})?{_ZONE}", re.ASCII),
    **{
        local: re.compile(r"-?P(?:\d{1,9}[YMD])*(?:T(?:\d{1,9}[HM])*(?:\d{1,9}(?:\.\d{1,9})?S)?)?", re.ASCII)
        for local in ("duration", "dayTimeDuration", "yearMonthDuration")
    },
}

#: Datatypes whose literals the store keeps as text, however they are spelt.
_TEXTUAL = frozenset(
    {"anyURI", "base64Binary", "hexBinary", "language", "normalizedString", "string", "token"}
)

#: Literals of fewer bytes are remembered.
_SHORT = 40

#: A literal of XML Schema in N-Triples. The mark that opens a string is never behind a backslash, as one
#: inside it always is; possessive, so that no text is looked at twice.
_TYPED = re.compile(
    rb'"(?<!\\")([^"\\\n]*+(?:\\.[^"\\\n]*+)*+)"\^\^<http://www\.w3\.org/2001/XMLSchema#([A-Za-z]+)>'
)


def is_well_formed(lexical: str, datatype: str) -> bool:
    """Whether *lexical* is in the lexical space of *datatype* and names a value.

    >>> is_well_formed("1.50", XSD + "decimal"), is_well_formed("2021-02-30", XSD + "date")
    (True, False)

    Datatypes that are not of XML Schema accept anything.
    """
    local = datatype.removeprefix(XSD)
    if local in _BOUNDS:
        if not re.fullmatch(_INTEGER, lexical, re.ASCII):
            return False
        low, high = _BOUNDS[local]
        number = Decimal(lexical)
        return (low is None or number >= low) and (high is None or number <= high)
    pattern = _pattern(local) if local != datatype else None
    if pattern is None:
        return True
    if not pattern.fullmatch(lexical):
        return False
    if local == "gMonthDay":
        return _is_in_calendar(f"2000{lexical[1:]}", local)
    return _is_in_calendar(lexical, local) if local in ("date", "dateTime", "dateTimeStamp") else True


@cache
def _pattern(local: str) -> re.Pattern[str] | None:
    return re.compile(_LEXICAL[local], re.ASCII) if local in _LEXICAL else None


def _is_in_calendar(lexical: str, local: str) -> bool:
    found = re.match(r"-?(\d+)-(\d\d)-(\d\d)", lexical)
    if found is None:
        return False
    year, month, day = (int(part[-6:]) for part in found.groups())
    try:
        date(year % 400 + 400, month, day)
    except ValueError:
        return False
    return local != "dateTimeStamp" or lexical[-1] == "Z" or lexical[-6] in "+-"


def is_textual(literal: ox.Literal) -> bool:
    """Whether the store keeps a literal of this datatype of XML Schema as it is, however it is spelt."""
    return literal.datatype.value.removeprefix(XSD) in _TEXTUAL


def encode(literal: ox.Literal) -> ox.Literal:
    """The literal that the store keeps as it is in place of *literal*; often *literal* itself."""
    datatype = literal.datatype.value
    if not datatype.startswith(XSD):
        return literal
    local = datatype.removeprefix(XSD)
    stem = _stem(literal.value, local)
    return ox.Literal(literal.value, datatype=ox.NamedNode(stem + local)) if stem else literal


def encode_term(term: Term) -> Term:
    """*term* as the store keeps it."""
    return encode(term) if isinstance(term, ox.Literal) else term


def encode_text(text: bytes) -> bytes:
    """*text*, N-Triples, with each literal encoded; datatypes stand directly behind their strings."""
    return _TYPED.sub(_encoded, text)


def _encoded(match: re.Match[bytes]) -> bytes:
    lexical, local = match.groups()
    return (_short if len(lexical) < _SHORT else _literal)(lexical, local)


def _literal(lexical: bytes, local: bytes) -> bytes:
    """The encoded literal in N-Triples for one whose text and datatype are written like this."""
    plain = lexical.decode()
    if "\\" in plain:
        (quad,) = ox.parse(b'<x:> <x:> "%b" .' % lexical, format=ox.RdfFormat.N_TRIPLES)
        plain = quad.object.value
    name = local.decode()
    return f'"{lexical.decode()}"^^<{_stem(plain, name) or XSD}{name}>'.encode()


#: Numbers and days recur.
_short = lru_cache(1 << 15)(_literal)


def _stem(lexical: str, local: str) -> str:
    """The stem of the datatype under which the store keeps the literal; empty when it need not change."""
    if not is_well_formed(lexical, XSD + local):
        return ILL_FORMED
    if local in _TEXTUAL or not (local in _LEXICAL or local in _BOUNDS):
        return ""
    unchanged = _UNCHANGED.get(local)
    if unchanged is not None and unchanged.fullmatch(lexical):
        return ""
    held = _HELD.get("integer" if local in _BOUNDS else local)
    return WRITTEN if held is None or held.fullmatch(lexical) else BEYOND


def decode(term: Term) -> Term:
    """The term as it was written, for one that ``encode`` may have changed."""
    if isinstance(term, ox.Literal):
        datatype = term.datatype.value
        for stem in STEMS:
            if datatype.startswith(stem):
                return ox.Literal(term.value, datatype=ox.NamedNode(XSD + datatype.removeprefix(stem)))
    return term


def by_value(literal: ox.Literal) -> ox.Literal:
    """The spelling in which the store gives the value of *literal* back."""
    original = decode(literal)
    probe = ox.Store()
    node = ox.NamedNode("urn:mesoonto:probe")
    probe.add(ox.Quad(node, node, original))
    found = next(iter(probe)).object
    return found if isinstance(found, ox.Literal) else literal
