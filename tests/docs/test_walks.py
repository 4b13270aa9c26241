"""Tutorials, recipes and explanations do what they say: each page is walked, block by block, in a new folder.

Blocks ``sh`` and ``python`` run in order. A block ``text`` behind one shows what it printed, or parts of it;
numbers, digests and the widths of tables may differ, since they change with the data.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from mesoonto import resources
from tests.conftest import free_port

DOCS = resources.root() / "docs"
FOLDERS = ("tutorials", "how-to", "explanation")

#: Pages that are walked in a clone, since they change files of the project or ask by them.
IN_A_CLONE = {"ontology-editor", "developer", "curate", "evidence"}

#: What takes a few seconds or less in all and runs always.
QUICK = {"validate"}

#: The port of the server that a reader is asked to have running.
READERS = "7878"

#: Of the lines shown, the share that must be printed again: others may be about records that have changed.
ENOUGH = 0.7

pytestmark = pytest.mark.checkout


@dataclass(frozen=True, slots=True)
class Block:
    """One example of a page, with what is shown of its output."""

    language: str
    code: str
    shown: str


def blocks(page: Path) -> list[Block]:
    """The examples of *page* that run."""
    found: list[Block] = []
    for language, text in re.findall(
        r"^```(\w+)\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    ):
        if language in ("sh", "python"):
            found.append(Block(language, text, ""))
        elif language == "text" and found:
            found[-1] = Block(found[-1].language, found[-1].code, text)
    return found


def pages() -> Iterator[object]:
    for page in sorted(page for folder in FOLDERS for page in (DOCS / folder).glob("*.md")):
        if page.exists() and blocks(page):
            marks = [] if page.stem in QUICK else [pytest.mark.thorough]
            if page.stem == "ontology-editor":
                marks.append(pytest.mark.java)
            yield pytest.param(page, id=f"{page.parent.name}/{page.stem}", marks=marks)


@pytest.mark.slow
@pytest.mark.parametrize("page", [*pages()])
def test_page_does_what_it_says(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    ports = {number: str(free_port()) for number in set(re.findall(r"\b78\d\d\b", page.read_text("utf-8")))}
    if READERS in ports:
        address: str = request.getfixturevalue("address")
        ports[READERS] = address.rstrip("/").rpartition(":")[2]
    if page.stem in IN_A_CLONE:
        make_clone(tmp_path)
    with _servers_ended(tmp_path):
        for number, block in enumerate(blocks(page), 1):
            code = _with_ports(block.code, ports)
            command = ["bash", "-c", code] if block.language == "sh" else [sys.executable, "-c", code]
            done = subprocess.run(
                command,
                cwd=tmp_path,
                env=_environment(tmp_path if page.stem in IN_A_CLONE else None),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=300,
            )
            said = f"{page.name}, block {number}: ended with {done.returncode}\n{block.code}\n{done.stdout}"
            assert done.returncode in (0, 1), said
            assert "Traceback" not in done.stdout, said
            printed = set(lines(done.stdout))
            shown = [line for line in lines(block.shown) if line != "..."]
            missing = [line for line in shown if line not in printed]
            assert len(missing) <= (1 - ENOUGH) * len(shown), f"{said}\nnot printed: {missing}"


def test_walk_notices_output_that_is_not_printed() -> None:
    assert lines("2 rows") == lines("315 rows")
    assert lines("│ a  │ 0.74 │") == lines("│ a │ 1.2  │")
    assert not set(lines("renewed the file")) & set(lines("the file is up to date"))


def make_clone(folder: Path) -> None:
    """What a clone has that the examples look at, with its branch *main*."""
    for name in ("ontology", "shapes", "src", "server/mesoonto_server", "tests"):
        left_out = shutil.ignore_patterns("__pycache__", "build")
        shutil.copytree(resources.root() / name, folder / name, ignore=left_out)
    shutil.copy(resources.root() / "pyproject.toml", folder)
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)


def _environment(clone: Path | None) -> dict[str, str]:
    """As a reader has it: the command on the path, nothing of this test run."""
    ours = ("COV", "PYTEST", "MESOONTO", "CI")
    found = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    found |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "108",
        "NO_COLOR": "1",
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.org",
    }
    if clone is not None:
        found["PYTHONPATH"] = f"{clone / 'src'}{os.pathsep}{clone / 'server'}"
    return found


@contextmanager
def _servers_ended(folder: Path) -> Iterator[None]:
    """End what a page started and, where its walk broke off, did not end."""
    try:
        yield
    finally:
        for file in folder.glob("*.pid"):
            with suppress(ProcessLookupError):
                os.kill(int(file.read_text("utf-8")), signal.SIGTERM)


def _with_ports(code: str, ports: dict[str, str]) -> str:
    return re.sub(r"\b78\d\d\b", lambda found: ports[found[0]], code)


def lines(text: str) -> list[str]:
    """The lines of *text* without what changes with the data: numbers, digests, widths."""
    plain = re.sub(r"\b[0-9a-f]{6,}\b", "0", text)
    plain = re.sub(r"\d+(?:[.:,-]\d+)*", "0", plain)
    plain = re.sub(r"[─┌┬┐├┼┤└┴┘|+-]+", "-", plain)
    return [" ".join(line.split()) for line in plain.splitlines() if line.strip()]
