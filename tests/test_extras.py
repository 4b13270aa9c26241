"""What each command does where only the base of the package is installed, and what it says of the rest."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import mesoonto
import mesoonto_server
from mesoonto import extras
from mesoonto.cli import _COMMANDS
from mesoonto.errors import NotInstalledError

#: A call of each command, and the extra that it needs; "" where the base is enough.
CALLS: dict[str, tuple[list[str], str]] = {
    "backup": (["--help"], ""),
    "build": ([], "reason"),
    "check": (["terms.obo"], "reason"),
    "check-ids": (["--help"], ""),
    "check-sources": (["--help"], ""),
    "completion": (["bash"], ""),
    "diff": (["terms.obo", "terms.obo"], "reason"),
    "export": (["nanopub"], "exchange"),
    "import": (["--help"], ""),
    "publish": (["--help"], ""),
    "synth": (["cohort.nt", "--patients", "2"], ""),
    "explain": (["MESO:0003049", "subClassOf", "MESO:0003047"], ""),
    "fmt": (["--help"], ""),
    "load": (["--dataset-dir", "data", "terms.ttl"], ""),
    "man": ([], ""),
    "mcp": ([], "mcp"),
    "new": (["--help"], ""),
    "pool": ([], "synthesis"),
    "query": (["-e", "SELECT * { ?s a meso:Study } LIMIT 1"], ""),
    "reason": ([], "reason"),
    "release": (["0.2.0"], "release"),
    "report": ([], ""),
    "restore": (["--help"], ""),
    "serve": ([], "server"),
    "stats": ([], ""),
    "stratify": (["--set", "ASS1=lost"], ""),
    "validate": (["--inference", "rdfs", "--engine", "pyshacl", "terms.ttl"], ""),
    "version": ([], ""),
}

#: Modules that are reached only behind a call of `extras.need`, and the plugin that pytest loads.
BEHIND = re.compile(
    r"mesoonto\.(mcp|files\.obo|release\.(obo|publish)|validation\.(plugin|cluster))(\.|$)|mesoonto_server\."
)


def _base(name: str) -> Iterator[str]:
    """The distribution *name* and all that its installation without extras brings."""
    yield name
    for line in metadata.requires(name) or ():
        wanted = Requirement(line)
        if not wanted.marker or wanted.marker.evaluate({"extra": ""}):
            yield from _base(wanted.name)
            for extra in wanted.extras:  # rdflib[html], say
                yield from extras_of(wanted.name, extra)


def extras_of(name: str, extra: str) -> Iterator[str]:
    """What *extra* of the distribution *name* adds."""
    for line in metadata.requires(name) or ():
        wanted = Requirement(line)
        mark = wanted.marker
        if mark and mark.evaluate({"extra": extra}) and not mark.evaluate({"extra": ""}):
            yield from _base(wanted.name)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages that has the base of mesoonto and nothing else."""
    folder = tmp_path_factory.mktemp("packages")
    parts = {}
    for name in set(_base("mesoonto")):
        found = metadata.distribution(name)
        for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            parts[top] = Path(str(found.locate_file(top)))
    for module in (mesoonto, mesoonto_server):  # which are elsewhere in an editable installation
        parts[module.__name__] = Path(module.__file__ or "").parent
    for top, path in parts.items():
        (folder / top).symlink_to(path)
    return folder


@pytest.fixture
def base(tmp_path: Path, installed: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs Python with the base of mesoonto and nothing else."""
    (tmp_path / "terms.ttl").write_text("<http://a.example/> <http://b.example/> 1 .\n")
    (tmp_path / "terms.obo").write_text("format-version: 1.4\n\n[Term]\nid: X:1\nname: x\n")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-S", *arguments],
            # Where CI is true, a validation in which no shape found anything to judge fails.
            env={**os.environ, "PYTHONPATH": str(installed), "CI": ""},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


#: Calls commands one after the other and prints how each ended: code, whether it wrote, and what went wrong.
_CALL = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from mesoonto.cli import main
ended = {}
for command, arguments in json.loads(sys.argv[1]).items():
    out, err = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main([command, *arguments])
    except SystemExit as end:
        ended[command] = [end.code, bool(out.getvalue()), err.getvalue()]
print(json.dumps(ended))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "commands", [["query", "serve"], pytest.param(sorted(CALLS), marks=pytest.mark.thorough)]
)
def test_base_alone_answers_or_says_what_is_missing(
    commands: list[str], base: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    done = base("-c", _CALL, json.dumps({command: CALLS[command][0] for command in commands}))
    assert done.returncode == 0, done.stderr
    ended = json.loads(done.stdout)
    assert list(ended) == commands
    for command, (code, wrote, told) in ended.items():
        if extra := CALLS[command][1]:
            assert code == 2
            (line,) = told.splitlines()
            assert line.startswith("mesoonto: ")
            assert line.endswith(f" not installed: pip install 'mesoonto[{extra}]'")
        else:
            assert (command, code, wrote) == (command, 0, True), told


def test_every_command_is_tried() -> None:
    assert set(CALLS) == set(_COMMANDS)


_IMPORT_ALL = """
import importlib, pkgutil, mesoonto, mesoonto_server
for package in (mesoonto, mesoonto_server):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        try:
            found.name.endswith("__main__") or importlib.import_module(found.name)
        except ModuleNotFoundError as error:
            print(found.name, error.name)
"""


@pytest.mark.thorough
def test_only_modules_behind_an_extra_need_more_than_the_base(
    base: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = base("-c", _IMPORT_ALL)
    assert done.returncode == 0, done.stderr
    failed = [line.split()[0] for line in done.stdout.splitlines()]
    assert "mesoonto_server.web.app" in failed
    assert [name for name in failed if not BEHIND.match(name)] == []


def test_api_needs_no_extra(base: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = base(
        "-c", "import mesoonto; [getattr(mesoonto, name) for name in mesoonto.__all__]; print('well')"
    )
    assert (done.stdout, done.stderr) == ("well\n", "")


def test_validation_on_a_cluster_says_what_it_needs(
    base: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = base("-m", "mesoonto", "validate", "--scheduler", "local", "terms.ttl")
    assert done.returncode == 2
    assert done.stderr == (
        "mesoonto: --scheduler needs the extra cluster, of which distributed, numpy are not installed: "
        "pip install 'mesoonto[cluster]'\n"
    )


class TestAdvice:
    def test_library_that_a_change_brought_in_is_told(
        self,
        mesoonto: Callable[..., subprocess.CompletedProcess[str]],
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> None:
        (tmp_path / "terms.ttl").touch()
        monkeypatch.setitem(sys.modules, "owlrl", None)
        done = mesoonto("validate", "--inference", "rdfs", "terms.ttl")
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert line.startswith("mesoonto: the library owlrl is not installed")

    @pytest.mark.parametrize(
        ("makefile", "command"), [(True, "run: make setup"), (False, "pip install 'mesoonto[all]'")]
    )
    def test_command_to_run_is_that_of_the_installation(
        self, makefile: bool, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("mesoonto.resources.root", lambda: tmp_path)
        if makefile:
            (tmp_path / "Makefile").touch()
        told = extras.advice(ModuleNotFoundError("No module named 'novelty'", name="novelty.parts"))
        assert told is not None
        assert told.startswith("the library novelty is not installed")
        assert told.endswith(command)

    @pytest.mark.parametrize("name", ["mesoonto.typo", "mesoonto_server.web.typo", "json.typo", None])
    def test_own_module_that_is_not_there_stays_a_traceback(self, name: str | None) -> None:
        assert extras.advice(ModuleNotFoundError("No module", name=name)) is None


def test_extra_that_is_installed_in_part_is_told_with_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(extras, "_is_installed", lambda name: name != "uvloop")
    with pytest.raises(NotInstalledError) as told:
        extras.need("server", "the server")
    assert str(told.value) == (
        "the server needs the extra server, of which uvloop is not installed: pip install 'mesoonto[server]'"
    )


def test_extra_all_is_all_of_them() -> None:
    names = set(metadata.metadata("mesoonto").get_all("Provides-Extra") or ()) - {"all"}
    assert len(names) > 5
    one_by_one = {library for name in names for library in extras._libraries(name)}
    assert set(extras._libraries("all")) == one_by_one
