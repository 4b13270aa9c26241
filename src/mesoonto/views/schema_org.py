"""An entity as search engines read it: JSON-LD in the terms of https://schema.org."""

from __future__ import annotations

from typing import Any

from mesoonto.namespaces import MESO
from mesoonto.views.decisions import DecisionPage
from mesoonto.views.evidence import PublicationPage, ResultPage, StatementPage
from mesoonto.views.facts import EntityLink
from mesoonto.views.mechanism import MechanismPage
from mesoonto.views.publications import PublicationView
from mesoonto.views.terms import BiomarkerPage, InterventionPage, Term
from mesoonto.views.trial import TrialPage

_LICENCE = "https://creativecommons.org/licenses/by/4.0/"


def describe(page: object, link: EntityLink) -> dict[str, Any]:
    """The description of the entity that *page* shows; of *link* where it has no page of its own kind."""
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Thing",
        "@id": link.iri,
        "url": link.iri,
        "name": link.label,
    }
    if isinstance(page, TrialPage):
        found |= {
            "@type": "MedicalTrial",
            "alternateName": list(page.names),
            "identifier": list(page.registry),
            "healthCondition": [{"@type": "MedicalCondition", "name": d.label} for d in page.disease],
            "description": ", ".join(part for part in (page.design, page.phase, page.setting) if part),
        }
    elif isinstance(page, MechanismPage | BiomarkerPage):
        found |= {"@type": "DefinedTerm", **_term(page.term), "inDefinedTermSet": MESO}
    elif isinstance(page, InterventionPage):
        found |= {"@type": "MedicalTherapy", **_term(page.term)}
    elif isinstance(page, PublicationPage):
        found |= _paper(page.publication)
    elif isinstance(page, StatementPage):
        found |= {"@type": "Claim", "text": link.label}
        if page.reading.source is not None:
            found["appearance"] = _paper(page.reading.source)
    elif isinstance(page, ResultPage):
        one = page.result
        level = f"; {one.level} interval" if one.level else ""
        found |= {
            "@type": "Observation",
            "description": f"{one.value} ({one.interval}{level})" if one.interval else one.value,
        }
    elif isinstance(page, DecisionPage):
        found |= {
            "@type": "MedicalGuideline" if "guideline" in page.kind else "CreativeWork",
            "publisher": {"@type": "Organization", "name": page.decision.body},
            "datePublished": page.decision.date,
            "spatialCoverage": page.decision.jurisdiction,
        }
    if link.iri.startswith(MESO) and not isinstance(page, PublicationPage):
        found["subjectOf"] = {"@type": "Dataset", "name": "mesoonto", "url": MESO, "license": _LICENCE}
    return {name: value for name, value in found.items() if value}


def _term(term: Term) -> dict[str, Any]:
    same = [link.iri for relation, link in term.matches if relation == "exact"]
    return {"description": term.definition, "alternateName": list(term.synonyms), "sameAs": same}


def _paper(paper: PublicationView) -> dict[str, Any]:
    return {
        "@type": "ScholarlyArticle",
        "@id": paper.iri,
        "name": paper.title or paper.link.label,
        "datePublished": paper.year,
        "sameAs": f"https://doi.org/{paper.doi}" if paper.doi else "",
    }
