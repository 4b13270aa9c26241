"""Publishing to a bucket, by a real server of the protocol on this machine."""

from __future__ import annotations

import hashlib
import http.client
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mesoonto.errors import AbsentError, StorageError
from mesoonto.replicas.bucket import Bucket
from mesoonto.replicas.publish import latest_version, publish, roll_back, versions
from mesoonto.replicas.storage import read
from tests.replicas.data import latest, numbered

Run = Callable[..., subprocess.CompletedProcess[str]]


def copied(bucket: Bucket, folder: Path) -> Path:
    """All files of *bucket* in *folder*."""
    for prefix in ("latest.json", "versions/", "objects/"):
        for entry in bucket.entries(prefix):
            (folder / entry.name).parent.mkdir(parents=True, exist_ok=True)
            (folder / entry.name).write_bytes(read(bucket, entry.name, 1 << 20)[0])
    return folder


@pytest.mark.slow
def test_bucket_holds_what_a_directory_would(bucket: Callable[[], Bucket], tmp_path: Path) -> None:
    first = publish(numbered(1), bucket())
    again = publish(numbered(1), bucket())
    assert (again.changed, again.version) == (False, first.version)
    second = publish(numbered(2, each=2000), bucket())
    assert second.sent > 0
    manifest = latest(copied(bucket(), tmp_path))
    assert (manifest["version"], manifest["previous"]) == (second.version, first.version)
    assert versions(bucket()) == [first.version, second.version]
    roll_back(bucket(), first.version)
    assert latest_version(bucket()) == first.version


@pytest.mark.slow
def test_the_second_of_two_publishers_is_told(bucket: Callable[[], Bucket]) -> None:
    """Each has found the same latest version; the pointer tells whose came later."""

    class Overtaken(Bucket):
        def replace(self, name: str, content: bytes, tag: str) -> None:
            theirs.append(publish(numbered(7), bucket()).version)
            super().replace(name, content, tag)

    theirs: list[str] = []
    for _ in range(2):  # with no version there at first, then with one
        with pytest.raises(StorageError, match="somebody else has published meanwhile"):
            publish(numbered(8 + len(theirs)), Overtaken(bucket().name))
        assert latest_version(bucket()) == theirs[0]
        theirs.clear()
        publish(numbered(6), bucket())


def test_young_files_stay_until_nobody_can_be_sending_them(bucket: Callable[[], Bucket]) -> None:
    target = bucket()
    for number in range(3):
        publish(numbered(number), target, keep=1)
    assert len(versions(target)) == 1
    assert len(list(target.entries("objects/"))) == 4  # the graph with the number thrice, the other once
    target.grace = -60.0
    publish(numbered(3), target, keep=1)
    assert len(list(target.entries("objects/"))) == 2


def test_parts_and_tags(bucket: Callable[[], Bucket]) -> None:
    target = bucket()
    content = b"0123456789" * 20_000
    target.write("latest.json", content)
    whole, tag = read(target, "latest.json", len(content))
    assert hashlib.sha256(whole).digest() == hashlib.sha256(content).digest()
    with target.open("latest.json", unless=tag) as unchanged:
        assert unchanged is None
    with target.open("latest.json", offset=199_995, unless="other") as rest:
        assert rest is not None
        assert b"".join(rest.parts) == content[199_995:]
    assert (target.size("latest.json"), target.size("none")) == (len(content), None)
    with pytest.raises(AbsentError), target.open("none"):
        pass


@pytest.mark.slow
def test_what_a_service_refuses_is_told(
    bucket: Callable[[], Bucket], s3_address: str, monkeypatch: pytest.MonkeyPatch, mesoonto: Run
) -> None:
    with pytest.raises(StorageError, match="NoSuchBucket"):
        publish(numbered(1), Bucket("s3://no-such-bucket-here/x", s3_address))
    with pytest.raises(StorageError, match="connect"):
        publish(numbered(1), Bucket("s3://bucket", "http://127.0.0.1:1"))
    with pytest.raises(StorageError, match="s3: "):
        Bucket("s3://bucket", "no address")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    done = mesoonto("publish", bucket().name, "--endpoint-url", s3_address)
    assert done.returncode == 2
    assert "credentials" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_wrong_credentials_are_told(bucket: Callable[[], Bucket], s3_address: str) -> None:
    publish(numbered(1), bucket())
    _let_in(s3_address, "0")  # requests before a key has to be one that the service knows
    try:
        with pytest.raises(StorageError, match="refuses it: InvalidAccessKeyId"):
            publish(numbered(2), bucket())
    finally:
        _let_in(s3_address, "inf")
    assert len(versions(bucket())) == 1


def _let_in(address: str, requests: str) -> None:
    types = {"Content-Type": "text/plain"}
    asked = urllib.request.Request(f"{address}/moto-api/reset-auth", requests.encode(), types)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        assert answer.status == 200


@pytest.mark.slow
def test_service_without_conditional_writes_is_published_to(
    bucket: Callable[[], Bucket], s3_address: str
) -> None:
    with _without_conditions(s3_address) as (address, refused):
        older = Bucket(bucket().name, address)
        first = publish(numbered(1), older)
        second = publish(numbered(2), older)
    assert refused == ["If-None-Match", "If-Match"]
    assert versions(bucket()) == [first.version, second.version]
    assert latest_version(bucket()) == second.version


@contextmanager
def _without_conditions(s3_address: str) -> Iterator[tuple[str, list[str]]]:
    """The address of a service that answers as S3 does where a header is not implemented; what it refused."""
    behind = urlsplit(s3_address).netloc
    refused: list[str] = []

    class Older(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            conditions = [name for name in ("If-Match", "If-None-Match") if name in self.headers]
            if self.command == "PUT" and conditions:
                refused.extend(conditions)
                self.told(501, {}, b"<Error><Code>NotImplemented</Code><Message>A header</Message></Error>")
                return
            connection = http.client.HTTPConnection(behind, timeout=30)
            connection.request(self.command, self.path, body, dict(self.headers))
            found = connection.getresponse()
            self.told(found.status, dict(found.headers), found.read())
            connection.close()

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer  # noqa: N815  # names of the library

        def told(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in (
                    "content-length",
                    "transfer-encoding",
                    "connection",
                    "date",
                    "server",
                ):
                    self.send_header(name, value)
            length = headers.get("Content-Length", "") if self.command == "HEAD" else str(len(body))
            self.send_header("Content-Length", length or "0")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Older) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", refused
        finally:
            server.shutdown()
