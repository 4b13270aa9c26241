"""A mesoonto before real engines that are behind nginx, which speaks TLS and asks for a password."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import free_port, run_within, served
from tests.engines.tls_proxy import PASSWORD, USER, Certificate, logged, tls_proxy
from tests.server.client import Reply, ask, get, update

pytestmark = [pytest.mark.openssl, pytest.mark.nginx, pytest.mark.slow]

#: Fuseki takes seconds to start.
_KINDS = ["oxigraph", pytest.param("fuseki", marks=[pytest.mark.fuseki, pytest.mark.engines_full])]

_PATHS = {"oxigraph": "/query", "fuseki": "/ds/query"}


def _credentials(folder: Path, password: str = PASSWORD) -> Path:
    file = folder / "credentials"
    file.write_text(f"{USER}:{password}\n")
    return file


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("kind", _KINDS)
def test_read_and_written_by_https_with_a_password(
    engine_url: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """On few connections, all of them with the password; the command that loads goes the same way."""
    certificate = Certificate.made(tmp_path / "tls", "IP:127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    port, proxy = free_port(), tmp_path / "proxy"
    url = f"https://127.0.0.1:{port}{_PATHS[kind]}"
    reached = ("--engine", url, "--credentials-file", str(_credentials(tmp_path)))
    graph = "urn:tls:graph"
    (tmp_path / "data.nt").write_text("".join(f"<urn:tls:{n}> <urn:n> {n}  .\n".replace(f" {n} ", f' "{n}" ')
                                              for n in range(500)))  # fmt: skip
    with tls_proxy(proxy, engine_url(kind), certificate, port):
        loading = ("load", *reached, "--engine-kind", kind, "data.nt", "--graph", graph)
        done = run_within(tmp_path, *loading)
        assert done.returncode == 0, done.stderr
        options = ("--empty", "--allow-update", "--query-workers", "2", "--engine-kind", kind)
        with served(*options, *reached) as server:
            count = f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"
            assert get(server.address, count, Accept="text/csv").text.split() == ["n", "500"]
            written = update(server.address, f"INSERT DATA {{ GRAPH <{graph}> {{ <urn:a> <urn:b> 1 }} }}")
            assert written.status == 204, written.text
            assert get(server.address, count, Accept="text/csv").text.split() == ["n", "501"]
            before = len(logged(proxy))
            for number in range(20):
                reply = get(server.address, f"ASK {{ GRAPH <{graph}> {{ <urn:tls:{number}> ?p ?o }} }}",
                            Accept="application/json")  # fmt: skip
                assert (reply.status, reply.json["boolean"]) == (200, True)
            health = ask(server.address, path="/health").json["engine"]
            assert (health["up"], health["url"], health["kind"]) == (True, url, kind)
    requests = logged(proxy)
    assert {(one.status // 100, one.user) for one in requests} == {(2, USER)}
    # Two workers, and the looks, of which each has a connection of its own.
    queries = [one for one in requests[before:] if one.path.partition("?")[0] == _PATHS[kind]]
    assert len(queries) >= 20
    assert len({one.connection for one in queries}) < len(queries) / 2


@pytest.mark.parametrize("kind", _KINDS)
def test_certificate_of_another_host_is_told_until_it_is_replaced(
    engine_url: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Nothing is sent meanwhile, and the server becomes ready without being started again."""
    right = Certificate.made(tmp_path / "right", "IP:127.0.0.1")
    other = Certificate.made(tmp_path / "other", "DNS:other.example.org")
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(right.file.read_bytes() + other.file.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    port, proxy = free_port(), tmp_path / "proxy"
    options = (
        *("--empty", "--query-workers", "2", "--engine-kind", kind, "--engine-interval", "0.2"),
        *("--engine", f"https://127.0.0.1:{port}{_PATHS[kind]}"),
        *("--credentials-file", str(_credentials(tmp_path))),
    )
    with tls_proxy(proxy, engine_url(kind), other, port), served(*options, probe="health/live") as server:
        _until(lambda: "shows a certificate of another host" in _ready(server.address).text)
        assert [_ready(server.address).status, get(server.address, "ASK {}").status] == [503, 503]
        assert logged(proxy) == []
    with served(*options, probe="health/live") as server:
        _until(lambda: "cannot be reached" in _ready(server.address).text)
        with tls_proxy(proxy, engine_url(kind), right, port):
            _until(lambda: _ready(server.address).status == 200)
            assert get(server.address, "ASK {}").status == 200


def _ready(address: str) -> Reply:
    return ask(address, path="/health/ready")


@pytest.mark.parametrize("kind", _KINDS)
def test_wrong_password_names_the_file_and_no_password(
    engine_url: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    certificate = Certificate.made(tmp_path / "tls", "IP:127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    port, wrong = free_port(), "wrong-pass-0123456789"
    file = _credentials(tmp_path, wrong)
    options = (
        *("--empty", "--query-workers", "2", "--engine-kind", kind, "--credentials-file", str(file)),
        *("--engine", f"https://127.0.0.1:{port}{_PATHS[kind]}"),
    )
    with (
        tls_proxy(tmp_path / "proxy", engine_url(kind), certificate, port),
        served(*options, log=tmp_path / "log", probe="health/live") as server,
    ):
        _until(lambda: "credentials" in _ready(server.address).text)
        refused = get(server.address, "ASK {}")
        for reply in (refused, _ready(server.address)):
            assert f"look at the credentials in {file}" in reply.text
        health = ask(server.address, path="/health")
    assert refused.status in (502, 503)
    for text in (refused.text, health.text, (tmp_path / "log").read_text()):
        assert wrong not in text
        assert PASSWORD not in text
    assert {(one.status, one.user) for one in logged(tmp_path / "proxy")} == {(401, USER)}
