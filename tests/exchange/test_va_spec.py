"""Statements as objects of VA-Spec: the library reads all back, and some hold what their files say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ga4gh.va_spec.base import EvidenceLine, Statement

from mesoonto.dataset.store import Engine
from mesoonto.exchange import formats
from mesoonto.namespaces import DATA, MESO, OBO
from mesoonto.views.facts import Facts

VA_SPEC = formats.named("va-spec")
MODELS = {"Statement": Statement, "EvidenceLine": EvidenceLine}


@pytest.fixture(scope="module")
def facts(engine: Engine) -> Facts:
    return Facts(engine.store)


@pytest.fixture(scope="module")
def objects(facts: Facts) -> dict[str, Any]:
    """All statements, by the name of the record."""
    exported = formats.write(facts, VA_SPEC, formats.records(facts, VA_SPEC))
    assert exported.losses == ()
    return {one["id"].removeprefix(DATA): one for one in json.loads(exported.text)}


def test_the_library_reads_every_record_back(facts: Facts, objects: dict[str, Any]) -> None:
    assert len(objects) == len(formats.records(facts, VA_SPEC)) > 400
    for one in objects.values():
        model = MODELS[one["type"]]
        read = model.model_validate_json(json.dumps(one))
        assert json.loads(read.model_dump_json(exclude_none=True)) == one


def test_every_property_of_a_record_is_there(facts: Facts, objects: dict[str, Any]) -> None:
    for node in formats.records(facts, VA_SPEC):
        one = objects[node.value.removeprefix(DATA)]
        text = json.dumps(one, ensure_ascii=False)
        for name, values in facts.outward(node).items():
            for value in values:
                if name.endswith(("#type", "hasEvidenceLevel", "hasDirection")):
                    continue  # these are codes; see the examples
                assert json.dumps(value.value, ensure_ascii=False)[1:-1] in text, (node, name, value)


def test_a_prognosis_by_a_variant_is_a_statement(objects: dict[str, Any]) -> None:
    one = objects["statement_PMID25380601_1"]  # germline BAP1 variant marks longer overall survival
    said = one["proposition"]
    assert (one["type"], one["direction"]) == ("Statement", "supports")
    assert said["type"] == "VariantPrognosticProposition"
    assert said["subjectVariant"]["id"] == f"{MESO}MESO_0003145"
    assert said["predicate"] == "associatedWithBetterOutcomeFor"
    assert said["objectCondition"]["id"] == f"{OBO}MONDO_0006292"  # ten pleural, ten peritoneal, three both
    assert one["strength"]["primaryCoding"]["code"] == "B"
    (document,) = one["reportedIn"]
    assert (document["pmid"], document["doi"]) == ("25380601", "10.1093/carcin/bgu227")
    (made,) = one["contributions"]
    assert (made["contributor"]["name"], made["date"][:10]) == ("mesoonto contributors", "2026-11-24")
    notes = [more["value"] for more in one["extensions"] if more["name"] == "skos:note"]
    assert notes == [["Ten pleural, ten peritoneal and three both."]]


def test_a_benefit_by_a_variant_is_a_statement(objects: dict[str, Any]) -> None:
    said = objects["statement_NCT03654833_8"]["proposition"]  # NF2/22q loss, bemcentinib plus pembrolizumab
    assert said["predicate"] == "predictsSensitivityTo"
    group = said["objectTherapeutic"]
    assert (group["id"], group["membershipOperator"]) == (f"{MESO}MESO_0002315", "AND")
    assert [one["name"] for one in group["therapies"]] == ["bemcentinib", "pembrolizumab"]
    assert said["conditionQualifier"]["name"] == "malignant pleural mesothelioma"


def test_a_claim_on_a_mechanism_is_an_evidence_line(objects: dict[str, Any]) -> None:
    one = objects["statement_mist3-emt-2024_2"]  # GAS6-AXL signalling impairs response, background only
    said = one["targetProposition"]
    assert (one["type"], one["directionOfEvidenceProvided"]) == ("EvidenceLine", "neutral")
    assert said["subject"]["id"] == f"{MESO}MESO_0001206"
    assert said["predicate"] == f"{MESO}impairsResponseTo"
    assert said["object"]["name"] == "antibody to PD-1 or PD-L1"
    assert one["strengthOfEvidenceProvided"]["primaryCoding"]["code"] == "E"
