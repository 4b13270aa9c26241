"""The wheel and the source distribution: what is in them, and what a new environment makes of them."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from mesoonto import __version__
from tests.conftest import ROOT, served

pytestmark = [pytest.mark.checkout, pytest.mark.slow]

#: What no wheel needs, and bytes that it stays below: 2.8 MB measured.
STRANGE, LARGEST = ("tests/", "benchmarks/", "frontend/", "node_modules/", "docs/", "__pycache__/"), 4 << 20

QUESTION = "SELECT ?s { ?s a meso:Study ; rdfs:label 'CheckMate 743'@en }"


def _built(kind: str, source: Path, folder: Path) -> Path:
    builder = {"sdist": SdistBuilder, "wheel": WheelBuilder}[kind](str(source))
    (made,) = builder.build(directory=str(folder), versions=["standard"])
    return Path(made)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _built("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


def test_source_distribution_made_again_from_itself_is_the_same(tmp_path: Path) -> None:
    first = _built("sdist", ROOT, tmp_path / "first")
    with tarfile.open(first) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    for path in unpacked.rglob("*"):
        path.touch()  # another day
    assert _built("sdist", unpacked, tmp_path / "second").read_bytes() == first.read_bytes()


def test_wheel_holds_what_is_needed_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {"mesoonto/py.typed", "mesoonto_server/py.typed", "mesoonto/_data/ontology/mesoonto.ttl"} <= {
        *names
    }
    assert [name for name in names if any(part in f"/{name}" for part in STRANGE)] == []
    assert {name.split("/")[0] for name in names} == {
        "mesoonto", "mesoonto_server", f"mesoonto-{__version__}.dist-info"
    }  # fmt: skip
    assert wheel.stat().st_size < LARGEST


@pytest.fixture(scope="module")
def folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that had nothing, with the versions of requirements.lock."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "venv"], cwd=folder, check=True, timeout=120)
    pins = re.findall(r"^[^\s#].*==.*?(?= \\)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert len(pins) > 20
    (folder / "pins.txt").write_text("\n".join(pins))
    _install(folder, str(wheel))
    return folder


def _install(folder: Path, what: str) -> None:
    options = ("--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--no-compile")
    command = ["venv/bin/python", "-m", "pip", "install", *options, "--constraint", "pins.txt", what]
    subprocess.run(command, cwd=folder, check=True, timeout=300)


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(
        [f"venv/bin/{command[0]}", *command[1:]],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_base_asks_validates_and_is_imported(folder: Path) -> None:
    assert __version__ in _run(folder, "mesoonto", "--version")
    answer = _run(folder, "mesoonto", "query", "--format", "csv", "-e", QUESTION)
    assert answer.split() == ["s", "https://w3id.org/mesoonto/data/study_NCT02899299"]
    assert " 0 violations" in _run(folder, "mesoonto", "validate")
    program = f"from mesoonto import Dataset; print(len(Dataset().query({QUESTION!r})))"
    assert _run(folder, "python", "-c", program) == "1\n"


def test_with_its_extra_it_serves(folder: Path, wheel: Path) -> None:
    _install(folder, f"{wheel}[server]")
    python = folder / "venv" / "bin" / "python"
    with served(within=("sh", "-c", f'shift; exec "{python}" "$@"', "sh")) as server:
        query = urllib.parse.urlencode({"query": QUESTION})
        asked = urllib.request.Request(f"{server.address}sparql?{query}", headers={"Accept": "text/csv"})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            assert b"study_NCT02899299" in answer.read()
