"""Where people are: pytest, GitHub, GitLab, pre-commit, and templates for new records."""

from __future__ import annotations

import datetime
import re
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest

from mesoonto import __version__, resources
from mesoonto.knowledge import templates
from mesoonto.validation.data.graph import brief
from mesoonto.validation.shapes.model import Count
from mesoonto.validation.validate import read_shape_files, validate
from tests.conftest import ROOT
from tests.validation.helpers import PREFIXES

SHAPES = "ex:S a sh:NodeShape ; sh:targetClass ex:Person ; sh:property [ sh:path ex:name ; sh:minCount 1 ] ."
TESTS = """
def test_good(shacl):
    shacl.validate("good.ttl", shapes="shapes.ttl")

def test_bad(shacl):
    shacl.validate("bad.ttl", shapes=["shapes.ttl"])

def test_report(shacl):
    assert not shacl.check("bad.ttl", shapes="shapes.ttl").conforms
"""


def pytest_in(folder: Path, *options: str) -> str:
    (folder / "shapes.ttl").write_text(PREFIXES + SHAPES)
    (folder / "good.ttl").write_text(PREFIXES + 'ex:ann a ex:Person ; ex:name "Ann" .')
    (folder / "bad.ttl").write_text(PREFIXES + "ex:bob a ex:Person .\n\n")
    without = ("-p", "no:cacheprovider", "-p", "no:schemathesis")  # which takes half a second
    command = [sys.executable, "-m", "pytest", *without, "--rootdir", str(folder), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder).stdout


@pytest.mark.slow
def test_fixture_fails_with_the_finding(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    text = pytest_in(tmp_path)
    assert "1 failed, 2 passed" in text
    assert (
        f"bad.ttl:{PREFIXES.count(chr(10)) + 1}:1: <https://example.org/bob>" in text
        or "bad.ttl:7:1:" in text
    )


@pytest.mark.slow
def test_what_does_not_end_is_a_failure_that_names_the_shape_and_the_session_goes_on(tmp_path: Path) -> None:
    (tmp_path / "endless.ttl").write_text(
        PREFIXES + "ex:Slow a sh:NodeShape ; sh:targetNode ex:ann ; "
        "sh:property [ sh:path ex:text ; sh:pattern '^(?=a)(a+)+$' ] ."
    )
    (tmp_path / "long.ttl").write_text(PREFIXES + f'ex:ann ex:text "{"a" * 60}b" .')
    (tmp_path / "test_it.py").write_text(
        'def test_long(shacl):\n    shacl.validate("long.ttl", shapes="endless.ttl", timeout=4)\n\n'
        'def test_good(shacl):\n    shacl.validate("good.ttl", shapes="shapes.ttl", timeout=300)\n'
    )
    text = pytest_in(tmp_path)
    assert "1 failed, 1 passed" in text
    assert "\nnot done within 4 seconds; under way was the shape <https://example.org/Slow>\n" in text


@pytest.mark.slow
def test_shapes_that_cannot_be_used_fail_each_file(tmp_path: Path) -> None:
    (tmp_path / "broken.ttl").write_text(PREFIXES + "ex:S sh:property .")
    text = pytest_in(tmp_path, "--shacl", "*d.ttl", "--shacl-shapes", "broken.ttl")
    assert "2 failed" in text
    assert "broken.ttl:7:" in text


@pytest.mark.slow
def test_option_makes_a_test_of_each_file(tmp_path: Path) -> None:
    text = pytest_in(tmp_path, "--shacl", "*d.ttl", "--shacl-shapes", "shapes.ttl")
    assert "1 failed, 1 passed" in text


# Templates

KEYS = {
    "trial": "NCT00000001",
    "cohort": "NCT00000001_phase2",
    "arm": "NCT00000001_placebo",
    "analysis": "NCT00000001_2026",
    "result": "NCT00000001_2026_os_hr_all",
    "characteristic": "NCT00000001_phase2_age",
    "statement": "38358753",
    "publication": "38358753",
    "decision": "NICE_TA818",
    "status": "pegargiminase_2026",
    "search": "galunisertib_2026",
    "reading": "ADAM-2017-JournalWatch",
    "dataset": "Bueno2016",
    "signature": "Nair2023-48",
    "readiness": "PD-L1-prediction",
    "tumour": "example-1",
}
TODAY = datetime.date(2026, 11, 25)


def test_every_kind_is_tried() -> None:
    assert set(KEYS) == set(templates.KINDS)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KEYS)
def test_template_asks_for_everything_that_is_needed(tmp_path: Path, kind: str) -> None:
    template = templates.new(kind, KEYS[kind], TODAY)
    path = tmp_path / template.file_name
    path.write_text(template.text)
    lacking = [f for f in validate([path]).findings if f.component.startswith(("MinCount", "QualifiedMin"))]
    assert lacking == []


def test_every_class_of_records_is_in_a_template() -> None:
    text = "".join(templates.new(kind, key, TODAY).text for kind, key in KEYS.items())
    shapes = read_shape_files(resources.shape_files())
    classes = {brief(t.term) for s in shapes.targeted for t in s.targets if t.kind == "class" and t.term}
    words = set(re.findall(r"\w+", text))
    assert {name for name in classes if name.removeprefix("meso:") not in words} == set()


def test_decision_by_another_number_is_refused() -> None:
    from mesoonto.errors import MesoontoError

    with pytest.raises(MesoontoError, match="pegargiminase_2026"):
        templates.new("status", "Pegargiminase", TODAY)


# The profile


def test_profile_has_the_version_of_the_project() -> None:
    graph = {
        (q.predicate.value, q.object.value)
        for q in ox.parse(path=str(resources.shapes_dir() / "profile.ttl"), format=ox.RdfFormat.TURTLE)
    }
    owl = "http://www.w3.org/2002/07/owl#"
    assert (f"{owl}versionInfo", __version__) in graph
    assert (f"{owl}versionIRI", f"https://w3id.org/mesoonto/releases/{__version__}/shapes") in graph


def test_every_count_of_the_shipped_shapes_can_fail() -> None:
    shapes = read_shape_files(resources.shape_files())
    counts = [(s.node, c) for s in shapes.by_node.values() for c in s.constraints if isinstance(c, Count)]
    assert [brief(node) for node, c in counts if c.component.startswith("Min") and c.limit == 0] == []


# Continuous integration elsewhere


@pytest.mark.slow
@pytest.mark.checkout
@pytest.mark.parametrize(
    ("file", "schema"), [("action.yml", "github-actions"), (".gitlab/validate.yml", "gitlab-ci")]
)
def test_configuration_follows_its_schema(file: str, schema: str) -> None:
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        f"vendor.{schema}",
        str(ROOT / file),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def yaml(path: Path) -> dict[str, object] | list[dict[str, str]]:
    from ruamel.yaml import YAML

    return YAML(typ="safe").load(path.read_text())  # type: ignore[no-any-return]


@pytest.mark.slow
@pytest.mark.checkout
def test_action_runs(tmp_path: Path) -> None:
    """The script of the action, run by bash as GitHub runs it, on good and on bad data."""
    action = yaml(ROOT / "action.yml")
    step = action["runs"]["steps"][-1]  # type: ignore[call-overload, index]
    (tmp_path / "mesoonto" / "bin").mkdir(parents=True)
    (tmp_path / "mesoonto" / "bin" / "mesoonto").symlink_to(Path(sys.executable).parent / "mesoonto")
    (tmp_path / "shapes.ttl").write_text(PREFIXES + SHAPES)
    (tmp_path / "good.ttl").write_text(PREFIXES + 'ex:ann a ex:Person ; ex:name "Ann" .')
    (tmp_path / "bad.ttl").write_text(PREFIXES + "ex:bob a ex:Person .")
    for data, code in (("good.ttl", 0), ("good.ttl bad.ttl", 1), ("$(touch hacked)", 2)):
        environment = {
            "PATH": "/usr/bin:/bin", "RUNNER_TEMP": str(tmp_path),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
            "COVERAGE": "false", "REPEAT": "false", "TIMEOUT": "",
            "DATA": data, "SHAPES": "shapes.ttl", "ONTOLOGY": "", "FAIL_ON": "violation", "STRICT": "true",
            "SINCE": "", "SARIF": "out.sarif", "CONTEXT": "", "CATALOG": "", "FORMAT": "", "INFERENCE": "",
            "FOCUS": "", "SHAPE": "", "IGNORE": "", "LIMIT": "20", "NETWORK": "false", "ENGINE": "auto",
        }  # fmt: skip
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
        )
        assert done.returncode == code, done.stdout + done.stderr
    assert not (tmp_path / "hacked").exists()
    assert "::error file=bad.ttl" in (tmp_path / "summary").read_text() or (tmp_path / "out.sarif").exists()


@pytest.mark.slow
@pytest.mark.checkout
def test_hook_names_a_command_that_works(tmp_path: Path) -> None:
    hooks = {hook["id"]: hook for hook in yaml(ROOT / ".pre-commit-hooks.yaml")}  # type: ignore[index]
    command = hooks["mesoonto-validate"]["entry"].split()  # type: ignore[index]
    (tmp_path / "bad.ttl").write_text("@prefix : <http://e/> . : : : .")
    program = Path(sys.executable).parent / command[0]
    record = next(path for path in resources.record_files() if path.name.startswith("study_"))
    for file, code in ((record, 0), (tmp_path / "bad.ttl", 1)):
        done = subprocess.run([program, *command[1:], file], check=False, capture_output=True, cwd=tmp_path)
        assert done.returncode == code
