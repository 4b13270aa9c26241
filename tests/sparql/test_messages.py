"""What people get wrong often, and where and in which words they are told.

What is expected comes from whoever plants the slip, and not from the code: ``|>`` marks the place at which a
person would point, and the words beside it must be in the message. The engine takes the text without the slip
where that is given, and refuses the one with it.
"""

from __future__ import annotations

import re

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoonto.dataset.store import syntax_error
from mesoonto.knowledge import questions
from mesoonto.namespaces import PREFIXES
from mesoonto.sparql.messages import explained

MARK = "|>"

#: Slips in a group: what is right, what is written, and words of the message.
_IN_GROUP = [
    ("?a ?b ?c . ?d ?e ?f .", "?a ?b ?c|> ?d ?e ?f .", ("full stop", "'?d'")),
    ("FILTER(?a = ?b)", "FILTER(?a |>== ?b)", ("'=='", "written =")),
    ("FILTER(?a != ?b)", "FILTER(?a |><> ?b)", ("'<>'", "!=")),
    ("FILTER(?a <= ?b)", "FILTER(?a |>=< ?b)", ("'=<'", "<=")),
    ("FILTER(?a && ?b)", "FILTER(?a |>AND ?b)", ("'AND'", "&&")),
    ("FILTER(?a || ?b)", "FILTER(?a |>or ?b)", ("'OR'", "||")),
    ("FILTER(?a && ?b)", "FILTER(?a |>& ?b)", ("'&'", "&&")),
    ("FILTER(STRLEN(?a) > 3)", "FILTER(|>LENGTH(?a) > 3)", ("LENGTH", "STRLEN")),
    ("FILTER(LCASE(?a) = 'x')", "FILTER(|>LCSE(?a) = 'x')", ("LCSE", "LCASE")),
    ("FILTER(?a > 3)", "FILTER |>?a > 3", ("FILTER(...)",)),
    ("FILTER(CONTAINS(?a, 'x'))", "FILTER(?a |>LIKE 'x')", ("LIKE", "CONTAINS")),
    ("FILTER(!BOUND(?a))", "FILTER(|>NOT BOUND(?a))", ("NOT", "!")),
    ("?a a meso:Study .", "?a a |>mso:Study .", ("'mso:'", "PREFIX mso:")),
    ("?a a meso:Study .", "?a a |>meso: Study .", ("space", "meso:Study")),
    ("?a ?b <http://e/x> .", "?a ?b |>http://e/x .", ("angle brackets",)),
    ("?a ?b <http://e/x> .", "?a ?b |><x> .", ("<x>", "relative IRI", "BASE")),
    ("?a ?b 'text' .", "?a ?b |>'text\n .", ("string", "not closed", "'")),
    ("?a ?b 'text' .", "?a ?b |>\u201ctext\u201d .", ("\u201c", "typographic")),
    ("?name ?b ?c .", "?s ?p ?o . |>name ?b ?c .", ("'name'", "?name")),
    ("?a ?b ?c .", "?a ?b |>.", ("'.'", "triple")),
    ("?a ?b ?c .", "|>? ?b ?c .", ("variable", "?")),
    ("OPTIONAL { ?a ?b ?c }", "OPTIONAL |>?a ?b ?c", ("OPTIONAL", "braces")),
    ("MINUS { ?a ?b ?c }", "MINUS |>?a ?b ?c", ("MINUS", "braces")),
    ("{ ?a ?b 1 } UNION { ?a ?b 2 }", "{ ?a ?b 1 } UNION |>?a ?b 2", ("UNION", "braces")),
    ("BIND(1 AS ?n)", "BIND(1|>)", ("BIND", "AS")),
    ("?a ?b ?c . BIND(1 AS ?n)", "?a ?b ?c . BIND(1 AS |>?c)", ("?c", "BIND", "bound")),
    ("OPTIONAL { ?a ?b ?c } BIND(1 AS ?n)", "OPTIONAL { ?a ?b ?c } BIND(1 AS |>?b)", ("?b", "BIND")),
    ("VALUES ?c { 1 } BIND(1 AS ?n)", "VALUES ?c { 1 } BIND(1 AS |>?c)", ("?c", "BIND")),
    ("{ SELECT ?a { ?a ?b ?c } } BIND(1 AS ?b)", "{ SELECT ?a { ?a ?b ?c } } BIND(1 AS |>?a)", ("?a",)),
    ("FILTER(STR(?a) = 'x')", "FILTER(STR(?a = 'x')|> OPTIONAL { ?d ?e ?f }", ("closing parenthesis",)),
    ("{ SELECT (1 AS ?n) { ?a ?b ?c } }", "{ SELECT (1 AS |>?c) { ?a ?b ?c } }", ("?c", "WHERE", "AS")),
    ("{ SELECT (1 AS ?m) (2 AS ?n) {} }", "{ SELECT (1 AS ?n) (2 AS |>?n) {} }", ("?n", "twice", "AS")),
    ("VALUES (?a ?b) { (1 2) }", "VALUES (?a |>?a) { (1 2) }", ("?a", "twice", "VALUES")),
    ("{ SELECT ?a { ?a ?b ?c } LIMIT 3 }", "{ SELECT ?a { ?a ?b ?c |>LIMIT 3 } }", ("LIMIT", "brace")),
]

#: Slips before the pattern, likewise.
_AT_START = [
    ("SELECT ?s ?p", "SELECT ?s|>, ?p", ("comma", "SELECT")),
    ("SELECT ?s", "|>SELCT ?s", ("'SELCT'", "SELECT")),
    ("SELECT ?s", "SELECT |>s", ("'s'", "?s")),
    ("SELECT (COUNT(?s) AS ?n)", "SELECT (COUNT(?s)|>)", ("AS ?name",)),
    ("SELECT (COUNT(?s) AS ?n)", "SELECT |>COUNT(?s)", ("(COUNT(...) AS ?name)",)),
    ("SELECT (COUNT(?s) AS ?n)", "SELECT (COUNT(?s) AS |>n)", ("'n'", "?n")),
    ("SELECT ?s", "SELECT |>TOP 10 ?s", ("TOP", "LIMIT")),
    ("PREFIX e: <http://e/> ASK", "PREFIX |>e <http://e/> ASK", ("colon", "PREFIX")),
    ("PREFIX e: <http://e/> ASK", "PREFIX e: |>http://e/ ASK", ("angle brackets",)),
]

#: Slips behind the pattern, likewise.
_AT_END = [
    ("LIMIT 10", "LIMIT |>ten", ("LIMIT", "whole number")),
    ("LIMIT 10", "LIMIT 10|>, 20", ("LIMIT", "OFFSET")),
    ("ORDER BY ?s LIMIT 10", "LIMIT 10 |>ORDER BY ?s", ("ORDER", "LIMIT")),
    ("ORDER BY DESC(?s)", "ORDER BY DESC |>?s", ("DESC(?s)",)),
    ("ORDER BY ?s", "ORDER |>?s", ("BY", "ORDER")),
    ("ORDER BY ?s ?p", "ORDER BY ?s|>, ?p", ("commas",)),
    ("", "|>}", ("closing brace", "too many")),
    ("", "|>;", ("semicolon",)),
]

_SPACES = st.sampled_from([" ", " ", "\n", "\t", "\r\n  ", " # a remark: } ) ' \u201c\n"])
_AROUND = st.lists(
    st.sampled_from(
        [
            "?s ?p ?o .",
            "?s a meso:Study ; rdfs:label 'a } string # ; .'@en .",
            "OPTIONAL { ?s ?p ?z } .",
            "FILTER(?o > 1)",
            "VALUES (?v ?w) { (1 UNDEF) (2 3) }",
            "{ ?s ?p 1 } UNION { ?s ?p 2 }",
            'FILTER NOT EXISTS { ?s ?p """{\n(""" }',
        ]
    ),
    max_size=3,
)


def place(text: str, at: int) -> str:
    lines = re.split(r"\r\n|\r|\n", text[:at])
    return f"query:{len(lines)}:{len(lines[-1]) + 1}: "


def check(marked: str, words: tuple[str, ...]) -> None:
    at = marked.index(MARK)
    text = marked.replace(MARK, "")
    with pytest.raises(SyntaxError):
        ox.Store().query(text, prefixes=PREFIXES)
    message = str(explained(text))
    assert message.startswith(place(text, at)), message
    for word in words:
        assert word in message.removeprefix(place(text, at)), message


def accepted(text: str) -> None:
    ox.Store().query(text, prefixes=PREFIXES)


def spaced(text: str, space: str) -> str:
    """*text* with another *space*; strings that were planted have none."""
    return text.replace(" ", space)


@pytest.mark.parametrize(("right", "wrong", "words"), _IN_GROUP, ids=[slip[1] for slip in _IN_GROUP])
@settings(max_examples=8)
@given(before=_AROUND, after=_AROUND, space=_SPACES, between=_SPACES, inside=st.booleans())
def test_slip_in_a_group_is_told_at_its_place(
    right: str,
    wrong: str,
    words: tuple[str, ...],
    before: list[str],
    after: list[str],
    space: str,
    between: str,
    inside: bool,
) -> None:
    head, tail = ("ASK { GRAPH ?g {", "} }") if inside else ("ASK {", "}")
    accepted(between.join([head, *before, spaced(right, space), *after, tail]))
    check(between.join([head, *before, spaced(wrong, space), *after, tail]), words)


@pytest.mark.parametrize(("right", "wrong", "words"), _AT_START, ids=[slip[1] for slip in _AT_START])
@settings(max_examples=8)
@given(around=_AROUND, space=_SPACES, between=_SPACES)
def test_slip_before_the_pattern_is_told_at_its_place(
    right: str, wrong: str, words: tuple[str, ...], around: list[str], space: str, between: str
) -> None:
    accepted(between.join([spaced(right, space), "{", *around, "}"]))
    check(between.join(["# first\n", spaced(wrong, space), "{", *around, "}"]), words)


@pytest.mark.parametrize(("right", "wrong", "words"), _AT_END, ids=[slip[1] for slip in _AT_END])
@settings(max_examples=8)
@given(around=_AROUND, space=_SPACES, between=_SPACES)
def test_slip_behind_the_pattern_is_told_at_its_place(
    right: str, wrong: str, words: tuple[str, ...], around: list[str], space: str, between: str
) -> None:
    accepted(between.join(["SELECT * {", *around, "}", spaced(right, space)]))
    check(between.join(["SELECT * {", *around, "}", spaced(wrong, space)]), words)


@settings(max_examples=60)
@given(
    names=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True),
    rows=st.integers(0, 3),
    short=st.booleans(),
    data=st.data(),
    space=_SPACES,
)
def test_row_of_values_is_told_where_it_is_too_short_or_too_long(
    names: list[str], rows: int, short: bool, data: st.DataObject, space: str
) -> None:
    whole = f"({' '.join('1' for _ in names)})"
    count = data.draw(st.integers(1, len(names) - 1)) if short and len(names) > 1 else len(names) + 1
    cells = ["1"] * min(count, len(names))
    extra = [f"{MARK}2"] if count > len(names) else []
    row = f"({' '.join([*cells, *extra])}{'' if extra else MARK})"
    lines = [whole] * rows
    lines.insert(data.draw(st.integers(0, rows)), row)
    head = f"VALUES ({' '.join(f'?{name}' for name in names)})"
    accepted(spaced(f"SELECT * {{ {head} {{ {whole} }} }}", space))
    words = ("2", "too many") if extra else ("')'", f"{count} value", f"{len(names)} variables", "UNDEF")
    check(spaced(f"SELECT * {{ {head} {{ {' '.join(lines)} }} }}", space), ("VALUES", *words))


#: Whole texts.
_TEXTS = [
    ("SELECT * { ?s ?p ?o|>", ("closing brace", "line 1")),
    ("|>MATCH (n) RETURN n", ("Cypher", "SELECT")),
    ("|>which studies are there?", ("'which'", "SELECT")),
    ("SELECT |>name FROM studies WHERE x = 1", ("'name'", "?name")),
    ("SELECT ?x { ?x a ?y } LIMIT|>", ("LIMIT", "whole number")),
    ("SELECT ?x WHERE |>?x a ?y", ("WHERE", "braces")),
    ("|>@prefix a: <b:> . SELECT * {}", ("Turtle", "PREFIX")),
    ("SELECT ?x { ?x a ?y FILTER(STR(?x = 'a')|> }", ("closing parenthesis",)),
    ("SELECT ?x { ?x a |><http://a/b c> }", ("IRI", "space")),
    ("|>INSERT DATA { <a:a> <a:b> 1 }", ("'INSERT'", "update")),
    ("SELECT ?x { ?x |>is ?y }", ("'is'", "?x a meso:Study")),
    ("SELECT ?x { ?x |>A meso:Study }", ("'A'", "?x a meso:Study")),
    ("SELECT (GROUP_CONCAT(?x|>, ',') AS ?y) {}", ("GROUP_CONCAT", "SEPARATOR")),
    ("SELECT ?x { ?x a 'it'|>s' }", ("'s'", "\\'", "string ends")),
    ("CONSTRUCT |>?x a ?y { ?x a ?y }", ("CONSTRUCT", "braces")),
    ("|>", ("ends", "SELECT")),
    ("SELECT |>FROM <a:b> {}", ("SELECT", "variables", "*")),
    ("SELECT ?x { ?x a ?y FILTER(COUNT |>?x > 1) }", ("COUNT", "parentheses")),
    ("SELECT ?x { ?x a |>'''abc }", ("long string", "three quotes")),
    ("SELECT ?x { ?x a ?y } GROUP BY ?x|>, ?y", ("commas",)),
    ("SELECT * { VALUES (?a) { |>() } }", ("'()'", "0 values", "1 variable", "VALUES")),
    # clauses and their places
    ("SELECT *|>, ?x { ?x a ?y }", ("comma", "SELECT")),
    ("SELECT ?x |>GROUP BY ?x WHERE { ?x a ?y }", ("GROUP", "behind the pattern")),
    ("SELECT ?x |>LIMIT 5", ("LIMIT", "behind the pattern")),
    ("SELECT ?x |>WERE { ?x a ?y }", ("'WERE'", "WHERE")),
    ("SELECT DISTINCT(?x|>) { ?x a ?y }", ("without parentheses", "AS ?name")),
    ("SELECT (COUNT(?x) |>?n) { ?x a ?y }", ("AS", "'?n'")),
    ("SELECT ?x|>-y { ?x a ?y }", ("name of a variable", "_")),
    ("SELECT * { ?x a ?y } ORDER BY ?y |>DESC", ("DESC(?y)", "before")),
    ("SELECT * { ?x a ?y } |>SORT BY ?y", ("SORT", "ORDER BY")),
    ("SELECT * { ?x a ?y } LIMIT 10 |>20", ("LIMIT", "OFFSET")),
    ("SELECT * { ?x a ?y |>WHERE ?y > 3 }", ("WHERE", "FILTER(...)")),
    ("SELECT * { ?x a ?y } |>WHERE ?y > 3", ("WHERE", "FILTER(...)")),
    ("SELECT * { ?x a ?y |>AND ?y > 3 }", ("AND", "FILTER(...)")),
    ("SELECT * { ?x a ?y |>OR ?x a ?z }", ("UNION",)),
    ("SELECT * { ?x a ?y |>NOT EXISTS { ?x a ?z } }", ("FILTER", "NOT")),
    ("SELECT * { ?x a ?y |>IF(?x, 1, 2) }", ("IF", "FILTER(...)", "BIND(... AS ?name)")),
    ("SELECT * { ?x a ?y . |>SELECT ?z { ?z a ?y } }", ("subquery", "braces of its own")),
    ("SELECT * { SELECT ?z { ?z a ?y } |>. ?x a ?z }", ("subquery", "braces of its own")),
    ("SELECT * { GRAPH |>{ ?x a ?y } }", ("GRAPH ?g { ... }",)),
    ("SELECT * { ?x a ?y BIND |>?x AS ?z }", ("BIND(... AS ?name)", "parentheses")),
    ("SELECT * { ?x a ?y BIND(?y|>, ?x) }", ("BIND(... AS ?name)",)),
    ("SELECT * { ?x a ?y BIND(?y + 1 |>?z) }", ("AS", "'?z'")),
    ("SELECT * { VALUES ?x |>(1 2) }", ("VALUES ?x { ... }", "braces")),
    ("SELECT * { VALUES |>{ 1 2 } }", ("VALUES ?x { ... }", "variable")),
    ("SELECT * { VALUES ?x { 1|>, 2 } }", ("commas",)),
    ("SELECT * { VALUES (?x ?y) { |>1 2 } }", ("row", "parentheses")),
    ("SELECT * FROM <a:b>|>", ("ends before the pattern", "WHERE { ... }")),
    ("SELECT |>?s (COUNT(?o) AS ?n) { ?s ?p ?o }", ("?s", "GROUP BY ?s", "aggregate")),
    ("SELECT ?s (STR(|>?o) AS ?n) { ?s ?p ?o } GROUP BY ?s", ("?o", "GROUP BY ?o")),
    ("SELECT * { ?s ?p ?o FILTER(|>MAX(?o) > 1) }", ("MAX", "aggregate", "HAVING")),
    # expressions
    ("SELECT * { ?x a ?y FILTER(?y |>=== 3) }", ("'==='", "written =")),
    ("SELECT * { ?x a ?y FILTER(?y > 3)|>) }", ("closing parenthesis", "too many")),
    ("SELECT * { ?x a ?y FILTER(CONTAINS(?y |>'x')) }", ("comma", "'x'")),
    ("SELECT * { ?x a ?y FILTER(?y |>CONTAINS 'x') }", ("CONTAINS(?x, ...)",)),
    ("SELECT * { ?x a ?y FILTER(?y IN (1 |>2)) }", ("comma", "'2'")),
    ("SELECT * { ?x a ?y FILTER(?y IN |>[1, 2]) }", ("IN", "list in parentheses")),
    ("SELECT * { ?x a ?y FILTER(?y |>IS NULL) }", ("IS", "!BOUND(?x)")),
    ("SELECT * { ?x a ?y FILTER(?y |>IS NOT NULL) }", ("IS", "is bound is BOUND(?x)")),
    ("SELECT * { ?x a ?y FILTER(?y = |>NULL) }", ("NULL", "BOUND")),
    ("SELECT * { ?x a ?y FILTER(?y |>BETWEEN 1 AND 2) }", ("BETWEEN", ">=", "<=")),
    ("SELECT * { ?x a ?y FILTER(?y |>=~ 'x') }", ("=~", "REGEX")),
    ("SELECT * { ?x a ?y FILTER(?y|>.name = 1) }", ("fields", "triple")),
    ("SELECT * { ?x a ?y FILTER(REGEX(?y, |>'\\d')) }", ("backslash", "\\\\")),
    # triples
    ("SELECT * { ?x ?y ?z ; |>?x a ?b }", ("semicolon", "?x", "full stop")),
    ("SELECT * { ?x ?y ?z ; |>?x rdfs:label ?b }", ("semicolon", "?x", "full stop")),
    ("SELECT * { ?x a ?y |>, }", ("comma", "too many")),
    ("SELECT * { ?x a ?y . |>. }", ("full stop too many",)),
    ("SELECT * { ?x meso:value |>= 3 }", ("FILTER(...)", "BIND(... AS ?x)")),
    ("SELECT * { ?x |>'meso:value' 3 }", ("predicate", "quotes")),
    ("SELECT * { ?x |>meso.value ?y }", ("colon", "meso:")),
    ("SELECT * { ?x |>meso :value ?y }", ("space", "colon", "'meso:'")),
    ("SELECT * { ?x a |>Study }", ("'Study'", "meso:Study")),
    ("SELECT * { ?x ?p|>* ?y }", ("variable", "path")),
    ("SELECT * { ?x meso:a|>{1,3} ?y }", ("path", "*, + or ?")),
    ("SELECT * { ?x (meso:a|> ?y }", ("closing parenthesis", "missing")),
    ("CONSTRUCT { ?x meso:a|>/meso:b ?y } { ?x a ?y }", ("CONSTRUCT", "path")),
    ("SELECT * { ?x rdfs:label ?l|>@en }", ("language", 'LANG(?l) = "en"')),
    ("SELECT * { ?x rdfs:label 'x'^^|>xsd }", ("datatype", "^^xsd:")),
    ("SELECT * { ?x dcterms:date |>2021-01-31 }", ("date", '"2021-01-31"^^xsd:date')),
    ("SELECT * { ?x a |><http://e/x }", ("IRI", "not closed")),
    ("SELECT * { ?x a |><http://e:port/x> }", ("<http://e:port/x>", "no IRI")),
    ("SELECT * { ?x a |><http://e/100%> }", ("<http://e/100%>", "no IRI", "percent")),
    ("SELECT * { ?x rdfs:label 'x'|>@mesotheliomas }", ("@mesotheliomas", "language")),
    # characters
    ("SELECT * {|>\u00a0?x a ?y }", ("U+00A0", "ordinary space")),
    ("SELECT *|>\u200b { ?x a ?y }", ("U+200B", "cannot be seen", "delete")),
    ("|>\ufeffSELECT * { ?x a ?y }", ("U+FEFF", "delete")),
    ("SELECT * { ?x a ?y FILTER(?y > |>\u20131) }", ("\u2013", "write -")),
    ("SELECT * { ?x a ?y FILTER(?y |>\u2265 1) }", (">=",)),
    ("SELECT * { ?x rdfs:label |>\u2018x\u2019 }", ("\u2018", "typographic")),
    ("SELECT * { ?x rdfs:label 'Hodgkin\u2019s'@en ; a |>\u2019x' }", ("\u2019", "typographic")),
    ("SELECT|>%20*%20%7B%7D", ("percent-encoded", "%20")),
    ("SELECT * { ?s a |>&lt;http://e/x&gt; }", ("HTML", "&lt;")),
    ("SELECT * { ?s ?p ?o |>// a remark\n }", ("comments", "#")),
    ("SELECT * { ?s ?p ?o |>/* a remark */ }", ("comments", "#")),
    ("|>```sparql\nSELECT * {}\n```", ("Markdown",)),
    # other languages
    ("|>MATCH (n)-[:HAS]->(m) RETURN n", ("Cypher", "SELECT")),
    ("SELECT * { (?a)|>-[:HAS]->(?b) }", ("Cypher", "triple")),
    ("|>{ studies { name } }", ("opening brace", "SELECT")),
    ("|>query Trials($n: Int) { studies { name } }", ("GraphQL", "SELECT")),
    ("|>query=SELECT * {}", ("query=", "address")),
    ("|>WITH x AS (SELECT 1) SELECT * FROM x", ("WITH", "subquery")),
    ("SELECT * FROM |>studies WHERE {}", ("FROM", "graph", "IRI")),
    ("SELECT * { ?x a ?y } |>FETCH FIRST 10 ROWS ONLY", ("FETCH", "LIMIT")),
    ("SELECT * { ?x a ?y . |>LET ?z := 1 }", ("LET", "BIND")),
    ("PREFIX a: <a:b>|>; SELECT * {}", ("semicolon", "PREFIX")),
    ("PREFIX a: <a:b> |>. SELECT * {}", ("full stop", "PREFIX")),
]


@pytest.mark.parametrize(("marked", "words"), _TEXTS, ids=[slip[0] for slip in _TEXTS])
def test_slip_is_told_at_its_place(marked: str, words: tuple[str, ...]) -> None:
    check(marked, words)


def test_line_is_shown_with_a_mark_under_the_place() -> None:
    error = explained("SELECT ?x\n{ ?x a ?y\n\tFILTER ?x > 3 }")
    assert error.excerpt == "\tFILTER ?x > 3 }\n\t       ^"


def test_long_line_is_cut_around_the_place() -> None:
    error = explained("SELECT * { " + "?s ?p ?o . " * 1000 + "FILTER ?s }")
    line, mark = error.excerpt.split("\n")
    assert len(line) <= 100
    assert line[mark.index("^") :].startswith("?s }")


# Queries that the project ships, with one edit.

#: What is put in, beside single characters of the query itself.
_PIECES = [
    *"{}()[];,.?$<>=!&|^/*+-'\"\\:@#_",
    "\u00a0",
    "\u2019",
    "\x00",
    "AND",
    "SELECT",
    "WHERE",
    "a",
    "1",
    "\n",
    "'''",
]
_QUERIES = [question.sparql for question in questions.shipped()]


@settings(max_examples=150)
@given(data=st.data(), query=st.sampled_from(_QUERIES))
def test_any_edit_of_a_query_is_taken_or_explained(data: st.DataObject, query: str) -> None:
    at = data.draw(st.integers(0, len(query)))
    cut = data.draw(st.integers(0, 3))
    text = query[:at] + data.draw(st.sampled_from(["", *_PIECES])) + query[at + cut :]
    try:
        ox.Store().query(text, prefixes=PREFIXES)
    except SyntaxError as refused:
        error = syntax_error(refused, text)
    except (OSError, RuntimeError, ValueError):
        return
    else:
        return
    assert error.place is not None
    assert error.place.line is not None
    assert error.place.column is not None
    lines = re.split(r"\r\n|\r|\n", text)
    assert 1 <= error.place.line <= len(lines)
    assert 1 <= error.place.column <= len(lines[error.place.line - 1]) + 1
    assert 0 < len(error.message) < 400
    assert "\n" not in str(error)
    line, mark = error.excerpt.split("\n")
    assert len(line) <= 100
    assert mark.strip() == "^"
    assert len(mark) <= len(line) + 1


_MANY = 100_000

#: Long texts that a stranger may send, which would take minutes if time grew with the square of their length.
_LONG = {
    "a word": "ASK { " + "x" * _MANY + " }",
    "a variable": "SELECT * {} ORDER BY ?" + "x" * _MANY + " DESC",
    "a relative IRI": "ASK { ?s ?p <" + "x" * _MANY + "> }",
    "a prefix": "ASK { " + "p" * _MANY + ":x ?p ?o }",
    "backslashes": 'ASK { ?s ?p "' + "\\\\" * (_MANY // 2) + " }",
    "spaces": "SELECT (" + " " * _MANY + "?x) {}",
    "lines": "ASK {" + "\n" * _MANY + "x }",
    "binds": "ASK {" + "".join(f"BIND(1 AS ?a{n}) " for n in range(_MANY // 20)) + "BIND(1 AS ?a1) }",
    "names": "SELECT " + "".join(f"(1 AS ?a{n}) " for n in range(_MANY // 20)) + "(1 AS ?a1) { ?x ?p ?o }",
    "values": "ASK { VALUES (" + "".join(f"?a{n} " for n in range(_MANY // 8)) + ") { (1) } }",
    "groups": "ASK " + "{ BIND(1 AS ?a) " * 90 + "?x ?y ?z ." * 5000 + "BIND(1 AS ?x)" + "}" * 90,
}


@pytest.mark.parametrize("text", _LONG.values(), ids=_LONG)
def test_long_text_is_explained_in_a_short_message(text: str) -> None:
    error = explained(text)
    assert len(str(error)) < 400
    assert len(error.excerpt) < 250


def test_text_of_a_megabyte_has_the_place_of_the_engine() -> None:
    text = "ASK {" + "?s ?p ?o . " * 95_000 + "x }"
    error = explained(text, engine="error at 1:9: expected OPTIONAL", place=(1, 9))
    assert str(error) == "query:1:9: the engine does not take this"
