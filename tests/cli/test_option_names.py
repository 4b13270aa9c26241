"""Names of options: the clearer ones and those of before mean the same, wherever they are written."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import mesoonto_server.processes
from mesoonto.cli import cli
from mesoonto_server.settings import Settings

NAMES = [("dataset-dir", "location"), ("rdf-file", "data"), ("query-workers", "workers")]
NAMES += [("query-memory", "memory")]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings with which a server would have been started."""
    found: list[Settings] = []
    monkeypatch.setattr(mesoonto_server.processes, "serve", lambda settings, *_: found.append(settings))
    return found


@pytest.mark.parametrize(("clearer", "before"), NAMES)
@pytest.mark.parametrize("way", ["option", "environment", "configuration"])
def test_server_takes_both_names(
    served: list[Settings], tmp_path: Path, clearer: str, before: str, way: str
) -> None:
    for name in (clearer, before):
        key, config = name.replace("-", "_"), tmp_path / f"{name}.toml"
        config.write_text(f"{key} = {7 if before in ('workers', 'memory') else chr(34) + '7' + chr(34)}\n")
        arguments = {"option": [f"--{name}", "7"], "configuration": ["--config", str(config)]}.get(way, [])
        env = {f"MESOONTO_{key.upper()}": "7"} if way == "environment" else {}
        done = CliRunner().invoke(
            cli, ["serve", *arguments], env=env, auto_envvar_prefix="MESOONTO", catch_exceptions=False
        )
        assert done.exit_code == 0, done.output
    setting = clearer.replace("-", "_")
    assert [str(getattr(found, setting)) for found in served] == ["7", "7"]


@pytest.mark.parametrize("name", NAMES[0])
def test_directory_of_a_dataset_takes_both_names(tmp_path: Path, name: str) -> None:
    data = tmp_path / "x.nt"
    data.write_text("<http://e/a> <http://e/p> <http://e/b> .\n")
    done = CliRunner().invoke(cli, ["load", str(data), f"--{name}", str(tmp_path / "d")])
    assert done.output.startswith("1 statements added"), done.output
