"""How much one client may ask."""

from __future__ import annotations

import pytest

from mesoonto.errors import InputError
from mesoonto_server.front.client_limits import Guard
from mesoonto_server.http.problems import RequestError
from mesoonto_server.settings import Settings


def guard(**settings: object) -> Guard:
    return Guard(Settings(**settings))  # type: ignore[arg-type]


def test_forwarded_address_is_believed_from_the_trusted_proxy_only() -> None:
    assert guard().client("10.0.0.1", b"192.0.2.7") == "10.0.0.1"
    trusting = guard(trusted_proxy="10.0.0.1")
    assert trusting.client("10.0.0.1", b"192.0.2.7") == "192.0.2.7"
    assert trusting.client("10.0.0.2", b"192.0.2.7") == "10.0.0.2"
    assert trusting.client("10.0.0.1", None) == "10.0.0.1"


def test_what_the_client_itself_put_before_the_proxys_entry_is_not_believed() -> None:
    assert guard(trusted_proxy="10.0.0.1").client("10.0.0.1", b"198.51.100.1, 192.0.2.7") == "192.0.2.7"


def test_addresses_of_one_ipv6_site_are_one_client() -> None:
    # RFC 6177: a site is given a /64 at least.
    first = guard().client("2001:db8:1:2::1", None)
    assert first == guard().client("2001:db8:1:2:ffff::9", None)
    assert first != guard().client("2001:db8:1:3::1", None)


def test_nonsense_from_the_proxy_is_one_client() -> None:
    assert guard(trusted_proxy="10.0.0.1").client("10.0.0.1", b"::nonsense::\xff") == "unknown"


def test_too_many_at_one_time_are_refused_until_one_leaves() -> None:
    found = guard(client_limit=2)
    found.enter("a")
    found.enter("a")
    found.enter("b")
    with pytest.raises(RequestError) as caught:
        found.enter("a")
    assert caught.value.status == 429
    assert int(caught.value.headers["retry-after"]) >= 1
    found.leave("a")
    found.enter("a")


def test_more_than_the_rate_are_refused_with_the_time_to_wait() -> None:
    found = guard(rate_limit="3/minute")
    for _ in range(3):
        found.enter("a")
        found.leave("a")
    with pytest.raises(RequestError) as caught:
        found.enter("a")
    assert caught.value.status == 429
    assert 1 <= int(caught.value.headers["retry-after"]) <= 60
    found.enter("b")


def test_nothing_is_kept_of_clients_that_have_left() -> None:
    found = guard()
    for number in range(1000):
        found.enter(str(number))
        found.leave(str(number))
    assert not found._at_work


def test_rate_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="300/minute"):
        guard(rate_limit="many")
