"""How much one client may ask."""

from __future__ import annotations

import itertools
import os

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mesoonto.errors import InputError
from mesoonto_server.front.client_limits import ClientLimits
from mesoonto_server.http.client import origin_of
from mesoonto_server.http.problems import RequestError
from mesoonto_server.settings import Settings
from mesoonto_server.shared_rate import Rate, SharedRate


def limits_of(rate: str = "", **settings: object) -> ClientLimits:
    shared = SharedRate(Rate.parse(rate)) if rate else None
    return ClientLimits(Settings(**settings), shared)  # type: ignore[arg-type]


def client(peer: str, forwarded: str = "", proxy: str = "") -> str:
    return origin_of(peer, "http", forwarded, "", proxy).client


def test_forwarded_address_is_believed_from_the_trusted_proxy_only() -> None:
    assert client("10.0.0.1", "192.0.2.7") == "10.0.0.1"
    assert client("10.0.0.1", "192.0.2.7", "10.0.0.1") == "192.0.2.7"
    assert client("10.0.0.2", "192.0.2.7", "10.0.0.1") == "10.0.0.2"
    assert client("10.0.0.1", "", "10.0.0.1") == "10.0.0.1"


def test_what_the_client_itself_put_before_the_proxys_entry_is_not_believed() -> None:
    assert client("10.0.0.1", "198.51.100.1, 192.0.2.7", "10.0.0.1") == "192.0.2.7"


def test_scheme_is_that_of_the_trusted_proxy() -> None:
    assert origin_of("10.0.0.1", "http", "", "https", "10.0.0.1").scheme == "https"
    assert origin_of("10.0.0.1", "http", "", "http, https", "10.0.0.1").scheme == "https"
    assert origin_of("10.0.0.1", "http", "", "gopher", "10.0.0.1").scheme == "http"
    assert origin_of("10.0.0.2", "http", "", "https", "10.0.0.1").scheme == "http"


def test_whoever_came_through_a_proxy_is_local_only_if_the_trusted_one_says_so() -> None:
    assert origin_of("127.0.0.1", "http", "", "", "").local
    assert origin_of("::ffff:127.0.0.1", "http", "", "", "").local
    assert not origin_of("127.0.0.1", "http", "127.0.0.1", "", "").local
    assert not origin_of("127.0.0.1", "http", "", "", "", forwarded=True).local
    assert origin_of("10.0.0.1", "http", "127.0.0.1", "", "10.0.0.1").local
    assert not origin_of("127.0.0.1", "http", "192.0.2.7", "", "127.0.0.1").local


def test_addresses_of_one_ipv6_site_are_one_client() -> None:
    # RFC 6177: a site is given a /64 at least.
    first = client("2001:db8:1:2::1")
    assert first == client("2001:db8:1:2:ffff::9")
    assert first != client("2001:db8:1:3::1")


def test_nonsense_from_the_proxy_is_one_client() -> None:
    assert client("10.0.0.1", "::nonsense::\xff", "10.0.0.1") == "unknown"


def test_too_many_at_one_time_are_refused_until_one_leaves() -> None:
    found = limits_of(client_limit=2)
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
    found = limits_of("3/minute")
    for _ in range(3):
        found.enter("a")
        found.leave("a")
    with pytest.raises(RequestError) as caught:
        found.enter("a")
    assert caught.value.status == 429
    assert 1 <= int(caught.value.headers["retry-after"]) <= 60
    found.enter("b")


def test_nothing_is_kept_of_clients_that_have_left() -> None:
    found = limits_of()
    for number in range(1000):
        found.enter(str(number))
        found.leave(str(number))
    assert not found._at_work


def test_rate_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="300/minute"):
        Rate.parse("many")


_SHARED = SharedRate(Rate(5, 60))
_EXAMPLES = itertools.count()


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 30)), max_size=200))
def test_nobody_gets_more_than_the_rate_allows(asked: list[tuple[int, float]]) -> None:
    """Beside a plain model: a bucket for each client, which fills at the rate and loses one for a request."""
    example = next(_EXAMPLES)
    buckets = dict.fromkeys(range(4), (5.0, 0.0))
    now = 1000.0
    for who, pause in asked:
        now += pause
        held, since = buckets[who]
        held = min(5.0, held + (now - max(since, 1000.0)) * 5 / 60)
        assume(not 1e-8 < abs(held - 1) < 1e-4)  # on the border rounding decides
        wait = _SHARED.hit(f"{example} {who}", now)
        assert (wait == 0) == (held > 0.999)
        if wait:
            assert wait == pytest.approx((1 - held) * 12)
        buckets[who] = (held - (wait == 0), now)


def test_request_that_is_taken_back_does_not_count() -> None:
    shared = SharedRate(Rate(1, 60))
    for _ in range(3):
        assert shared.hit("a", 5.0) == 0
        assert shared.hit("a", 5.0) == pytest.approx(60)
        shared.take_back("a", 5.0)


def test_rate_is_counted_by_several_processes_together() -> None:
    shared = SharedRate(Rate(100, 3600))
    pids = []
    for _ in range(4):
        if (pid := os.fork()) == 0:
            os._exit(sum(shared.hit("a") == 0 for _ in range(100)))
        pids.append(pid)
    let_in = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    assert sum(let_in) == 100, let_in
