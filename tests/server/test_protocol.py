"""SPARQL 1.1 Protocol over real HTTP against a served mesoonto."""

from __future__ import annotations

import csv
import io
import json
from urllib.parse import quote, urlencode

import pyoxigraph as ox
import pytest

from mesoonto.namespaces import GRAPH
from tests.server.client import FORM, QUERY, UPDATE, ask, get

SELECT = "SELECT ?class { ?class rdfs:subClassOf meso:MESO_0000001 } ORDER BY ?class LIMIT 3"
CONSTRUCT = (
    "CONSTRUCT { ?c rdfs:label ?l } WHERE { ?c rdfs:subClassOf meso:MESO_0000001 ; rdfs:label ?l } LIMIT 3"
)


def test_get(address: str) -> None:
    reply = get(address, SELECT)
    assert reply.status == 200
    assert reply.type == "application/sparql-results+json"
    assert len(json.loads(reply.body)["results"]["bindings"]) == 3


def test_post_form(address: str) -> None:
    reply = ask(address, "POST", body=urlencode({"query": SELECT}).encode(), **FORM)
    assert len(json.loads(reply.body)["results"]["bindings"]) == 3


def test_post_query_as_body(address: str) -> None:
    reply = ask(
        address,
        "POST",
        body=SELECT.encode(),
        **{**QUERY, "Content-Type": "application/sparql-query; charset=utf-8"},
    )
    assert len(json.loads(reply.body)["results"]["bindings"]) == 3


@pytest.mark.parametrize(
    ("query", "media_type"),
    [
        (SELECT, "application/sparql-results+json"),
        (SELECT, "application/sparql-results+xml"),
        (SELECT, "text/csv"),
        (SELECT, "text/tab-separated-values"),
        ("ASK {}", "application/sparql-results+json"),
        ("ASK {}", "application/sparql-results+xml"),
        (CONSTRUCT, "text/turtle"),
        (CONSTRUCT, "application/n-triples"),
        (CONSTRUCT, "application/ld+json"),
        (CONSTRUCT, "application/rdf+xml"),
    ],
)
def test_every_format_by_accept(address: str, query: str, media_type: str) -> None:
    reply = get(address, query, Accept=f"{media_type}, */*;q=0.1")
    assert (reply.status, reply.type) == (200, media_type)
    assert reply.headers["vary"].lower() == "accept, accept-encoding"
    if query is CONSTRUCT:
        rdf = ox.RdfFormat.from_media_type(media_type)
        assert len(list(ox.parse(reply.body, format=rdf))) == 3
    elif media_type == "text/csv":
        assert len(list(csv.reader(io.StringIO(reply.body.decode())))) == 4
    else:
        results = ox.parse_query_results(reply.body, format=ox.QueryResultsFormat.from_media_type(media_type))
        assert bool(results) if query == "ASK {}" else len(list(results)) == 3


def test_best_quality_wins(address: str) -> None:
    reply = get(address, SELECT, Accept="text/csv;q=0.3, application/sparql-results+xml;q=0.8, */*;q=0.1")
    assert reply.type == "application/sparql-results+xml"


def test_unknown_format_is_406_and_names_the_known(address: str) -> None:
    reply = get(address, SELECT, Accept="image/png")
    assert reply.status == 406
    assert b"text/csv" in reply.body


def test_syntax_error_is_400_with_line_and_column(address: str) -> None:
    reply = get(address, "SELECT *\nWHERE x")
    assert (reply.status, reply.type) == (400, "text/plain")
    assert reply.body.startswith(b"query:2:7: ")


def test_syntax_error_for_programs_is_problem_json(address: str) -> None:
    reply = get(
        address, "SELECT *\nWHERE x", Accept="application/sparql-results+json, application/problem+json"
    )
    problem = json.loads(reply.body)
    assert reply.type == "application/problem+json"
    assert (problem["status"], problem["line"], problem["column"]) == (400, 2, 7)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/json", "multipart/form-data; boundary=x", ""]
)
def test_other_body_types_are_415(address: str, content_type: str) -> None:
    assert ask(address, "POST", body=SELECT.encode(), Content_Type=content_type).status == 415


@pytest.mark.parametrize(
    "parameters", ["query=ASK%20%7B%7D&query=ASK%20%7B%7D", "", "default-graph-uri=http%3A%2F%2Fe%2F"]
)
def test_not_exactly_one_query_is_400(address: str, parameters: str) -> None:
    assert ask(address, "POST", body=parameters.encode(), **FORM).status == 400


def test_query_as_parameter_and_body_is_400(address: str) -> None:
    path = f"/sparql?query={quote('ASK {}')}"
    assert ask(address, "POST", path=path, body=b"ASK {}", **QUERY).status == 400


@pytest.mark.parametrize("path", [b"/sparql?query=%FF", b"/sparql?query=ASK%20%7B%7D%C3"])
def test_bytes_that_are_not_utf8_are_400(address: str, path: bytes) -> None:
    assert ask(address, path=path.decode()).status == 400


def test_body_that_is_not_utf8_is_400(address: str) -> None:
    assert ask(address, "POST", body=b"ASK { ?s ?p '\xff' }", **QUERY).status == 400


def test_body_that_is_too_large_is_413(address: str) -> None:
    reply = ask(address, "POST", body=b"ASK {}" + b" " * (1 << 20), **QUERY)
    assert (reply.status, reply.type) == (413, "text/plain")


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        ("/sparql", b"update=CLEAR%20ALL", FORM),
        ("/sparql", b"CLEAR ALL", UPDATE),
        ("/update", b"update=CLEAR%20ALL", FORM),
        ("/update", b"CLEAR ALL", UPDATE),
    ],
)
def test_updates_are_refused(address: str, path: str, body: bytes, headers: dict[str, str]) -> None:
    reply = ask(address, "POST", path, body, **headers)
    assert reply.status == 403
    assert b"read-only" in reply.body


@pytest.mark.parametrize("path", ["/sparql?update=CLEAR%20ALL", "/update?update=CLEAR%20ALL"])
def test_update_by_get_is_405_and_names_post(address: str, path: str) -> None:
    # SPARQL 1.1 Protocol, section 2.2: updates are sent with POST only.
    reply = ask(address, path=path)
    assert reply.status == 405
    assert reply.headers["allow"] == "POST, OPTIONS"


def test_service_is_403(address: str) -> None:
    reply = get(address, "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }")
    assert reply.status == 403
    assert b"SERVICE <http://127.0.0.1:1/> is refused" in reply.body


def test_dataset_parameters_choose_the_graphs(address: str) -> None:
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    sizes = {}
    for layer in ("ontology", "imports", "data", "inferred"):
        path = f"/sparql?{urlencode({'query': count, 'default-graph-uri': GRAPH + layer})}"
        sizes[layer] = int(json.loads(ask(address, path=path).body)["results"]["bindings"][0]["n"]["value"])
    whole = int(json.loads(get(address, count).body)["results"]["bindings"][0]["n"]["value"])
    assert all(0 < size < whole for size in sizes.values())
    both = [
        ("query", count),
        ("default-graph-uri", GRAPH + "ontology"),
        ("default-graph-uri", GRAPH + "imports"),
    ]
    merged = int(
        json.loads(ask(address, path=f"/sparql?{urlencode(both)}").body)["results"]["bindings"][0]["n"][
            "value"
        ]
    )
    assert merged == sizes["ontology"] + sizes["imports"]


def test_no_query_gives_the_service_description(address: str) -> None:
    reply = ask(address, Accept="text/turtle")
    store = ox.Store()
    store.load(reply.body, format=ox.RdfFormat.TURTLE)
    rows = store.query(
        "PREFIX sd: <http://www.w3.org/ns/sparql-service-description#> SELECT ?endpoint ?name "
        "{ ?s a sd:Service ; sd:endpoint ?endpoint ; sd:defaultDataset/sd:namedGraph/sd:name ?name }"
    )
    found = [(row["endpoint"].value, row["name"].value) for row in rows]  # type: ignore[union-attr]
    assert {endpoint for endpoint, _ in found} == {f"{address}sparql"}
    assert f"{GRAPH}data" in {name for _, name in found}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_405_and_name_the_allowed(address: str, method: str) -> None:
    reply = ask(address, method)
    assert reply.status == 405
    assert {"GET", "POST"} <= set(reply.headers["allow"].split(", "))


def test_head_has_no_body(address: str) -> None:
    reply = ask(address, "HEAD", path=f"/sparql?{urlencode({'query': SELECT})}")
    assert (reply.status, reply.body) == (200, b"")


def test_unknown_path_is_plain_404(address: str) -> None:
    reply = ask(address, path="/nowhere/%3Cscript%3E")
    assert (reply.status, reply.type) == (404, "text/plain")
    assert b"<script>" not in reply.body


def test_pages_of_other_origins_may_read_results(address: str) -> None:
    assert get(address, SELECT).headers["access-control-allow-origin"] == "*"


def test_answers_name_the_dataset_version(address: str) -> None:
    from mesoonto.dataset import shipped

    assert get(address, SELECT).headers["mesoonto-dataset"] == shipped.version()


@pytest.mark.parametrize(
    "path",
    ["/", "/sparql?query=ASK%7B%7D", "/sparql?query=nonsense", "/nothing-here", "/health/live", "/store"],
)
def test_every_response_names_the_version_of_the_data(address: str, path: str) -> None:
    wanted = get(address, "ASK {}").headers["mesoonto-dataset"]
    assert ask(address, path=path).headers["mesoonto-dataset"] == wanted
