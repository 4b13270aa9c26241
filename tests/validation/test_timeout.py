"""A validation that would not end is ended in time, and the shape that holds it up is named."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.validation.helpers import PREFIXES

SCRIPT = """
import sys
from pathlib import Path
from mesoonto.errors import MesoontoError
from mesoonto.validation.timeout import limited
from mesoonto.validation.validate import validate

def work():
    report = validate([Path(sys.argv[2])], [Path(sys.argv[1])])
    print(len(report.results))
    raise SystemExit(len(report.results))

try:
    raise SystemExit(limited(float(sys.argv[3]), work))
except MesoontoError as error:
    print(error)
    raise SystemExit(99)
"""

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


def run(folder: Path, asked: str, seconds: float) -> tuple[int, str]:
    data = "".join(f"ex:n{n} ex:p {n} .\n" for n in range(400)) + f'ex:a ex:text "{"a" * 60}b" .'
    (folder / "data.ttl").write_text(PREFIXES + data)
    (folder / "shapes.ttl").write_text(PREFIXES + f"ex:Slow a sh:NodeShape ; sh:targetNode ex:a ; {asked} .")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "shapes.ttl", "data.ttl", str(seconds)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    return done.returncode, done.stdout


@pytest.mark.parametrize("case", ENDLESS)
def test_shape_that_does_not_end_is_named(case: str, tmp_path: Path) -> None:
    started = time.monotonic()
    code, text = run(tmp_path, ENDLESS[case], 5)
    assert (code, text) == (
        99,
        "not done within 5 seconds; under way was the shape <https://example.org/Slow>\n",
    )
    assert time.monotonic() - started < 60


def test_what_ends_in_time_ends_as_it_would(tmp_path: Path) -> None:
    code, text = run(tmp_path, "sh:property [ sh:path ex:text ; sh:maxLength 5 ]", 300)
    assert (code, text) == (1, "1\n")


def test_every_report_tells_that_the_time_was_over(tmp_path: Path) -> None:
    data = "".join(f"ex:n{n} ex:p {n} .\n" for n in range(400)) + f'ex:a ex:text "{"a" * 60}b" .'
    (tmp_path / "data.ttl").write_text(PREFIXES + data)
    shapes = f"ex:Slow a sh:NodeShape ; sh:targetNode ex:a ; {ENDLESS['a pattern']} ."
    (tmp_path / "shapes.ttl").write_text(PREFIXES + shapes)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mesoonto", "validate", "--timeout", "3", "--shapes", "shapes.ttl"),
            *("--format", "sarif=out.sarif", "--format", "junit=out.xml", "data.ttl"),
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = "not done within 3 seconds; under way was the shape <https://example.org/Slow>"
    assert (done.returncode, done.stderr) == (2, f"mesoonto: {said}\n")
    (run,) = json.loads((tmp_path / "out.sarif").read_text())["runs"]
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    assert [note["message"]["text"] for note in invocation["toolExecutionNotifications"]] == [said]
    (suite,) = ElementTree.parse(tmp_path / "out.xml").getroot().iter("testsuite")
    assert suite.get("errors") == "1"
