"""The processes of a server: how they stop, reload, and follow each other when one is killed."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tests.conftest import free_port
from tests.hostile import processes
from tests.hostile.bombs import ENDLESS, digits
from tests.server.client import Reply, ask, get, holds, update

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")

#: Runs for about a second.
SLOW = f"SELECT (COUNT(*) AS ?n) {{ {digits(7)} }}"


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    address: str

    def family(self) -> set[int]:
        """The process ids of the server, its children, and theirs."""
        found = {self.process.pid}
        while more := {pid for pid, parent in parents().items() if parent in found} - found:
            found |= more
        return found

    def fork_server_and_front(self) -> tuple[int, int]:
        """The fork server has workers, the front has no children."""
        known = parents()
        children = [pid for pid, parent in known.items() if parent == self.process.pid]
        (fork_server,) = [pid for pid in children if pid in known.values()]
        (front,) = [pid for pid in children if pid != fork_server]
        return fork_server, front


def parents() -> dict[int, int]:
    """The parent of each process that is not a zombie."""
    found = {}
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (directory / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state not in "ZX":
            found[int(directory.name)] = int(parent)
    return found


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.02)


def answers(address: str) -> bool:
    try:
        return get(address, "ASK {}").status == 200
    except (OSError, http.client.HTTPException):
        return False


@contextmanager
def started(*options: str) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "mesoonto", "serve", "--empty", "--port", str(port), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        server = Server(process, f"http://127.0.0.1:{port}/")
        family: set[int] = set()
        try:
            wait_until(lambda: process.poll() is not None or answers(server.address), 60)
            assert process.poll() is None
            family = server.family()
            yield server
        finally:
            family |= server.family()
            process.kill()
            process.wait()
            for pid in family & parents().keys():  # none is left, if all is well
                with suppress(ProcessLookupError):  # it has just ended by itself
                    os.kill(pid, signal.SIGKILL)


class Asking(threading.Thread):
    """Asks a query in the background; it runs, where a worker can be had, once this is made."""

    def __init__(self, server: Server, query: str, timeout: float, *, runs: bool = True) -> None:
        super().__init__(daemon=True)
        self.reply: Reply | None = None
        self.path = f"/sparql?{urlencode({'query': query, 'timeout': timeout})}"
        self.address = server.address
        self.start()
        if runs:
            wait_until(lambda: processes.busy(server.process.pid))
        else:
            time.sleep(0.4)

    def run(self) -> None:
        try:
            self.reply = ask(self.address, path=self.path, Accept="text/csv")
        except (OSError, http.client.HTTPException):
            self.reply = None

    def result(self) -> Reply | None:
        self.join(30)
        return self.reply


@pytest.mark.slow
def test_sigterm_lets_a_running_query_finish_and_leaves_no_process() -> None:
    with started() as server:
        family = server.family()
        asking = Asking(server, SLOW, 25)
        server.process.send_signal(signal.SIGTERM)
        reply = asking.result()
        assert reply is not None
        assert (reply.status, reply.text.split()[0]) == (200, "n")
        assert server.process.wait(30) == 0
        wait_until(lambda: not family & parents().keys())


@pytest.mark.slow
def test_stop_takes_no_longer_than_the_longest_query_may() -> None:
    with started("--max-timeout", "3", "--timeout", "2") as server:
        family = server.family()
        asking = Asking(server, ENDLESS, 3)
        idle = http.client.HTTPConnection(urlsplit(server.address).netloc)
        idle.request("GET", "/health/live")
        idle.getresponse().read()  # and the connection stays open
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(12) == 0
        reply = asking.result()
        assert reply is not None
        assert reply.status == 503
        wait_until(lambda: not family & parents().keys())
        idle.close()


@pytest.mark.slow
def test_reload_answers_on_while_the_old_front_finishes(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("first-token-0123456789 update\n")
    with started("--token-file", str(tokens), "--location", str(tmp_path / "data")) as server:
        fork_server, front = server.fork_server_and_front()
        insert = "INSERT DATA { GRAPH <a:g> { <a:a> <a:b> 1 } }"
        assert update(server.address, insert, Authorization="Bearer second-token-012345678").status == 401
        tokens.write_text("second-token-012345678 update\n")
        asking = Asking(server, SLOW, 25)
        server.process.send_signal(signal.SIGHUP)

        def refused() -> bool:
            reply = update(server.address, insert, Authorization="Bearer first-token-0123456789")
            assert reply.status in (204, 401)
            return reply.status == 401

        wait_until(refused)
        reply = asking.result()
        assert reply is not None
        assert reply.status == 200
        assert update(server.address, insert, Authorization="Bearer second-token-012345678").status == 204
        wait_until(lambda: front not in parents())
        assert server.fork_server_and_front()[0] == fork_server


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGHUP, signal.SIGTERM])
def test_request_that_was_sent_before_the_front_ends_is_answered(
    tmp_path: Path, sent: signal.Signals
) -> None:
    """Workers that are stopped meanwhile keep it unread, as busy ones may."""
    replies: list[Reply] = []
    with started("--allow-update", "--location", str(tmp_path / "data")) as server:
        fork_server, _ = server.fork_server_and_front()
        workers = [pid for pid, parent in parents().items() if parent == fork_server]
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        insert = "INSERT DATA { <a:a> <a:b> 1 }"
        client = threading.Thread(target=lambda: replies.append(update(server.address, insert)))
        client.start()
        time.sleep(0.5)  # so that a worker has the connection
        server.process.send_signal(sent)
        time.sleep(1)  # so that the front waits for its workers
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
        client.join(30)
    assert [reply.status for reply in replies] == [204]


@pytest.mark.slow
def test_front_that_is_killed_is_replaced_and_its_workers_end() -> None:
    with started() as server:
        fork_server, front = server.fork_server_and_front()
        asking = Asking(server, ENDLESS, 100)
        workers = {pid for pid, parent in parents().items() if parent == fork_server}
        assert workers
        os.kill(front, signal.SIGKILL)
        assert asking.result() is None
        wait_until(lambda: answers(server.address))
        wait_until(lambda: not workers & parents().keys())
        assert server.fork_server_and_front()[0] == fork_server


@pytest.mark.slow
def test_main_process_that_is_killed_takes_all_others_with_it() -> None:
    with started("--max-timeout", "2", "--timeout", "2") as server:
        Asking(server, ENDLESS, 2)
        family = server.family()
        assert len(family) >= 4
        server.process.kill()
        wait_until(lambda: not family & parents().keys())


@pytest.mark.slow
def test_server_ends_with_its_fork_server_so_that_a_supervisor_starts_it_again() -> None:
    with started() as server:
        Asking(server, ENDLESS, 100)
        family = server.family()
        fork_server, _ = server.fork_server_and_front()
        os.kill(fork_server, signal.SIGKILL)
        server.process.wait(30)
        wait_until(lambda: not family & parents().keys())


@pytest.mark.slow
def test_death_of_the_fork_server_while_forks_are_asked_of_it_ends_the_server_as_soon() -> None:
    with started("--allow-update") as server:
        family = server.family()
        fork_server, _ = server.fork_server_and_front()
        os.kill(fork_server, signal.SIGSTOP)  # what is asked of it from now on is not answered
        for pid, parent in parents().items():
            if parent == fork_server:
                os.kill(pid, signal.SIGKILL)
        waiting = [Asking(server, SLOW, 100, runs=False) for _ in range(4)]

        def write() -> None:
            with suppress(OSError, http.client.HTTPException):
                update(server.address, "CLEAR ALL")

        threading.Thread(target=write, daemon=True).start()
        time.sleep(0.5)
        os.kill(fork_server, signal.SIGKILL)
        server.process.wait(30)
        wait_until(lambda: not family & parents().keys())
        for asking in waiting:
            reply = asking.result()
            assert reply is None or reply.status == 503


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served") / "data"


@pytest.fixture(scope="module")
def server(location: Path) -> Iterator[Server]:
    with started("--allow-update", "--location", str(location)) as found:
        yield found


@pytest.mark.slow
class TestStoreCommandsWhileServing:
    """``mesoonto load``, ``backup`` and ``restore`` on the directory of a running server."""

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mesoonto", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    def test_loaded_data_are_shown_and_nothing_else_is_lost(
        self, server: Server, location: Path, tmp_path: Path
    ) -> None:
        assert update(server.address, "INSERT DATA { <a:mine> <a:b> 1 }").status == 204
        (tmp_path / "a.nt").write_text("".join(f"<a:{n}> <a:loaded> <a:c> .\n" for n in range(1000)))
        done = self.run("load", tmp_path / "a.nt", "--location", location)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("1,000 statements added in ")
        assert done.stderr == ""  # no progress bar where there is no terminal
        wait_until(lambda: holds(server.address, "<a:999> <a:loaded> <a:c> . <a:mine> <a:b> 1"))

    def test_broken_file_changes_nothing(self, server: Server, location: Path, tmp_path: Path) -> None:
        version = get(server.address, "ASK {}").headers["mesoonto-dataset"]
        (tmp_path / "good.nt").write_text("<a:half> <a:b> <a:c> .\n")
        (tmp_path / "bad.nt").write_text("<a:a> <a:b> <a:c> .\n<a:a> <a:b> nonsense .\n")
        done = self.run("load", tmp_path / "good.nt", tmp_path / "bad.nt", "--location", location)
        assert done.returncode == 2
        assert f"{tmp_path}/bad.nt:2:" in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert (location / "current").read_text().strip() == version
        assert not holds(server.address, "<a:half> ?p ?o")

    def test_backup_and_restore(self, server: Server, location: Path, tmp_path: Path) -> None:
        update(server.address, "INSERT DATA { <a:kept> <a:b> 1 }")
        done = self.run("backup", tmp_path / "copy", "--location", location)
        assert done.returncode == 0, done.stderr
        update(server.address, "CLEAR ALL")
        assert not holds(server.address, "?s ?p ?o")
        done = self.run("restore", tmp_path / "copy", "--location", location)
        assert done.returncode == 0, done.stderr
        wait_until(lambda: holds(server.address, "<a:kept> <a:b> 1"))
        update(server.address, "INSERT DATA { <a:after> <a:b> 1 }")
        assert holds(server.address, "<a:kept> <a:b> 1 . <a:after> <a:b> 1")

    def test_reload_from_nothing(self, server: Server, location: Path, tmp_path: Path) -> None:
        (tmp_path / "only.ttl").write_text("<a:only> <a:b> 1 .")
        done = self.run("load", tmp_path / "only.ttl", "--location", location, "--replace", "--graph", "a:g")
        assert done.returncode == 0, done.stderr
        wait_until(lambda: holds(server.address, "GRAPH <a:g> { <a:only> <a:b> 1 }"))
        assert not holds(server.address, "<a:kept> ?p ?o")

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("load", "nowhere.nt"), "nowhere.nt: no such file"),
            (("load", __file__), "unknown file type"),
            (("load", "x.nt", "--graph", "no iri"), "--graph"),
            (("backup", "/"), "is there already"),
        ],
    )
    def test_mistakes_get_one_line(
        self, server: Server, location: Path, arguments: tuple[str, ...], words: str
    ) -> None:
        done = self.run(*arguments, "--location", location)
        assert done.returncode == 2
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert server.process.poll() is None
