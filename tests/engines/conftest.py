"""The real engines of these tests: each is started once in a process, when the first test wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from mesoonto.engines.address import EngineAddress
from mesoonto.engines.client import EngineClient
from mesoonto.engines.kinds import opened
from tests.engines.servers import SERVERS

#: As parameters of a test, with the mark of what each needs.
REAL = [
    pytest.param("fuseki", marks=pytest.mark.fuseki),
    pytest.param("virtuoso", marks=pytest.mark.virtuoso),
    "oxigraph",
]


@pytest.fixture(scope="session")
def engine_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """The address for queries of the engine of a kind."""
    found: dict[str, str] = {}
    with ExitStack() as running:

        def url(kind: str) -> str:
            if kind not in found:
                found[kind] = running.enter_context(SERVERS[kind](tmp_path_factory.mktemp(kind)))
            return found[kind]

        yield url


@pytest.fixture(scope="session")
def engine_client(engine_url: Callable[[str], str]) -> Iterator[Callable[[str], EngineClient]]:
    """A client of the engine of a kind."""
    clients: dict[str, EngineClient] = {}

    def client(kind: str) -> EngineClient:
        if kind not in clients:
            clients[kind] = opened(EngineAddress.of(engine_url(kind)))
        return clients[kind]

    yield client
    for one in clients.values():
        one.close()
