"""``explain=true``: a plan and a result, gathered by a worker within limits."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import pytest

from mesoonto_server.worker.explain import MOST_BYTES, MOST_ROWS
from tests.conftest import running_server
from tests.server.client import FORM, Reply, ask

#: As many rows as the square of what it is given.
ROWS = "SELECT ?a ?b {{ VALUES ?a {{ {0} }} VALUES ?b {{ {0} }} }}"


def rows(root: int) -> str:
    return ROWS.format(" ".join(map(str, range(root))))


def explained(address: str, query: str, method: str = "GET", **more: str) -> Reply:
    form = urlencode({"query": query, "explain": "true", **more})
    if method == "POST":
        return ask(address, "POST", body=form.encode(), **FORM)
    return ask(address, method, f"/sparql?{form}")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_result_stands_beside_a_plan_that_asks_nobody(address: str, method: str) -> None:
    reply = explained(address, rows(3), method)
    assert reply.status == 200
    assert reply.type == "application/json"
    assert reply.headers["cache-control"] == "no-store"
    assert "mesoonto-row-limit" not in reply.headers
    assert reply.json["federation"]["services"] == []
    assert reply.json["cut"] is None
    assert len(reply.json["results"]["results"]["bindings"]) == 9


def test_what_the_data_do_not_have_stands_beside_the_result(address: str) -> None:
    (one,) = explained(address, "SELECT *\n{ ?s a meso:Studdy }").json["unmatched"]
    assert one == {
        "line": 2, "column": 8, "written": "meso:Studdy", "nearest": ["meso:Study"], "within": "",
        "message": "nothing has this type; meso:Study may be meant",
    }  # fmt: skip
    query = "ASK { ?s a meso:Study }"
    assert explained(address, query).json["unmatched"] == []
    shapes = "https://w3id.org/mesoonto/graph/shapes"
    (one,) = explained(address, query, **{"default-graph-uri": shapes}).json["unmatched"]
    assert one["message"].endswith("other graphs have it")


def test_rows_beyond_the_limit_are_cut_and_told(address: str) -> None:
    reply = explained(address, rows(110))
    assert reply.json["cut"] == {"rows": MOST_ROWS}
    assert reply.headers["mesoonto-row-limit"] == str(MOST_ROWS)
    assert len(reply.json["results"]["results"]["bindings"]) == MOST_ROWS


@pytest.mark.parametrize("form", ["SELECT ?a ?b", "CONSTRUCT { <urn:s> ?a ?b }"])
def test_bytes_beyond_the_limit_are_cut_and_told(address: str, form: str) -> None:
    values = " ".join(f'"{n}{"x" * 5000}"' for n in range(40))
    predicates = " ".join(f"<urn:p{n}>" for n in range(100))
    reply = explained(address, f"{form} {{ VALUES ?a {{ {predicates} }} VALUES ?b {{ {values} }} }}", "POST")
    kept = reply.json["cut"]["rows"]
    assert reply.headers["mesoonto-row-limit"] == str(kept)
    assert MOST_BYTES * 0.9 < kept * 5000 < len(reply.body) < MOST_BYTES * 1.1


def test_triples_are_a_text_and_a_truth_value_is_one(address: str) -> None:
    built = explained(address, "CONSTRUCT { <urn:s> <urn:p> 1 } {}")
    assert built.json["results"].split()[-4:] == ["<urn:s>", "<urn:p>", "1", "."]
    assert explained(address, "ASK {}").json["results"]["boolean"] is True


def test_head_has_no_body(address: str) -> None:
    reply = explained(address, "ASK {}", "HEAD")
    assert (reply.status, reply.type, reply.body) == (200, "application/json", b"")


def test_errors_are_those_of_a_query(address: str) -> None:
    assert explained(address, "SELECT").status == 400
    assert explained(address, "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }").status == 403


def test_timeout_reaches_the_worker(address: str) -> None:
    endless = "SELECT (COUNT(*) AS ?n) {" + " ".join(f"?a{n} ?b{n} ?c{n} ." for n in range(9)) + "}"
    reply = explained(address, endless, timeout="0.5")
    assert reply.status == 503
    assert "ended after 0.5 seconds" in reply.text


@pytest.mark.slow
def test_cap_of_the_server_counts_too(tmp_path: Path) -> None:
    data = tmp_path / "data.ttl"
    data.write_text("".join(f"<urn:s{n}> <urn:p> {n} .\n" for n in range(9)))
    with running_server("--empty", "--data", str(data), "--max-rows", "5") as capped:
        reply = explained(capped, "SELECT * { ?s ?p ?o }")
    assert reply.json["cut"] == {"rows": 5}
    assert reply.headers["mesoonto-row-limit"] == "5"
