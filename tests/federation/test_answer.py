"""Answers that come in one piece or many, without a network."""

from __future__ import annotations

import pytest

from mesoonto.errors import EndpointError
from mesoonto.federation.answer import RawAnswer, solutions_of

_START = b'{"head":{"vars":["s"]},"results":{"bindings":[{"s":{"type":"literal","value":"'


def test_value_that_is_too_long_to_be_read_is_told_as_such() -> None:
    chunks = iter([_START, *[b"x" * (1 << 20)] * 20, b'"}}]}}'])
    answer = RawAnswer(200, "application/sparql-results+json", None, None, chunks)
    with pytest.raises(EndpointError, match="more than can be read into memory"):
        solutions_of(answer, ("s",), max_rows=10, max_bytes=50_000_000)


def test_what_comes_behind_the_end_counts_too() -> None:
    chunks = iter([_START + b'1"}}]}}', *[b" " * 1000] * 100])
    answer = RawAnswer(200, "application/sparql-results+json", None, None, chunks)
    with pytest.raises(EndpointError, match="more than 50000 bytes"):
        solutions_of(answer, ("s",), max_rows=10, max_bytes=50_000)
