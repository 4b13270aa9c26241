"""Engines that are asked by https: a certificate that is trusted, and others."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mesoonto.engines import note
from mesoonto.engines.adapter import EngineQuery
from mesoonto.engines.address import EngineAddress
from mesoonto.engines.client import EngineClient
from mesoonto.errors import EngineDownError
from tests.conftest import run_within, served
from tests.engines.stand_in import Asked, Piece, StandIn, answer, stand_in
from tests.engines.tls_proxy import Certificate
from tests.server.client import ask, get

pytestmark = pytest.mark.openssl

_JSON = "application/sparql-results+json"
_ROWS = b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"uri","value":"urn:x"}}]}}'
_NO_NOTE = b'{"head":{"vars":["version","state"]},"results":{"bindings":[]}}'


def _answering(asked: Asked) -> Iterator[Piece]:
    return iter([answer(_NO_NOTE if asked.query == note.QUERY else _ROWS)])


def _certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate that says of itself to be that of *name*, and what a server needs to show it."""
    made = Certificate.made(folder / "certificate", name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.file, made.key)
    return made.file, context


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StandIn, Path]]:
    """An engine by TLS, and its certificate, which nobody trusts."""
    certificate, context = _certificate(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1")
    with stand_in(_answering, tls=context) as listening:
        yield listening, certificate


@pytest.fixture
def client() -> Iterator[Callable[[StandIn], EngineClient]]:
    made: list[EngineClient] = []

    def of(listening: StandIn) -> EngineClient:
        made.append(EngineClient(EngineAddress.of(listening.url)))
        return made[-1]

    yield of
    for one in made:
        one.close()


@pytest.mark.slow
def test_served_before_an_engine_by_https(
    engine: tuple[StandIn, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections are kept as others are, and what a client shows us is not shown to the engine."""
    listening, certificate = engine
    credentials = tmp_path / "credentials"
    credentials.write_text("reader:s3cret\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    options = ("--empty", "--query-workers", "2", "--engine-interval", "600")
    with served(*options, "--engine", listening.url, "--credentials-file", str(credentials)) as server:
        before = listening.connections
        for number in range(20):
            reply = get(
                server.address, f"SELECT ?x {{ ?x a <urn:{number}> }}",
                Accept=_JSON, Authorization="Bearer of-the-client-0123456789",
            )  # fmt: skip
            assert (reply.status, reply.body) == (200, _ROWS)
            assert listening.asked[-1].headers["authorization"] == "Basic cmVhZGVyOnMzY3JldA=="
        assert listening.connections - before <= 3
        health = ask(server.address, path="/health").json["engine"]
        assert (health["up"], health["url"]) == (True, listening.url)


def test_untrusted_certificate_is_one_clear_line(
    engine: tuple[StandIn, Path], client: Callable[[StandIn], EngineClient], tmp_path: Path
) -> None:
    listening, _ = engine
    asked = len(listening.asked)
    with pytest.raises(EngineDownError) as raised:
        client(listening).query(EngineQuery("ASK {}", _JSON))
    assert raised.value.message == (
        f"the engine {listening.url} shows a certificate that is not trusted (self-signed certificate); "
        "let the system trust who issued it, or name a file with their certificate in SSL_CERT_FILE"
    )
    done = run_within(tmp_path, "load", "--engine", listening.url)
    assert done.returncode != 0
    assert "shows a certificate that is not trusted (self-signed certificate)" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert len(listening.asked) == asked


@pytest.mark.thorough  # what the client says is told by all
def test_server_before_an_untrusted_engine_says_so(engine: tuple[StandIn, Path]) -> None:
    """It starts, is not ready, and answers queries with 503."""
    listening, _ = engine
    with served("--empty", "--engine", listening.url, probe="health/live") as server:
        for path in ("/health/ready", "/sparql?query=ASK%20%7B%7D"):
            reply = ask(server.address, path=path)
            assert reply.status == 503
            assert "certificate that is not trusted (self-signed certificate)" in reply.text


def test_certificate_of_another_host_is_refused(
    client: Callable[[StandIn], EngineClient], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, context = _certificate(tmp_path, "DNS:other.example.org")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with stand_in(_answering, tls=context) as listening:
        with pytest.raises(EngineDownError, match=r"is not valid for '127\.0\.0\.1'"):
            client(listening).query(EngineQuery("ASK {}", _JSON))
        assert listening.asked == []
