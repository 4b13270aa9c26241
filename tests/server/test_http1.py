"""HTTP/1.1 as connection workers speak it, beside h11, which is another implementation of it."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoonto_server.http import http1

HEAD = b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: example.org\r\n"


def by_h11(data: bytes) -> tuple[str, bytes, dict[bytes, bytes], bytes, bool]:
    """Method, target, headers, body, and whether the connection stays open."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    request = connection.next_event()
    assert isinstance(request, h11.Request)
    headers: dict[bytes, bytes] = {}
    for name, value in request.headers:
        headers[name] = headers[name] + b", " + value if name in headers else value
    body = b""
    while isinstance(event := connection.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    keeps = connection.their_state is not h11.MUST_CLOSE
    return request.method.decode(), request.target, headers, body, keeps


_TOKEN = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGH-_0123456789", min_size=1, max_size=12)
_VALUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)
_NAMES = _TOKEN.filter(
    lambda name: (
        name.lower() not in {"transfer-encoding", "content-length", "expect", "upgrade", "connection", "host"}
    )
)
_TARGETS = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#"), max_size=60
).map(lambda text: f"/sparql?{text}")


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    method = draw(st.sampled_from(["GET", "POST"]))
    lines = [f"{method} {draw(_TARGETS)} HTTP/1.1", "Host: example.org"]
    lines += [f"{name}: {value}" for name, value in draw(st.lists(st.tuples(_NAMES, _VALUE), max_size=5))]
    if draw(st.booleans()):
        lines.append(f"Connection: {draw(st.sampled_from(['close', 'keep-alive']))}")
    body = draw(st.binary(max_size=200)) if method == "POST" else b""
    if method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


@given(requests(), st.binary(max_size=100))
def test_requests_are_read_as_h11_reads_them(data: bytes, following: bytes) -> None:
    found = http1.parse(data + following)
    assert found is not None
    method, target, headers, body, keeps = by_h11(data)
    path, _, query = target.partition(b"?")
    assert (found.method, found.path.encode(), found.query) == (method, path, query)
    # Names with underscores are left out, lest CGI's variables take them for others.
    assert found.headers == {name: value for name, value in headers.items() if b"_" not in name}
    assert (found.body, found.size, found.keep_alive) == (body, len(data), keeps)


def test_offer_of_another_protocol_is_left_alone() -> None:
    # As java.net.http sends it: RFC 9110, section 7.8, lets a server ignore it.
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    found = http1.parse(HEAD + offer + b"\r\n")
    assert found is not None
    assert (found.path, found.query, found.keep_alive) == ("/sparql", b"query=ASK%7B%7D", True)
    body = b"query=ASK%7B%7D"
    posted = b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n" % len(body) + offer + b"\r\n"
    found = http1.parse(posted + body + b"GET ")
    assert found is not None
    assert (found.body, found.size) == (body, len(posted + body))


@given(requests(), st.data())
def test_part_of_a_request_is_not_taken_for_a_whole_one(data: bytes, draw: st.DataObject) -> None:
    cut = draw.draw(st.integers(0, len(data) - 1))
    assert http1.parse(data[:cut]) is None


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"PUT /sparql HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /sparql HTTP/1.0\r\nHost: a\r\n\r\n",
        b"GET http://a/sparql?query=x HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /sparql%2Ecsv?query=x HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /sparql?query=x#y HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /sparql?query=\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /sparql?query=a b HTTP/1.1\r\nHost: a\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: +1\r\n\r\na",
        HEAD + b"Content-Length: 40000\r\n\r\n",
        HEAD + b"Expect: 100-continue\r\n\r\n",
        HEAD + b"No colon\r\n\r\n",
        HEAD + b"Space : before colon\r\n\r\n",
        HEAD + b"Nul: \x00\r\n\r\n",
        HEAD + b" folded: line\r\n\r\n",
        (HEAD + b"X: " + b"y" * http1.LARGEST)[: http1.LARGEST],
        b"GET /sparql?query=" + b"x" * http1.LARGEST,
        b"\r\n",
        b"\x16\x03\x01",  # a TLS client
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_anything_else_is_for_the_server_behind(data: bytes) -> None:
    with pytest.raises(http1.NotPlainError):
        http1.parse(data)


@given(
    st.sampled_from([200, 304, 400, 503]),
    st.dictionaries(_TOKEN.map(lambda name: f"x-{name.lower()}"), _VALUE, max_size=4),
    st.binary(max_size=300),
    st.booleans(),
)
def test_whole_responses_are_read_by_h11_as_they_were_meant(
    status: int, headers: dict[str, str], body: bytes, keep_alive: bool
) -> None:
    if status == 304:
        body = b""
    lines = http1.header_lines(list(headers.items()))
    data = http1.head(status, lines, b"id-1", len(body), keep_alive=keep_alive) + body
    response, content, left_open = response_by_h11(data)
    assert response.status_code == status
    assert content == body
    assert left_open is keep_alive
    found = {name.decode(): value.decode() for name, value in response.headers}
    assert found["x-request-id"] == "id-1"
    assert headers.items() <= found.items()


@given(st.lists(st.binary(min_size=1, max_size=100), max_size=5))
def test_chunks_are_read_by_h11_as_they_were_meant(parts: list[bytes]) -> None:
    head = http1.head(200, b"", b"id-1", None, keep_alive=True)
    data = head + b"".join(map(http1.chunk, parts)) + http1.chunk(b"")
    _, content, _ = response_by_h11(data)
    assert content == b"".join(parts)


def response_by_h11(data: bytes) -> tuple[h11.Response, bytes, bool]:
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/sparql", headers=[("host", "example.org")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    response = connection.next_event()
    assert isinstance(response, h11.Response)
    content = b""
    while isinstance(event := connection.next_event(), h11.Data):
        content += event.data
    assert isinstance(event, h11.EndOfMessage)
    return response, content, connection.their_state is not h11.MUST_CLOSE
