"""The deployment examples agree with the server and with each other."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from mesoonto.cli.serve import serve
from mesoonto_server.settings import Settings
from tests.conftest import ROOT, program

pytestmark = pytest.mark.checkout

DEPLOY = ROOT / "server" / "deploy"


@pytest.fixture(scope="module")
def configured() -> Settings:
    return Settings(**tomllib.loads((DEPLOY / "mesoonto.toml").read_text()))


def seconds_in(name: str, pattern: str) -> list[float]:
    return [float(number) for number in re.findall(pattern, (DEPLOY / name).read_text())]


def test_serve_takes_the_configuration(configured: Settings) -> None:
    with serve.make_context("serve", ["--config", str(DEPLOY / "mesoonto.toml")]) as context:
        values = {name: value for name, value in context.params.items() if name != "config"}
    taken = Settings(**values)
    assert taken.dataset_dir == Path("/var/lib/mesoonto")
    assert (taken.max_timeout, taken.client_limit) == (configured.max_timeout, 16)
    assert taken.writable


def test_proxy_waits_longer_than_the_server_works(configured: Settings) -> None:
    longest = max(configured.max_timeout, configured.write_timeout)
    waits = seconds_in("nginx.conf", r"proxy_(?:read|send)_timeout (\d+)s;")
    assert len(waits) == 2
    assert min(waits) > longest


def test_rate_is_counted_in_one_place(configured: Settings) -> None:
    assert not configured.rate_limit
    assert seconds_in("nginx.conf", r"rate=(\d+)r/s;") == [10]


def test_proxy_takes_bodies_as_large_as_the_server(configured: Settings) -> None:
    assert seconds_in("nginx.conf", r"client_max_body_size (\d+)m;") == [configured.max_body]


def test_service_manager_waits_until_the_last_query_has_ended(configured: Settings) -> None:
    (patience,) = seconds_in("mesoonto.service", r"TimeoutStopSec=(\d+)")
    assert patience > max(configured.max_timeout, configured.write_timeout) + 5  # as long as the front waits


def test_memory_of_all_workers_fits_into_the_units(configured: Settings) -> None:
    (gigabytes,) = seconds_in("mesoonto.service", r"MemoryMax=(\d+)G")
    assert configured.query_memory * configured.max_workers < gigabytes * 1024


@pytest.mark.nginx
def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
         "-subj", "/CN=sparql.example.org"],
        check=True, capture_output=True,
    )  # fmt: skip
    text = (DEPLOY / "nginx.conf").read_text()
    text = re.sub(r"/etc/letsencrypt/live/[^/]+", str(tmp_path), text)
    (tmp_path / "mesoonto.conf").write_text(text)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{ access_log off; include {tmp_path}/mesoonto.conf; }}\n"
    )
    command = [program("nginx"), "-t", "-e", str(tmp_path / "error.log"), "-c", str(tmp_path / "nginx.conf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr
