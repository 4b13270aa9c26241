"""Compressed answers: the same whatever the pieces in which they come."""

from __future__ import annotations

import gzip
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoonto.errors import EndpointError
from mesoonto.federation.body import Body


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(p % (len(data) + 1) for p in places)})
    return [data[a:b] for a, b in itertools.pairwise(edges)]


#: Texts that compress badly and ones that compress well.
TEXTS = st.binary(max_size=3000) | st.builds(
    lambda b, n: b * n, st.binary(max_size=9), st.integers(0, 40_000)
)


@given(parts=st.lists(TEXTS, min_size=1, max_size=4), places=st.lists(st.integers(0, 10**6), max_size=8))
def test_body_is_what_was_compressed(parts: list[bytes], places: list[int]) -> None:
    sent = b"".join(gzip.compress(part) for part in parts)  # each part a member of its own
    body = Body(iter(cut(sent, places)), "gzip", limit=10**7)
    assert b"".join(iter(body.next, b"")) == b"".join(parts)
    assert (body.received, body.size) == (len(sent), sum(map(len, parts)))


@given(text=TEXTS, places=st.lists(st.integers(0, 10**6), max_size=8), missing=st.integers(1, 10**6))
def test_gzip_that_is_cut_off_is_never_taken_for_whole(text: bytes, places: list[int], missing: int) -> None:
    sent = gzip.compress(text)
    short = sent[: len(sent) - 1 - missing % len(sent)]
    body = Body(iter(cut(short, places)), "gzip", limit=10**7)
    with pytest.raises(EndpointError, match="broke off"):
        b"".join(iter(body.next, b""))


def test_body_without_coding_passes_as_it_is() -> None:
    body = Body(iter([b"ab", b"c"]), None, limit=3)
    assert b"".join(iter(body.next, b"")) == b"abc"
    assert body.received == body.size == 3


def test_no_piece_of_a_bomb_is_large() -> None:
    body = Body(iter([gzip.compress(bytes(50_000_000))]), "gzip", limit=50_000_000)
    assert max(map(len, iter(body.next, b""))) <= 1 << 16
