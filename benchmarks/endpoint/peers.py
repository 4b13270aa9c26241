"""The servers under comparison: how each is installed, loaded, started and stopped."""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

from . import process

#: Everything the benchmark makes: data, stores, the peers' own environment. Git ignores it.
BUILD = Path(__file__).parents[2] / "build" / "bench"
PEER_PACKAGES = ("oxigraph==0.5.13", "rdflib-endpoint[cli,web]==0.6.3", "oxrdflib==0.5.0")
START_SECONDS = 1800  #: rdflib-endpoint parses its file before it answers
VIRTUOSO_BUFFERS = 340_000  #: pages of 8 kB; what its manual gives for 4 GB, enough for 10 million triples


class BenchmarkError(Exception):
    """The benchmark cannot go on; the message says why."""


@dataclass(frozen=True)
class Step:
    """What a command before serving cost."""

    name: str
    seconds: float
    peak_bytes: int


@dataclass
class Peer:
    """One server: the commands that prepare and serve it, in which ``{...}`` are filled in."""

    name: str
    command: str
    path: str = "/sparql"  #: of the SPARQL protocol
    prepare: tuple[tuple[str, str], ...] = ()  #: (name, command) before serving, timed
    after_start: Callable[[Peer, Path], None] | None = None  #: loads into the running server
    version_command: str | None = None
    setup: Callable[[Peer], None] | None = None  #: writes configuration files

    port: int = 0
    steps: list[Step] = field(default_factory=list)
    idle_bytes: int = 0  #: memory once the data is loaded
    peak_bytes: int = 0
    version: str = ""
    _process: subprocess.Popen[bytes] | None = None
    _data: Path = Path()

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self._process is None:
            raise BenchmarkError(f"{self.name} is not running")
        return self._process.pid

    @property
    def directory(self) -> Path:
        """Own folder of the peer for stores, configuration and the server's log."""
        return BUILD / "peers" / self.name

    def start(self, data: Path) -> None:
        """Prepare the peer with *data*, serve it on a free port and wait until it answers."""
        self._data = data
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        self.port = _free_port()
        if self.setup:
            self.setup(self)
        if self.version_command:
            self.version = _output(self._filled(self.version_command))
        for name, command in self.prepare:
            self.steps.append(_timed(name, self._filled(command), self.directory / "prepare.log"))
        started = time.monotonic()
        log = (self.directory / "server.log").open("wb")
        self._process = subprocess.Popen(
            self._filled(self.command),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        self._wait_until_ready()
        if self.after_start:
            self.after_start(self, data)
        self.idle_bytes = self.peak_bytes = process.proportional_memory(self.pid)
        self.steps.append(Step("start", time.monotonic() - started, self.idle_bytes))

    def stop(self) -> None:
        """End the server and what it started, by process id; delete its stores."""
        if self._process is None:
            return
        members = process.tree(self.pid)
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pid in members:
            if Path(f"/proc/{pid}").exists():
                os.kill(pid, signal.SIGKILL)
        self._process = None
        for entry in self.directory.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)

    def sample_memory(self) -> int:
        """Return the memory now, and remember the peak."""
        now = process.proportional_memory(self.pid)
        self.peak_bytes = max(self.peak_bytes, now)
        return now

    def ask(self, query: str, accept: str, timeout: float = 600) -> bytes:
        """Send one query with the standard library; raises BenchmarkError unless the answer is 200."""
        url = f"http://127.0.0.1:{self.port}{self.path}?query={quote(query, safe='')}"
        request = urllib.request.Request(url, headers={"Accept": accept})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                body: bytes = response.read()
        except urllib.error.HTTPError as error:
            text = error.read(500).decode("utf-8", "replace")
            raise BenchmarkError(f"{self.name} answered {error.code} to: {query}\n{text}") from error
        return body

    def _filled(self, command: str) -> list[str]:
        values = {
            "python": sys.executable,
            "bin": str(BUILD / "venv/bin"),
            "own": str(Path(sys.executable).parent),
            "data": str(self._data),
            "directory": str(self.directory),
            "store": str(self.directory / "store"),
            "port": str(self.port),
        }
        return [part.format(**values) for part in shlex.split(command)]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            if self._process is not None and self._process.poll() is not None:
                log = (self.directory / "server.log").read_text("utf-8", "replace")[-800:]
                raise BenchmarkError(f"{self.name} ended while starting:\n{log}")
            try:
                self.ask("ASK {}", "application/sparql-results+json", 5)
            except (OSError, BenchmarkError) as error:
                if time.monotonic() > deadline:
                    raise BenchmarkError(f"{self.name} does not answer") from error
                time.sleep(0.05)
            else:
                return


def known(mesoonto: dict[str, tuple[str, str | None]]) -> dict[str, Peer]:
    """Return the peers by name; *mesoonto* maps names to (serve command, load command or none)."""
    oxigraph = "{bin}/oxigraph"
    load = ("load", f"{oxigraph} load --location {{store}} --file {{data}}")
    optimize = ("optimize", f"{oxigraph} optimize --location {{store}}")
    serve_disk = f"{oxigraph} serve-read-only --location {{store}} --bind 127.0.0.1:{{port}}"
    version = f"{oxigraph} --version"
    peers = [
        Peer(
            "oxigraph-memory",
            f"{oxigraph} serve --bind 127.0.0.1:{{port}}",
            "/query",
            after_start=_post_data,
            version_command=version,
        ),
        Peer("oxigraph-disk", serve_disk, "/query", (load, optimize), version_command=version),
        Peer("oxigraph-disk-unoptimized", serve_disk, "/query", (load,), version_command=version),
        Peer(
            "rdflib-endpoint",
            "{bin}/rdflib-endpoint serve --store Oxigraph --host 127.0.0.1 --port {port} {data}",
            "/",
            version_command="{bin}/python -c 'from importlib.metadata import version as v; "
            'print("rdflib-endpoint", v("rdflib-endpoint"), "oxrdflib", v("oxrdflib"))\'',
        ),
        Peer(
            "virtuoso",
            "virtuoso-t +configfile {directory}/virtuoso.ini +foreground",
            after_start=_load_virtuoso,
            version_command="dpkg-query --show virtuoso-opensource-7",
            setup=_configure_virtuoso,
        ),
    ]
    for name, (serve, load_command) in mesoonto.items():
        steps = (("load", load_command),) if load_command else ()
        peers.append(Peer(name, serve, prepare=steps, version_command="{own}/mesoonto --version"))
    return {peer.name: peer for peer in peers}


def alone() -> TextIO:
    """Return an open lock file, so that no two runs share stores and cores; raises while one is on."""
    BUILD.mkdir(parents=True, exist_ok=True)
    lock = (BUILD / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BenchmarkError("another run of the benchmark is under way; wait for its end") from error
    return lock


def install(names: list[str]) -> None:
    """Install PyPI's peers into an environment of the benchmark's own; Virtuoso is only looked for."""
    python = BUILD / "venv/bin/python"
    if not python.exists() or _output([str(BUILD / "venv/bin/oxigraph"), "--version"]) != "oxigraph 0.5.13":
        print("Installing the peers ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(BUILD / "venv")], check=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        subprocess.run([*pip, *PEER_PACKAGES], check=True)
    if "virtuoso" in names and not shutil.which("virtuoso-t"):
        raise BenchmarkError(
            "virtuoso-t is not installed; apt-get install virtuoso-opensource, or leave virtuoso out"
        )


def bare_memory(data: Path) -> int:
    """Return the resident memory of a Python process that has only loaded *data* with pyoxigraph."""
    code = (
        "import pyoxigraph, sys; store = pyoxigraph.Store(); store.bulk_load(path=sys.argv[1]); "
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmRSS')))"
    )
    return int(_output([str(BUILD / "venv/bin/python"), "-c", code, str(data)])) * 1024


def _post_data(peer: Peer, data: Path) -> None:
    """Load into a running Oxigraph by the Graph Store Protocol; the file is streamed."""
    with data.open("rb") as file:
        request = urllib.request.Request(
            f"http://127.0.0.1:{peer.port}/store?default",
            data=file,
            method="POST",
            headers={"Content-Type": "application/n-triples", "Content-Length": str(data.stat().st_size)},
        )
        urllib.request.urlopen(request, timeout=START_SECONDS).close()


def _configure_virtuoso(peer: Peer) -> None:
    """Write a configuration with own folders and ports, and limits that the queries do not meet."""
    sql_port = _free_port()
    folder = peer.directory.resolve()
    data = peer._data.resolve().parent
    (peer.directory / "db").mkdir()
    (peer.directory / "sql_port").write_text(str(sql_port))
    (peer.directory / "virtuoso.ini").write_text(f"""\
[Database]
DatabaseFile = {folder}/db/virtuoso.db
ErrorLogFile = {folder}/db/virtuoso.log
LockFile = {folder}/db/virtuoso.lck
TransactionFile = {folder}/db/virtuoso.trx
xa_persistent_file = {folder}/db/virtuoso.pxa
ErrorLogLevel = 7
FileExtend = 200
MaxCheckpointRemap = 2000
Striping = 0
TempStorage = TempDatabase
[TempDatabase]
DatabaseFile = {folder}/db/virtuoso-temp.db
TransactionFile = {folder}/db/virtuoso-temp.trx
MaxCheckpointRemap = 2000
Striping = 0
[Parameters]
ServerPort = 127.0.0.1:{sql_port}
DisableUnixSocket = 1
MaxClientConnections = 40
CheckpointInterval = 0
CaseMode = 2
DirsAllowed = ., {data}
MaxQueryMem = 2G
ThreadsPerQuery = 2
AsyncQueueMaxThreads = 10
NumberOfBuffers = {VIRTUOSO_BUFFERS}
MaxDirtyBuffers = {VIRTUOSO_BUFFERS * 3 // 4}
[HTTPServer]
ServerPort = 127.0.0.1:{peer.port}
ServerRoot = {folder}/db
MaxClientConnections = 40
ServerThreads = 40
MaxKeepAlives = 40
KeepAliveTimeout = 300
[Client]
SQL_QUERY_TIMEOUT = 0
SQL_TXN_TIMEOUT = 0
[SPARQL]
ResultSetMaxRows = 20000000
MaxQueryCostEstimationTime = 0
MaxQueryExecutionTime = 0
DefaultGraph = urn:benchmark
""")


def _load_virtuoso(peer: Peer, data: Path) -> None:
    """Load by its bulk loader; the port of its SQL client is in a file of the peer's folder."""
    port = (peer.directory / "sql_port").read_text()
    statements = (
        f"ld_dir('{data.resolve().parent}', '{data.name}', 'urn:benchmark'); rdf_loader_run(); checkpoint;"
        " select ll_error from DB.DBA.load_list where ll_error is not null;"
    )
    done = subprocess.run(
        ["isql-vt", f"127.0.0.1:{port}", "dba", "dba", f"exec={statements}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or "0 Rows." not in done.stdout:
        raise BenchmarkError(f"virtuoso did not load: {done.stdout[-800:]} {done.stderr[-800:]}")


def _timed(name: str, command: list[str], log: Path) -> Step:
    """Run a command to its end; return time and peak resident memory."""
    started = time.monotonic()
    with log.open("ab") as output:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        _pid, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        tail = log.read_text("utf-8", "replace")[-800:]
        raise BenchmarkError(f"{shlex.join(command)} ended with {child.returncode}:\n{tail}")
    return Step(name, time.monotonic() - started, usage.ru_maxrss * 1024)


def _output(command: list[str]) -> str:
    """Return what a command prints, on one line, or nothing if it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return " ".join(done.stdout.split())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
