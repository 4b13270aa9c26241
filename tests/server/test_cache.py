"""The cache of answers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mesoonto_server.http import http1, parameters
from mesoonto_server.http.cache import Cache
from mesoonto_server.http.messages import Head
from mesoonto_server.http.parameters import HttpRequest


def asked(**changes: object) -> HttpRequest:
    values = {"method": "GET", "path": "/sparql", "query": b"q", "headers": {}}
    values |= {"peer": "192.0.2.7", "client": "192.0.2.7", "scheme": "http"}
    return HttpRequest(**{**values, **changes})  # type: ignore[arg-type]


def key(name: str) -> tuple[object, ...]:
    return parameters.cache_key(asked(query=name.encode()), b"")


def head(size: int) -> Head:
    headers = [("etag", '"tag"'), ("content-type", "text/csv")]
    return Head(200, headers, b"x" * size, cacheable=True, rows=7)


def put(cache: Cache, where: tuple[object, ...], found: Head) -> None:
    cache.put(where, found, http1.header_lines(found.headers), 10)


def test_answer_comes_back_as_it_was_put() -> None:
    cache: Cache = Cache(1 << 20)
    put(cache, key("a"), head(10))
    found = cache.get(key("a"))
    assert found is not None
    assert (found.status, found.body, found.rows, found.etag) == (200, b"x" * 10, 7, '"tag"')
    assert found.lines == b'etag: "tag"\r\ncontent-type: text/csv\r\n'
    assert cache.get(key("b")) is None


def test_everything_that_an_answer_depends_on_is_in_the_key() -> None:
    # RFC 9110, section 12.5.5: what Vary names; the rest is the request itself.
    names = (b"accept", b"accept-encoding", b"content-type", b"content-encoding", b"host")
    headers = dict.fromkeys(names, b"some")
    base = parameters.cache_key(asked(headers=headers), b"body")
    others = [parameters.cache_key(asked(headers={**headers, name: b"other"}), b"body") for name in names]
    others += [
        parameters.cache_key(asked(headers=headers, path="/sparql.csv"), b"body"),
        parameters.cache_key(asked(headers=headers, query=b"other"), b"body"),
        parameters.cache_key(asked(headers=headers, method="POST"), b"body"),
        parameters.cache_key(asked(headers=headers, scheme="https"), b"body"),
        parameters.cache_key(asked(headers=headers), b"other"),
    ]
    assert len({base, *others}) == 1 + len(others)
    same = asked(headers={**headers, b"user-agent": b"other"}, client="192.0.2.8")
    assert parameters.cache_key(same, b"body") == base


def test_renewal_of_the_data_empties_it() -> None:
    cache: Cache = Cache(1 << 20)
    put(cache, key("a"), head(10))
    cache.clear()
    assert cache.get(key("a")) is None
    assert cache.size == 0


def test_one_answer_takes_a_sixteenth_at_most() -> None:
    cache: Cache = Cache(160_000)
    put(cache, key("large"), head(10_000))
    assert cache.get(key("large")) is None
    put(cache, key("small"), head(5_000))
    assert cache.get(key("small")) is not None


def test_the_least_recently_used_goes_first() -> None:
    cache: Cache = Cache(40_000)
    for number in range(40):
        put(cache, key("a" if number == 0 else "b" if number == 1 else str(number)), head(1_000))
        cache.get(key("a"))
    assert cache.get(key("a")) is not None
    assert cache.get(key("b")) is None


def test_size_0_keeps_nothing() -> None:
    cache: Cache = Cache(0)
    put(cache, key("a"), head(0))
    assert cache.get(key("a")) is None


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 6_000))))
def test_it_never_grows_beyond_its_size(puts: list[tuple[int, int]]) -> None:
    cache: Cache = Cache(50_000)
    for name, size in puts:
        put(cache, key(str(name)), head(size))
        assert cache.size <= 50_000
