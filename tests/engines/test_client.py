"""The client of an engine, against a server that sends exactly what a test says."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mesoonto.engines.adapter import EngineQuery, EngineUpdate
from mesoonto.engines.address import Credentials, EngineAddress, EngineService
from mesoonto.engines.client import EngineClient
from mesoonto.errors import (
    EngineDownError,
    EngineError,
    EngineTimeoutError,
    InputError,
    MesoontoError,
    OverloadedError,
    QueryFaultError,
    QuerySyntaxError,
)
from tests.conftest import free_port
from tests.engines.stand_in import Asked, Piece, StandIn, answer, stand_in

_JSON = "application/sparql-results+json"
_YES = b'{"head":{},"boolean":true}'
_ASK = EngineQuery("ASK {}", _JSON, seconds=5)


def _always(*pieces: Piece) -> Callable[[Asked], Iterator[Piece]]:
    return lambda _: iter(pieces)


_CLIENTS: list[EngineClient] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    while _CLIENTS:
        _CLIENTS.pop().close()


def _client(engine: StandIn, file: Path | None = None, store: str = "") -> EngineClient:
    address = EngineAddress.of(engine.url, credentials_file=file, graph_store_url=store)
    _CLIENTS.append(EngineClient(address))
    return _CLIENTS[-1]


def test_query_is_a_posted_form_and_its_answer_comes() -> None:
    with stand_in(_always(answer(_YES))) as engine:
        asked = EngineQuery("ASK { ?s ?p 'é&+' }", _JSON, default_graphs=("urn:a", "urn:b"))
        found = _client(engine).query(asked)
        assert (found.status, found.media_type, found.read()) == (200, _JSON, _YES)
    (request,) = engine.asked
    assert (request.method, request.path) == ("POST", "/sparql")
    assert request.form == {"query": [asked.text], "default-graph-uri": ["urn:a", "urn:b"]}
    assert request.headers["accept"] == _JSON
    assert request.headers["host"] == f"127.0.0.1:{engine.port}"


def test_connection_is_kept_for_the_next_query() -> None:
    with stand_in(_always(answer(_YES))) as engine:
        client = _client(engine)
        for _ in range(5):
            assert client.query(_ASK).read() == _YES
        assert engine.connections == 1


def test_connection_that_the_engine_closed_meanwhile_is_opened_anew() -> None:
    with stand_in(_always(answer(_YES), None)) as engine:
        client = _client(engine)
        for number in range(1, 4):
            assert client.query(_ASK).read() == _YES
            engine.until(lambda: engine.open == 0)
            assert engine.connections == number


def _once_closed(engine_closes: int) -> Callable[[Asked], Iterator[Piece]]:
    left = [engine_closes]

    def answering(_: Asked) -> Iterator[Piece]:
        left[0] -= 1
        yield None if left[0] >= 0 else answer(_YES)

    return answering


def test_query_is_sent_again_where_its_connection_was_closed_without_a_byte() -> None:
    with stand_in(_once_closed(2)) as engine:
        assert _client(engine).query(_ASK).read() == _YES
        assert len(engine.asked) == 3
    with stand_in(_once_closed(100)) as engine:
        with pytest.raises(EngineDownError, match="closed the connection without an answer"):
            _client(engine).query(_ASK)
        assert len(engine.asked) == 3


def test_update_is_never_sent_twice() -> None:
    with stand_in(_once_closed(1)) as engine:
        with pytest.raises(EngineDownError):
            _client(engine).update(EngineUpdate("CLEAR ALL", seconds=5))
        assert [one.form for one in engine.asked] == [{"update": ["CLEAR ALL"]}]


_HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: {_JSON}\r\n".encode()


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ((_HEAD + b"Content-Length: 30\r\n\r\n" + _YES, None), "broke off its answer 4 bytes before the end"),
        ((_HEAD + b"Transfer-Encoding: chunked\r\n\r\n1a\r\n" + _YES + b"\r\n", None), "broke off"),
        ((_HEAD + b"Transfer-Encoding: chunked\r\n\r\n1a\r\n" + _YES[:9], None), "bytes before the end"),
        ((_HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",), "a size that is none"),
        ((_HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",), "longer than announced"),
        ((_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1" * 10000,), "a line that does not end"),
        ((_HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n",), "framing that is not understood"),
        ((_HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",), "framing that is not"),
        ((_HEAD + b"Content-Length: -3\r\n\r\n",), "a length that is none"),
        ((_HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n",), "a length that is none"),
        ((_HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(_YES),), "compressed"),
        ((_HEAD + b"no header\r\n\r\n",), "a header that is none"),
        ((_HEAD + b"X: " + b"y" * 80000,), "bytes of headers"),
        ((b"SSH-2.0-OpenSSH_9.2p1\r\n",), "no HTTP: SSH-2.0"),
        ((b"\0" * 50,), "no HTTP"),
        ((b"HTTP/1.1 2000 OK\r\n\r\n",), "no HTTP"),
        ((b"HTTP/1.1 200", None), "no HTTP"),
    ],
)  # fmt: skip
def test_half_an_answer_or_garbage_is_told_and_the_connection_dropped(
    pieces: tuple[Piece, ...], message: str
) -> None:
    with stand_in(_always(*pieces, 9.0)) as engine:
        client = _client(engine)
        with pytest.raises(EngineError, match=f"^the engine {engine.url} .*{message}") as raised:
            client.query(_ASK).read()
        assert not isinstance(raised.value, EngineDownError)
        engine.until(lambda: engine.open == 0)


def test_body_up_to_the_end_of_the_connection_is_taken() -> None:
    with stand_in(_always(_HEAD + b"\r\n" + _YES[:5], 0.05, _YES[5:], None)) as engine:
        assert _client(engine).query(_ASK).read() == _YES


def test_chunks_cut_anywhere_are_put_together() -> None:
    whole = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\n" + _YES[:5]
    whole += b"\r\n15\r\n" + _YES[5:] + b"\r\n0\r\nTrailer: x\r\n\r\n"
    whole = b"HTTP/1.1 100 Continue\r\n\r\n" + whole
    with stand_in(lambda _: (whole[i : i + 1] for i in range(len(whole)))) as engine:
        client = _client(engine)
        assert client.query(_ASK).read() == client.query(_ASK).read() == _YES
        assert engine.connections == 1


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (302, b"", EngineError, "redirects to"),
        (400, b"Parse error: Line 3, column 7: no", QuerySyntaxError, "^query:3:7: the engine refuses it"),
        (400, b"unknown function", QueryFaultError, "refuses it: unknown function"),
        (404, b"", EngineError, "answered 404; is that the address"),
        (408, b"", EngineTimeoutError, "gave up"),
        (429, b"slow down", OverloadedError, "has too much to do .*429: slow down"),
        (500, b"<html><head><title>x</title></head><h1>Oops</h1></html>", EngineError, "500: Oops$"),
        (503, b"", OverloadedError, "has too much to do"),
        (504, b"", EngineTimeoutError, "gave up"),
    ],
)
def test_refusal_is_told_in_words(status: int, body: bytes, kind: type[MesoontoError], message: str) -> None:
    media_type = "text/html" if body.startswith(b"<") else "text/plain"
    with stand_in(_always(answer(body, media_type, status))) as engine:
        with pytest.raises(kind, match=message) as raised:
            _client(engine).query(_ASK)
        assert type(raised.value) is kind
        assert len(engine.asked) == 1


def test_redirect_is_not_followed() -> None:
    with stand_in(_always(answer(_YES))) as other:
        redirect = f"HTTP/1.1 307 X\r\nLocation: {other.url}\r\nContent-Length: 0\r\n\r\n".encode()
        with stand_in(_always(redirect)) as engine, pytest.raises(EngineError, match=f"to {other.url}"):
            _client(engine).query(_ASK)
        assert other.connections == 0


def test_credentials_are_sent_and_never_told(tmp_path: Path) -> None:
    file = tmp_path / "engine.txt"
    file.write_text("me:s3cr:et!\n")
    with stand_in(
        _always(answer(b"no, bWU6czNjcjpldCE= and s3cr:et! are wrong", "text/plain", 401))
    ) as engine:
        with pytest.raises(EngineError, match=f"look at the credentials in {file}") as raised:
            _client(engine, file).query(_ASK)
        assert "s3cr" not in str(raised.value)
        assert "bWU6" not in str(raised.value)
        with pytest.raises(EngineError, match="name a file with credentials with --credentials-file"):
            _client(engine).query(_ASK)
    assert engine.asked[0].headers["authorization"] == "Basic bWU6czNjcjpldCE="  # base64 by coreutils
    assert "authorization" not in engine.asked[1].headers
    assert "s3cr" not in repr(Credentials.read(file))


@pytest.mark.parametrize("text", ["", "user", "user:", ":secret", "Bearer ", "a:b\nc:d", "a:\0b"])
def test_file_without_credentials_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "file"
    file.write_text(text)
    with pytest.raises(InputError, match="write one line"):
        Credentials.read(file)


def test_token_is_sent_as_such(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("Bearer abc.def\n")
    assert Credentials.read(file).authorization == "Bearer abc.def"


@pytest.mark.parametrize(
    "url", ["localhost:3030/ds", "ftp://e/", "http:///x", "http://u:p@e/", "http://e/#x", "http://e:99999/",
            "http://e/a b", "http://e/\r\nX: y", "http://[e/"]
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InputError, match=r"^--engine"):
        EngineAddress.of(url)


def test_address_is_taken_apart() -> None:
    service = EngineService.parse("https://[::1]/ds/query?x=y", "--engine")
    assert (service.host, service.port, service.tls, service.path) == ("::1", 443, True, "/ds/query?x=y")
    assert service.authority == "[::1]"
    assert EngineService.parse("http://e:8080", "--engine").authority == "e:8080"


def test_engine_that_is_not_there_is_told() -> None:
    url = f"http://127.0.0.1:{free_port()}/sparql"
    with pytest.raises(EngineDownError, match=f"the engine {url} cannot be reached: connection refused"):
        EngineClient(EngineAddress.of(url)).query(_ASK)


@pytest.mark.parametrize("pieces", [(9.0,), (_HEAD, 9.0), (_HEAD + b"Content-Length: 26\r\n\r\n{", 9.0)])
def test_engine_that_is_too_slow_is_left(pieces: tuple[Piece, ...]) -> None:
    with stand_in(_always(*pieces)) as engine:
        with pytest.raises(EngineTimeoutError, match="no whole answer within its time"):
            _client(engine).query(EngineQuery("ASK {}", _JSON, seconds=0.2)).read()
        engine.until(lambda: engine.open == 0)


def test_answer_that_nobody_wants_any_more_is_broken_off() -> None:
    def endless(_: Asked) -> Iterator[Piece]:
        yield _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
        while True:
            yield b"1000\r\n" + b" " * 4096 + b"\r\n"

    with stand_in(endless) as engine:
        found = _client(engine).query(_ASK)
        assert next(found.chunks)
        found.close()
        engine.until(lambda: engine.open == 0)
        with pytest.raises(EngineError, match="sent more than 100000 bytes"):
            _client(engine).query(_ASK).read(100_000)
        engine.until(lambda: engine.open == 0)


def test_tls_to_what_speaks_none_is_told() -> None:
    with stand_in(_always(answer(_YES))) as engine:
        address = EngineAddress.of(engine.url.replace("http", "https"))
        with pytest.raises(EngineDownError, match="cannot be reached by TLS"):
            EngineClient(address).query(EngineQuery("ASK {}", _JSON, seconds=1))


def test_graph_store_is_asked_by_name() -> None:
    with stand_in(_always(answer(b"<urn:a> <urn:b> <urn:c> .\n", "application/n-triples"))) as engine:
        client = _client(engine, store=f"http://127.0.0.1:{engine.port}/store")
        assert client.get_graph("urn:x&y", "application/n-triples", 5).read().startswith(b"<urn:a>")
        client.put_graph(None, "text/turtle", iter([b"<urn:a> ", b"", b"<urn:b> <urn:c> ."]), 5)
        client.post_graph("urn:x", "text/turtle", iter([b""]), 5)
        client.delete_graph("urn:x", 5)
    got, put, post, deleted = engine.asked
    assert (got.method, got.path) == ("GET", "/store?graph=urn%3Ax%26y")
    assert got.headers["accept"] == "application/n-triples"
    assert (put.method, put.path, put.body) == ("PUT", "/store?default", b"<urn:a> <urn:b> <urn:c> .")
    assert put.headers["content-type"] == "text/turtle"
    assert (post.method, post.path, post.body) == ("POST", "/store?graph=urn%3Ax", b"")
    assert (deleted.method, deleted.path, deleted.body) == ("DELETE", "/store?graph=urn%3Ax", b"")
    with pytest.raises(InputError, match="--graph-store-url"):
        EngineClient(EngineAddress.of(engine.url)).delete_graph(None, 1)
