"""How queries with SERVICE are taken apart: what binds a clause, what is sent, what is refused."""

from __future__ import annotations

import time

import pyoxigraph as ox
import pytest

from mesoonto.dataset import query_features
from mesoonto.errors import EndpointError, QueryFaultError, QueryRefusedError, QuerySyntaxError
from mesoonto.federation import Endpoint, Endpoints, Federation, ResolvedQuery
from tests.federation.standins import StoreLocal, StoreTransport

A, B = "http://a.example/sparql", "http://b.example/sparql"
PREFIXES = "PREFIX : <http://x.example/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>"


class World:
    """A local store, two endpoints, and what was sent to them."""

    def __init__(self, local: str = "", a: str = "", b: str = "", **settings: int) -> None:
        self.local, self.remote_a = _store(local), _store(a)
        self.transport = StoreTransport({A: self.remote_a, B: _store(b)})
        entries = [Endpoint("a", A, **settings), Endpoint("b", B, **settings)]  # type: ignore[arg-type]
        self.federation = Federation(Endpoints(entries), transport=self.transport)

    def evaluate(self, query: str) -> ResolvedQuery:
        return self.federation.evaluate(f"{PREFIXES}\n{query}", StoreLocal(self.local))

    def rows(self, query: str) -> list[tuple[str, ...]]:
        """The solutions, each term by its value, unbound ones as the empty text, sorted."""
        result = self.local.query(self.evaluate(query).query)
        assert isinstance(result, ox.QuerySolutions)
        names = [variable.value for variable in result.variables]
        return sorted(
            tuple(getattr(row[n], "value", "").removeprefix("http://x.example/") for n in names)
            for row in result
        )

    @property
    def sent(self) -> list[str]:
        return [" ".join(query.split()) for _, query in self.transport.sent]


def _quad(subject: str, predicate: str, value: ox.Literal) -> ox.Quad:
    terms = [ox.NamedNode(f"http://x.example/{name}") for name in (subject, predicate)]
    return ox.Quad(*terms, value)


def _store(turtle: str) -> ox.Store:
    store = ox.Store()
    store.load(f"@prefix : <http://x.example/> . {turtle}".encode(), format=ox.RdfFormat.TURTLE)
    return store


def test_local_solutions_are_sent_as_values() -> None:
    world = World(":x :p :y . :z :p :y .", ":x :q 1 . :w :q 2 .")
    assert world.rows(f"SELECT ?s ?v {{ ?s :p ?o SERVICE <{A}> {{ ?s :q ?v }} }}") == [("x", "1")]
    assert world.sent == [
        "PREFIX : <http://x.example/> SELECT ?s ?v WHERE { VALUES (?s) { (<http://x.example/x>) "
        "(<http://x.example/z>) } ?s :q ?v }"
    ]


def test_what_stands_behind_the_clause_binds_it_too() -> None:
    world = World(":x :p :y .", ":x :q 1 . :w :q 2 .")
    assert world.rows(f"SELECT * {{ SERVICE <{A}> {{ ?s :q ?v }} ?s :p ?o }}") == [("y", "x", "1")]
    assert "VALUES (?s) { (<http://x.example/x>) }" in world.sent[0]


def test_nothing_local_means_no_request() -> None:
    world = World("", ":x :q 1 .")
    outcome = world.evaluate(f"SELECT * {{ ?s :p ?o SERVICE <{A}> {{ ?s :q ?v }} }}")
    assert world.sent == []
    assert outcome.report.services[0].strategy == "not sent, since no local solution binds ?s"


def test_what_cannot_be_bound_is_sent_as_it_stands() -> None:
    world = World(":x :p :y .", ":a :q 1 .")
    outcome = world.evaluate(f"SELECT * {{ ?s :p ?o SERVICE <{A}> {{ ?t :q ?v }} }}")
    assert world.sent == ["PREFIX : <http://x.example/> SELECT ?t ?v WHERE { ?t :q ?v }"]
    assert outcome.report.services[0].strategy.startswith("sent as it stands")


def test_smaller_remote_side_is_fetched_first() -> None:
    for count, limit, words in ((1000, 251, "the 1000 local"), (3000, 1001, "the more than 1000 local")):
        many = " ".join(f":s{i} :p {i} ." for i in range(count))
        world = World(many, ":s7 :q 1 . :s8 :q 2 .", batch=10)
        outcome = world.evaluate(f"SELECT * {{ ?s :p ?o SERVICE <{A}> {{ ?s :q ?v }} }}")
        assert [query.partition("WHERE")[2] for query in world.sent] == [f" {{ ?s :q ?v }} LIMIT {limit}"]
        assert f"fetched whole first, being smaller than {words}" in outcome.report.services[0].strategy


def test_larger_remote_side_is_asked_for_all_local_bindings() -> None:
    many = " ".join(f":s{i} :p {i} ." for i in range(3000))
    world = World(many, many, batch=1000)
    assert len(world.rows(f"SELECT ?v {{ ?s :p ?o SERVICE <{A}> {{ ?s :p ?v }} }}")) == 3000
    assert [query.count("(<") for query in world.sent] == [0, 1000, 1000, 1000]


def test_requests_are_no_more_than_batches_and_one() -> None:
    many = " ".join(f":s{i} :p {i} ; :q {i}, {i + 1} ." for i in range(95))
    world = World(many, many, batch=10)
    query = f"SELECT * {{ ?s :p ?o SERVICE <{A}> {{ ?s :q ?v }} }}"
    assert len(world.rows(query)) == 190
    assert len(world.sent) == 10 + 1


def test_only_variables_that_matter_are_asked_for() -> None:
    world = World(":x :p :y .", ":x :q 1 ; :r 2, 3 .")
    assert world.rows(f"SELECT ?s {{ ?s :p ?o SERVICE <{A}> {{ ?s :q ?v ; :r ?w }} }}") == [("x",), ("x",)]
    assert "SELECT ?s WHERE" in world.sent[0]
    query = f"SELECT (COUNT(*) AS ?n) {{ SERVICE <{A}> {{ :x :r ?w }} }}"
    assert world.rows(f"{query.replace('*', '?w')}") == [("2",)]


def test_pattern_without_variables_counts_its_solutions() -> None:
    world = World(":x :p :y .", ":x :q 1 .")
    assert world.rows(f"SELECT ?s {{ ?s :p ?o SERVICE <{A}> {{ :x :q 1 }} }}") == [("x",)]
    assert world.rows(f"SELECT ?s {{ ?s :p ?o SERVICE <{A}> {{ :x :q 2 }} }}") == []


def test_unbound_terms_languages_and_types_come_through() -> None:
    remote = ':x :q "a"@en, "a"@fr, "a", "1"^^<http://x.example/unit>, "q\\"\\n\\\\" . :y :r 1 .'
    world = World(":x :p 1 . :y :p 1 .", remote)
    clause = f"SERVICE <{A}> {{ {{ ?s :q ?v }} UNION {{ ?s :r ?w }} }}"
    query = f"SELECT ?s ?v (LANG(?v) AS ?l) (DATATYPE(?v) AS ?d) {{ ?s :p 1 {clause} }}"
    xsd, rdf = "http://www.w3.org/2001/XMLSchema#", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    assert world.rows(query) == sorted(
        [
            ("x", "a", "en", f"{rdf}langString"),
            ("x", "a", "fr", f"{rdf}langString"),
            ("x", "a", "", f"{xsd}string"),
            ("x", "1", "", "unit"),
            ("x", 'q"\n\\', "", f"{xsd}string"),
            ("y", "", "", ""),
        ]
    )


@pytest.mark.parametrize(
    "text", ["\x01", "\\u0041", "\\\\u0041 \x02", "service \x1f from", "\ufffe", "\t\r\n", "'\"`"]
)
def test_odd_texts_come_through(text: str) -> None:
    world = World(":x :p :y .")
    world.remote_a.add(_quad("x", "q", ox.Literal(text)))
    query = f"SELECT ?v {{ ?s :p ?o SERVICE <{A}> {{ ?s :q ?v }} }}"
    assert world.rows(query) == [(text,)]
    outcome = world.evaluate(query)
    assert not query_features.outline(outcome.query).has_service
    assert not outcome.outline.has_service


def test_words_in_fetched_texts_are_not_of_the_outline() -> None:
    world = World(":x :p :y .", ':x :q "} FROM <http://x.example/g> { SERVICE <http://x.example/> {} LOAD" .')
    clause = f"SERVICE <{A}> {{ ?s :q ?v }}"
    assert not world.evaluate(f"SELECT ?v {{ ?s :p ?o {clause} }}").outline.has_dataset_clause
    graph = f"SELECT ?v FROM <http://x.example/g> {{ OPTIONAL {{ ?s :p ?o }} {clause} }}"
    assert world.evaluate(graph).outline.has_dataset_clause


def test_blank_nodes_stay_blank_and_apart() -> None:
    world = World(":x :p 1 .", ":x :q [] . [] :r 1 .", ":x :q [] .")
    query = f"SELECT (isBlank(?v) AS ?b) {{ ?s :p 1 SERVICE <{A}> {{ ?s :q ?v }} }}"
    assert world.rows(query) == [("true",)]
    joined = f"SELECT * {{ SERVICE <{A}> {{ ?s :q ?v }} SERVICE <{B}> {{ ?s :q ?v }} }}"
    assert world.rows(joined) == []
    either = " UNION ".join(f"{{ SERVICE <{url}> {{ ?s :q ?v }} }}" for url in (A, B))
    assert world.rows(f"SELECT (COUNT(DISTINCT ?v) AS ?n) {{ {either} }}") == [("2",)]


def test_second_clause_is_bound_by_the_first() -> None:
    world = World(":x :p :y .", ":x :q :m . :w :q :n .", ":m :r 1 . :n :r 2 .")
    query = f"SELECT ?v {{ SERVICE <{B}> {{ ?m :r ?v }} ?s :p ?o SERVICE <{A}> {{ ?s :q ?m }} }}"
    assert world.rows(query) == [("1",)]
    assert "(<http://x.example/m>)" in world.sent[1]


def test_optional_is_bound_by_its_left_side_only() -> None:
    world = World(":x :p :y . :z :p :y . :x :t 1 .", ":x :q 1 . :z :q 2 .")
    query = f"SELECT ?s ?v {{ ?s :p ?o OPTIONAL {{ SERVICE <{A}> {{ ?s :q ?v }} }} VALUES ?v {{ 1 5 }} }}"
    # :z has the value 2, which does not join with the VALUES; were it cut off, :z would join with both.
    assert world.rows(query) == [("x", "1")]
    assert "VALUES (?s)" in world.sent[0]


def test_aggregate_over_a_clause_is_not_narrowed_from_outside() -> None:
    world = World(":x :p 3 .", ":a :q 1 . :b :q 2 . :c :q 3 .")
    query = f"SELECT ?n {{ ?s :p ?v {{ SELECT (COUNT(*) AS ?n) {{ SERVICE <{A}> {{ ?a :q ?v }} }} }} }}"
    assert world.rows(query) == [("3",)]


def test_limit_of_a_sub_select_binds_what_it_lets_through() -> None:
    many = " ".join(f":s{i} :p {i} ." for i in range(9))
    world = World(many, many)
    query = f"SELECT ?v {{ {{ SELECT ?s {{ ?s :p ?o }} ORDER BY ?o LIMIT 2 }} SERVICE <{A}> {{ ?s :p ?v }} }}"
    assert world.rows(query) == [("0",), ("1",)]
    assert world.sent[0].count("(<") == 2


def test_nested_service_is_handed_over_whole() -> None:
    world = World(":x :p :y .", ":x :q :t .", ":t :r 1 .")
    inner = f"SERVICE <{B}> {{ ?t :r ?v }}"
    query = f"SELECT ?v {{ ?s :p ?o SERVICE <{A}> {{ ?s :q ?t {inner} }} }}"
    assert world.rows(query) == [("1",)]  # the stand-in for an endpoint asks the other one
    assert inner in world.sent[0]


def test_endpoint_by_variable() -> None:
    world = World(
        f":x :p 1 ; :at <{A}> . :y :p 1 ; :at <{B}> .", ":x :q 1 . :y :q 2 .", ":x :q 3 . :y :q 4 ."
    )
    query = "SELECT ?s ?v { ?s :at ?e SERVICE ?e { ?s :q ?v } }"
    assert world.rows(query) == [("x", "1"), ("y", "4")]
    assert [url for url, _ in world.transport.sent] == [A, B]


def test_endpoint_by_variable_that_is_not_listed() -> None:
    world = World(":x :at <http://10.0.0.1/> .")
    with pytest.raises(QueryRefusedError, match=r"http://10\.0\.0\.1/"):
        world.evaluate("SELECT * { ?s :at ?e SERVICE ?e { ?s :q ?v } }")


def test_endpoint_by_variable_that_nothing_binds() -> None:
    with pytest.raises(QueryFaultError, match=r"nothing binds \?e"):
        World().evaluate("SELECT * { SERVICE ?e { ?s :q ?v } }")
    assert World().rows("SELECT * { SERVICE SILENT ?e { ?s :q ?v } }") == [("", "", "")]
    with pytest.raises(QueryFaultError, match=r"nothing binds \?f"):
        World().evaluate("SELECT * { SERVICE SILENT ?e { ?s :q ?v } SERVICE ?f { ?s :q ?v } }")


def test_solution_without_an_endpoint_joins_with_those_of_the_others() -> None:
    """As a join has it: a variable that is unbound is compatible with any value."""
    world = World(":x :p 1 .", ":x :q 1 . :y :q 2 .", ":x :q 3 .")
    values = f"VALUES (?n ?e) {{ (1 <{A}>) (2 UNDEF) (3 <{B}>) }}"
    assert world.rows(f"SELECT ?n ?v {{ {values} SERVICE ?e {{ ?s :q ?v }} }}") == [
        ("1", "1"), ("1", "2"), ("2", "1"), ("2", "2"), ("2", "3"), ("3", "3"),
    ]  # fmt: skip
    assert {url for url, _ in world.transport.sent} == {A, B}
    # what such a solution binds beside restricts the others' endpoints too
    values = f"VALUES (?s ?e) {{ (:x <{A}>) (:y UNDEF) }}"
    assert world.rows(f"SELECT ?s ?v {{ {values} SERVICE ?e {{ ?s :q ?v }} }}") == [("x", "1"), ("y", "2")]
    with pytest.raises(QueryFaultError, match=r"nothing binds \?e"):
        world.evaluate("SELECT * { VALUES ?e { UNDEF UNDEF } SERVICE ?e { ?s :q ?v } }")


def test_construct_and_ask() -> None:
    world = World(":x :p 1 .", ":x :q 2 .")
    construct = world.evaluate(f"CONSTRUCT {{ ?s :found ?v }} {{ ?s :p 1 SERVICE <{A}> {{ ?s :q ?v }} }}")
    [triple] = world.local.query(construct.query)  # type: ignore[misc]
    assert str(triple.object.value) == "2"
    assert world.local.query(world.evaluate(f"ASK {{ SERVICE <{A}> {{ :x :q 2 }} }}").query)


def test_query_without_service_comes_back_as_it_was() -> None:
    query = "SELECT * { ?s ?p ?o } # SERVICE"
    outcome = World().federation.evaluate(query, StoreLocal(ox.Store()))
    assert outcome.query == query
    assert outcome.report.services == []


def test_comments_and_the_word_service_in_a_text_do_no_harm() -> None:
    world = World(':x :p "SERVICE <http://10.0.0.1/> { ?s ?p ?o }" .', ":x :q 1 .")
    query = (
        f"SELECT ?v {{ ?s :p ?o . # SERVICE <http://10.0.0.1/> {{\n SERVICE <{A}> {{ ?s :q ?v # }}\n }} }}"
    )
    assert world.rows(query) == [("1",)]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("SELECT * { SERVICE <http://a.example/sparql> { ?s ?p } }", "query:2:5"),
        ("SELECT * { SERVICE <http://a.example/sparql> ?s ?p ?o }", "query:2:4"),
        ("SELECT * { SERVICE <http://a.example/sparql> { ?s x:p ?o } }", "query:2:"),
    ],
)
def test_syntax_error_tells_its_place(query: str, place: str) -> None:
    world = World()
    with pytest.raises(QuerySyntaxError) as caught:
        world.evaluate(query)
    assert str(caught.value).startswith(place)
    assert world.sent == []


DEEP = {
    "braces": ("{" * 60 + "SERVICE <u:a> {}" + "}" * 60),
    "brackets": "FILTER(" + "(" * 60 + "1" + ")" * 60 + ") SERVICE <u:a> {}",
    "functions": "FILTER(" + "STR(" * 10_000 + "1" + ")" * 10_000 + ") SERVICE <u:a> {}",
    "collections": "?s ?p " + "(" * 10_000 + "1" + ")" * 10_000 + " SERVICE <u:a> {}",
    "NOT EXISTS": "FILTER NOT EXISTS {" * 3000 + "}" * 3000 + " SERVICE <u:a> {}",
    "negations": "FILTER(" + "!" * 100_000 + "true) SERVICE <u:a> {}",
    "a text without end": "SERVICE <u:a> {" + "?s ?p ?o . " * 30_000 + "}",
    "unbalanced": "SERVICE <u:a> " + "{([" * 30_000,
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_or_long_query_is_refused_at_once(name: str) -> None:
    start = time.process_time()
    with pytest.raises(
        (QueryRefusedError, QuerySyntaxError), match=r"may have|before the triple is complete"
    ):
        World().evaluate(f"SELECT * {{ {DEEP[name]} }}")
    assert time.process_time() - start < 5


def test_number_of_clauses_is_bounded() -> None:
    with pytest.raises(QueryRefusedError, match="has 21 SERVICE clauses; it may have 20"):
        World().evaluate(f"SELECT * {{ {f'SERVICE <{A}> {{ ?s :q ?v }}' * 21} }}")


def test_rows_of_a_clause_are_bounded() -> None:
    many = " ".join(f":s{i} :q {i}, {i + 1} ." for i in range(20))
    world = World(many.replace(":q", ":p"), many, batch=5, max_rows=30)
    with pytest.raises(EndpointError, match="more than 30 rows"):
        world.evaluate(f"SELECT * {{ ?s :p ?o SERVICE <{A}> {{ ?s :q ?v }} }}")


def test_requests_of_a_clause_are_bounded() -> None:
    many = " ".join(f":s{i} :q {i} ." for i in range(2000))
    world = World(many, many, batch=5, max_requests=10)
    with pytest.raises(QueryRefusedError, match="would need 400 requests for 2000 bindings"):
        world.evaluate(f"SELECT * {{ ?s :q ?o SERVICE <{A}> {{ ?s :q ?v }} }}")
