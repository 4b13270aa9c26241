"""Tumour profiles: what is known of one tumour, and the strata of the ontology that it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
PERITONEAL = f"{OBO}MONDO_0005512"
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
#: Kinds of tumours that a profile can be of.
DISEASES = frozenset({PLEURAL, PERITONEAL, *_HISTOLOGIES.values()})
#: Sites of a tumour, with the disease there and the context of evidence from there.
_SITES = {"pleura": PLEURAL, "peritoneum": PERITONEAL}
CONTEXTS = {PLEURAL: f"{MESO}PleuralContext", PERITONEAL: f"{MESO}PeritonealContext"}
#: Features that tell opposite things of one gene and its product, and why; no logic excludes them.
_CONTRARY = (
    (
        f"{MESO}MESO_0003156",
        f"{MESO}MESO_0003161",
        "merlin is the product of NF2; give what was measured last",
    ),
)
#: How like a name must be, of 100, to be offered for one that is not known; and how many are.
_LIKE, _OFFERED = 70, 3
_HAS_FEATURE = f"{MESO}hasMarker"
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
    site: str = ""  #: PLEURAL or PERITONEAL: evidence from the other alone is left out; nothing counts both


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
            and "=" in t.object.value  # other notations are ranks
            and isinstance(t.subject, ox.NamedNode)
        }

    def prepare(self) -> None:
        """Classify the ontology now, so that processes forked later share it."""
        self._entailments  # noqa: B018
        self._above, self._agents, self._disjoint_groups  # noqa: B018

    def settings_help(self) -> str:
        """What can be set, one line for each kind."""
        lists = {"histology": _HISTOLOGIES, "setting": _SETTINGS, "site": _SITES}
        return "\n".join(
            [*(f"{name}={'|'.join(values)}" for name, values in lists.items()), *sorted(self.notations)]
        )

    def from_settings(self, settings: Sequence[str]) -> Profile:
        """The profile that ``NAME=VALUE`` settings describe, whatever their case.

        A MesoontoError names one that is not known and what is near it, or two that contradict each other.
        """
        disease, setting, site = PLEURAL, "", ""
        features, prior = [], []
        for text in settings:
            name, _, value = text.partition("=")
            if name.strip().casefold() == "prior":
                prior.append(self._intervention(value.strip()))
                continue
            kind, iri = self._known(text)
            if kind == "feature":
                features.append(iri)
            elif kind == "histology":
                if disease not in (PLEURAL, iri):
                    first = self._word(disease)
                    raise MesoontoError(f"{first} and {self._word(iri)}: a tumour has one histology")
                disease = iri
            elif kind == "site":
                if site not in ("", iri):
                    raise MesoontoError(
                        f"{self._word(site)} and {self._word(iri)}: a profile has one site; none counts both"
                    )
                site = iri
            else:
                if setting not in ("", iri):
                    raise MesoontoError(f"{self._word(setting)} and {self._word(iri)}: there is one setting")
                setting = iri
        if site == PERITONEAL:
            if disease != PLEURAL:
                raise MesoontoError(
                    f"site=peritoneum and {self._word(disease)}: histologies are of the pleura"
                )
            disease = PERITONEAL
        return self.complete(
            Profile(disease, tuple(sorted(set(features))), setting or None, tuple(sorted(set(prior))), site)
        )

    def _known(self, text: str) -> tuple[str, str]:
        """What the setting *text* is about, and the IRI that it means."""
        found = self._settings.get(_folded(text))
        if found is not None:
            return found
        name = _folded(text.partition("=")[0])
        values = sorted(
            {w.partition("=")[2] for w in self._words.values() if _folded(w).startswith(f"{name}=")}
        )
        if values:
            trait = next(w for w in self._words.values() if _folded(w).startswith(f"{name}="))
            raise MesoontoError(f"{text}: not known; {trait.partition('=')[0]} can be {', '.join(values)}")
        raise MesoontoError(
            f"{text}: not known{_near(text, self._words.values())}; "
            "mesoonto stratify --list names what can be set"
        )

    @cached_property
    def _settings(self) -> dict[str, tuple[str, str]]:
        """Kind and IRI of every setting, by its folded text."""
        lists = {"histology": _HISTOLOGIES, "setting": _SETTINGS, "site": _SITES}
        found = {
            _folded(f"{name}={word}"): (name, iri)
            for name, values in lists.items()
            for word, iri in values.items()
        }
        return found | {_folded(word): ("feature", iri) for word, iri in self.notations.items()}

    @cached_property
    def _words(self) -> dict[str, str]:
        """The setting that means an IRI, as it is to be typed."""
        lists = {"histology": _HISTOLOGIES, "setting": _SETTINGS, "site": _SITES}
        found = {iri: f"{name}={word}" for name, values in lists.items() for word, iri in values.items()}
        return found | {iri: word for word, iri in self.notations.items()}

    def _label(self, iri: str) -> str:
        return self._ontology.labels.get(iri, compress(iri))

    def _word(self, iri: str) -> str:
        return self._words.get(iri) or self._label(iri)

    def labels(self) -> dict[str, str]:
        """The labels of all terms, by IRI."""
        return self._ontology.labels

    def above(self) -> dict[str, set[str]]:
        """The classes above each class."""
        return self._above

    def biomarkers(self) -> set[str]:
        """The classes that can be a feature of a tumour."""
        return {iri for iri, up in self._above.items() if _BIOMARKER in up}

    def interventions(self) -> set[str]:
        """The classes that can be earlier treatment."""
        return {iri for iri, up in self._above.items() if _INTERVENTION in up}

    def site(self, label: str) -> str:
        """The disease of the organ that is called *label*, "" where a profile cannot have that site."""
        return _SITES.get(label, "")

    def complete(self, profile: Profile) -> Profile:
        """*profile*, with prior checkpoint blockade among its features if such an agent was given before."""
        given = {upper for iri in profile.prior for upper in self._parts(iri)}
        if _CHECKPOINT_INHIBITOR not in given or _AFTER_BLOCKADE in profile.features:
            return profile
        return replace(profile, features=tuple(sorted({*profile.features, _AFTER_BLOCKADE})))

    def _intervention(self, name: str) -> str:
        try:
            iri = self._ontology.find(name)
        except MesoontoError as error:
            near = _near(name, self._interventions)
            if not near or "means" in str(error):
                raise
            raise MesoontoError(f"prior={name}: no intervention has this name{near}") from error
        if _INTERVENTION not in self._above.get(iri, set()):
            raise MesoontoError(f"prior={name}: that is no intervention{_near(name, self._interventions)}")
        return iri

    @cached_property
    def _interventions(self) -> list[str]:
        """The labels of all interventions."""
        return sorted(self._label(iri) for iri, up in self._above.items() if _INTERVENTION in up)

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
        self._refuse_contradiction(profile, states | markers)
        ruled_out = {other for group in self._disjoint_groups if group & states for other in group - states}
        excluded = {lower for lower, uppers in above.items() if uppers & ruled_out} | ruled_out
        return Strata(frozenset(states), frozenset(markers), frozenset(excluded))

    def _refuse_contradiction(self, profile: Profile, classes: set[str]) -> None:
        for first, second, why in _CONTRARY:
            if {first, second} <= classes:
                said = " and ".join(self._said(profile, one) for one in (first, second))
                raise MesoontoError(f"{said} contradict each other: {why}")
        for group in self._disjoint_groups:
            both = sorted(self._said(profile, one) for one in classes & group)
            if len(both) > 1:
                raise MesoontoError(f"{both[0]} and {both[1]} exclude one another")

    def _said(self, profile: Profile, iri: str) -> str:
        """The part of *profile* by which a tumour is of the class *iri*, as it is typed; else its label."""
        for one in (profile.disease, *profile.features):
            if iri == one or iri in self._above.get(one, set()):
                return self._word(one)
        return self._label(iri)

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


def _folded(text: str) -> str:
    """*text* as it is compared: without case and without space about its parts."""
    name, equals, value = text.partition("=")
    return f"{name.strip()}{equals}{value.strip()}".casefold()


def _near(name: str, names: Iterable[str]) -> str:
    """Those of *names* that are like *name*, as the end of a message; nothing where none is."""
    from rapidfuzz import fuzz, process, utils

    found = process.extract(
        name, list(names), scorer=fuzz.WRatio, processor=utils.default_process, limit=_OFFERED,
        score_cutoff=_LIKE,
    )  # fmt: skip
    return f"; near it: {', '.join(one for one, _, _ in found)}" if found else ""


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
