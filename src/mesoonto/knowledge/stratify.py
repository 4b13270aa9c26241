"""What the curated records say for a tumour like one that is described: for research, not treatment.

Nothing is weighed or ranked here: each line repeats one statement or result with its level and context. What
was found in the tumour's own strata is kept apart from what was found in pleural mesothelioma as a whole, and
both from what comes from other diseases.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pyoxigraph as ox

from mesoonto.knowledge.profile import PLEURAL, Profile, Strata
from mesoonto.namespaces import MESO, OBO, PREFIXES

DISCLAIMER = (
    "This is no medical advice. It repeats what research records say of groups of patients, with their gaps, "
    "and cannot tell what is right for one patient."
)
_ANY_MESOTHELIOMA = f"{OBO}MONDO_0006292"
_PLEURAL_CONTEXT = f"{MESO}PleuralContext"
_OPPOSED = ("refutes", "inconclusive")


@dataclass(frozen=True, slots=True)
class Statement:
    """One evidence statement, with what is needed to judge it."""

    iri: str
    text: str
    subject: str
    relation: str
    object: str
    direction: str  #: supports, refutes or inconclusive
    level: str  #: CIViC level, A to E
    context: str  #: the disease in which it was found
    population: str  #: label of the patients it is limited to, or ""
    source: str
    extrapolated: str  #: why it does not speak of this stratum as such, or ""


@dataclass(frozen=True, slots=True)
class TrialResult:
    """One result in a stratum of the tumour."""

    iri: str
    text: str
    value: str  #: with unit and interval, as far as they were read
    population: str
    source: str
    caution: str  #: what a reader must know: read second-hand, superseded, ...


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A mechanism that is likely active, why, and what counters it."""

    iri: str
    label: str
    basis: str  #: "reported" or "by definition"
    statements: tuple[Statement, ...]  #: on its activity here and on the response that it impairs
    interventions: tuple[Intervention, ...]


@dataclass(frozen=True, slots=True)
class Intervention:
    """An intervention that counters a mechanism, with the evidence for that and for its benefit."""

    iri: str
    label: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class StratificationReport:
    """All that the records say for one profile."""

    profile: tuple[str, ...]  #: labels of disease, features and setting
    strata: tuple[str, ...]  #: labels
    mechanisms: tuple[Mechanism, ...]
    predictions: tuple[Statement, ...]  #: what the markers of the profile foretell
    results: tuple[TrialResult, ...]
    in_trial: tuple[str, ...]  #: development statuses: what was on trial, with the date
    contradicting: tuple[Statement, ...]
    extrapolated: tuple[Statement, ...]
    disclaimer: str = field(default=DISCLAIMER)


def stratify(store: ox.Store, profile: Profile, strata: Strata) -> StratificationReport:
    """What the dataset *store* says for *profile*, which belongs to *strata*."""
    return _Stratification(store, profile, strata).report()


class _Stratification:
    def __init__(self, store: ox.Store, profile: Profile, strata: Strata) -> None:
        self._store = store
        self._profile = profile
        self._strata = strata
        #: Strata beyond pleural mesothelioma as a whole, and what lies within one of them or of the features.
        self._specific = strata.states - {PLEURAL, f"{OBO}MONDO_0000001"} - _above_pleural(store)
        own = self._specific | set(profile.features)
        below = self._rows("SELECT ?x ?y { ?x rdfs:subClassOf ?y FILTER(isIRI(?x) && isIRI(?y)) }")
        self._narrower = {row["x"] for row in below if row["y"] in own}
        self._narrower -= own | strata.states | strata.biomarkers | strata.excluded
        self._biomarkers = {row["x"] for row in below if row["y"] == f"{MESO}MESO_0000006"}
        rows = self._rows("SELECT ?x ?label { ?x rdfs:label ?label }")
        self._labels = {row["x"]: row["label"] for row in rows}
        self._statements = self._read_statements()

    def report(self) -> StratificationReport:
        mechanisms = self._mechanisms()
        predictions = tuple(
            s
            for s, claim in self._statements
            if claim[1] in (f"{MESO}predictsBenefitFrom", f"{MESO}predictsResistanceTo")
            and claim[0] in (self._strata.biomarkers | self._specific)
        )
        shown = {s.iri: s for s in predictions}
        for mechanism in mechanisms:
            shown |= {s.iri: s for s in mechanism.statements}
            shown |= {s.iri: s for i in mechanism.interventions for s in i.statements}
        everything = self._with_conflicts(shown)
        interventions = {i.iri for m in mechanisms for i in m.interventions}
        labels = [self._profile.disease, *self._profile.features]
        labels += [self._profile.setting] if self._profile.setting else []
        return StratificationReport(
            profile=tuple(self._label(iri) for iri in labels),
            strata=tuple(sorted(self._label(iri) for iri in self._specific)),
            mechanisms=mechanisms,
            predictions=predictions,
            results=self._results(shown),
            in_trial=self._in_trial(interventions),
            contradicting=tuple(s for s in everything if s.direction in _OPPOSED or s.iri not in shown),
            extrapolated=tuple(s for s in everything if s.extrapolated),
        )

    def _rows(self, query: str) -> list[dict[str, str]]:
        found = self._store.query(query, use_default_graph_as_union=True, prefixes=PREFIXES)
        assert isinstance(found, ox.QuerySolutions)  # noqa: S101  # SELECT
        names = [variable.value for variable in found.variables]
        return [{n: str(getattr(row[n], "value", "")) for n in names} for row in found]

    def _label(self, iri: str) -> str:
        return self._labels.get(iri, iri)

    def _read_statements(self) -> list[tuple[Statement, tuple[str, str, str]]]:
        """The statements that may speak of this tumour, each with its claim; other strata are left out."""
        rows = self._rows(
            """SELECT ?s ?text ?subject ?relation ?object ?direction ?level ?context
                (GROUP_CONCAT(DISTINCT STR(?population); SEPARATOR=" ") AS ?populations)
                (MIN(?from) AS ?source)
            WHERE {
                ?s a meso:EvidenceStatement ; rdfs:label ?text ; meso:hasClaimSubject ?subject ;
                    meso:hasClaimRelation ?relation ; meso:hasClaimObject ?object ;
                    meso:hasDiseaseContext ?context ;
                    meso:hasDirection/rdfs:label ?direction ; meso:hasEvidenceLevel/rdfs:label ?level ;
                    dcterms:source ?from .
                OPTIONAL { ?s meso:hasPopulation ?population }
            } GROUP BY ?s ?text ?subject ?relation ?object ?direction ?level ?context ORDER BY ?s"""
        )
        found = []
        for row in rows:
            populations = set(row["populations"].split())
            if not self._fits(populations):
                continue
            claim = (row["subject"], row["relation"], row["object"])
            statement = Statement(
                iri=row["s"],
                text=row["text"],
                subject=self._label(claim[0]),
                relation=self._label(claim[1]),
                object=self._label(claim[2]),
                direction=row["direction"],
                level=row["level"],
                context=self._label(row["context"]),
                population=", ".join(sorted(self._label(p) for p in populations)),
                source=row["source"],
                extrapolated=self._why_extrapolated(row["context"], claim, populations),
            )
            found.append((statement, claim))
        return found

    def _fits(self, populations: Iterable[str]) -> bool:
        """Whether every one of *populations* that names a disease or biomarker may include this tumour."""
        known = self._strata.states | self._strata.biomarkers | {_ANY_MESOTHELIOMA} | self._narrower
        return all(p in known or self._is_analysis_population(p) for p in populations)

    def _of_other_sites(self, populations: set[str]) -> bool:
        """Whether a subgroup is named by a biomarker alone: curators do so in trials of several sites."""
        named = {p for p in populations if not self._is_analysis_population(p)}
        return bool(named) and named <= self._biomarkers

    def _is_analysis_population(self, iri: str) -> bool:
        return iri.startswith(MESO) and "MESO_" not in iri

    def _why_extrapolated(self, context: str, claim: tuple[str, str, str], populations: set[str]) -> str:
        if context != _PLEURAL_CONTEXT:
            return f"found in {self._label(context)}, not in pleural mesothelioma alone"
        narrower = self._narrower & {*populations, claim[0], claim[2]}
        if narrower:
            return f"found in a narrower stratum: {', '.join(sorted(map(self._label, narrower)))}"
        own = self._specific | self._strata.biomarkers
        if own & {*claim, *populations}:
            return ""
        return "found in pleural mesothelioma as a whole, not in this stratum" if self._specific else ""

    def _about(self, subject: str, relation: str, objects: Iterable[str]) -> list[Statement]:
        wanted = set(objects)
        return [
            s for s, c in self._statements if c[0] == subject and c[1] == MESO + relation and c[2] in wanted
        ]

    def _mechanisms(self) -> tuple[Mechanism, ...]:
        states = self._strata.states | {_ANY_MESOTHELIOMA}
        reported = {
            claim[0]
            for s, claim in self._statements
            if claim[1] == f"{MESO}activeIn" and claim[2] in states and s.direction == "supports"
        }
        defined = {
            row["m"]
            for row in self._rows(
                f"SELECT ?m ?state {{ GRAPH <{MESO}graph/inferred> {{ ?m meso:activeIn ?state }} }}"
            )
            if row["state"] in self._specific
        }
        found = []
        for iri in sorted(reported | defined, key=self._label):
            activity = self._about(iri, "activeIn", states)
            impaired = [s for s, c in self._statements if c[0] == iri and c[1] == f"{MESO}impairsResponseTo"]
            basis = "reported" if iri in reported else "by definition"
            found.append(Mechanism(iri, self._label(iri), basis, (*activity, *impaired), self._counters(iri)))
        # what was found in this stratum first
        return tuple(sorted(found, key=lambda m: all(s.extrapolated for s in m.statements)))

    def _counters(self, mechanism: str) -> tuple[Intervention, ...]:
        rows = self._rows(f"SELECT DISTINCT ?i {{ <{mechanism}> meso:counteredBy ?i }}")
        found = []
        for iri in sorted((row["i"] for row in rows), key=self._label):
            statements = self._about(iri, "counters", [mechanism])
            statements += [s for s, c in self._statements if c[0] == iri and c[1] == f"{MESO}improves"]
            found.append(Intervention(iri, self._label(iri), tuple(statements)))
        return tuple(found)

    def _with_conflicts(self, shown: dict[str, Statement]) -> list[Statement]:
        """The statements *shown* and those that are recorded to conflict with one of them."""
        by_iri = {s.iri: s for s, _ in self._statements}
        pairs = self._rows("SELECT ?a ?b { ?a meso:conflictsWith|^meso:conflictsWith ?b }")
        others = {row["b"] for row in pairs if row["a"] in shown and row["b"] in by_iri}
        return [by_iri[iri] for iri in sorted(set(shown) | others)]

    def _results(self, shown: dict[str, Statement]) -> tuple[TrialResult, ...]:
        rows = self._rows(
            """SELECT ?r ?text ?value ?unit ?low ?high ?level ?p ?locator ?study_setting ?superseded
                (GROUP_CONCAT(DISTINCT STR(?population); SEPARATOR=" ") AS ?populations)
                (MIN(?from) AS ?source)
                (GROUP_CONCAT(DISTINCT STR(?statement); SEPARATOR=" ") AS ?statements)
            WHERE {
                ?r a meso:Result ; rdfs:label ?text ; dcterms:source ?from ;
                    meso:ofCohort/meso:ofStudy ?study .
                OPTIONAL { ?r meso:hasPopulation ?population }
                OPTIONAL { ?statement meso:basedOn ?r }
                OPTIONAL { ?r meso:value ?value } OPTIONAL { ?r meso:unit ?unit }
                OPTIONAL { ?r meso:lowerBound ?low } OPTIONAL { ?r meso:upperBound ?high }
                OPTIONAL { ?r meso:intervalLevel ?level } OPTIONAL { ?r meso:pValue ?p }
                OPTIONAL { ?r meso:locator ?locator }
                OPTIONAL { ?study meso:hasTreatmentSetting ?study_setting }
                BIND(EXISTS { ?r meso:hasAnalysis/^meso:supersedes ?later } AS ?superseded)
            } GROUP BY ?r ?text ?value ?unit ?low ?high ?level ?p ?locator ?study_setting ?superseded
            ORDER BY ?text ?r"""
        )
        specific = self._specific | self._strata.biomarkers | self._narrower
        found = []
        for row in rows:
            populations = set(row["populations"].split())
            own = bool(populations & specific) and self._fits(populations)
            # a trial of this stratum alone: its statement says so, its results speak of all patients
            cited = any(shown[s].population for s in row["statements"].split() if s in shown)
            if not (own or (cited and self._fits(populations))):
                continue
            if self._profile.setting and row["study_setting"] not in (
                self._profile.setting,
                f"{MESO}AnyLine",
            ):
                continue
            found.append(
                TrialResult(
                    row["r"],
                    row["text"],
                    _value(row),
                    ", ".join(sorted(self._label(p) for p in populations)) or "population not read",
                    row["source"],
                    _caution(row, bool(populations & self._narrower), self._of_other_sites(populations)),
                )
            )
        return tuple(found)

    def _in_trial(self, interventions: set[str]) -> tuple[str, ...]:
        rows = self._rows(
            """SELECT DISTINCT ?i ?text ?date WHERE {
                ?status a meso:DevelopmentStatus ; meso:hasDevelopmentStage meso:StageInTrial ;
                    rdfs:label ?text ; dcterms:issued ?date ; meso:hasIntervention ?i .
                FILTER NOT EXISTS { ?later meso:supersedes ?status }
            } ORDER BY DESC(STR(?date)) ?text"""
        )
        return tuple(f"{row['text']} ({row['date']})" for row in rows if row["i"] in interventions)


def _above_pleural(store: ox.Store) -> set[str]:
    found = store.query(
        f"SELECT ?x {{ <{PLEURAL}> rdfs:subClassOf ?x }}", use_default_graph_as_union=True, prefixes=PREFIXES
    )
    assert isinstance(found, ox.QuerySolutions)  # noqa: S101  # SELECT
    return {str(getattr(row["x"], "value", "")) for row in found}


def _value(row: dict[str, str]) -> str:
    value = f"{row['value']} {row['unit']}".replace(" 1", "") if row["value"] else "no value"
    if row["low"] or row["high"]:
        level = f"{row['level']} % interval" if row["level"] else "interval of a level that was not read"
        value += f" ({level} {row['low'] or '?'} to {row['high'] or '?'})"
    return value + (f", p = {row['p']}" if row["p"] else "")


def _caution(row: dict[str, str], narrower: bool, other_sites: bool) -> str:
    notes = ["a narrower stratum"] if narrower else []
    notes += ["the trial took in other sites than the pleura"] if other_sites else []
    if row["superseded"] == "true":
        notes.append("superseded by a later analysis")
    if row["locator"] == "secondary account":
        notes.append("read in another's account of the source")
    return "; ".join(notes)
