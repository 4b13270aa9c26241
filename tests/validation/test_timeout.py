"""A validation that would not end is ended in time, and the shape that holds it up is named."""

from __future__ import annotations

import json
import operator
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mesoonto.errors import OutOfTimeError, ShapeError
from mesoonto.validation.request import ValidationRequest, judge
from mesoonto.validation.timeout import limited
from mesoonto.validation.validate import read_shape_files
from tests.validation.helpers import PREFIXES

#: Every combination of four statements, each to be looked at.
PRODUCT = (
    "$this ?t ?u . ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l "
    'FILTER(CONCAT(STR(?a), STR(?d), STR(?g), STR(?j)) = \\"no\\")'
)
ENDLESS = {
    "a query": f'sh:sparql [ sh:select "SELECT $this {{ {PRODUCT} }}" ]',
    "a pattern": "sh:property [ sh:path ex:text ; sh:pattern '^(?=a)(a+)+$' ]",
    "a target": f'sh:target [ a sh:SPARQLTarget ; sh:select "SELECT ?this {{ {PRODUCT} }}" ]',
}


def lay(folder: Path, asked: str) -> None:
    data = "".join(f"ex:n{n} ex:p {n} .\n" for n in range(400)) + f'ex:a ex:text "{"a" * 60}b" .'
    (folder / "data.ttl").write_text(PREFIXES + data)
    (folder / "shapes.ttl").write_text(PREFIXES + f"ex:Slow a sh:NodeShape ; sh:targetNode ex:a ; {asked} .")


def request(folder: Path, seconds: float) -> tuple[list[Path], ValidationRequest]:
    return [folder / "data.ttl"], ValidationRequest(shapes=(folder / "shapes.ttl",), timeout=seconds)


#: Limits to try, in seconds: on a machine with much to do, the first may be over while the data are read.
LIMITS = (3, 12, 50)
READING = "the data were being read"


@pytest.mark.parametrize(
    "case",
    [
        "a query",
        pytest.param("a pattern", marks=pytest.mark.thorough),  # of which another test asks for a report
        pytest.param("a target", marks=pytest.mark.thorough),
    ],
)
def test_shape_that_does_not_end_is_named(case: str, tmp_path: Path) -> None:
    lay(tmp_path, ENDLESS[case])
    for seconds in LIMITS:
        started = time.monotonic()
        (error,) = judge(*request(tmp_path, seconds)).errors
        taken = time.monotonic() - started
        if READING not in str(error):
            break
    expected = f"not done within {seconds} seconds; under way was the shape <https://example.org/Slow>"
    assert str(error) == expected
    assert isinstance(error, OutOfTimeError)
    assert taken < seconds + 60


def test_what_ends_in_time_ends_as_it_would(tmp_path: Path) -> None:
    lay(tmp_path, "sh:property [ sh:path ex:text ; sh:maxLength 5 ]")
    data, bounded = request(tmp_path, 300)
    found, plain = judge(data, bounded), judge(data, replace(bounded, timeout=0))
    assert found.findings == plain.findings != ()
    assert found.triples == plain.triples


def test_refusal_comes_back_from_the_other_process(tmp_path: Path) -> None:
    with pytest.raises(ShapeError, match=r"missing\.ttl"):
        limited(300, read_shape_files, [tmp_path / "missing.ttl"])


def test_fault_of_the_other_process_is_no_result(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="ended with 1"):
        limited(300, operator.truediv, 1, 0)
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_every_report_tells_that_the_time_was_over(tmp_path: Path) -> None:
    lay(tmp_path, ENDLESS["a pattern"])
    for seconds in LIMITS:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "mesoonto", "validate", "--timeout", str(seconds)),
                *("--shapes", "shapes.ttl", "--format", "sarif=out.sarif", "--format", "junit=out.xml"),
                "data.ttl",
            ],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if READING not in done.stderr:
            break
    said = f"not done within {seconds} seconds; under way was the shape <https://example.org/Slow>"
    assert (done.returncode, done.stderr) == (2, f"mesoonto: {said}\n")
    (run,) = json.loads((tmp_path / "out.sarif").read_text())["runs"]
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    assert [note["message"]["text"] for note in invocation["toolExecutionNotifications"]] == [said]
    (suite,) = ElementTree.parse(tmp_path / "out.xml").getroot().iter("testsuite")
    assert suite.get("errors") == "1"
