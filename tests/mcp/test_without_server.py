"""What the tools check before a client comes."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from typing import get_args

import pytest

from mesoonto import extras
from mesoonto.views.search import KINDS


def test_kinds_that_can_be_asked_for_are_those_of_the_search() -> None:
    from mesoonto.mcp import server

    assert set(get_args(server._Kind)) == {"", *KINDS}


def test_missing_library_is_told_in_a_line(
    mesoonto: Callable[..., subprocess.CompletedProcess[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "_is_installed", lambda name: name != "mcp")
    done = mesoonto("mcp")
    assert done.returncode == 2
    assert done.stderr == (
        "mesoonto: the MCP server needs the extra mcp, of which mcp is not installed: "
        "pip install 'mesoonto[mcp]'\n"
    )


def test_address_that_cannot_be_had_is_told(
    mesoonto: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = mesoonto("mcp", "--http", address)
    assert done.returncode == 2
    assert done.stderr.startswith(f"mesoonto: {address} cannot be listened on: ")
    done = mesoonto("mcp", "--http", "localhost")
    assert done.returncode == 2
    assert "localhost: give HOST:PORT or PORT" in done.stderr
