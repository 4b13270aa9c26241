"""Pages of documentation whose commands are run, in order, and whose output is compared."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest
import zstandard
from docs.generate import sources

from tests.conftest import ROOT, free_port
from tests.docs.test_commands import typed
from tests.docs.test_walks import lines, make_clone

pytestmark = pytest.mark.checkout

MARK = "-- the next command --"

#: Where not `thorough` alone: what takes a second or two runs always, and the reasoner needs Java.
MARKS: dict[str, list[pytest.MarkDecorator]] = {
    "docs/how-to/run.md": [],
    "docs/editing.md": [pytest.mark.thorough, pytest.mark.java],
}


@dataclass(frozen=True, slots=True)
class Step:
    """A command, and what the page says that it prints; ``...`` there stands for anything."""

    command: str
    output: str

    @property
    def pattern(self) -> str:
        return ".*".join(map(re.escape, self.output.split("...")))

    @property
    def needs(self) -> str:
        """What the comment behind the command says that no test has: it is not run then."""
        found = re.search(r"\s# (?:.*[;:] )?needs (.+)$", self.command, re.M)
        return found[1] if found else ""

    @property
    def status(self) -> int:
        """The exit code, as the comment behind the command tells it where it is not 0."""
        found = re.search(r"\s# (?:.*[;:] )?ends with (\d)", self.command)
        return int(found[1]) if found else 0


def steps(page: str) -> list[Step]:
    """The commands of *page*: lines after ``$``, with those that continue them."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.M | re.S):
        for step in re.split(r"^\$ ", block, flags=re.M)[1:]:
            shown = step.splitlines()
            marked = next((i for i, line in enumerate(shown[1:]) if not line.startswith(">")), len(shown) - 1)
            more = max(1 + marked, len(typed(step).splitlines()))
            command = [shown[0], *(re.sub("^> ?", "", line) for line in shown[1:more])]
            found.append(Step("\n".join(command), "\n".join(shown[more:])))
    return found


def run(taken: list[Step], folder: Path, address: str, before: str = "") -> list[tuple[str, int]]:
    """What each step prints and ends with, in one shell in *folder*, with the server at *address*."""
    script = "".join(f"{step.command}\ns=$?; echo; echo '{MARK}' $s\n" for step in taken)
    scripts = sysconfig.get_path("scripts")
    who = {
        f"GIT_{role}_{what}": "a@example.org"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    none = dict.fromkeys(("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"), os.devnull)
    path = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **who, **none, "PATH": path, "COLUMNS": "110", "LC_ALL": "C.UTF-8"}
    environment |= {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / ".cache"), "GIT_PAGER": "cat"}
    environment.pop("CI", None)
    script = script.replace("PMID:...", "PMID:36122471")
    script = re.sub(r"(?<=\s)/(srv|backup|var/lib)/", rf"{folder}/\1/", script)
    done = subprocess.run(
        ["bash", "-c", f"exec 2>&1\n{before}\n" + script.replace("http://127.0.0.1:7878/", address)],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    printed = re.findall(rf"(.*?)\n{MARK} (\d+)\n", done.stdout, re.DOTALL)
    assert len(printed) == len(taken), done.stdout
    return [(text.replace("\r", "").strip("\n"), int(status)) for text, status in printed]


def walk(taken: list[Step], address: str, folder: Path) -> None:
    """Run the steps; all print what the page says, to the letter."""
    wrong = [
        f"$ {step.command}\n{text}\n  in place of\n{step.output}"
        for step, (text, _) in zip(taken, run(taken, folder, address), strict=True)
        if not re.fullmatch(step.pattern, text, re.DOTALL)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.curl
@pytest.mark.jq
@pytest.mark.thorough
def test_commands_of_the_shell_page_print_what_it_says(address: str, tmp_path: Path) -> None:
    walk(steps("docs/shell.md"), address, tmp_path)


@pytest.mark.curl
def test_first_requests_of_the_shell_page_print_what_it_says(address: str, tmp_path: Path) -> None:
    """Those to the server up to the first in each format of rows, without a process for each query."""
    taken = [step for step in steps("docs/shell.md") if not step.command.startswith("mesoonto")]
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


# -- pages of reference: what they show is run, and ends as they say

#: Starts a server, waits until it is ready and goes on; the next one, or the end of the page, ends it.
SERVE = """
server=
ended() { [ -z "$server" ] || { kill "$server"; wait "$server"; server=; }; } 2>/dev/null
trap ended EXIT
mesoonto() {
  [ "$1" = serve ] || { command mesoonto "$@"; return; }
  ended
  command mesoonto "$@" --port PORT >serve.log 2>&1 &
  server=$!
  for _ in $(seq 600); do
    curl -sf http://127.0.0.1:PORT/health/ready >/dev/null && return
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  cat serve.log
  return 3
}
"""

SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix ex: <https://example.org/> .
ex:Patient a rdfs:Class .
ex:Site a rdfs:Class .
ex:PatientShape a sh:NodeShape ; sh:targetClass ex:Patient ; sh:property ex:PatientShape-site .
ex:PatientShape-site sh:path ex:site ; sh:minCount 1 .
"""
PATIENT = """
@prefix ex: <https://example.org/> .
ex:p a ex:Patient ; ex:site ex:s .
"""
TRIPLES = """
<https://example.org/p> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://example.org/Patient> .
<https://example.org/p> <https://example.org/site> <https://example.org/s> .
"""
CLASSES = """
<https://example.org/Patient> a <http://www.w3.org/2002/07/owl#Class> .
<https://example.org/site> a <http://www.w3.org/2002/07/owl#ObjectProperty> .
"""
PUBLICATION = """
@prefix meso: <https://w3id.org/mesoonto/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<https://example.org/paper> a meso:Publication ; dcterms:title "A paper" ;
    dcterms:bibliographicCitation "A et al. 2026" ; dcterms:issued "2026"^^xsd:gYear ;
    meso:hasReadingDepth meso:ExcerptRead ; meso:dateRead "2026-11-24"^^xsd:date ;
    meso:readAt <https://example.org/paper.html> .
"""
OWL = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:owl="http://www.w3.org/2002/07/owl#">
  <owl:Class rdf:about="https://example.org/Patient"/>
  <owl:ObjectProperty rdf:about="https://example.org/site"/>
</rdf:RDF>
"""
PACKED = {".gz": gzip.compress, ".zst": zstandard.compress}
CATALOG = """
<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">
  <uri name="https://example.org/context" uri="context.jsonld"/>
</catalog>
"""

#: What each page finds in the folder, beside what its own commands make.
FILES: dict[str, dict[str, str]] = {
    "docs/validating.md": {
        "my_records.ttl": PUBLICATION,
        "my_shapes.ttl": SHAPES,
        "my_data.ttl": PATIENT,
        "records/a.ttl": PUBLICATION,
        "records/new.ttl": PATIENT,
        "more/b/c.nt.gz": TRIPLES,
        "s.ttl": SHAPES,
        "data.nt": TRIPLES,
        "data.ttl": PATIENT,
        "export.txt": PATIENT,
        "terms.owl": OWL,
        "terms.ttl": CLASSES,
        "crate/ro-crate-metadata.json": (
            '{"@context": "https://example.org/context", "@id": "https://example.org/p", "@type": "Patient",'
            ' "site": {"@id": "https://example.org/s"}}'
        ),
        "catalog.xml": CATALOG,
        "context.jsonld": '{"@context": {"@vocab": "https://example.org/"}}',
    },
    "docs/how-to/validate.md": {"records/a.ttl": PUBLICATION, "records/new.ttl": PUBLICATION},
    "docs/how-to/run.md": {"mine.ttl": PATIENT},
    "docs/tutorials/operator.md": {"mine.ttl": PATIENT, "mesoonto.toml": 'host = "127.0.0.1"'},
    "docs/exchange.md": {},
    "docs/editing.md": {"v1.owl": OWL, "v2.owl": OWL.replace("Patient", "Person")},
    "docs/federation.md": {
        "endpoints.toml": '[federation.endpoints.uniprot]\nurl = "https://sparql.uniprot.org/sparql"\n'
    },
    "docs/install.md": {},
    "docs/replicas.md": {},
    "docs/synthesis.md": {},
    "README.md": {},
    "server/README.md": {
        "FILE": "5f0c1a2b3c4d5e6f7a8b update\n",
        "dump.nq.zst": TRIPLES,
        "mine.ttl": PATIENT,
    },
}

#: Pages that are run in a clone, since they change or build files of the project.
IN_A_CLONE = {"docs/editing.md", "docs/how-to/validate.md"}

#: What has been done in the folder before the page begins.
BEFORE = {
    "docs/how-to/validate.md": "git update-ref refs/remotes/origin/main main",
    "docs/how-to/run.md": "mesoonto load mine.ttl --dataset-dir data",
    "docs/tutorials/operator.md": "mesoonto load mine.ttl --dataset-dir data",
    "docs/editing.md": """
        sed -i 's/label "metabolic resistance mechanism"/label "metabolic mechanism of resistance"/' \\
            ontology/modules/mechanism.ttl
        sed -i 's/meso:enrolment 605 /meso:enrolment 606 /' ontology/data/studies/study_NCT02899299.ttl
    """,
    "docs/install.md": """
        mkdir -p ~/.local/share/bash-completion/completions ~/.config/fish/completions ~/.zfunc venv/bin
        ln -s "$(command -v mesoonto)" venv/bin/mesoonto
    """,
    "server/README.md": "chmod 600 FILE; mkdir backup",
}


@pytest.mark.curl
@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=MARKS.get(page, [pytest.mark.thorough])) for page in FILES]
)
def test_commands_of_the_page_end_as_it_says(
    page: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if page in IN_A_CLONE:
        make_clone(tmp_path)
    for name, text in FILES[page].items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(PACKED.get(file.suffix, bytes)(text.encode()))
    (tmp_path / ".venv").symlink_to(sys.prefix)
    taken = [step for step in steps(page) if not step.needs]
    serves = any("mesoonto serve" in step.command for step in taken)
    asks = any("127.0.0.1:7878" in step.command for step in taken)
    address = f"http://127.0.0.1:{free_port()}/"
    if asks and not serves:
        address = request.getfixturevalue("address")
    before = SERVE.replace("PORT", address.rstrip("/").rpartition(":")[2]) if serves else ""
    if page in IN_A_CLONE:  # whose modules are not those that coverage counts
        before += "\nunset ${!COVERAGE_*}; export PYTHONPATH=$PWD/src:$PWD/server"
    before += "\n" + BEFORE.get(page, "")
    wrong = []
    for step, (text, status) in zip(taken, run(taken, tmp_path, address, before), strict=True):
        printed = lines(text.replace(str(tmp_path), ""))
        missing = [line for line in lines(step.output) if line != "..." and line not in printed]
        if status != step.status or missing or "Traceback" in text:
            wrong.append(f"$ {step.command}\n{text}\nended with {status}, not printed: {missing}")
    assert not wrong, "\n".join(wrong)


#: Commands that are not run, by page: the comment behind each says what it needs.
NOT_RUN = {
    "docs/curating.md": 2,
    "docs/editing.md": 3,
    "docs/engines.md": 4,
    "docs/federation.md": 1,
    "docs/how-to/run.md": 2,
    "docs/install.md": 9,
    "docs/replicas.md": 2,
    "docs/tutorials/developer.md": 2,
    "docs/tutorials/ontology-editor.md": 2,
    "docs/tutorials/operator.md": 3,
    "docs/tutorials/researcher.md": 1,
    "docs/validating.md": 3,
    "README.md": 2,
    "server/README.md": 2,
    "benchmarks/cluster/README.md": 2,
    "benchmarks/endpoint/README.md": 8,
    "benchmarks/federation/README.md": 1,
    "benchmarks/scaling/README.md": 4,
    "benchmarks/validation/README.md": 3,
}


def test_each_command_is_run_or_says_what_it_needs() -> None:
    """Beside the pages here and the blocks of test_walks.py; docs/shell.md is run whole."""
    waiting = {}
    for page in sources.linked():
        if not page.endswith(".md"):
            continue
        text = (ROOT / page).read_text("utf-8")
        if page.split("/")[1:2] not in (["tutorials"], ["how-to"], ["explanation"]):
            assert not re.search(r"^ *```(sh|bash)$", text, re.M), f"{page}: a block that nothing runs"
        assert not re.search(r"^ *```\w*\n\$ ", re.sub(r"^```console\n", "", text, flags=re.M), re.M), page
        found = steps(page)
        unmarked = [step.command for step in found if not step.needs]
        assert not unmarked or page in {*FILES, "docs/shell.md"}, f"{page}: {unmarked}"
        if len(found) > len(unmarked):
            waiting[page] = len(found) - len(unmarked)
    assert waiting == NOT_RUN
