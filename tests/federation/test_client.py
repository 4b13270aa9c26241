"""Endpoints that are slow, broken, lying or hostile; caching; credentials. All over real HTTP on loopback."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pyoxigraph as ox
import pytest

from mesoonto.errors import EndpointError, QueryRefusedError
from mesoonto.federation import Endpoint, Endpoints, Federation, FederationLimits, ResolvedQuery
from tests.federation import servers
from tests.federation.standins import StoreLocal

GOOD = json.dumps(
    {
        "head": {"vars": ["s"]},
        "results": {"bindings": [{"s": {"type": "uri", "value": "http://x.example/1"}}]},
    }
).encode()


def query(url: str, silent: str = "") -> str:
    return f"SELECT ?s {{ SERVICE {silent} <{url}> {{ ?s <http://x.example/p> ?o }} }}"


def federation(url: str, **settings: Any) -> Federation:
    return Federation(Endpoints([Endpoint("broken", url, **{"allow_private": True, **settings})]))


def ask(url: str, **settings: Any) -> ResolvedQuery:
    made = federation(url, **settings)
    try:
        return made.evaluate(query(url), StoreLocal(ox.Store()))
    finally:
        made.close()


def plain(body: bytes, content_type: str = servers.JSON, status: int = 200) -> servers.Answer:
    return lambda handler, _: servers.respond(handler, body, content_type, status)


def endless(handler: BaseHTTPRequestHandler, _: str) -> None:
    """Rows without end."""
    handler.send_response(200)
    handler.send_header("Content-Type", servers.JSON)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(b'{"head":{"vars":["s"]},"results":{"bindings":[')
    for _row in range(10_000_000):
        handler.wfile.write(b'{"s":{"type":"literal","value":"again"}},' * 100)


def one_endless_string(handler: BaseHTTPRequestHandler, _: str) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", servers.JSON)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(b'{"head":{"vars":["s"]},"results":{"bindings":[{"s":{"type":"literal","value":"')
    for _row in range(10_000):
        handler.wfile.write(b"again " * 10_000)


def dripping(handler: BaseHTTPRequestHandler, _: str) -> None:
    """A byte every now and then, so that no single read times out."""
    handler.send_response(200)
    handler.send_header("Content-Type", servers.JSON)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _byte in range(200):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def silent_for_long(handler: BaseHTTPRequestHandler, _: str) -> None:
    time.sleep(3)
    servers.respond(handler, GOOD)


def cut_off(handler: BaseHTTPRequestHandler, _: str) -> None:
    """Fewer bytes than announced."""
    handler.send_response(200)
    handler.send_header("Content-Type", servers.JSON)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(GOOD[:20])
    handler.close_connection = True


def coded(body: bytes, coding: str = "gzip", status: int = 200) -> servers.Answer:
    """An answer that is said to have a content coding."""
    return lambda handler, _: servers.respond(
        handler, body, status=status, headers={"Content-Encoding": coding}
    )


def nothing_without_end(handler: BaseHTTPRequestHandler, _: str) -> None:
    """Members of a gzip file without end, all of them empty."""
    handler.send_response(200)
    handler.send_header("Content-Type", servers.JSON)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Connection", "close")
    handler.end_headers()
    for _member in range(10_000):
        handler.wfile.write(gzip.compress(b"") * 1000)


#: 100 MB of spaces in 100 kB.
BOMB = gzip.compress(b" " * 100_000_000, 1)


BROKEN: dict[str, tuple[servers.Answer, dict[str, Any], str]] = {
    "HTML with 200": (plain(b"<html>Sign in</html>", "text/html"), {}, "sent text/html: <html>Sign in"),
    "HTML called JSON": (plain(b"<html>Sign in</html>"), {}, "not SPARQL Results in JSON: <html>Sign in"),
    "half a JSON": (plain(GOOD[:60]), {}, "not SPARQL Results in JSON"),
    "nothing": (plain(b""), {}, "not SPARQL Results in JSON"),
    "a truth value": (plain(b'{"head":{},"boolean":true}'), {}, "a truth value"),
    "500 with a body": (
        plain(b"Virtuoso 42000 Error", "text/plain", 500),
        {},
        "answered 500: Virtuoso 42000",
    ),
    "429": (plain(b"slow down", "text/plain", 429), {}, "answered 429: slow down"),
    "other variables": (plain(GOOD.replace(b'"s"', b'"t"')), {}, "sent the variables t where s were asked"),
    "more variables": (plain(GOOD.replace(b'["s"]', b'["s","t"]')), {}, "the variables s, t where s"),
    "rows without end": (endless, {"max_rows": 1000}, "more than 1000 rows"),
    "bytes without end": (endless, {"max_bytes": 100_000}, "more than 100000 bytes"),
    "one string without end": (one_endless_string, {"max_bytes": 1_000_000}, "more than 1000000 bytes"),
    "nothing new at once": (plain(b"", status=304), {}, "answered 304"),
    "dripping": (dripping, {"timeout": 0.5}, "no whole answer within 0.5 s"),
    "silence": (silent_for_long, {"timeout": 0.3}, "no whole answer within 0.3 s"),
    "cut off": (cut_off, {}, "broke off"),
    "another coding": (coded(GOOD, "br"), {}, "compressed (br)"),
    "half a gzip": (coded(gzip.compress(GOOD)[:-9]), {}, "broke off its answer, which was compressed"),
    "no gzip": (coded(GOOD), {}, "not gzip"),
    "broken gzip": (coded(gzip.compress(GOOD)[:-8] + bytes(8)), {}, "not gzip"),
    "bomb": (coded(BOMB), {"max_bytes": 1_000_000}, "more than 1000000 bytes"),
    "bomb that refuses": (coded(BOMB, status=500), {"max_bytes": 1_000_000}, "answered 500"),
    "refusal in gzip": (coded(gzip.compress(b"slow down"), status=429), {}, "answered 429: slow down"),
    "nothing without end": (nothing_without_end, {"max_bytes": 100_000}, "more than 100000 bytes"),
    "no terms": (plain(GOOD.replace(b'"uri"', b'"what"')), {}, "not SPARQL Results in JSON"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_endpoint_is_named_with_what_was_sent_and_what_came(name: str) -> None:
    answer, settings, message = BROKEN[name]
    with servers.serving(answer) as endpoint:
        start = time.monotonic()
        with pytest.raises(EndpointError) as caught:
            ask(endpoint.url, **settings)
        assert time.monotonic() - start < 2.5
        assert message in str(caught.value)
        assert f"endpoint broken <{endpoint.url}>" in str(caught.value)
        assert "it was sent: SELECT ?s WHERE { ?s <http://x.example/p> ?o }" in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", BROKEN)
def test_silent_clause_of_a_broken_endpoint_is_one_empty_solution(name: str) -> None:
    answer, settings, message = BROKEN[name]
    with servers.serving(answer) as endpoint:
        made = federation(endpoint.url, **settings)
        outcome = made.evaluate(query(endpoint.url, "SILENT"), StoreLocal(ox.Store()))
        made.close()
        [solution] = ox.Store().query(outcome.query)  # type: ignore[misc]
        assert solution["s"] is None
        assert message in (outcome.report.services[0].problem or "")


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (
            servers.JSON,  # as Virtuoso 7.2.5 writes it
            b'{ "head": { "link": [], "vars": ["s"] },\n  "results": { "distinct": false, "ordered": true, '
            b'"bindings": [\n    { "s": { "type": "bnode", "value": "nodeID://b10000" }},\n    { "s": '
            b'{ "type": "literal", "value": "\\"bnode\\", \\"value\\": \\"nodeID://b1" }} ] } }',
        ),
        (
            "application/sparql-results+xml",
            b'<?xml version="1.0"?><sparql xmlns="http://www.w3.org/2005/sparql-results#"><head>'
            b'<variable name="s"/></head><results distinct="false" ordered="true"><result><binding name="s">'
            b'<bnode>nodeID://b10000</bnode></binding></result><result><binding name="s"><literal>'
            b'"bnode", "value": "nodeID://b1</literal></binding></result></results></sparql>',
        ),
    ],
)
def test_blank_nodes_of_virtuoso_are_read(content_type: str, body: bytes, size: int) -> None:
    def in_pieces(handler: BaseHTTPRequestHandler, _: str) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for at in range(0, len(body), size):
            piece = body[at : at + size]
            handler.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        handler.wfile.write(b"0\r\n\r\n")

    with servers.serving(in_pieces) as endpoint:
        outcome = ask(endpoint.url)
        blank, literal = (row["s"] for row in ox.Store().query(outcome.query))  # type: ignore[union-attr]
        assert isinstance(blank, ox.BlankNode)
        assert literal == ox.Literal('"bnode", "value": "nodeID://b1')


def test_deeply_nested_json_is_an_error() -> None:
    with servers.serving(plain(b'{"head":' + b"[" * 1_000_000)) as endpoint, pytest.raises(EndpointError):
        ask(endpoint.url)


def test_endpoint_that_is_not_there() -> None:
    with servers.serving(plain(GOOD)) as endpoint:
        pass
    with pytest.raises(EndpointError, match="connection failed"):
        ask(endpoint.url)


def test_host_that_does_not_exist() -> None:
    with pytest.raises(EndpointError, match="cannot be found"):
        ask("http://no-such-host.invalid/sparql")


def redirect(to: Callable[[], str], status: int = 307) -> servers.Answer:
    return lambda handler, _: servers.respond(handler, b"", status=status, headers={"Location": to()})


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_to_a_listed_endpoint_is_followed(status: int) -> None:
    with (
        servers.serving(plain(GOOD)) as target,
        servers.serving(redirect(lambda: target.url, status)) as first,
    ):
        entries = [Endpoint(url, url, allow_private=True) for url in (first.url, target.url)]
        made = Federation(Endpoints(entries))
        outcome = made.evaluate(query(first.url), StoreLocal(ox.Store()))
        made.close()
        assert outcome.report.services[0].rows == 1
        assert target.received[0].query == first.received[0].query


def test_redirect_elsewhere_is_refused() -> None:
    with servers.serving(plain(GOOD)) as target, servers.serving(redirect(lambda: target.url)) as first:
        with pytest.raises(EndpointError, match=f"redirects to {target.url}, which is not in the config"):
            ask(first.url)
        assert target.received == []


def test_credentials_do_not_go_along_with_a_redirect() -> None:
    with servers.serving(plain(GOOD)) as target, servers.serving(redirect(lambda: target.url)) as first:
        made = Federation(
            Endpoints(
                [
                    Endpoint("first", first.url, allow_private=True, token="of-the-first"),
                    Endpoint("target", target.url, allow_private=True),
                ]
            )
        )
        made.evaluate(query(first.url), StoreLocal(ox.Store()))
        made.close()
        assert first.received[0].headers["authorization"] == "Bearer of-the-first"
        assert "authorization" not in target.received[0].headers


def test_redirects_in_a_circle_end() -> None:
    with servers.serving(redirect(lambda: endpoint.url)) as endpoint:
        with pytest.raises(EndpointError, match="more than 3 times"):
            ask(endpoint.url)
        assert len(endpoint.received) == 4


@pytest.mark.parametrize(
    ("settings", "header", "secrets"),
    [
        ({"token": "s3cr3t-token"}, "Bearer s3cr3t-token", ["s3cr3t"]),
        # base64 of curator:pass-word, by hand with coreutils
        (
            {"user": "curator", "password": "pass-word"},
            "Basic Y3VyYXRvcjpwYXNzLXdvcmQ=",
            ["pass-word", "Y3VyYX"],
        ),
    ],
)
def test_credentials_are_sent_and_never_shown(
    settings: dict[str, Any], header: str, secrets: list[str]
) -> None:
    def echo(handler: BaseHTTPRequestHandler, _: str) -> None:
        # Filled up so that a cut of the message by length falls within the credential.
        body = f"{'x' * 590} you sent {handler.headers['Authorization']} {settings}".encode()
        servers.respond(handler, body, "text/plain", 403)

    with servers.serving(echo) as endpoint:
        with pytest.raises(EndpointError) as caught:
            ask(endpoint.url, **settings)
        assert endpoint.received[0].headers["authorization"] == header
        for secret in secrets:
            assert secret not in str(caught.value)
            assert secret not in repr(Endpoint("x", endpoint.url, **settings))


def test_answers_come_compressed_and_both_sizes_count() -> None:
    rows = [{"s": {"type": "uri", "value": f"http://x.example/{n}"}} for n in range(1000)]
    body = json.dumps({"head": {"vars": ["s"]}, "results": {"bindings": rows}}).encode()
    with servers.serving(coded(gzip.compress(body))) as endpoint:
        [service] = ask(endpoint.url, max_bytes=len(body)).report.services
        assert endpoint.received[0].headers["accept-encoding"] == "gzip"
        assert (service.rows, service.requests[0].bytes) == (1000, len(gzip.compress(body)))
        assert service.requests[0].bytes < len(body) / 10
        with pytest.raises(EndpointError, match="more than"):
            ask(endpoint.url, max_bytes=len(body) - 1)


def test_method_get_puts_the_query_into_the_address() -> None:
    with servers.serving(plain(GOOD)) as endpoint:
        ask(endpoint.url, method="GET")
        ask(endpoint.url)
        assert [r.method for r in endpoint.received] == ["GET", "POST"]
        assert endpoint.received[0].query == endpoint.received[1].query


def test_endpoint_that_is_not_listed_is_refused_before_anything_is_sent() -> None:
    with servers.serving(plain(GOOD)) as listed, servers.serving(plain(GOOD)) as other:
        both = f"SELECT * {{ SERVICE <{listed.url}> {{ ?s ?p ?o }} SERVICE <{other.url}> {{ ?s ?p ?o }} }}"
        with pytest.raises(QueryRefusedError, match="not among the endpoints"):
            Federation(Endpoints([Endpoint("listed", listed.url)])).evaluate(both, StoreLocal(ox.Store()))
        assert listed.received == other.received == []


def test_silent_does_not_open_an_endpoint_that_is_not_listed() -> None:
    with servers.serving(plain(GOOD)) as other:
        outcome = Federation(Endpoints()).evaluate(query(other.url, "SILENT"), StoreLocal(ox.Store()))
        assert other.received == []
        assert "not among the endpoints" in (outcome.report.services[0].problem or "")


def test_answers_are_kept_for_their_time() -> None:
    with servers.serving(plain(GOOD)) as endpoint:
        made = federation(endpoint.url, cache=60)
        reports = [made.evaluate(query(endpoint.url), StoreLocal(ox.Store())).report for _ in range(2)]
        made.close()
        assert len(endpoint.received) == 1
        first, second = (report.services[0].requests[0] for report in reports)
        assert (first.source, first.rows) == ("endpoint", 1)
        assert (second.source, second.rows, second.bytes) == ("cache", 1, 0)
        assert second.age > 0
        assert "from the cache, 0 s old" in reports[1].as_text()


def test_cache_time_zero_asks_again() -> None:
    with servers.serving(plain(GOOD)) as endpoint:
        made = federation(endpoint.url, cache=0)
        for _ in range(2):
            made.evaluate(query(endpoint.url), StoreLocal(ox.Store()))
        made.close()
        assert len(endpoint.received) == 2


def test_entity_tag_is_offered_when_the_time_is_over() -> None:
    def tagged(handler: BaseHTTPRequestHandler, _: str) -> None:
        if handler.headers["If-None-Match"] == '"v1"':
            handler.send_response(304)
            handler.end_headers()
        else:
            servers.respond(handler, GOOD, headers={"ETag": '"v1"'})

    with servers.serving(tagged) as endpoint:
        made = federation(endpoint.url, cache=0.01)
        made.evaluate(query(endpoint.url), StoreLocal(ox.Store()))
        time.sleep(0.05)
        report = made.evaluate(query(endpoint.url), StoreLocal(ox.Store())).report
        made.close()
        assert len(endpoint.received) == 2
        request = report.services[0].requests[0]
        assert (request.source, request.rows, request.bytes) == ("unchanged", 1, 0)


def test_batches_go_out_side_by_side_but_no_more_than_allowed() -> None:
    under_way, most = 0, 0

    def slow(handler: BaseHTTPRequestHandler, text: str) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        time.sleep(0.1)
        under_way -= 1
        answer(handler, text)

    store, local = ox.Store(), ox.Store()
    for i in range(80):
        local.add(_quad(i, "l"))
        for j in range(2):
            store.add(_quad(i, "r", j))
    answer = servers.over(store)
    with servers.serving(slow) as endpoint:
        made = federation(endpoint.url, batch=10, concurrency=3)
        inside = f"SERVICE <{endpoint.url}> {{ ?s <http://x.example/r> ?o }}"
        text = f"SELECT * {{ ?s <http://x.example/l> ?v {inside} }}"
        outcome = made.evaluate(text, StoreLocal(local))
        made.close()
        assert len(list(local.query(outcome.query))) == 160  # type: ignore[arg-type]
        assert most == 3
        assert len(endpoint.received) == 9  # one to find out which side is smaller, and 80 / 10


def test_bytes_of_all_requests_together_are_bounded() -> None:
    local = ox.Store()
    local.extend(_quad(i, "l") for i in range(80))
    with servers.serving(servers.over(local)) as endpoint:
        inside = f"SERVICE <{endpoint.url}> {{ ?s <http://x.example/l> ?o }}"
        text = f"SELECT * {{ ?s <http://x.example/l> ?v {inside} }}"
        made = federation(endpoint.url, batch=10, max_bytes=5000)
        with pytest.raises(EndpointError, match="more than 100000 rows or 5000 bytes for one SERVICE"):
            made.evaluate(text, StoreLocal(local))
        made.close()


def test_time_for_all_requests_is_bounded() -> None:
    with servers.serving(silent_for_long) as endpoint:
        entry = Endpoint("slow", endpoint.url, allow_private=True)
        made = Federation(Endpoints([entry]), FederationLimits(seconds=0.3))
        start = time.monotonic()
        with pytest.raises(EndpointError, match=r"not done when the 0\.3 s"):
            made.evaluate(query(endpoint.url), StoreLocal(ox.Store()))
        assert time.monotonic() - start < 2
        made.close()


def _quad(i: int, predicate: str, value: int = 0) -> ox.Quad:
    return ox.Quad(
        ox.NamedNode(f"http://x.example/{i}"),
        ox.NamedNode(f"http://x.example/{predicate}"),
        ox.Literal(value),
    )
