"""A request is answered alike whether a connection worker answers it or the front."""

from __future__ import annotations

import csv
import http.client
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from urllib.parse import urlencode, urlsplit

import pytest

from tests.conftest import running_server
from tests.hostile.raw import connect, exchange, head
from tests.wire import FORM, QUERY, UPDATE, Client, quickly_quoted, request

#: Differ with each response.
_OWN = frozenset(("date", "x-request-id"))

_ASK = urlencode({"query": "ASK {}"})

#: What Chromium and Firefox send for a page.
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
_HOST = b"Host: localhost\r\n"


def _target(query: str) -> str:
    return f"/sparql?query={quickly_quoted(query)}"


def _posted(body: bytes, media_type: str, *more: tuple[str, str]) -> bytes:
    return (
        head("POST", "/sparql", [("Content-Type", media_type), ("Content-Length", str(len(body))), *more])
        + body
    )


#: Raw requests, right and wrong ones.
CORPUS: dict[str, bytes] = {
    "get": head("GET", f"/sparql?{_ASK}"),
    "get-csv": head(
        "GET", f"/sparql?{urlencode({'query': 'SELECT (1 AS ?x) {}'})}", [("Accept", "text/csv")]
    ),
    "ask-csv": head("GET", f"/sparql?{_ASK}", [("Accept", "text/csv")]),
    "ask-tsv": head("GET", f"/sparql?{_ASK}", [("Accept", "text/tab-separated-values")]),
    "ask-text": head("GET", f"/sparql?{_ASK}", [("Accept", "text/*")]),
    "construct-trig": head(
        "GET", _target("CONSTRUCT { <a:a> <a:b> 1 } {}"), [("Accept", "application/trig")]
    ),
    "construct-json": head(
        "GET", _target("CONSTRUCT { <a:a> <a:b> 1 } {}"), [("Accept", "application/json")]
    ),
    "browser": head("GET", "/sparql", [("Accept", BROWSER)]),
    "browser-with-query": head("GET", f"/sparql?{_ASK}", [("Accept", BROWSER)]),
    "browser-with-parameters": head("GET", "/sparql?default-graph-uri=a%3Ag", [("Accept", BROWSER)]),
    "description": head("GET", "/sparql", [("Accept", "*/*")]),
    "head-of-browser": head("HEAD", "/sparql", [("Accept", BROWSER), ("Connection", "close")]),
    "dataset": head("GET", "/store"),
    "unknown-function": head("GET", _target("ASK { FILTER(<a:f>(1)) }")),
    "head": head("HEAD", f"/sparql?{_ASK}", [("Connection", "close")]),
    "options": head("OPTIONS", "/sparql"),
    "post-form": _posted(_ASK.encode(), FORM),
    "post-query": _posted(b"ASK {}", QUERY),
    "post-empty-form": _posted(b"", FORM),
    "post-without-type": head("POST", f"/sparql?{_ASK}", [("Content-Length", "0")]),
    "post-without-length": head("POST", f"/sparql?{_ASK}"),
    "post-update-as-query": _posted(b"update=CLEAR+ALL", FORM),
    "post-chunked": head("POST", "/sparql", [("Content-Type", QUERY), ("Transfer-Encoding", "chunked")])
    + b"3\r\nASK\r\n3\r\n {}\r\n0\r\n\r\n",
    "post-broken-chunks": head("POST", "/sparql", [("Content-Type", QUERY), ("Transfer-Encoding", "chunked")])
    + b"nonsense\r\n\r\n",
    "post-length-and-chunks": head(
        "POST",
        "/sparql",
        [("Content-Length", "6"), ("Transfer-Encoding", "chunked"), ("Content-Type", QUERY)],
    )
    + b"6\r\nASK {}\r\n0\r\n\r\n",
    "post-two-lengths": head("POST", "/sparql", [("Content-Length", "6"), ("Content-Length", "7")])
    + b"ASK {}",
    "expect": head(
        "POST", "/sparql", [("Content-Type", QUERY), ("Content-Length", "6"), ("Expect", "100-continue")]
    )
    + b"ASK {}",
    "syntax-error": head(
        "GET", f"/sparql?{urlencode({'query': 'SELECT'})}", [("Accept", "application/json")]
    ),
    "refused-service": head("GET", _target("SELECT * { SERVICE <http://e/> {} }")),
    "not-acceptable": head("GET", f"/sparql?{_ASK}", [("Accept", "image/png")]),
    "two-queries": head("GET", f"/sparql?{_ASK}&{_ASK}"),
    "not-utf-8": head("GET", "/sparql?query=%ff"),
    "timeout-of-nonsense": head("GET", f"/sparql?{_ASK}&timeout=soon"),
    "explain": head("GET", f"/sparql?{_ASK}&explain=true"),
    "explain-posted": _posted(f"{_ASK}&explain=1".encode(), FORM),
    "explain-cut": head(
        "GET",
        _target(f"SELECT * {{ VALUES ?a {{ {'1 ' * 110} }} VALUES ?b {{ {'2 ' * 110} }} }}")
        + "&explain=true",
    ),
    "raw-quotes": head("GET", '/sparql?query=ASK{"a"}'),
    "raw-space": head("GET", "/sparql?query=ASK {}"),
    "escaped-path": head("GET", f"/%73parql?{_ASK}"),
    "unknown-ending": head("GET", f"/sparql.png?{_ASK}"),
    "many-fields": head("GET", f"/sparql?{_ASK}", [(f"X-{number}", "x") for number in range(200)]),
    "large-fields": head("GET", f"/sparql?{_ASK}", [(f"X-{n}", "x" * 8000) for n in range(20)]),
    "underscores": head("GET", f"/sparql?{_ASK}", [("X_Forwarded_For", "192.0.2.7")]),
    "offer-of-http2": head("GET", f"/sparql?{_ASK}", [("Connection", "Upgrade"), ("Upgrade", "h2c")]),
    "offer-of-http2-with-body": _posted(_ASK.encode(), FORM, ("Connection", "Upgrade"), ("Upgrade", "h2c")),
    "http-1.0": f"GET /sparql?{_ASK} HTTP/1.0\r\n\r\n".encode(),
    "absolute-form": f"GET http://localhost/sparql?{_ASK} HTTP/1.1\r\n".encode() + _HOST + b"\r\n",
    "no-host": f"GET /sparql?{_ASK} HTTP/1.1\r\n\r\n".encode(),
    "two-hosts": f"GET /sparql?{_ASK} HTTP/1.1\r\n".encode() + _HOST + _HOST + b"\r\n",
    "malformed-host": head("GET", f"/sparql?{_ASK}", host="a b/c?<x>"),
    "other-address": head("GET", "/nowhere"),
    "page": head("GET", "/about"),
    "no-http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "long-get": head("GET", _target("ASK {} #" + "x" * 100_000)),
    "too-long-get": head("GET", _target("ASK {} #" + "x" * 4_000_000)),
}

#: What RFC 9112 (sections 2.2, 3.2, 6.1, 6.3) and RFC 9110 (section 15.5.15) say, where they say it.
EXPECTED = {
    "no-host": "400", "two-hosts": "400", "malformed-host": "400", "no-http": "400",
    "post-broken-chunks": "400",
    "post-two-lengths": "400", "post-length-and-chunks": "400", "many-fields": "200", "long-get": "200",
    "too-long-get": "414", "offer-of-http2": "200", "offer-of-http2-with-body": "200", "http-1.0": "200",
    "absolute-form": "200", "expect": "200", "underscores": "200", "browser": "303",
    "browser-with-parameters": "303", "head-of-browser": "303", "browser-with-query": "200",
    "description": "200", "dataset": "200", "unknown-function": "400", "construct-trig": "200",
}  # fmt: skip


@pytest.fixture(scope="module")
def addresses() -> Iterator[tuple[str, str]]:
    with running_server("--empty") as direct, running_server("--empty", "--direct", "off") as front:
        yield direct, front


@pytest.fixture(scope="module", params=["on", "off"])
def endpoint(request: pytest.FixtureRequest) -> Iterator[str]:
    """A writable endpoint of either kind."""
    with running_server("--empty", "--allow-update", "--direct", request.param) as found:
        yield found


@pytest.mark.parametrize("name", CORPUS)
def test_request_is_answered_alike_on_both_paths(addresses: tuple[str, str], name: str) -> None:
    direct, front = (exchange(address, [CORPUS[name]]) for address in addresses)
    assert direct.ending == front.ending
    assert direct.ending[:3].isdigit(), str(direct)
    known = [{key: text for key, text in one.head.items() if key not in _OWN} for one in (direct, front)]
    assert known[0] == known[1]
    assert direct.body == front.body
    assert direct.head["access-control-allow-origin"] == "*"
    assert name not in EXPECTED or direct.ending == EXPECTED[name], str(direct)


@pytest.mark.slow
def test_browser_is_shown_the_page_and_nobody_else(endpoint: str) -> None:
    for target, place in (
        ("/sparql", "/ask"),
        ("/sparql?default-graph-uri=a%3Ag", "/ask?default-graph-uri=a%3Ag"),
    ):
        reply = request(endpoint, "GET", target, headers={"Accept": BROWSER})
        assert (reply.status, reply.headers["location"], reply.body) == (303, place, b"")
        assert "accept" in reply.headers["vary"].lower()
    for accept in ("*/*", "", "text/turtle", "application/rdf+xml", "text/turtle, text/html;q=0.9"):
        reply = request(endpoint, "GET", "/sparql", headers={"Accept": accept} if accept else {})
        assert reply.status == 200, accept
        assert b"Service" in reply.body
    assert request(endpoint, "GET", "/sparql.ttl", headers={"Accept": BROWSER}).status != 303


@pytest.mark.parametrize(("truth", "query"), [("true", "ASK {}"), ("false", "ASK { FILTER(false) }")])
@pytest.mark.parametrize("media_type", ["text/csv", "text/tab-separated-values"])
def test_truth_value_comes_as_a_word_in_csv_and_tsv(
    endpoint: str, media_type: str, query: str, truth: str
) -> None:
    posted = request(
        endpoint, "POST", "/sparql", query.encode(), {"Accept": media_type, "Content-Type": QUERY}
    )
    got = request(endpoint, "GET", _target(query), headers={"Accept": media_type})
    ending = "csv" if media_type == "text/csv" else "tsv"
    named = request(endpoint, "GET", _target(query).replace("/sparql", f"/sparql.{ending}"))
    for reply in (posted, got, named):
        assert (reply.status, reply.type) == (200, media_type)
        assert list(csv.reader(reply.text.splitlines())) == [[truth]]


def _half_closed(address: str, message: bytes) -> bytes:
    """What comes back when the client closes its side at once."""
    with closing(connect(address)) as sock:
        sock.sendall(message)
        sock.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: sock.recv(65536), b""))


@pytest.mark.parametrize("path", ["/health/live", f"/sparql?{_ASK}", "/about"])
def test_client_that_closes_its_side_is_answered(endpoint: str, path: str) -> None:
    assert _half_closed(endpoint, head("GET", path)).startswith(b"HTTP/1.1 200 OK\r\n")


def test_update_of_a_client_that_closes_its_side_is_done(endpoint: str) -> None:
    text = b"INSERT DATA { <a:half> <a:b> 1 }"
    message = head("POST", "/update", [("Content-Type", UPDATE), ("Content-Length", str(len(text)))]) + text
    assert b" 204 " in _half_closed(endpoint, message).partition(b"\r\n")[0]
    found = request(endpoint, "GET", f"/sparql?{urlencode({'query': 'ASK { <a:half> <a:b> 1 }'})}")
    assert b"true" in found.body


def test_long_query_of_a_client_that_closes_its_side_comes_to_its_end(endpoint: str) -> None:
    values = " ".join(map(str, range(150)))
    tables = " ".join(f"VALUES ?v{number} {{ {values} }}" for number in range(3))
    query = urlencode({"query": f"SELECT (COUNT(*) AS ?n) {{ {tables} }}", "timeout": 20})
    answer = _half_closed(endpoint, head("GET", f"/sparql?{query}"))
    assert b"HTTP/1.1 200 OK\r\n" in answer
    assert b'"3375000"' in answer


def test_pipelined_requests_of_a_client_that_closes_its_side_are_all_answered(endpoint: str) -> None:
    answer = _half_closed(endpoint, b"".join(head("GET", "/health/live") for _ in range(5)))
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 5


def test_result_of_many_rows_comes_whole(endpoint: str) -> None:
    values = " ".join(map(str, range(500)))
    query = f"SELECT * {{ VALUES ?a {{ {values} }} VALUES ?b {{ {values} }} }}"
    for version in (b"1.0", b"1.1"):
        message = _posted(query.encode(), QUERY, ("Accept", "text/csv")).replace(
            b"HTTP/1.1", b"HTTP/" + version
        )
        outcome = exchange(endpoint, [message], whole=True)
        assert outcome.ending == "200"
        assert ("transfer-encoding" in outcome.head) == (version == b"1.1")


@pytest.mark.slow
def test_connection_comes_back_to_a_worker() -> None:
    """Seen by the cache: that of the front does not know what workers have answered."""
    with running_server("--empty", "--workers", "1") as address, Client(address) as client:

        def hits() -> str:
            lines = request(address, "GET", "/metrics").text.splitlines()
            return next(line for line in lines if line.startswith("mesoonto_cache_hits_total"))

        client.request("GET", f"/sparql?{_ASK}")  # by the worker
        client.request("GET", "/health/live")  # by the front, which keeps the connection
        before = hits()
        client.request("GET", f"/sparql?{_ASK}")  # by the front, which does not know the answer
        assert hits() == before
        time.sleep(0.1)
        client.request("GET", f"/sparql?{_ASK}#2")
        client.request("GET", f"/sparql?{_ASK}")  # by the worker, which does
        assert hits() != before


@pytest.mark.slow
@pytest.mark.parametrize("direct", ["on", "off"])
def test_one_client_cannot_have_all_connections(direct: str) -> None:
    """Those beyond the limit are turned away at once; behind a trusted proxy all count as its own."""
    options = ("--empty", "--direct", direct, "--client-connections", "20")
    with running_server(*options) as address, ExitStack() as held:
        silent = [held.enter_context(connect(address)) for _ in range(30)]
        deadline = time.monotonic() + 5  # before the server gives silent connections up
        while len(answered := select.select(silent, [], [], 1)[0]) < 10:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        # Which ones, and whether one more, hangs on when the end of the connection that waited for the
        # server's start is seen.
        assert len(answered) <= 11
        for sock in answered:
            assert sock.recv(65536).startswith(b"HTTP/1.1 429 ")
        for sock in silent:
            sock.close()
        deadline = time.monotonic() + 10
        while (
            request(address, "GET", f"/sparql?{_ASK}").status == 429
        ):  # until it is seen that they are closed
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert request(address, "GET", f"/sparql?{_ASK}").status == 200
    with running_server(*options, "--trusted-proxy", "127.0.0.1") as address, ExitStack() as held:
        for _ in range(30):
            held.enter_context(connect(address))
        assert request(address, "GET", f"/sparql?{_ASK}").status == 200


@pytest.mark.slow
def test_rate_counts_what_either_path_answers() -> None:
    with running_server("--empty", "--rate-limit", "30/hour") as address:
        port = urlsplit(address).netloc
        statuses = []
        for number in range(40):
            with closing(http.client.HTTPConnection(port)) as connection:
                connection.request("GET", "/about" if number % 2 else f"/sparql?{_ASK}")
                response = connection.getresponse()
                response.read()
                statuses.append(response.status)
        assert statuses == [200] * 30 + [429] * 10
        assert int(response.headers["retry-after"]) > 60


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 204),
        ({"Origin": "{own}", "Sec-Fetch-Site": "same-origin"}, 204),
        ({"Sec-Fetch-Site": "none"}, 204),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:1"}, 403),  # another port is another origin (RFC 6454, section 4)
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example:7878"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "LOCALHOST"}, 204),
        ({"Host": "[::1]:7878"}, 204),
        ({"X_Forwarded_For": "192.0.2.7"}, 204),
        ({"X-Forwarded-For": "127.0.0.1"}, 403),
    ],
)
def test_pages_of_other_sites_cannot_write(endpoint: str, headers: dict[str, str], status: int) -> None:
    own = endpoint.rstrip("/")
    sent = {name: value.replace("{own}", own) for name, value in headers.items()}
    reply = request(endpoint, "POST", "/update", b"update=INSERT+DATA+{}", {"Content-Type": FORM, **sent})
    assert reply.status == status, str(reply)


@pytest.mark.slow
@pytest.mark.parametrize("direct", ["on", "off"])
def test_scheme_of_the_trusted_proxy_is_that_of_addresses(direct: str) -> None:
    options = ("--empty", "--direct", direct, "--trusted-proxy", "127.0.0.1")
    query = urlencode({"query": "SELECT ?x { BIND(<x> AS ?x) }"})
    with running_server(*options) as address:
        for proto, scheme in (("https", "https"), ("http", "http"), ("", "http")):
            sent = {"X-Forwarded-Proto": proto, "Host": "e.org", "Accept": "text/csv"}
            found = request(address, "GET", f"/sparql?{query}", headers=sent)
            assert f"{scheme}://e.org/x" in found.text
            described = request(address, "GET", "/sparql", headers={**sent, "Accept": "text/turtle"})
            assert f"{scheme}://e.org/sparql" in described.text
            page = request(address, "GET", "/about", headers={**sent, "Accept": "text/html"})
            assert ("strict-transport-security" in page.headers) == (scheme == "https")
