"""Every bracket, operator, path and clause of SPARQL, repeated up to 100,000 times."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.hostile.attack import ANSWERED, BOUNDED, Attack, querying, updating

#: Depths at which a stack of the usual size overflows; a server may still know how to answer.
DEPTHS = (500, 2_000, 10_000, 20_000)
#: The depth at which nothing may be answered but a refusal.
DEEPEST = 100_000

P = "<http://example.org/p>"


def _around(prefix: str, opening: str, middle: str, closing: str, suffix: str) -> Callable[[int], str]:
    return lambda n: prefix + opening * n + middle + closing * n + suffix


#: Queries that go n levels deep.
DEEP: dict[str, Callable[[int], str]] = {
    "parentheses": _around("ASK { FILTER(", "(", "1", ")", ") }"),
    "open-parentheses": _around("ASK { FILTER(", "(", "", "", ""),
    "braces": _around("ASK ", "{", "", "}", ""),
    "open-braces": _around("ASK ", "{", "", "", ""),
    "closing-braces": _around("ASK {", "}", "", "", ""),
    "functions": _around("ASK { FILTER(", "STR(", "1", ")", ") }"),
    "if": _around("ASK { FILTER(", "IF(true,", "true", ",1)", ") }"),
    "coalesce": _around("ASK { FILTER(", "COALESCE(?x,", "true", ")", ") }"),
    "casts": _around(
        "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> ASK { FILTER(", "xsd:string(", "1", ")", ") }"
    ),
    "in": _around("ASK { FILTER(", "1 IN (", "1", ")", ") }"),
    "exists": _around("ASK ", "{ FILTER EXISTS ", "{}", "}", ""),
    "not-exists": _around("ASK ", "{ FILTER NOT EXISTS ", "{}", "}", ""),
    "optional": _around("ASK ", "{ OPTIONAL ", "{}", "}", ""),
    "minus": _around("ASK ", "{ ?s ?p ?o MINUS ", "{}", "}", ""),
    "union": _around("ASK ", "{ {} UNION ", "{}", "}", ""),
    "graph": _around("ASK ", "{ GRAPH ?g ", "{}", "}", ""),
    "graph-names": lambda n: "ASK " + "".join(f"{{ GRAPH ?g{i} " for i in range(n)) + "{}" + "}" * n,
    "subselect": _around("", "SELECT * { ", "", " }", ""),
    "braced-subselect": _around("", "SELECT * { { ", "", " } }", ""),
    "subselect-limit": _around("SELECT * ", "{ SELECT * ", "{}", " LIMIT 1 }", ""),
    "collections": _around("ASK { ?s ?p ", "(", "", ")", " }"),
    "filled-collections": _around("ASK { ?s ?p ", "(1 ", "", ")", " }"),
    "blank-nodes": _around("ASK { ?s ?p ", "[ ?p ", "1", " ]", " }"),
    "triple-terms": _around("ASK { ?s ?p ", f"<<( ?s {P} ", "1", " )>>", " }"),
    "reified-triples": _around("ASK { ?s ?p ", f"<< ?s {P} ", "1", " >>", " }"),
    "annotations": _around("ASK { ?s ?p ?o ", "{| ?p ?o ", "", " |}", " }"),
    "not": _around("ASK { FILTER(", "!", "true", "", ") }"),
    "minus-signs": _around("ASK { FILTER(", "- ", "1", "", ") }"),
    "plus-signs": _around("ASK { FILTER(", "+ ", "1", "", ") }"),
    "inverse-path": _around("ASK { ?s ", "^", P, "", " ?o }"),
    "path-parentheses": _around("ASK { ?s ", "(", P, ")", " ?o }"),
    "path-stars": _around("ASK { ?s ", "(", P, ")*", " ?o }"),
    "path-plus-optional": _around("ASK { ?s ", "((", P, ")+)?", " ?o }"),
    "path-alternatives": _around("ASK { ?s ", f"({P}|", P, ")", " ?o }"),
    "path-sequences": _around("ASK { ?s ", f"({P}/", P, ")", " ?o }"),
    "negated-path": _around("ASK { ?s ", "!(", P, ")", " ?o }"),
    "bind-nested": _around("ASK ", "{ BIND(1 AS ?x) ", "{}", "}", ""),
    "bind-parentheses": _around("ASK { BIND(", "(", "1", ")", " AS ?x) }"),
    "aggregates": _around("SELECT (", "COUNT(", "1", ")", " AS ?n) {}"),
    "construct-nodes": _around("CONSTRUCT { ?s ?p ", "[ ?p ", "1", "]", " } WHERE { ?s ?p ?o }"),
    "values-tuples": _around("ASK { VALUES (?x) { ", "(", "1", ")", " } }"),
    "order-parentheses": _around("SELECT * { ?s ?p ?o } ORDER BY ", "(", "?s", ")", ""),
    "mixed": _around("ASK ", "{ OPTIONAL { FILTER(!((STR(?x) = '' && EXISTS ", "{}", "))) } }", ""),
}


def _chain(prefix: str, first: str, link: str, suffix: str) -> Callable[[int], str]:
    return lambda n: prefix + first + link * n + suffix


#: Queries that go n steps in one direction, which parsers and optimizers may turn into depth.
LONG: dict[str, Callable[[int], str]] = {
    "sums": _chain("ASK { FILTER(", "1", "+1", ") }"),
    "differences": _chain("ASK { FILTER(", "1", " - 1", ") }"),
    "products": _chain("ASK { FILTER(", "1", "*1", ") }"),
    "quotients": _chain("ASK { FILTER(", "1", "/1", ") }"),
    "or": _chain("ASK { FILTER(", "?x", "||?x", ") }"),
    "and": _chain("ASK { FILTER(", "?x", "&&?x", ") }"),
    "comparisons": _chain("ASK { FILTER(", "1", "=1", ") }"),
    "in-list": _chain("ASK { FILTER(?x IN (", "1", ",1", ")) }"),
    "concat-arguments": _chain("ASK { FILTER(CONCAT(", "''", ",''", ") = '') }"),
    "coalesce-arguments": _chain("ASK { FILTER(COALESCE(", "?x", ",?x", ")) }"),
    "path-sequence": _chain("ASK { ?s ", P, f"/{P}", " ?o }"),
    "path-alternative": _chain("ASK { ?s ", P, f"|{P}", " ?o }"),
    "path-modifiers": _chain("ASK { ?s ", P, "*", " ?o }"),
    "path-negated-set": _chain("ASK { ?s !(", P, f"|^{P}", ") ?o }"),
    "triples": lambda n: "ASK {" + "".join(f"?s{i} {P} ?s{i + 1} ." for i in range(n)) + "}",
    "objects": _chain("ASK { ?s ?p ", "?o", ",?o", " }"),
    "predicates": _chain("ASK { ?s ?p ?o ", "", ";?p ?o", " }"),
    "collection-members": _chain("ASK { ?s ?p (", "1", " 1", ") }"),
    "groups": _chain("ASK {", "", "{}", "}"),
    "unions": _chain("ASK { {}", "", "UNION{}", " }"),
    "optionals": lambda n: "ASK {" + "".join(f"OPTIONAL{{?s {P} ?x{i}}}" for i in range(n)) + "}",
    "minuses": _chain("ASK { ?s ?p ?o ", "", "MINUS{?s ?p 1}", " }"),
    "filters": _chain("ASK {", "", "FILTER(?x)", "}"),
    "exists-list": _chain("ASK {", "", "FILTER NOT EXISTS{?s ?p ?o}", "}"),
    "bind-chain": lambda n: (
        "ASK { BIND(1 AS ?x0) " + "".join(f"BIND(?x{i}+1 AS ?x{i + 1})" for i in range(n)) + "}"
    ),
    "values-rows": _chain("ASK { VALUES ?x { ", "1", " 1", " } }"),
    "values-variables": lambda n: (
        "ASK { VALUES (" + " ".join(f"?x{i}" for i in range(n)) + ") { (" + "1 " * n + ") } }"
    ),
    "values-blocks": lambda n: "ASK {" + "".join(f"VALUES ?x{i} {{1}}" for i in range(n)) + "}",
    "graphs": lambda n: "ASK {" + "".join(f"GRAPH ?g{i} {{}}" for i in range(n)) + "}",
    "projection": lambda n: "SELECT " + "".join(f"(1 AS ?x{i})" for i in range(n)) + " {}",
    "projection-chain": lambda n: (
        "SELECT (1 AS ?x0) " + "".join(f"(?x{i}+1 AS ?x{i + 1})" for i in range(n)) + " {}"
    ),
    "order-keys": _chain("SELECT * { ?s ?p ?o } ORDER BY ?s", "", " DESC(?o)", ""),
    "group-keys": lambda n: (
        "SELECT (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY " + "".join(f"(STR(?s) AS ?x{i})" for i in range(n))
    ),
    "having": _chain("SELECT (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?s HAVING(1=1)", "", "(1=1)", ""),
    "prefixes": lambda n: "".join(f"PREFIX p{i}: <http://e/{i}> " for i in range(n)) + "ASK {}",
    "bases": _chain("", "", "BASE <http://e/> ", "ASK {}"),
    "from": lambda n: "ASK " + "".join(f"FROM <http://e/{i}>" for i in range(n)) + "{}",
    "from-named": lambda n: "ASK " + "".join(f"FROM NAMED <http://e/{i}>" for i in range(n)) + "{}",
    "comments": _chain("", "", "#(((\n", "ASK {}"),
    "string": _chain("ASK { FILTER('", "a", "a", "' = '') }"),
    "escapes": _chain("ASK { FILTER('", "", "\\\\", "' = '') }"),
    "codepoints": _chain("ASK { FILTER('", "", "\\u0061", "' = '') }"),
    "iri": _chain("ASK { <http://e/", "a", "/a", "> ?p ?o }"),
    "iri-climb": _chain("BASE <http://e/> ASK { <", "", "../", "x> ?p ?o }"),
    "variable": _chain("ASK { ?", "a", "a", " ?p ?o }"),
    "digits": _chain("ASK { FILTER(", "1", "1", " = 1) }"),
    "exponent": _chain("ASK { FILTER(1e", "1", "1", " = 1) }"),
    "language-tag": _chain("ASK { FILTER(''@a", "", "-a", " = 1) }"),
    "describe": lambda n: "DESCRIBE" + "".join(f" <http://e/{i}>" for i in range(n)),
    "construct-template": _chain("CONSTRUCT { ", "", "?s ?p ?o .", "} WHERE { ?s ?p ?o }"),
}

#: The same in updates.
UPDATES: dict[str, Callable[[int], str]] = {
    "insert-collections": _around(f"INSERT DATA {{ <http://e/s> {P} ", "(", "", ")", " }"),
    "insert-blank-nodes": _around(f"INSERT DATA {{ <http://e/s> {P} ", f"[ {P} ", "1", " ]", " }"),
    "where-braces": _around(f"INSERT {{ <http://e/s> {P} 1 }} WHERE {{ FILTER(false) ", "{", "", "}", " }"),
    "where-functions": _around("DELETE { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(", "STR(", "1", ")", " = 2) }"),
    "operations": _chain("CLEAR SILENT GRAPH <http://e/g>", "", ";CLEAR SILENT GRAPH <http://e/g>", ""),
    "semicolons": _chain("CLEAR SILENT GRAPH <http://e/g>", "", ";", ""),
}


def _depth(random: Random) -> int:
    return random.choice(DEPTHS)


ATTACKS: list[Attack] = [
    *(querying(f"nesting/{name}", lambda r, f=f: f(_depth(r)), ANSWERED) for name, f in DEEP.items()),
    *(querying(f"nesting/{name}-deepest", lambda r, f=f: f(DEEPEST), BOUNDED) for name, f in DEEP.items()),
    *(querying(f"chain/{name}", lambda r, f=f: f(_depth(r)), ANSWERED) for name, f in LONG.items()),
    *(querying(f"chain/{name}-longest", lambda r, f=f: f(DEEPEST), ANSWERED) for name, f in LONG.items()),
    *(
        updating(f"nesting/update-{name}", lambda r, f=f: f(_depth(r)), ANSWERED | {"204"})
        for name, f in UPDATES.items()
    ),
    *(
        updating(f"nesting/update-{name}-deepest", lambda r, f=f: f(DEEPEST), ANSWERED | {"204"})
        for name, f in UPDATES.items()
    ),
]
