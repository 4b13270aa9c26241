"""Addresses that the public must not reach are refused, however they are spelt."""

from __future__ import annotations

import ipaddress
import socket

import pyoxigraph as ox
import pytest

from mesoonto.errors import EndpointError
from mesoonto.federation import Endpoint, Endpoints, Federation
from mesoonto.federation.address import is_public, resolve
from tests.federation import servers
from tests.federation.standins import StoreLocal

# Ranges as in the IANA special-purpose address registries (RFC 6890) and the documents named.
NOT_PUBLIC = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",  # shared address space, RFC 6598
    "169.254.169.254",  # the metadata service of clouds
    "192.0.0.1",
    "198.18.0.1",  # benchmarking, RFC 2544
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",  # IPv4-mapped
    "::ffff:169.254.169.254",
    "::127.0.0.1",  # IPv4-compatible
    "64:ff9b::7f00:1",  # NAT64, RFC 6052
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",  # 6to4, RFC 3056
    "2001:0:7f00:1::",  # Teredo, RFC 4380
]

#: Spellings of 127.0.0.1 that inet_aton understands, and names of it.
SPELT = ["127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "localhost", "0"]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_special_address_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700:4700::1111"])
def test_other_address_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("host", SPELT)
def test_spellings_of_loopback_are_refused(host: str) -> None:
    with pytest.raises(EndpointError, match="not public"):
        resolve(host, 80, allow_private=False)


@pytest.mark.parametrize("host", ["127.0.0.1", *SPELT, "[::1]", "[::ffff:127.0.0.1]"])
def test_no_connection_to_loopback_unless_the_entry_allows_it(host: str) -> None:
    with servers.serving(lambda handler, _: servers.respond(handler, b"{}")) as endpoint:
        url = endpoint.url.replace("127.0.0.1", host)
        federation = Federation(Endpoints([Endpoint("inside", url)]))
        with pytest.raises(EndpointError, match="not public"):
            federation.evaluate(f"SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}", StoreLocal(ox.Store()))
        assert endpoint.received == []


def test_one_bad_address_among_good_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, 1, 6, "", (address, 80)) for address in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with pytest.raises(EndpointError, match=r"10\.0\.0\.1"):
        resolve("rebinding.example", 80, allow_private=False)


def test_name_is_looked_up_once_for_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that changes its address between check and connection (DNS rebinding) gains nothing."""
    asked = []
    real = socket.getaddrinfo

    def rebinding(host: str, port: int, *rest: object, **more: object) -> object:
        if host != "rebinding.example":
            return real(host, port, *rest, **more)  # type: ignore[arg-type]
        asked.append(host)
        return real("127.0.0.1", port, type=socket.SOCK_STREAM)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    body = b'{"head":{"vars":["s"]},"results":{"bindings":[]}}'
    with servers.serving(lambda handler, _: servers.respond(handler, body)) as endpoint:
        url = endpoint.url.replace("127.0.0.1", "rebinding.example")
        federation = Federation(Endpoints([Endpoint("moving", url, allow_private=True)]))
        federation.evaluate(f"SELECT ?s {{ SERVICE <{url}> {{ ?s ?p ?o }} }}", StoreLocal(ox.Store()))
        federation.close()
        port = endpoint.url.split(":")[2].split("/")[0]
        assert endpoint.received[0].headers["host"] == f"rebinding.example:{port}"
    assert asked == ["rebinding.example"]
