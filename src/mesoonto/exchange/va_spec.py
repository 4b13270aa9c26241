"""Evidence statements as objects of GA4GH VA-Spec, by the library ga4gh.va_spec, which also checks them.

A ``Statement`` of VA-Spec assesses one of six propositions, and each has a variant as its subject. What is
said of a genomic variant, and has one of their predicates, becomes one. All else becomes an ``EvidenceLine``,
whose target may be a proposition of any subject, predicate and object. The profiles for cancer
(AMP/ASCO/CAP 2017) ask for a tier of that guideline; nobody has assigned one here, so they are not used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from mesoonto.errors import ExchangeError
from mesoonto.exchange.claims import Claim, claim, pubmed_number, therapies
from mesoonto.exchange.formats import Exported, record_name
from mesoonto.namespaces import DATA, MESO, OBO, in_query
from mesoonto.views.facts import BIBO, DCTERMS, LABEL, SKOS, TYPE, Facts

if TYPE_CHECKING:
    from ga4gh.va_spec.base import Document, EvidenceLine, Statement

#: Biomarkers that are variants of genes or chromosomes, with all below them: 9p21 loss, NF2 alteration,
#: CDKN2A alteration, germline variant in a cancer predisposition gene. Proteins and scores are none.
VARIANTS = tuple(f"{MESO}MESO_{number}" for number in ("0003147", "0003156", "0003277", "0003143"))

_DIRECTIONS = {"Supports": "supports", "Refutes": "disputes", "Inconclusive": "neutral"}
_PROGNOSTIC = {
    "marksLonger": "associatedWithBetterOutcomeFor",
    "marksShorter": "associatedWithWorseOutcomeFor",
}
_THERAPEUTIC = {
    "predictsBenefitFrom": "predictsSensitivityTo",
    "predictsResistanceTo": "predictsResistanceTo",
}
#: The kinds of concepts: mechanism, intervention, biomarker, disease.
_KINDS = tuple(
    ox.NamedNode(iri)
    for iri in (f"{MESO}MESO_0000001", f"{MESO}MESO_0000002", f"{MESO}MESO_0000006", f"{OBO}MONDO_0000001")
)
_LEVELS = "https://civic.readthedocs.io/en/latest/model/evidence/level.html"

#: What has a field of its own in every object; the rest goes to its extensions.
_FIELDS = frozenset(
    [TYPE, LABEL]
    + [f"{DCTERMS}{name}" for name in ("source", "creator", "created")]
    + [f"{MESO}{name}" for name in ("hasDirection", "hasEvidenceLevel", "basedOn")]
)
_CLAIM = frozenset(f"{MESO}{name}" for name in ("hasClaimSubject", "hasClaimRelation", "hasClaimObject"))


def write(facts: Facts, chosen: Sequence[ox.NamedNode], step: Callable[[], None]) -> Exported:
    """The statements *chosen* as a JSON array; nothing of them is lost.

    An ExchangeError names the first that the library does not read back as it was written.
    """
    objects = []
    for node in chosen:
        objects.append(_checked(_object(facts, claim(facts, node))))
        step()
    return Exported(json.dumps(objects, ensure_ascii=False, indent=1) + "\n", ())


def _checked(made: Statement | EvidenceLine) -> Any:
    """*made* as JSON has it, after the library has read it back."""
    text = made.model_dump_json(exclude_none=True)
    if type(made).model_validate_json(text) != made:
        raise ExchangeError(f"{made.id}: VA-Spec's library reads it back as something else")
    return json.loads(text)


def _object(facts: Facts, said: Claim) -> Statement | EvidenceLine:
    from ga4gh.core.models import iriReference
    from ga4gh.va_spec.base import EvidenceLine, Statement
    from pydantic import ValidationError

    about_variant = _variant_proposition(facts, said)
    direction = _DIRECTIONS[said.direction]
    strength = _level(said.level)
    results = [iriReference(root=n.value) for n in facts.entities(said.node, f"{MESO}basedOn")] or None
    common: dict[str, Any] = {
        "id": said.node.value,
        "description": said.text,
        "reportedIn": [_document(facts, said.source)],
        "contributions": _contributions(facts, said.node),
    }
    try:
        if about_variant is None:
            return EvidenceLine(
                targetProposition=_proposition(facts, said),
                directionOfEvidenceProvided=direction,
                strengthOfEvidenceProvided=strength,
                hasEvidenceItems=results,
                extensions=_extensions(facts, said.node, _FIELDS | _CLAIM),
                **common,
            )
        line = EvidenceLine(directionOfEvidenceProvided=direction, hasEvidenceItems=results)
        return Statement(
            proposition=about_variant,
            direction=direction,
            strength=strength,
            hasEvidenceLines=[line] if results else None,
            extensions=_extensions(facts, said.node, _FIELDS),
            **common,
        )
    except ValidationError as error:
        raise ExchangeError(f"{record_name(said.node)} is no object of VA-Spec: {error}") from error


def _variant_proposition(facts: Facts, said: Claim) -> Any:
    """The proposition of *said* on a variant, as the models have it; None for a claim on something else."""
    if said.disease is None or not any(facts.is_a(said.subject, root) for root in VARIANTS):
        return None
    variant = {
        "type": "CategoricalVariant",
        "id": said.subject.value,
        "name": facts.label(said.subject),
        "mappings": _mappings(facts, said.subject),
    }
    disease = _concept(facts, said.disease)
    if said.relation in _PROGNOSTIC:
        return {
            "type": "VariantPrognosticProposition",
            "subjectVariant": variant,
            "predicate": _PROGNOSTIC[said.relation],
            "objectCondition": disease,
        }
    if said.relation in _THERAPEUTIC:
        return {
            "type": "VariantTherapeuticResponseProposition",
            "subjectVariant": variant,
            "predicate": _THERAPEUTIC[said.relation],
            "objectTherapeutic": _therapeutic(facts, said.object),
            "conditionQualifier": disease,
        }
    return None


def _therapeutic(facts: Facts, node: ox.NamedNode) -> dict[str, Any]:
    """The intervention *node* as one therapy, or as the group of those that are given together."""
    parts = therapies(facts, node)
    if len(parts) == 1:
        return _concept(facts, node)
    return {
        "id": node.value,
        "therapies": [_concept(facts, part) for part in parts],
        "membershipOperator": "AND",
    }


def _proposition(facts: Facts, said: Claim) -> dict[str, Any]:
    (relation,) = facts.entities(said.node, f"{MESO}hasClaimRelation")
    return {
        "type": "Proposition",
        "subject": _concept(facts, said.subject),
        "predicate": relation.value,
        "object": _concept(facts, said.object),
    }


def _concept(facts: Facts, node: ox.NamedNode) -> dict[str, Any]:
    """The class *node* as a MappableConcept."""
    kind = next((facts.label(kind) for kind in _KINDS if facts.is_a(node, kind.value)), None)
    concept = {
        "id": node.value,
        "conceptType": kind,
        "name": facts.label(node),
        "primaryCoding": _coding(node),
        "mappings": _mappings(facts, node),
    }
    return {name: value for name, value in concept.items() if value is not None}


def _mappings(facts: Facts, node: ox.NamedNode) -> list[dict[str, Any]] | None:
    """What the class *node* corresponds to elsewhere."""
    found = [
        {"coding": _coding(there), "relation": relation}
        for relation in ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")
        for there in facts.entities(node, SKOS + relation)
    ]
    return found or None


def _coding(node: ox.NamedNode) -> dict[str, Any]:
    """*node* as a code: what follows the stem of its IRI."""
    code = re.split(r"[_/#]", node.value)[-1]
    return {"system": node.value.removesuffix(code), "code": code, "iris": [node.value]}


def _level(level: str) -> dict[str, Any]:
    return {"name": f"CIViC level {level}", "primaryCoding": {"system": _LEVELS, "code": level}}


def _document(facts: Facts, source: ox.NamedNode) -> Document:
    from ga4gh.va_spec.base import Document

    address = source.value.startswith(("http://", "https://")) and not source.value.startswith(DATA)
    return Document(
        id=source.value,
        documentType="publication",
        name=facts.text(source, f"{DCTERMS}bibliographicCitation") or None,
        title=facts.text(source, f"{DCTERMS}title") or None,
        urls=[source.value] if address else None,
        doi=facts.text(source, f"{BIBO}doi") or None,
        pmid=pubmed_number(facts, source) or None,
    )


def _contributions(facts: Facts, node: ox.NamedNode) -> list[dict[str, Any]]:
    """Who made the record; the model asks for a time, and a record tells the day."""
    return [
        {
            "type": "Contribution",
            "activityType": "curation",
            "contributor": {"type": "Agent", "name": name},
            "date": facts.text(node, f"{DCTERMS}created"),
        }
        for name in facts.texts(node, f"{DCTERMS}creator")
    ]


def _extensions(facts: Facts, node: ox.NamedNode, said: frozenset[str]) -> list[dict[str, Any]]:
    """The properties of *node* that are not in *said*, each with its values."""
    stated = facts.outward(node)
    return [
        {"name": in_query(name), "value": [_value(facts, value) for value in stated[name]]}
        for name in sorted(stated.keys() - said)
    ]


def _value(facts: Facts, value: ox.NamedNode | ox.BlankNode | ox.Literal) -> str | dict[str, str]:
    return value.value if isinstance(value, ox.Literal) else {"id": value.value, "name": facts.label(value)}
