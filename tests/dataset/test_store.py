"""The engine: datasets, errors, formats."""

from __future__ import annotations

import json

import pyoxigraph as ox
import pytest

from mesoonto.dataset.formats import FORMATS, Kind, format_named, formats_for
from mesoonto.dataset.store import Engine, replace_graphs
from mesoonto.errors import FormatError, InputError, QueryRefusedError, QuerySyntaxError

TRIG = """
@prefix : <http://e/> .
:default :in :nowhere .
:g1 { :a :in :g1 }
:g2 { :b :in :g2 }
"""


@pytest.fixture
def small() -> Engine:
    store = ox.Store()
    store.load(TRIG, format=ox.RdfFormat.TRIG)
    return Engine(store, "test")


def subjects(engine: Engine, query: str, **dataset: list[str]) -> set[str]:
    answer = engine.query(query, **dataset)
    rows = json.loads(answer.serialize(format_named("json", answer.kind)))["results"]["bindings"]
    return {row["s"]["value"].rpartition("/")[2] for row in rows}


ALL = "SELECT ?s { ?s <http://e/in> ?g }"
NAMED = "SELECT ?s { GRAPH ?x { ?s <http://e/in> ?g } }"


def test_default_graph_is_the_union_of_all_graphs(small: Engine) -> None:
    assert subjects(small, ALL) == {"default", "a", "b"}


def test_from_chooses_the_default_graph(small: Engine) -> None:
    assert subjects(small, ALL.replace("{", "FROM <http://e/g1> {", 1)) == {"a"}


def test_from_alone_leaves_no_named_graph(small: Engine) -> None:
    assert subjects(small, NAMED.replace("{", "FROM <http://e/g1> {", 1)) == set()


def test_protocol_dataset_replaces_from(small: Engine) -> None:
    query = ALL.replace("{", "FROM <http://e/g1> {", 1)
    assert subjects(small, query, default_graphs=["http://e/g2"]) == {"b"}


def test_default_graph_parameter_alone_leaves_no_named_graph(small: Engine) -> None:
    assert subjects(small, NAMED, default_graphs=["http://e/g1"]) == set()


def test_named_graph_parameter_alone_leaves_an_empty_default_graph(small: Engine) -> None:
    assert subjects(small, ALL, named_graphs=["http://e/g1"]) == set()
    assert subjects(small, NAMED, named_graphs=["http://e/g1"]) == {"a"}


def test_syntax_error_tells_line_and_column(small: Engine) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        small.query("SELECT *\nWHERE x")
    place = caught.value.place
    assert place is not None
    # The x stands where a brace is wanted: line 2, column 7.
    assert (place.line, place.column) == (2, 7)
    assert str(caught.value).startswith("query:2:7: what belongs to WHERE stands in braces")


def test_undeclared_prefix_is_named_as_such(small: Engine) -> None:
    with pytest.raises(QuerySyntaxError, match="prefix not declared"):
        small.query("SELECT * { ?s nope:x ?o }")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?s { ?s ?p ?o FILTER(?p = rdfs:label) }",
        "SELECT ?s { ?s ?p ?o FILTER(?p IN (rdfs:label)) }",
        "SELECT ?s { ?s ?p ?o FILTER(STR(rdfs:) = '') }",
        "SELECT ?s { ?s ?p ?o BIND(rdfs:label AS ?l) }",
        "SELECT ?s { ?s ?p ?o } ORDER BY xsd:integer(?o)",
        "SELECT ?s { VALUES ?s { obo: } ?s ?p ?o }",
        "CONSTRUCT { ?s a owl:Class } WHERE { ?s ?p ?o }",
    ],
)
def test_usual_prefixes_need_no_declaration_anywhere(small: Engine, query: str) -> None:
    small.query(query)


def test_update_is_no_query(small: Engine) -> None:
    with pytest.raises(QuerySyntaxError):
        small.query("INSERT DATA { <http://a> <http://b> <http://c> }")


def test_service_is_refused_before_anything_is_fetched(small: Engine) -> None:
    with pytest.raises(QueryRefusedError, match="SERVICE is refused"):
        small.query("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }")


def test_graph_name_that_is_no_iri_is_refused(small: Engine) -> None:
    with pytest.raises(InputError, match="not named by an IRI"):
        small.query(ALL, default_graphs=["not an iri"])


@pytest.mark.parametrize("form", FORMATS, ids=lambda f: f.name)
def test_every_format_can_be_read_back(small: Engine, form: object) -> None:
    assert form in FORMATS
    for kind, query in [
        (Kind.BOOLEAN, "ASK { ?s ?p ?o }"),
        (Kind.SOLUTIONS, ALL),
        (Kind.TRIPLES, "CONSTRUCT WHERE { ?s <http://e/in> ?g }"),
    ]:
        if form not in formats_for(kind):
            continue
        text = small.query(query).serialize(form)  # type: ignore[arg-type]
        if kind is Kind.TRIPLES:
            assert len(list(ox.parse(text, format=form.syntax))) == 3  # type: ignore[attr-defined]
        elif form.name == "csv":  # type: ignore[attr-defined]
            assert len(text.decode().splitlines()) == (4 if kind is Kind.SOLUTIONS else 1)
        else:
            results = ox.parse_query_results(text, format=form.syntax)  # type: ignore[attr-defined]
            assert len(list(results)) == 3 if kind is Kind.SOLUTIONS else bool(results)


def test_format_that_does_not_fit_is_refused(small: Engine) -> None:
    with pytest.raises(FormatError, match="use one of json"):
        format_named("turtle", Kind.SOLUTIONS)
    with pytest.raises(FormatError):
        small.query("ASK {}").serialize(format_named("turtle", Kind.TRIPLES))


def test_replacing_graphs_leaves_other_graphs_and_renews_the_named() -> None:
    target = ox.Store()
    target.update(
        "INSERT DATA { GRAPH <http://e/mine> { <a:a> <a:b> 1 } GRAPH <http://e/g1> { <a:old> <a:b> 1 } }"
    )
    source = ox.Store()
    source.load(TRIG, format=ox.RdfFormat.TRIG)
    replace_graphs(target, source)
    names = {str(graph) for graph in target.named_graphs()}
    assert names == {"<http://e/mine>", "<http://e/g1>", "<http://e/g2>"}
    assert not target.query("ASK { GRAPH <http://e/g1> { <a:old> ?p ?o } }")
    assert target.query("ASK { GRAPH <http://e/mine> { <a:a> <a:b> 1 } }")


@pytest.mark.parametrize("name", ["csv", "tsv"])
@pytest.mark.parametrize(("query", "answer"), [("ASK {}", "true"), ("ASK { FILTER(false) }", "false")])
def test_truth_value_is_one_word_in_a_table_format(name: str, query: str, answer: str) -> None:
    result = Engine(ox.Store(), "v").query(query)
    assert result.serialize(format_named(name, Kind.BOOLEAN)).decode().strip() == answer
