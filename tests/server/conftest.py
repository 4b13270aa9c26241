"""Servers that several tests of a module share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import running_server


@pytest.fixture(scope="module")
def writable() -> Iterator[str]:
    """The address of a bare endpoint that anybody on this machine may write to; new for each module."""
    with running_server("--empty", "--allow-update") as found:
        yield found
