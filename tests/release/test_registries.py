"""What is sent to registries: it parses, has what they require, and says what the ontology says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pyoxigraph as ox
import pytest
from ruamel.yaml import YAML

from mesoonto import __version__, resources
from mesoonto.files import rdf
from mesoonto.namespaces import MESO, PREFIXES
from mesoonto.ontology.model import Ontology
from mesoonto.release import registry_rules, variants
from mesoonto.release.registry_rules import RULES, Published
from tests.conftest import ROOT

pytestmark = pytest.mark.checkout

FOLDER = ROOT / "registries"
FILES = {
    f"{variants.stem(name)}.{ending}"
    for name in variants.VARIANTS
    for ending in ("owl", "ttl", "obo", "json")
}
#: What the OBO Foundry's registry_schema.json requires, and the form of what it constrains.
OBO_FOUNDRY = {
    "required": [
        "activity_status", "contact", "description", "homepage", "id", "layout", "license", "products",
        "title", "tracker",
    ],
    "properties": {
        "activity_status": {"enum": ["active"]},
        "contact": {"required": ["email", "label"]},
        "homepage": {"type": "string", "pattern": "^https://"},
        "id": {"type": "string", "pattern": "^[0-9a-z_]+$"},
        "layout": {"const": "ontology_detail"},
        "license": {"required": ["url", "label"]},
        "products": {"minItems": 1, "items": {"required": ["id"]}},
        "tracker": {"type": "string", "pattern": "^https://"},
    },
}  # fmt: skip
#: Attributes whose existence BioPortal enforces of a submission, and of an ontology.
BIOPORTAL = {"required": ["ontology", "hasOntologyLanguage", "released", "contact", "acronym", "name"]}
OLS = {"required": ["id", "preferredPrefix", "title", "description", "ontology_purl", "base_uri"]}


def obo_foundry() -> Any:
    text = (FOLDER / "obofoundry" / "mesoonto.md").read_text("utf-8")
    return YAML(typ="safe").load(text.split("---\n")[1])


def ols() -> Any:
    (entry,) = json.loads((FOLDER / "ols" / "mesoonto.json").read_text("utf-8"))["ontologies"]
    return entry


def bioportal() -> Any:
    return json.loads((FOLDER / "bioportal" / "mesoonto.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def header() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for quad in rdf.read(resources.module_files()[0]):
        found.setdefault(quad.predicate.value, set()).add(str(getattr(quad.object, "value", "")))
    return found


@pytest.fixture(scope="module")
def published() -> Published:
    edition = variants.Edition(__version__, "2026-11-24")
    return Published(variants.variant(Ontology.shipped(), "", edition))


@pytest.mark.slow
@pytest.mark.parametrize(("read", "schema"), [(obo_foundry, OBO_FOUNDRY), (ols, OLS), (bioportal, BIOPORTAL)])
def test_what_a_registry_requires_is_there(
    read: Callable[[], Any], schema: dict[str, Any], header: dict[str, set[str]]
) -> None:
    import jsonschema  # takes seconds, which all that collect the tests would wait for

    entry = read()
    jsonschema.validate(entry, schema)
    assert {entry.get("title") or entry["name"]} == header[PREFIXES["dcterms"] + "title"]
    assert {entry["description"]} == header[PREFIXES["dcterms"] + "description"]


def test_files_and_terms_that_are_named_exist(header: dict[str, set[str]]) -> None:
    assert {product["id"] for product in obo_foundry()["products"]} <= FILES
    ontology = Ontology.shipped()
    texts = [path.read_text("utf-8") for path in FOLDER.rglob("*.json")]
    named = set(re.findall(r'"(https://w3id\.org/mesoonto/[^"]+)"', "".join(texts)))
    stems = {MESO, f"{MESO}MESO_"}
    files = {MESO + name for name in FILES} | {f"{MESO}releases/{__version__}/{name}" for name in FILES}
    assert {iri for iri in named - stems - files if not ontology.place_of(iri)} == set()
    assert ontology.place_of(MESO + bioportal()["exampleIdentifier"])
    for root in header["http://purl.obolibrary.org/obo/IAO_0000700"]:
        assert ontology.place_of(root), root


def test_versions_and_days_are_those_of_the_ontology() -> None:
    entry = bioportal()
    assert entry["version"] == __version__
    assert entry["versionIRI"] == f"{MESO}releases/{__version__}/mesoonto.owl"
    assert f"date-released: {entry['released']}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"/download/{__version__}/$1" in (FOLDER / "w3id" / ".htaccess").read_text()


def redirected(path: str) -> tuple[str, str]:
    """Where the first matching rule of the .htaccess leads *path*, and with which status."""
    text = (FOLDER / "w3id" / ".htaccess").read_text()
    for pattern, target, status in re.findall(r"^RewriteRule (\S+) (\S+) \[R=(\d+)[,\]]", text, re.M):
        found = re.search(pattern, path)
        if found:
            return target.replace("$1", found[1]).replace("$2", found[found.re.groups]), status
    return "", ""


@pytest.mark.parametrize(
    ("path", "target", "status"),
    [
        *((name, f"download/{__version__}/{name}", "302") for name in sorted(FILES)),
        ("releases/0.1.0/mesoonto-base.owl", "download/0.1.0/mesoonto-base.owl", "302"),
        ("releases/0.1.0/SHA256SUMS", "download/0.1.0/SHA256SUMS", "302"),
        ("MESO_0001051", "MESO_0001051", "303"),
        ("counters", "counters", "303"),
        ("data/study_NCT02899299", "data/study_NCT02899299", "303"),
        ("graph/data", "graph/data", "302"),
        ("modules/mechanism", "modules/mechanism", "302"),
        ("", "", "302"),
    ],
)
def test_redirects_lead_where_the_server_has_it(path: str, target: str, status: str) -> None:
    assert redirected(path) == (f"https://sparql.example.org/{target}", status)


def test_a_placeholder_stands_only_where_the_docs_say() -> None:
    text = (ROOT / "docs" / "registries.md").read_text()
    rows = dict(re.findall(r"^\| `(\S+)` \|.*\| ([^|]+) \|$", text, re.M))
    files = {str(path.relative_to(FOLDER)): path for path in FOLDER.rglob("*") if path.is_file()}
    assert rows.keys() == files.keys()
    for name, path in files.items():
        assert ("example.org" in path.read_text()) == (rows[name] != "nothing"), name


def test_a_release_keeps_every_rule_that_a_file_can_keep(published: Published) -> None:
    assert registry_rules.broken(published) == {}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.findings], ids=lambda rule: rule.name)
def test_every_rule_finds_something(rule: registry_rules.RegistryRule) -> None:
    """In an ontology in which nothing is as it should be."""
    prefixes = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
    text = f"""{prefixes}<http://e/o> a owl:Ontology .
        meso:MESO_x a owl:Class .
        meso:MESO_1 a owl:Class ; rdfs:label "a" .
        meso:MESO_2 a owl:Class ; rdfs:label "A" .
        meso:has a owl:ObjectProperty ; rdfs:label "has part" .
        <http://purl.obolibrary.org/obo/RO_1> a owl:ObjectProperty ; rdfs:label "has part" ."""
    bad = Published(q.triple for q in ox.parse(text, format=ox.RdfFormat.TURTLE))
    assert rule.findings is not None
    assert list(rule.findings(bad)) != []


def test_docs_have_the_table() -> None:
    assert registry_rules.table() in (ROOT / "docs" / "registries.md").read_text()
    assert all(rule.findings or rule.held or rule.reason for rule in RULES)
