"""The measured steps: making a cohort, loading it, asking it, validating it, publishing and following it.

Each step of a size leaves its figures as FOLDER/SIZE/STEP.json, so that a run that was stopped goes on where
it was, and steps can run beside each other.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .process import ScalingError, run, size_on_disk
from .queries import SEED, TEMPLATES
from .serving import measured, served

#: The command line of the environment that runs this.
_MESOONTO = Path(sys.executable).with_name("mesoonto")

#: Processor seconds after which no more warm queries of a template are asked.
_MOST_WARM = 60.0

#: Templates that are asked so often or more look at one patient.
_OFTEN = 100

#: A validation that finds the faults ends with 1.
_FINDS = (1,)


class SizedFolder:
    """The files of one size, and the figures of its steps."""

    def __init__(self, folder: Path, triples: int) -> None:
        self.triples = triples
        self.path = folder / f"{triples}"
        self.path.mkdir(parents=True, exist_ok=True)
        self.cohort = self.path / "cohort.nt.zst"
        self.summary = self.path / "expected.json"
        self.shapes = self.path / "shapes.ttl"
        self.dataset = self.path / "dataset"
        self.published = self.path / "published"

    def facts(self, step: str) -> dict[str, Any]:
        """The figures of *step*. Raises ScalingError where it has not run."""
        try:
            found: dict[str, Any] = json.loads((self.path / f"{step}.json").read_text())
        except FileNotFoundError:
            raise ScalingError(f"{self.path}: the step {step} comes first") from None
        return found

    def has(self, step: str) -> bool:
        """Whether *step* has run."""
        return (self.path / f"{step}.json").exists()

    def note(self, step: str, facts: dict[str, Any]) -> None:
        """Keep the figures of *step*."""
        facts["ended"] = f"{datetime.now(UTC):%Y-%m-%d %H:%M UTC}"
        partial = self.path / f"{step}.json.partial"
        partial.write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n")
        partial.rename(self.path / f"{step}.json")


def synth(sized: SizedFolder) -> None:
    """Make the cohort: its number of triples, patients and faults, and its bytes."""
    cost, _ = run(
        [
            _MESOONTO, "synth", sized.cohort, "--triples", str(sized.triples), "--seed", str(SEED),
            "--shapes", sized.shapes, "--summary", sized.summary,
        ]
    )  # fmt: skip
    summary = json.loads(sized.summary.read_text())
    sized.note(
        "synth",
        cost.facts()
        | {
            "triples": summary["triples"],
            "patients": summary["patients"],
            "faults": sum(summary["faults"].values()),
            "packed_bytes": sized.cohort.stat().st_size,
        },
    )


def load(sized: SizedFolder) -> None:
    """`mesoonto load` into a new dataset on disk."""
    shutil.rmtree(sized.dataset, ignore_errors=True)
    cost, _ = run([_MESOONTO, "load", sized.cohort, "--dataset-dir", sized.dataset])
    sized.note("load", cost.facts() | {"dataset_bytes": size_on_disk(sized.dataset)})


def ask(sized: SizedFolder) -> None:
    """Each template by `benchmarks.scaling.ask`, in a process of its own; what counts all must find all."""
    synthetic = sized.facts("synth")
    sized.facts("load")
    answers: dict[str, Any] = {}
    for template in TEMPLATES:
        _, told = run(
            [
                sys.executable, "-m", "benchmarks.scaling.ask", sized.dataset, template.name,
                str(synthetic["patients"]), str(_MOST_WARM),
            ]
        )  # fmt: skip
        answers[template.name] = json.loads(told)
        sized.note("ask", {"templates": answers})
    counted = int(answers["count"]["answer"])
    if counted != synthetic["triples"]:
        raise ScalingError(f"{counted:,} triples were counted where {synthetic['triples']:,} were made")


def serve(sized: SizedFolder) -> None:
    """The templates that look at one patient, of a server of the dataset over HTTP."""
    patients = sized.facts("synth")["patients"]
    sized.facts("load")
    with served(sized.dataset) as (port, root):
        found = {
            template.name: measured(port, root, template, patients)
            for template in TEMPLATES
            if template.warm >= _OFTEN
        }
    sized.note("serve", {"templates": found})


def validate(sized: SizedFolder) -> None:
    """`mesoonto validate` against the shapes of the cohort; the faults that were made must be found."""
    synthetic = sized.facts("synth")
    report = sized.path / "report.json"
    cost, _ = run(
        [
            _MESOONTO, "validate", "--shapes", sized.shapes, "--format", f"json={report}", "--limit", "0",
            sized.cohort,
        ],
        _FINDS,
    )  # fmt: skip
    findings = _findings(report)
    if findings != synthetic["faults"]:
        raise ScalingError(f"{findings:,} findings where {synthetic['faults']:,} faults were made")
    sized.note("validate", cost.facts() | {"focus_nodes": focus_nodes(sized), "findings": findings})


def focus_nodes(sized: SizedFolder) -> int:
    """How many records there are, each the focus node of one node shape."""
    import zstandard

    types = b"<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    found = 0
    with zstandard.open(sized.cohort, "rb") as lines:
        rest = b""
        while part := lines.read(1 << 20):
            rest += part
            whole, _, rest = rest.rpartition(b"\n")
            found += whole.count(types)
    return found + rest.count(types)


def _findings(report: Path) -> int:
    return len(json.loads(report.read_text())["findings"])


def publish(sized: SizedFolder) -> None:
    """`mesoonto publish` to a new directory."""
    sized.facts("load")
    shutil.rmtree(sized.published, ignore_errors=True)
    cost, _ = run([_MESOONTO, "publish", sized.published, "--dataset-dir", sized.dataset])
    sized.note("publish", cost.facts() | {"published_bytes": size_on_disk(sized.published)})


def follow(sized: SizedFolder) -> None:
    """What a replica does with a version: fetch, load, verify, switch; without the server around it."""
    sized.facts("publish")
    copy = sized.path / "replica"
    shutil.rmtree(copy, ignore_errors=True)
    cost, _ = run([sys.executable, "-m", "benchmarks.scaling.follow_once", sized.published, copy])
    sized.note("follow", cost.facts() | {"replica_bytes": size_on_disk(copy)})
    shutil.rmtree(copy)


#: In the order in which they need each other.
STEPS: dict[str, Callable[[SizedFolder], None]] = {
    "synth": synth,
    "load": load,
    "ask": ask,
    "serve": serve,
    "validate": validate,
    "publish": publish,
    "follow": follow,
}
