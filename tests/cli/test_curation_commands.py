"""``mesoonto new``, ``report``, ``check-ids`` and ``reason``, run as a user runs them."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_commands import assert_one_line

Run = Callable[..., subprocess.CompletedProcess[str]]

PREFIXES = """@prefix : <http://e/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""


class TestNew:
    def test_template_is_written_and_says_what_to_do_next(self, mesoonto: Run, tmp_path: Path) -> None:
        done = mesoonto("new", "trial", "NCT00000001", "--directory", ".")
        assert done.returncode == 0, done.stderr
        assert "mesoonto validate study_NCT00000001.ttl" in done.stdout
        assert "mesod:study_NCT00000001 a meso:Study" in (tmp_path / "study_NCT00000001.ttl").read_text()

    def test_existing_file_is_never_touched(self, mesoonto: Run, tmp_path: Path) -> None:
        path = tmp_path / "study_NCT00000001.ttl"
        path.write_text("mine")
        assert_one_line(mesoonto("new", "trial", "NCT00000001", "-d", "."), path.name, "file exists")
        assert path.read_text() == "mine"

    def test_missing_folder_is_named(self, mesoonto: Run) -> None:
        assert_one_line(mesoonto("new", "trial", "NCT00000002"), "ontology/data/studies", "-d .")
        assert_one_line(mesoonto("new", "statement", "38358753", "-d", "nowhere"), "nowhere", "no such file")

    def test_pubmed_id_is_no_registry_number(self, mesoonto: Run) -> None:
        assert_one_line(mesoonto("new", "trial", "33485464"), "33485464", "NCT00000001")


@pytest.mark.slow
def test_report_counts_and_lists(mesoonto: Run) -> None:
    gaps, _, readings = mesoonto("report").stdout.partition("\n\n")
    counts = gaps.splitlines()
    assert any(line.endswith("figure without a second source") for line in counts)
    listed, _, again = mesoonto("report", "--list").stdout.partition("\n\n")
    total = sum(int(line.split()[0]) for line in counts)
    assert len(listed.splitlines()) == len(counts) + total
    assert again == readings


class TestCheckIds:
    def test_without_tables(self, mesoonto: Run) -> None:
        assert_one_line(mesoonto("check-ids", "--tables", "."), "no tables here")

    def test_unknown_identifiers_fail(self, mesoonto: Run, tmp_path: Path) -> None:
        with gzip.open(tmp_path / "bfo.tsv.gz", "wt") as file:
            file.write("id\tlabel\tobsolete\treplaced_by\tsynonyms\txrefs\n")
        done = mesoonto("check-ids", "--tables", ".")
        assert done.returncode == 1
        assert "BFO:0000015 is unknown" in done.stdout
        assert "no table for" in done.stdout.splitlines()[-1]


@pytest.mark.java
class TestReason:
    @pytest.mark.slow
    def test_sound_ontology(self, mesoonto: Run) -> None:
        done = mesoonto("reason")
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.splitlines()[-1].startswith("consistent, ")

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("axioms", "expected"),
        [
            (
                ':C a owl:Class ; rdfs:label "impossible thing" ; rdfs:subClassOf :A , :B .',
                "unsatisfiable: 'impossible thing' <http://e/C> cannot have an instance, because",
            ),
            pytest.param(
                ":i a owl:NamedIndividual , :A , :B .",
                "inconsistent: these axioms contradict each other",
                marks=pytest.mark.thorough,
            ),
        ],
    )
    def test_unsound_ontology(self, mesoonto: Run, tmp_path: Path, axioms: str, expected: str) -> None:
        disjoint = ":A a owl:Class ; owl:disjointWith :B . :B a owl:Class ."
        (tmp_path / "o.ttl").write_text(f"{PREFIXES}{disjoint} {axioms}")
        done = mesoonto("reason", "o.ttl")
        assert done.returncode == 1
        lines = done.stdout.splitlines()
        assert lines[0] == expected
        assert "    nothing is both A and B" in lines

    def test_no_java(self, mesoonto: Run) -> None:
        assert_one_line(mesoonto("reason", env={"PATH": ""}), "no Java runtime found", "default-jre-headless")
