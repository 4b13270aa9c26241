"""The pool and its fork server with real processes: what a job can do to a worker, and who notices.

What is to happen while jobs of a second run is serial: other tests would take that second.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import io
import os
import select
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Awaitable, Callable, Iterator, Mapping

import pyoxigraph as ox
import pytest

from mesoonto.dataset.store import Engine
from mesoonto.errors import (
    ForkServerLostError,
    InputError,
    MesoontoError,
    NestingError,
    OutOfMemoryError,
    OutOfTimeError,
    OverloadedError,
    QueryFailedError,
    ServeError,
)
from mesoonto.processes import fork_server
from mesoonto.processes import pool as pool_module
from mesoonto.processes.fork_server import Link, Role
from mesoonto.processes.limits import MIB, ProcessLimits
from mesoonto.processes.network import Wall
from mesoonto.processes.pool import Pool
from mesoonto.processes.worker import Reply, jobs

MEMORY = 256 * MIB

#: What jobs leave behind in their worker.
HELD: list[bytes] = []


def priority() -> int:
    """The nice value of this thread."""
    return os.getpriority(os.PRIO_PROCESS, 0)


USUAL = priority()

lowers_priority = pytest.mark.skipif(
    not os.path.exists("/proc/self/task") or USUAL >= 10, reason="needs threads with a priority of their own"
)


def handle(engine: Engine, job: bytes, reply: Reply) -> None:
    """Does what *job* says; every way to end that a stranger's query has found so far."""
    word, _, rest = job.decode().partition(" ")
    match word:
        case "echo":
            reply.last(rest.encode())
        case "pid":
            reply.last(str(os.getpid()).encode())
        case "aside":
            until = time.monotonic() + 60
            while priority() == USUAL and time.monotonic() < until:
                time.sleep(0.02)
            HELD.append(b"x" * int(rest) * MIB)
            reply.last(f"{os.getpid()} {priority()}".encode())
        case "priority":
            reply.last(f"{os.getpid()} {priority()}".encode())
        case "sleep":
            time.sleep(float(rest))
            reply.last(b"slept")
        case "endless":
            list(engine.store.query("SELECT * { " + "?a ?b ?c . ?d ?e ?f . " * 20 + "FILTER(?a = 1) }"))
        case "parts":
            for number in range(int(rest)):
                reply.part(f"{number} ".encode() * 10_000)
            reply.last(b"end")
        case "break":
            reply.part(b"half")
            reply.fail("because")
        case "memory":
            hog = [bytearray(MIB) for _ in range(10_000)]
            reply.last(str(len(hog)).encode())
        case "deep":
            engine.store.query("SELECT * { FILTER(" + "STR(" * 20_000 + "1" + ")" * 20_000 + ") }")
            reply.last(b"parsed")
        case "network":
            with socket.socket() as probe:
                probe.settimeout(1)
                try:
                    probe.connect(("127.0.0.1", int(rest)))
                except OSError:
                    reply.last(b"unreachable")
                else:
                    reply.last(b"connected")
        case "exit":
            os._exit(int(rest))
        case _:
            raise ValueError(word)


def prepare() -> Mapping[str, Role]:
    # pytest has put its own file in place of standard error, which the fork server reads.
    faulthandler.disable()  # which pytest has enabled, and which would tell of each worker that dies here
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), write_through=True)
    store = ox.Store()
    store.update("INSERT DATA { " + " ".join(f"<a:{n}> <a:p> {n} ." for n in range(200)) + " }")
    engine = Engine(store, "v1")
    role = Role(lambda: engine, jobs(handle), MEMORY)
    return {"query": role, "writer": role}


def start(prepare_: fork_server.Prepare) -> Link:
    with warnings.catch_warnings():
        # Other tests of this process may have started threads in pyoxigraph, of which this uses none.
        warnings.simplefilter("ignore", DeprecationWarning)
        return fork_server.start(prepare_)


@pytest.fixture(scope="module")
def link() -> Iterator[Link]:
    found = start(prepare)
    yield found
    os.close(found.lifeline)
    found.door.close()
    os.waitpid(found.pid, 0)


Run = Callable[..., None]


@pytest.fixture
def with_pool(link: Link) -> Run:
    """Runs a coroutine function with an open pool of its own."""

    def run(test: Callable[[Pool], Awaitable[None]], **limits: float) -> None:
        async def main() -> None:
            values = {"workers": 2, "max_workers": 4, "memory": MEMORY, "timeout": 10.0, **limits}
            pool = Pool(link, ProcessLimits(**values))  # type: ignore[arg-type]
            await pool.open()
            try:
                await asyncio.wait_for(test(pool), 180)
            finally:
                await pool.close()

        asyncio.run(main())

    return run


async def ask(pool: Pool, job: str, timeout: float | None = None) -> bytes:
    answer = await pool.run(job.encode(), timeout)
    parts = []
    while answer.more:
        parts.append(await answer.part())
    return b"".join(parts)


def test_answer_is_that_of_the_job(with_pool: Run) -> None:
    async def test(pool: Pool) -> None:
        answers = await asyncio.gather(*(ask(pool, f"echo {n}") for n in range(200)))
        assert answers == [str(n).encode() for n in range(200)]
        assert pool.version == "v1"
        assert pool.busy == pool.waiting == 0

    with_pool(test)


def test_large_answer_comes_in_parts(with_pool: Run) -> None:
    async def test(pool: Pool) -> None:
        whole = await ask(pool, "parts 100")
        assert whole == b"".join(f"{n} ".encode() * 10_000 for n in range(100)) + b"end"

    with_pool(test)


def test_answer_that_breaks_off_is_reported(with_pool: Run) -> None:
    async def test(pool: Pool) -> None:
        answer = await pool.run(b"break")
        assert await answer.part() == b"half"
        with pytest.raises(QueryFailedError, match="broke off: because"):
            await answer.part()
        assert not answer.more
        assert await ask(pool, "echo next") == b"next"

    with_pool(test)


@pytest.mark.parametrize(
    ("job", "error", "words"),
    [
        ("endless", OutOfTimeError, "after 0.5 seconds"),
        ("memory", OutOfMemoryError, "256 MiB"),
        ("deep", NestingError, "nested too deeply"),
        ("exit 3", QueryFailedError, "unexpectedly"),
        ("nonsense", QueryFailedError, "unexpectedly"),
    ],
)
def test_whatever_ends_a_worker_is_reported_and_the_next_job_is_answered(
    with_pool: Run, job: str, error: type[MesoontoError], words: str
) -> None:
    async def test(pool: Pool) -> None:
        for _ in range(3):
            with pytest.raises(error, match=words) as caught:
                await ask(pool, job, 0.5 if job == "endless" else 60)
            assert type(caught.value) is error
            assert await ask(pool, "echo next") == b"next"
        assert pool.busy == pool.waiting == 0

    with_pool(test)


@pytest.mark.serial
def test_endless_jobs_delay_nobody(with_pool: Run) -> None:
    async def test(pool: Pool) -> None:
        endless = [
            asyncio.create_task(ask(pool, "endless", 3)) for _ in range(3)
        ]  # more than the 2 of the short lane
        await asyncio.sleep(0.3)
        for n in range(20):
            assert await ask(pool, f"echo {n}") == str(n).encode()
        assert not any(task.done() for task in endless)
        ended = await asyncio.gather(*endless, return_exceptions=True)
        assert [type(error) for error in ended] == [OutOfTimeError] * 3
        assert pool.counts.killed == 3

    with_pool(test)


def test_no_more_time_than_the_limit_is_given(with_pool: Run) -> None:
    async def test(pool: Pool) -> None:
        with pytest.raises(OutOfTimeError, match=r"after 0\.3 seconds"):
            await ask(pool, "sleep 5", 1000)

    with_pool(test, timeout=0.2, max_timeout=0.3)


@pytest.mark.serial
def test_too_many_waiting_jobs_are_refused(with_pool: Run) -> None:
    async def test(pool: Pool) -> None:
        running = []
        for _ in range(6):  # 4 run, 2 wait
            running.append(asyncio.create_task(ask(pool, "sleep 1.5")))
            await asyncio.sleep(0.15)
        assert (pool.busy, pool.waiting) == (4, 2)
        with pytest.raises(OverloadedError, match="too many"):
            await ask(pool, "echo refused")
        assert pool.counts.refused == 1
        assert await asyncio.gather(*running) == [b"slept"] * 6

    with_pool(test, queue=2)


@pytest.mark.serial
def test_job_whose_turn_does_not_come_in_time_is_refused(with_pool: Run) -> None:
    async def test(pool: Pool) -> None:
        running = [asyncio.create_task(ask(pool, "sleep 1")) for _ in range(4)]
        await asyncio.sleep(0.3)
        with pytest.raises(OverloadedError, match="in time"):
            await ask(pool, "echo late", 0.2)
        await asyncio.gather(*running)
        assert pool.waiting == 0

    with_pool(test)


@lowers_priority
def test_job_of_more_than_a_second_gives_way_and_its_worker_stays_and_does_not(with_pool: Run) -> None:
    async def test(pool: Pool) -> None:
        for _ in range(3):
            pid, nice = map(int, (await ask(pool, "aside 0", 100)).split())
            assert nice == 10
            assert await ask(pool, "priority") == f"{pid} {USUAL}".encode()

    with_pool(test, max_timeout=100)


@pytest.mark.slow
@lowers_priority
@pytest.mark.parametrize(
    ("job", "error"),
    [
        ("endless", OutOfTimeError),
        ("memory", OutOfMemoryError),
        ("deep", NestingError),
        ("exit 3", QueryFailedError),
        ("nonsense", QueryFailedError),
    ],
)
def test_worker_that_stayed_is_ended_as_any_other(
    with_pool: Run, job: str, error: type[MesoontoError]
) -> None:
    async def test(pool: Pool) -> None:
        stayed = (await ask(pool, "aside 0", 100)).split()[0]
        assert await ask(pool, "pid") == stayed
        with pytest.raises(error) as caught:
            await ask(pool, job, 0.5 if job == "endless" else 60)
        assert type(caught.value) is error
        assert await ask(pool, "pid") != stayed

    with_pool(test, max_timeout=100)


@lowers_priority
def test_worker_that_holds_much_after_a_long_job_is_replaced(with_pool: Run) -> None:
    async def test(pool: Pool) -> None:
        grown = (await ask(pool, "aside 48", 100)).split()[0]  # more than an eighth of 256
        assert await ask(pool, "pid") != grown

    with_pool(test, max_timeout=100)


@lowers_priority
def test_workers_that_were_needed_beside_long_jobs_end(with_pool: Run) -> None:
    async def test(pool: Pool) -> None:
        answers = await asyncio.gather(*(ask(pool, "aside 0", 100) for _ in range(4)))
        assert len(set(answers)) == 4
        deadline = time.monotonic() + 60
        while pool.workers > 2:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        assert await ask(pool, "pid") in {answer.split()[0] for answer in answers}  # who has copied stays

    with_pool(test, max_timeout=100)


def test_cancelled_job_frees_its_place_and_ends_its_process(with_pool: Run) -> None:
    async def test(pool: Pool) -> None:
        for _ in range(8):  # twice as many as may run
            answer = await pool.run(b"endless")
            await asyncio.sleep(0.05)
            answer.close()
        assert pool.busy == 0
        assert pool.counts.cancelled == 8
        assert await ask(pool, "echo next") == b"next"

    with_pool(test)


@pytest.mark.serial
def test_abandoned_wait_gives_its_place_back(with_pool: Run) -> None:
    async def test(pool: Pool) -> None:
        running = [asyncio.create_task(ask(pool, "sleep 0.6")) for _ in range(4)]
        await asyncio.sleep(0.3)
        waiting = [asyncio.create_task(ask(pool, "echo x")) for _ in range(5)]
        await asyncio.sleep(0.05)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*running, *waiting, return_exceptions=True)
        assert pool.busy == 0
        assert await ask(pool, "echo next") == b"next"

    with_pool(test)


def is_there(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def test_killed_worker_is_replaced(with_pool: Run) -> None:
    async def test(pool: Pool) -> None:
        pids = {int(await ask(pool, "pid")) for _ in range(4)}
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while any(map(is_there, pids)):  # one that is just ending may still be given a job
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        assert int(await ask(pool, "pid")) not in pids

    with_pool(test)


def test_end_that_is_reported_late_is_not_put_down_to_memory(
    with_pool: Run, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "_REPORT", 0.1)

    async def test(pool: Pool) -> None:
        running = asyncio.create_task(ask(pool, "sleep 20"))
        while not pool.busy:
            await asyncio.sleep(0.01)
        (worker,) = pool._lanes.busy
        os.kill(link.pid, signal.SIGSTOP)
        try:
            os.kill(worker.pid, signal.SIGKILL)
            with pytest.raises(QueryFailedError, match="unexpectedly") as caught:
                await running
        finally:
            os.kill(link.pid, signal.SIGCONT)
        assert type(caught.value) is QueryFailedError

    with_pool(test)


def test_renewal_lets_fresh_workers_take_over_and_running_ones_finish(with_pool: Run) -> None:
    async def test(pool: Pool) -> None:
        old = {int(await ask(pool, "pid")) for _ in range(4)}
        running = asyncio.create_task(ask(pool, "sleep 0.5"))
        await asyncio.sleep(0.1)
        renewed = []

        async def note() -> None:
            renewed.append(True)

        pool.on_renewal = note
        await pool.renew()
        assert renewed == [True]
        assert int(await ask(pool, "pid")) not in old
        assert await running == b"slept"

    with_pool(test)


def test_renewals_in_a_row_cost_one_worker_each_until_more_are_needed(
    with_pool: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(pool: Pool) -> None:
        monkeypatch.setattr("mesoonto.processes.pool.SETTLING", 60)
        while pool.counts.forks < 2:
            await asyncio.sleep(0.01)
        for _ in range(3):
            await pool.renew()
        assert pool.counts.forks == 5
        jobs = [asyncio.create_task(ask(pool, "sleep 0.5")) for _ in range(2)]
        await asyncio.gather(*jobs)  # at one time
        assert pool.counts.forks > 5
        forks = pool.counts.forks
        await pool.renew()
        assert pool.counts.forks == forks + 1
        monkeypatch.setattr("mesoonto.processes.pool.SETTLING", 0.1)
        deadline = time.monotonic() + 10
        while pool.counts.forks < forks + 2:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)

    with_pool(test)


def test_writer_is_a_process_of_its_own(with_pool: Run) -> None:
    async def test(pool: Pool) -> None:
        readers = {int(await ask(pool, "pid")) for _ in range(4)}
        answer = await pool.run_alone("writer", b"pid", 5)
        assert int(await answer.part()) not in readers
        answer = await pool.run_alone("writer", b"endless", 0.3)
        with pytest.raises(OutOfTimeError, match="send less at a time"):
            await answer.part()

    with_pool(test)


def test_role_that_does_not_exist_is_reported(with_pool: Run) -> None:
    async def test(pool: Pool) -> None:
        with pytest.raises(ServeError, match="could not open"):
            await pool.run_alone("nobody", b"echo", 5)

    with_pool(test)


def test_workers_reach_no_network(with_pool: Run, link: Link) -> None:
    async def test(pool: Pool) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            expected = b"connected" if link.wall is Wall.NONE else b"unreachable"
            assert await ask(pool, f"network {port}") == expected

    with_pool(test)


class TestForkServer:
    def test_reason_why_the_data_cannot_be_loaded_is_reported(self) -> None:
        def broken() -> Mapping[str, Role]:
            raise InputError("my data are broken")

        with pytest.raises(ServeError, match="my data are broken"):
            start(broken)

    def test_death_while_loading_is_reported(self) -> None:
        def dying() -> Mapping[str, Role]:
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError

        with pytest.raises(ServeError, match="ended"):
            start(dying)

    def test_it_ends_when_nobody_holds_its_lifeline(self) -> None:
        found = start(prepare)
        os.close(found.lifeline)
        assert os.waitstatus_to_exitcode(os.waitpid(found.pid, 0)[1]) == 0
        found.door.close()

    @pytest.mark.serial
    def test_its_death_leaves_nobody_waiting(self) -> None:
        found = start(prepare)

        async def test() -> None:
            pool = Pool(found, ProcessLimits(workers=2, max_workers=4, memory=MEMORY))
            lost = asyncio.Event()
            pool.on_loss = lost.set
            await pool.open()
            running = [asyncio.create_task(ask(pool, "sleep 30")) for _ in range(6)]  # 4 run, 2 wait
            await asyncio.sleep(0.5)
            assert (pool.busy, pool.waiting) == (4, 2)
            os.kill(found.pid, signal.SIGSTOP)
            running += [asyncio.create_task(pool.run_alone("writer", b"pid", 30)) for _ in range(3)]
            await asyncio.sleep(0.1)  # three forks are asked for and not answered
            os.kill(found.pid, signal.SIGKILL)
            async with asyncio.timeout(1):
                ended = await asyncio.gather(*running, return_exceptions=True)
                await lost.wait()
            assert [type(error) for error in ended] == [ForkServerLostError] * 9
            with pytest.raises(ForkServerLostError):
                await ask(pool, "echo x")
            assert pool.busy == pool.waiting == pool.workers == 0
            await pool.close()

        asyncio.run(test())
        os.waitpid(found.pid, 0)
        os.close(found.lifeline)
        found.door.close()

    def test_signals_for_the_whole_group_do_not_end_it(self, with_pool: Run, link: Link) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(link.pid, number)

        async def test(pool: Pool) -> None:
            assert await ask(pool, "echo x") == b"x"

        with_pool(test)

    def test_work_apart_tells_why_it_failed(self) -> None:
        def work() -> None:
            raise InputError("it is broken")

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            with pytest.raises(ServeError, match="it is broken"):
                fork_server.apart(work)
            fork_server.apart(lambda: None)

    def test_message_that_is_lost_in_the_same_round_of_events_holds_up_nobody(self) -> None:
        """Linux empties the queue of a datagram socket that sends to a closed one."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        door = socket.socketpair()
        with ours, theirs, door[0], door[1]:
            server = fork_server._ForkServer({}, door[0], -1)
            channel = fork_server._ServedProcess(ours, -1, {})
            server._channels.append(channel)
            theirs.send(b"kill 1")
            theirs.close()
            assert select.select([ours], [], [], 5)[0]
            server._send(channel, "ended 2")  # as the end of a worker is told
            waiting = threading.Thread(target=server._receive, args=(channel,), daemon=True)
            waiting.start()
            waiting.join(5)
            assert not waiting.is_alive()
