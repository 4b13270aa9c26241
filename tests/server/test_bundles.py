"""The libraries of the site: pinned, brought in within bounds, licensed, served; the site without them."""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from flask import Flask, render_template_string
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from mesoonto_server.web import bundles
from tests.conftest import ROOT
from tests.server.client import ask

FRONTEND = ROOT / "server" / "frontend"
NAMES = ("charts", "editor", "graph", "world")


@pytest.fixture
def bundling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """server/frontend/bundle.py, as if nothing had been bundled yet, with a place of its own."""
    spec = importlib.util.spec_from_file_location("bundle", FRONTEND / "bundle.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "BUILT", tmp_path / "built")
    return module


def stand_in(code: str) -> Callable[[], tuple[list[str], list[str]]]:
    """Commands in place of Node.js and npm, which run *code*."""
    command = [sys.executable, "-c", code]
    return lambda: (command, command)


@pytest.mark.checkout
def test_every_library_is_pinned_with_the_hash_of_its_contents_and_no_host() -> None:
    text = (FRONTEND / "package-lock.json").read_text()
    packages = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    assert len(packages) > 20
    assert [name for name, entry in packages.items() if "sha512-" not in entry.get("integrity", "")] == []
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    wanted = json.loads((FRONTEND / "package.json").read_text())["devDependencies"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted


@pytest.mark.checkout
def test_registry_out_of_reach_is_told_in_one_line(
    bundling: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "import sys; sys.exit('\\nnpm error network request failed\\nnpm error more')"
    monkeypatch.setattr(bundling, "_node", stand_in(code))
    bundling.main()
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "The site works without" in said
    assert "request failed" in said
    assert not bundling.BUILT.exists()


@pytest.mark.checkout
def test_registry_that_never_answers_costs_a_bounded_time(
    bundling: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundling, "_node", stand_in("import time; time.sleep(600)"))
    monkeypatch.setattr(bundling, "LIMITS", {"npm": 0.2})
    with pytest.raises(bundling.BundleError, match=r"npm took more than 0\.2 s"):
        bundling.bundle()


@pytest.mark.checkout
def test_bundles_of_before_stay_where_new_ones_cannot_be_made(
    bundling: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bundling.BUILT.mkdir()
    (bundling.BUILT / "editor.js").write_text("before")
    monkeypatch.setattr(bundling, "_node", stand_in("raise SystemExit(1)"))
    bundling.main()
    assert "with the bundles of before" in capsys.readouterr().err
    assert (bundling.BUILT / "editor.js").read_text() == "before"


@pytest.mark.checkout
@pytest.mark.parametrize(("licence", "allowed"), [("MIT", True), ("GPL-3.0-or-later", False), (None, False)])
def test_only_permissive_licences_are_bundled(
    bundling: ModuleType, tmp_path: Path, licence: str | None, allowed: bool
) -> None:
    folder = tmp_path / "node_modules" / "@some" / "thing"
    folder.mkdir(parents=True)
    about = {"name": "@some/thing", "version": "1.0.0", "license": licence}
    (folder / "package.json").write_text(json.dumps(about))
    (folder / "LICENSE").write_text("Whatever it says.")
    inputs = {"node_modules/@some/thing/dist/index.js": {"bytesInOutput": 1}}
    (tmp_path / "made.json").write_text(json.dumps({"outputs": {"out/x.js": {"inputs": inputs}}}))
    if allowed:
        assert "@some/thing 1.0.0 (MIT)\n\nWhatever it says." in bundling._notices(tmp_path)
    else:
        with pytest.raises(bundling.BundleError, match="licence"):
            bundling._notices(tmp_path)


@pytest.mark.slow
@pytest.mark.checkout
@pytest.mark.bundles
def test_wheel_has_the_bundles_and_is_the_same_when_built_from_the_source_distribution(
    tmp_path: Path,
) -> None:
    (sdist,) = SdistBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    (again,) = WheelBuilder(str(unpacked)).build(directory=str(tmp_path / "again"), versions=["standard"])
    assert Path(again).read_bytes() == Path(wheel).read_bytes()
    held = set(zipfile.ZipFile(wheel).namelist())
    assert {f"mesoonto_server/web/built/{name}.js" for name in NAMES} <= held
    assert not any("node_modules" in name for name in held)


@pytest.mark.bundles
def test_licences_name_every_library_that_pages_use() -> None:
    text = (bundles.BUILT / "THIRD-PARTY-NOTICES.txt").read_text()
    assert "No licence file." not in text
    named = re.findall(r"^={80}\n(\S+) \S+ \(\S+\)$", text, re.MULTILINE)
    assert {"@codemirror/view", "cytoscape", "@dagrejs/dagre", "@observablehq/plot"} <= set(named)


@pytest.mark.bundles
@pytest.mark.parametrize("name", NAMES)
def test_bundle_is_served_compressed_and_for_ever_under_its_own_address(address: str, name: str) -> None:
    made = bundles.load()[name]
    plain = ask(address, path=made.address)
    assert plain.status == 200
    assert plain.body == made.text
    assert plain.type == "text/javascript"
    assert "immutable" in plain.headers["cache-control"]
    small = ask(address, path=made.address, Accept_Encoding="gzip")
    assert gzip.decompress(small.body) == made.text
    assert len(small.body) < len(made.text) / 2
    assert ask(address, path=f"/bundles/{name}.js").headers["cache-control"] == "no-cache"


def test_page_offers_a_bundle_only_where_there_is_one(tmp_path: Path) -> None:
    page = '{% with name = "graph" %}{% include "bundle.html" %}{% endwith %}'
    told = []
    for made in (False, True):
        if made:
            (tmp_path / "graph.js").write_text("export default 1;")
        app = Flask("mesoonto_server.web")
        app.register_blueprint(bundles.blueprint(tmp_path))
        with app.test_request_context("/"):
            told.append(render_template_string(page).strip())
    address = bundles.load(tmp_path)["graph"].address
    assert told == ["", f'<link rel="modulepreload" id="bundle-graph" href="{address}">']


def test_bundle_that_was_not_made_is_not_found(address: str) -> None:
    assert ask(address, path="/bundles/nothing.js").status == 404
