"""A server of somebody's own file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mesoonto.sparql.tables import tables
from mesoonto_server.processes import start
from mesoonto_server.settings import Settings
from tests.conftest import free_port, running_server
from tests.server.client import holds, update


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "own.trig"
    path.write_text("<a:a> <a:b> 'in the file' . <a:g> { <a:a> <a:b> 'in a graph' }")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--allow-update"], ["--allow-update", "--empty"]])
def test_file_is_served_and_nothing_else(file: Path, options: list[str]) -> None:
    with running_server("--data", str(file), *options) as address:
        assert holds(address, "?s ?p 'in the file'")
        assert holds(address, "GRAPH <a:g> { ?s ?p 'in a graph' }")
        assert not holds(address, "?s a <http://www.w3.org/2002/07/owl#Class>")
        if options:
            assert update(address, "INSERT DATA { <a:a> <a:b> 'written' }").status == 204
            assert holds(address, "?s ?p 'in the file', 'written'")
    assert "written" not in file.read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--data", "none.ttl", "--allow-update"], "none.ttl: no such file"),
        (["--data", "none.ttl", "--location", "here"], "mesoonto load"),
    ],
)
def test_file_that_cannot_be_served_is_one_line(tmp_path: Path, options: list[str], message: str) -> None:
    command = [sys.executable, "-m", "mesoonto", "serve", "--port", str(free_port()), *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "here").exists()


def test_tables_of_the_parser_are_there_before_workers_are_forked() -> None:
    tables.cache_clear()
    link = start(Settings(empty=True), None)
    assert tables.cache_info().currsize == 1
    os.close(link.lifeline)
    link.door.close()
    os.waitpid(link.pid, 0)
