"""Validation on real Dask clusters: reports as without one, workers and schedulers that die."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from distributed import Client
from hypothesis import given, settings

from mesoonto.errors import ClusterError
from mesoonto.synthetic.writing import SHAPES, CohortRequest, write
from mesoonto.validation.cluster import validation
from mesoonto.validation.cluster.runners import on_dask
from mesoonto.validation.report.findings import Report
from mesoonto.validation.request import ValidationRequest, judge
from mesoonto.validation.validate import check, data_sources, load, read_shape_files
from tests.examples import examples
from tests.validation.helpers import PREFIXES, source
from tests.validation.helpers import shapes as shapes_of
from tests.validation.test_cluster import OPTIONS, graphs, lines, schema, told
from tests.validation.test_engines import common, top_shapes

#: Clusters take seconds to start; test_cluster.py needs none.
pytestmark = pytest.mark.slow

#: Seconds for a process to start on a machine that has much to do.
PATIENCE = 120


def _read(file: Path) -> dict[str, str]:
    """What is in the JSON *file*; nothing while that is not there, or not all of it."""
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        return json.loads(file.read_text())  # type: ignore[no-any-return]
    return {}


class Cluster:
    """A scheduler and workers, each a process that Dask's own commands start."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._file = folder / "scheduler.json"
        self.workers: list[subprocess.Popen[bytes]] = []
        here = ("--host", "127.0.0.1", "--no-dashboard")
        self.scheduler = self._start("scheduler", *here, "--port", "0", "--scheduler-file", str(self._file))
        end = time.monotonic() + PATIENCE
        while not (found := _read(self._file)):
            assert time.monotonic() < end
            time.sleep(0.05)
        self.address: str = found["address"]
        more = ("--nthreads", "1", "--no-nanny", "--local-directory", str(folder))
        self.workers += [self._start("worker", self.address, *here, *more) for _ in range(workers)]
        with Client(self.address, timeout=PATIENCE, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=PATIENCE)

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def stop(self) -> None:
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait(PATIENCE)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    started = Cluster(tmp_path_factory.mktemp("cluster"), 2)
    yield started
    started.stop()


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster of which a test may kill something."""
    started = Cluster(tmp_path, 2)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """A cohort in N-Triples, and its faults by the shape that they break."""
    path = tmp_path_factory.mktemp("cohort") / "cohort.nt"
    written = write(CohortRequest(seed=1, share=0.05, patients=60), path, lambda _: None)
    return path, written.faults


def single(path: Path) -> Report:
    request = ValidationRequest(shapes=(SHAPES,))
    return judge([path], request)


#: Bytes of a piece, so that a cohort of 60 patients, half a megabyte, comes in some ten.
SIZE = 64_000


def in_parts(path: Path, address: str, advance: Callable[[int, int], None] | None = None) -> Report:
    options = ValidationRequest(shapes=(SHAPES,)).options(tolerant=True)
    with on_dask(address, advance) as runner:
        sources, shapes = data_sources([path], options), read_shape_files([SHAPES], options)
        return validation.validate(sources, shapes, options, runner, SIZE)


class TestExistingCluster:
    def test_report_is_that_of_one_machine(
        self, cluster: Cluster, cohort: tuple[Path, dict[str, int]]
    ) -> None:
        path, faults = cohort
        report = in_parts(path, cluster.address)
        assert told(report) == told(single(path))
        found: dict[str, int] = {}
        for finding in report.findings:
            name = finding.shape.rpartition("/")[2]
            found[name] = found.get(name, 0) + 1
        assert found == faults

    @pytest.mark.parametrize("form", ["text", "json", "sarif", "turtle"])
    def test_command_writes_what_it_writes_without(
        self,
        form: str,
        cluster: Cluster,
        cohort: tuple[Path, dict[str, int]],
        mesoonto: Callable[..., subprocess.CompletedProcess[str]],
    ) -> None:
        words = ["validate", "--shapes", str(SHAPES), str(cohort[0]), "--format", form]
        one, several = mesoonto(*words), mesoonto(*words, "--scheduler", cluster.address)
        assert (several.stdout, several.returncode) == (one.stdout, 1)
        assert several.stderr == ""

    def test_generated_shapes_over_generated_data(self, cluster: Cluster) -> None:
        with on_dask(cluster.address) as runner:

            @settings(common, max_examples=examples(40))
            @given(files=graphs, asked=top_shapes)
            def alike(files: list[list[tuple[str, ...]]], asked: str) -> None:
                texts = [lines(rows) for rows in [*files, schema]]
                sources = [source(text, f"{n}.ttl") for n, text in enumerate(texts)]
                read = shapes_of(asked)
                parts = validation.validate(sources, read, OPTIONS, runner)
                assert told(parts) == told(check(load(sources, OPTIONS), read, OPTIONS))

            alike()


def after(step: int, act: Callable[[], None]) -> Callable[[int, int], None]:
    """Something to be told how far a validation has come, that once acts."""
    waiting = iter([act])

    def advance(done: int, total: int) -> None:  # noqa: ARG001
        if done >= step:
            next(waiting, lambda: None)()

    return advance


def test_killed_worker_costs_no_finding(mortal: Cluster, cohort: tuple[Path, dict[str, int]]) -> None:
    path, _ = cohort
    steps: list[tuple[int, int]] = []
    kill = after(4, mortal.workers[0].kill)

    def advance(done: int, total: int) -> None:
        steps.append((done, total))
        kill(done, total)

    report = in_parts(path, mortal.address, advance)
    assert told(report) == told(single(path))
    assert mortal.workers[0].wait(PATIENCE) == -signal.SIGKILL
    assert steps == sorted(steps)
    assert steps[-1][1] > 20


def test_scheduler_that_goes_away_is_told(mortal: Cluster, cohort: tuple[Path, dict[str, int]]) -> None:
    with pytest.raises(ClusterError, match=r"the scheduler has gone|has lost what it was doing"):
        in_parts(cohort[0], mortal.address, after(4, mortal.scheduler.kill))


class TestWords:
    def test_no_scheduler(self, cohort: tuple[Path, dict[str, int]]) -> None:
        report = judge([cohort[0]], ValidationRequest(shapes=(SHAPES,), scheduler="tcp://127.0.0.1:9"))
        assert [str(error) for error in report.errors] == [
            "no scheduler answers at tcp://127.0.0.1:9: start one with: dask scheduler"
        ]

    @pytest.mark.parametrize("address", ["locally", "local:", "local:x", "tcp//host"])
    def test_address_that_is_none(self, address: str, cohort: tuple[Path, dict[str, int]]) -> None:
        report = judge([cohort[0]], ValidationRequest(shapes=(SHAPES,), scheduler=address))
        (error,) = report.errors
        assert str(error).startswith(f"'{address}' is no scheduler; write local, local:N")

    @pytest.mark.parametrize(
        ("shape", "more", "reason"),
        [
            (
                "sh:sparql [ sh:select 'SELECT $this { $this <https://example.org/p> ?n . ?n ?q 1 }' ]",
                {},
                "nobody can tell how far a query in its shapes looks",
            ),
            ("sh:nodeKind sh:IRI", {"inference": "rdfs"}, "inference looks at all data"),
            ("sh:nodeKind sh:IRI", {"coverage": True}, "coverage is measured over all data"),
            ("sh:nodeKind sh:IRI", {"engine": "pyshacl"}, "pySHACL looks at all data"),
        ],
    )
    def test_what_cannot_be_divided_is_validated_on_one_machine(
        self, shape: str, more: dict[str, object], reason: str, tmp_path: Path
    ) -> None:
        (tmp_path / "shapes.ttl").write_text(
            f"{PREFIXES} ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:p ; {shape} ."
        )
        (tmp_path / "data.ttl").write_text(PREFIXES + "_:b ex:p ex:n . ex:n ex:q 1 .")
        said: list[str] = []
        request = ValidationRequest(shapes=(tmp_path / "shapes.ttl",), scheduler="local", **more)  # type: ignore[arg-type]
        report = judge([tmp_path / "data.ttl"], request, say=said.append)
        assert said == [f"validated on one machine: {reason}"]
        assert len(report.results) == 1


#: The processes of a run with two local workers: it, the scheduler, Python's resource tracker, each worker.
PROCESSES = 5


@dataclass(frozen=True)
class LocalRun:
    """A run of the command with two local workers; it and its children have *mark* in their environment."""

    process: subprocess.Popen[str]
    mark: bytes

    def wait_for(self, processes: int) -> None:
        end = time.monotonic() + PATIENCE
        while len(self.living()) < processes:
            assert time.monotonic() < end
            assert self.process.poll() is None
            time.sleep(0.02)

    def living(self) -> list[int]:
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has ended
                if self.mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
        return found

    def has_left_nothing(self) -> bool:
        end = time.monotonic() + PATIENCE
        while self.living() and time.monotonic() < end:
            time.sleep(0.05)
        return not self.living()


@pytest.fixture
def local_run(tmp_path: Path) -> Iterator[LocalRun]:
    path = tmp_path / "cohort.nt"
    write(CohortRequest(seed=1, share=0.05, patients=3000), path, lambda _: None)
    words = ["validate", "--shapes", str(SHAPES), str(path), "--scheduler", "local:2"]
    # What a shell without a terminal starts in the background ignores interrupts, and so do its children.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        [sys.executable, "-m", "mesoonto", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "MESOONTO_TEST_RUN": str(tmp_path)},
        process_group=0,
    ) as process:
        signal.signal(signal.SIGINT, before)
        yield LocalRun(process, f"MESOONTO_TEST_RUN={tmp_path}".encode())
        process.kill()


@pytest.mark.parametrize("processes", [2, 3, PROCESSES])
def test_interrupted_run_says_one_word_and_leaves_no_process(processes: int, local_run: LocalRun) -> None:
    local_run.wait_for(processes)
    os.killpg(local_run.process.pid, signal.SIGINT)  # as a terminal does
    _, err = local_run.process.communicate(timeout=PATIENCE)
    assert err.strip() == "Aborted!"
    assert local_run.process.returncode == 1
    assert local_run.has_left_nothing()


@pytest.mark.parametrize("processes", [2, PROCESSES])
def test_killed_run_leaves_no_process(processes: int, local_run: LocalRun) -> None:
    local_run.wait_for(processes)
    local_run.process.kill()
    assert local_run.has_left_nothing()
