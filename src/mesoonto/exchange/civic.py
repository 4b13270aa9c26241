"""Evidence statements as rows of CIViC's table of evidence, as far as its model goes.

CIViC's evidence is on a molecular profile: what a biomarker here says of survival or response. Levels mean
the same in both (CIViC defines them, and the shapes ask for them). What CIViC would assign or judge itself,
such as its numbers, the rating and the origin of a variant, stays empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pyoxigraph as ox

from mesoonto.exchange.civic_table import CivicRow, write_table
from mesoonto.exchange.claims import Claim, claim, pubmed_number, therapies
from mesoonto.exchange.formats import WHOLE, Exported, Loss, record_name
from mesoonto.namespaces import MESO, OBO, compress, local_name
from mesoonto.views.facts import DCTERMS, LABEL, SKOS, TYPE, Facts

BIOMARKER = f"{MESO}MESO_0000006"
INTERVENTION = f"{MESO}MESO_0000002"

#: Type of evidence and significance, by the relation of a claim.
SIGNIFICANCE = {
    "predictsBenefitFrom": ("Predictive", "Sensitivity/Response"),
    "predictsResistanceTo": ("Predictive", "Resistance"),
    "marksLonger": ("Prognostic", "Better Outcome"),
    "marksShorter": ("Prognostic", "Poor Outcome"),
}

#: Properties of a statement that are in a row, or are told apart; all others are lost.
_CARRIED = frozenset(
    [TYPE, LABEL, f"{DCTERMS}source"]
    + [f"{MESO}hasClaim{part}" for part in ("Subject", "Relation", "Object")]
    + [f"{MESO}has{name}" for name in ("Direction", "EvidenceLevel", "DiseaseContext")]
)
#: Fields that CIViC asks for and that stay empty, with the reason.
_EMPTY = (
    ("molecular_profile_id", "CIViC assigns it; the name is ours"),
    ("rating", "CIViC asks for 1 to 5 stars, and nobody has rated it"),
    ("variant_origin", "the record does not tell it"),
)


def write(facts: Facts, chosen: Sequence[ox.NamedNode], step: Callable[[], None]) -> Exported:
    """The statements *chosen* that CIViC's model fits, as its table, and all that is lost."""
    rows, losses = [], []
    for node in chosen:
        said = claim(facts, node)
        why = _unfit(facts, said)
        if why:
            losses.append(Loss(record_name(node), WHOLE, why))
        else:
            rows.append(_row(facts, said))
            losses += _losses(facts, said)
        step()
    return Exported(write_table(rows), tuple(losses))


def doid(facts: Facts, disease: ox.NamedNode) -> str:
    """The number in the Disease Ontology of what is exactly *disease*, or nothing."""
    stem = f"{OBO}DOID_"
    same = (there.value for there in facts.entities(disease, f"{SKOS}exactMatch"))
    return next((iri.removeprefix(stem) for iri in same if iri.startswith(stem)), "")


def _unfit(facts: Facts, said: Claim) -> str:
    """Why CIViC's model has no place for *said*; nothing where it has."""
    if said.relation == "prognosticFor":
        return "the claim has no sign, and CIViC asks for better or poor outcome"
    if said.relation not in SIGNIFICANCE:
        return f"CIViC has no type of evidence for the relation {said.relation}"
    if not facts.is_a(said.subject, BIOMARKER):
        return f"its subject, {facts.label(said.subject)}, is no molecular profile"
    if said.disease is None or not doid(facts, said.disease):
        return "the record names no one disease, and CIViC asks for one"
    if said.direction == "Inconclusive" and SIGNIFICANCE[said.relation][0] == "Prognostic":
        return "it is inconclusive, and CIViC has no such direction for prognostic evidence"
    if not pubmed_number(facts, said.source):
        return "its source has no PubMed number, and no abstract of ASCO or ASH is told apart here"
    names = [facts.label(said.subject), *(facts.label(one) for one in therapies(facts, said.object))]
    if any("," in name for name in names[1:]):
        return "the name of a therapy has a comma, which CIViC's table takes for the end of a name"
    return ""


def _row(facts: Facts, said: Claim) -> CivicRow:
    kind, significance = SIGNIFICANCE[said.relation]
    assert said.disease is not None  # noqa: S101  # see _unfit
    given = therapies(facts, said.object) if kind == "Predictive" else ()
    return CivicRow(
        molecular_profile=facts.label(said.subject),
        disease=facts.label(said.disease),
        doid=doid(facts, said.disease),
        therapies=",".join(facts.label(one) for one in given),
        therapy_interaction_type="Combination" if len(given) > 1 else "",
        evidence_type=kind,
        evidence_direction="Supports" if said.direction == "Supports" else "Does Not Support",
        evidence_level=said.level,
        significance=significance,
        evidence_statement=said.text,
        citation_id=pubmed_number(facts, said.source),
        source_type="PubMed",
        citation=facts.text(said.source, f"{DCTERMS}bibliographicCitation"),
        nct_ids=",".join(_trials(facts, said.node)),
    )


def _losses(facts: Facts, said: Claim) -> list[Loss]:
    """What a row does not say of *said*, and which of its fields stay empty."""
    name = record_name(said.node)
    found = [
        Loss(name, local_name(iri), f"CIViC has no field for {compress(iri)}")
        for iri in sorted(facts.outward(said.node).keys() - _CARRIED)
    ]
    if SIGNIFICANCE[said.relation][0] == "Prognostic":
        found.append(
            Loss(name, "hasClaimObject", f"CIViC does not tell the end point, {facts.label(said.object)}")
        )
    elif said.direction != "Supports":
        told = f"CIViC has one direction for refuted and inconclusive; it was {said.direction.lower()}"
        found.append(Loss(name, "hasDirection", told))
    return found + [Loss(name, column, why) for column, why in _EMPTY]


def _trials(facts: Facts, node: ox.NamedNode) -> list[str]:
    """The numbers at ClinicalTrials.gov of the trials whose results *node* is based on."""
    results = facts.entities(node, f"{MESO}basedOn")
    studies = [
        study
        for result in results
        for path in ((f"{MESO}ofStudy",), (f"{MESO}ofCohort", f"{MESO}ofStudy"))
        for study in facts.entities(result, *path)
    ]
    numbers = (re.search(r"NCT\d{8}", study.value) for study in studies)
    return sorted({number[0] for number in numbers if number})
