"""What people get wrong often, and what they are told.

Places and messages were recorded from the code and read one by one; they show what changes, and are no proof
from outside. What is proved is that the engine refuses each text.
"""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from mesoonto.namespaces import PREFIXES
from mesoonto.sparql.messages import explained

_SLIPS = [
    (
        "SELECT * { ?s ?p ?o ?x ?y ?z }",
        "1:20",
        "a full stop is missing before '?x', where another triple begins",
    ),
    ("SELECT * { ?s ?p ?o", "1:20", "a closing brace is missing: the one opened in line 1 is not closed"),
    ("SELECT * { ?s ?p ?o }}", "1:22", "a closing brace too many, or an opening one is missing before it"),
    (
        "SELECT ?x COUNT(?x) {}",
        "1:11",
        "an expression in SELECT stands in parentheses with a name: (COUNT(...) AS ?name)",
    ),
    ("SELECT (COUNT(?x)) {}", "1:18", "an expression in SELECT needs a name: (... AS ?name)"),
    ('SELECT ?x { ?x a "abc }', "1:18", 'the string that begins here is not closed by " on its line'),
    (
        "SELECT ?x { ?x foo:bar ?y }",
        "1:16",
        "prefix not declared: 'foo:' (obo: is); write PREFIX foo: <...> at the start",
    ),
    ("SELECT ?x { ?x a meso: Study }", "1:18", "no space stands behind the colon: meso:Study"),
    ("SELECT ?x { ?x a ?y FILTER(?x == ?y) }", "1:31", "'==' is written = in SPARQL"),
    ("SELECT ?x, ?y { ?x a ?y }", "1:10", "variables in SELECT are separated by spaces"),
    (
        "SELECT name FROM studies WHERE x = 1",
        "1:8",
        "'name' is no variable; variables begin with ?, as in ?name",
    ),
    ("SELECT ?x { ?x a “abc” }", "1:18", "“ is a typographic quote; strings stand in \" or '"),
    ("MATCH (n) RETURN n", "1:1", "this is Cypher; a SPARQL query reads SELECT ?x WHERE { ?x a meso:Study }"),
    (
        "which studies are there?",
        "1:1",
        "'which' begins no query; a query begins with SELECT, ASK, CONSTRUCT or DESCRIBE",
    ),
    ("SELECT ?x { ?x a ?y } ORDER BY DESC ?x", "1:37", "DESC needs parentheses: DESC(?x)"),
    ("SELECT ?x { ?x a ?y } LIMIT", "1:28", "LIMIT needs a whole number"),
    (
        "SELECT ?x { ?x a ?y FILTER ?x > 3 }",
        "1:28",
        "the condition of FILTER stands in parentheses: FILTER(...)",
    ),
    ("SELECT ?x { ?x a ?y . FILTER(?x > 3 AND ?y < 2) }", "1:37", "'AND' is written && in SPARQL"),
    ("SELECT ?x { ?x a ?y LIMIT 10 }", "1:21", "LIMIT stands behind the closing brace of WHERE"),
    (
        "SELECT ?x { ?x a ?y } LIMIT 10 ORDER BY ?x",
        "1:32",
        "ORDER stands too late; the order is GROUP BY, HAVING, ORDER BY, LIMIT, OFFSET",
    ),
    ("SELCT ?x { ?x a ?y }", "1:1", "'SELCT' is not known; SELECT may be meant"),
    ("SELECT ?x { ?x a http://a/b }", "1:18", "an IRI stands in angle brackets: <http://...>"),
    ("PREFIX meso <http://a> SELECT * {}", "1:8", "a prefix needs a colon: PREFIX ex: <http://...>"),
    (
        "@prefix a: <b:> . SELECT * {}",
        "1:1",
        "'@prefix' is Turtle; in SPARQL it is PREFIX, without @ and full stop",
    ),
    (
        "SELECT ?x { ?x a ?y FILTER(LENGTH(?x) > 3) }",
        "1:28",
        "there is no function LENGTH; STRLEN may be meant",
    ),
    (
        "SELECT ?x { ?x a ?y FILTER(?x LIKE 'a') }",
        "1:31",
        'SPARQL has no LIKE; use CONTAINS(STR(?x), "text") or REGEX(STR(?x), "pattern")',
    ),
    ("SELECT ?x { ?x a ?y BIND(1) }", "1:27", "BIND needs a name: BIND(... AS ?name)"),
    ("SELECT ?x WHERE ?x a ?y", "1:17", "what belongs to WHERE stands in braces"),
    (
        "SELECT ?x { ?x a . }",
        "1:18",
        "'.' comes before the triple is complete: subject, predicate and object",
    ),
    ("SELECT ?x { OPTIONAL ?x a ?y }", "1:22", "what belongs to OPTIONAL stands in braces"),
    ("SELECT ?x { {?x a ?y} UNION ?x a ?z }", "1:29", "what belongs to UNION stands in braces"),
    ("SELECT ?x { ?x a ?y FILTER(STR(?x = 'a') }", "1:41", "a closing parenthesis is missing"),
    ("SELECT ?x { ?x a ?y };", "1:22", "no semicolon stands at the end of a query"),
    ("SELECT TOP 10 ?x { ?x a ?y }", "1:8", "SPARQL has no TOP; write LIMIT at the end of the query"),
    (
        "SELECT ?x { ?x a <http://a/b c> }",
        "1:18",
        "the IRI that begins here is not closed by >, or holds a space or a quote",
    ),
    (
        "INSERT DATA { <a:a> <a:b> 1 }",
        "1:1",
        "'INSERT' begins an update; a query begins with SELECT, ASK, CONSTRUCT or DESCRIBE",
    ),
    ("SELECT ?x { ?x a ?y FILTER(?x <> ?y) }", "1:31", "'<>' is written != in SPARQL"),
    ("SELECT ?x { ?x a ?y } GROUP ?x", "1:29", "BY is missing behind GROUP"),
    ("SELECT ?x { ?x a ?y } GROUP BY ?x, ?y", "1:34", "no commas stand here; write spaces"),
    ("SELECT ?x { ?x a ?y BIND(1 AS ?y) }", "1:21", "?y is bound before; BIND needs a new variable"),
    (
        "SELECT * { VALUES (?a ?b) { (1) } }",
        "1:19",
        "a row of VALUES has 1 values for 2 variables; UNDEF stands for none",
    ),
    ("SELECT ?x { ?x is ?y }", "1:16", "'is' is neither a variable (?is) nor a name with a prefix (meso:is)"),
    (
        "SELECT (GROUP_CONCAT(?x, ',') AS ?y) {}",
        "1:24",
        'the separator of GROUP_CONCAT is written ; SEPARATOR=", "',
    ),
    ("SELECT ?x { ?x a 'it's' }", "1:22", "'s' is neither a variable (?s) nor a name with a prefix (meso:s)"),
    (
        "SELECT ?x { ?x a ?y FILTER(NOT BOUND(?y)) }",
        "1:28",
        "NOT stands before EXISTS and IN only; elsewhere it is written !",
    ),
    ("SELECT ?x { ?x a ?y FILTER(?x = 1 & ?y = 2) }", "1:35", "'&' is written && in SPARQL"),
    (
        "SELECT ?x { ?x a ?y } LIMIT 10, 20",
        "1:31",
        "LIMIT takes one number; the rows to skip stand in OFFSET",
    ),
    (
        "CONSTRUCT ?x a ?y { ?x a ?y }",
        "1:11",
        "CONSTRUCT needs its triples in braces: CONSTRUCT { ... } WHERE { ... }",
    ),
    ("SELECT ?x { ? a ?y }", "1:13", "a variable needs a name directly behind ?"),
    ("", "1:1", "the text ends before the query begins; it begins with SELECT, ASK, CONSTRUCT or DESCRIBE"),
    ("SELECT FROM <a:b> {}", "1:8", "SELECT needs variables, or * for all of them"),
    ("SELECT (?x + 1 as y) {}", "1:19", "'y' is no variable; variables begin with ?, as in ?y"),
    ("SELECT ?x { ?x a ?y FILTER(COUNT ?x > 1) }", "1:34", "COUNT needs its argument in parentheses"),
    (
        "SELECT ?x { ?x a <rel> }",
        "1:18",
        "<rel> is a relative IRI, and there is no BASE; give the whole IRI, or a prefix",
    ),
    ("SELECT ?x { ?x a '''abc }", "1:18", "the long string that begins here is not closed by three quotes"),
    (
        "PREFIX meso: http://a/ SELECT * {}",
        "1:14",
        "the IRI of a prefix stands in angle brackets: <http://...>",
    ),
]


@pytest.mark.parametrize(("query", "place", "message"), _SLIPS, ids=[slip[0] for slip in _SLIPS])
def test_slip_is_explained(query: str, place: str, message: str) -> None:
    with pytest.raises(SyntaxError):  # the engine takes none of them
        ox.Store().query(query, prefixes=PREFIXES)
    assert str(explained(query)) == f"query:{place}: {message}"


def test_line_is_shown_with_a_mark_under_the_place() -> None:
    error = explained("SELECT ?x\n{ ?x a ?y\n\tFILTER ?x > 3 }")
    assert error.excerpt == "\tFILTER ?x > 3 }\n\t       ^"


def test_long_line_is_cut_around_the_place() -> None:
    error = explained("SELECT * { " + "?s ?p ?o . " * 1000 + "FILTER ?s }")
    line, mark = error.excerpt.split("\n")
    assert len(line) <= 100
    assert line[mark.index("^") :].startswith("?s }")
