"""Following by HTTP and from a bucket, by real servers on this machine."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mesoonto.errors import AbsentError, StorageError
from mesoonto.replicas import web
from mesoonto.replicas.bucket import Bucket
from mesoonto.replicas.directory import Directory
from mesoonto.replicas.publish import publish, roll_back
from mesoonto.replicas.storage import read, read_unless, source
from mesoonto.replicas.web import WebServer
from tests.replicas.data import numbered
from tests.replicas.test_follow import BreaksOff, Replica


class Files(http.server.BaseHTTPRequestHandler):
    """Serves a folder, with entity tags and ranges where `ranges` says so; `refusal` is answered to all."""

    folder: Path
    ranges = True
    refusal = 0
    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        path, begin = self.folder / self.path.lstrip("/"), self.headers["Range"]
        self.asked.append((self.path, begin))
        known = self.headers["Authorization"] == "Basic dXNlcjpzZWNyZXQ="
        if self.refusal or not known or not path.is_file():
            self.send_response(self.refusal or (404 if known else 401))
            if self.refusal == 302:
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content, tag = path.read_bytes(), f'"{path.stat().st_mtime_ns}"'
        if self.headers["If-None-Match"] == tag:
            self.send_response(304)
            self.end_headers()
            return
        status = 200
        if begin and self.ranges:
            status, content = 206, content[int(begin.removeprefix("bytes=").removesuffix("-")) :]
        self.send_response(status)
        self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def files(tmp_path: Path) -> Iterator[tuple[type[Files], str]]:
    """The handler of a server of the folder ``public``, and its address."""
    handler = type("Handler", (Files,), {"folder": tmp_path / "public", "asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield handler, f"http://user:secret@127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_follows_a_web_server(files: tuple[type[Files], str], tmp_path: Path) -> None:
    handler, address = files
    replica = Replica(tmp_path, source(address))
    assert "the server has no such file" in replica.look().error
    assert "refuses it (401)" in Replica(tmp_path, source(address.replace("secret", "wrong"))).look().error
    first = replica.publish(1)
    assert (replica.look().state, replica.number()) == ("current", 1)
    assert "secret" not in replica.follower.status.source
    handler.asked.clear()
    assert replica.look().failures == 0
    assert handler.asked == [("/latest.json", None)]
    replica.publish(2)
    for status, said in ((403, "refuses it"), (500, "answers 500"), (302, "not followed")):
        handler.refusal = status
        assert said in replica.look().error
        assert replica.follower.status.state == "failing"
    handler.refusal = 0
    assert (replica.look().state, replica.number()) == ("current", 2)
    roll_back(Directory(replica.public), first)
    assert (replica.look().version, replica.number()) == (first, 1)


@pytest.mark.parametrize("ranges", [True, False])
def test_goes_on_where_a_web_server_broke_off(
    files: tuple[type[Files], str], tmp_path: Path, ranges: bool
) -> None:
    handler, address = files
    handler.ranges = ranges
    broken = Replica(tmp_path, cut := BreaksOff(tmp_path / "public"))
    broken.publish(1)
    cut.after = 20
    assert "ends after 20" in broken.look().error
    replica = Replica(tmp_path, WebServer(address))
    assert (replica.look().state, replica.number()) == ("current", 1)
    assert [begin for path, begin in handler.asked if path.startswith("/objects")] == ["bytes=20-", None]


def test_a_web_server_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_TIMEOUTS", dict.fromkeys(("connect", "read", "write", "pool"), 0.05))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        replica = Replica(tmp_path, WebServer(f"http://127.0.0.1:{silent.getsockname()[1]}/x"))
        assert "nothing came within" in replica.look().error
    assert "127.0.0.1" in replica.look().error  # nobody listens now
    with pytest.raises(StorageError):
        WebServer("http:///x")


@pytest.mark.slow
def test_follows_a_bucket(bucket: Callable[[], Bucket], tmp_path: Path) -> None:
    replica = Replica(tmp_path, source(bucket().name))
    assert "no such file" in replica.look().error
    first = publish(numbered(1), bucket()).version
    assert (replica.look().state, replica.number()) == ("current", 1)
    tag = read(bucket(), "latest.json", 1 << 14)[1]
    assert read_unless(bucket(), "latest.json", 1 << 14, tag) is None
    publish(numbered(2), bucket())
    assert (replica.look().state, replica.number()) == ("current", 2)
    roll_back(bucket(), first)
    assert (replica.look().version, replica.number()) == (first, 1)


@pytest.mark.slow
def test_a_bucket_that_refuses_or_is_gone(
    bucket: Callable[[], Bucket], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica = Replica(tmp_path, bucket())
    publish(numbered(1), bucket())
    assert replica.look().state == "current"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    unknown = Replica(tmp_path, bucket()).look()
    assert "credentials" in unknown.error
    assert (unknown.state, replica.number()) == ("failing", 1)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    gone = Replica(tmp_path, Bucket(bucket().name, "http://127.0.0.1:1")).look()
    assert (gone.state, gone.version) == ("failing", replica.follower.status.version)
    with pytest.raises(AbsentError):
        read(bucket(), "versions/none.json", 10)
