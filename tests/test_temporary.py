"""What is told where no temporary directory can be written: one line, on the command line and over HTTP."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import free_port, served
from tests.wire import TURTLE, request

#: Becomes the command that follows, ``python -m mesoonto ...``, with a temporary directory that is not there.
_WITHOUT = (
    sys.executable,
    "-c",
    "import sys, tempfile; tempfile.tempdir = '/no/such/place'\n"
    "from mesoonto.cli import main; main(sys.argv[4:])",
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ("serve", "--empty", "--allow-update", "--port", str(free_port())),
        pytest.param(("reason",), marks=pytest.mark.java),
    ],
    ids=lambda arguments: arguments[0],
)
def test_command_that_needs_a_directory_says_so_in_one_line(arguments: tuple[str, ...]) -> None:
    command = [*_WITHOUT, sys.executable, "-m", "mesoonto", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("mesoonto: no temporary file can be written (no such file or directory)")
    assert "TMPDIR" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("direct", ["on", "off"])
def test_server_without_one_answers_and_refuses_what_it_cannot_keep(tmp_path: Path, direct: str) -> None:
    options = ("--empty", "--location", str(tmp_path), "--allow-update", "--direct", direct)
    with served(*options, within=_WITHOUT) as server:
        address, headers = server.address, {"Content-Type": TURTLE}
        small = request(address, "PUT", "/store?default", b"<a:a> <a:b> 1 .", headers)
        assert small.status == 204, str(small)
        large = b"<a:a> <a:b> 1 .\n" * 100_000  # more than waits in memory
        for method, path in (("PUT", "/store?default"), ("POST", "/validate")):
            reply = request(address, method, path, large, headers)
            assert reply.status == 507, str(reply)
            assert reply.text.startswith("no temporary file can be written (no such file or directory)")
            assert reply.text.count("\n") == 1
        assert request(address, "GET", "/sparql?query=ASK%7B%7D").status == 200
