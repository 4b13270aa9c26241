"""Tumour profiles: what is known of one tumour, and the strata of the ontology that it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pyoxigraph as ox

from mesoonto.errors import InputError, MesoontoError, Place
from mesoonto.files import rdf
from mesoonto.namespaces import MESO, OBO, PREFIXES, compress
from mesoonto.ontology.axioms import items
from mesoonto.ontology.expressions import SUBCLASS, Some
from mesoonto.ontology.model import Ontology
from mesoonto.owl.entail import Entailments

PLEURAL = f"{OBO}MONDO_0005112"
_HISTOLOGIES = {
    "epithelioid": f"{OBO}MONDO_0006378",
    "biphasic": f"{OBO}MONDO_0006377",
    "sarcomatoid": f"{OBO}MONDO_0006380",
    "non-epithelioid": f"{MESO}MESO_0003001",
}
_SETTINGS = {
    "first-line": f"{MESO}FirstLine",
    "second-or-later-line": f"{MESO}SecondOrLaterLine",
    "maintenance": f"{MESO}Maintenance",
    "perioperative": f"{MESO}Perioperative",
}
_HAS_FEATURE = f"{OBO}RO_0004029"
_INTERVENTION = f"{MESO}MESO_0000002"
_CHECKPOINT_INHIBITOR, _AFTER_BLOCKADE = f"{MESO}MESO_0000011", f"{MESO}MESO_0003218"
_DISEASE, _BIOMARKER = f"{OBO}MONDO_0000001", f"{MESO}MESO_0000006"


@dataclass(frozen=True, slots=True)
class Profile:
    """One tumour."""

    disease: str  #: IRI of a kind of pleural mesothelioma
    features: tuple[str, ...]  #: IRIs of biomarkers
    setting: str | None = None  #: IRI of a treatment setting
    prior: tuple[str, ...] = ()  #: IRIs of interventions that the patient had before


@dataclass(frozen=True, slots=True)
class Strata:
    """Where a tumour belongs by the definitions of the ontology."""

    states: frozenset[str]  #: classes of tumours, pleural mesothelioma included
    biomarkers: frozenset[str]  #: its features and what these are kinds of
    excluded: frozenset[str]  #: classes of tumours that it cannot belong to


class ProfileVocabulary:
    """What a profile can be put together from."""

    def __init__(self, ontology: Ontology) -> None:
        self._ontology = ontology
        notation = ox.NamedNode(PREFIXES["skos"] + "notation")
        self.notations = {
            t.object.value: t.subject.value
            for t in ontology.triples()
            if t.predicate == notation
            and isinstance(t.object, ox.Literal)
            and isinstance(t.subject, ox.NamedNode)
        }

    def settings_help(self) -> str:
        """What can be set, one line for each kind."""
        return "\n".join(
            [
                f"histology={'|'.join(_HISTOLOGIES)}",
                f"setting={'|'.join(_SETTINGS)}",
                *sorted(self.notations),
            ]
        )

    def from_settings(self, settings: Sequence[str]) -> Profile:
        """The profile that ``NAME=VALUE`` settings describe; a MesoontoError names one that is not known."""
        disease, setting, features, prior = PLEURAL, None, [], []
        for text in settings:
            name, _, value = text.partition("=")
            if name == "histology" and value in _HISTOLOGIES:
                if disease not in (PLEURAL, _HISTOLOGIES[value]):
                    raise MesoontoError(f"{text}: a tumour has one histology")
                disease = _HISTOLOGIES[value]
            elif name == "setting" and value in _SETTINGS:
                setting = _SETTINGS[value]
            elif name == "prior":
                prior.append(self._intervention(value))
            elif text in self.notations:
                features.append(self.notations[text])
            else:
                raise MesoontoError(f"{text}: not known; mesoonto stratify --list names what can be set")
        return self.complete(
            Profile(disease, tuple(sorted(set(features))), setting, tuple(sorted(set(prior))))
        )

    def complete(self, profile: Profile) -> Profile:
        """*profile*, with prior checkpoint blockade among its features if such an agent was given before."""
        given = {upper for iri in profile.prior for upper in self._parts(iri)}
        if _CHECKPOINT_INHIBITOR not in given or _AFTER_BLOCKADE in profile.features:
            return profile
        return replace(profile, features=tuple(sorted({*profile.features, _AFTER_BLOCKADE})))

    def _intervention(self, name: str) -> str:
        iri = self._ontology.find(name)
        if _INTERVENTION not in self._above.get(iri, set()):
            raise MesoontoError(f"prior={name}: that is no intervention")
        return iri

    def _parts(self, intervention: str) -> set[str]:
        """*intervention*, the agents that it is made of, and all that these are kinds of."""
        whole = {intervention, *self._agents.get(intervention, set())}
        return whole.union(*(self._above.get(part, set()) for part in whole))

    @cached_property
    def _above(self) -> dict[str, set[str]]:
        return self._related(SUBCLASS)

    @cached_property
    def _agents(self) -> dict[str, set[str]]:
        return self._related(f"{MESO}hasAgent")

    @cached_property
    def _entailments(self) -> Entailments:
        return Entailments(self._ontology.logical_axioms)

    @cached_property
    def _relations(self) -> list[tuple[str, str, str]]:
        return list(self._entailments.relations())

    def _related(self, role: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for lower, relation, upper in self._relations:
            if relation == role:
                found.setdefault(lower, set()).add(upper)
        return found

    def strata(self, profile: Profile) -> Strata:
        """The classes that *profile* falls into; a MesoontoError when its features exclude one another."""
        had = (Some(_HAS_FEATURE, feature) for feature in profile.features)
        tumour = self._entailments.above([profile.disease, *had])
        above = self._above
        states = {s for s in tumour if _DISEASE in above.get(s, set())}
        markers = {
            upper
            for feature in profile.features
            for upper in (feature, *above.get(feature, set()))
            if _BIOMARKER in above.get(upper, set())
        }
        self._refuse_contradiction(states | markers)
        ruled_out = {other for group in self._disjoint_groups if group & states for other in group - states}
        excluded = {lower for lower, uppers in above.items() if uppers & ruled_out} | ruled_out
        return Strata(frozenset(states), frozenset(markers), frozenset(excluded))

    def _refuse_contradiction(self, classes: set[str]) -> None:
        for group in self._disjoint_groups:
            both = sorted(classes & group)
            if len(both) > 1:
                raise MesoontoError(f"{compress(both[0])} and {compress(both[1])} exclude one another")

    @cached_property
    def _disjoint_groups(self) -> list[set[str]]:
        owl = PREFIXES["owl"]
        groups = []
        for axiom in self._ontology.logical_axioms:
            head, parts = axiom.head, axiom.parts
            if head.predicate.value == f"{owl}disjointWith":
                groups.append({str(getattr(node, "value", "")) for node in (head.subject, head.object)})
            members = parts.get((head.subject, f"{owl}members"))
            if members is not None:
                groups.append({str(getattr(node, "value", "")) for node in items(members, parts)})
        return groups


def read_profile(path: Path) -> Profile:
    """The one tumour profile in the Turtle file *path*, which the shape has passed."""
    found: dict[str, list[str]] = {}
    subjects = []
    triples = list(rdf.read(path))
    for t in triples:
        if isinstance(t.object, ox.NamedNode) and t.object.value == f"{MESO}TumourProfile":
            subjects.append(t.subject)
    if len(set(subjects)) != 1:
        raise InputError(f"{len(set(subjects))} tumour profiles; a file holds one", Place(str(path)))
    for t in triples:
        if t.subject == subjects[0] and isinstance(t.object, ox.NamedNode):
            found.setdefault(t.predicate.value.removeprefix(MESO), []).append(t.object.value)
    return Profile(
        found["hasDisease"][0],
        tuple(sorted(found.get("hasBiomarker", ()))),
        next(iter(found.get("hasTreatmentSetting", ())), None),
        tuple(sorted(found.get("hasPriorTreatment", ()))),
    )
