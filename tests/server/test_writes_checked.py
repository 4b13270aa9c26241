"""Writes to the shipped dataset: validated as a whole before they are seen, and the shipped graphs kept."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
import rdflib
from rdflib.namespace import RDF, SH

from mesoonto.namespaces import GRAPH
from tests.conftest import running_server
from tests.server.client import TURTLE, Reply, ask, get, holds, update

MINE = "http://example.org/mine"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running_server("--allow-update") as found:
        yield found


def version(address: str) -> str:
    return get(address, "ASK {}").headers["mesoonto-dataset"]


def post(address: str, turtle: str, **headers: str) -> Reply:
    return ask(address, "POST", f"/store?graph={quote(MINE, safe='')}", turtle.encode(), **TURTLE, **headers)


def insert(address: str, turtle: str, **headers: str) -> Reply:
    return update(address, f"INSERT DATA {{ GRAPH <{MINE}> {{ {turtle} }} }}", **headers)


BROKEN = "<http://example.org/mine/study> a <https://w3id.org/mesoonto/Study> ."


@pytest.mark.parametrize("write", [post, insert])
def test_broken_record_is_422_with_the_report_and_nothing_is_changed(address: str, write: object) -> None:
    before = version(address)
    reply = write(address, BROKEN, Accept="text/turtle")  # type: ignore[operator]
    assert (reply.status, reply.type) == (422, "text/turtle")
    report = rdflib.Graph().parse(data=reply.body, format="turtle")
    (result,) = report.subjects(RDF.type, SH.ValidationReport)
    assert report.value(result, SH.conforms).toPython() is False  # type: ignore[union-attr]
    focus = set(report.objects(None, SH.focusNode))
    assert rdflib.URIRef("http://example.org/mine/study") in focus
    assert version(address) == before
    assert not holds(address, "<http://example.org/mine/study> ?p ?o")


def test_program_gets_the_report_in_the_problem_document(address: str) -> None:
    reply = post(address, BROKEN, Accept="application/json")
    assert (reply.status, reply.type) == (422, "application/problem+json")
    assert rdflib.Graph().parse(data=reply.json["report"], format="turtle")
    assert "nothing was changed" in reply.json["title"]


def test_person_gets_one_line(address: str) -> None:
    reply = post(address, BROKEN)
    assert (reply.status, reply.type) == (422, "text/plain")
    assert len(reply.text.splitlines()) == 1
    assert "http://example.org/mine/study" in reply.text


def test_one_broken_record_among_good_ones_undoes_all(address: str) -> None:
    reply = post(address, f"{BROKEN} <a:good> <a:b> <a:c> .")
    assert reply.status == 422
    assert not holds(address, "<a:good> ?p ?o")


def test_statements_that_no_shape_is_about_are_taken(address: str) -> None:
    assert post(address, "<a:good> <a:b> <a:c> .").status in (201, 204)
    assert insert(address, "<a:good> <a:b> <a:d> .").status == 204
    assert holds(address, f"GRAPH <{MINE}> {{ <a:good> <a:b> <a:c>, <a:d> }}")


def test_valid_record_is_taken_and_its_spoiling_is_refused(address: str) -> None:
    # A record of the dataset under another name conforms as the original does.
    copied = get(
        address,
        f"CONSTRUCT {{ <{MINE}/publication> ?p ?o }} {{ GRAPH <{GRAPH}data> {{ "
        "{ SELECT ?x { ?x a meso:Publication } ORDER BY ?x LIMIT 1 } ?x ?p ?o } }",
        Accept="text/turtle",
    )
    assert copied.status == 200
    reply = post(address, copied.text)
    assert reply.status in (201, 204), reply.text
    spoil = f"DELETE WHERE {{ GRAPH <{MINE}> {{ <{MINE}/publication> dcterms:bibliographicCitation ?x }} }}"
    spoiled = update(address, spoil)
    assert spoiled.status == 422
    assert holds(address, f"<{MINE}/publication> dcterms:bibliographicCitation ?x")
    assert (
        update(address, f"DELETE WHERE {{ GRAPH <{MINE}> {{ <{MINE}/publication> ?p ?x }} }}").status == 204
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["data", "new"])
def test_shipped_graphs_cannot_be_written_to(address: str, name: str) -> None:
    before = version(address)
    graph = f"{GRAPH}{name}"
    where = f"/store?graph={quote(graph, safe='')}"
    replies = [
        ask(address, "PUT", where, b"", **TURTLE),
        ask(address, "POST", where, b"<a:a> <a:b> 1 .", **TURTLE),
        ask(address, "DELETE", where),
        update(address, f"INSERT DATA {{ GRAPH <{graph}> {{ <a:a> <a:b> 1 }} }}"),
    ]
    if name != "new":
        replies.append(update(address, f"DROP GRAPH <{graph}>"))
        replies.append(update(address, "DROP ALL"))
        replies.append(update(address, f"MOVE <{graph}> TO <a:other>"))
    assert [reply.status for reply in replies] == [403] * len(replies)
    assert version(address) == before
