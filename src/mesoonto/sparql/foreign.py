"""Characters, signs and words of other languages in SPARQL, and what it has in their place."""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches

from mesoonto.sparql.slip import FORMS, Found, Slip

_UPDATES = frozenset(("INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"))

#: Words of other languages, and what SPARQL has in their place.
_WORDS = {
    "LIKE": 'SPARQL has no LIKE; use CONTAINS(STR(?x), "text") or REGEX(STR(?x), "pattern")',
    "ILIKE": 'SPARQL has no ILIKE; use REGEX(STR(?x), "pattern", "i")',
    "MATCHES": 'SPARQL has no MATCHES; use REGEX(STR(?x), "pattern")',
    "BETWEEN": "SPARQL has no BETWEEN; write ?x >= 1 && ?x <= 9",
    "NULL": "SPARQL has no NULL; whether a variable is unbound is !BOUND(?x), and VALUES has UNDEF",
    "JOIN": "SPARQL has no JOIN; patterns in one group are joined by the variables that they share",
    "INNER": "SPARQL has no JOIN; patterns in one group are joined by the variables that they share",
    "LEFT": "SPARQL has no LEFT JOIN; write OPTIONAL { ... }",
    "TOP": "SPARQL has no TOP; write LIMIT at the end of the query",
    "FETCH": "SPARQL has no FETCH; write LIMIT at the end of the query",
    "SORT": "SPARQL has no SORT; write ORDER BY",
    "MATCH": "this is Cypher; a SPARQL query reads SELECT ?x WHERE { ?x a meso:Study }",
    "RETURN": "this is Cypher; in SPARQL the variables stand behind SELECT at the start",
    "CASE": "SPARQL has no CASE; write IF(condition, value, other value)",
    "LET": "SPARQL has no LET; write BIND(value AS ?name)",
    "UPDATE": "SPARQL has no UPDATE; write DELETE { ... } INSERT { ... } WHERE { ... }",
    "TABLE": "SPARQL has no tables; data are triples in graphs",
    "EXCEPT": "SPARQL has no EXCEPT; write MINUS { ... } or FILTER NOT EXISTS { ... }",
    "INTERSECT": "SPARQL has no INTERSECT; patterns in one group are joined",
}

_QUOTES = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u00ab\u00bb\u2033\u2032"
_LOOKALIKES = {
    "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2010": "-", "\u2011": "-", "\u2260": "!=",
    "\u2264": "<=", "\u2265": ">=", "\u00d7": "*", "\u00f7": "/", "\u2192": "/", "\u2026": "...",
    "\u00ac": "!", "\u2227": "&&", "\u2228": "||",
}  # fmt: skip

#: Signs that are written otherwise.
_SIGNS = {
    "===": "=", "!==": "!=", "==": "=", "<>": "!=", "=>": ">=", "=<": "<=",
}  # fmt: skip


def character(slip: Slip) -> Found | None:
    """What is no token at all."""
    if slip.kind != "no token":
        return None
    sign = slip.word
    if sign in _QUOTES:
        return slip.here(f"{sign} is a typographic quote; strings stand in \" or '")
    if sign in _LOOKALIKES:
        return slip.here(f"'{sign}' is not known; write {_LOOKALIKES[sign]}")
    if sign in "\"'":
        return _open_string(slip)
    if sign == "&":
        if slip.follows(r"&(?:lt|gt|amp|quot|nbsp|#\w+);"):
            return slip.here("the text holds HTML entities such as &lt;; write the characters themselves")
        return slip.here("'&' is written && in SPARQL")
    if sign == "\\":
        return slip.here("a backslash stands in strings, in IRIs and in local names only")
    if sign == "`":
        if slip.follows("```"):
            return slip.here("``` is Markdown; the query is what stands between such lines")
        return slip.here("backticks quote nothing in SPARQL; strings stand in \" or '")
    if sign == "$":
        return slip.here("a variable needs a name directly behind $")
    if slip.follows(r"%[0-9A-F]{2}"):
        return slip.here("the text is percent-encoded, as in an address; decode it (%20 is a space)")
    return slip.here(_unknown(sign))


def _unknown(sign: str) -> str:
    name = unicodedata.name(sign, "").lower()
    code = f"U+{ord(sign):04X}"
    if unicodedata.category(sign) == "Zs":
        return f"a {name} ({code}) stands here; write an ordinary space"
    folded = unicodedata.normalize("NFKC", sign)
    if folded != sign and len(folded) == 1 and folded.isascii() and folded.isprintable():
        return f"'{sign}' is not known; write {folded}"
    if not sign.isprintable():
        return f"a character that cannot be seen ({code}{f', {name}' if name else ''}) stands here; delete it"
    return f"'{sign}' means nothing here"


def _open_string(slip: Slip) -> Found:
    line = re.split(r"[\r\n]", slip.text[slip.at :], maxsplit=1)[0]
    if "\\" in line and re.match(r"(['\"])(?:[^\\]|\\.)*?\1", line):
        return slip.here(
            "the string that begins here has a backslash that is no escape; write \\\\ for a backslash"
        )
    return slip.here(f"the string that begins here is not closed by {slip.word} on its line")


def sign(slip: Slip) -> Found | None:
    """Signs of other languages, and halves of tokens."""
    for wrong, right in _SIGNS.items():
        if slip.text.startswith(wrong, slip.before_at) and slip.before_at + len(wrong) > slip.at:
            return slip.before_at, f"'{wrong}' is written {right} in SPARQL"
    address = re.search(r"https?:/{0,2}$", slip.text[max(0, slip.at - 8) : slip.at])
    if slip.kind in ("/", "WORD", "PNAME_LN") and address:
        return slip.text.rindex("http", 0, slip.at), "an IRI stands in angle brackets: <http://...>"
    if slip.kind in ("/", "-", "*") and slip.follows(r"//|/\*|--\s"):
        return slip.here("comments begin with # in SPARQL")
    if slip.kind in ("-", "<") and slip.follows(r"-\[|<-\["):
        return slip.here("this is Cypher; in SPARQL an arrow is a triple: ?a meso:property ?b")
    if slip.kind == "~" and slip.before == "=":
        return slip.before_at, 'SPARQL has no =~; write REGEX(STR(?x), "pattern")'
    if slip.kind == "^" and slip.before == "STRING":
        return slip.here("the datatype of a literal stands behind ^^")
    if slip.before == "^^":
        return slip.here("the datatype behind ^^ is an IRI, as in ^^xsd:date")
    if slip.kind == "|" and "||" in slip.expected:
        return slip.here("'|' is written || in an expression")
    if slip.kind == ">" and slip.before == "-" and slip.adjacent:
        return slip.before_at, "a variable has no fields; write a triple: ?x meso:property ?value"
    if slip.in_expression and slip.before == "VAR" and slip.adjacent and slip.follows(r"\.[A-Za-z]"):
        return slip.here("a variable has no fields; write a triple: ?x meso:property ?value")
    if slip.kind == "SIGNED" and slip.adjacent and re.match(r"\d{4}-\d\d-\d\d", slip.text[slip.before_at :]):
        return slip.before_at, 'a date stands in quotes with its datatype: "2021-01-31"^^xsd:date'
    return _half(slip)


def _half(slip: Slip) -> Found | None:
    """IRIs, variables and strings of which a part is missing."""
    if slip.kind == "<" and "IRIREF" in slip.expected:
        return slip.here("the IRI that begins here is not closed by >, or holds a space or a quote")
    if slip.kind == "?" and "VAR" in slip.expected:
        return slip.here("a variable needs a name directly behind ?")
    if slip.kind == "LANGTAG" and slip.before == "VAR":
        variable = slip.before_word
        return slip.here(f'a language stands behind a string only; write FILTER(LANG({variable}) = "en")')
    if slip.before != "STRING" or not slip.adjacent:
        return None
    quotes = slip.before_word
    if quotes in ("''", '""') and slip.word.startswith(quotes[0]):
        return slip.before_at, "the long string that begins here is not closed by three quotes"
    if slip.kind in ("WORD", "a", "PNAME_LN", "STRING"):
        quote = quotes[0]
        return slip.here(f"the string ends before '{slip.word}'; a {quote} within it is written \\{quote}")
    return None


def word(slip: Slip) -> Found | None:
    """Words of SQL, Cypher and others."""
    upper = slip.word.upper()
    if slip.kind in ("WORD", "a"):
        if upper in ("AND", "OR") and not slip.in_expression:
            if not slip.in_group:
                return None
            return slip.here(
                "patterns follow each other without AND; a condition stands in FILTER(...)"
                if upper == "AND"
                else "alternatives are written { ... } UNION { ... }, and in FILTER ||"
            )
        if upper in ("AND", "OR"):
            return slip.here(f"'{upper}' is written {'&&' if upper == 'AND' else '||'} in SPARQL")
        if upper == "IS" and slip.in_expression:
            state = "bound is BOUND(?x)" if slip.follows(r"IS\s+NOT\s+NULL") else "unbound is !BOUND(?x)"
            return slip.here(f"SPARQL has no IS; whether a variable is {state}")
        if upper in _WORDS:
            return slip.here(_WORDS[upper])
    if slip.before == "WORD":
        return None
    if slip.before == "INSERT" and slip.kind == "INTO":
        return slip.here("SPARQL has no INSERT INTO; write INSERT DATA { GRAPH <...> { ... } }")
    if slip.before == "DELETE" and slip.kind == "FROM":
        return slip.here("SPARQL has no DELETE FROM; write DELETE WHERE { ... }")
    if slip.before == "NOT" and slip.only("EXISTS", "IN"):
        return slip.before_at, "NOT stands before EXISTS and IN only; elsewhere it is written !"
    if slip.before == "CREATE" and slip.kind in ("WORD", "("):
        return slip.here("CREATE makes a graph: CREATE GRAPH <...>")
    if slip.before in ("FROM", "NAMED") and slip.kind == "WORD":
        return slip.here("FROM names a graph by its IRI; most queries need no FROM")
    return None


def start(slip: Slip) -> Found | None:
    """Texts of another kind altogether."""
    if slip.inside[-2:-1] not in ([], ["Prologue"]):
        return None
    if slip.kind == "WITH" and slip.follows(r"WITH\s+\w+\s+AS\b"):
        return slip.here("SPARQL has no WITH ... AS; a subquery stands in braces: { SELECT ... }")
    if slip.kind in _UPDATES and "SELECT" in slip.expected:
        return slip.here(f"'{slip.word}' begins an update; a query begins with {FORMS}")
    if slip.kind in ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE") and "INSERT" in slip.expected:
        return slip.here(f"'{slip.word}' begins a query; an update begins with INSERT, DELETE or the like")
    if slip.word.lower() in ("@prefix", "@base"):
        right = slip.word[1:].upper()
        return slip.here(f"'{slip.word}' is Turtle; in SPARQL it is {right}, without @ and full stop")
    if slip.kind in (".", ";") and slip.before == "IRIREF":
        sign = "full stop" if slip.kind == "." else "semicolon"
        return slip.here(f"no {sign} stands after PREFIX or BASE")
    if "SELECT" not in slip.expected:
        return None
    if slip.kind == "the end":
        return slip.here(f"the text ends before the query begins; it begins with {FORMS}")
    if slip.kind == "{":
        return slip.here(f"{FORMS} is missing before the opening brace, as in SELECT * {{ ... }}")
    if slip.kind != "WORD" or slip.word.upper() in _WORDS:
        return None
    if slip.follows("query="):
        return slip.here("query= belongs to the address of a request; the query is what stands behind it")
    if slip.follows(r"(?:query|mutation|subscription)\b\s*\w*\s*(?:\([^)]*\)\s*)?\{"):
        return slip.here(f"this looks like GraphQL; a SPARQL query begins with {FORMS}")
    near = get_close_matches(slip.word.upper(), sorted(k for k in slip.expected if k.isalpha()), 1, 0.7)
    if near:
        return slip.here(f"'{slip.word}' is not known; {near[0]} may be meant")
    return slip.here(f"'{slip.word}' begins no query; a query begins with {FORMS}")
