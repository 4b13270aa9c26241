"""Tokens over HTTP: who gets in, who does not, and what each is told."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from mesoonto import connect, connect_async
from mesoonto.errors import EndpointError, MesoontoError
from tests.conftest import free_port, running_server
from tests.server.client import TURTLE, Reply, ask, get, holds, update

TOKENS = {
    "update": "update-token-0123456789",
    "store": "store-token-01234567890",
    "admin": "admin-token-01234567890",
}
HASHED = "hashed-token-0123456789"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("tokens") / "tokens"
    lines = [f"{token} {scope}" for scope, token in TOKENS.items()]
    lines.append(f"sha256:{hashlib.sha256(HASHED.encode()).hexdigest()} update,store")
    path.write_text("\n".join(lines))
    with running_server("--empty", "--token-file", str(path), "--trusted-proxy", "127.0.0.1") as found:
        yield found


def bearer(token: str, **others: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **others}


def insert(address: str, **headers: str) -> Reply:
    return update(address, "INSERT DATA { <a:a> <a:b> 1 }", **headers)


def put(address: str, **headers: str) -> Reply:
    return ask(address, "PUT", "/store?graph=a%3Ag", b"<a:a> <a:b> 1 .", **TURTLE, **headers)


def test_reading_is_open(address: str) -> None:
    assert get(address, "ASK {}").status == 200
    assert ask(address, path="/store?default").status == 200


def test_python_writes_with_a_token_and_only_then(address: str) -> None:
    added = "INSERT DATA { <a:python> <a:b> 1 }"
    with connect(f"{address}sparql") as reading, pytest.raises(MesoontoError, match="token"):
        reading.update(added)
    with (
        connect(f"{address}sparql", token="wrong-token-0123456789") as wrong,
        pytest.raises(EndpointError, match="401") as raised,
    ):
        wrong.update(added)
    assert "wrong-token" not in str(raised.value)
    with connect(f"{address}sparql", token=TOKENS["update"], update=f"{address}update") as writing:
        assert not writing.ask("ASK { <a:python> <a:b> 1 }")
        writing.update(added)
        assert writing.ask("ASK { <a:python> <a:b> 1 }")
        with pytest.raises(EndpointError, match="400"):
            writing.update("INSERT DATA {")

    async def wait() -> bool:
        async with connect_async(f"{address}sparql", token=TOKENS["update"]) as both:
            await both.update("DELETE DATA { <a:python> <a:b> 1 }")
            return await both.ask("ASK { <a:python> <a:b> 1 }")

    assert asyncio.run(wait()) is False


@pytest.mark.parametrize("write", [insert, put])
def test_writing_without_a_token_is_401_with_a_challenge(address: str, write: object) -> None:
    reply = write(address)
    assert reply.status == 401
    assert reply.headers["www-authenticate"] == 'Bearer realm="mesoonto"'


@pytest.mark.parametrize(
    "token", ["", "wrong", TOKENS["update"] + "x", TOKENS["update"][:-1], f"sha256:{'0' * 64}"]
)
def test_unknown_token_is_401(address: str, token: str) -> None:
    reply = insert(address, **bearer(token))
    assert reply.status == 401
    assert 'error="invalid_token"' in reply.headers["www-authenticate"]


def test_hash_from_the_file_is_no_token(address: str) -> None:
    digest = hashlib.sha256(HASHED.encode()).hexdigest()
    assert insert(address, **bearer(digest)).status == 401
    assert insert(address, **bearer(f"sha256:{digest}")).status == 401


@pytest.mark.parametrize(
    ("token", "may_update", "may_store"),
    [
        (TOKENS["update"], True, False),
        (TOKENS["store"], False, True),
        (TOKENS["admin"], True, True),
        (HASHED, True, True),
    ],
)
def test_scopes(address: str, token: str, may_update: bool, may_store: bool) -> None:
    for write, may in ((insert, may_update), (put, may_store)):
        reply = write(address, **bearer(token))
        if may:
            assert reply.status in (201, 204)
        else:
            assert reply.status == 403
            assert 'error="insufficient_scope"' in reply.headers["www-authenticate"]


def test_update_at_the_query_address_needs_the_same_token(address: str) -> None:
    body = b"update=INSERT%20DATA%20%7B%20%3Ca%3Ax%3E%20%3Ca%3Ab%3E%201%20%7D"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert ask(address, "POST", "/sparql", body, **form).status == 401
    assert not holds(address, "<a:x> ?p ?o")
    assert ask(address, "POST", "/sparql", body, **form, **bearer(TOKENS["update"])).status == 204
    assert holds(address, "<a:x> ?p ?o")


def test_token_that_came_in_the_clear_from_elsewhere_is_refused(address: str) -> None:
    # The trusted proxy tells of a client on another machine and of the scheme that it used.
    elsewhere = {"X-Forwarded-For": "192.0.2.7"}
    token = bearer(TOKENS["update"])
    plain = insert(address, **token, **elsewhere, X_Forwarded_Proto="http")
    assert (plain.status, "HTTPS" in plain.text) == (403, True)
    assert insert(address, **token, **elsewhere).status == 403
    assert insert(address, **token, **elsewhere, X_Forwarded_Proto="https").status == 204


def test_refusals_are_the_same_for_programs(address: str) -> None:
    reply = insert(address, Accept="application/json")
    assert (reply.status, reply.type) == (401, "application/problem+json")
    assert reply.json["status"] == 401


class TestWithoutTokenFile:
    @pytest.mark.slow
    def test_allow_update_on_other_addresses_is_refused(
        self, mesoonto_process: Callable[..., CompletedProcess[str]], tmp_path: Path
    ) -> None:
        done = mesoonto_process("serve", "--allow-update", "--host", "0.0.0.0", "--port", str(free_port()))
        assert done.returncode == 2
        assert "loopback only" in done.stderr
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.slow
    def test_client_behind_a_proxy_that_is_not_trusted_is_not_local(self) -> None:
        # An operator who forgot --trusted-proxy must not have opened writing to everybody.
        with running_server("--empty", "--allow-update") as address:
            assert insert(address, X_Forwarded_For="192.0.2.7").status == 403
            assert insert(address, Forwarded="for=192.0.2.7").status == 403
            assert insert(address).status == 204
