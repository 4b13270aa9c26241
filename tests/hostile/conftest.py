"""A writable server with no data of its own, which the tests of this folder attack."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import Served, served
from tests.hostile import processes
from tests.hostile.attack import Target
from tests.hostile.bombs import CLIQUE
from tests.hostile.listener import Listener
from tests.wire import UPDATE, request


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The processes are watched through /proc."""
    if not sys.platform.startswith("linux"):
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="watches processes through /proc, which is Linux's"))


class Victim:
    """The server under attack, the listener that it must not call, and how to look at both."""

    def __init__(self, server: Served, listener: Listener, log: Path) -> None:
        self.server = server
        self.log = log
        self.listener = listener
        self.address = server.address
        self.target = Target(server.address, listener.port)
        self.port = urlsplit(server.address).port or 0

    @property
    def pid(self) -> int:
        return self.server.process.pid

    def metrics(self) -> dict[str, float]:
        """The metrics that have no labels."""
        lines = request(self.address, "GET", "/metrics").text.splitlines()
        values = (line.rsplit(" ", 1) for line in lines if line[:1] != "#" and "{" not in line)
        return {name: float(value) for name, value in values}

    def settled(self) -> processes.State:
        return processes.settled(self.pid, self.port)


#: Short limits, so that a run is short; and a small cache, so that what it holds is not taken for a leak.
LIMITS = (
    *("--timeout", "10", "--write-timeout", "5", "--body-timeout", "3", "--send-timeout", "5"),
    *("--max-body", "64", "--memory", "512", "--cache", "1"),
)


#: Lets the system refuse every further network namespace to what follows, as containers' defaults do.
_NO_NAMESPACES = (
    *("unshare", "--user", "--map-root-user", "sh", "-c"),
    'echo 0 > /proc/sys/user/max_net_namespaces && exec "$@"',
    "sh",
)


@contextmanager
def _victim(log: Path, within: Sequence[str] = ()) -> Iterator[Victim]:
    with (
        served("--empty", "--allow-update", *LIMITS, log=log, within=within) as server,
        Listener() as listener,
    ):
        reply = request(server.address, "POST", "/update", CLIQUE.encode(), {"Content-Type": UPDATE})
        assert reply.status in {200, 204}, str(reply)
        yield Victim(server, listener, log)


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    with _victim(tmp_path_factory.mktemp("hostile") / "server.log") as found:
        yield found


@pytest.fixture(scope="module")
def victim_without_namespaces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    """One whose system refuses network namespaces, so that another wall keeps it from the network."""
    refused = subprocess.run([*_NO_NAMESPACES, "unshare", "--net", "true"], capture_output=True, check=False)
    allowed = subprocess.run([*_NO_NAMESPACES, "true"], capture_output=True, check=False).returncode == 0
    assert refused.returncode != 0
    # Where there can be no user namespace to say so in, the system refuses those of networks by itself.
    with _victim(
        tmp_path_factory.mktemp("hostile") / "server.log", _NO_NAMESPACES if allowed else ()
    ) as found:
        yield found
