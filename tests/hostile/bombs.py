"""Short queries with long evaluations or large results. They run on a complete graph of 100 nodes."""

from __future__ import annotations

import socket
import time
from random import Random

from tests.hostile.attack import (
    ANSWERED,
    BROKEN,
    OUT,
    Attack,
    Target,
    querying,
)
from tests.hostile.raw import Outcome, connect, head, leave
from tests.wire import QUERY

_DIGITS = "0 1 2 3 4 5 6 7 8 9"


def digits(places: int) -> str:
    """A pattern with ten to the power of *places* solutions, from no data."""
    return " ".join(f"VALUES ?d{place} {{ {_DIGITS} }}" for place in range(places))


#: Counts for longer than anybody waits, in little memory.
ENDLESS = f"SELECT (COUNT(*) AS ?n) {{ {digits(14)} }}"
#: Ten million rows.
MANY = f"SELECT * {{ {digits(7)} }}"

#: The data that some of the bombs run on: each of 100 nodes is linked to each.
CLIQUE = (
    "INSERT DATA {"
    + "".join(f"<http://e/{i}> <http://e/p> <http://e/{j}> ." for i in range(100) for j in range(100))
    + "}"
)

_TRIPLES = " ".join(f"?s{i} ?p{i} ?o{i} ." for i in range(6))
_DOUBLED = " ".join(f"BIND(CONCAT(?t{i}, ?t{i}) AS ?t{i + 1})" for i in range(40))
_SUM = " + ".join(f"?d{place}" for place in range(14))
_PATH = "(<http://e/p>|!<http://e/q>)"

#: Nothing is sent before all is computed, so they end in 503 however they end.
_SILENT = {
    "cross-product": f"SELECT (COUNT(*) AS ?n) {{ {_TRIPLES} }}",
    "values": ENDLESS,
    "order-by": f"SELECT * {{ {digits(9)} }} ORDER BY ?d8 ?d7 ?d6 LIMIT 1",
    "order-by-random": f"SELECT * {{ {digits(9)} }} ORDER BY RAND()",
    "distinct": f"SELECT (COUNT(DISTINCT *) AS ?n) {{ {digits(9)} }}",
    "count-distinct": f"SELECT (COUNT(DISTINCT CONCAT(STR(?d0), STR(RAND()))) AS ?n) {{ {digits(9)} }}",
    "group-by": f"SELECT ?d0 ?d1 ?d2 ?d3 ?d4 ?d5 ?d6 ?d7 ?d8 (COUNT(*) AS ?n) {{ {digits(9)} }} "
    "GROUP BY ?d0 ?d1 ?d2 ?d3 ?d4 ?d5 ?d6 ?d7 ?d8",
    "group-concat": f"SELECT (GROUP_CONCAT(STR(?d0)) AS ?n) {{ {digits(10)} }}",
    "path-star": f"SELECT (COUNT(*) AS ?n) {{ ?a {_PATH}*/{_PATH}* ?b . ?c {_PATH}* ?d . ?e {_PATH}* ?f }}",
    "path-plus": f"SELECT (COUNT(*) AS ?n) {{ ?a ({_PATH}+/{_PATH}+)+ ?b . ?b ({_PATH}+/{_PATH}+)+ ?c }}",
    "path-sequence": f"SELECT (COUNT(*) AS ?n) {{ ?a {'/'.join([_PATH] * 12)} ?b }}",
    "join": "SELECT (COUNT(*) AS ?n) {" + "".join(f"?x{i} <http://e/p> ?x{i + 1} ." for i in range(12)) + "}",
    "optional": f"SELECT (COUNT(*) AS ?n) {{ {_TRIPLES} OPTIONAL {{ {_TRIPLES.replace('?', '?q')} }} }}",
    "minus": f"SELECT (COUNT(*) AS ?n) {{ {_TRIPLES} MINUS {{ {_TRIPLES} }} }}",
    "not-exists": f"SELECT (COUNT(*) AS ?n) {{ {_TRIPLES} FILTER NOT EXISTS {{ {_TRIPLES} FILTER(?s0=1) }}}}",
    "filter-never": f"ASK {{ {digits(14)} FILTER({_SUM} > 1000) }}",
    "concat-doubling": f"SELECT (STRLEN(?t40) AS ?n) {{ BIND('{'x' * 64}' AS ?t0) {_DOUBLED} }}",
    "union": "SELECT (COUNT(*) AS ?n) {" + "{ ?s ?p ?o } UNION { ?s ?p ?o } . " * 12 + "}",
}

#: Rows are sent while others are computed, so the answer may have begun when time is out.
_SPEAKING = {
    "rows": f"SELECT * {{ {_TRIPLES} }}",
    "distinct-rows": f"SELECT DISTINCT * {{ {digits(10)} }}",
    "reduced": f"SELECT REDUCED ?d0 {{ {digits(12)} }}",
    "describe": f"DESCRIBE ?s0 {{ {_TRIPLES} }}",
    "construct": f"CONSTRUCT {{ ?s0 ?p0 ?o0 . ?s1 ?p1 ?o1 }} WHERE {{ {_TRIPLES} }}",
    "construct-new": f"CONSTRUCT {{ [] <http://e/p> ?d0 }} WHERE {{ {digits(10)} }}",
    "offset": f"SELECT * {{ {digits(12)} }} OFFSET 999999999999",
    "regex-rows": f"SELECT * {{ {digits(10)} FILTER(REGEX(STR(RAND()), '^(0\\\\.)+.*9')) }}",
}

#: Refused by the engine, or quick, according to its limits.
_PATTERNS = {
    "regex-size": "ASK { FILTER(REGEX('a', '((a{1000}){1000}){1000}')) }",
    "regex-backtracking": f"ASK {{ FILTER(REGEX('{'a' * 5000}!', '^(a+)+$')) }}",
    "regex-nesting": "ASK { FILTER(REGEX('a', '" + "(" * 10_000 + "a" + ")" * 10_000 + "')) }",
    "replace-growth": f"ASK {{ FILTER(STRLEN(REPLACE('{'a' * 20_000}', 'a', '{'b' * 20_000}')) > 0) }}",
    "huge-integer": "ASK { FILTER(9223372036854775807 + 9223372036854775807 > 0) }",
    "division-by-zero": "SELECT (1/0 AS ?x) (1 - 9223372036854775808 AS ?y) {}",
    "substring": "SELECT (SUBSTR('abc', -9223372036854775808, 9223372036854775807) AS ?x) {}",
    "dates": "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> "
    "SELECT (YEAR('-999999999-01-01T00:00:00'^^xsd:dateTime) AS ?x) {}",
    "limit": "SELECT * {} LIMIT 99999999999999999999999",
}


def _slow_reader(target: Target, random: Random) -> Outcome:
    """Reads a ten-million-row result a kilobyte at a time, then goes away."""
    sock = _asked(target, random)
    for _ in range(random.randint(2, 8)):
        sock.recv(1024)
        time.sleep(0.05)
    leave(sock)
    return Outcome("left")


def _leaver(target: Target, random: Random) -> Outcome:
    """Goes away at once, or after the first bytes."""
    sock = _asked(target, random)
    if random.random() < 0.5:
        sock.recv(1)
    leave(sock)
    return Outcome("left")


def _non_reader(target: Target, random: Random) -> Outcome:
    """Asks for ten million rows, reads none, and closes without a reset."""
    sock = _asked(target, random)
    time.sleep(random.random())
    sock.close()
    return Outcome("left")


def _asked(target: Target, random: Random) -> socket.socket:
    formats = ["application/sparql-results+json", "application/sparql-results+xml", "text/csv"]
    sock = connect(target.address)
    named = [
        ("Content-Type", QUERY),
        ("Content-Length", str(len(MANY))),
        ("Accept", random.choice(formats)),
    ]
    sock.sendall(head("POST", "/sparql?timeout=5", named) + MANY.encode())
    return sock


ATTACKS: list[Attack] = [
    *(querying(f"bomb/{name}", text, OUT, heavy=True) for name, text in _SILENT.items()),
    *(querying(f"bomb/{name}", text, BROKEN, heavy=True) for name, text in _SPEAKING.items()),
    *(querying(f"bomb/{name}", text, ANSWERED) for name, text in _PATTERNS.items()),
    Attack("rows/slow-reader", _slow_reader, frozenset({"left"})),
    Attack("rows/leaver", _leaver, frozenset({"left"})),
    Attack("rows/non-reader", _non_reader, frozenset({"left"})),
]
