"""Other people's engines ask a served mesoonto from their own federated queries, over HTTP."""

from __future__ import annotations

import json
import subprocess
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import rdflib

from mesoonto.dataset.store import Engine
from tests.conftest import program
from tests.federation import servers
from tests.federation.virtuoso import virtuoso_server

# Somebody's notes about our studies; the answers join them with what mesoonto says of each.
NOTES = "".join(
    f"<http://notes.example/{i}> <http://notes.example/about> "
    f"<https://w3id.org/mesoonto/data/study_{number}> .\n"
    for i, number in enumerate(("NCT02899299", "NCT02709512", "NCT00000000"))
)

QUERY = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?note ?study ?label WHERE {{
  ?note <http://notes.example/about> ?study .
  SERVICE <{address}sparql> {{ ?study rdfs:label ?label }}
}}"""


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes.nt"
    path.write_text(NOTES)
    return path


@pytest.fixture(scope="module")
def expected(engine: Engine) -> set[tuple[str, str]]:
    """The label of each study that has one, as the library gives it."""
    rows = engine.select("SELECT ?study ?label { ?study a meso:Study ; rdfs:label ?label }")
    labels = {row["study"]: row["label"] for row in rows}
    noted = {line.split()[2].strip("<>") for line in NOTES.splitlines()}
    found = {(study, labels[study]) for study in noted if study in labels}
    assert len(found) == 2, "two of the notes are about studies that are there, one is not"
    return found


def pairs(results: str, language: str | None = "en") -> set[tuple[str, str]]:
    """Study and label of each solution in SPARQL JSON; labels are in *language*."""
    rows = json.loads(results)["results"]["bindings"]
    assert all(row["label"].get("xml:lang") == language for row in rows)
    return {(row["study"]["value"], row["label"]["value"]) for row in rows}


def test_rdflib(address: str, notes: Path, expected: set[tuple[str, str]]) -> None:
    rows = rdflib.Graph().parse(notes).query(QUERY.format(address=address))
    found = {(str(row.study), str(row.label)) for row in rows if isinstance(row, rdflib.query.ResultRow)}
    assert found == expected


@pytest.mark.slow
@pytest.mark.java
@pytest.mark.jena
def test_jena(address: str, notes: Path, expected: set[tuple[str, str]]) -> None:
    command = [str(program("jena")), "--data", str(notes), "--results", "json", QUERY.format(address=address)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert pairs(done.stdout) == expected


@pytest.mark.slow
@pytest.mark.virtuoso
def test_virtuoso(address: str, notes: Path, tmp_path: Path, expected: set[tuple[str, str]]) -> None:
    with virtuoso_server(tmp_path, {"http://notes.example/": notes}) as url:
        form = urllib.parse.urlencode({"query": QUERY.format(address=address)}).encode()
        request = urllib.request.Request(url, form, {"Accept": "application/sparql-results+json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            assert pairs(response.read().decode()) == expected


@pytest.mark.slow
@pytest.mark.comunica
def test_comunica(address: str, expected: set[tuple[str, str]]) -> None:
    def notes(handler: BaseHTTPRequestHandler, _: str) -> None:
        servers.respond(handler, NOTES.encode(), "application/n-triples")

    # From a file, Comunica does the join itself; an endpoint it would hand the whole query.
    with servers.serving(notes) as file:
        command = [str(program("comunica")), f"file@{file.url}", QUERY.format(address=address)]
        command += ["-t", "application/sparql-results+json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    # Comunica 4 as npm puts it together loses the language of every endpoint's answers.
    assert pairs(done.stdout, language=None) == expected
