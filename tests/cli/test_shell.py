"""What a shell completes, and the manual pages, read by the programs that they are made for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from mesoonto.cli import _COMMANDS, cli, manual

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return manual.pages(cli)


class TestCompletion:
    @pytest.mark.parametrize(
        ("words", "offered"),
        [
            (["que"], ["query"]),
            (["query", "--form"], ["--format"]),
            (["check-"], ["check-ids", "check-sources"]),
            (["query", "--format", "turt"], ["turtle"]),
        ],
    )
    def test_bash_completes_commands_options_and_values(
        self, words: list[str], offered: list[str], mesoonto: Run, tmp_path: Path
    ) -> None:
        program = tmp_path / "mesoonto"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mesoonto "$@"\n')
        program.chmod(0o755)
        (tmp_path / "script").write_text(mesoonto("completion", "bash").stdout)
        typed = " ".join(["mesoonto", *words])
        asked = (
            f"source ./script; COMP_WORDS=({typed}); COMP_CWORD={len(words)}; "
            "_mesoonto_completion mesoonto; printf '%s\\n' \"${COMPREPLY[@]}\""
        )
        done = subprocess.run(
            ["bash", "--norc", "-c", asked],
            cwd=tmp_path,
            env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.stdout.split(), done.stderr) == (offered, "")

    @pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
    def test_script_asks_the_command_that_it_is_for(self, shell: str, mesoonto: Run) -> None:
        done = mesoonto("completion", shell)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"_MESOONTO_COMPLETE={shell}_complete" in done.stdout

    def test_unknown_shell_is_refused(self, mesoonto: Run) -> None:
        assert mesoonto("completion", "ksh").returncode == 2


class TestManual:
    def test_every_command_has_a_page_with_its_options(self, pages: dict[str, str]) -> None:
        assert set(pages) == {"mesoonto", *(f"mesoonto-{name}" for name in _COMMANDS)}
        context = click.Context(cli, info_name="mesoonto")
        for name in _COMMANDS:
            command = cli.get_command(context, name)
            assert command is not None
            text = pages[f"mesoonto-{name}"].replace("\\-", "-")
            options = {
                o for p in command.params if isinstance(p, click.Option) for o in p.opts if o[:2] == "--"
            }
            assert [option for option in options if option not in text] == []

    def test_nothing_in_a_page_is_taken_for_a_request_of_roff(self, pages: dict[str, str]) -> None:
        known = {".TH", ".ad", ".SH", ".PP", ".TP", ".B", ".BR", ".RS", ".RE", ".nf", ".fi"}
        lines = [line for text in pages.values() for line in text.splitlines()]
        assert {line.split()[0] for line in lines if re.match(r"[.']", line)} <= known
        assert [line for line in lines if re.search(r"\\(?![-e&(])", line)] == []

    @pytest.mark.groff
    def test_groff_has_nothing_to_say_of_any_page(self, pages: dict[str, str]) -> None:
        typeset = subprocess.run(
            ["groff", "-ww", "-Wbreak", "-k", "-man", "-Tutf8", "-P-cbou"],
            input="\n".join(pages.values()),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert typeset.stderr == ""
        assert "mesoonto query -e 'SELECT * { ?trial a meso:Study } LIMIT 3'\n" in typeset.stdout
        assert "--shapes TEXT" in typeset.stdout

    def test_command_writes_them_all(self, mesoonto: Run, tmp_path: Path, pages: dict[str, str]) -> None:
        assert mesoonto("man", "--output", "man1").returncode == 0
        assert {p.name: p.read_text("utf-8") for p in (tmp_path / "man1").iterdir()} == {
            f"{name}.1": text for name, text in pages.items()
        }

    def test_command_prints_one(self, mesoonto: Run, pages: dict[str, str]) -> None:
        assert mesoonto("man").stdout == pages["mesoonto"]
        assert mesoonto("man", "query").stdout == pages["mesoonto-query"]
        assert mesoonto("man", "nosuch").returncode == 2
        assert mesoonto("man", "query", "--output", "x").returncode == 2
