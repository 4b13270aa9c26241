"""The notebooks of docs/notebooks: their form, and that what they show is what the records say."""

from __future__ import annotations

import ast
import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from math import isnan
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from mesoonto.dataset.store import Engine
from mesoonto.views.facts import Facts
from mesoonto.views.matrix import matrix
from tests.conftest import ROOT

pytestmark = pytest.mark.checkout

FOLDER = ROOT / "docs" / "notebooks"
NOTEBOOKS = {path.stem: path for path in sorted(FOLDER.glob("*.ipynb"))}

#: What a notebook may import: the standard library, what the extra brings, and what mesoonto needs anyway.
LIBRARIES = {"matplotlib", "mesoonto", "pandas", "pyoxigraph"}


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_is_clean(name: str) -> None:
    """Nothing of the machine or run that it was written on; a change of one cell is a diff of one cell."""
    import nbformat  # takes seconds, which all that collect the tests would wait for

    text = NOTEBOOKS[name].read_text("utf-8")
    notebook: Any = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata["language_info"] == {"name": "python"}
    for cell in notebook.cells:
        assert re.fullmatch("[a-z-]+", cell["id"]), "the id of a cell says what it is"
        assert not cell["metadata"]
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
    assert text == nbformat.writes(notebook, indent=1) + "\n"
    assert not re.search(r"/(home|root|tmp|Users)/", text)
    assert notebook.cells[0]["source"].startswith("# ")
    assert "no medical advice" in notebook.cells[0]["source"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_imports_what_the_extra_brings(name: str) -> None:
    for cell in _code(name):
        for node in ast.walk(ast.parse(cell)):
            named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            named += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            tops = {one.partition(".")[0] for one in named}
            assert tops <= LIBRARIES | sys.stdlib_module_names


def test_notebooks_are_linked_and_use_the_public_interface() -> None:
    for page in ("README.md", "docs/python.md"):
        text = (ROOT / page).read_text("utf-8")
        assert not [name for name in NOTEBOOKS if f"notebooks/{name}.ipynb" not in text], page
    code = "\n".join(cell for name in NOTEBOOKS for cell in _code(name))
    for name in ("Dataset", "connect", "explain", "stratify", "validate"):
        assert re.search(rf"\b{name}\(", code), name


class Executed:
    """A notebook that ran, and what stood in its variables at the end."""

    def __init__(self, name: str, folder: Path, variables: str) -> None:
        import nbformat

        notebook: Any = nbformat.read(NOTEBOOKS[name], as_version=4)
        frames = f"{{name: frame.to_dict('records') for name, frame in ({variables}).items()}}"
        ask = f"import json; print(json.dumps({frames}, default=str))"
        notebook.cells.append(nbformat.v4.new_code_cell(ask))
        path = folder / "it.ipynb"
        nbformat.write(notebook, path)
        command = [sys.executable, str(ROOT / "tests" / "notebook.py"), str(path)]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert ran.returncode == 0, ran.stderr[-4000:]
        assert not list((folder / "work").iterdir())
        notebook = nbformat.read(path, as_version=4)
        self.outputs = {cell["id"]: cell.get("outputs", []) for cell in notebook.cells[:-1]}
        self.frames: dict[str, list[dict[str, Any]]] = json.loads(notebook.cells[-1]["outputs"][0]["text"])

    def pictures(self) -> list[str]:
        """The ids of the cells that drew one."""
        return [
            cell
            for cell, found in self.outputs.items()
            for one in found
            if "image/png" in one.get("data", {})
        ]

    def said(self, cell: str) -> str:
        """What *cell* printed."""
        return "".join(one["text"] for one in self.outputs[cell] if one.get("name") == "stdout")

    def complaints(self) -> list[str]:
        return [
            one["text"] for found in self.outputs.values() for one in found if one.get("name") == "stderr"
        ]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a short path, for sockets; nothing of the run is left elsewhere."""
    with TemporaryDirectory(prefix="nb") as folder:
        path = Path(folder)
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
            monkeypatch.setenv(name, str(path / name))
        yield path


def _code(name: str) -> list[str]:
    cells = json.loads(NOTEBOOKS[name].read_bytes())["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def _golden(number: str) -> list[dict[str, str]]:
    with (ROOT / "tests" / "golden" / f"{number}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.thorough
def test_landscape_has_the_counts_of_the_page(here: Path, engine: Engine) -> None:
    done = Executed("evidence_landscape", here, "{'pairs': pairs, 'mechanisms': mechanisms}")
    assert done.pictures() == ["matrix", "gaps-plot"]
    assert not done.complaints()
    lines = matrix(Facts(engine.store)).lines
    expected = {
        (line.mechanism.label, cell.kind.label): (
            len(cell.interventions), cell.tally.supporting, cell.tally.refuting, cell.tally.inconclusive,
        )
        for line in lines
        for cell in line.cells
        if cell.interventions and cell.kind.label != "intervention"
    }  # fmt: skip
    found = {
        (one["mechanism"], one["kind"]): tuple(
            one[n] for n in ("agents", "supports", "refutes", "inconclusive")
        )
        for one in done.frames["pairs"]
    }
    assert found == expected
    assert len(found) > 30
    countered = {one["mechanism"] for one in done.frames["mechanisms"] if one["countered"]}
    assert countered == {line.mechanism.label for line in lines if any(c.interventions for c in line.cells)}
    without = {one["mechanism"] for one in _golden("CQ09")}
    assert not without & countered


@pytest.mark.thorough
def test_forest_plot_has_the_rows_of_the_question(here: Path, engine: Engine) -> None:
    done = Executed("forest_first_line", here, "{'rows': rows}")
    assert done.pictures() == ["plot"]
    assert not done.complaints()
    rows = done.frames["rows"]

    def number(text: str) -> float | None:
        return float(text) if text else None

    def read(found: float) -> float | None:
        return None if isnan(found) else found

    expected = {
        (one["histology"], one["analysis"], *(number(one[n]) for n in ("hazard_ratio", "lower", "upper")))
        for one in _golden("CQ05")
        if "planned interim analysis" not in one["analysis"]  # the three-year update replaces it
    }
    found = {
        (one["population"], one["analysis"], *(read(one[n]) for n in ("ratio", "low", "high")))
        for one in rows
        if one["population"] != "all patients of the trial"
    }
    assert found == expected
    for one in rows:
        question = (
            f"ASK {{ <{one['record']}> <https://w3id.org/mesoonto/value> ?v ; "
            f"<http://purl.org/dc/terms/source> <{one['link']}> FILTER(?v = {one['ratio']}) }}"
        )
        assert bool(engine.store.query(question, use_default_graph_as_union=True)), one["record"]
    whole = {
        one["trial"].partition(":")[0] for one in rows if one["population"] == "all patients of the trial"
    }
    assert whole >= {one["trial"] for one in _golden("CQ01")}
    intervals = [one for one in rows if not isnan(one["low"])]
    assert all(one["low"] < one["ratio"] < one["high"] for one in intervals)
    assert len(intervals) < len(rows), "some have no interval, and the text speaks of them"


@pytest.mark.thorough
def test_biomarker_has_evidence_for_and_against(here: Path) -> None:
    done = Executed(
        "pd_l1_for_and_against",
        here,
        "{'statements': statements, 'response': response, 'survival': survival}",
    )
    assert done.pictures() == ["claims", "response-plot"]
    assert not done.complaints()
    claims: dict[tuple[str, str], list[str]] = {}
    for one in done.frames["statements"]:
        claims.setdefault((one["relation"], one["object"]), []).append(one["direction"])
    [known] = [
        one
        for one in _golden("CQ44")
        if one["subject"] == "PD-L1 expression" and one["object"] == "pembrolizumab"
    ]
    directions = claims[known["relation"], known["object"]]
    assert directions.count("supports") >= int(known["supporting"])
    assert directions.count("refutes") >= int(known["refuting"])
    expected = {
        (one["trial"], one["arm"], one["population"], float(one["value"]))
        for one in _golden("CQ21")
        if (one["end_point"], one["statistic"], one["unit"])
        == ("objective response", "proportion of patients", "%")
    }
    found = {
        (one["trial"], one["regimen"], one["population"], float(one["percent"]))
        for one in done.frames["response"]
    }
    assert found == expected
    assert len(done.frames["response"]) == len(found)
    ratios = {
        (one["population"], float(one["value"]))
        for one in _golden("CQ21")
        if (one["end_point"], one["statistic"]) == ("overall survival", "hazard ratio")
    }
    assert {(one["population"], float(one["ratio"])) for one in done.frames["survival"]} == ratios


@pytest.mark.thorough
def test_federation_joins_what_both_sides_have(here: Path, engine: Engine) -> None:
    done = Executed("federation_on_a_fixture", here, "{'there': there, 'joined': joined}")
    assert not done.complaints()
    fixture = dict(
        re.findall(
            r'^uniprot:(\w+) a .*up:fullName "(.*)"', "\n".join(_code("federation_on_a_fixture")), re.M
        )
    )
    assert len(done.frames["there"]) == len(fixture) == 4
    participants = engine.store.query(
        "SELECT DISTINCT ?label ?p { ?m <http://purl.obolibrary.org/obo/RO_0000057> ?p ;"
        " <http://www.w3.org/2000/01/rdf-schema#label> ?label }",
        use_default_graph_as_union=True,
    )
    expected = {
        (one["label"].value, iri, fixture[accession])  # type: ignore[union-attr, index]
        for one in participants  # type: ignore[union-attr]
        if (iri := one["p"].value).startswith("http://purl.uniprot.org/")  # type: ignore[union-attr, index]
        and (accession := iri.rpartition("/")[2]) in fixture
    }
    assert {(one["mechanism"], one["protein"], one["name"]) for one in done.frames["joined"]} == expected
    assert expected
    assert "1 sent" in done.said("sent")
    assert "VALUES" in done.said("sent")
    assert "cannot be reached" in done.said("away")


@pytest.mark.thorough
def test_own_cohort_has_the_faults_where_they_were_planted(here: Path) -> None:
    done = Executed("own_cohort", here, "{'findings': findings, 'left': left, 'predictions': predictions}")
    assert not done.complaints()
    [turtle] = re.findall(r'turtle = """(.*?)"""', "\n".join(_code("own_cohort")), re.DOTALL)
    lines = turtle.split("\n")
    age, interval, number = (
        1 + next(i for i, line in enumerate(lines) if text in line)
        for text in ("meso:value 86.0", "our:survival a meso:Result", "our:study a meso:Study")
    )
    found = [(one["line"], one["severity"]) for one in done.frames["findings"]]
    assert found == [(number, "warning"), (age, "violation"), (interval, "warning")]
    assert [one["line"] for one in done.frames["left"]] == [number]
    assert "registry number" in done.frames["left"][0]["message"]
    assert done.frames["predictions"]
