"""Templates for new records: what a curator fills in, with the questions as comments."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass

from mesoonto.errors import MesoontoError
from mesoonto.namespaces import PREFIXES

_PREFIXES = ("bibo", "dcterms", "meso", "mesod", "obo", "pmid", "rdfs", "skos", "xsd")


@dataclass(frozen=True, slots=True)
class Template:
    """A new record file."""

    file_name: str
    text: str


def new(kind: str, key: str, today: datetime.date) -> Template:
    """A file for a new record of *kind* with the outside key *key*, dated *today*.

    Kinds are ``trial`` (key: registry number), ``statement`` (PMID) and ``decision`` (body and number joined
    by ``_``). Raises MesoontoError for another kind, or for a key that cannot be one.
    """
    if kind not in _KINDS:
        raise MesoontoError(f"{kind}: unknown kind of record; known are {', '.join(_KINDS)}")
    pattern, example, prefix, body = _KINDS[kind]
    if not re.fullmatch(pattern, key):
        raise MesoontoError(f"{key}: not the key of a {kind}; expected one such as {example}")
    header = "".join(f"@prefix {name}: <{PREFIXES[name]}> .\n" for name in _PREFIXES)
    curation = f'dcterms:creator "mesoonto contributors" ; dcterms:created "{today}"^^xsd:date .'
    return Template(f"{prefix}_{key}.ttl", f"{header}\n{body(key, curation, today)}")


def _trial(key: str, curation: str, today: datetime.date) -> str:
    return f"""# Remove what the sources do not say; unknown is absent. See docs/curating.md.
mesod:study_{key} a meso:Study ;
    rdfs:label ""@en ;                              # the name that people use
    meso:registryId "{key}" ;
    meso:phase meso: ;                              # Phase1 Phase1Phase2 Phase2 Phase2Phase3 Phase3
    meso:design meso: ;                             # RandomisedComparative RandomisedNonComparative SingleArm
    meso:setting meso: ;                            # FirstLine SecondOrLaterLine Maintenance Perioperative
    meso:disease obo:MONDO_0005112 ;                # malignant pleural mesothelioma
    meso:enrolment 0 ;
    dcterms:source pmid: ;
    {curation}

mesod:cohort_{key}_main a meso:Cohort ;
    rdfs:label ""@en ;
    meso:ofStudy mesod:study_{key} ;
    meso:primaryEndPoint meso:MESO_0004001 .        # overall survival

mesod:arm_{key}_ a meso:Arm ;
    rdfs:label ""@en ;
    meso:ofCohort mesod:cohort_{key}_main ;
    meso:role meso: ;                               # ExperimentalArm ActiveComparatorArm PlaceboComparatorArm
    meso:armSize 0 ;
    meso:intervention meso:MESO_ ;
    meso:component [ a meso:RegimenComponent ; meso:order 1 ; meso:agent meso:MESO_ ;
        meso:dose 0.0 ; meso:doseUnit "mg/kg" ; meso:schedule ""@en ] .

mesod:analysis_{key}_{today.year} a meso:Analysis ;
    rdfs:label ""@en ;
    meso:ofCohort mesod:cohort_{key}_main ;
    meso:analysisKind meso: ;                       # InterimAnalysis PrimaryAnalysis FollowUpAnalysis
    meso:dataCutoff ""^^xsd:date ;
    dcterms:source pmid: .

mesod:result_{key}_{today.year}_os_hr_all a meso:Result ;
    rdfs:label ""@en ;
    meso:ofCohort mesod:cohort_{key}_main ;
    meso:analysis mesod:analysis_{key}_{today.year} ;
    meso:measure meso:MESO_0004001 ;                # overall survival
    meso:statistic meso:MESO_0004101 ;              # hazard ratio
    meso:experimentalArm mesod:arm_{key}_ ;
    meso:referenceArm mesod:arm_{key}_ ;
    meso:population meso:AllRandomised ;
    meso:value 0.0 ; meso:unit "1" ;
    meso:lowerBound 0.0 ; meso:upperBound 0.0 ; meso:intervalLevel 95.0 ;   # the level as printed
    meso:pValue 0.0 ; meso:pQualifier "=" ;
    meso:endPointRole meso:PrimaryEndPoint ; meso:endPointMet true ;
    dcterms:source pmid: ; meso:locator "abstract" .

{_publication(today)}"""


def _statement(key: str, curation: str, today: datetime.date) -> str:
    return f"""# Remove what the source does not say; unknown is absent. See docs/curating.md.
mesod:statement_PMID{key}_1 a meso:EvidenceStatement ;
    rdfs:label ""@en ;                              # claim and finding in one sentence of our own
    meso:claimSubject meso:MESO_ ; meso:claimRelation meso: ; meso:claimObject meso:MESO_ ;
    meso:direction meso: ;                          # Supports Refutes Inconclusive
    meso:design meso: ;                             # HumanCorrelative ExVivo MouseExperiment InVitro InSilico
    meso:diseaseContext meso: ;                     # PleuralContext PeritonealContext OtherCancerContext ...
    meso:evidenceLevel meso: ;                      # LevelA to LevelE
    meso:evidenceType obo:ECO_ ;
    dcterms:source pmid:{key} ; meso:locator "abstract" ;
    {curation}

{_publication(today, key)}"""


def _decision(key: str, curation: str, today: datetime.date) -> str:
    body, _, number = key.partition("_")
    return f"""# Remove what the source does not say; unknown is absent. See docs/curating.md.
mesod:decision_{key} a meso:HealthTechnologyAppraisal ; # or GuidelineRecommendation MarketingAuthorisation
    rdfs:label ""@en ;
    meso:body "{body}" ; meso:jurisdiction "" ; meso:decisionNumber "{number}" ;
    dcterms:issued ""^^xsd:date ;
    meso:intervention meso:MESO_ ; meso:setting meso: ;
    meso:outcome meso: ;            # Recommended RecommendedWithRestriction NotRecommended Approved Withdrawn
    meso:populationText ""@en ;
    meso:restriction ""@en ;
    meso:basedOn mesod:study_ ;
    dcterms:source <> ;
    {curation}

{_publication(today)}"""


def _publication(today: datetime.date, pmid: str = "") -> str:
    return f"""pmid:{pmid} a meso:Publication ;
    dcterms:title "" ;
    dcterms:bibliographicCitation "" ;              # Surname X et al. Journal 2026;1(2):3-4
    bibo:doi "" ; bibo:pmid "{pmid}" ;
    dcterms:issued "{today.year}"^^xsd:gYear ;
    meso:readingDepth meso: ;                # AbstractRead ExcerptRead FullTextRead SecondaryAccountRead
    meso:dateRead "{today}"^^xsd:date ;
    meso:readAt <> .
"""


_Body = Callable[[str, str, datetime.date], str]

#: Kind -> what its key looks like, an example, the prefix of its file, and the function that writes it.
_KINDS: dict[str, tuple[str, str, str, _Body]] = {
    "trial": (
        r"NCT\d{8}|ISRCTN\d{8}|ACTRN\d{14}|\d{4}-\d{6}-\d{2}|JapicCTI-\d{6}",
        "NCT00000001",
        "study",
        _trial,
    ),
    "statement": (r"[1-9]\d{0,7}", "38358753 (a PubMed id)", "evidence", _statement),
    "decision": (r"[A-Za-z]+_[A-Za-z0-9-]+", "NICE_TA818", "decision", _decision),
}
