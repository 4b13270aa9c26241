"""A Phenopacket as a tumour profile: what it says of the tumour in codes, and what of that cannot be used.

Nothing is guessed. What is excluded, resolved, rejected, benign or of another disease is no trait of the
tumour; neither is what no mapping leads to a term for. Each such item is told with its place in the packet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mesoonto.errors import InputError, MesoontoError, Place
from mesoonto.exchange import phenopackets
from mesoonto.exchange.codes import Codes
from mesoonto.exchange.measured import Measured
from mesoonto.knowledge.profile import DISEASES, PERITONEAL, PLEURAL, Profile, ProfileVocabulary
from mesoonto.knowledge.strata_report import PacketItem, StratificationReport
from mesoonto.namespaces import OBO

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from phenopackets import (
        Biosample,
        Disease,
        GenomicInterpretation,
        Interpretation,
        Measurement,
        MedicalAction,
        OntologyClass,
        PhenotypicFeature,
    )

_T = TypeVar("_T")
_MESOTHELIOMA = f"{OBO}MONDO_0006292"
#: Codes of a percentage in UCUM, UO and NCIt, and of a bare number.
_PERCENT = {"ucum:%", "uo:0000187", "ncit:c25613"}
_UNITLESS = {"", "ucum:1"}
#: Names of a changed gene in the ontology, the one that says most first, by what is known of the change.
_CHANGES = {
    "germline": ("germline {} variant",),
    "deletion": ("homozygous {} deletion", "{} deletion", "{} alteration"),
    "mutation": ("{} mutation", "{} alteration"),
    "change": ("{} alteration",),
}
#: Characters of what a packet says that are shown.
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class PacketProfile:
    """What was read from a packet."""

    profile: Profile
    used: tuple[PacketItem, ...]
    absent: tuple[PacketItem, ...]
    unused: tuple[PacketItem, ...]

    def told(self, report: StratificationReport) -> StratificationReport:
        """*report* on this profile, with what became of the packet."""
        return replace(report, used=self.used, absent=self.absent, unused=self.unused)


def read(path: Path, vocabulary: ProfileVocabulary, codes: Codes) -> PacketProfile:
    """The profile in the packet *path*.

    An InputError tells where it is no packet, names no tumour, or contradicts itself.
    """
    return profile_of(phenopackets.read(path), vocabulary, codes)


def profile_of(packet: phenopackets.Packet, vocabulary: ProfileVocabulary, codes: Codes) -> PacketProfile:
    """The profile that *packet* holds, as `read` says."""
    return _PacketReader(packet, vocabulary, codes).read()


@dataclass
class _PacketReader:
    packet: phenopackets.Packet
    vocabulary: ProfileVocabulary
    codes: Codes
    diseases: dict[str, str] = field(default_factory=dict)  #: IRIs with the paths that name them
    sites: dict[str, str] = field(default_factory=dict)
    features: dict[str, str] = field(default_factory=dict)
    prior: dict[str, str] = field(default_factory=dict)
    denied: dict[str, str] = field(default_factory=dict)
    used: list[PacketItem] = field(default_factory=list)
    absent: list[PacketItem] = field(default_factory=list)
    unused: list[PacketItem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.labels, self.above = self.vocabulary.labels(), self.vocabulary.above()
        self.biomarkers, self.interventions = self.vocabulary.biomarkers(), self.vocabulary.interventions()
        self.measured = Measured(self.labels, {iri: self.above[iri] for iri in self.biomarkers})

    @cached_property
    def named(self) -> dict[str, str]:
        """Biomarkers by label."""
        return {self.labels[iri]: iri for iri in self.biomarkers if iri in self.labels}

    def read(self) -> PacketProfile:
        message = self.packet.message
        for path, disease in _numbered("diseases", message.diseases):
            self.disease(path, disease)
        samples = dict(_numbered("biosamples", message.biosamples))
        tumours = {path: one for path, one in samples.items() if self.is_tumour(path, one)}
        disease, site = self.tumour()
        self.traits("", message.phenotypic_features, message.measurements)
        for path, sample in tumours.items():
            self.sample(path, sample)
        for path, one in _numbered("interpretations", message.interpretations):
            self.interpretation(path, one, disease, {sample.id for sample in tumours.values()})
        for path, action in _numbered("medicalActions", message.medical_actions):
            self.action(path, action, disease)
        self.leave("", message, {"subject": "stratify takes no traits of a person", "files": "not opened"})
        profile = self.vocabulary.complete(
            Profile(disease, tuple(sorted(self.features)), None, tuple(sorted(self.prior)), site)
        )
        self.refuse_contradiction(profile)
        return PacketProfile(profile, tuple(self.used), tuple(self.absent), tuple(self.unused))

    # What became of an item

    def use(self, into: dict[str, str], path: str, term: OntologyClass, iris: Iterable[str]) -> None:
        iris = sorted(iris)
        into |= dict.fromkeys(iris, path)
        self.used.append(PacketItem(path, _shown(term), " and ".join(self.labels.get(i, i) for i in iris)))

    def deny(self, path: str, term: OntologyClass, iris: Iterable[str]) -> None:
        iris = sorted(iris)
        self.denied |= dict.fromkeys(iris, path)
        said = " and ".join(self.labels.get(i, i) for i in iris)
        self.absent.append(PacketItem(path, _shown(term), said or f"no term: {self.unknown(term)}"))

    def drop(self, path: str, term: OntologyClass | str, why: str) -> None:
        self.unused.append(PacketItem(path, term if isinstance(term, str) else _shown(term), why))

    def leave(self, path: str, message: Message, why: dict[str, str]) -> None:
        """Tell of the fields of *message* that are set and never used."""
        for descriptor, _ in message.ListFields():
            if descriptor.json_name in why:
                self.drop(f"{path}{descriptor.json_name}", "", why[descriptor.json_name])

    def unknown(self, term: OntologyClass) -> str:
        near = self.codes.near(term.id)
        if near:
            said = " or ".join(f"{self.labels.get(i, i)} ({i})" for i in sorted(near))
            return f"near, but not the same as, {said}; give that if it is meant"
        return "no mapping of the ontology leads to a term"

    # Diseases and samples

    def disease(self, path: str, disease: Disease) -> None:
        meant, term = self.codes.meant(disease.term.id), disease.term
        self.leave(
            f"{path}.",
            disease,
            dict.fromkeys(
                ("diseaseStage", "clinicalTnmFinding", "laterality"), "stratify takes no such trait"
            ),
        )
        if disease.excluded:
            self.deny(f"{path}.term", term, meant)
        elif disease.HasField("resolution"):
            self.drop(f"{path}.term", term, "resolved, so not present any more")
        elif self.named_disease(f"{path}.term", term) and disease.HasField("primary_site"):
            found = {
                self.vocabulary.site(self.labels.get(i, ""))
                for i in self.codes.meant(disease.primary_site.id)
            }
            if found - {""}:
                self.use(self.sites, f"{path}.primarySite", disease.primary_site, found)
            else:
                self.drop(f"{path}.primarySite", disease.primary_site, "no site that a profile can have")

    def named_disease(self, path: str, term: OntologyClass) -> bool:
        """Take up the disease *term*; whether it is a mesothelioma that a profile can be of."""
        meant = self.codes.meant(term.id) & (DISEASES | {_MESOTHELIOMA})
        if meant:
            self.use(self.diseases, path, term, meant)
        elif self.codes.meant(term.id):
            self.drop(path, term, "no disease that a profile can be of")
        else:
            self.drop(path, term, self.unknown(term))
        return bool(meant)

    def is_tumour(self, path: str, sample: Biosample) -> bool:
        subject = self.packet.message.subject.id
        if sample.individual_id and subject and sample.individual_id != subject:
            self.drop(path, _clean(sample.id), "a sample of another individual")
            return False
        if not sample.HasField("histological_diagnosis"):
            self.drop(
                path, _clean(sample.id), "no histologicalDiagnosis says that the sample is of the tumour"
            )
            return False
        return self.named_disease(f"{path}.histologicalDiagnosis", sample.histological_diagnosis)

    def sample(self, path: str, sample: Biosample) -> None:
        for where, marker in _numbered(f"{path}.diagnosticMarkers", sample.diagnostic_markers):
            self.feature(where, marker, excluded=False)
        self.traits(f"{path}.", sample.phenotypic_features, sample.measurements)
        unknown = ("tumorProgression", "tumorGrade", "pathologicalStage", "pathologicalTnmFinding")
        self.leave(f"{path}.", sample, dict.fromkeys(unknown, "stratify takes no such trait"))

    def tumour(self) -> tuple[str, str]:
        """Disease and site of the profile; an InputError where there is none, or more than one."""
        narrowest = [
            iri
            for iri in self.diseases
            if not any(iri in self.above.get(other, ()) for other in self.diseases)
        ]
        if not narrowest:
            told = [i for i in self.unused if "isease" in i.path or "iagnosis" in i.path]
            said = "; ".join(f"{i.path} ({i.text}): {i.meaning}" for i in told[:3])
            raise self.error("diseases", f"no mesothelioma is among them{f': {said}' if said else ''}")
        if len(narrowest) > 1:
            one, other = (f"{self.labels[i]} ({self.diseases[i]})" for i in sorted(narrowest)[:2])
            raise self.error("diseases", f"{one} and {other}: a profile is of one tumour")
        disease, sites = narrowest[0], set(self.sites)
        if disease == _MESOTHELIOMA and len(sites) == 1:
            disease = next(iter(sites))
        if disease == _MESOTHELIOMA:
            raise self.error(
                self.diseases[disease],
                "a mesothelioma of no site; give a pleural or peritoneal one, or primarySite",
            )
        elsewhere = sites - {disease} - self.above.get(disease, set())
        if elsewhere:
            path = self.sites[next(iter(elsewhere))]
            raise self.error(path, f"not the site of {self.labels[disease]}")
        return disease, PERITONEAL if disease == PERITONEAL else PLEURAL if sites else ""

    def error(self, path: str, message: str) -> InputError:
        return InputError(f"{path}: {message}", Place(self.packet.source, self.packet.line(path)))

    # Traits

    def traits(
        self, path: str, features: Iterable[PhenotypicFeature], measurements: Iterable[Measurement]
    ) -> None:
        for where, feature in _numbered(f"{path}phenotypicFeatures", features):
            if feature.HasField("resolution") and not feature.excluded:
                self.drop(f"{where}.type", feature.type, "resolved, so not present any more")
            else:
                self.feature(f"{where}.type", feature.type, excluded=feature.excluded)
        for where, measurement in _numbered(f"{path}measurements", measurements):
            self.measurement(where, measurement)

    def feature(self, path: str, term: OntologyClass, *, excluded: bool) -> None:
        meant = self.codes.meant(term.id) & self.biomarkers
        if excluded:
            self.deny(path, term, meant)
        elif meant:
            self.use(self.features, path, term, meant)
        elif self.codes.meant(term.id):
            self.drop(path, term, "no biomarker of a tumour")
        else:
            self.drop(path, term, self.unknown(term))

    def measurement(self, path: str, measurement: Measurement) -> None:
        kind, value = measurement.WhichOneof("measurement_value"), measurement.value
        if kind == "value" and value.WhichOneof("value") == "ontology_class":
            self.categorical(path, measurement)
        elif kind == "value" and value.WhichOneof("value") == "quantity":
            self.quantity(path, measurement)
        else:
            self.drop(path, measurement.assay, "no single value")

    def categorical(self, path: str, measurement: Measurement) -> None:
        term = measurement.value.ontology_class
        assays, meant = self.codes.meant(measurement.assay.id), self.codes.meant(term.id) & self.biomarkers
        fitting = {m for m in meant if assays <= {m, *self.above[m]}}
        if fitting:
            self.use(self.features, f"{path}.value.ontologyClass", term, fitting)
        elif meant:
            self.drop(path, term, f"not what {_shown(measurement.assay)} measures")
        else:
            self.drop(
                f"{path}.value.ontologyClass", term, f"of {_shown(measurement.assay)}: {self.unknown(term)}"
            )

    def quantity(self, path: str, measurement: Measurement) -> None:
        quantity, assay = measurement.value.quantity, measurement.assay
        text = (
            f"{_shown(assay)}: {quantity.value:g} {_clean(quantity.unit.label or quantity.unit.id)}".strip()
        )
        meant = self.codes.meant(assay.id) & self.biomarkers
        unit = quantity.unit.id.casefold()
        if not meant:
            self.drop(path, text, self.unknown(assay) if not self.codes.meant(assay.id) else "no biomarker")
            return
        found: set[str] = set()
        if unit in _PERCENT or unit in _UNITLESS:
            found = set().union(*(self.measured.holding(a, quantity.value, unit in _PERCENT) for a in meant))
        if not found:
            self.drop(
                path, text, "no term of the ontology has a cut-off in this unit that says where this value is"
            )
            return
        self.features |= dict.fromkeys(found, path)
        self.used.append(PacketItem(path, text, " and ".join(sorted(self.labels[i] for i in found))))

    # Variants

    def interpretation(self, path: str, one: Interpretation, disease: str, tumours: set[str]) -> None:
        status = one.ProgressStatus.Name(one.progress_status)
        if status not in ("COMPLETED", "SOLVED"):
            self.drop(path, _clean(one.id), f"its progressStatus is {status}")
        elif not self.is_of(one.diagnosis.disease, disease):
            self.drop(f"{path}.diagnosis.disease", one.diagnosis.disease, "not said to be of this tumour")
        else:
            inner = f"{path}.diagnosis.genomicInterpretations"
            for where, call in _numbered(inner, one.diagnosis.genomic_interpretations):
                self.call(where, call, tumours)

    def is_of(self, term: OntologyClass, disease: str) -> bool:
        """Whether *term* is *disease*, or a wider or narrower mesothelioma."""
        line = {disease, *self.above.get(disease, ())}
        return any(
            (m in line and _MESOTHELIOMA in (m, *self.above.get(m, ()))) or disease in self.above.get(m, ())
            for m in self.codes.meant(term.id)
        )

    def call(self, path: str, call: GenomicInterpretation, tumours: set[str]) -> None:
        variant = call.variant_interpretation
        gene = variant.variation_descriptor.gene_context
        text = _clean(f"{gene.value_id} {gene.symbol}".strip() or call.gene.symbol)
        why, change = self.doubt(call, tumours), "change"
        if not why:
            symbol = self.codes.gene(gene.value_id)
            change = self.change(call)
            found = (
                next((self.named[n] for n in _names(change, symbol) if n in self.named), "") if symbol else ""
            )
            if found:
                self.features[found] = path
                self.used.append(PacketItem(path, text, self.labels[found]))
                return
            why = (
                f"the ontology has no term for a {change} of this gene"
                if symbol or not gene.value_id
                else "no mapping of the ontology leads to this gene"
            )
        self.drop(path, text, why)

    def doubt(self, call: GenomicInterpretation, tumours: set[str]) -> str:
        """Why *call* does not say that the tumour has a variant, or "" where it does."""
        status = call.InterpretationStatus.Name(call.interpretation_status)
        if status not in ("CONTRIBUTORY", "CAUSATIVE"):
            return f"its interpretationStatus is {status}"
        if call.WhichOneof("call") != "variant_interpretation":
            return "a gene without a variant; whether it is mutated, deleted or silenced is not said"
        variant = call.variant_interpretation
        acmg = _enum(variant, "acmg_pathogenicity_classification")
        if acmg not in ("NOT_PROVIDED", "PATHOGENIC", "LIKELY_PATHOGENIC"):
            return f"its acmgPathogenicityClassification is {acmg}"
        where = call.subject_or_biosample_id
        if not where or where not in {self.packet.message.subject.id, *tumours}:
            return "subjectOrBiosampleId is neither the subject nor a sample of the tumour"
        gene = variant.variation_descriptor.gene_context
        symbol = self.codes.gene(gene.value_id)
        if symbol and gene.symbol and gene.symbol != symbol:
            return f"{gene.value_id} is {symbol}, not {_clean(gene.symbol)}"
        return ""

    def change(self, call: GenomicInterpretation) -> str:
        """What is known of the change: a key of `_CHANGES`.

        A variant of the subject is one of its germline
        (https://phenopacket-schema.readthedocs.io/en/2.0.0/genomic-interpretation.html).
        """
        if call.subject_or_biosample_id == self.packet.message.subject.id:
            return "germline"
        described = call.variant_interpretation.variation_descriptor
        kind = described.variation.WhichOneof("variation")
        copies = described.variation.copy_number
        if kind == "copy_number":
            none_left = copies.WhichOneof("copies") == "number" and copies.number.value == 0
            return "deletion" if none_left else "copy number"
        bases = described.vcf_record.ref + described.vcf_record.alt
        plain = bool(bases) and set(bases.upper()) <= set("ACGT")
        return "mutation" if kind == "allele" or plain else "change"

    # Earlier treatment

    def action(self, path: str, action: MedicalAction, disease: str) -> None:
        kind = action.WhichOneof("action") or ""
        found = {
            "treatment": ("treatment.agent", action.treatment.agent),
            "procedure": ("procedure.code", action.procedure.code),
            "radiation_therapy": ("radiationTherapy.modality", action.radiation_therapy.modality),
            "therapeutic_regimen": (
                "therapeuticRegimen.ontologyClass",
                action.therapeutic_regimen.ontology_class,
            ),
        }.get(kind)
        if found is None:
            self.drop(path, "", "names no action")
            return
        where, term = f"{path}.{found[0]}", found[1]
        regimen = action.therapeutic_regimen
        status = regimen.RegimenStatus.Name(regimen.regimen_status)
        meant = self.codes.meant(term.id) & self.interventions
        if action.HasField("treatment_target") and not self.is_of(action.treatment_target, disease):
            self.drop(where, term, f"given for {_shown(action.treatment_target)}")
        elif kind == "therapeutic_regimen" and status == "UNKNOWN_STATUS":
            self.drop(where, term, "its regimenStatus is UNKNOWN_STATUS")
        elif meant:
            self.use(self.prior, where, term, meant)
        else:
            self.drop(where, term, self.unknown(term) if not self.codes.meant(term.id) else "no intervention")

    def refuse_contradiction(self, profile: Profile) -> None:
        """Raise an InputError where the packet says of one thing that it is there and that it is not."""
        try:
            strata = self.vocabulary.strata(profile)
        except MesoontoError as error:
            told = ", ".join(sorted(set(self.features.values())))
            raise InputError(f"{error.message}; see {told}", Place(self.packet.source)) from error
        there = strata.states | strata.biomarkers
        there |= {up for iri in profile.prior for up in (iri, *self.above.get(iri, ()))}
        for iri, path in self.denied.items():
            if iri in there:
                raise self.error(
                    path, f"excludes {self.labels[iri]}, which follows from what else the packet says"
                )


def _numbered(path: str, found: Iterable[_T]) -> Iterator[tuple[str, _T]]:
    return ((f"{path}[{number}]", one) for number, one in enumerate(found))


def _names(change: str, symbol: str) -> list[str]:
    return [name.format(symbol) for name in _CHANGES.get(change, ())]


def _enum(message: Message, name: str) -> str:
    number = getattr(message, name)
    found = message.DESCRIPTOR.fields_by_name[name].enum_type.values_by_number.get(number)
    return found.name if found else str(number)


def _shown(term: OntologyClass) -> str:
    """Code and label of *term*, fit to be shown."""
    return _clean(f"{term.id} {term.label}".strip())


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text[:_SHOWN])
