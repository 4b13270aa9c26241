"""The benchmark of scaling: fits and model against calculations by hand, queries against rdflib."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import cast

import pyoxigraph
import pytest
import rdflib
from click.testing import CliRunner
from rdflib.query import ResultRow

from mesoonto.cli.synth import synth
from mesoonto.dataset.store import Engine
from mesoonto_server.settings import Settings

pytestmark = pytest.mark.checkout
pytest.importorskip("benchmarks.scaling", reason="only a checkout has the benchmarks")

from benchmarks.scaling import model, process, queries, report, serving, steps, tables  # noqa: E402
from benchmarks.scaling.__main__ import main as scaling  # noqa: E402
from benchmarks.scaling.fit import Fit, Growth, best, exponent, fitted  # noqa: E402


def test_a_constant_is_the_mean_that_relative_errors_have() -> None:
    # weights 1 and 1/9: (1 + 3/9) / (1 + 1/9) = 1.2; relative errors +0.2 and -0.6
    found = fitted([(10, 1), (100, 3)], Growth.CONSTANT)
    assert found.at(12345) == pytest.approx(1.2)
    assert found.residue == pytest.approx((0.4 / 2) ** 0.5)


def test_points_on_a_line_or_a_logarithm_are_fitted_without_rest() -> None:
    line = best([(1e6, 5), (1e7, 32), (1e8, 302)], 0.05)
    assert line.growth is Growth.LINEAR
    assert line.at(1e9) == pytest.approx(3002)
    assert line.residue == pytest.approx(0, abs=1e-9)
    logarithm = best([(1e6, 7), (1e7, 8), (1e8, 9)], 0.05)
    assert logarithm.growth is Growth.LOGARITHMIC
    assert (logarithm.base, logarithm.slope) == pytest.approx((1, 1))
    assert logarithm.at(1e11) == pytest.approx(12)


def test_a_constant_within_the_noise_is_taken_and_no_form_that_falls() -> None:
    # a logarithm leaves over less than a quarter here, but the line leaves nothing
    assert best([(1e6, 2), (2e6, 4), (3e6, 6)], 0.25).growth is Growth.LINEAR
    assert best([(1e6, 10), (1e7, 11), (1e8, 12)], 0.25).growth is Growth.CONSTANT
    assert best([(1e6, 100), (1e7, 10), (1e8, 1)], 0.05).growth is Growth.CONSTANT
    assert best([(1e6, 4)], 0.05) == Fit(Growth.CONSTANT, 4, 0, 0, 1e6)


def test_a_line_that_leaves_little_less_is_not_taken_for_its_second_parameter() -> None:
    points = [(3e5, 2.13), (1e6, 3.45), (3e6, 2.97), (1e7, 1.63), (1e8, 2.4)]
    flat, line = fitted(points, Growth.CONSTANT), fitted(points, Growth.LINEAR)
    assert 0.25 < line.residue < flat.residue
    assert line.residue * (5 / 3) ** 0.5 > flat.residue * (5 / 4) ** 0.5  # by degrees of freedom
    assert best(points, 0.25) == flat


def test_of_two_points_the_exponent_tells_a_line_from_a_logarithm() -> None:
    assert best([(1e6, 1), (1e8, 90)], 0.25).growth is Growth.LINEAR
    assert best([(1e6, 1), (1e8, 3)], 0.25).growth is Growth.LOGARITHMIC


def test_the_exponent_is_one_where_cost_grows_with_the_data() -> None:
    assert exponent([(1e8, 700), (1e6, 7), (1e7, 60)]) == pytest.approx(1)
    assert exponent([(1e6, 3), (1e8, 3)]) == 0
    assert exponent([(1e6, 2), (1e8, 20)]) == pytest.approx(0.5)


def _constant(value: float) -> Fit:
    return Fit(Growth.CONSTANT, value, 0, 0, 1e7)


SLOPES = model.Slopes(
    load_cpu=_constant(10e-6),
    load_memory=_constant(1e9),
    stored_bytes=_constant(100),
    validate_cpu=_constant(500e-6),
    validate_memory=_constant(400),
    focus_nodes=0.2,
    publish_cpu=_constant(9e-6),
    follow_cpu=_constant(36e-6),
    published_bytes=_constant(10),
    queries={
        "look-up": _constant(1e-3),
        "star": _constant(2e-3),
        "path": _constant(4e-3),
        "range": Fit(Growth.LINEAR, 0, 1e-7, 0, 1e7),
    },
    front_cpu=1e-3,
)
SMALL = model.MachineKind("small", 2, 24e9, 250e9)
LARGE = model.MachineKind("large", 32, 256e9, 4000e9)


def test_queries_a_second_become_machines() -> None:
    # 0.6 * 1 + 0.3 * 2 + 0.1 * 4 = 1.6 ms, and 1 ms for the front
    cpu = model.query_cpu(SLOPES, model.RECORDS, 1e9)
    assert cpu == pytest.approx(2.6e-3)
    # 10,000 * 2.6 ms = 26 busy cores; at 60 % of each 43.3
    assert model.cores(10_000, cpu) == pytest.approx(43.333, rel=1e-4)
    assert model.machines_for_rate(10_000, cpu, SMALL) == 22
    assert model.machines_for_rate(10_000, cpu, LARGE) == 2
    assert model.machines_for_rate(1, cpu, LARGE) == 1
    # one query in a thousand ranges over a billion triples: 100 s, so 0.1 s for each on average
    assert model.query_cpu(SLOPES, model.MIXED, 1e9) == pytest.approx(2.596e-3 + 0.1, rel=1e-6)
    with pytest.raises(ValueError, match="add up to 1"):
        model.query_cpu(SLOPES, {"look-up": 0.5}, 1e9)


def test_triples_become_disk_memory_and_hours() -> None:
    # four versions of 100 GB and packed files of 10 GB, on a disk that may be full to 80 %
    assert model.disk_needed(SLOPES, 1e9) == pytest.approx(512.5e9)
    assert not model.fits(SLOPES, 1e9, SMALL)
    assert model.fits(SLOPES, 1e9, LARGE)
    # half of 24 GB for 100 GB
    assert model.cached_share(SLOPES, 1e9, SMALL) == pytest.approx(0.12)
    assert model.cached_share(SLOPES, 1e9, LARGE) == 1
    assert model.load_hours(SLOPES, 1e9) == pytest.approx(10_000 / 3600)
    assert model.load_hours(SLOPES, 1e9, 32) == pytest.approx(10_000 / 3600 / 32)
    assert model.publish_hours(SLOPES, 1e9) == pytest.approx(2.5)
    assert model.follow_hours(SLOPES, 1e9) == pytest.approx(10)


def test_focus_nodes_become_machines() -> None:
    # 200 million focus nodes of 0.5 ms
    assert model.validate_core_hours(SLOPES, 1e9) == pytest.approx(100_000 / 3600)
    # a part of 10 million triples takes 4 GB: three in half of 24 GB, but two cores; 32 in 128 GB
    assert model.validate_workers(SLOPES, SMALL) == 2
    assert model.validate_workers(SLOPES, LARGE) == 32
    # 27.8 core hours / 8 hours / 2 workers = 1.7
    assert model.validate_machines(SLOPES, 1e9, SMALL) == 2
    assert model.validate_machines(SLOPES, 1e9, LARGE) == 1
    assert model.validate_machines(SLOPES, 1e9, model.MachineKind("tiny", 2, 4e9, 1e12)) == 0


def test_a_night_bounds_what_is_loaded_and_published() -> None:
    # 28,800 s by 10, 9 and 36 µs a triple
    assert model.most_triples(lambda n: model.load_hours(SLOPES, n)) == pytest.approx(2.88e9, rel=1e-3)
    assert model.most_triples(lambda n: model.publish_hours(SLOPES, n)) == pytest.approx(3.2e9, rel=1e-3)
    assert model.most_triples(lambda n: model.follow_hours(SLOPES, n)) == pytest.approx(0.8e9, rel=1e-3)


def test_the_time_of_a_follower_is_that_of_the_server() -> None:
    assert Settings().follow_max_time == model.FOLLOW_HOURS * 3600


def test_the_engine_is_picked_by_what_does_not_fit() -> None:
    assert model.pick(SLOPES, 1e8, LARGE) == "embedded"
    # a range over 1 billion triples takes 100 s; 3 billion take 8.3 hours to load; 10 billion need 5.1 TB
    assert model.pick(SLOPES, 1e9, LARGE).startswith("embedded for look-ups")
    assert "night" in model.pick(SLOPES, 3e9, LARGE)
    assert "disk" in model.pick(SLOPES, 10e9, LARGE)
    assert model.pick(SLOPES, 1e12, LARGE) == "a cluster"


def test_page_and_tables_are_made_from_the_results() -> None:
    found = report.results()
    page = report.PAGE.read_text("utf-8")
    again = "make them anew: python -m benchmarks.scaling report"
    assert report.with_tables(page, found) == page, again
    assert (report.FOLDER / "RESULTS.md").read_text("utf-8") == report.results_page(found), again
    named = set(report._TABLE.findall(page))
    assert {name for _, name, _ in named} == set(tables.all_tables(found, report.slopes(found)))


def test_every_size_found_all_triples_and_all_faults() -> None:
    for size, found in report.results()["sizes"].items():
        made = found["synth"]["triples"]
        assert 0 <= made - int(size) < 200  # the last patient is whole
        counts = found.get("ask", {"templates": {}})["templates"]
        if "count" in counts:
            assert int(counts["count"]["answer"]) == made
        if "validate" in found:
            assert found["validate"]["findings"] == found["synth"]["faults"]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cohort") / "cohort.nt"
    done = CliRunner().invoke(synth, [str(path), "--patients", "25", "--seed", str(queries.SEED)])
    assert done.exit_code == 0, done.output
    return path


@pytest.mark.parametrize("template", queries.TEMPLATES, ids=lambda template: template.name)
def test_templates_find_what_rdflib_finds(template: queries.QueryTemplate, cohort: Path) -> None:
    store = pyoxigraph.Store()
    store.bulk_load(path=cohort, format=pyoxigraph.RdfFormat.N_TRIPLES)
    engine, graph = Engine(store, "1"), rdflib.Graph().parse(cohort, format="nt")
    rows = 0
    for query in itertools.islice(template.queries(25, 1), 3):
        ours = sorted(
            tuple(_plain(getattr(cell, "value", "")) for cell in row) for row in engine.query(query).rows()
        )
        found = cast("Iterable[ResultRow]", graph.query(query))
        theirs = sorted(tuple(_plain(str(cell)) for cell in row) for row in found)
        assert ours == theirs
        rows += len(ours)
    assert rows


def _plain(value: str) -> str:
    """A number in one spelling; everything else as it is."""
    try:
        return f"{Decimal(value):.6f}"
    except ArithmeticError:
        return value


@pytest.mark.slow
def test_the_cost_of_a_command_has_that_of_its_children() -> None:
    burn = "import time\nwhile time.process_time() < 0.4: pass"
    outer = f"import subprocess, sys; print('done'); subprocess.run([sys.executable, '-c', {burn!r}])"
    cost, told = process.run([sys.executable, "-c", outer])
    assert told == "done\n"
    assert cost.cpu >= 0.4
    assert cost.peak_bytes > 1_000_000


def test_a_command_that_fails_is_told_by_its_last_line() -> None:
    with pytest.raises(process.ScalingError, match="ended with 3: no room"):
        process.run([sys.executable, "-c", "import sys; print('no room', file=sys.stderr); sys.exit(3)"])


def test_a_file_with_two_names_takes_its_room_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(1 << 16))
    alone = process.size_on_disk(tmp_path)
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    assert process.size_on_disk(tmp_path) == alone >= 1 << 16


@pytest.mark.thorough
def test_a_small_run_measures_every_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(process, "NICE", "0")
    monkeypatch.setattr(serving, "NICE", "0")
    arguments = ["run", "--triples", "2000", "--folder", str(tmp_path)]
    assert scaling(arguments) == 0
    found = report.collected(tmp_path, "small")
    assert set(found["sizes"]["2000"]) == set(steps.STEPS)
    made = tables.all_tables(found, report.slopes(found))
    assert all(text.count("\n") > 2 for text in made.values())
    capsys.readouterr()
    # a run that was stopped goes on where it was: nothing is left to do
    assert scaling(arguments) == 0
    assert capsys.readouterr().err == ""


def test_a_step_that_lacks_the_one_before_is_told_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scaling(["run", "--triples", "2000", "--steps", "publish", "--folder", str(tmp_path)]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"error: {tmp_path}/2000: the step load comes first"
