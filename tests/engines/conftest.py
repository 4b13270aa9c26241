"""The real engines of these tests, and mesoontos that stand before them.

Each is started once in a process, when the first test wants it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mesoonto.engines.address import EngineAddress
from mesoonto.engines.client import EngineClient
from mesoonto.engines.kinds import opened
from tests.conftest import run_within, running_server
from tests.engines.servers import SERVERS

#: As parameters of a test, with the mark of what each needs.
REAL = [
    pytest.param("fuseki", marks=pytest.mark.fuseki),
    pytest.param("virtuoso", marks=pytest.mark.virtuoso),
    "oxigraph",
]

#: Of mesoontos before engines. Each write starts the workers anew, so they are few.
_OPTIONS = ("--query-workers", "2")


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


@pytest.fixture(scope="session")
def filled(
    engine_url: Callable[[str], str],
    engine_client: Callable[[str], EngineClient],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], EngineClient]:
    """A client of the engine of a kind, into which the shipped dataset was loaded by the command."""
    loaded: set[str] = set()

    def client(kind: str) -> EngineClient:
        if kind not in loaded:
            done = run_within(tmp_path_factory.mktemp("load"), "load", "--engine", engine_url(kind))
            assert done.returncode == 0, done.stderr
            assert "; version " in done.stdout
            # Fuseki's default graph stays its own, which the command tells.
            assert ("tdb2:unionDefaultGraph" in done.stderr) == (kind == "fuseki")
            loaded.add(kind)
        return engine_client(kind)

    return client


@pytest.fixture(scope="session")
def front(
    engine_url: Callable[[str], str],
    filled: Callable[[str], EngineClient],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], str]]:
    """The address of a mesoonto before the engine of a kind, which holds the shipped dataset.

    Anybody may write there, and SERVICE may ask Oxigraph's server.
    """
    found: dict[str, str] = {}
    with ExitStack() as running:

        def address(kind: str) -> str:
            if kind not in found:
                filled(kind)
                file = _federation(tmp_path_factory.mktemp("front"), engine_url("oxigraph"))
                options = ("--engine", engine_url(kind), "--allow-update", "--config", str(file), *_OPTIONS)
                found[kind] = running.enter_context(running_server(*options))
            return found[kind]

        yield address


def _federation(folder: Path, url: str) -> Path:
    """A file of settings that lets SERVICE ask *url*."""
    file = folder / "mesoonto.toml"
    file.write_text(f'[federation.endpoints.other]\nurl = "{url}"\nallow_private = true\n')
    return file
