"""A server that follows a publication: from nothing, through versions, its source gone, its parts killed."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

from mesoonto.dataset.versions import Location
from mesoonto.replicas.cache import FileCache
from mesoonto.replicas.directory import Directory
from mesoonto.replicas.follow import Follower, FollowState, FollowStatus
from mesoonto.replicas.manifest import Manifest
from mesoonto.replicas.publish import publish, roll_back
from mesoonto_server import follower
from mesoonto_server.settings import Settings
from mesoonto_server.telemetry.report import Telemetry
from mesoonto_server.web.operations import blueprint
from tests.conftest import free_port, served
from tests.replicas.data import numbered

_QUERY = "sparql.csv?query=" + quote("SELECT ?n { <urn:s> <urn:number> ?n }")


class Followed:
    """A publication, and the server that follows it."""

    def __init__(self, folder: Path, address: str, pid: int) -> None:
        self.target = Directory(folder)
        self.address = address
        self.pid = pid

    def publish(self, number: int) -> str:
        return publish(numbered(number), self.target).version

    def get(self, path: str) -> tuple[int, dict[str, str], str]:
        try:
            with urllib.request.urlopen(self.address + path, timeout=30) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read().decode()

    def following(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.get("health")[2])["following"]
        return found

    def number(self) -> int:
        return int(self.get(_QUERY)[2].split()[1])

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline, self.get("health")
            time.sleep(0.05)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    folder = tmp_path_factory.mktemp("followed")
    publish(numbered(1), Directory(folder / "public"))
    options = ["--follow", str(folder / "public"), "--follow-cache", str(folder / "cache")]
    with served(*options, "--follow-interval", "0.2") as server:
        yield Followed(folder / "public", server.address, server.process.pid)


def test_reports_its_version(followed: Followed) -> None:
    version = followed.publish(2)
    followed.until(lambda: followed.number() == 2)
    status, headers, text = followed.get("health/ready")
    assert (status, headers["mesoonto-dataset"]) == (200, version)
    assert text.splitlines()[:2] == ["ready", f"version: {version}"]
    metrics = followed.get("metrics")[2]
    assert f'mesoonto_dataset_info{{version="{version}"}} 1.0' in metrics
    assert "mesoonto_follow_failures 0.0" in metrics
    for name in ("published", "loaded", "checked"):
        assert f"mesoonto_follow_{name}_age_seconds " in metrics


def test_age_is_that_of_the_version_that_is_served() -> None:
    """Also where the follower has not told of it yet: workers have a version a moment earlier."""
    moment = datetime.now(UTC) - timedelta(seconds=100)
    pool = SimpleNamespace(version=f"{moment:%Y%m%dT%H%M%S}000Z-abc", workers=1, busy=0, waiting=0)
    pool.counts = SimpleNamespace(killed=0, cancelled=0, crashed=0, refused=0, forks=1)
    following = SimpleNamespace(read=lambda: FollowStatus("public", FollowState.WAITING))
    gateway = SimpleNamespace(pool=pool, following=following, engine=None, require_data=lambda: None)
    gateway.read_blocking = lambda *_: SimpleNamespace(head=SimpleNamespace(status=200))
    telemetry = Telemetry(pool, Settings(), following)  # type: ignore[arg-type]
    app = Flask(__name__)
    app.register_blueprint(blueprint(gateway, telemetry))  # type: ignore[arg-type]
    (said,) = re.findall("published: (.+)", app.test_client().get("/health/ready").text)
    (age,) = re.findall(
        r"^mesoonto_follow_published_age_seconds (\S+)", telemetry.exposition().decode(), re.M
    )
    assert said in {f"{seconds} seconds ago" for seconds in range(100, 160)}
    assert 100 <= float(age) < 160


@pytest.mark.parametrize("path", ["update", "store?graph=urn:x"])
def test_takes_no_writes(followed: Followed, path: str) -> None:
    request = urllib.request.Request(followed.address + path, b"", {"Accept": "application/json"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    with refused.value as answer:
        problem = json.loads(answer.read())
    assert (refused.value.code, problem["status"]) == (403, 403)
    assert "is a copy of" in problem["title"]


def test_source_gone_and_back(followed: Followed) -> None:
    number = followed.number()
    public = followed.target.path
    away = public.rename(public.with_name("away"))
    followed.until(lambda: followed.following()["state"] == "failing")
    assert "no such file" in followed.following()["error"]
    assert (followed.number(), followed.get("health/ready")[0]) == (number, 200)
    assert "mesoonto_follow_error_info{" in followed.get("metrics")[2]
    away.rename(public)
    followed.until(lambda: followed.following()["state"] == "current")


def test_garbage_then_a_right_version(followed: Followed) -> None:
    number = followed.number()
    (followed.target.path / "latest.json").write_bytes(b"\x00garbage")
    followed.until(lambda: "latest.json is broken" in followed.following()["error"])
    assert (followed.number(), followed.get("health")[0]) == (number, 200)
    followed.publish(number + 1)
    followed.until(lambda: followed.number() == number + 1)
    followed.until(lambda: followed.following()["error"] == "")


def test_follower_killed_and_followed_again(followed: Followed) -> None:
    command = ["ps", "-o", "pid=,comm=", "-g", str(followed.pid)]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    (pid,) = [int(line.split()[0]) for line in listed.splitlines() if "meso-follower" in line]
    os.kill(pid, signal.SIGKILL)
    number = followed.number() + 1
    followed.publish(number)
    followed.until(lambda: followed.number() == number)


@pytest.mark.thorough
def test_switching_fails_no_request(followed: Followed) -> None:
    """Requests all the while, on connections that stay open, through versions and a way back."""
    host = followed.address.removeprefix("http://").strip("/")
    stop, failed, seen = threading.Event(), list[str](), list[int]()

    def ask() -> None:
        connection = http.client.HTTPConnection(host, timeout=30)
        while not stop.is_set():
            try:
                connection.request("GET", "/" + _QUERY)
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200:
                    failed.append(f"{answer.status} {body!r}")
                else:
                    seen.append(int(body.split()[1]))
            except OSError as error:
                failed.append(repr(error))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        first = followed.publish(100)
        followed.until(lambda: followed.number() == 100)
        followed.publish(101)
        followed.until(lambda: followed.number() == 101)
        roll_back(followed.target, first)
        followed.until(lambda: followed.number() == 100)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failed == []
    assert {100, 101} <= set(seen)


@pytest.mark.thorough
def test_source_absent_at_start(tmp_path: Path) -> None:

    from tests.conftest import running_server  # noqa: F401

    port = free_port()
    options = ["--follow", str(tmp_path / "public"), "--follow-cache", str(tmp_path / "cache")]
    command = [
        sys.executable,
        "-m",
        "mesoonto",
        "serve",
        "--port",
        str(port),
        *options,
        "--follow-interval",
        "0.2",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            server = Followed(tmp_path / "public", f"http://127.0.0.1:{port}/", process.pid)

            def answers(path: str) -> int:
                try:
                    return server.get(path)[0]
                except OSError:
                    return 0

            server.until(lambda: answers("health/live") == 200)
            for path in ("health/ready", "health", _QUERY, "", "search?q=x"):
                status, headers, text = server.get(path)
                assert status == 503, path
                assert "no version of" in text or path == ""
            assert headers["retry-after"] == "1"
            assert server.following()["state"] == "waiting"
            server.publish(5)
            server.until(lambda: answers("health/ready") == 200)
            assert server.number() == 5
        finally:
            process.terminate()
    shutil.rmtree(tmp_path / "public")
    with served(*options) as again:  # what it had is served, though the source has gone
        assert Followed(tmp_path / "public", again.address, 0).number() == 5


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--allow-update"], "--follow does not go with --allow-update"),
        (["--dataset-dir", "x"], "--follow does not go with --dataset-dir"),
        (["--rdf-file", "x.ttl"], "--follow does not go with --rdf-file"),
        (["--follow", "s3://"], "--follow s3://: write s3://BUCKET/PREFIX"),
        (["--follow-cache", "/dev/null/x"], "/dev/null/x: not a directory"),
    ],
)
def test_bad_use_is_told(mesoonto: Any, options: list[str], said: str) -> None:
    done = mesoonto("serve", "--follow", "public", "--port", str(free_port()), *options)
    assert done.returncode == 2
    assert said in done.stderr


def test_version_that_is_not_loaded_in_time_is_told_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, cache = Directory(tmp_path / "public"), FileCache(tmp_path / "cache")
    location, settings = Location(tmp_path / "dataset"), Settings(follow_max_time=1)
    version = publish(numbered(1), target).version

    def load(manifest: Manifest) -> None:
        follower._install_apart(manifest, cache, location, settings)

    seen = Follower(target, cache, location, load, lambda _: None, interval=30.0, most=1 << 30)
    monkeypatch.setattr(follower, "install", lambda *_: time.sleep(100))
    seen.look()
    words = f"version {version} was not loaded within 1 s; allow more with --follow-max-time"
    assert (seen.status.state, seen.status.failures, seen.status.error) == (FollowState.WAITING, 1, words)
    monkeypatch.setattr(follower, "install", lambda *_: None)
    monkeypatch.setattr(seen, "_retry_at", 0.0)
    seen.look()
    assert (seen.status.failures, seen.status.error) == (0, "")
