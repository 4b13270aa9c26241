"""Replicas behind nginx or HAProxy, killed and started again under load, versions published in between."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from mesoonto.replicas.directory import Directory
from mesoonto.replicas.publish import publish
from tests.conftest import ROOT, free_port, program
from tests.replicas.data import numbered

_QUERY = "SELECT ?n { <urn:s> <urn:number> ?n }"
_PATIENCE = 60.0

#: Seconds after which a replica that was down is asked again: nginx's fail_timeout, in whole seconds, and
#: HAProxy's look every second.
_FOUND_AGAIN = 2.1


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


class RestartedReplica:
    """A server that follows *public*, in a process group that is killed and started again."""

    def __init__(self, public: Path, cache: Path) -> None:
        self.port = free_port()
        self._command = [
            sys.executable, "-m", "mesoonto", "serve", "--port", str(self.port), "--follow", str(public),
            "--follow-cache", str(cache), "--follow-interval", "0.5", "--query-workers", "1",
        ]  # fmt: skip
        self.start()

    def start(self) -> None:
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(self._command, stdout=quiet, stderr=quiet, start_new_session=True)

    def kill(self) -> None:
        """Kill all processes of the server at one time."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def version(self) -> str:
        """The version that it says it is ready with; "" when it is not."""
        try:
            url = f"http://127.0.0.1:{self.port}/health/ready"
            with urllib.request.urlopen(url, timeout=5) as answer:
                return str(answer.headers["mesoonto-dataset"])
        except OSError:
            return ""


class Load:
    """Clients that ask all the time, by GET and by POST, and what they got."""

    def __init__(self, port: int, clients: int) -> None:
        self._port = port
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(clients)]
        self.failed: list[str] = []
        self.seen: list[tuple[str, int]] = []

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
        types = {"Content-Type": "application/sparql-query", "Accept": "text/csv"}
        while not self._stop.is_set():
            try:
                if number % 2:
                    connection.request("POST", "/sparql", _QUERY, types)
                else:
                    connection.request("GET", f"/sparql.csv?query={quote(_QUERY)}")
                answer = connection.getresponse()
                body = answer.read().decode()
                if answer.status == 200:
                    self.seen.append((answer.headers["mesoonto-dataset"], int(body.split()[1])))
                else:
                    self.failed.append(f"{answer.status} {body}")
            except (OSError, http.client.HTTPException, IndexError) as error:
                self.failed.append(repr(error))
                connection.close()
            time.sleep(0.002)
        connection.close()


@contextmanager
def nginx(folder: Path, replicas: list[RestartedReplica]) -> Iterator[int]:
    """nginx with the example of server/deploy before *replicas*; yields its port."""
    port = free_port()
    text = (ROOT / "server" / "deploy" / "nginx-replicas.conf").read_text()
    text = re.sub(r"(?m)^    server 127\.0\.0\.1:\d+ (.*)\n", "", text)
    servers = "".join(f"    server 127.0.0.1:{r.port} max_fails=1 fail_timeout=1s;\n" for r in replicas)
    text = text.replace("upstream mesoonto_replicas {\n", "upstream mesoonto_replicas {\n" + servers)
    text = text.replace("listen 127.0.0.1:8080", f"listen 127.0.0.1:{port}")
    (folder / "replicas.conf").write_text(text)
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; worker_processes 1; events {{}}\n"
        f"http {{ access_log off; {paths} include {folder}/replicas.conf; }}\n"
    )
    command = [str(program("nginx")), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(command) as process:
        try:
            yield port
        finally:
            process.terminate()


@contextmanager
def haproxy(folder: Path, replicas: list[RestartedReplica]) -> Iterator[int]:
    """HAProxy with the example of server/deploy before *replicas*; yields its port."""
    port = free_port()
    text = (ROOT / "server" / "deploy" / "haproxy-replicas.cfg").read_text()
    for example, replica in zip((7878, 7879, 7880), replicas, strict=True):
        text = text.replace(f"127.0.0.1:{example}", f"127.0.0.1:{replica.port}")
    (folder / "haproxy.cfg").write_text(text.replace("bind 127.0.0.1:8080", f"bind 127.0.0.1:{port}"))
    command = [str(program("haproxy")), "-q", "-f", str(folder / "haproxy.cfg")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield port
        finally:
            process.kill()


@pytest.mark.slow
@pytest.mark.serial
@pytest.mark.checkout
@pytest.mark.skipif(sys.platform != "linux", reason="of Linux: a killed server ends with all its processes")
@pytest.mark.parametrize(
    "balancer",
    [pytest.param(nginx, marks=pytest.mark.nginx), pytest.param(haproxy, marks=pytest.mark.haproxy)],
)
def test_three_replicas_are_killed_and_no_request_fails(
    balancer: Callable[[Path, list[RestartedReplica]], AbstractContextManager[int]], tmp_path: Path
) -> None:
    public = tmp_path / "public"
    versions = {publish(numbered(0), Directory(public)).version: 0}
    with ExitStack() as stack:
        replicas = []
        for number in range(3):
            replica = RestartedReplica(public, tmp_path / f"cache{number}")
            stack.callback(replica.kill)
            replicas.append(replica)
        for replica in replicas:
            until(replica.version, "the replicas become ready")
        port = stack.enter_context(balancer(tmp_path, replicas))
        until(lambda: _answers(port), "the balancer answers")
        with Load(port, 4) as load:
            for number, replica in enumerate(replicas, 1):
                newest = publish(numbered(number), Directory(public)).version
                versions[newest] = number
                replica.kill()
                time.sleep(0.3)  # under load, with one replica less
                replica.start()
                for one in replicas:
                    until(lambda one=one, newest=newest: one.version() == newest, f"{newest} is everywhere")
                time.sleep(_FOUND_AGAIN)
    assert load.failed == []
    assert {versions[version] for version, _ in load.seen} == {0, 1, 2, 3}
    assert all(versions[version] == number for version, number in load.seen)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5):
            return True
    except OSError:
        return False
