"""Fixtures that several test modules share: the shipped dataset, a real server, and what the machine has."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from random import randrange
from typing import cast

import click
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, settings

from mesoonto.cli import main
from mesoonto.dataset import kept
from mesoonto.dataset.store import Engine
from mesoonto.ontology.model import Ontology
from mesoonto_server.web.bundles import BUILT
from tests import examples, knowledge, suites
from tests.suites import CACHE

# How long an example takes is the machine's affair, and no failure of what is tried.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", UNHURRIED, max_examples=100 // examples.SHARE)
settings.register_profile("thorough", UNHURRIED, max_examples=100)
settings.load_profile("quick")

ROOT = Path(__file__).resolve().parent.parent

#: Markers, the programs that they need, and how to get them.
NEEDS = {
    "java": (("java",), "apt-get install default-jre-headless, or brew install openjdk"),
    "curl": (("curl",), "apt-get install curl"),
    "jq": (("jq",), "apt-get install jq"),
    "openssl": (("openssl",), "apt-get install openssl"),
    "r": (("Rscript",), "apt-get install r-base-core r-cran-curl r-cran-jsonlite"),
    "sqlite": (("sqlite3",), "apt-get install sqlite3"),
    "chromium": (("chromium", "chromium-browser"), "apt-get install chromium"),
    "groff": (("groff",), "apt-get install groff-base, or brew install groff"),
    "nginx": (("nginx", "/usr/sbin/nginx"), "apt-get install nginx-light, or brew install nginx"),
    "haproxy": (("haproxy", "/usr/sbin/haproxy"), "apt-get install haproxy, or brew install haproxy"),
    "bundles": ((f"{BUILT}/sources.sha256",), "make frontend, with npm in reach"),
    "axe": ((f"{CACHE}/axe/node_modules/axe-core/axe.min.js",), "sh tests/setup.sh, with npm"),
    "comunica": ((f"{CACHE}/comunica/node_modules/.bin/comunica-sparql",), "sh tests/setup.sh, with npm"),
    "dosdp": ((f"{CACHE}/dosdp/schema/dosdp_schema.yaml",), "sh tests/setup.sh"),
    "jena": ((f"{CACHE}/jena/arq",), "sh tests/setup.sh, with Java and Maven"),
    "virtuoso": (("virtuoso-t",), "apt-get install virtuoso-opensource-7-bin"),
    "fuseki": ((f"{CACHE}/fuseki/jena-fuseki-server.jar",), "sh tests/setup.sh, with Java and Maven"),
}


#: The jars that tests/setup.sh installs.
JARS = ROOT / "build" / "java"

#: Options of Java for programs that take seconds: compiling for a long run would cost more than it gains.
SHORT_LIVED = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


def program(marker: str) -> str | None:
    """The path of the first program or file that *marker* needs, or None."""
    names = NEEDS[marker][0]
    return next((found for n in names if (found := shutil.which(n) or n * Path(n).is_file())), None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--thorough", action="store_true", help="all examples, and tests marked thorough or slow"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Say how many examples are tried before the modules are imported that ask for a number of them."""
    if config.getoption("thorough"):
        settings.load_profile("thorough")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what the machine cannot run and say how to get it; with CI=true a missing program is a failure."""
    lacking = [
        (marker, advice)
        for marker, (_, advice) in NEEDS.items()
        if item.get_closest_marker(marker) and program(marker) is None
    ]
    if item.get_closest_marker("owlapi") and not (JARS / "installed").exists():
        lacking.append(("owlapi", "sh tests/setup.sh, with Java and Maven"))
    if item.get_closest_marker("w3c") and not all(map(suites.folder, ("sparql", "shacl"))):
        lacking.append(("the W3C's suite", suites.ADVICE))
    for marker, advice in lacking:
        message = f"{marker} is missing; install it: {advice}"
        if os.environ.get("CI") == "true":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)


#: Markers of long runs, the rarest first; such a test runs only when -m names the first that it bears, or
#: with --thorough, for THOROUGH.
THOROUGH = {"slow", "thorough"}
LONG = ("w3c_full", "hostile_full", "federation_full", "engines_full", "thorough", "slow")


#: Files that take longest: where several processes share the tests, they begin with these, so that none is
#: left with one of them when the others have ended.
LONGEST = (
    "tests/hostile/test_attacks.py",
    "tests/validation/test_cluster_dask.py",
    "tests/engines/test_real_updates.py",
    "tests/hostile/test_kill_each_role.py",
    "tests/engines/test_real_fronts.py",
    "tests/test_shapes.py",
    "tests/server/test_dataset.py",
    "tests/server/test_site.py",
    "tests/cli/test_commands.py",
    "tests/server/test_processes.py",
    "tests/hostile/test_kill_during_write.py",
    "tests/release/test_release.py",
    "tests/owl/test_owl_api.py",
    "tests/ontology/test_reason.py",
    "tests/server/test_ask_page.py",
    "tests/test_stratify.py",
    "tests/server/test_validation.py",
    "tests/api/test_api.py",
    "tests/server/test_graph_store.py",
    "tests/server/test_writes_checked.py",
    "tests/server/test_both_paths.py",
    "tests/processes/test_pool.py",
    "tests/test_docstrings.py",
    "tests/mcp/test_tools.py",
    "tests/server/test_federated.py",
    "tests/server/test_engine.py",
    "tests/test_ranges.py",
    "tests/release/test_gate.py",
    "tests/owl/test_entail.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long runs that were not asked for, and put the longest files first."""
    wanted = str(config.getoption("markexpr"))
    long = {name for name in LONG if name not in wanted}
    if config.getoption("thorough"):
        long -= THOROUGH
    left_out = {item for item in items if next(filter(item.get_closest_marker, LONG), None) in long}
    config.hook.pytest_deselected(items=[*left_out])
    places = {ROOT / name: place for place, name in enumerate(LONGEST)}
    items[:] = sorted(
        (item for item in items if item not in left_out),
        key=lambda item: places.get(item.path, len(places)),
    )


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[object]:
    """Take away what processes killed in writing left of coverage, before pytest-cov reads it around this."""
    result = yield
    if session.config.pluginmanager.hasplugin("_cov") and "PYTEST_XDIST_WORKER" not in os.environ:
        for path in sorted(session.config.rootpath.glob(".coverage.*")):  # a file before its journal
            if not _is_whole(path):
                path.unlink(missing_ok=True)
    return result


def _is_whole(path: Path) -> bool:
    """Whether the file of coverage can be read to its end."""
    with closing(sqlite3.connect(path)) as file, suppress(sqlite3.Error):
        begun = file.execute("SELECT version FROM coverage_schema").fetchone() is not None
        return begun and bool(file.execute("PRAGMA quick_check").fetchone() == ("ok",))
    return False


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what stays to the end: thousands of tests and their modules."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _ontology_is_read_once() -> Iterator[None]:
    """Commands that tests call within this process find the shipped ontology read; others read it as ever."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ontology, "shipped", knowledge.shipped)
        yield


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The shipped dataset."""
    return kept.engine()


def _ports() -> Iterator[int]:
    """Ports for servers, round and round: those of this process among the ones that pytest-xdist started.

    They lie below the ports that systems give to clients, so that none is taken before the server has it.
    """
    place = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _PROCESSES
    mine = range(_PORTS.start + place, _PORTS.stop, _PROCESSES)
    return cycle([*mine[(start := randrange(len(mine))) :], *mine[:start]])


_PORTS, _PROCESSES = range(20_000, 32_000), 16
_PORT = _ports()


def free_port() -> int:
    """A port that nobody listens on, and another one each time."""
    for port in _PORT:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError  # the ports have no end


@dataclass(frozen=True, slots=True)
class Served:
    """A served mesoonto: its address, and its process, which leads a process group."""

    address: str
    process: subprocess.Popen[bytes]


@contextmanager
def served(
    *options: str, log: Path | None = None, within: Sequence[str] = (), probe: str = "health/ready"
) -> Iterator[Served]:
    """A served mesoonto in a process group of its own, once the page *probe* is there.

    The command *within* becomes it.
    """
    port = free_port()
    command = [*within, sys.executable, "-m", "mesoonto", "serve", "--port", str(port), *options]
    with (
        open(log or os.devnull, "wb") as output,
        subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True) as process,
    ):
        server = Served(f"http://127.0.0.1:{port}/", process)
        try:
            _wait_for(server, probe)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=60)


@contextmanager
def running_server(*options: str, log: Path | None = None) -> Iterator[str]:
    """A served mesoonto in a process of its own; yields its address."""
    with served(*options, log=log) as server:
        yield server.address


def _wait_for(server: Served, probe: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise AssertionError(f"the server ended with {server.process.returncode}")
        try:
            urllib.request.urlopen(f"{server.address}{probe}", timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"no answer from {server.address}")


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The address of a served shipped dataset."""
    with running_server() as found:
        yield found


class _Program:
    """The command line as click's CliRunner calls one, with all that `main` does around it."""

    name = "mesoonto"

    def main(self, args: Sequence[str], **_: object) -> None:
        main(args)


def run_within(
    folder: Path, *arguments: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command line in *folder*, within this process."""
    with chdir(folder):
        done = CliRunner().invoke(cast(click.Command, _Program()), arguments, env=env, catch_exceptions=False)
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


@pytest.fixture
def mesoonto(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command line in an empty directory, within this process; see `mesoonto_process`."""
    return partial(run_within, tmp_path)


@pytest.fixture
def mesoonto_process(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command line in a process of its own, in an empty directory."""

    def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mesoonto", *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, **(env or {})},
            timeout=120,
            check=False,
        )

    return run
