"""Bodies: read within limits, decompressed within limits."""

from __future__ import annotations

import asyncio
import gzip
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoonto_server.http import bodies
from mesoonto_server.http.messages import WorkerRequest
from mesoonto_server.http.problems import RequestError
from tests.examples import examples

MIB = 1 << 20


def read(*parts: bytes, length: bytes = b"", limit: int = MIB, seconds: float = 5.0, end: str = "") -> bytes:
    """What `bodies.read` makes of a client that sends *parts*, and then nothing, or *end*."""

    async def come() -> AsyncIterator[bytes]:
        for part in parts:
            yield part
        if end != "complete":
            await asyncio.sleep(60)

    async def main() -> bytes:
        with await bodies.read(come(), length, limit, seconds) as file:
            return file.read()

    return asyncio.run(main())


@pytest.mark.parametrize("size", [0, 1, MIB, MIB + 1, 3 * MIB])
def test_body_of_any_size_comes_whole(size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    content = content[:size]
    cut = size // 3
    assert read(content[:cut], content[cut:], limit=size, end="complete") == content


def test_announced_length_over_the_limit_is_413_before_a_byte_is_read() -> None:
    with pytest.raises(RequestError) as caught:
        read(length=b"1048577", seconds=60)
    assert caught.value.status == 413


def test_body_over_the_limit_is_413_whatever_it_announced() -> None:
    with pytest.raises(RequestError) as caught:
        read(b"x" * MIB, b"x", length=b"5")
    assert caught.value.status == 413


def test_stalled_body_is_408() -> None:
    with pytest.raises(RequestError) as caught:
        read(b"half", seconds=0.1)
    assert caught.value.status == 408


def test_small_body_is_handed_over_in_memory_and_a_large_one_as_a_file() -> None:
    assert bodies.place(io.BytesIO(b"small")) == (b"small", "")
    with bodies.stored(io.BufferedReader(io.BytesIO(b"x" * (2 * MIB))), 4 * MIB) as large:  # type: ignore[arg-type]
        content, path = bodies.place(large)
        assert (content, Path(path).read_bytes()) == (b"", b"x" * (2 * MIB))
    assert not Path(path).exists()


def test_wsgi_body_over_the_limit_is_413() -> None:
    with pytest.raises(RequestError) as caught:
        bodies.stored(io.BufferedReader(io.BytesIO(b"x" * 1001)), 1000)  # type: ignore[arg-type]
    assert caught.value.status == 413


def decoded(body: bytes, coding: str, limit: int = MIB) -> bytes:
    request = WorkerRequest(
        "update", "POST", "/update", b"", "http://e", content_encoding=coding, body=body, body_limit=limit
    )
    with bodies.decoded(request) as file:
        return file.read()


def zstd(content: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(content)


CODERS = {"gzip": gzip.compress, "zstd": zstd}


@settings(max_examples=examples(30))
@given(st.binary(max_size=5000), st.binary(max_size=50))
@pytest.mark.parametrize("coding", CODERS)
def test_decoding_undoes_coding_also_of_several_members(coding: str, first: bytes, second: bytes) -> None:
    # RFC 1952, section 2.2, and RFC 8878, section 3.1: a file is a series of members or frames.
    coder = CODERS[coding]
    assert decoded(coder(first), coding) == first
    assert decoded(coder(first) + coder(second), coding) == first + second


@pytest.mark.parametrize("coding", ["", "identity", "Identity"])
def test_plain_body_stays(coding: str) -> None:
    assert decoded(b"abc", coding) == b"abc"


def test_x_gzip_is_gzip() -> None:
    assert decoded(gzip.compress(b"abc"), "X-GZIP") == b"abc"


def test_large_body_is_decoded_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(gzip.compress(b"abc"))
    request = WorkerRequest("t", "POST", "/", b"", "", content_encoding="gzip", path_of_body=str(path))
    with bodies.decoded(request) as file:
        assert file.read() == b"abc"


@given(st.data())
@settings(max_examples=examples(40))
@pytest.mark.parametrize("coding", CODERS)
def test_body_that_is_cut_off_is_400_wherever_it_is_cut(coding: str, data: st.DataObject) -> None:
    whole = CODERS[coding](b"<a:a> <a:b> <a:c> .\n" * 100)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(RequestError) as caught:
        decoded(whole[:cut], coding)
    assert caught.value.status == 400


@pytest.mark.parametrize("coding", CODERS)
@pytest.mark.parametrize("damage", [b"nonsense", b"\x00" * 100])
def test_broken_body_is_400(coding: str, damage: bytes) -> None:
    for body in (damage, CODERS[coding](b"abc") + damage):
        with pytest.raises(RequestError) as caught:
            decoded(body, coding)
        assert caught.value.status == 400


def test_wrong_checksum_is_400() -> None:
    body = bytearray(gzip.compress(b"abc"))
    body[-6] ^= 1
    with pytest.raises(RequestError) as caught:
        decoded(bytes(body), "gzip")
    assert caught.value.status == 400


@pytest.mark.parametrize("coding", CODERS)
def test_bomb_is_413(coding: str) -> None:
    bomb = CODERS[coding](bytes(200 * MIB))
    assert len(bomb) < MIB
    with pytest.raises(RequestError) as caught:
        decoded(bomb, coding)
    assert caught.value.status == 413


@pytest.mark.parametrize("coding", CODERS)
def test_body_of_just_the_limit_is_taken(coding: str) -> None:
    assert len(decoded(CODERS[coding](bytes(MIB)), coding)) == MIB
    with pytest.raises(RequestError):
        decoded(CODERS[coding](bytes(MIB + 1)), coding)


def test_unknown_coding_is_415() -> None:
    with pytest.raises(RequestError) as caught:
        decoded(b"", "br")
    assert caught.value.status == 415
