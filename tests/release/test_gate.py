"""The gate of a release: each check fails for what it is for, and then nothing is written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from mesoonto import resources
from mesoonto.ontology.model import Ontology
from mesoonto.release import gate

VOCABULARY = "id\tlabel\tobsolete\treplaced_by\tsynonyms\txrefs\n"


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of ontology and shapes, which takes the place of what is shipped."""
    for name in ("ontology", "shapes"):
        shutil.copytree(resources.root() / name, tmp_path / name)
    monkeypatch.setattr(resources, "root", lambda: tmp_path)
    return tmp_path / "ontology"


def failing(check: str, previous: Path | None = None, tables: Path | None = None) -> tuple[str, ...]:
    """The findings of *check* alone."""
    release = gate.Release("0.2.0", Ontology.shipped(), previous, tables)
    found = gate.failures(release, skipped=gate.CHECKS.keys() - {check})
    assert {failure.check for failure in found} <= {check}
    return tuple(finding for failure in found for finding in failure.findings)


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize(
    "check",
    [
        "version",
        "generated",
        "registries",
        # which tests of the commands also run on what is shipped
        *(pytest.param(name, marks=pytest.mark.thorough) for name in ("check", "validate", "fmt")),
    ],
)
def test_what_is_shipped_passes(check: str) -> None:
    assert failing(check) == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("check", "file", "old", "new", "expected"),
    [
        ("generated", "imports/cl_terms.txt", "\tClass\t", " renamed\tClass\t", "cl.ttl: out of date"),
        ("generated", "modules/core.ttl", "range obo:MONDO_0000001", "range owl:Thing", "inferred.ttl"),
        ("generated", "patterns/disease/cell_density.tsv", "\tCD8\t", "\tCD8a\t", "disease.ttl: out of date"),
        ("registries", "mesoonto.ttl", "dcterms:publisher", "dcterms:creator", "FOOPS! OM3: the header"),
        pytest.param(
            *("check", "modules/core.ttl", '"active in"@en', '"counters"@en', "label_duplicate"),
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            *("validate", "data/studies/study_NCT02899299.ttl", ":registryId", ":enrolment"),
            "study_NCT02899299.ttl:",
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            *("fmt", "modules/core.ttl", " ;\n", "  ;\n", "core.ttl: not canonical"),
            marks=pytest.mark.thorough,
        ),
    ],
)  # fmt: skip
def test_check_fails_for_what_it_is_for(
    copy: Path, check: str, file: str, old: str, new: str, expected: str
) -> None:
    spoil(copy / file, old, new)
    findings = failing(check)
    assert any(expected in finding for finding in findings), findings


@pytest.mark.java
@pytest.mark.thorough
def test_stale_inference_behind_a_current_digest_is_found(copy: Path) -> None:
    path = copy / "inferred.ttl"
    assert failing("reason") == ()
    lines = path.read_text("utf-8").splitlines(keepends=True)
    last = max(n for n, line in enumerate(lines) if "rdfs:subClassOf" in line)
    path.write_text("".join(lines[:last]), "utf-8")
    assert failing("generated") == ()
    assert failing("reason") == (f"{path}: not what HermiT infers; run mesoonto build",)


@pytest.mark.slow
@pytest.mark.java
def test_unsatisfiable_class_is_never_released(copy: Path) -> None:
    text = (copy / "modules" / "core.ttl").read_text("utf-8")
    (copy / "modules" / "core.ttl").write_text(
        text + "\nmeso:MESO_0000099 a owl:Class ; rdfs:subClassOf owl:Nothing .\n", "utf-8"
    )
    assert "no verdict: the ontology is not sound" in failing("reason")[0]


def test_version_must_be_above_the_previous_one(tmp_path: Path) -> None:
    for version, good in (("0.1.9", True), ("0.2.0", False), ("0.10.0", False)):
        (tmp_path / "mesoonto-full.ttl").write_text(
            f'<http://e/o> <http://www.w3.org/2002/07/owl#versionInfo> "{version}" .'
        )
        assert (failing("version", previous=tmp_path) == ()) == good, version


def test_identifiers_need_tables_and_must_be_known(tmp_path: Path) -> None:
    import gzip

    assert failing("check-ids")[0].startswith("no verdict: no tables")
    with gzip.open(tmp_path / "bfo.tsv.gz", "wt") as file:
        file.write(VOCABULARY)
    findings = failing("check-ids", tables=tmp_path)
    assert any("is unknown" in finding for finding in findings)
    assert findings[-1].startswith("and ")


def test_command_names_what_fails_and_writes_nothing(
    mesoonto: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> None:
    skipped = [part for name in gate.CHECKS if name != "check-ids" for part in ("--skip", name)]
    done = mesoonto("release", "0.2.0", *skipped, env={"MESOONTO_TABLES": ""})
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "not released: check-ids failed"
    assert list(tmp_path.iterdir()) == []


def test_option_knows_every_check() -> None:
    from mesoonto.cli.release import release

    (skip,) = [parameter for parameter in release.params if parameter.name == "skipped"]
    assert list(getattr(skip.type, "choices", ())) == list(gate.CHECKS)
