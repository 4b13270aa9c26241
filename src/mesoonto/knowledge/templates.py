"""Templates for new records: what a curator fills in, with the questions as comments."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass

from mesoonto.errors import MesoontoError
from mesoonto.namespaces import PREFIXES

_PREFIXES = ("bibo", "dcterms", "meso", "mesod", "obo", "pmid", "rdfs", "skos", "xsd")


_ADVICE = "# Remove what the source does not say; unknown is absent. See docs/curating.md."
_TRIAL = r"(?:NCT\d{8}|ISRCTN\d{8}|ACTRN\d{14}|\d{4}-\d{6}-\d{2}|JapicCTI-\d{6})"
_PMID = r"[1-9]\d{0,7}"

_Body = Callable[[str, str, datetime.date], str]


@dataclass(frozen=True, slots=True)
class Template:
    """A new record file."""

    file_name: str
    text: str


def new(kind: str, key: str, today: datetime.date) -> Template:
    """A file for a new record of *kind* with the outside key *key*, dated *today*.

    Kinds are ``trial`` (key: registry number), its parts ``cohort``, ``arm``, ``analysis`` and ``result``
    (registry number and a name joined by ``_``), ``statement`` and ``publication`` (PMID), ``decision`` (body
    and number joined by ``_``), ``status`` and ``search`` (an agent or mechanism and a year joined by ``_``)
    and ``tumour`` (any name in lower case). Raises MesoontoError for another kind, or for a key that
    cannot be one.
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
    meso:hasPhase meso: ;                              # Phase1 Phase1Phase2 Phase2 Phase2Phase3 Phase3
    meso:hasDesign meso: ;                # RandomisedComparative RandomisedNonComparative SingleArm
    meso:hasTreatmentSetting meso: ;      # FirstLine SecondOrLaterLine Maintenance Perioperative
    meso:hasDisease obo:MONDO_0005112 ;                # malignant pleural mesothelioma
    meso:enrolment 0 ;
    dcterms:source pmid: ;
    {curation}

{_cohort_of(key, "main")}
{_arm_of(key, "")}
{_analysis_of(key, str(today.year))}
{_result_of(key, f"{today.year}_os_hr_all", str(today.year))}
{_publication(today)}"""


def _cohort_of(trial: str, name: str) -> str:
    return f"""mesod:cohort_{trial}_{name} a meso:Cohort ;
    rdfs:label ""@en ;
    meso:ofStudy mesod:study_{trial} ;
    meso:hasPrimaryEndPoint meso:MESO_0004001 .        # overall survival
"""


def _arm_of(trial: str, name: str, cohort: str = "main") -> str:
    return f"""mesod:arm_{trial}_{name} a meso:Arm ;
    rdfs:label ""@en ;
    meso:ofCohort mesod:cohort_{trial}_{cohort} ;
    meso:hasArmRole meso: ;               # ExperimentalArm ActiveComparatorArm PlaceboComparatorArm
    meso:armSize 0 ;
    meso:hasIntervention meso:MESO_ ;
    meso:hasComponent [ a meso:RegimenComponent ; meso:order 1 ; meso:administers meso:MESO_ ;
        meso:dose 0.0 ; meso:doseUnit "mg/kg" ; meso:schedule ""@en ] .
"""


def _analysis_of(trial: str, name: str) -> str:
    return f"""mesod:analysis_{trial}_{name} a meso:Analysis ;
    rdfs:label ""@en ;
    meso:ofCohort mesod:cohort_{trial}_main ;
    meso:hasAnalysisKind meso: ;                       # InterimAnalysis PrimaryAnalysis FollowUpAnalysis
    meso:dataCutoff ""^^xsd:date ;
    dcterms:source pmid: .
"""


def _result_of(trial: str, name: str, analysis: str) -> str:
    return f"""mesod:result_{trial}_{name} a meso:Result ;
    rdfs:label ""@en ;
    meso:ofCohort mesod:cohort_{trial}_main ;
    meso:hasAnalysis mesod:analysis_{trial}_{analysis} ;
    meso:hasEndPoint meso:MESO_0004001 ;                # overall survival
    meso:hasStatistic meso:MESO_0004101 ;              # hazard ratio
    meso:hasExperimentalArm mesod:arm_{trial}_ ;
    meso:hasReferenceArm mesod:arm_{trial}_ ;
    meso:hasPopulation meso:AllRandomised ;
    meso:value 0.0 ; meso:unit "1" ;
    meso:lowerBound 0.0 ; meso:upperBound 0.0 ; meso:intervalLevel 95.0 ;   # the level as printed
    meso:pValue 0.0 ; meso:pQualifier "=" ;
    meso:hasEndPointRole meso:PrimaryEndPoint ; meso:endPointMet true ;
    dcterms:source pmid: ; meso:locator "abstract" .
"""


def _part(write: Callable[[str, str], str]) -> _Body:
    """The template of a part of a trial, whose key is the registry number and a name."""

    def body(key: str, curation: str, today: datetime.date) -> str:  # noqa: ARG001
        trial, _, name = key.partition("_")
        return f"{_ADVICE}\n{write(trial, name)}"

    return body


def _new_cohort(trial: str, name: str) -> str:
    return f"{_cohort_of(trial, name)}\n{_arm_of(trial, '', name)}"


def _new_result(trial: str, name: str) -> str:
    return _result_of(trial, name, name.partition("_")[0])


def _status(key: str, curation: str, today: datetime.date) -> str:
    return f"""{_ADVICE}
mesod:status_{key} a meso:DevelopmentStatus ;
    rdfs:label ""@en ;                              # what happened, in one sentence of our own
    meso:hasIntervention meso:MESO_ ; meso:hasDisease obo:MONDO_0005112 ;
    meso:hasDevelopmentStage meso: ;      # StageInTrial StageApproved StageDiscontinued ...
    dcterms:issued "{today}"^^xsd:date ;            # the day of the event
    dcterms:source <> ;
    {curation}

{_publication(today)}"""


def _search(key: str, curation: str, today: datetime.date) -> str:
    return f"""{_ADVICE}
mesod:search_{key} a meso:SearchRecord ;
    rdfs:label ""@en ;                              # what was sought, and what came of it
    meso:looksFor meso:MESO_ ;                         # a mechanism, intervention or biomarker
    meso:seeksEvidence meso: ;            # TrialSought FindingSought
    meso:hasDisease obo:MONDO_0005112 ;                # malignant pleural mesothelioma
    meso:searchText "" ;                            # the words, once for each search
    meso:searchPlace "" ;                           # where
    meso:dateSearched "{today}"^^xsd:date ;
    meso:documentsSeen 0 ;                          # how many documents were looked at
    meso:hasSearchOutcome meso: ;         # NotFound FoundElsewhere FoundAndRecorded
    {curation}
"""


def _tumour(key: str, curation: str, today: datetime.date) -> str:  # noqa: ARG001
    return f"""# For mesoonto stratify; remove what is not known.
<urn:tumour:{key}> a meso:TumourProfile ;
    meso:hasDisease obo:MONDO_0005112 ;                # or its kind, such as obo:MONDO_0006378
    meso:hasBiomarker meso:MESO_ ;                       # a biomarker
    meso:hasTreatmentSetting meso: .      # FirstLine SecondOrLaterLine Maintenance Perioperative
"""


def _new_publication(key: str, curation: str, today: datetime.date) -> str:  # noqa: ARG001
    return f"{_ADVICE}\n{_publication(today, key)}"


def _statement(key: str, curation: str, today: datetime.date) -> str:
    return f"""{_ADVICE}
mesod:statement_PMID{key}_1 a meso:EvidenceStatement ;
    rdfs:label ""@en ;                              # claim and finding in one sentence of our own
    meso:hasClaimSubject meso:MESO_ ; meso:hasClaimRelation meso: ; meso:hasClaimObject meso:MESO_ ;
    meso:hasDirection meso: ;                          # Supports Refutes Inconclusive
    meso:hasDesign meso: ;                # HumanCorrelative ExVivo MouseExperiment InVitro InSilico
    meso:hasDiseaseContext meso: ;        # PleuralContext PeritonealContext OtherCancerContext ...
    meso:hasEvidenceLevel meso: ;                      # LevelA to LevelE
    meso:hasEvidenceType obo:ECO_ ;
    dcterms:source pmid:{key} ; meso:locator "abstract" ;
    {curation}

{_publication(today, key)}"""


def _decision(key: str, curation: str, today: datetime.date) -> str:
    body, _, number = key.partition("_")
    return f"""{_ADVICE}
mesod:decision_{key} a meso:HealthTechnologyAppraisal ; # or GuidelineRecommendation MarketingAuthorisation
    rdfs:label ""@en ;
    meso:issuingBody "{body}" ; meso:jurisdiction "" ; meso:decisionNumber "{number}" ;
    dcterms:issued ""^^xsd:date ;
    meso:hasIntervention meso:MESO_ ; meso:hasTreatmentSetting meso: ;
    meso:hasDecisionOutcome meso: ;  # Recommended RecommendedWithRestriction NotRecommended ...
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
    meso:hasReadingDepth meso: ;                # AbstractRead ExcerptRead FullTextRead SecondaryAccountRead
    meso:dateRead "{today}"^^xsd:date ;
    meso:readAt <> .
"""


#: Kind -> what its key looks like, an example, the prefix of its file, and the function that writes it.
_KINDS: dict[str, tuple[str, str, str, _Body]] = {
    "trial": (_TRIAL, "NCT00000001", "study", _trial),
    "cohort": (rf"{_TRIAL}_[A-Za-z0-9-]+", "NCT00000001_phase2", "cohort", _part(_new_cohort)),
    "arm": (rf"{_TRIAL}_[A-Za-z0-9-]+", "NCT00000001_placebo", "arm", _part(_arm_of)),
    "analysis": (rf"{_TRIAL}_[A-Za-z0-9-]+", "NCT00000001_2026", "analysis", _part(_analysis_of)),
    "result": (rf"{_TRIAL}_[A-Za-z0-9_-]+", "NCT00000001_2026_os_hr_all", "result", _part(_new_result)),
    "statement": (_PMID, "38358753 (a PubMed id)", "evidence", _statement),
    "publication": (_PMID, "38358753 (a PubMed id)", "publication", _new_publication),
    "decision": (r"[A-Za-z]+_[A-Za-z0-9-]+", "NICE_TA818", "decision", _decision),
    "tumour": (r"[a-z0-9-]+", "example-1", "tumour", _tumour),
    "status": (r"[a-z0-9-]+_\d{4}", "pegargiminase_2026", "status", _status),
    "search": (r"[a-z0-9-]+_\d{4}", "galunisertib_2026", "search", _search),
}

#: The kinds of records that have a template.
KINDS = tuple(_KINDS)
