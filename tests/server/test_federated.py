"""SERVICE asked of the server: two real servers, one of which may ask the other."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from playwright.sync_api import expect, sync_playwright

from mesoonto_server.http import parameters
from mesoonto_server.http.messages import WorkerRequest, decode_request, encode
from mesoonto_server.http.parameters import HttpRequest
from mesoonto_server.web import sparql
from tests.conftest import program, running_server
from tests.server.browser import FLAGS
from tests.server.client import ask, get
from tests.server.test_ask_page import write

OTHER = "".join(f"<http://e/s{n}> <http://e/score> {n} .\n" for n in range(50))


class Listener:
    """A socket that tells whether anybody connected to it."""

    def __enter__(self) -> Listener:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.5)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def reached(self) -> bool:
        try:
            self._socket.accept()[0].close()
        except TimeoutError:
            return False
        return True


def request_of_bytes(query: bytes, body: bytes) -> WorkerRequest:
    """What the serving process and the connection workers make of a request."""
    headers = dict.fromkeys((b"host", b"accept", b"content-type", b"has-service", b"if-match"), body)
    request = HttpRequest("POST", "/sparql", query, headers, "192.0.2.7", "192.0.2.7", "http")
    return parameters.request_of("query", request, body, 1 << 20)


def request_of_flask(query: bytes, body: bytes) -> WorkerRequest:
    """What the Flask application makes of a request."""
    text = query.decode("latin-1")
    with Flask("test").test_request_context(
        "/sparql", method="POST", query_string=text, data=body, headers={"Has-Service": quote(body)}
    ):
        return sparql.request_for("query", 1 << 20)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The SPARQL address of a server that holds scores."""
    path = tmp_path_factory.mktemp("other") / "scores.ttl"
    path.write_text(OTHER)
    with running_server("--empty", "--data", str(path)) as address:
        yield f"{address}sparql"


@pytest.fixture(scope="module")
def joining(other: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that may ask the other."""
    path = tmp_path_factory.mktemp("joining") / "mesoonto.toml"
    path.write_text(f'[federation.endpoints.scores]\nurl = "{other}"\nallow_private = true\n')
    with running_server("--config", str(path)) as address:
        yield address


def scores(other: str) -> str:
    return (
        "SELECT ?s ?n { VALUES ?s { <http://e/s7> <http://e/s9> <http://e/none> } "
        f"SERVICE <{other}> {{ ?s <http://e/score> ?n }} }} ORDER BY ?n"
    )


def test_answers_of_the_other_endpoint_are_joined(joining: str, other: str) -> None:
    reply = get(joining, scores(other), Accept="text/csv")
    assert reply.status == 200, reply.text
    assert reply.text.split() == ["s,n", "http://e/s7,7", "http://e/s9,9"]


def test_answer_with_other_peoples_data_is_not_to_be_kept(joining: str, other: str) -> None:
    reply = get(joining, scores(other))
    assert reply.headers["cache-control"] == "no-store"
    assert "etag" not in reply.headers


def test_posted_query_is_joined_too(joining: str, other: str) -> None:
    body = urlencode({"query": scores(other)}).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/csv"}
    assert ask(joining, "POST", body=body, **form).text.count("http://e/s") == 2


def test_explain_tells_what_was_sent_and_gives_the_result(joining: str, other: str) -> None:
    # A constant of its own, so that no earlier test has filled the cache.
    query = scores(other).replace("e/s9", "e/s11")
    reply = ask(joining, path=f"/sparql?{urlencode({'query': query, 'explain': 'true'})}")
    (service,) = reply.json["federation"]["services"]
    assert (service["endpoint"], service["bindings"], service["rows"]) == ("scores", 3, 2)
    (request,) = service["requests"]
    assert "VALUES" in request["query"]
    assert [row["n"]["value"] for row in reply.json["results"]["results"]["bindings"]] == ["7", "11"]


@pytest.mark.slow
def test_cap_on_results_cuts_no_binding(other: str, tmp_path: Path) -> None:
    path = tmp_path / "mesoonto.toml"
    path.write_text(f'[federation.endpoints.scores]\nurl = "{other}"\nallow_private = true\n')
    data = tmp_path / "local.ttl"
    data.write_text("".join(f"<http://e/s{n}> <http://e/kind> 1 .\n" for n in range(40)))
    join = f"{{ ?s <http://e/kind> 1 SERVICE <{other}> {{ ?s <http://e/score> ?n }} }}"
    with running_server("--config", str(path), "--data", str(data), "--max-rows", "10") as capped:
        total = get(capped, f"SELECT (SUM(?n) AS ?total) {join}", Accept="text/csv")
        rows = get(capped, f"SELECT ?n {join} ORDER BY ?n", Accept="text/csv")
    assert total.text.split() == ["total", str(sum(range(40)))]
    assert rows.text.split() == ["n", *map(str, range(10))]
    assert rows.headers["mesoonto-row-limit"] == "10"


def test_what_a_request_says_of_itself_is_not_believed(joining: str) -> None:
    """A stranger's SERVICE is found whatever else the request says."""
    with Listener() as listener:
        query = f"SELECT * {{ SERVICE <{listener.url}> {{ ?s ?p ?o }} }}"
        said = {"outline": "[false,false,false]", "task": "void", "has_service": "false"}
        plain = ask(joining, path=f"/sparql?{urlencode({'query': query, **said})}", **said)
        form = {"Content-Type": "application/x-www-form-urlencoded", **said}
        posted = ask(joining, "POST", body=urlencode({**said, "query": query}).encode(), **form)
        body = {"Content-Type": "application/sparql-query", **said}
        direct = ask(joining, "POST", f"/sparql?{urlencode(said)}", query.encode(), **body)
        assert [reply.status for reply in (plain, posted, direct)] == [403, 403, 403]
        assert not listener.reached()


@pytest.mark.parametrize("make", [request_of_bytes, request_of_flask])
def test_requests_from_outside_name_no_task(make: Callable[[bytes, bytes], WorkerRequest]) -> None:
    hostile = encode(WorkerRequest("void", "GET", "/", b"", "", has_service=True))
    for text in (hostile, hostile.hex().encode(), b"has_service=1&task=void"):
        request = decode_request(encode(make(text, text)))
        assert not request.has_service
        assert request.task == "query"


def test_endpoint_that_is_not_listed_is_refused_by_name(joining: str) -> None:
    reply = get(joining, "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }")
    assert reply.status == 403
    assert "http://127.0.0.1:9/" in reply.text


def test_without_a_list_the_refusal_says_how_service_is_enabled(address: str) -> None:
    reply = get(address, "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }")
    assert reply.status == 403
    assert "federation.endpoints" in reply.text


@pytest.mark.slow
@pytest.mark.chromium
@pytest.mark.bundles
def test_page_shows_the_plan_beside_the_result(joining: str, other: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=FLAGS)
        page = browser.new_page()
        page.goto(f"{joining}ask")
        write(page, scores(other))
        page.get_by_role("button", name="Run").click()
        expect(page.locator(".plan")).to_contain_text("scores: bound by 3 local bindings of ?s")
        expect(page.locator("#result tbody tr")).to_have_count(2)
        browser.close()


def test_configuration_that_cannot_be_used_names_the_entry(mesoonto_process: object, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('[federation.endpoints.scores]\nurl = "ftp://e/"\n')
    done = mesoonto_process("serve", "--config", str(path))  # type: ignore[operator]
    assert done.returncode == 2
    assert "federation.endpoints.scores" in done.stderr
