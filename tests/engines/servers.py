"""Real SPARQL servers on loopback, each with nothing in it: Fuseki, Virtuoso and Oxigraph's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.conftest import SHORT_LIVED, free_port
from tests.federation.virtuoso import virtuoso_server
from tests.federation.waiting import wait_for
from tests.suites import CACHE

#: Fuseki's jar; with this class it serves without its pages and folders.
_JAR = CACHE / "fuseki" / "jena-fuseki-server.jar"
_MAIN = "org.apache.jena.fuseki.main.cmds.FusekiMainCmd"

#: What lets anybody write to a Virtuoso, by update and by its graph store.
_WRITABLE = """grant SPARQL_UPDATE to "SPARQL"; DB.DBA.RDF_DEFAULT_USER_PERMS_SET ('nobody', 7);"""


@contextmanager
def fuseki(folder: Path) -> Iterator[str]:
    """Fuseki with a dataset in memory; yields the address for queries."""
    port = free_port()
    command = [
        *("java", *SHORT_LIVED, "-Xmx1g", "-cp", str(_JAR), _MAIN),
        *("--mem", "--update", "--localhost", "--port", str(port), "/ds"),
    ]
    url = f"http://127.0.0.1:{port}/ds/query"
    with _running(command, f"{url}?query=ASK%7B%7D", folder, {"FUSEKI_BASE": str(folder)}):
        yield url


@contextmanager
def virtuoso(folder: Path) -> Iterator[str]:
    """Virtuoso, which anybody may write to; yields the address for queries."""
    with virtuoso_server(folder, {}, _WRITABLE) as url:
        yield url


@contextmanager
def oxigraph(folder: Path) -> Iterator[str]:
    """Oxigraph's server with a store in memory; yields the address for queries."""
    port = free_port()
    program = str(Path(sys.executable).with_name("oxigraph"))
    url = f"http://127.0.0.1:{port}/query"
    with _running([program, "serve", "--bind", f"127.0.0.1:{port}"], f"{url}?query=ASK%7B%7D", folder, {}):
        yield url


@contextmanager
def _running(command: list[str], probe: str, folder: Path, env: dict[str, str]) -> Iterator[None]:
    with (
        (folder / "output").open("wb") as output,
        subprocess.Popen(
            command, stdout=output, stderr=output, cwd=folder, env={**os.environ, **env}
        ) as process,
    ):
        try:
            wait_for(probe, process, seconds=120)
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


#: By the name of their kind.
SERVERS: dict[str, Callable[[Path], AbstractContextManager[str]]] = {
    "fuseki": fuseki,
    "virtuoso": virtuoso,
    "oxigraph": oxigraph,
}
