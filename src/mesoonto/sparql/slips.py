"""Slips that people make often when they write SPARQL, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches

from mesoonto.sparql import foreign
from mesoonto.sparql.grammar import FUNCTIONS
from mesoonto.sparql.parser import NotSparqlError
from mesoonto.sparql.slip import (
    AGGREGATES,
    FORMS,
    FUNCTION_KINDS,
    LITERALS,
    MODIFIERS,
    TERMS,
    Found,
    Slip,
    clipped,
)
from mesoonto.sparql.tree import Node

#: Functions of other languages.
_FUNCTIONS = {
    "LENGTH": "STRLEN", "LEN": "STRLEN", "LOWER": "LCASE", "UPPER": "UCASE", "SUBSTRING": "SUBSTR",
    "IFNULL": "COALESCE", "ISNULL": "!BOUND", "NVL": "COALESCE", "STRING": "STR", "TODAY": "NOW",
    "STARTSWITH": "STRSTARTS", "ENDSWITH": "STRENDS", "CEILING": "CEIL", "AVERAGE": "AVG",
}  # fmt: skip

_COMPARISONS = frozenset(("=", "!=", "<", ">", "<=", ">="))

#: What people write for the predicate ``a``.
_IS_A = frozenset(("A", "is", "isa", "isA", "type", "instanceOf", "instance_of", "IS", "TYPE"))


def known(error: NotSparqlError, text: str) -> Found | None:
    """The slip behind *error* of the parser, when it is one of the frequent ones."""
    slip = Slip(error, text)
    return next((found for rule in _RULES if (found := rule(slip)) is not None), None)


def _prologue(slip: Slip) -> Found | None:
    if slip.before == "PREFIX" and slip.only("PNAME_NS"):
        if slip.kind == "PNAME_LN":
            return slip.here(
                "a prefix ends in a colon, and its IRI stands in angle brackets: PREFIX ex: <http://...>"
            )
        return slip.here("a prefix needs a colon: PREFIX ex: <http://...>")
    if slip.where in ("PrefixDecl", "BaseDecl") and slip.only("IRIREF"):
        return slip.here("the IRI of a prefix stands in angle brackets: <http://...>")
    if slip.kind in ("PREFIX", "BASE"):
        return slip.here(f"{slip.kind} stands before {FORMS}")
    return None


def _select(slip: Slip) -> Found | None:
    if slip.where != "SelectClause":
        return None
    if slip.kind == ",":
        return slip.here("no comma stands in SELECT; variables are separated by spaces")
    if slip.kind == "*":
        return slip.here("* stands alone in SELECT, in place of variables")
    if slip.kind == "-" and slip.adjacent:
        return slip.here("the name of a variable has letters, digits and _ only")
    if slip.kind in AGGREGATES | FUNCTION_KINDS and "(" in slip.expected:
        return slip.here(
            f"an expression in SELECT stands in parentheses with a name: ({slip.word}(...) AS ?name)"
        )
    if slip.kind == "AS":
        return slip.here("what AS names stands in parentheses: (... AS ?name)")
    if slip.kind == "WORD" and "VAR" in slip.expected:
        return _near(slip) or slip.here(
            f"'{slip.word}' is no variable; variables begin with ?, as in ?{slip.word}"
        )
    if (
        slip.kind in ("FROM", "WHERE", "{")
        and "VAR" in slip.expected
        and slip.before in ("SELECT", "DISTINCT", "REDUCED")
    ):
        return slip.here("SELECT needs variables, or * for all of them")
    return None


def _missing_as(slip: Slip) -> Found | None:
    if slip.before == "AS" and slip.only("VAR"):
        return slip.here("a variable must stand behind AS")
    holder = next((kind for kind in slip.inside if kind in ("Bind", "SelectClause")), "")
    if "AS" not in slip.expected or not holder:
        return None
    if slip.kind == "VAR":
        return slip.here(f"AS is missing before '{slip.word}'")
    if slip.kind not in (")", ","):
        return None
    if holder == "Bind":
        return slip.here("BIND needs a name: BIND(... AS ?name)")
    if slip.kind == ")" and re.search(r"\(\s*\?\w+\s*$", slip.text[: slip.at]):
        return slip.here(
            "a variable alone stands in SELECT without parentheses, or with a name: (... AS ?name)"
        )
    return slip.here("an expression in SELECT needs a name: (... AS ?name)")


def _functions(slip: Slip) -> Found | None:
    if slip.where == "Aggregate" and slip.kind == "," and slip.before != "(":
        if slip.open[0].source[slip.open[0].start :][:5].upper() == "GROUP":
            return slip.here('the separator of GROUP_CONCAT is written ; SEPARATOR=", "')
        return slip.here("an aggregate takes one expression")
    if slip.only("(") and slip.before in AGGREGATES | FUNCTION_KINDS:
        return slip.here(f"{slip.before_word} needs its argument in parentheses")
    if slip.only("(", "NIL") and slip.before in ("IN", "CONCAT", "COALESCE"):
        return slip.here(f"{slip.before_word} needs its list in parentheses")
    if slip.only("(") and slip.before in ("ASC", "DESC"):
        return _direction(slip)
    if slip.kind == "WORD" and "UNARY" in slip.expected and slip.follows(r"\w+\s*\("):
        upper = slip.word.upper()
        names = [name for kind in FUNCTIONS.values() for name in kind.split()]
        near = _FUNCTIONS.get(upper) or next(
            iter(get_close_matches(upper, [*names, *AGGREGATES], 1, 0.7)), None
        )
        hint = f"; {near} may be meant" if near else ""
        return slip.here(f"there is no function {slip.word}{hint}")
    return _arguments(slip)


def _direction(slip: Slip) -> Found:
    sorted_by = re.search(r"([?$]\w+)\s*$", slip.text[: slip.before_at])
    if slip.kind != "VAR" and sorted_by:
        way = f"{slip.before_word}({clipped(sorted_by[1])})"
        return slip.before_at, f"{slip.before_word} stands before what is sorted by: {way}"
    return slip.here(f"{slip.before_word} needs parentheses: {slip.before_word}({slip.word or '?x'})")


def _arguments(slip: Slip) -> Found | None:
    """Functions and their arguments within an expression."""
    if not slip.in_expression:
        return None
    if slip.kind in FUNCTION_KINDS and not slip.only(")"):
        name = slip.word.upper()
        return slip.here(f"{name} is a function; it is written {name}(?x, ...)")
    if "," in slip.expected and slip.kind in TERMS:
        return slip.here(f"a comma is missing before '{slip.word}'")
    return None


def _clauses(slip: Slip) -> Found | None:
    braces = {"OPTIONAL", "MINUS", "UNION", "EXISTS", "LATERAL", "WHERE"}
    if slip.only("{") and slip.before in braces:
        return slip.here(f"what belongs to {slip.before_word} stands in braces")
    if slip.where == "Filter" and slip.before == "FILTER":
        return slip.here("the condition of FILTER stands in parentheses: FILTER(...)")
    if slip.where == "HavingClause" and slip.before == "HAVING":
        return slip.here("the condition of HAVING stands in parentheses: HAVING(...)")
    if slip.where == "Bind" and slip.before == "BIND":
        return slip.here("BIND needs parentheses: BIND(... AS ?name)")
    if slip.before == "GRAPH" and slip.kind == "{":
        return slip.here("GRAPH needs the graph before the braces: GRAPH <...> { ... } or GRAPH ?g { ... }")
    if slip.kind == "UNION":
        return slip.here("both sides of UNION stand in braces: { ... } UNION { ... }")
    if slip.before == "CONSTRUCT" and slip.kind in TERMS:
        return slip.here("CONSTRUCT needs its triples in braces: CONSTRUCT { ... } WHERE { ... }")
    if slip.needs_pattern and "{" in slip.expected and slip.kind in TERMS:
        return slip.here("the pattern of WHERE stands in braces: WHERE { ... }")
    if slip.needs_pattern and slip.kind == "the end":
        return slip.here("the text ends before the pattern: WHERE { ... }")
    if slip.needs_pattern and slip.kind in MODIFIERS:
        return slip.here(f"{slip.word} stands behind the pattern: WHERE {{ ... }} {slip.word} ...")
    return None


def _group(slip: Slip) -> Found | None:
    """What stands in a group and needs something around it."""
    if slip.kind == "SELECT" and "}" in slip.expected:
        return slip.here("a subquery stands in braces of its own: { SELECT ... }")
    if "SubSelect" in slip.inside[:3] and "}" in slip.expected and slip.kind in (".", *TERMS):
        return slip.here("a subquery stands in braces of its own: { { SELECT ... } ... }")
    if slip.kind == "WHERE":
        return slip.here("WHERE stands once, before the pattern; a condition stands in FILTER(...)")
    if not slip.in_group:
        return None
    if slip.kind in ("NOT", "EXISTS"):
        return slip.here(f"FILTER is missing before {slip.word}")
    if slip.kind in FUNCTION_KINDS | AGGREGATES:
        return slip.here(f"{slip.word} stands in FILTER(...) or in BIND(... AS ?name)")
    if slip.kind == "." and slip.before == ".":
        return slip.here("a full stop too many")
    return None


def _modifiers(slip: Slip) -> Found | None:
    if slip.before in ("LIMIT", "OFFSET") and slip.only("INTEGER"):
        return slip.here(f"{slip.before_word} needs a whole number")
    if slip.kind in (",", "INTEGER") and slip.before == "INTEGER" and "OFFSET" in slip.expected:
        return slip.here("LIMIT takes one number; the rows to skip stand in OFFSET")
    if slip.before in ("ORDER", "GROUP") and slip.only("BY"):
        return slip.here(f"BY is missing behind {slip.before}")
    if slip.kind == "," and slip.where in ("GroupClause", "OrderClause"):
        return slip.here("no commas stand here; write spaces")
    if slip.kind in MODIFIERS and "GroupGraphPattern" in slip.inside and "}" in slip.expected:
        return slip.here(f"{slip.word} stands behind the closing brace of WHERE")
    if slip.kind in MODIFIERS and "the end" in slip.expected:
        return slip.here(
            f"{slip.word} stands too late; the order is GROUP BY, HAVING, ORDER BY, LIMIT, OFFSET"
        )
    if slip.kind == ";" and "the end" in slip.expected:
        return slip.here("no semicolon stands at the end of a query")
    return None


def _values(slip: Slip) -> Found | None:
    if not {"InlineData", "DataBlock", "ValuesClause"} & set(slip.inside[:2]):
        return None
    if slip.kind == ",":
        return slip.here("no commas stand here; write spaces")
    if slip.before == "VALUES":
        return slip.here("VALUES needs a variable before its values: VALUES ?x { ... }")
    if slip.only("{"):
        return slip.here("the values of VALUES stand in braces: VALUES ?x { ... }")
    if slip.only("(", "NIL", "}") and slip.kind in TERMS:
        return slip.here("each row of several variables stands in parentheses: VALUES (?x ?y) { (1 2) }")
    return None


def _brackets(slip: Slip) -> Found | None:
    if slip.kind == "}" and "the end" in slip.expected:
        return slip.here("a closing brace too many, or an opening one is missing before it")
    if slip.kind == ")" and ")" not in slip.expected and not _is_open(slip, "(", ")"):
        return slip.here("a closing parenthesis too many, or an opening one is missing before it")
    if ")" in slip.expected and slip.kind in ("{", "}", "the end", *MODIFIERS, "FILTER", "BIND", "OPTIONAL"):
        return slip.before_end, "a closing parenthesis is missing"
    if ")" in slip.expected and slip.kind in TERMS and not {".", ","} & slip.expected:
        return slip.before_end, "a closing parenthesis is missing"
    if slip.kind == "the end" and "}" in slip.expected:
        opened = next((n for n in slip.open if slip.text[n.start : n.start + 1] == "{"), None)
        line = slip.text.count("\n", 0, opened.start) + 1 if opened else 0
        which = f": the one opened in line {line} is not closed" if opened else ""
        return slip.here(f"a closing brace is missing{which}")
    if slip.kind == "the end" and "]" in slip.expected:
        return slip.here("a closing square bracket is missing")
    return None


def _is_open(slip: Slip, opening: str, closing: str) -> bool:
    """Whether a bracket is open where it stands."""
    kinds = [child.kind for node in slip.open for child in node.children]
    return kinds.count(opening) > kinds.count(closing)


def _triples(slip: Slip) -> Found | None:
    if not (slip.in_triples or slip.where in ("TriplesBlock", "TriplesTemplate", "ConstructTemplate")):
        return None
    parts = slip.open[0].children
    if slip.kind in _COMPARISONS:
        return slip.here("a triple has no signs; compare in FILTER(...), and give a value by BIND(... AS ?x)")
    if slip.kind == "WORD" and slip.before == "PNAME_NS" and not slip.adjacent:
        return slip.before_at, f"no space stands behind the colon: {slip.before_word}{slip.word}"
    again = _subject_again(slip, parts)
    if again is not None:
        return again
    path = _no_path(slip)
    if path is not None:
        return path
    if slip.before == "," and slip.kind in (".", ";", ",", "}", "]"):
        return slip.before_at, "a comma too many, or what it adds is missing behind it"
    if slip.kind in LITERALS and "a" in slip.expected:
        return slip.here("a predicate is an IRI or a variable; it stands in no quotes")
    if slip.in_triples and not slip.expected & {".", "}", "]"} and slip.kind not in TERMS | {"no token"}:
        ends = "the text ends" if slip.kind == "the end" else f"'{slip.word}' comes"
        return slip.here(f"{ends} before the triple is complete: subject, predicate and object")
    if slip.kind == "WORD":
        return _bare_name(slip)
    if slip.kind in TERMS and {".", ";"} & slip.expected and parts:
        return slip.before_end, f"a full stop is missing before '{slip.word}', where another triple begins"
    return None


def _subject_again(slip: Slip, parts: Sequence[Node]) -> Found | None:
    """``?s ?p ?o ; ?s ?q ?r``, where the subject is taken for a predicate."""
    if not slip.in_triples or len(parts) < 3:
        return None
    kinds = [part.kind for part in parts]
    last = len(kinds) - 1 - kinds[::-1].index(";") if ";" in kinds else len(kinds)
    verb = parts[last + 1] if last + 1 < len(parts) else None
    if verb is None or len(parts) - last > 3 or verb.text != parts[0].text:
        return None
    shown = clipped(verb.text)
    return verb.start, f"a semicolon goes on with the same subject: leave {shown} out, or write a full stop"


def _no_path(slip: Slip) -> Found | None:
    """Paths where there can be none, and of other languages."""
    if "ConstructTemplate" in slip.inside and slip.kind in ("/", "|", "^", "*", "+", "?", "!"):
        return slip.here("CONSTRUCT builds single triples; a path stands in WHERE only")
    if slip.kind in ("*", "+", "/", "|", "^") and slip.before == "VAR" and slip.adjacent:
        return slip.here("no variable stands in a path; it is made of IRIs")
    if slip.kind == "{" and slip.follows(r"\{\d*,?\d*\}"):
        return slip.here("a path repeats by *, + or ?; numbers of steps are written out: p/p")
    return None


def _bare_name(slip: Slip) -> Found:
    """A word where a term should be."""
    word = slip.word
    if slip.follows(r"\w+\s+:\w"):
        return slip.here(f"no space stands before the colon of '{word}:'")
    if slip.follows(r"\w+\.\w") and "a" in slip.expected:
        return slip.here(f"a prefix ends in a colon: {word}:...")
    if word in _IS_A and "a" in slip.expected:
        return slip.here(f"'{word}' is no predicate; that something is of a class is written ?x a meso:Study")
    return slip.here(f"'{word}' is neither a variable (?{word}) nor a name with a prefix (meso:{word})")


def _near(slip: Slip) -> Found | None:
    """A keyword that is misspelt."""
    if slip.kind != "WORD":
        return None
    keywords = sorted(
        kind for kind in slip.expected if kind.isupper() and kind.isalpha() and kind not in FUNCTIONS
    )
    near = get_close_matches(slip.word.upper(), keywords, 1, 0.7)
    return slip.here(f"'{slip.word}' is not known; {near[0]} may be meant") if near else None


def _word(slip: Slip) -> Found | None:
    if slip.kind != "WORD" or "VAR" not in slip.expected:
        return None
    if "UNARY" in slip.expected:
        return slip.here(f"'{slip.word}' is neither a variable (?{slip.word}) nor a string (\"{slip.word}\")")
    return _bare_name(slip)


_RULES: tuple[Callable[[Slip], Found | None], ...] = (
    *(foreign.sign, foreign.character, foreign.start, _prologue, foreign.word),
    *(_select, _missing_as, _functions, _clauses, _group, _modifiers, _values),
    *(_near, _brackets, _triples, _word),
)
