"""What the curated records say for a tumour like one that is described: for research, not treatment.

Each line repeats one statement or result with its level and context; interventions are ordered by the
evidence for the tumour's own strata. What was found there is kept apart from what was found in pleural
mesothelioma as a whole, and both from what comes from other diseases. A statement or result speaks of the
patients of its cohort.
"""

from __future__ import annotations

from collections.abc import Iterable

from mesoonto.dataset.store import Engine
from mesoonto.knowledge.cohorts import Patients
from mesoonto.knowledge.profile import CONTEXTS, PERITONEAL, PLEURAL, Profile, Strata
from mesoonto.knowledge.strata_records import StrataRecords
from mesoonto.knowledge.strata_report import (
    BAD_NEWS,
    DISCLAIMER,
    POPULATION_NOT_READ,
    STOPPED,
    Intervention,
    Mechanism,
    Statement,
    StratificationReport,
    TrialResult,
    summarise,
)
from mesoonto.namespaces import MESO, OBO

__all__ = ["DISCLAIMER", "Statement", "StratificationReport", "stratify"]

_ANY_MESOTHELIOMA = f"{OBO}MONDO_0006292"
_PLACEBO, _SUPPORTIVE_CARE = f"{MESO}MESO_0002110", f"{MESO}MESO_0002201"
_AFTER_BLOCKADE = f"{MESO}MESO_0003218"
#: Antibodies to PD-1 or PD-L1, and to CTLA-4: the blockade in use against this disease.
_BLOCKADE = frozenset({f"{MESO}MESO_0002012", f"{MESO}MESO_0002004"})
_OPPOSED = ("refutes", "inconclusive")


def stratify(data: Engine | StrataRecords, profile: Profile, strata: Strata) -> StratificationReport:
    """What *data* say for *profile*, which belongs to *strata*; records that were read are not read again."""
    records = data if isinstance(data, StrataRecords) else StrataRecords(data)
    return _Stratification(records, profile, strata).report()


class _Stratification:
    def __init__(self, records: StrataRecords, profile: Profile, strata: Strata) -> None:
        self._records = records
        self._profile = profile
        self._strata = strata
        #: Strata beyond pleural mesothelioma as a whole, and what lies within one of them or of the features.
        self._site = PERITONEAL if PERITONEAL in strata.states else PLEURAL
        self._other_sites_alone = {c for site, c in CONTEXTS.items() if site != self._site}
        self._specific = strata.states - {f"{OBO}MONDO_0000001"} - self._kind(self._site)
        own = self._specific | set(profile.features)
        self._narrower = {x for iri in own for x in records.below.get(iri, ())}
        self._narrower -= own | strata.states | strata.biomarkers | strata.excluded
        self._biomarkers = records.below.get(f"{MESO}MESO_0000006", set())
        self._had = self._given_before()
        #: The same and all kinds above it, for what a cohort excludes.
        self._had_parts = {kind for part in self._had for kind in self._kind(part)}
        self._statements = self._read_statements()
        self._results = self._read_results()
        self._claims: dict[tuple[str, str], list[tuple[Statement, str]]] = {}
        for statement, (subject, relation, object_) in self._statements:
            self._claims.setdefault((subject, relation), []).append((statement, object_))
        self._results_of: dict[str, list[TrialResult]] = {}
        for result in self._results:
            self._results_of.setdefault(result.intervention, []).append(result)

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
        results = self._own_results(shown)
        interventions = {i.iri: i for m in mechanisms for i in m.interventions}
        own = {r.intervention for r in results if r.own and r.intervention}
        for iri in sorted(i for i in own - set(interventions) if not self._is_comparator(i)):
            interventions[iri] = self._intervention(iri, ())
        labels = [self._profile.disease, *self._profile.features]
        labels += [self._profile.setting] if self._profile.setting else []
        return StratificationReport(
            profile=tuple(self._label(iri) for iri in labels),
            strata=tuple(sorted(self._label(iri) for iri in self._specific)),
            prior=tuple(sorted(self._label(iri) for iri in self._profile.prior)),
            summary=summarise(interventions),
            mechanisms=mechanisms,
            predictions=predictions,
            results=results,
            in_trial=self._in_trial(set(interventions)),
            contradicting=tuple(s for s in everything if s.direction in _OPPOSED or s.iri not in shown),
            extrapolated=tuple(s for s in everything if s.extrapolated),
        )

    def _label(self, iri: str) -> str:
        return self._records.labels.get(iri, iri)

    def _read_statements(self) -> list[tuple[Statement, tuple[str, str, str]]]:
        """The statements that may speak of this tumour, each with its claim; other strata are left out."""
        found = []
        for row in self._records.statements:
            if self._profile.site and row["context"] in self._other_sites_alone:
                continue
            patients = self._records.cohorts.of_statement(row["s"])
            populations = {*row["populations"].split(), *self._narrowing(patients)}
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
                extrapolated=self._why_extrapolated(row["context"], claim, populations, patients),
            )
            found.append((statement, claim))
        return found

    def _fits(self, populations: Iterable[str]) -> bool:
        """Whether every one of *populations* that names a disease or biomarker may include this tumour."""
        known = self._strata.states | self._strata.biomarkers | {_ANY_MESOTHELIOMA} | self._narrower
        return all(p in known or self._is_analysis_population(p) for p in populations)

    def _narrowing(self, patients: Patients) -> set[str]:
        """What a cohort asked for beyond mesothelioma of this site, or of any."""
        return set(patients.populations) - {self._site, _ANY_MESOTHELIOMA}

    def _unlike(self, patients: Patients) -> str:
        """Why the patients of a cohort were unlike this one by treatment, or ""."""
        barred = sorted(map(self._label, patients.excluded_treatments & self._had_parts))
        if barred:
            return f"found in patients who had not had {', '.join(barred)}"
        wanted = self._profile.setting
        if wanted and patients.settings and not patients.settings & {wanted, f"{MESO}AnyLine"}:
            where = ", ".join(sorted(map(self._label, patients.settings)))
            return f"found in another setting: {where}"
        return ""

    def _kind(self, iri: str) -> set[str]:
        return self._records.kinds.get(iri, {iri})

    def _given_before(self) -> set[str]:
        """What the patient had, its agents, and for checkpoint inhibitors their kind by target.

        Blockade that the profile does not name is taken for that of PD-1 or PD-L1 and of CTLA-4.
        """
        given = set(self._profile.prior).union(*(self._leaf_agents(iri) for iri in self._profile.prior))
        if _AFTER_BLOCKADE not in self._strata.biomarkers:
            return given
        kinds = {kind for iri in given for kind in self._kind(iri) if kind in _BLOCKADE}
        return given | (kinds or set(_BLOCKADE))

    def _leaf_agents(self, intervention: str) -> set[str]:
        agents = self._records.agents.get(intervention, set())
        return {a for a in agents if not any(a in self._kind(b) for b in agents - {a})}

    def _was_had(self, intervention: str) -> bool:
        """Whether the patient had the intervention, a kind above it, or each of its agents before."""
        if self._kind(intervention) & self._had:
            return True
        agents = self._leaf_agents(intervention)
        return bool(agents) and all(self._kind(a) & self._had for a in agents)

    def _is_comparator(self, intervention: str) -> bool:
        """Whether it holds a placebo, or is supportive care alone: nobody tries that."""
        agents = self._records.agents.get(intervention, set())
        return _PLACEBO in self._kind(intervention) | agents or _SUPPORTIVE_CARE in self._kind(intervention)

    def _of_other_sites(self, populations: set[str]) -> bool:
        """Whether a subgroup is named by a biomarker alone: curators do so in trials of several sites."""
        named = {p for p in populations if not self._is_analysis_population(p)}
        return bool(named) and named <= self._biomarkers

    def _is_analysis_population(self, iri: str) -> bool:
        return iri.startswith(MESO) and "MESO_" not in iri

    def _why_extrapolated(
        self, context: str, claim: tuple[str, str, str], populations: set[str], patients: Patients
    ) -> str:
        unlike = self._unlike(patients)
        if unlike:
            return unlike
        where = "peritoneal" if self._site == PERITONEAL else "pleural"
        if context != CONTEXTS[self._site]:
            return f"found in {self._label(context)}, not in {where} mesothelioma alone"
        narrower = self._narrower & {*populations, claim[0], claim[2]}
        if narrower:
            return f"found in a narrower stratum: {', '.join(sorted(map(self._label, narrower)))}"
        own = self._specific | self._strata.biomarkers
        if own & {*claim, *populations}:
            return ""
        return f"found in {where} mesothelioma as a whole, not in this stratum" if self._specific else ""

    def _about(self, subject: str, relation: str, objects: Iterable[str]) -> list[Statement]:
        wanted = set(objects)
        return [s for s, o in self._claims.get((subject, MESO + relation), ()) if o in wanted]

    def _all_about(self, subject: str, relation: str) -> list[Statement]:
        return [s for s, _ in self._claims.get((subject, MESO + relation), ())]

    def _mechanisms(self) -> tuple[Mechanism, ...]:
        states = self._strata.states | {_ANY_MESOTHELIOMA}
        reported = {
            claim[0]
            for s, claim in self._statements
            if claim[1] == f"{MESO}activeIn" and claim[2] in states and s.direction == "supports"
        }
        defined = {m for state in self._specific for m in self._records.active_in.get(state, ())}
        found = []
        for iri in sorted(reported | defined, key=self._label):
            activity = self._about(iri, "activeIn", states)
            impaired = self._all_about(iri, "impairsResponseTo")
            basis = "reported" if iri in reported else "by definition"
            found.append(Mechanism(iri, self._label(iri), basis, (*activity, *impaired), self._counters(iri)))
        # what was found in this stratum first
        return tuple(sorted(found, key=lambda m: all(s.extrapolated for s in m.statements)))

    def _counters(self, mechanism: str) -> tuple[Intervention, ...]:
        found = []
        for iri in self._records.counters.get(mechanism, ()):
            statements = self._about(iri, "counters", [mechanism])
            found.append(self._intervention(iri, tuple(statements)))
        return tuple(sorted(found, key=lambda i: (i.rank, i.label)))

    def _intervention(self, iri: str, counters: tuple[Statement, ...]) -> Intervention:
        benefit = self._all_about(iri, "improves")
        status, stopped = self._status(iri)
        results = [r for r in self._results_of.get(iri, ()) if not r.superseded]
        return Intervention(
            iri=iri,
            label=self._label(iri),
            statements=(*counters, *benefit),
            results=tuple(r for r in results if r.own or not benefit),
            status=status,
            stopped=stopped,
            had=self._was_had(iri),
        )

    def _status(self, intervention: str) -> tuple[str, bool]:
        """The newest status in words, that of an agent where it is bad news; whether it ends the matter."""
        for stage, date in self._records.statuses.get(intervention, ()):
            return f"{stage} ({date})", stage in STOPPED
        for agent in sorted(self._records.agents.get(intervention, set()), key=self._label):
            for stage, date in self._records.statuses.get(agent, ())[:1]:
                if stage in BAD_NEWS:
                    return f"{self._label(agent)}: {stage} ({date})", stage in STOPPED
        return "", False

    def _with_conflicts(self, shown: dict[str, Statement]) -> list[Statement]:
        """The statements *shown* and those that are recorded to conflict with one of them."""
        by_iri = {s.iri: s for s, _ in self._statements}
        others = {o for iri in shown for o in self._records.conflicts.get(iri, ()) if o in by_iri}
        return [by_iri[iri] for iri in sorted(set(shown) | others)]

    def _read_results(self) -> tuple[TrialResult, ...]:
        """The results that may speak of this tumour, in the setting of the profile if it has one."""
        specific = self._specific | self._strata.biomarkers | self._narrower
        found = []
        for row in self._records.results:
            patients = self._records.cohorts.of_result(row["r"])
            printed = set(row["populations"].split())
            populations = printed | self._narrowing(patients)
            if not self._fits(populations) or self._unlike(patients):
                continue
            found.append(
                TrialResult(
                    iri=row["r"],
                    text=row["text"],
                    value=_value(row),
                    population=", ".join(sorted(map(self._label, populations))) or POPULATION_NOT_READ,
                    source=row["source"],
                    caution=_caution(
                        row,
                        bool(populations & self._narrower),
                        self._other_sites(patients, printed),
                        row["r"] in self._records.superseded,
                    ),
                    end_point=row["end_point"],
                    intervention=row["intervention"],
                    compares=row["compares"] == "true",
                    own=bool(populations & specific),
                    superseded=row["r"] in self._records.superseded,
                )
            )
        return tuple(found)

    def _other_sites(self, patients: Patients, populations: set[str]) -> bool:
        """Whether a trial took in mesothelioma of other sites."""
        return _ANY_MESOTHELIOMA in patients.populations or self._of_other_sites(populations)

    def _own_results(self, shown: dict[str, Statement]) -> tuple[TrialResult, ...]:
        """Results of this tumour's strata, and of trials whose statement limits them to one of these."""
        return tuple(
            r
            for r in self._results
            if r.own or any(shown[s].population for s in self._records.citing.get(r.iri, ()) if s in shown)
        )

    def _in_trial(self, interventions: set[str]) -> tuple[str, ...]:
        rows = self._records.in_trial
        return tuple(f"{row['text']} ({row['date']})" for row in rows if row["i"] in interventions)


def _value(row: dict[str, str]) -> str:
    value = f"{row['value']} {row['unit']}".replace(" 1", "") if row["value"] else "no value"
    if row["low"] or row["high"]:
        level = f"{row['level']} % interval" if row["level"] else "interval of a level that was not read"
        value += f" ({level} {row['low'] or '?'} to {row['high'] or '?'})"
    return value + (f", p = {row['p']}" if row["p"] else "")


def _caution(row: dict[str, str], narrower: bool, other_sites: bool, superseded: bool) -> str:
    notes = ["a narrower stratum"] if narrower else []
    notes += ["the trial took in other sites than the pleura"] if other_sites else []
    if superseded:
        notes.append("superseded by a later analysis")
    if row["locator"] == "secondary account":
        notes.append("read in another's account of the source")
    return "; ".join(notes)
