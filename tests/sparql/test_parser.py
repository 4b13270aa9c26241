"""The parser beside the engine's: what the engine takes, it takes, and it finds the same clauses."""

from __future__ import annotations

import time

import pyoxigraph as ox
import pytest

from mesoonto.sparql.parser import NotSparqlError, parse_query
from mesoonto.sparql.tables import Production, begins, tables


def test_grammar_is_predictive() -> None:
    """One token tells which way to go, but for the sign after a path, which belongs to the path."""
    seen, waiting, doubtful = set(), [tables().query, tables().update], []
    while waiting:
        production = waiting.pop()
        if production in seen:
            continue
        seen.add(production)
        tokens: list[str] = []
        for way in production.ways:
            waiting += [symbol for symbol in way if isinstance(symbol, Production)]
            first, is_empty = begins(*way)
            tokens += first | (production.follow if is_empty else set())
        doubtful += [(production.name, t) for t in set(tokens) if tokens.count(t) > 1]
    assert doubtful == [("part of PathElt", "+")]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT*{}",
        "SELECTDISTINCT?x{}ORDERBY?x",
        "SELECT * { FILTERNOTEXISTS{} }",
        "SELECT * { ?s a1 , 2 ; a?o ; atrue ; a'x' ; a<a:b> }",
        "SELECT *{FILTER(?a<?b&&?c>?d)}",
        "SELECT * { ?s <a:p>+5 }",
        "SELECT * { ?s <a:p>+ 5 , - 1 }",
        "SELECT * { << ?s ?p ?o ~ ?r >> ?q ?z {| ?a ?b |} }",
        "SELECT * { ?s ?p <<( ?a ?b ?c )>> }",
        'VERSION "1.2" SELECT (LANGDIR("a") AS ?x) {}',
        "SELECT * { LATERAL { ?s ?p ?o } }",
        "CONSTRUCT {} WHERE {}",
    ],
)
def test_what_the_engine_takes_is_parsed(query: str) -> None:
    ox.Store().query(query)
    assert parse_query(query).text == query


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "SELECT * {" + "{" * 100_000,
        "SELECT * { FILTER(" + "!" * 100_000,
        "SELECT * { ?s ?p " + "[?p " * 50_000,
        "SELECT * { ?s ?p a:b" + "." * 200_000,
        "SELECT * { ?s ?p '''" + "a'" * 100_000,
        "ASK { ?s ?p " + "1.true" * 50_000,
    ],
)
def test_hostile_text_takes_time_in_proportion_to_its_length(text: str) -> None:
    start = time.process_time()
    with pytest.raises(NotSparqlError):
        parse_query(text)
    assert time.process_time() - start < 20
