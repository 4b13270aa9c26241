"""Studies by profiles of Bioschemas: shapes of what these ask for at least hold for all that name them."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib

from mesoonto.dataset.store import Engine
from mesoonto.exchange import formats
from mesoonto.namespaces import DATA
from mesoonto.validation.report.findings import Severity
from mesoonto.validation.validate import validate
from mesoonto.views import records, schema_org
from mesoonto.views.facts import Facts
from mesoonto.views.trial import trial

BIOSCHEMAS = formats.named("bioschemas")
CONFORMS = "http://purl.org/dc/terms/conformsTo"
#: The minimum of https://bioschemas.org/profiles/Dataset/1.0-RELEASE and of the draft profile of a study.
SHAPES = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix s: <https://schema.org/> .
@prefix b: <http://bioschemas.org/> . @prefix t: <urn:test:> .
t:Dataset sh:targetClass s:Dataset ;
    sh:property [ sh:path s:name ; sh:minCount 1 ; sh:maxCount 1 ],
        [ sh:path s:license ; sh:minCount 1 ; sh:maxCount 1 ],
        [ sh:path s:url ; sh:minCount 1 ; sh:maxCount 1 ] .
t:Profiled sh:targetObjectsOf s:subjectOf ;
    sh:property [ sh:path s:description ; sh:minCount 1 ; sh:maxCount 1 ],
        [ sh:path s:identifier ; sh:minCount 1 ],
        [ sh:path s:keywords ; sh:minCount 1 ],
        [ sh:path <http://purl.org/dc/terms/conformsTo> ; sh:minCount 1 ; sh:maxCount 1 ] .
t:Study sh:targetClass b:Study ;
    sh:property [ sh:path s:author ; sh:minCount 1 ], [ sh:path s:datePublished ; sh:minCount 1 ],
        [ sh:path s:description ; sh:minCount 1 ], [ sh:path s:identifier ; sh:minCount 1 ],
        [ sh:path s:name ; sh:minCount 1 ], [ sh:path b:studyDomain ; sh:minCount 1 ; sh:maxCount 1 ],
        [ sh:path s:studySubject ; sh:minCount 1 ],
        [ sh:path <http://purl.org/dc/terms/conformsTo> ; sh:minCount 1 ] .
"""


@pytest.fixture(scope="module")
def facts(engine: Engine) -> Facts:
    return Facts(engine.store)


def findings(found: list[dict[str, Any]], folder: Path) -> list[str]:
    """What the shapes find in *found*, in which the context stands without network."""
    data, shapes = folder / "found.jsonld", folder / "shapes.ttl"
    local = [one | {"@context": {"@vocab": "https://schema.org/"}} for one in found]
    data.write_text(json.dumps(local))
    shapes.write_text(SHAPES)
    report = validate([data], [shapes])
    return [f.message for f in report.findings if f.severity is Severity.VIOLATION]


@pytest.mark.parametrize("number", [5, pytest.param(1000, marks=pytest.mark.thorough)])
def test_studies_conform(facts: Facts, tmp_path: Path, number: int) -> None:
    chosen = formats.records(facts, BIOSCHEMAS)[:number]
    exported = formats.write(facts, BIOSCHEMAS, chosen)
    found = json.loads(exported.text)
    assert [one["@id"] for one in found] == [node.value for node in chosen]
    assert all(one["subjectOf"][CONFORMS]["@id"] == schema_org.DATASET_PROFILE for one in found)
    assert not findings(found, tmp_path)
    assert any(loss.what == "note" for loss in exported.losses)
    one = found[0] | {"@context": {"@vocab": "https://schema.org/"}}
    graph = rdflib.Graph()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of its own classes, which rdflib uses
        graph.parse(data=json.dumps(one), format="json-ld")
    conforming = graph.subjects(rdflib.URIRef(CONFORMS), rdflib.URIRef(schema_org.DATASET_PROFILE))
    assert set(conforming) == {rdflib.URIRef(f"{chosen[0].value}#record")}


def test_a_study_names_its_profile_only_where_all_is_on_record(facts: Facts, tmp_path: Path) -> None:
    page = trial(facts, ox.NamedNode(f"{DATA}study_NCT02899299"))
    whole = schema_org.describe(replace(page, sponsor="A sponsor"), page.link)
    assert "http://bioschemas.org/Study" in whole["@type"]
    assert not findings([whole], tmp_path)
    for lacking in ({"sponsor": ""}, {"registry": ()}, {"disease": ()}, {"publications": ()}):
        changed: Any = replace(page, sponsor="A sponsor")
        assert CONFORMS not in schema_org.describe(replace(changed, **lacking), page.link)


def test_the_shapes_find_what_is_missing(facts: Facts, tmp_path: Path) -> None:
    page = trial(facts, ox.NamedNode(f"{DATA}study_NCT02899299"))
    whole = schema_org.describe(replace(page, sponsor="A sponsor"), page.link)
    assert findings([{key: value for key, value in whole.items() if key != "author"}], tmp_path)


def test_whole_dataset_conforms(tmp_path: Path) -> None:
    whole = schema_org.knowledge_base("http://e/", "All.", "1", {"http://e/x": "text/turtle"})
    assert not findings([{"@id": "urn:x", "subjectOf": whole | {"@context": {}}}], tmp_path)


def test_page_of_a_data_set_says_so(facts: Facts) -> None:
    node = ox.NamedNode(f"{DATA}dataset_Bueno2016")
    found = schema_org.describe(records.record(facts, node), facts.link(node))
    assert found["@type"] == "Dataset"
    assert CONFORMS not in found  # its licence is not on record
