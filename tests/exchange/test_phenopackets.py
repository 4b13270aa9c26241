"""Phenopackets as tumour profiles: each means what the equal settings mean, and nothing beyond."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st
from phenopackets import Phenopacket

from mesoonto.errors import InputError
from mesoonto.exchange import phenopackets
from mesoonto.exchange.codes import Codes
from mesoonto.exchange.packet_profile import PacketProfile, profile_of
from mesoonto.knowledge.profile import ProfileVocabulary
from tests import knowledge

Run = Callable[..., CompletedProcess[str]]
Json = dict[str, Any]

VOCABULARY = ProfileVocabulary(knowledge.ontology())
CODES = Codes(knowledge.ontology())
SUBJECT, SAMPLE = "synthetic-subject", "synthetic-sample"

# Codes as the NCIt and HGNC give them, with the settings that say the same.
HISTOLOGIES = {
    "NCIT:C45662": "histology=epithelioid",
    "NCIT:C45665": "histology=biphasic",
    "MONDO:0006380": "histology=sarcomatoid",
    "MESO:0003001": "histology=non-epithelioid",
}
MARKERS = {
    "NCIT:C156025": "TMB=high",
    "NCIT:C128841": "mesothelin=positive",
    "NCIT:C41615": "CDKN2A=deleted",
    "MESO:0003102": "ASS1=lost",
    "MESO:0003142": "BAP1=retained",
}
PRIOR = {
    "NCIT:C68814": "prior=nivolumab",
    "DrugBank:DB09035": "prior=nivolumab",
    "NCIT:C154272": "prior=nivolumab plus ipilimumab",
}


def term(code: str) -> Json:
    return {"id": code, "label": f"label of {code}"}


def packet(**fields: Any) -> Json:
    """A packet of an epithelioid pleural tumour, as the library writes it."""
    whole = {
        "id": "synthetic-packet",
        "subject": {"id": SUBJECT},
        "diseases": [{"term": term("NCIT:C45662")}],
        "metaData": {"phenopacketSchemaVersion": "2.0", "createdBy": "test"},
    } | fields
    return dict(json_format.MessageToDict(json_format.ParseDict(whole, Phenopacket())))


def read(**fields: Any) -> PacketProfile:
    return profile_of(phenopackets.parse(json.dumps(packet(**fields), indent=1)), VOCABULARY, CODES)


def features(**fields: Any) -> set[str]:
    """The features that a packet gives, by label."""
    return {VOCABULARY.labels()[iri] for iri in read(**fields).profile.features}


def sample(**fields: Any) -> Json:
    return {"id": SAMPLE, "individualId": SUBJECT, "histologicalDiagnosis": term("NCIT:C45662")} | fields


def variant(gene: str = "HGNC:7773", **fields: Any) -> Json:
    """Fields of a packet with a pathogenic variant of NF2 in a sample of the tumour, changed by *fields*."""
    call = {"subjectOrBiosampleId": SAMPLE, "interpretationStatus": "CONTRIBUTORY"}
    described = {"geneContext": {"valueId": gene}, "variation": fields.pop("variation", {})}
    read_as = {
        "acmgPathogenicityClassification": fields.pop("acmg", "PATHOGENIC"),
        "variationDescriptor": described,
    }
    progress = fields.pop("progress", "COMPLETED")
    disease = fields.pop("disease", "NCIT:C4456")
    calls = [call | {"variantInterpretation": read_as} | fields]
    diagnosis = {"disease": term(disease), "genomicInterpretations": calls}
    return {
        "biosamples": [sample()],
        "interpretations": [{"id": "i", "progressStatus": progress, "diagnosis": diagnosis}],
    }


def tps(value: float, unit: str = "UCUM:%") -> Json:
    return {"assay": term("NCIT:C184941"), "value": {"quantity": {"unit": term(unit), "value": value}}}


@budget(max_examples=25, deadline=None)
@given(
    histology=st.sampled_from(sorted(HISTOLOGIES)),
    markers=st.sets(st.sampled_from(sorted(MARKERS))),
    prior=st.sets(st.sampled_from(sorted(PRIOR))),
    pleura=st.booleans(),
    where=st.sampled_from(["features", "markers", "measurements"]),
)
def test_a_packet_means_what_the_equal_settings_mean(
    histology: str, markers: set[str], prior: set[str], pleura: bool, where: str
) -> None:
    disease: Json = {"term": term(histology)} | ({"primarySite": term("UBERON:0000977")} if pleura else {})
    fields: Json = {
        "features": {"phenotypicFeatures": [{"type": term(code)} for code in markers]},
        "markers": {
            "biosamples": [
                sample(
                    histologicalDiagnosis=term(histology), diagnosticMarkers=[term(code) for code in markers]
                )
            ]
        },
        "measurements": {
            "measurements": [
                {"assay": term("LOINC:0-0"), "value": {"ontologyClass": term(code)}} for code in markers
            ]
        },
    }[where]
    found = read(
        diseases=[disease], medicalActions=[{"treatment": {"agent": term(code)}} for code in prior], **fields
    )
    same = [HISTOLOGIES[histology], *(MARKERS[c] for c in markers), *(PRIOR[c] for c in prior)]
    assert found.profile == VOCABULARY.from_settings([*same, *(["site=pleura"] if pleura else [])])
    assert not found.unused or found.unused[0].path == "subject"


def test_peritoneum_and_a_disease_without_histology() -> None:
    assert read(diseases=[{"term": term("NCIT:C9350")}]).profile == VOCABULARY.from_settings(
        ["site=peritoneum"]
    )
    wide = [{"term": term("MONDO:0006292"), "primarySite": term("UBERON:0000977")}]
    assert read(diseases=wide).profile == VOCABULARY.from_settings(["site=pleura"])


@pytest.mark.parametrize(
    ("percent", "labels"),
    [
        (0.5, {"PD-L1 expression below 1 %", "PD-L1 expression below 5 %"}),
        (1, {"PD-L1 expression of 1 % to 49 %", "PD-L1 expression below 5 %"}),
        (4, {"PD-L1 expression of 1 % to 49 %", "PD-L1 expression below 5 %"}),
        (50, {"PD-L1 expression of at least 50 %"}),
    ],
)
def test_a_proportion_score_is_read_by_the_cut_offs_of_the_ontology(percent: float, labels: set[str]) -> None:
    assert features(measurements=[tps(percent)]) == labels


@pytest.mark.parametrize(
    "measurement",
    [
        tps(60, "UCUM:1"),
        {"assay": term("NCIT:C176582"), "value": {"quantity": {"unit": term("UCUM:%"), "value": 60}}},  # CPS
        {
            "assay": term("NCIT:C199697"),
            "value": {"quantity": {"unit": term("UCUM:%"), "value": 60}},
        },  # close
        {
            "assay": term("NCIT:C150128"),
            "value": {"quantity": {"unit": term("UCUM:{mut}"), "value": 60}},
        },  # TMB
        {
            "assay": term("NCIT:C184941"),
            "value": {"ontologyClass": term("NCIT:C156025")},
        },  # TMB high by PD-L1
        {"assay": term("NCIT:C184941")},
    ],
)
def test_a_measurement_without_a_fitting_cut_off_is_told_and_not_used(measurement: Json) -> None:
    found = read(measurements=[measurement])
    assert not found.profile.features
    assert any(item.path.startswith("measurements[0]") for item in found.unused)


def test_a_variant_is_a_trait_of_the_tumour_or_of_the_germline() -> None:
    assert features(**variant()) == {"NF2 alteration"}
    assert features(**variant(variation={"allele": {}})) == {"NF2 mutation"}
    assert features(**variant("HGNC:950", variation={"allele": {}})) == {"BAP1 mutation"}
    gone = {"copyNumber": {"number": {"value": 0}}}
    assert features(**variant("HGNC:1787", variation=gone)) == {"homozygous CDKN2A deletion"}
    assert features(**variant("HGNC:950", subjectOrBiosampleId=SUBJECT)) == {"germline BAP1 variant"}


@pytest.mark.parametrize(
    "changed",
    [
        {"interpretationStatus": "REJECTED"},
        {"interpretationStatus": "UNKNOWN_STATUS"},
        {"interpretationStatus": "CANDIDATE"},
        {"acmg": "BENIGN"},
        {"acmg": "LIKELY_BENIGN"},
        {"acmg": "UNCERTAIN_SIGNIFICANCE"},
        {"progress": "UNSOLVED"},
        {"progress": "UNKNOWN_PROGRESS"},
        {"disease": "NCIT:C3224"},  # melanoma
        {"subjectOrBiosampleId": "another"},
        {"gene": "HGNC:11998"},  # TP53
        {"variation": {"copyNumber": {"number": {"value": 1}}}},
    ],
    ids=str,
)
def test_a_variant_that_is_not_said_to_be_there_is_told_and_not_used(changed: Json) -> None:
    found = read(**variant(**changed))
    assert not found.profile.features
    assert any(item.path.startswith("interpretations[0]") for item in found.unused)


def test_a_gene_without_a_variant_is_not_used() -> None:
    fields = variant()
    call = fields["interpretations"][0]["diagnosis"]["genomicInterpretations"][0]
    del call["variantInterpretation"]
    call["gene"] = {"valueId": "HGNC:7773", "symbol": "NF2"}
    assert not features(**fields)


@pytest.mark.parametrize(
    "left_out",
    [
        sample(
            histologicalDiagnosis=term("NCIT:C38757"), diagnosticMarkers=[term("MESO:0003102")]
        ),  # normal tissue
        {"id": SAMPLE, "diagnosticMarkers": [term("MESO:0003102")]},
        sample(individualId="another", diagnosticMarkers=[term("MESO:0003102")]),
    ],
)
def test_a_sample_that_is_not_of_the_tumour_is_left_out(left_out: Json) -> None:
    found = read(biosamples=[left_out])
    assert not found.profile.features
    assert any(item.path.startswith("biosamples[0]") for item in found.unused)


@budget(max_examples=30, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(MARKERS)), st.sampled_from(["there", "excluded", "resolved"])))
def test_what_is_excluded_or_resolved_is_not_there(said: dict[str, str]) -> None:
    marks: dict[str, Json] = {
        "there": {},
        "excluded": {"excluded": True},
        "resolved": {"resolution": {"age": {"iso8601duration": "P50Y"}}},
    }
    found = read(phenotypicFeatures=[{"type": term(code)} | marks[how] for code, how in said.items()])
    there = [MARKERS[code] for code, how in said.items() if how == "there"]
    assert found.profile == VOCABULARY.from_settings(["histology=epithelioid", *there])
    assert len(found.absent) == list(said.values()).count("excluded")
    assert sum("resolved" in item.meaning for item in found.unused) == list(said.values()).count("resolved")


def test_what_was_not_given_for_the_tumour_or_perhaps_never_is_no_earlier_treatment() -> None:
    other = {"treatment": {"agent": term("NCIT:C68814")}, "treatmentTarget": term("NCIT:C3224")}
    perhaps = {
        "therapeuticRegimen": {"ontologyClass": term("MESO:0002301"), "regimenStatus": "UNKNOWN_STATUS"}
    }
    found = read(medicalActions=[other, perhaps])
    assert not found.profile.prior
    assert [item.path.partition(".")[0] for item in found.unused[:2]] == [
        "medicalActions[0]",
        "medicalActions[1]",
    ]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"diseases": []}, "no mesothelioma"),
        ({"diseases": [{"term": term("NCIT:C3224")}]}, r"diseases\[0\].term \(NCIT:C3224"),
        ({"diseases": [{"term": term("NCIT:C45662"), "excluded": True}]}, "no mesothelioma"),
        ({"diseases": [{"term": term("NCIT:C4456")}]}, "no site"),
        ({"diseases": [{"term": term("NCIT:C45662")}, {"term": term("NCIT:C45663")}]}, "one tumour"),
        (
            {"diseases": [{"term": term("NCIT:C45662")}, {"term": term("NCIT:C7376"), "excluded": True}]},
            "excludes",
        ),
        ({"diseases": [{"term": term("NCIT:C9350"), "primarySite": term("UBERON:0000977")}]}, "not the site"),
        (
            {"phenotypicFeatures": [{"type": term("MESO:0003139")}, {"type": term("MESO:0003142")}]},
            "exclude one another",
        ),
    ],
)
def test_a_packet_of_no_one_tumour_is_refused(fields: Json, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(**fields)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '{"id": "x",\n "diseases": [{"exclude": true}]}',
            r'^p:2: diseases\[0\]: .*no field named "exclude"',
        ),
        ('{"id": "x",\n "diseases": [\n{"excluded": "yes"}]}', r"^p:3: diseases\[0\].excluded: "),
        ('{"id": "x",\n}', r"^p:2:1: not JSON"),
        ('{"id": "x", "id": "y"}', "stands twice"),
        ('{"id": "\\ud800"}', "not JSON"),
        ("[]", "no Phenopacket"),
        ('{"a":' * 100_000, "nested too deep"),
        ('{"members": []}', "a cohort"),
        ('{"metaData": {"phenopacketSchemaVersion": "1.0"}}', "version 1"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_packet_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        phenopackets.parse(text, "p")


def test_a_packet_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.write_text("{" + " " * phenopackets.LARGEST + "}")
    with pytest.raises(InputError, match="larger than"):
        phenopackets.read(path)


@budget(max_examples=30, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [f.json_name for f in Phenopacket.DESCRIPTOR.fields] + ["term", "id", "excluded"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_read_or_refused(found: Any) -> None:
    with suppress(InputError):  # anything else is a failure
        profile_of(phenopackets.parse(json.dumps(found)), VOCABULARY, CODES)


def test_the_command_takes_a_packet(mesoonto: Run, tmp_path: Path) -> None:
    path = tmp_path / "profile.json"
    path.write_text(json.dumps(packet(phenotypicFeatures=[{"type": term("MESO:0003102")}])))
    told = json.loads(mesoonto("stratify", str(path), "--format", "json").stdout)
    assert [item["meaning"] for item in told["used"]] == ["pleural epithelioid mesothelioma", "ASS1 loss"]
    assert told["profile"] == ["pleural epithelioid mesothelioma", "ASS1 loss"]


def test_json_ld_is_no_packet(tmp_path: Path) -> None:
    path = tmp_path / "profile.json"
    path.write_text('{"@id": "x"}')
    assert not phenopackets.is_packet(path)
    path.write_text('\ufeff {"id": "x"}')
    assert phenopackets.is_packet(path)
