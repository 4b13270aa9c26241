"""Pages of documentation whose commands are run, in order, and whose output is compared."""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.checkout

MARK = "-- the next command --"


@dataclass(frozen=True, slots=True)
class Step:
    """A command, and what the page says that it prints; ``...`` there stands for anything."""

    command: str
    output: str

    @property
    def pattern(self) -> str:
        return ".*".join(map(re.escape, self.output.split("...")))


def steps(page: str) -> list[Step]:
    """The commands of *page*: lines after ``$``, with those after ``>`` that continue them."""
    found = []
    for block in re.findall(
        r"^```console\n(.*?)^```", (ROOT / "docs" / page).read_text("utf-8"), re.M | re.S
    ):
        for step in re.split(r"^\$ ", block, flags=re.M)[1:]:
            lines = step.splitlines()
            more = 1 + next(
                (i for i, line in enumerate(lines[1:]) if not line.startswith(">")), len(lines) - 1
            )
            command = [lines[0], *(line[1:].removeprefix(" ") for line in lines[1:more])]
            found.append(Step("\n".join(command), "\n".join(lines[more:])))
    return found


def walk(taken: list[Step], address: str, folder: Path) -> None:
    """Run the steps in one shell in *folder*, with the server at *address*; all print what the page says."""
    script = "".join(f"{step.command}\necho; echo '{MARK}'\n" for step in taken)
    scripts = sysconfig.get_path("scripts")
    who = {
        f"GIT_{role}_{what}": "a@example.org"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    none = dict.fromkeys(("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"), os.devnull)
    path = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **who, **none, "PATH": path, "COLUMNS": "110", "LC_ALL": "C.UTF-8"}
    environment.pop("CI", None)
    done = subprocess.run(
        ["bash", "-c", "exec 2>&1\n" + script.replace("http://127.0.0.1:7878/", address)],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    printed = done.stdout.split(f"{MARK}\n")[:-1]
    assert len(printed) == len(taken), done.stdout
    texts = [text.replace("\r", "").strip("\n") for text in printed]
    wrong = [
        f"$ {step.command}\n{text}\n  in place of\n{step.output}"
        for step, text in zip(taken, texts, strict=True)
        if not re.fullmatch(step.pattern, text, re.DOTALL)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.curl
@pytest.mark.jq
@pytest.mark.thorough
def test_commands_of_the_shell_page_print_what_it_says(address: str, tmp_path: Path) -> None:
    walk(steps("shell.md"), address, tmp_path)


@pytest.mark.curl
def test_first_requests_of_the_shell_page_print_what_it_says(address: str, tmp_path: Path) -> None:
    """Those to the server up to the first in each format of rows, without a process for each query."""
    taken = [step for step in steps("shell.md") if not step.command.startswith("mesoonto")]
    walk(taken[:7], address, tmp_path)


@pytest.mark.r
def test_page_on_r_prints_what_it_says_and_draws(address: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "r.md").read_text("utf-8").replace("http://127.0.0.1:7878/", address)
    code = "".join(re.findall(r"^```r\n(.*?)^```", text, re.M | re.S))
    path = tmp_path / "page.R"
    path.write_text(code, "utf-8")
    done = subprocess.run(
        ["Rscript", "--vanilla", path], cwd=tmp_path, env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    printed = [line.rstrip() for line in done.stdout.splitlines() if line.strip()]
    expected = "".join(re.findall(r"^```text\n(.*?)^```", text, re.M | re.S)).splitlines()
    assert printed[:-1] == expected
    assert re.fullmatch(r"\d+ of \d+ without an interval on record", printed[-1])
    assert (tmp_path / "forest.pdf").read_bytes().startswith(b"%PDF-")
