"""The parts list and the licences of what is installed."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

pytestmark = pytest.mark.checkout


@pytest.fixture(scope="module")
def licences() -> ModuleType:
    spec = importlib.util.spec_from_file_location("licences", ROOT / ".ci" / "licences.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["licences"] = module  # where dataclasses look it up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("stated", "text", "meant"),
    [
        ("MIT", "", "MIT"),
        ("MIT License", "", "MIT"),
        ("Apache Software License; MIT License", "", "Apache-2.0 AND MIT"),
        (
            "BSD License",
            "Redistribution and use in source and binary forms ... Neither the name",
            "BSD-3-Clause",
        ),
        ("BSD License", "Redistribution and use in source and binary forms", "BSD-2-Clause"),
        ("BSD License", "UNKNOWN", "BSD License"),
    ],
)
def test_licences_are_named_by_their_identifiers(
    stated: str, text: str, meant: str, licences: ModuleType
) -> None:
    assert licences.expression(stated, text) == meant


@pytest.mark.parametrize(
    ("name", "licence", "accepted"),
    [
        ("some", "Apache-2.0 OR BSD-2-Clause", True),
        ("some", "BSD License", False),
        ("some", "GPL-3.0-only", False),
        ("some", "MIT AND GPL-3.0-only", False),
        ("some", "MPL-2.0", False),
        ("certifi", "MPL-2.0", True),
        ("certifi", "GPL-3.0-only", False),
    ],
)
def test_only_permissive_licences_and_reasoned_exceptions_pass(
    name: str, licence: str, accepted: bool, licences: ModuleType
) -> None:
    assert (licences.refused([licences.PackageLicence(name, "1", licence)]) == []) is accepted


@pytest.mark.thorough
def test_every_installed_licence_passes_and_each_exception_is_used(licences: ModuleType) -> None:
    found = licences.collect()
    assert len(found) > 50
    assert licences.refused(found) == []
    assert licences.WEAK.keys() <= {one.name for one in found}
    assert all(f"| {one.name} | {one.version} |" in licences.report(found) for one in found)


def test_weak_copyleft_is_told_in_the_documentation(licences: ModuleType) -> None:
    text = (ROOT / "docs" / "install.md").read_text()
    assert [name for name, (licence, _) in licences.WEAK.items() if f"{name} ({licence})" not in text] == []


@pytest.mark.thorough
def test_parts_list_is_valid_whole_and_the_same_again(tmp_path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    (command,) = re.findall(r"-m cyclonedx_py ((?:.*\\\n)*.*)", makefile)
    texts = []
    for name, validation in (("one", "--validate"), ("two", "--no-validate")):
        words = command.replace("\\\n", " ").replace("build/sbom.cdx.json", str(tmp_path / name)).split()
        made = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", *words, validation]
        subprocess.run(made, cwd=ROOT, check=True, capture_output=True, timeout=120)
        texts.append((tmp_path / name).read_text())
    assert texts[0] == texts[1]
    parts = {(canonicalize_name(one["name"]), one["version"]) for one in json.loads(texts[0])["components"]}
    lock = (ROOT / "requirements.lock").read_text()
    assert parts == {
        (canonicalize_name(name), version) for name, version in re.findall(r"(?m)^([\w.-]+)==(\S+)", lock)
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert json.loads(texts[0])["metadata"]["component"]["version"] == project["version"]
