"""Says in words what is wrong with a text that is not SPARQL, where it is, and what may have been meant."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from mesoonto.errors import Place, QuerySyntaxError
from mesoonto.namespaces import PREFIXES
from mesoonto.sparql import misuse, slips
from mesoonto.sparql.parser import NotSparqlError, Token, parse_query, parse_update

#: Characters of a text that is explained; of a longer one the engine's own words are given.
_LONGEST = 256 * 1024

#: Characters of a line that is shown, around the place.
_SHOWN = 100

#: Kinds of tokens that are told by one name, where all of the first are expected.
_FAMILIES: Sequence[tuple[str, frozenset[str], frozenset[str]]] = (
    (
        "an expression",
        frozenset(["VAR", "IRIREF", "STRING", "INTEGER", "(", "!", "UNARY"]),
        frozenset(
            [
                "VAR",
                "IRIREF",
                "PNAME_LN",
                "PNAME_NS",
                "STRING",
                "INTEGER",
                "DECIMAL",
                "DOUBLE",
                "SIGNED",
                "TRUE",
                "FALSE",
                "(",
                "!",
                "+",
                "-",
                "<<(",
                "NULLARY",
                "UNARY",
                "BINARY",
                "TERNARY",
                "BNODE",
                "BOUND",
                "CONCAT",
                "COALESCE",
                "SUBSTR",
                "REGEX",
                "REPLACE",
                "EXISTS",
                "NOT",
                "COUNT",
                "SUM",
                "MIN",
                "MAX",
                "AVG",
                "SAMPLE",
                "GROUP_CONCAT",
            ]
        ),
    ),
    (
        "a term",
        frozenset(["VAR", "IRIREF", "STRING"]),
        frozenset(
            [
                "VAR",
                "IRIREF",
                "PNAME_LN",
                "PNAME_NS",
                "STRING",
                "INTEGER",
                "DECIMAL",
                "DOUBLE",
                "SIGNED",
                "TRUE",
                "FALSE",
                "BLANK_NODE_LABEL",
                "NIL",
                "ANON",
                "(",
                "[",
                "+",
                "-",
                "<<",
                "<<(",
            ]
        ),
    ),
    (
        "a variable or an IRI",
        frozenset(("VAR", "IRIREF", "PNAME_LN")),
        frozenset(("VAR", "IRIREF", "PNAME_LN", "PNAME_NS")),
    ),
    ("an IRI", frozenset(("IRIREF", "PNAME_LN")), frozenset(("IRIREF", "PNAME_LN", "PNAME_NS"))),
    (
        "a graph pattern",
        frozenset(("OPTIONAL", "FILTER")),
        frozenset(["OPTIONAL", "FILTER", "BIND", "GRAPH", "VALUES", "LATERAL", "MINUS", "SERVICE", "{"]),
    ),
)

#: What is expected often and helps nobody.
_RARE = frozenset(("{|", "~", "LATERAL", "VERSION", "REDUCED"))
_MOST = 5

#: What single kinds of tokens are called; signs and keywords stand for themselves.
_NAMES = {
    "VAR": "a variable",
    "IRIREF": "an IRI in angle brackets",
    "PNAME_NS": "a prefix with a colon",
    "STRING": "a string in quotes",
    "INTEGER": "a whole number",
    "NIL": "'()'",
    "TRUE": "true",
    "FALSE": "false",
    "the end": "the end",
}


def explained(
    text: str, source: str = "query", engine: str = "", place: tuple[int, int] | None = None
) -> QuerySyntaxError:
    """What is wrong with *text*, a query or an update, which the engine refused.

    *engine* is the engine's own message and *place* the line and column in it, which are given where nothing
    better is known.
    """
    if len(text) <= _LONGEST:
        parse = parse_update if source == "update" else parse_query
        try:
            parse(text, lenient=False)
        except NotSparqlError as error:
            try:
                root = parse(text)
            except NotSparqlError:
                return mistake(error, text, source)
        else:
            root = parse(text)
        found = misuse.wrong_use(root, PREFIXES)
        if found is not None:
            return _error(text, source, *found)
    sentence = _sentence(engine)
    if place is None or len(text) > _LONGEST:
        return QuerySyntaxError(sentence, Place(source, *place) if place else Place(source))
    starts = _line_starts(text)
    line = min(place[0], len(starts))
    return _error(text, source, min(starts[line - 1] + place[1] - 1, len(text)), sentence)


def mistake(error: NotSparqlError, text: str, source: str = "query") -> QuerySyntaxError:
    """The *error* of the parser in words."""
    found = slips.known(error, text)
    if found is not None:
        at, message = found
        return _error(text, source, at, message)
    return _error(text, source, error.token.start, _unexpected(error, text))


def place_of(text: str, at: int, source: str = "query") -> Place:
    """Line and column of the character *at* of *text*, both counted from one."""
    starts = _line_starts(text)
    line = bisect_right(starts, at)
    return Place(source, line, at - starts[line - 1] + 1)


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]


def _error(text: str, source: str, at: int, message: str) -> QuerySyntaxError:
    place = place_of(text, at, source)
    assert place.line is not None  # noqa: S101  # it was just counted
    start = _line_starts(text)[place.line - 1]
    line = re.split(r"[\r\n]", text[start : at + _SHOWN], maxsplit=1)[0]
    if at - start > len(line):
        line = text[start:at]
    column = at - start
    cut = max(0, column - _SHOWN // 2)
    shown = line[cut : cut + _SHOWN]
    # Tabs keep their width under themselves; what else does not print is shown as a space.
    caret = "".join("\t" if c == "\t" else " " for c in line[cut:column]) + "^"
    clean = "".join(c if c.isprintable() or c == "\t" else " " for c in shown)
    return QuerySyntaxError(message, place, f"{clean}\n{caret}")


def _unexpected(error: NotSparqlError, text: str) -> str:
    token = error.token
    what = "the text ends" if token.kind == "the end" else f"{shown(text, token)} does not fit here"
    wanted = expectation(error.expected)
    return f"{what}; {wanted} is expected" if wanted else what


def shown(text: str, token: Token) -> str:
    """A token as a message quotes it."""
    written = text[token.start : token.end]
    return f"'{written if len(written) <= 40 else written[:37] + '...'}'"


def expectation(expected: frozenset[str]) -> str:
    """The kinds of tokens *expected* in words, the most telling ones."""
    left = expected - _RARE
    names = []
    for name, telling, family in _FAMILIES:
        if telling <= left:
            names.append(name)
            left -= family
    names += sorted(
        (_NAMES.get(kind, kind if kind[0].isalpha() else f"'{kind}'") for kind in left),
        key=lambda name: (name[0].isalpha(), name),
    )
    *most, last = names[:_MOST] or [""]
    return f"{', '.join(most)} or {last}" if most else last


def _sentence(engine: str) -> str:
    """The part of the engine's message that is a sentence; it lists it among the tokens that it expected."""
    _, _, choices = engine.partition("expected ")
    found = [
        c.strip() for c in re.split(r", (?=[\[\"A-Z])", choices.removeprefix("one of ")) if c.count(" ") > 2
    ]
    words = [c for c in found if not c.startswith(("[", '"'))]
    return words[-1].rstrip(".") if words else "the engine does not take this"
