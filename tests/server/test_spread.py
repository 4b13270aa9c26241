"""How many connection workers have the connections, before an engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest

from mesoonto.engines import note
from mesoonto_server.front.spread import CpuTimes, Spread, read_times
from tests.conftest import served
from tests.engines.stand_in import Asked, Piece, answer, stand_in
from tests.server.client import get

#: Looks from one decision to the next.
_LOOKS = 20


class _Machine:
    """What is read of a machine with so many ticks for each decision."""

    def __init__(self) -> None:
        self.times = CpuTimes(1000, 500, 0)
        self.read: list[tuple[int, ...]] = []

    def __call__(self, pids: Sequence[int]) -> CpuTimes:
        self.read.append(tuple(pids))
        return self.times

    def pass_time(self, *, idle: float, own: float) -> None:
        now = self.times
        self.times = CpuTimes(now.all + 1000, now.idle + int(1000 * idle), now.own + int(1000 * own))


def _decided(spread: Spread, machine: _Machine, load: float, *, idle: float, own: float) -> int:
    machine.pass_time(idle=idle, own=own)
    for _ in range(_LOOKS):
        spread.look([load] * spread.number, [1, 2])
    return spread.number


@pytest.fixture
def machine() -> _Machine:
    return _Machine()


@pytest.fixture
def spread(machine: _Machine) -> Spread:
    made = Spread(16, 2, machine)
    assert _decided(made, machine, 1.0, idle=1.0, own=0.0) == 2  # nothing is known yet
    return made


def test_workers_that_wait_while_cores_are_free_become_more(spread: Spread, machine: _Machine) -> None:
    """As before an engine on another machine."""
    found = [_decided(spread, machine, 0.9, idle=0.8, own=0.1) for _ in range(5)]
    assert found == [4, 8, 16, 16, 16]
    assert machine.read == [(1, 2)] * 6


def test_workers_that_wait_on_a_machine_that_others_use_become_more(
    spread: Spread, machine: _Machine
) -> None:
    assert [_decided(spread, machine, 0.9, idle=0.0, own=0.01) for _ in range(2)] == [4, 8]


def test_workers_that_work_become_no_more(spread: Spread, machine: _Machine) -> None:
    """Nor do those that wait for an engine that has the rest of the cores."""
    assert [_decided(spread, machine, 1.0, idle=0.0, own=share) for share in (0.7, 0.3)] == [2, 2]


def test_many_become_few_where_they_work_or_have_little_to_do(spread: Spread, machine: _Machine) -> None:
    for _ in range(3):
        _decided(spread, machine, 0.9, idle=0.5, own=0.1)
    assert spread.number == 16
    assert _decided(spread, machine, 0.5, idle=0.5, own=0.1) == 16
    assert _decided(spread, machine, 0.9, idle=0.0, own=0.7) == 8
    assert [_decided(spread, machine, 0.1, idle=0.9, own=0.0) for _ in range(3)] == [4, 2, 2]


def test_machine_that_tells_nothing_leaves_the_number(spread: Spread, machine: _Machine) -> None:
    machine.times = CpuTimes(0, 0, 0)
    assert _decided(spread, machine, 0.5, idle=0.0, own=0.0) == 2


def test_times_are_those_of_the_machine() -> None:
    before = read_times([])
    assert before.own == 0
    assert 0 <= before.idle <= before.all


_NO_NOTE = b'{"head":{"vars":["version","state"]},"results":{"bindings":[]}}'
_YES = b'{"head":{},"boolean":true}'
_CLIENTS = 12


@pytest.mark.slow
def test_queries_that_wait_for_an_engine_wait_for_it_together() -> None:
    """Where each is shorter than a long one, so that none gets a worker of its own."""

    def answering(asked: Asked) -> Iterator[Piece]:
        if asked.query == note.QUERY:
            return iter([answer(_NO_NOTE)])
        return _slowly()

    lock, here, most = threading.Lock(), [0], [0]

    def _slowly() -> Iterator[Piece]:
        with lock:
            here[0] += 1
            most[0] = max(most[0], here[0])
        yield 0.03
        with lock:
            here[0] -= 1
        yield answer(_YES)

    ended = threading.Event()

    def ask(address: str, number: int) -> None:
        while not ended.is_set():
            assert get(address, f"ASK {{ <urn:{number}> ?p ?o }}").status == 200

    options = ("--empty", "--cache", "0", "--engine-interval", "600")
    with stand_in(answering) as engine, served(*options, "--engine", engine.url) as server:
        threads = [threading.Thread(target=ask, args=(server.address, n)) for n in range(_CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            engine.until(lambda: most[0] > _CLIENTS // 2, 60)
        finally:
            ended.set()
            for thread in threads:
                thread.join()
