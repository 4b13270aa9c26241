"""What the engine knows of a query before it evaluates it."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoonto.dataset import query_features
from mesoonto.dataset.query_features import has_load, masked, outline, reaches_out, with_dataset
from mesoonto.errors import NestingError, QueryRefusedError
from mesoonto.sparql.parser import NotSparqlError


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
        # The engine takes keywords that are glued to what follows or comes before.
        "SELECT*{SERVICESILENT<http://a/>{?s ?p ?o}}",
        "PREFIX ex: <http://a/> SELECT * {SERVICEex:b {?s ?p ?o}}",
        "SELECT * {?s ?p 1SERVICE<http://a/>{?s ?p ?o}}",
        # A name that is no IRI any more with its prefix falls apart for the engine: ex: and SERVICE.
        "PREFIX ex: <http://a:> SELECT * {?s ?p ex:SERVICE<http://b/>{?s ?p ?o}}",
        # Escapes are resolved in strings and IRIs alone, so that this string ends behind the #.
        r'SELECT * { BIND("\u0022 AS ?x) # " AS ?x) SERVICE <http://a/> {?a ?b ?c}' + "\n}",
        # A string that cannot be unescaped is read as two by the engine.
        "SELECT * { VALUES ?x {'''a' # \\uD800\n } SERVICE <http://a/> {?s ?p ?o} VALUES ?y { '' 'b''' } }",
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
        "# our web service\nSELECT (group_concat(?s) AS ?c) { VALUES ?s {1 2} }",
        "SELECT * { VALUES ?s {<http://x/service>} FILTER(ISIRI(?s)) }",
        "SELECT * { ?s ?p 'service' FILTER(!!true && SAMETERM(?s, ?s)) } # service",
        "CONSTRUCT {} WHERE { ?Service ?service 'Service' }",
        "SELECT ?service ?zervice ?SERVICE { ?service ?zervice ?SERVICE }",
        r"SELECT * { ?s ?p '\u0027 SERVICE <http://a/> { ?s ?p ' }",
        r"SELECT * { ?s ?p '\u0073ervice' }",
        "SELECT * { ?s meso:service ?o }",
        "SELECT * { ?s <service> ?o }",
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


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * " + "{" * 20_000 + "SERVICE <http://a/> {}" + "}" * 20_000,
        "SELECT * { FILTER(" + "!" * 20_000 + "true) SERVICE <http://a/> {} }",
        "SELECT * { ?from ?p " + "(" * 20_000 + "1" + ")" * 20_000 + " }",
    ],
)
def test_deep_nesting_does_not_overflow_the_stack(query: str) -> None:
    with pytest.raises(NestingError):
        outline(query)


def test_many_brackets_that_do_not_nest_are_no_nesting() -> None:
    rows = "(1 2) " * 500
    assert outline(f"SELECT * {{ VALUES (?a ?b) {{ {rows} }} SERVICE <http://a/> {{}} }}").has_service
    assert not outline(f"SELECT ?service {{ VALUES (?service ?b) {{ {rows} }} }}").has_service


@pytest.mark.parametrize(
    "query", [r"SELECT (1 \u0041S ?x) {}", r"SELECT * { \u0053ERVICE <http://a/> {} }", r"SELECT * { \u007D"]
)
def test_engine_resolves_no_escape_outside_of_strings_and_iris(query: str) -> None:
    # All rests on this: a keyword cannot be written with escapes. SPARQL 1.1, section 19.2, has it otherwise.
    with pytest.raises(SyntaxError):
        ox.Store().query(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s ?p 'afrom' }",
        "SELECT * { ?s ?p <http://a/%Afrom%Af> }",
        "SELECT ?from { ?from ?from ?From }",
    ],
)
def test_word_from_alone_is_no_dataset_clause(query: str) -> None:
    assert not outline(query).has_dataset_clause


@given(st.text(alphabet="servicSERVICzxqkjw ?:", max_size=40))
def test_masked_text_has_no_service_and_names_stay_apart(text: str) -> None:
    found = masked(text, "service")
    if found is None:
        return
    assert "service" not in found.lower()
    assert len(found) == len(text)
    words = text.split()
    assert len(set(words)) == len(set(found.split()))


@pytest.mark.parametrize(
    "update",
    [
        "LOAD <http://a/>",
        "CLEAR ALL ; LOAD <http://a/>",
        "PREFIX a: <http://a/> LOAD a:b",
        "LOAD <http://a/> nonsense",
        "LOAD<http://a/>",
        "LOADSILENT<http://a/>",
        "LOAD <http://127.0.0.1:9/> ;",
        r'INSERT DATA { GRAPH <http://x/y> { <http://a> <http://b> "\u0022 }} # " } } ; LOAD <http://a/>',
    ],
)
def test_load_is_seen(update: str) -> None:
    assert has_load(update, {})
    assert reaches_out(update, {})


@pytest.mark.parametrize(
    "update",
    [
        "INSERT DATA { <a:a> <a:load> 'LOAD <http://a/>' }",
        "CLEAR ALL # LOAD <http://a/>",
        "CLEAR GRAPH <a:load>",
        "# load\nPREFIX load: <a:load> BASE <a:b> INSERT DATA { load:load load:load load:load }",
        "INSERT { ?s ?p ?load } WHERE { ?s ?p ?load FILTER(SAMETERM(?s, ?load)) }",
    ],
)
def test_the_word_load_alone_is_no_load(update: str) -> None:
    assert not reaches_out(update, {})


@pytest.mark.parametrize("clause", ["SERVICE <http://a/> {}", "SERVICESILENT<http://a/>{}"])
def test_service_in_an_update_is_seen(clause: str) -> None:
    assert reaches_out(f"INSERT {{ ?s ?p ?o }} WHERE {{ {clause} }}", {})


def test_looking_at_an_update_changes_and_fetches_nothing() -> None:
    # It would take for ever if the operations behind the first were carried out.
    rows = " ".join(str(n) for n in range(300))
    values = " ".join(f"VALUES ?{v} {{ {rows} }}" for v in "abcde")
    assert not reaches_out(f"INSERT {{ <a:load> ?a ?b }} WHERE {{ {values} }}", {})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT (RAND() AS ?x) {}", True),
        ("SELECT (now() AS ?x) {}", True),
        ("SELECT * { FILTER(UUID() = STRUUID()) }", True),
        ("SELECT * { ?s ?p ?brand }", False),
        ("SELECT * { ?s ?p ?o }", False),
    ],
)
def test_query_whose_answer_changes_is_seen(query: str, expected: bool) -> None:
    assert outline(query).volatile is expected


@given(st.text())
def test_any_text_can_be_looked_at(text: str) -> None:
    outline(text)
    outline(f"{text} SERVICE FROM LOAD")
    reaches_out(f"{text} SERVICE LOAD", {})


_TEN = ox.Store()
_TEN.update("INSERT DATA { " + " ".join(f"<a:{n}> <a:p> {n} ." for n in range(10)) + " }")


class TestWithDataset:
    @pytest.fixture
    def store(self) -> ox.Store:
        store = ox.Store()
        store.update(
            "INSERT DATA { <a:d> <a:in> 0 GRAPH <a:g1> { <a:a> <a:in> 1 } GRAPH <a:g2> { <a:b> <a:in> 2 } }"
        )
        return store

    def seen(self, store: ox.Store) -> set[str]:
        return {q.subject.value for q in store.quads_for_pattern(None, ox.NamedNode("a:seen"), None)}  # type: ignore[union-attr]

    def test_default_graph_of_the_where_is_the_one_named(self, store: ox.Store) -> None:
        store.update(with_dataset("INSERT { ?s <a:seen> 1 } WHERE { ?s <a:in> ?o }", ["a:g1"], []))
        assert self.seen(store) == {"a:a"}

    def test_named_graphs_of_the_where_are_those_named(self, store: ox.Store) -> None:
        update = "INSERT { ?s <a:seen> 1 } WHERE { GRAPH ?g { ?s <a:in> ?o } }"
        store.update(with_dataset(update, [], ["a:g2"]))
        assert self.seen(store) == {"a:b"}

    def test_every_operation_matches_there(self, store: ox.Store) -> None:
        update = (
            "INSERT { ?s <a:seen> 1 } WHERE { ?s <a:in> ?o } ; "
            "DELETE { ?s <a:in> ?o } INSERT { ?s <a:seen> 2 } WHERE { ?s <a:in> ?o FILTER(?o = 1) }"
        )
        store.update(with_dataset(update, ["a:g1"], []))
        values = {q.object.value for q in store.quads_for_pattern(None, ox.NamedNode("a:seen"), None)}  # type: ignore[union-attr]
        assert self.seen(store) == {"a:a"}
        assert values == {"1", "2"}

    def test_delete_where_takes_only_what_is_there(self, store: ox.Store) -> None:
        # DELETE WHERE deletes from the default graph; only what also stands in <a:g1> matches.
        store.update("INSERT DATA { <a:a> <a:in> 1 }")
        store.update(with_dataset("DELETE WHERE { ?s <a:in> ?o }", ["a:g1"], []))
        left = {q.subject.value for q in store.quads_for_pattern(None, None, None, ox.DefaultGraph())}  # type: ignore[union-attr]
        assert left == {"a:d"}

    def test_operations_without_where_stay(self) -> None:
        update = "INSERT DATA { <a:a> <a:b> 'WHERE' } ; CLEAR GRAPH <a:g>"
        assert with_dataset(update, ["a:g1"], []) == update

    @pytest.mark.parametrize(
        "update",
        [
            "INSERT { ?s <a:seen> 1 } USING <a:g2> WHERE { ?s ?p ?o }",
            "INSERT { ?s <a:seen> 1 } USING NAMED <a:g2> WHERE { ?s ?p ?o }",
            "WITH <a:g2> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        ],
    )
    def test_update_with_its_own_dataset_is_refused(self, update: str) -> None:
        # SPARQL 1.1 Protocol, section 2.2.3
        with pytest.raises(QueryRefusedError, match="using-graph-uri"):
            with_dataset(update, ["a:g1"], [])

    def test_update_that_is_not_understood_is_refused(self) -> None:
        with pytest.raises(NotSparqlError):
            with_dataset("INSERT nonsense", ["a:g1"], [])

    def test_update_with_words_in_any_case_is_taken(self, store: ox.Store) -> None:
        update = "insert {<a:x> <a:seen> ?c} where {select (group_concat(str(?o)) as ?c) {?s <a:in> ?o}}"
        store.update(with_dataset(update, ["a:g1"], []))
        assert self.seen(store) == {"a:x"}


def test_silent_load_does_nothing_and_is_no_load() -> None:
    text = "LOAD SILENT <http://127.0.0.1:9/> INTO GRAPH <http://e/g> ; INSERT DATA { <a:a> <a:b> 1 } ;"
    without = query_features.without_silent_loads(text)
    assert "LOAD" not in without
    assert not has_load(without, {})
