"""Frames between processes."""

from __future__ import annotations

import socket
import threading

from hypothesis import given
from hypothesis import strategies as st

from mesoonto.processes import framing
from mesoonto.processes.framing import FrameReader, Mark

frames = st.lists(st.tuples(st.sampled_from(Mark), st.binary(max_size=300)), max_size=8)


def test_header_is_as_documented() -> None:
    # mark 1, then the length 3 in four bytes, little-endian, then the payload
    assert framing.frame(b"abc", Mark.MORE) == b"\x01\x03\x00\x00\x00abc"


@given(frames, st.data())
def test_frames_come_out_wherever_the_stream_is_cut(
    sent: list[tuple[Mark, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(framing.frame(payload, mark) for mark, payload in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    reader = FrameReader()
    received = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        received += reader.feed(stream[start:end])
    assert received == sent


@given(frames)
def test_frames_come_out_byte_by_byte(sent: list[tuple[Mark, bytes]]) -> None:
    stream = b"".join(framing.frame(payload, mark) for mark, payload in sent)
    reader = FrameReader()
    assert [frame for byte in stream for frame in reader.feed(bytes([byte]))] == sent


@given(st.binary(min_size=1, max_size=200), st.integers(1, 100))
def test_cut_frame_is_not_given_out(payload: bytes, missing: int) -> None:
    stream = framing.frame(payload)
    assert FrameReader().feed(stream[: -min(missing, len(stream))]) == []


def test_large_frame_crosses_a_socket() -> None:
    ours, theirs = socket.socketpair()
    payload = bytes(range(256)) * 20_000  # more than a socket holds
    with ours, theirs:
        sender = threading.Thread(target=framing.send, args=(ours, payload))
        sender.start()
        assert framing.receive(theirs) == payload
        sender.join()


def test_end_of_the_stream_is_none_also_within_a_frame() -> None:
    for sent in (b"", framing.frame(b"whole")[:3], framing.frame(b"whole")[:7]):
        ours, theirs = socket.socketpair()
        with theirs:
            ours.sendall(sent)
            ours.close()
            assert framing.receive(theirs) is None
