"""Each option of a validation asks for the same at every door; the documentation says where one lacks it."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from mesoonto.cli.validate import validate as command
from mesoonto.errors import InputError
from mesoonto.validation import request as requests
from mesoonto.validation.plugin import Shacl
from mesoonto.validation.report.findings import Report
from mesoonto.validation.request import ValidationRequest, from_words, names
from mesoonto.validation.upload import REFUSED
from tests.conftest import ROOT
from tests.validation.test_integrations import yaml

pytestmark = pytest.mark.checkout

DOORS = ("Action", "pytest", "/validate", "page")

#: A value of each option that is not the one that it has when nobody names it.
VALUES = {
    "shapes": "s.ttl", "ontology": "terms.owl", "context": "rest", "catalog": "catalog.xml",
    "engine": "pyshacl", "fail-on": "warning", "strict": "true", "ignore": "deactivated", "focus": "https://example.org/a",
    "shape": "https://example.org/S", "limit": "7", "inference": "rdfs", "repeat-rules": "true",
    "data-format": "turtle", "allow-network": "true", "changed-since": "HEAD", "coverage": "true",
    "warnings": "true", "timeout": "9.5",
}  # fmt: skip


def table() -> dict[str, dict[str, str]]:
    """The rows of the table in the documentation."""
    lines = (ROOT / "docs" / "validating.md").read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| option |"))
    columns = [cell.strip() for cell in lines[start].strip("|").split("|")]
    rows = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        rows[cells[0].strip("`").removeprefix("--")] = dict(zip(columns, cells, strict=True))
    return rows


def options_of_the_command() -> set[str]:
    return {p.opts[0].removeprefix("--") for p in command.params if p.param_type_name == "option"}


def at_the_door(door: str) -> set[str]:
    """The options that a door has."""
    if door == "Action":
        return set(yaml(ROOT / "action.yml")["inputs"]) & options_of_the_command()  # type: ignore[call-overload, arg-type]
    if door == "pytest":
        return set(names())
    if door == "/validate":
        return set(names()) - set(REFUSED)
    page = (ROOT / "server" / "mesoonto_server" / "web" / "templates" / "validate.html").read_text()
    fields = set(re.findall(r'<(?:input|select)[^>]* name="([^"]+)"', page)) - {"file", "shapes", "context"}
    assert fields <= set(names()) - set(REFUSED)
    return fields


def test_table_names_every_option_and_no_other() -> None:
    assert set(table()) == options_of_the_command()
    assert set(names()) == set(VALUES) <= options_of_the_command()


@pytest.mark.parametrize("door", DOORS)
def test_table_says_what_a_door_has(door: str) -> None:
    assert {option for option, row in table().items() if row[door] == "yes"} == at_the_door(door)


def test_table_says_why_a_door_has_not() -> None:
    for option, row in table().items():
        cells = {row[door] for door in DOORS}
        assert cells <= {"yes", "no"}, option
        assert bool(row["why not"]) == ("no" in cells), option


def asked_by_command(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> ValidationRequest:
    """What the command line asks for with *arguments*."""
    asked: list[ValidationRequest] = []

    def judge(_: object, request: ValidationRequest, *__: object) -> Report:
        asked.append(request)
        return Report((), 0, 0)

    monkeypatch.setattr(requests, "judge", judge)
    done = CliRunner(env={"CI": ""}).invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return asked[0]


def flags(option: str) -> list[str]:
    return [f"--{option}"] if VALUES[option] == "true" else [f"--{option}", VALUES[option]]


def written(request: ValidationRequest) -> dict[str, object]:
    """The options of *request*, files by their names."""
    values = {field.name: getattr(request, field.name) for field in fields(request)}
    return {name: tuple(map(str, v)) if isinstance(v, tuple) else v for name, v in values.items()}


def expected(option: str) -> ValidationRequest:
    return from_words({option: [VALUES[option]]})


@pytest.mark.parametrize("option", VALUES)
def test_option_asks_for_something(option: str) -> None:
    assert expected(option) != ValidationRequest()
    assert from_words({option.replace("-", "_"): [VALUES[option]]}) == expected(option)


@pytest.mark.parametrize("option", VALUES)
def test_command_line_asks_for_the_same(monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    asked = asked_by_command(monkeypatch, [*flags(option), "data.ttl"])
    assert written(asked) == written(expected(option))


@pytest.mark.parametrize("option", VALUES)
def test_plugin_asks_for_the_same(option: str) -> None:
    by_option = Shacl(Path(), options=["strict=false", f"{option}={VALUES[option]}"])._request((), {})
    value: object = {"true": True, "7": 7, "9.5": 9.5}.get(VALUES[option], VALUES[option])
    if option == "shapes":
        by_argument = Shacl(Path(), options=["strict=false"])._request(VALUES["shapes"], {})
    else:
        by_argument = Shacl(Path(), options=["strict=false"])._request((), {option.replace("-", "_"): value})
    assert written(by_option) == written(by_argument) == written(expected(option))


@pytest.mark.parametrize("option", sorted(at_the_door("Action")))
def test_action_asks_for_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, option: str) -> None:
    if option not in VALUES:
        return
    plain, chosen = (
        asked_by_command(monkeypatch, by_action(tmp_path / name, inputs))
        for name, inputs in (("plain", {}), ("chosen", {option: VALUES[option]}))
    )
    assert written(plain) == written(from_words({"strict": ["true"]}))
    assert written(chosen) == written(from_words({"strict": ["true"], option: [VALUES[option]]}))


def by_action(folder: Path, inputs: dict[str, str]) -> list[str]:
    """The arguments with which the script of the Action calls the program."""
    action = yaml(ROOT / "action.yml")
    step = action["runs"]["steps"][-1]  # type: ignore[call-overload, index]
    usual = {name: str(row.get("default", "")) for name, row in action["inputs"].items()}  # type: ignore[call-overload, union-attr]
    given = usual | {"data": "data.ttl"} | inputs
    environment = {
        name: given[text.strip("${} ").removeprefix("inputs.")] for name, text in step["env"].items()
    }
    program = folder / "mesoonto" / "bin" / "mesoonto"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/bash\nprintf "%s\\0" "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        capture_output=True, text=True, check=True, cwd=folder,
        env={"PATH": os.environ["PATH"], "RUNNER_TEMP": str(folder), **environment},
    )  # fmt: skip
    subcommand, *arguments = done.stdout.removesuffix("\0").split("\0")
    assert subcommand == "validate"
    return re.sub("--format\0[^\0]+\0", "", "\0".join(arguments)).split("\0")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"timout": ["1"]}, "timout is no option; did you mean timeout"),
        ({"fail_onn": ["info"]}, "did you mean fail-on"),
        ({"local": ["true"]}, "local is no option"),
        ({"strict": ["perhaps"]}, "strict: perhaps is neither true nor false"),
        ({"limit": ["-1"]}, "limit: -1 is no number"),
        ({"timeout": ["inf"]}, "timeout: inf is no number"),
        ({"timeout": ["999999999"]}, "timeout: 1e\\+09 is no number of seconds up to 31,622,400"),
        ({"inference": ["owl"]}, "owl is no inference; choose from rdfs, owlrl"),
    ],
)
def test_option_that_is_none_is_told(words: dict[str, list[str]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        from_words(words)
