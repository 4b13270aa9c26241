"""Texts of SPARQL that are read otherwise by readers of text: a server takes them as the engine does."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.conftest import running_server
from tests.server.client import QUERY, UPDATE, ask, get, holds, update
from tests.server.test_federated import Listener

_ROWS = 10


@pytest.fixture(scope="module")
def small() -> Iterator[str]:
    """A server of 40 triples that gives ten rows at most, and may be written to."""
    triples = " ".join(f"<http://e/s{n}> <http://e/p> <http://e/o{n}> ." for n in range(40))
    with running_server("--empty", "--allow-update", "--max-rows", str(_ROWS)) as address:
        assert update(address, f"INSERT DATA {{ {triples} }}").status < 300
        yield address


TAKEN = [
    'VERSION "1.2" SELECT * {}',
    'SELECT (LANGDIR("a") AS ?x) {}',
    "SELECT * { ?s ?p <<( ?a ?b ?c )>> }",
    r'SELECT * { BIND("\u0061" AS ?x) }',
    "select (group_concat(str(?s)) as ?x) { ?s ?p ?o }",
    "ASK { ?s ?p ?o FILTER(ISIRI(?s) && SAMETERM(?s, ?s) && !!true) }",
    "CONSTRUCT {} WHERE { ?s ?p ?o }",
    "SELECTDISTINCT*{?s?p?o}ORDERBY?s",
    "# our web service\nSELECT (group_concat(?s) AS ?c) { VALUES ?s {1 2} }",
    "SELECT * { VALUES ?s {<http://x/service>} FILTER(ISIRI(?s)) }",
    r'SELECT ?service { VALUES ?service { "\u0022 SERVICE <http://127.0.0.1:9/> {} #" } }',
]


@pytest.mark.parametrize("query", TAKEN)
def test_query_is_answered_and_explained(small: str, query: str) -> None:
    assert get(small, query).status == 200
    explained = ask(small, path=f"/sparql?{urlencode({'query': query, 'explain': 'true'})}")
    assert explained.status == 200, explained.text
    assert explained.json["federation"]["services"] == []


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * {?s ?p ?o FILTER(ISIRI(?s))}",
        "SELECT * {?s ?p ?o FILTER(!!true)}",
        'VERSION "1.2" SELECT * {?s ?p ?o}',
        "SELECT (group_concat(str(?s)) as ?x) {?s ?p ?o} group by ?s",
        "SELECT*{?s?p?o}ORDERBY?s",
        "CONSTRUCT {?s ?p ?o} WHERE {?s ?p ?o FILTER(isIRI(?o))}",
        "DESCRIBE ?s {?s <http://e/p> ?t}",
    ],
)
def test_limit_of_rows_cuts_and_is_told(small: str, query: str) -> None:
    graph = not query.startswith(("SELECT", "VERSION"))
    reply = get(small, query, Accept="application/n-triples" if graph else "text/csv")
    assert reply.status == 200, reply.text
    assert reply.headers["mesoonto-row-limit"] == str(_ROWS)
    assert len(reply.text.splitlines()) == _ROWS + (not graph)


@pytest.mark.parametrize("word", ["group_concat", "GROUP_CONCAT", "Group_Concat"])
def test_update_matches_in_the_graph_that_the_protocol_names(small: str, word: str) -> None:
    assert update(small, "INSERT DATA { GRAPH <http://x/1> { <http://a> <http://n> 5 } }").status < 300
    insert = (
        f"INSERT {{ GRAPH <http://x/2> {{ <http://z> <http://{word}> ?c }} }} "
        f"WHERE {{ SELECT ({word}(str(?o)) AS ?c) {{ ?s ?p ?o }} }}"
    )
    path = f"/update?{urlencode({'using-graph-uri': 'http://x/1'})}"
    reply = ask(small, "POST", path, insert.encode(), **UPDATE)
    assert reply.status < 300, reply.text
    assert holds(small, f'GRAPH <http://x/2> {{ <http://z> <http://{word}> "5" }}')


@pytest.mark.parametrize(
    "query",
    [
        'SELECT * { BIND("\\u0022 AS ?x) # " AS ?x) SERVICE <URL> {?a ?b ?c}\n }',
        "SELECT*{SERVICESILENT<URL>{?s ?p ?o}}",
        "PREFIX ex: <URL> SELECT * {SERVICEex:b {?s ?p ?o}}",
        "SELECT * {?s ?p 1SERVICE<URL>{?a ?b ?c}}",
        "SELECT * { VALUES ?x {'''a' # \\uD800\n } SERVICE <URL> {?s ?p ?o} VALUES ?y { '' 'b''' } }",
    ],
)
def test_no_query_reaches_another_host(small: str, query: str) -> None:
    with Listener() as listener:
        text = query.replace("URL", listener.url)
        replies = [get(small, text), ask(small, "POST", body=text.encode(), **QUERY)]
        explained = ask(small, path=f"/sparql?{urlencode({'query': text, 'explain': 'true'})}")
        assert not listener.reached()
    # SILENT counts an endpoint that may not be asked as one that fails; nothing is asked for that either.
    wanted = {200} if "SILENT" in query else {400, 403}
    assert {reply.status for reply in (*replies, explained)} <= wanted, [reply.text for reply in replies]
    assert explained.status != 200 or not explained.json["federation"]["services"][0]["requests"]


@pytest.mark.parametrize(
    "text",
    [
        'INSERT DATA { GRAPH <http://x/y> { <http://a> <http://b> "\\u0022 }} # " } } ; LOAD <URL>',
        "LOAD<URL>INTOGRAPH<http://x/l>",
        "INSERT { <a:a> <a:b> ?s } WHERE { SERVICESILENT<URL>{?s ?p ?o} }",
    ],
)
def test_no_update_reaches_another_host(small: str, text: str) -> None:
    with Listener() as listener:
        reply = update(small, text.replace("URL", listener.url))
        assert not listener.reached()
    assert reply.status == 403, reply.text
    assert not holds(small, "GRAPH <http://x/y> { ?s ?p ?o }")


def test_line_of_a_syntax_error_is_shown(small: str) -> None:
    query = "SELECT ?x\n{ ?x a ?y FILTER ?x > 3 }"
    plain = get(small, query)
    assert plain.status == 400
    assert plain.text.split("\n", 1)[1] == f"{query.splitlines()[1]}\n{' ' * 17}^\n"
    problem = get(small, query, Accept="application/problem+json")
    assert (problem.json["line"], problem.json["column"]) == (2, 18)
    assert problem.json["excerpt"] == f"{query.splitlines()[1]}\n{' ' * 17}^"
