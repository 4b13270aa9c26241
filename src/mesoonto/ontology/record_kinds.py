"""The table of record kinds: all that sets one kind apart from another, in one entry each.

What reads it: ``mesoonto new`` (template, key, folder), ``mesoonto fmt`` (order of records and fields), the
statistics on the page and of ``mesoonto stats``, the tables and the changes of a release, and the tests that
hold names of files and shapes to it. A new kind of record is a new entry, besides its classes, its shape and
its properties.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from graphlib import TopologicalSorter

_TRIAL = r"(?:NCT\d{8}|ISRCTN\d{8}|ACTRN\d{14}|\d{4}-\d{6}-\d{2}|JapicCTI-\d{6})"
_PMID = r"[1-9]\d{0,7}"


@dataclass(frozen=True, slots=True)
class RecordKind:
    """One kind of record."""

    name: str  #: as ``mesoonto new`` takes it
    classes: tuple[str, ...]  #: local names of its classes, in the order in which a file has them
    shape: str  #: local name of the shape that such a record must pass
    words: str  #: what the account of changes calls one
    key: str  #: pattern of its outside key
    example: str  #: of a key, for messages
    stem: str  #: name of the file, with which the names of its records begin; {key} is filled in
    template: str  #: Turtle of a new record; {key} and the like are filled in
    folder: str = ""  #: below ontology/data; "" for what is no part of the curated records
    with_: tuple[str, ...] = ()  #: kinds whose templates follow in a new file
    fields: tuple[str, ...] = ()  #: properties that come first, in order; the others follow by name
    counts: tuple[tuple[str, str], ...] = ()  #: what is counted, and the pattern of each ?x
    table_name: str = ""  #: of its table in a release, where it has one
    table: str = ""  #: the query of that table
    announced: bool = False  #: whether the account of changes names each

    def accepts(self, key: str) -> bool:
        """Whether *key* can be the outside key of such a record."""
        return re.fullmatch(self.key, key) is not None

    def file_name(self, key: str) -> str:
        """The name of the file that holds the record with the outside key *key*."""
        return f"{self.stem.format(key=key)}.ttl"

    @property
    def prefix(self) -> str:
        """How the names of such records and of their files begin."""
        return self.stem.partition("_")[0]


RECORD_KINDS = (
    RecordKind(
        name="trial",
        classes=("Study",),
        shape="StudyShape",
        words="study",
        key=_TRIAL,
        example="NCT00000001",
        stem="study_{key}",
        folder="studies",
        with_=("cohort", "arm", "analysis", "result", "publication"),
        fields=(
            "registryId",
            "sponsor",
            "hasRegistryStatus",
            "registryStatusDate",
            "hasPhase",
            "hasDesign",
            "hasTreatmentSetting",
            "hasDisease",
        ),
        counts=(("studies", "?x a meso:Study"),),
        table_name="studies",
        table="""SELECT ?study ?name ?registry_id ?phase ?design ?setting ?enrolment
        ?sponsor ?registry_status ?registry_status_date WHERE {
        ?study a meso:Study ; rdfs:label ?name .
        OPTIONAL { ?study meso:registryId ?registry_id } OPTIONAL { ?study meso:hasPhase/rdfs:label ?phase }
        OPTIONAL { ?study meso:hasDesign/rdfs:label ?design }
        OPTIONAL { ?study meso:hasTreatmentSetting/rdfs:label ?setting }
        OPTIONAL { ?study meso:enrolment ?enrolment } OPTIONAL { ?study meso:sponsor ?sponsor }
        OPTIONAL { ?study meso:hasRegistryStatus/rdfs:label ?registry_status }
        OPTIONAL { ?study meso:registryStatusDate ?registry_status_date }
        } ORDER BY ?study ?registry_id""",
        announced=True,
        template="""mesod:study_{key} a meso:Study ;
    rdfs:label ""@en ;                              # the name that people use
    meso:registryId "{key}" ;
    meso:sponsor "" ;                                  # lead sponsor, as the registry has it
    meso:hasRegistryStatus meso:Registry ;             # Recruiting ActiveNotRecruiting Completed Terminated
    meso:registryStatusDate ""^^xsd:date ;             # last update of the registry's entry
    meso:hasPhase meso: ;                              # Phase1 Phase1Phase2 Phase2 Phase2Phase3 Phase3
    meso:hasDesign meso: ;                # RandomisedComparative RandomisedNonComparative SingleArm
    meso:hasTreatmentSetting meso: ;      # FirstLine SecondOrLaterLine Maintenance Perioperative
    meso:hasDisease obo:MONDO_0005112 ;                # malignant pleural mesothelioma
    meso:enrolment "" ;
    dcterms:source pmid: ;
    {curation}
""",
    ),
    RecordKind(
        name="cohort",
        classes=("Cohort",),
        shape="CohortShape",
        words="cohort",
        key=rf"{_TRIAL}_[A-Za-z0-9-]+",
        example="NCT00000001_phase2",
        stem="cohort_{key}",
        folder="studies",
        with_=("arm",),
        fields=("ofStudy", "hasPhase", "hasTreatmentSetting", "hasDisease"),
        counts=(("cohorts", "?x a meso:Cohort"),),
        template="""mesod:cohort_{trial}_{name} a meso:Cohort ;
    rdfs:label ""@en ;
    meso:ofStudy mesod:study_{trial} ;
    meso:hasPrimaryEndPoint meso:MESO_0004001 .        # overall survival
""",
    ),
    RecordKind(
        name="arm",
        classes=("Arm",),
        shape="ArmShape",
        words="arm",
        key=rf"{_TRIAL}_[A-Za-z0-9-]+",
        example="NCT00000001_placebo",
        stem="arm_{key}",
        folder="studies",
        fields=("ofCohort", "hasArmRole", "hasIntervention", "hasComponent"),
        counts=(("arms", "?x a meso:Arm"),),
        template="""mesod:arm_{trial}_{name} a meso:Arm ;
    rdfs:label ""@en ;
    meso:ofCohort mesod:cohort_{trial}_{cohort} ;
    meso:hasArmRole meso: ;               # ExperimentalArm ActiveComparatorArm PlaceboComparatorArm
    meso:armSize "" ;
    meso:hasIntervention meso:MESO_ ;
    meso:hasComponent [ a meso:RegimenComponent ; meso:order 1 ; meso:administers meso:MESO_ ;
        meso:dose "" ; meso:doseUnit "mg/kg" ; meso:schedule ""@en ] .
""",
    ),
    RecordKind(
        name="analysis",
        classes=("Analysis",),
        shape="AnalysisShape",
        words="analysis",
        key=rf"{_TRIAL}_[A-Za-z0-9-]+",
        example="NCT00000001_2026",
        stem="analysis_{key}",
        folder="studies",
        template="""mesod:analysis_{trial}_{name} a meso:Analysis ;
    rdfs:label ""@en ;
    meso:ofCohort mesod:cohort_{trial}_main ;
    meso:hasAnalysisKind meso: ;                       # InterimAnalysis PrimaryAnalysis FollowUpAnalysis
    meso:dataCutoff ""^^xsd:date ;
    dcterms:source pmid: .
""",
    ),
    RecordKind(
        name="result",
        classes=("Result",),
        shape="ResultShape",
        words="result",
        key=rf"{_TRIAL}_[A-Za-z0-9_-]+",
        example="NCT00000001_2026_os_hr_all",
        stem="result_{key}",
        folder="studies",
        fields=(
            "ofCohort",
            "hasAnalysis",
            "hasEndPoint",
            "hasStatistic",
            "hasExperimentalArm",
            "hasReferenceArm",
            "ofArm",
            "hasPopulation",
            "populationSize",
            "value",
            "unit",
            "lowerBound",
            "upperBound",
            "intervalLevel",
        ),
        counts=(("results", "?x a meso:Result"),),
        table_name="results",
        table="""SELECT ?result ?label ?study ?end_point ?statistic ?population ?population_size ?value ?unit
            ?lower_bound ?upper_bound ?interval_level ?p_value ?sidedness ?time_point ?time_unit ?met ?source
            ?locator WHERE {
        ?result a meso:Result ; rdfs:label ?label ; meso:ofCohort/meso:ofStudy/rdfs:label ?study ;
            meso:hasEndPoint/rdfs:label ?end_point ; meso:hasStatistic/rdfs:label ?statistic ;
            dcterms:source ?source .
        OPTIONAL { ?result meso:hasPopulation/rdfs:label ?population }
        OPTIONAL { ?result meso:populationSize ?population_size } OPTIONAL { ?result meso:value ?value }
        OPTIONAL { ?result meso:unit ?unit } OPTIONAL { ?result meso:lowerBound ?lower_bound }
        OPTIONAL { ?result meso:upperBound ?upper_bound }
        OPTIONAL { ?result meso:intervalLevel ?interval_level }
        OPTIONAL { ?result meso:pValue ?p_value } OPTIONAL { ?result meso:sidedness ?sidedness }
        OPTIONAL { ?result meso:timePoint ?time_point } OPTIONAL { ?result meso:timeUnit ?time_unit }
        OPTIONAL { ?result meso:endPointMet ?met } OPTIONAL { ?result meso:locator ?locator }
        } ORDER BY ?result ?study ?population ?source""",
        announced=True,
        template="""mesod:result_{trial}_{name} a meso:Result ;
    rdfs:label ""@en ;
    meso:ofCohort mesod:cohort_{trial}_main ;
    meso:hasAnalysis mesod:analysis_{trial}_{analysis} ;
    meso:hasEndPoint meso:MESO_0004001 ;                # overall survival
    meso:hasStatistic meso:MESO_0004101 ;              # hazard ratio
    meso:hasExperimentalArm mesod:arm_{trial}_ ;
    meso:hasReferenceArm mesod:arm_{trial}_ ;
    meso:hasPopulation meso:AllRandomised ;
    meso:value "" ; meso:unit "1" ;
    meso:lowerBound "" ; meso:upperBound "" ; meso:intervalLevel "" ;   # the level as printed
    meso:pValue "" ; meso:pQualifier "=" ;
    meso:hasEndPointRole meso: ;           # PrimaryEndPoint SecondaryEndPoint
    meso:endPointMet "" ;                              # true or false, where the source says so
    dcterms:source pmid: ; meso:locator "abstract" .
""",
    ),
    RecordKind(
        name="characteristic",
        classes=("CohortCharacteristic",),
        shape="CohortCharacteristicShape",
        words="cohort characteristic",
        key=rf"{_TRIAL}_[A-Za-z0-9_-]+",
        example="NCT00000001_age_placebo",
        stem="characteristic_{key}",
        folder="studies",
        fields=("ofCohort", "hasAnalysis", "hasCharacteristic", "hasStatistic", "ofArm", "populationSize"),
        counts=(("cohort characteristics", "?x a meso:CohortCharacteristic"),),
        table_name="characteristics",
        table="""SELECT ?record ?label ?study ?arm ?characteristic ?statistic ?value ?unit ?patients_with
            ?patients ?range_minimum ?range_maximum ?lower_quartile ?upper_quartile ?source ?locator WHERE {
        ?record a meso:CohortCharacteristic ; rdfs:label ?label ;
            meso:ofCohort/meso:ofStudy/rdfs:label ?study ; meso:hasCharacteristic/rdfs:label ?characteristic ;
            meso:hasStatistic/rdfs:label ?statistic ; meso:value ?value ; meso:unit ?unit ;
            dcterms:source ?source ; meso:locator ?locator .
        OPTIONAL { ?record meso:ofArm/rdfs:label ?arm } OPTIONAL { ?record meso:events ?patients_with }
        OPTIONAL { ?record meso:populationSize ?patients }
        OPTIONAL { ?record meso:rangeMinimum ?range_minimum }
        OPTIONAL { ?record meso:rangeMaximum ?range_maximum }
        OPTIONAL { ?record meso:lowerQuartile ?lower_quartile }
        OPTIONAL { ?record meso:upperQuartile ?upper_quartile }
        } ORDER BY ?record ?study ?characteristic ?source""",
        template="""mesod:characteristic_{trial}_{name} a meso:CohortCharacteristic ;
    rdfs:label ""@en ;
    meso:ofCohort mesod:cohort_{trial}_main ;
    meso:ofArm mesod:arm_{trial}_ ;                    # left out where the whole cohort is meant
    meso:hasCharacteristic meso:MESO_0004301 ;         # age; or a disease or biomarker class
    meso:hasStatistic meso:MESO_0004109 ;              # median; MESO_0004103 for a proportion
    meso:value "" ; meso:unit "a" ;
    meso:rangeMinimum "" ; meso:rangeMaximum "" ;    # or meso:lowerQuartile, meso:upperQuartile
    meso:populationSize "" ;
    dcterms:source pmid: ; meso:locator "table 1" .
""",
    ),
    RecordKind(
        name="statement",
        classes=("EvidenceStatement",),
        shape="EvidenceStatementShape",
        words="evidence",
        key=_PMID,
        example="38358753 (a PubMed id)",
        stem="statement_PMID{key}",
        folder="evidence",
        with_=("publication",),
        fields=(
            "hasDesign",
            "hasClaimSubject",
            "hasClaimRelation",
            "hasClaimObject",
            "hasDirection",
            "hasPopulation",
        ),
        counts=(
            ("evidence statements", "?x a meso:EvidenceStatement"),
            (
                "… from pleural mesothelioma",
                "?x a meso:EvidenceStatement ; meso:hasDiseaseContext meso:PleuralContext",
            ),
            (
                "… from elsewhere",
                "?x a meso:EvidenceStatement . "
                "FILTER NOT EXISTS { ?x meso:hasDiseaseContext meso:PleuralContext }",
            ),
        ),
        table_name="statements",
        table="""SELECT ?statement ?text ?subject ?subject_label ?relation ?object ?object_label
            ?direction ?level ?design ?context ?population ?source WHERE {
        ?statement a meso:EvidenceStatement ; rdfs:label ?text ; meso:hasClaimSubject ?subject ;
            meso:hasClaimRelation/rdfs:label ?relation ; meso:hasClaimObject ?object ;
            meso:hasDirection/rdfs:label ?direction ; meso:hasEvidenceLevel/rdfs:label ?level ;
            meso:hasDesign/rdfs:label ?design ; meso:hasDiseaseContext/rdfs:label ?context ;
            dcterms:source ?source .
        ?subject rdfs:label ?subject_label . ?object rdfs:label ?object_label .
        OPTIONAL { ?statement meso:hasPopulation/rdfs:label ?population }
        } ORDER BY ?statement ?population ?source""",
        announced=True,
        template="""mesod:statement_PMID{key}_1 a meso:EvidenceStatement ;
    rdfs:label ""@en ;                              # claim and finding in one sentence of our own
    meso:hasClaimSubject meso:MESO_ ; meso:hasClaimRelation meso: ; meso:hasClaimObject meso:MESO_ ;
    meso:hasDirection meso: ;                          # Supports Refutes Inconclusive
    meso:hasDesign meso: ;                # HumanCorrelative ExVivo MouseExperiment InVitro InSilico
    meso:hasDiseaseContext meso: ;        # PleuralContext PeritonealContext OtherCancerContext ...
    meso:hasEvidenceLevel meso: ;                      # LevelA to LevelE
    meso:hasEvidenceType obo:ECO_ ;
    dcterms:source pmid:{key} ; meso:locator "abstract" ;
    {curation}
""",
    ),
    RecordKind(
        name="decision",
        classes=(
            "GuidelineRecommendation",
            "HealthTechnologyAppraisal",
            "MarketingAuthorisation",
            "RegulatoryOpinion",
        ),
        shape="DecisionShape",
        words="decision",
        key=r"[A-Za-z]+_[A-Za-z0-9-]+",
        example="NICE_TA818",
        stem="decision_{key}",
        folder="decisions",
        with_=("publication",),
        fields=("hasTreatmentSetting", "hasDisease", "hasPopulation", "hasIntervention"),
        counts=(("decisions", "?x a/rdfs:subClassOf* meso:Decision"),),
        table_name="decisions",
        table="""SELECT ?decision ?label ?body ?jurisdiction ?issued ?intervention ?outcome ?population
            ?source WHERE {
        ?decision a/rdfs:subClassOf* meso:Decision ; rdfs:label ?label ; dcterms:source ?source .
        OPTIONAL { ?decision meso:issuingBody ?body } OPTIONAL { ?decision meso:jurisdiction ?jurisdiction }
        OPTIONAL { ?decision dcterms:issued ?issued }
        OPTIONAL { ?decision meso:hasIntervention/rdfs:label ?intervention }
        OPTIONAL { ?decision meso:hasDecisionOutcome/rdfs:label ?outcome }
        OPTIONAL { ?decision meso:populationText ?population }
        } ORDER BY ?decision ?jurisdiction ?intervention ?source""",
        announced=True,
        template="""mesod:decision_{key} a meso:HealthTechnologyAppraisal ;
        # or GuidelineRecommendation MarketingAuthorisation RegulatoryOpinion
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
""",
    ),
    RecordKind(
        name="status",
        classes=("DevelopmentStatus",),
        shape="DevelopmentStatusShape",
        words="development status",
        key=r"[a-z0-9-]+_\d{4}",
        example="pegargiminase_2026",
        stem="status_{key}",
        folder="status",
        with_=("publication",),
        fields=("hasDisease", "hasIntervention"),
        counts=(("development statuses", "?x a meso:DevelopmentStatus"),),
        table_name="statuses",
        table="""SELECT ?status ?text ?intervention ?stage ?issued ?superseded_by ?source WHERE {
        ?status a meso:DevelopmentStatus ; rdfs:label ?text ; meso:hasIntervention/rdfs:label ?intervention ;
            meso:hasDevelopmentStage/rdfs:label ?stage ; dcterms:issued ?issued ; dcterms:source ?source .
        OPTIONAL { ?superseded_by meso:supersedes ?status }
        } ORDER BY ?status ?source""",
        announced=True,
        template="""mesod:status_{key} a meso:DevelopmentStatus ;
    rdfs:label ""@en ;                              # what happened, in one sentence of our own
    meso:hasIntervention meso:MESO_ ; meso:hasDisease obo:MONDO_0005112 ;
    meso:hasDevelopmentStage meso: ;      # StageInTrial StageApproved StageDiscontinued ...
    dcterms:issued "{today}"^^xsd:date ;            # the day of the event
    dcterms:source <> ;
    {curation}
""",
    ),
    RecordKind(
        name="search",
        classes=("SearchRecord",),
        shape="SearchRecordShape",
        words="search",
        key=r"[a-z0-9-]+_\d{4}",
        example="galunisertib_2026",
        stem="search_{key}",
        folder="searches",
        counts=(("search records", "?x a meso:SearchRecord"),),
        announced=True,
        template="""mesod:search_{key} a meso:SearchRecord ;
    rdfs:label ""@en ;                              # what was sought, and what came of it
    meso:looksFor meso:MESO_ ;                         # a mechanism, intervention or biomarker
    meso:seeksEvidence meso: ;            # TrialSought FindingSought
    meso:hasDisease obo:MONDO_0005112 ;                # malignant pleural mesothelioma
    meso:searchText "" ;                            # the words, once for each search
    meso:searchPlace "" ;                           # where
    meso:dateSearched "{today}"^^xsd:date ;
    meso:documentsSeen "" ;                          # how many documents were looked at
    meso:hasSearchOutcome meso: ;         # NotFound FoundElsewhere FoundAndRecorded
    {curation}
""",
    ),
    RecordKind(
        name="dataset",
        classes=("DataSet",),
        shape="DataSetShape",
        words="data set",
        key=r"[A-Za-z0-9-]+",
        example="Bueno2016",
        stem="dataset_{key}",
        folder="datasets",
        with_=("publication",),
        fields=("hasDisease", "hasAssay", "hasSampleKind", "patientCount", "accession", "hasSampleGroup"),
        counts=(("data sets", "?x a meso:DataSet"),),
        table_name="datasets",
        table="""SELECT ?dataset ?name ?patients ?assay ?sample_kind ?accession ?access ?exposed_to ?outcome
            ?source WHERE {
        ?dataset a meso:DataSet ; rdfs:label ?name ; meso:hasAssay/rdfs:label ?assay ;
            meso:hasSampleKind/rdfs:label ?sample_kind ; dcterms:source ?source .
        OPTIONAL { ?dataset meso:patientCount ?patients } OPTIONAL { ?dataset meso:accession ?accession }
        OPTIONAL { ?dataset meso:hasAccess/rdfs:label ?access }
        OPTIONAL { ?dataset meso:exposedTo/rdfs:label ?exposed_to }
        OPTIONAL { ?dataset meso:hasOutcomeData/rdfs:label ?outcome }
        } ORDER BY ?dataset ?assay ?sample_kind ?accession ?access ?exposed_to ?outcome ?source""",
        announced=True,
        template="""mesod:dataset_{key} a meso:DataSet ;
    rdfs:label ""@en ;                              # cohort and year, as people call it
    meso:hasDisease obo:MONDO_0005112 ;                # malignant pleural mesothelioma
    meso:hasAssay obo:OBI_ ;                           # OBI_0002117 genome OBI_0002118 exome ...
    meso:hasSampleKind meso: ;            # TumourSample EffusionSample BloodSample NormalTissueSample ...
    meso:patientCount "" ;
    meso:hasSampleGroup [ a meso:SampleGroup ;         # one for each assay or histology with a number
        meso:hasPopulation obo:MONDO_0006378 ; meso:patientCount "" ] ;
    meso:accession "" ;                             # GSE... E-MTAB-... EGAS... phs... PXD..., if it was seen
    meso:hasAccess meso: ;                # OpenAccess ControlledAccess AccessOnRequest
    meso:hasTreatmentExposure meso: ;     # SampledBeforeTreatment SampledAtSurgery ...
    meso:hasOutcomeData meso:MESO_0004001 ;            # overall survival, where it is known of the patients
    dcterms:source pmid: ; meso:locator "abstract" ;
    {curation}
""",
    ),
    RecordKind(
        name="signature",
        classes=("SignatureDefinition",),
        shape="SignatureDefinitionShape",
        words="signature definition",
        key=r"[A-Za-z0-9-]+",
        example="Nair2023-48",
        stem="signature_{key}",
        folder="signatures",
        with_=("publication",),
        fields=("definesBiomarker", "hasSignatureGene", "geneCount", "cutOff"),
        counts=(("signature definitions", "?x a meso:SignatureDefinition"),),
        table_name="signatures",
        table="""SELECT ?signature ?name ?biomarker ?gene ?hgnc_id ?direction ?cut_off ?derived_from ?stage
            ?source WHERE {
        ?signature a meso:SignatureDefinition ; rdfs:label ?name ;
            meso:definesBiomarker/rdfs:label ?biomarker ;
            meso:hasValidationStage/rdfs:label ?stage ; dcterms:source ?source .
        OPTIONAL { ?signature meso:hasSignatureGene ?g . ?g meso:geneSymbol ?gene ; meso:hgncId ?hgnc_id .
            OPTIONAL { ?g meso:hasGeneDirection/rdfs:label ?direction } }
        OPTIONAL { ?signature meso:cutOff ?cut_off }
        OPTIONAL { ?signature meso:derivedFrom/rdfs:label ?derived_from }
        } ORDER BY ?signature ?gene ?derived_from ?source""",
        announced=True,
        template="""mesod:signature_{key} a meso:SignatureDefinition ;
    rdfs:label ""@en ;
    meso:definesBiomarker meso:MESO_ ;
    meso:hasSignatureGene [ a meso:SignatureGene ; meso:geneSymbol "" ; meso:hgncId "HGNC:" ;
        meso:hasGeneDirection meso: ] ;   # RaisesScore LowersScore, left out where it is not printed
    meso:cutOff ""@en ;
    meso:derivedFrom mesod:dataset_ ;
    meso:testedIn mesod:dataset_ ;
    meso:hasValidationStage meso: ;   # NotValidated AppliedInSecondCohort ValidatedInSecondCohort ...
    meso:concernsIntervention meso:MESO_ ;
    dcterms:source pmid: ; meso:locator "abstract" ;
    {curation}
""",
    ),
    RecordKind(
        name="readiness",
        classes=("ReadinessAssessment",),
        shape="ReadinessAssessmentShape",
        words="readiness assessment",
        key=r"[A-Za-z0-9-]+",
        example="PD-L1-prediction",
        stem="readiness_{key}",
        folder="readiness",
        with_=("publication",),
        fields=("assessesBiomarker", "assessesUse", "concernsIntervention", "hasReadinessLevel"),
        counts=(("readiness assessments", "?x a meso:ReadinessAssessment"),),
        announced=True,
        template="""mesod:readiness_{key} a meso:ReadinessAssessment ;
    rdfs:label ""@en ;                              # what the source states, in one sentence of our own
    meso:assessesBiomarker meso:MESO_ ;
    meso:assessesUse meso: ;              # UseForPrognosis UseForPrediction UseForSelection UseForMonitoring
    meso:hasReadinessLevel meso: ;        # Explored AssociatedInOneSeries ... RequiredByDecision
    dcterms:source pmid: ; meso:locator "abstract" ;
    {curation}
""",
    ),
    RecordKind(
        name="reading",
        classes=("SecondReading",),
        shape="SecondReadingShape",
        words="second reading",
        key=r"[A-Za-z0-9.-]+",
        example="CheckMate743-2021",
        stem="reading_{key}",
        folder="readings",
        fields=(
            "hasReadingBasis",
            "ofRecord",
            "valueRead",
            "lowerBoundRead",
            "upperBoundRead",
            "hasReadingOutcome",
            "hasReadingItem",
        ),
        counts=(("second readings", "?x a meso:SecondReading"),),
        table_name="readings",
        table="""SELECT ?reading ?page_read ?address ?read_on ?basis ?record ?value_read ?lower_bound_read
            ?upper_bound_read ?outcome ?resolution ?recorded_before ?printed_there WHERE {
        ?reading a meso:SecondReading ; rdfs:label ?page_read ; meso:readAt ?address ;
            meso:dateRead ?read_on ;
            meso:hasReadingBasis/rdfs:label ?basis ; meso:hasReadingItem ?item .
        ?item meso:ofRecord ?record ; meso:hasReadingOutcome/rdfs:label ?outcome .
        OPTIONAL { ?item meso:valueRead ?value_read } OPTIONAL { ?item meso:lowerBoundRead ?lower_bound_read }
        OPTIONAL { ?item meso:upperBoundRead ?upper_bound_read }
        OPTIONAL { ?item meso:hasDifferenceResolution/rdfs:label ?resolution }
        OPTIONAL { ?item meso:recordedBefore ?recorded_before }
        OPTIONAL { ?item meso:printedThere ?printed_there }
        } ORDER BY ?reading ?record ?outcome ?resolution""",
        template="""mesod:reading_{key} a meso:SecondReading ;
    rdfs:label ""@en ;                              # what was read, such as the abstract of which paper
    meso:readAt <> ;                                   # the one page
    meso:dateRead "{today}"^^xsd:date ;
    meso:hasReadingBasis meso: ;          # SameSourceAgain OtherSource
    meso:hasReadingItem [ a meso:ReadingItem ;         # one for each record
        meso:ofRecord mesod:result_ ;
        meso:valueRead "" ; meso:lowerBoundRead "" ; meso:upperBoundRead "" ;   # as the page prints them
        meso:hasReadingOutcome meso: ;    # ReadingAgrees ReadingDiffers NotFoundAgain
        meso:printedThere ""@en ; meso:recordedBefore ""@en ;                      # only of a difference
        meso:hasDifferenceResolution meso: ] ;   # RecordMended PageInError BothHold DifferenceOpen
    {curation}
""",
    ),
    RecordKind(
        name="publication",
        classes=("Publication",),
        shape="PublicationShape",
        words="publication",
        key=_PMID,
        example="38358753 (a PubMed id)",
        stem="publication_{key}",
        folder="publications",
        counts=(("publications", "?x a meso:Publication"),),
        template="""pmid:{pmid} a meso:Publication ;
    dcterms:title "" ;
    dcterms:bibliographicCitation "" ;              # Surname X et al. Journal 2026;1(2):3-4
    bibo:doi "" ; bibo:pmid "{pmid}" ;
    dcterms:issued "{year}"^^xsd:gYear ;
    meso:hasReadingDepth meso: ;                # AbstractRead ExcerptRead FullTextRead SecondaryAccountRead
    meso:dateRead "{today}"^^xsd:date ;
    meso:readAt <> .
""",
    ),
    RecordKind(
        name="tumour",
        classes=("TumourProfile",),
        shape="TumourProfileShape",
        words="tumour profile",
        key=r"[a-z0-9-]+",
        example="example-1",
        stem="tumour_{key}",
        template="""<urn:tumour:{key}> a meso:TumourProfile ;
    meso:hasDisease obo:MONDO_0005112 ;                # or its kind, such as obo:MONDO_0006378
    meso:hasBiomarker meso:MESO_ ;                       # a biomarker
    meso:hasPriorTreatment meso:MESO_ ;                  # an intervention that was given before
    meso:hasTreatmentSetting meso: .      # FirstLine SecondOrLaterLine Maintenance Perioperative
""",
    ),
)

#: The remark at the head of a new record.
ADVICE = "# Remove what the source does not say; unknown is absent. See docs/curating.md."
#: All remarks of templates, which are of no use once a record is filled in.
HINTS = frozenset(
    {ADVICE, *(hint for kind in RECORD_KINDS for hint in re.findall(r"(?m)(?<=\s)# .*$", kind.template))}
)

#: The first properties of the components of an arm, which are no records of their own.
_COMPONENT_FIELDS = ("order", "administers")


def field_order() -> list[str]:
    """The properties that come first in a file, in one order that keeps that of each kind.

    Raises graphlib.CycleError when two kinds contradict each other.
    """
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for fields in (_COMPONENT_FIELDS, *(kind.fields for kind in RECORD_KINDS)):
        for name, before in zip(fields, (None, *fields), strict=False):
            sorter.add(name, *([before] if before else []))
    return list(sorter.static_order())


def record_kind(name: str) -> RecordKind | None:
    """The kind that ``mesoonto new`` calls *name*, or None."""
    return next((kind for kind in RECORD_KINDS if kind.name == name), None)


def kind_of_class(class_name: str) -> RecordKind | None:
    """The kind to which records of the class with this local name belong, or None."""
    return next((kind for kind in RECORD_KINDS if class_name in kind.classes), None)
