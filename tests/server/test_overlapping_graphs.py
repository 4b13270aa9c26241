"""One number of triples everywhere, also where what people write stands in a shipped graph as well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import rdflib
from rdflib.namespace import VOID

from mesoonto.dataset import shipped
from mesoonto.dataset.store import Engine
from mesoonto.dataset.versions import Location
from mesoonto.namespaces import GRAPH, PREFIXES
from tests.conftest import running_server
from tests.server.client import TURTLE, ask, get, update

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
MINE = "http://example.org/mine"
ONTOLOGY = f"{GRAPH}ontology"
#: Two statements of the shipped ontology, and one that nobody else makes.
SHARED = f"""
<{PREFIXES["meso"]}MESO_0002101> <{PREFIXES["rdfs"]}label> "nivolumab"@en .
<{PREFIXES["meso"]}MESO_0002101> a <{PREFIXES["owl"]}Class> .
"""
OWN = "<http://example.org/a> <http://example.org/p> 1 ."


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("overlap") / "data"


@pytest.fixture(scope="module")
def address(location: Path) -> Iterator[str]:
    with running_server("--allow-update", "--location", str(location)) as found:
        yield found


def numbers(address: str) -> set[int]:
    """What the query, the description and the page tell."""
    (row,) = get(address, COUNT).json["results"]["bindings"]
    void = rdflib.Graph().parse(data=ask(address, path="/.well-known/void", Accept="text/turtle").body)
    (whole,) = void.subjects(VOID.sparqlEndpoint)
    page = re.search("<dt>triples</dt><dd>([0-9,]+)</dd>", ask(address, path="/", Accept="text/html").text)
    assert page is not None
    told = (row["n"]["value"], str(void.value(whole, VOID.triples)), page[1].replace(",", ""))
    return {int(number) for number in told}


def rows(address: str, query: str) -> int:
    return len(get(address, query).json["results"]["bindings"])


@pytest.mark.slow
def test_one_number_through_writes_that_overlap(address: str, engine: Engine) -> None:
    number = len({quad.triple for quad in engine.store})
    assert numbers(address) == {number}
    store = f"/store?graph={quote(MINE, safe='')}"
    assert ask(address, "PUT", store, f"{SHARED}{OWN}".encode(), **TURTLE).status == 201
    assert numbers(address) == {number + 1}
    label = 'SELECT * { ?s rdfs:label "nivolumab"@en ; a owl:Class }'
    assert rows(address, label) == 1
    assert rows(address, label.replace("{", f"FROM <{MINE}> FROM <{ONTOLOGY}> {{", 1)) == 1
    graphs = f"&default-graph-uri={quote(MINE)}&default-graph-uri={quote(ONTOLOGY)}"
    reply = ask(address, path=f"/sparql?query={quote(label)}{graphs}", Accept="application/json")
    assert len(reply.json["results"]["bindings"]) == 1
    assert rows(address, 'SELECT * { GRAPH ?g { ?s rdfs:label "nivolumab"@en } }') == 2
    assert update(address, f"INSERT DATA {{ {OWN} <a:b> <a:c> 2 }}").status == 204
    assert numbers(address) == {number + 2}
    default = rdflib.Graph().parse(data=ask(address, path="/store?default", Accept="text/turtle").body)
    assert len(default) == 2
    assert update(address, f"DROP GRAPH <{MINE}> ; CLEAR DEFAULT").status == 204
    assert numbers(address) == {number}


@pytest.mark.slow
def test_a_backup_of_overlapping_graphs_is_served_as_they_were(
    address: str, location: Path, engine: Engine
) -> None:
    assert update(address, f"INSERT DATA {{ GRAPH <{MINE}> {{ {SHARED} }} }}").status == 204
    number = len({quad.triple for quad in engine.store})
    copy = location.with_name("copy")
    Location(location).backup(copy)
    for kept in ("merged", ""):
        if not kept:  # as a backup of an earlier version, which knew nothing of overlaps
            for path in sorted((copy / "merged").iterdir()):
                path.unlink()
            (copy / "merged").rmdir()
        restored = Location(location.with_name(f"restored{kept}"))
        restored.restore(copy)
        _, version = restored.open_current()
        merged = restored.open_merged(version)
        assert merged is not None
        (row,) = merged.query(COUNT)  # type: ignore[misc]
        assert int(row["n"].value) == number


@pytest.mark.slow
def test_location_of_an_earlier_version_is_looked_at_once(tmp_path: Path) -> None:
    """It holds no word on overlaps; so does one that was written to with --empty."""
    location = Location(tmp_path / "data", union=False)
    with location.draft() as draft:
        draft.data.update(f"INSERT DATA {{ {OWN} GRAPH <{MINE}> {{ {OWN} }} }}")
    location.note_shipped(shipped.version())
    assert not location.is_settled()
    with running_server("--location", str(location.path)) as found:
        assert location.is_settled()
        assert rows(found, "SELECT * { ?s ?p ?o }") == 1
        version = location.current()
    with running_server("--location", str(location.path)):
        assert location.current() == version
