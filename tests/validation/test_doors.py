"""One option, one behaviour: the command line, /validate, the pytest plugin, the hook and the Action."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import ROOT, run_within
from tests.validation.helpers import PREFIXES
from tests.validation.test_integrations import yaml

pytestmark = pytest.mark.checkout
PROGRAM = Path(sys.executable).parent / "mesoonto"

SHAPES = """
ex:S a sh:NodeShape ; sh:targetClass ex:Person ; sh:property ex:S-name , ex:S-friend , ex:S-nick .
ex:S-name sh:path ex:name ; sh:minCount 1 ; sh:message "a person has a name" .
ex:S-friend sh:path ex:friend ; sh:class ex:Person ; sh:message "a friend is a person" .
ex:S-nick sh:path ex:nick ; sh:maxCount 1 ; sh:severity sh:Warning ; sh:message "one nick name" .
"""
OFF = SHAPES + "ex:Off a sh:NodeShape ; sh:targetClass ex:Person ; sh:deactivated true ."
DATA = """
ex:ann a ex:Person ; ex:name "Ann" ; ex:friend ex:eve .
ex:bob a ex:Person ; ex:nick "B" , "Bo" .
ex:sub a ex:Student .
"""
GOOD = 'ex:ann a ex:Person ; ex:name "Ann" .'
EVE = "ex:eve a ex:Person ; ex:nick 1 , 2 , 3 ."
TREE = "ex:Student rdfs:subClassOf ex:Human . ex:Human rdfs:subClassOf ex:Person ."
UNTYPED = DATA.replace("ex:sub a ex:Student", 'ex:sub ex:nick "s"') + "ex:nick rdfs:domain ex:Person ."


@dataclass(frozen=True)
class Case:
    """What is asked, and the messages that are to come."""

    found: set[str]  #: focus and message of each finding
    fails: bool
    data: str = DATA
    shapes: str = SHAPES
    context: str = ""
    options: dict[str, str] = field(default_factory=dict)


ANN = "ann: a friend is a person"
BOB = "bob: a person has a name"
NICK = "bob: one nick name"
SUB = "sub: a person has a name"
EX = "https://example.org/"

CASES = {
    "nothing special": Case({ANN, BOB, NICK}, fails=True),
    "context": Case({BOB, NICK}, fails=True, context=EVE),
    "context with a tree of classes": Case({ANN, BOB, NICK, SUB}, fails=True, context=TREE),
    "focus": Case({ANN}, fails=True, options={"focus": f"{EX}ann"}),
    "shape": Case({BOB}, fails=True, options={"shape": f"{EX}S-name"}),
    "focus and shape": Case(set(), fails=False, options={"focus": f"{EX}ann", "shape": f"{EX}S-name"}),
    "fail-on": Case({NICK}, fails=True, options={"shape": f"{EX}S-nick", "fail-on": "warning"}),
    "a warning": Case({NICK}, fails=False, options={"shape": f"{EX}S-nick"}),
    "strict": Case(set(), fails=True, data=GOOD, shapes=OFF),
    "no strict": Case(set(), fails=False, data=GOOD, shapes=OFF, options={"strict": "false"}),
    "ignore": Case(set(), fails=False, data=GOOD, shapes=OFF, options={"ignore": "deactivated"}),
    "an optional property": Case(set(), fails=False, data=GOOD),
    "inference": Case({SUB, ANN, BOB, NICK}, fails=True, data=UNTYPED, options={"inference": "rdfs"}),
    "no inference": Case({ANN, BOB, NICK}, fails=True, data=UNTYPED),
    "engine": Case({ANN, BOB, NICK}, fails=True, options={"engine": "pyshacl"}),
}  # fmt: skip


def lay(folder: Path, case: Case) -> None:
    (folder / "data.ttl").write_text(PREFIXES + case.data)
    (folder / "shapes.ttl").write_text(PREFIXES + case.shapes)
    if case.context:
        (folder / "rest").mkdir()
        (folder / "rest" / "context.ttl").write_text(PREFIXES + case.context)


def findings(report: dict[str, list[dict[str, str]]]) -> set[str]:
    return {f"{f['focus'].rpartition('/')[2]}: {f['message']}" for f in report["findings"]}


def words(case: Case, *, strict: bool = True) -> list[str]:
    options = {"strict": "true", **case.options} if strict else case.options
    flags = {"strict": {"true": ["--strict"], "false": ["--no-strict"]}}
    found = []
    for name, value in options.items():
        found += flags[name][value] if name in flags else [f"--{name}", value]
    return found


def run(folder: Path, *command: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
    )  # fmt: skip


def mesoonto(folder: Path, case: Case, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line in *folder*: within this process, but where owlrl leaves its datatypes to rdflib."""
    if "inference" in case.options:
        return run(folder, PROGRAM, *arguments)
    return run_within(folder, *arguments)


def by_command_line(folder: Path, case: Case, _: str) -> tuple[set[str], bool]:
    context = ["--context", "rest"] if case.context else []
    options = [*words(case), *context, "--shapes", "shapes.ttl", "--format", "json"]
    done = mesoonto(folder, case, "validate", *options, "data.ttl")
    assert done.returncode in (0, 1), done.stderr
    return findings(json.loads(done.stdout)), done.returncode == 1


def by_hook(folder: Path, case: Case, _: str) -> tuple[set[str], bool]:
    hooks = {hook["id"]: hook for hook in yaml(ROOT / ".pre-commit-hooks.yaml")}  # type: ignore[index]
    entry = hooks["mesoonto-validate"]["entry"].split()[1:]  # type: ignore[index]
    options = [*words(case, strict=False), "--shapes", "shapes.ttl", "--format", "json"]
    done = mesoonto(folder, case, *entry, *options, "data.ttl")
    assert done.returncode in (0, 1), done.stderr
    return findings(json.loads(done.stdout)), done.returncode == 1


def by_action(folder: Path, case: Case, _: str) -> tuple[set[str], bool]:
    action = yaml(ROOT / "action.yml")
    step = action["runs"]["steps"][-1]  # type: ignore[call-overload, index]
    inputs = {name: str(row.get("default", "")) for name, row in action["inputs"].items()}  # type: ignore[call-overload, union-attr]
    inputs |= {"data": "data.ttl", "shapes": "shapes.ttl", "context": "rest" if case.context else ""}
    inputs |= case.options
    environment = {
        name: inputs[re.sub(r"\$\{\{ inputs\.|\s*\}\}", "", text)] for name, text in step["env"].items()
    }
    (folder / "mesoonto" / "bin").mkdir(parents=True)
    (folder / "mesoonto" / "bin" / "mesoonto").symlink_to(PROGRAM)
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    summary = str(folder / "summary")
    done = run(folder, *shell, **environment, RUNNER_TEMP=str(folder), GITHUB_STEP_SUMMARY=summary)
    assert done.returncode in (0, 1), done.stderr
    results = json.loads((folder / "mesoonto.sarif").read_text())["runs"][0]["results"]
    found = set()
    for result in results:
        if not result["ruleId"].startswith("doubt/"):
            focus = result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"].rpartition("/")[2]
            text = result["message"]["text"].partition(": ")[2].partition(".")[0]
            found.add(f"{focus}: {text.rpartition(': ')[2] if '://' in text else text}")
    return found, done.returncode == 1


def by_plugin(folder: Path, case: Case, _: str) -> tuple[set[str], bool]:
    options = [f"--shacl-option={name}={value}" for name, value in case.options.items()]
    options += ["--shacl-option=context=rest"] if case.context else []
    done = run(
        folder, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis",
        "--rootdir", folder,
        "--shacl", "data.ttl", "--shacl-shapes", "shapes.ttl", "--shacl-option=warnings=true", *options,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return {name for name in _known() if _is_reported(done.stdout, name)}, done.returncode == 1


def by_server(folder: Path, case: Case, address: str) -> tuple[set[str], bool]:
    parts = [("file", "data.ttl"), ("shapes", "shapes.ttl")]
    parts += [("context", "rest/context.ttl")] if case.context else []
    body = b""
    for name, file in parts:
        head = f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="{Path(file).name}"\r\n\r\n'
        body += head.encode() + (folder / file).read_bytes() + b"\r\n"
    query = urllib.parse.urlencode({"strict": "true", **case.options})
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Accept": "application/json"}
    request = urllib.request.Request(f"{address}validate?{query}", body + b"--x--\r\n", headers)
    with urllib.request.urlopen(request, timeout=120) as answer:
        report = json.loads(answer.read())
        assert answer.headers["Mesoonto-Conforms"] == str(not report["failed"]).lower()
    return findings(report), report["failed"]


def _known() -> set[str]:
    return {ANN, BOB, NICK, SUB}


def _is_reported(text: str, name: str) -> bool:
    """Whether the text for people has the finding: its node under its message."""
    focus, _, message = name.partition(": ")
    part = text.partition(f": {message}\n")[2].partition("\n\n")[0]
    return f"{EX}{focus}:" in part


Door = Callable[[Path, Case, str], tuple[set[str], bool]]
DOORS: dict[str, Door] = {
    "command line": by_command_line,
    "hook": by_hook,
    "action": by_action,
    "plugin": by_plugin,
    "server": by_server,
}


#: Doors that are processes of their own, and cases whose options other cases have as well.
_COSTLY = {"action", "plugin"}
_MORE = {"context", "focus and shape", "a warning", "strict", "an optional property", "no inference"}


def _marks(name: str, door: str) -> list[pytest.MarkDecorator]:
    if door not in _COSTLY:
        return []
    return [pytest.mark.thorough if name in _MORE else pytest.mark.slow]


@pytest.mark.parametrize(
    ("name", "door"),
    [
        pytest.param(name, door, marks=_marks(name, door))
        for name in CASES
        for door in DOORS
        if (name, door) != ("engine", "action")  # the Action leaves the choice of engine to the program
    ],
)
def test_option_does_the_same_at_every_door(tmp_path: Path, address: str, name: str, door: str) -> None:
    case = CASES[name]
    lay(tmp_path, case)
    found, failed = DOORS[door](tmp_path, case, address)
    # A plain run of the plugin shows nothing of a test that passes.
    assert found == (case.found if door != "plugin" or case.fails else set())
    assert failed == case.fails


def test_server_refuses_options_that_name_its_files(address: str) -> None:
    for option in (
        "context=/etc",
        "catalog=/etc/x",
        "allow-network=true",
        "shapes=/etc/x",
        "changed-since=HEAD",
    ):
        request = urllib.request.Request(
            f"{address}validate?{option}", (PREFIXES + GOOD).encode(), {"Content-Type": "text/turtle"}
        )
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=60)
        assert caught.value.code == 400
        caught.value.close()


@pytest.mark.parametrize(
    "option", ["fail-on=x", "engine=x", "ignore=x", "inference=x", "limit=x", "shape=x:y"]
)
def test_server_tells_what_an_option_can_be(address: str, option: str) -> None:
    request = urllib.request.Request(
        f"{address}validate?{option}", (PREFIXES + GOOD).encode(), {"Content-Type": "text/turtle"}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=60)
    assert caught.value.code == 400
    assert len(caught.value.read().splitlines()) == 1
    caught.value.close()


def test_uploaded_shapes_that_cannot_be_used_get_one_line(address: str, tmp_path: Path) -> None:
    query = (
        "ex:Q a sh:NodeShape ; sh:targetClass ex:Person ; "
        'sh:sparql [ sh:select "SELECT $this { $this u:p 1 }" ] .'
    )
    lay(tmp_path, Case(set(), fails=False, data=GOOD, shapes=query))
    with pytest.raises(urllib.error.HTTPError) as caught:
        by_server(tmp_path, Case(set(), fails=False), address)
    assert caught.value.code == 400
    told = caught.value.read().decode()
    assert "shapes.ttl:7:1: " in told
    assert "the prefix u:, which sh:prefixes does not declare" in told
    caught.value.close()


def test_uploaded_shapes_read_no_file_of_the_server(address: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.ttl"
    secret.write_text(
        PREFIXES + "ex:Secret a sh:NodeShape ; sh:targetClass ex:Person ; sh:nodeKind sh:Literal ."
    )
    shapes = f"<http://e/> <http://www.w3.org/2002/07/owl#imports> <{secret.as_uri()}> . {SHAPES}"
    case = Case(set(), fails=False, data=GOOD, shapes=shapes, options={"strict": "false"})
    folder = tmp_path / "work"
    folder.mkdir()
    lay(folder, case)
    assert by_server(folder, case, address) == (set(), False)
    assert by_command_line(folder, case, address)[1]  # the command line follows a file's own address
