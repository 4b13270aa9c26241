"""What the engine knows of a query before it evaluates it."""

from __future__ import annotations

import pytest

from mesoonto.engine.inspect import outline


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://a/> { ?s ?p ?o } }",
        "SELECT * { service silent ?e { ?s ?p ?o } }",
        "SELECT * { ?s ?p 'x'SERVICE<http://a/>{?s ?p ?o} }",
        "SELECT *{FILTER(?a<?b&&?c>?d)SERVICE<http://a/>{}}",
        "SELECT *{FILTER(?a<?b)SERVICE?e#>\n{?s ?p ?o}}",
        "ASK { OPTIONAL { { SELECT * { SERVICE <http://a/> {} } } } }",
        "ASK { FILTER EXISTS { GRAPH ?g { SERVICE <http://a/> {} } } }",
        "# SERVICE\nSELECT * { SERVICE # x\n <http://a/> { } }",
        "SELECT * { ?s ?p ?o . LATERAL { SERVICE <http://a/> {} } }",
    ],
)
def test_service_is_seen(query: str) -> None:
    assert outline(query).has_service


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s ?p ?o }",
        "SELECT * { ?service ?p 'SERVICE <http://a/> {}' }",
        "PREFIX service: <http://service/> SELECT * { ?s service:SERVICE <http://a/service> }",
        "SELECT * { ?s ?p ?o } # SERVICE <http://a/> {}",
        'SELECT * { ?s ?p """\nSERVICE <http://a/> {}\n""" }',
    ],
)
def test_the_word_service_alone_is_no_service(query: str) -> None:
    assert not outline(query).has_service


def test_text_with_the_word_service_that_is_not_understood_counts_as_service() -> None:
    assert outline("SELECT * { ?s ?p << SERVICE").has_service


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT * FROM <http://g> { ?s ?p ?o }", True),
        ("SELECT * FROM NAMED <http://g> { ?s ?p ?o }", True),
        ("select * from<http://g>{?s ?p ?o}", True),
        ("SELECT * { ?from ?p 'FROM <http://g>' }", False),
        ("SELECT * { ?s ?p ?o }", False),
    ],
)
def test_dataset_clause_is_seen(query: str, expected: bool) -> None:
    assert outline(query).has_dataset_clause is expected


def test_deep_nesting_does_not_overflow_the_stack() -> None:
    depth = 20_000
    assert outline("SELECT * " + "{" * depth + "SERVICE <http://a/> {}" + "}" * depth).has_service
