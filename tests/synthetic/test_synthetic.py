"""A synthetic cohort holds the faults that its summary tells, and no others."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pyshacl
import rdflib
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoonto import validate
from mesoonto.dataset.store import Engine
from mesoonto.synthetic import cohort
from mesoonto.synthetic.faults import FAULTS
from mesoonto.synthetic.writing import SHAPES, CohortRequest, CohortSummary, write
from tests.examples import examples

SH = rdflib.SH
Command = Callable[..., subprocess.CompletedProcess[str]]


def written(folder: Path, name: str = "cohort.nt", **words: int | float) -> tuple[Path, CohortSummary]:
    asked: dict[str, int | float] = {"seed": 1, "share": 0.0} | words
    path = folder / name
    return path, write(CohortRequest(**asked), path, lambda *_: None)  # type: ignore[arg-type]


def broken(graph: rdflib.Graph) -> dict[str, int]:
    """How many results of a validation report name each shape, by its local name."""
    shapes = [str(shape) for shape in graph.objects(None, SH.sourceShape)]
    return dict(Counter(shape.removeprefix(cohort.TERMS) for shape in shapes))


@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(), share=st.sampled_from([0.0, 0.02, 0.3, 1.0]), first=st.integers(1, 10**9))
def test_both_validators_find_the_faults_that_were_made(seed: int, share: float, first: int) -> None:
    with TemporaryDirectory() as folder:
        path, told = written(Path(folder), seed=seed, share=share, first=first, patients=4)
        _, theirs, _ = pyshacl.validate(
            rdflib.Graph().parse(path), shacl_graph=rdflib.Graph().parse(SHAPES), js=False
        )
        assert isinstance(theirs, rdflib.Graph)
        assert broken(theirs) == told.faults
        ours = rdflib.Graph().parse(data=validate([path], shapes=[SHAPES]).turtle)
        assert broken(ours) == told.faults


def test_every_fault_comes(tmp_path: Path) -> None:
    _, told = written(tmp_path, share=0.5, patients=60)
    assert set(told.faults) == {fault.shape for fault in FAULTS}


def test_request_gives_the_same_cohort_however_it_is_packed_or_parted(tmp_path: Path) -> None:
    whole, told = written(tmp_path, share=0.1, patients=7)
    gz, _ = written(tmp_path, "cohort.nt.gz", share=0.1, patients=7)
    zst, _ = written(tmp_path, "cohort.nt.zst", share=0.1, patients=7)
    parts = [
        written(tmp_path, f"{first}.nt", share=0.1, first=first, patients=patients)
        for first, patients in ((1, 3), (4, 4))
    ]
    content = whole.read_bytes()
    assert gzip.decompress(gz.read_bytes()) == content
    assert zstandard.ZstdDecompressor().stream_reader(zst.read_bytes()).read() == content
    assert b"".join(path.read_bytes() for path, _ in parts) == content
    assert content.count(b"\n") == told.triples == sum(part.triples for _, part in parts)
    again, _ = written(tmp_path, "again.nt.gz", share=0.1, patients=7)
    assert again.read_bytes() == gz.read_bytes()


def test_patients_fill_the_triples_that_were_asked_for(tmp_path: Path) -> None:
    path, told = written(tmp_path, triples=1000)
    assert told.triples >= 1000
    assert written(tmp_path, "less.nt", patients=told.patients - 1)[1].triples < 1000
    assert len(rdflib.Graph().parse(path)) == told.triples


def test_shares_are_those_that_are_documented() -> None:
    """Bounds: five standard deviations of a binomial share of 4,000."""
    first = [next(cohort.patient(number, 1)).properties for number in range(4000)]
    histology = Counter(one["hasDiagnosis"].rpartition("_")[2] for one in first)
    male = sum(one["sex"] == '"male"' for one in first)
    assert abs(histology["0006378>"] / 4000 - 0.7) < 0.037
    assert abs(histology["0006377>"] / 4000 - 0.2) < 0.032
    assert abs(male / 4000 - 0.7) < 0.037


def test_terms_are_those_of_the_ontology(engine: Engine) -> None:
    def below(top: str) -> set[str]:
        rows = engine.query(f"SELECT ?c {{ ?c rdfs:subClassOf+ {top} }}").rows()
        return {row[0].value for row in rows}

    assert {iri for iri, _, _ in cohort._BIOMARKERS} <= below("meso:MESO_0000006")
    assert set(cohort._INTERVENTIONS) <= below("meso:MESO_0000002")
    assert set(cohort._HISTOLOGIES) <= below("obo:MONDO_0005112")
    assert {cohort._OVERALL_SURVIVAL, cohort._PROGRESSION_FREE} <= below("meso:MESO_0000007")


def test_command_tells_what_a_validator_should_find(mesoonto: Command, tmp_path: Path) -> None:
    names = ("--shapes", "shapes.ttl", "--summary", "expected.json")
    done = mesoonto("synth", "cohort.nt", "--patients", "30", "--faults", "0.05", *names)
    expected = json.loads((tmp_path / "expected.json").read_text("utf-8"))
    count = sum(expected["faults"].values())
    assert done.stdout == f"cohort.nt: 30 patients, {expected['triples']:,} triples, {count} faults\n"
    found = mesoonto("validate", "--shapes", "shapes.ttl", "cohort.nt")
    assert found.returncode == 1
    assert f"does not conform: {count} violations" in found.stdout


def test_wrong_use_is_told_and_writes_nothing(mesoonto: Command, tmp_path: Path) -> None:
    assert "must end in .nt, .nt.gz or .nt.zst" in mesoonto("synth", "cohort.ttl", "--patients", "1").stderr
    assert "either --triples or --patients" in mesoonto("synth", "cohort.nt").stderr
    assert "no such file" in mesoonto("synth", "none/cohort.nt", "--patients", "1").stderr
    assert list(tmp_path.iterdir()) == []
