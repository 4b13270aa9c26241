"""An entity as search engines read it: JSON-LD in the terms of https://schema.org, by profiles of Bioschemas.

A profile is named where all that it asks for at least is on record, and not otherwise.
"""

from __future__ import annotations

from typing import Any

from mesoonto.namespaces import MESO
from mesoonto.views.decisions import DecisionPage
from mesoonto.views.evidence import PublicationPage, ResultPage, StatementPage
from mesoonto.views.facts import EntityLink
from mesoonto.views.mechanism import MechanismPage
from mesoonto.views.publications import PublicationView
from mesoonto.views.records import RecordPage
from mesoonto.views.terms import BiomarkerPage, InterventionPage, Term
from mesoonto.views.trial import TrialPage

_LICENCE = "https://creativecommons.org/licenses/by/4.0/"
_CONTEXT = "https://schema.org"
_CONFORMS = "http://purl.org/dc/terms/conformsTo"
#: Profiles of Bioschemas, and what that of a study asks for at least.
DATASET_PROFILE = "https://bioschemas.org/profiles/Dataset/1.0-RELEASE"
STUDY_PROFILE = "https://bioschemas.org/profiles/Study/0.2-DRAFT"
_STUDY_DOMAIN, _STUDY_PROCESS = "http://bioschemas.org/studyDomain", "http://bioschemas.org/studyProcess"
_STUDY_MINIMUM = (
    "author", "datePublished", "description", "identifier", "name", _STUDY_DOMAIN, "studySubject",
)  # fmt: skip
_CONTRIBUTORS = {"@type": "Organization", "name": "mesoonto contributors", "url": MESO}
KEYWORDS = ("mesothelioma", "immunotherapy", "drug resistance", "clinical trials", "ontology")


def describe(page: object, link: EntityLink) -> dict[str, Any]:
    """The description of the entity that *page* shows; of *link* where it has no page of its own kind."""
    found: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "Thing",
        "@id": link.iri,
        "url": link.iri,
        "name": link.label,
    }
    if isinstance(page, TrialPage):
        found |= _study(page)
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
    elif isinstance(page, RecordPage) and f"{MESO}DataSet" in page.classes:
        # whose licence is not on record, so no profile is named
        found |= {"@type": "Dataset", "identifier": link.iri, "description": _in_words(page)}
    if isinstance(page, TrialPage):
        found["subjectOf"] = _record(page)
    elif link.iri.startswith(MESO) and not isinstance(page, PublicationPage):
        found["subjectOf"] = {"@type": "Dataset", "name": "mesoonto", "url": MESO, "license": _LICENCE}
    return {name: value for name, value in found.items() if value}


def knowledge_base(url: str, description: str, version: str, downloads: dict[str, str]) -> dict[str, Any]:
    """All of the dataset, as it is found at *url*; *downloads* are media types by address."""
    return {
        "@context": _CONTEXT,
        "@type": "Dataset",
        "@id": MESO,
        _CONFORMS: {"@id": DATASET_PROFILE},
        "name": "mesoonto",
        "description": description,
        "url": url,
        "identifier": MESO,
        "keywords": list(KEYWORDS),
        "version": version,
        "license": _LICENCE,
        "creator": _CONTRIBUTORS,
        "publisher": _CONTRIBUTORS,
        "isAccessibleForFree": True,
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": form, "contentUrl": address}
            for address, form in downloads.items()
        ],
    }


def _study(page: TrialPage) -> dict[str, Any]:
    """A study by the draft profile of Bioschemas, as far as the record goes."""
    conditions = [{"@type": "MedicalCondition", "@id": d.iri, "name": d.label} for d in page.disease]
    organisation = {"@type": "Organization", "name": page.sponsor} if page.sponsor else None
    found: dict[str, Any] = {
        "@type": "MedicalTrial",
        "name": page.link.label,
        "alternateName": list(page.names),
        "identifier": list(page.registry),
        "healthCondition": conditions,
        "studySubject": conditions,
        "description": ", ".join(part for part in (page.design, page.phase, page.setting) if part),
        "author": organisation,
        "sponsor": organisation,
        # of the papers that were read
        "datePublished": min((p.year for p in page.publications if p.year), default=""),
        "citation": [_paper(p) for p in page.publications],
        _STUDY_PROCESS: page.design,
        _STUDY_DOMAIN: "oncology",
    }
    if all(found[name] for name in _STUDY_MINIMUM):
        found |= {"@type": ["MedicalTrial", "http://bioschemas.org/Study"], _CONFORMS: {"@id": STUDY_PROFILE}}
    return found


def _record(page: TrialPage) -> dict[str, Any]:
    """What is recorded here of a study, as a dataset."""
    words = (*(d.label for d in page.disease), page.design, page.phase, page.setting)
    return {
        "@type": "Dataset",
        "@id": f"{page.link.iri}#record",
        _CONFORMS: {"@id": DATASET_PROFILE},
        "name": f"mesoonto: {page.link.label}",
        "description": f"What was read of {page.link.label}: design, arms, results and their sources.",
        "identifier": page.link.iri,
        "keywords": [word for word in words if word],
        "license": _LICENCE,
        "url": page.link.iri,
        "creator": _CONTRIBUTORS,
        "isPartOf": {"@type": "Dataset", "@id": MESO, "name": "mesoonto", "url": MESO, "license": _LICENCE},
    }


def _in_words(page: RecordPage) -> str:
    """What is stated of a record, in a line."""
    return "; ".join(f"{row.property}: {', '.join(v.label for v in row.values)}" for row in page.rows)


def _term(term: Term) -> dict[str, Any]:
    same = [link.iri for relation, link in term.matches if relation == "exact"]
    return {"description": term.definition, "alternateName": list(term.synonyms), "sameAs": same}


def _paper(paper: PublicationView) -> dict[str, Any]:
    found = {
        "@type": "ScholarlyArticle",
        "@id": paper.iri,
        "name": paper.title or paper.link.label,
        "datePublished": paper.year,
        "sameAs": f"https://doi.org/{paper.doi}" if paper.doi else "",
    }
    return {name: value for name, value in found.items() if value}
