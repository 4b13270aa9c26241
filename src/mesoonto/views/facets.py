"""By what entities can be told apart in a search: layer, modality, phase, line, histology, direction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import pyoxigraph as ox

from mesoonto.namespaces import MESO, OBO
from mesoonto.views.facts import DCTERMS, SUBCLASS, Facts
from mesoonto.views.landscape import LAYERS, kinds_of_interventions

#: Facets of an entity, in the order in which a page shows them, besides its kind.
FACETS = ("layer", "modality", "phase", "line", "histology", "direction")

#: Histologies; what is biphasic or sarcomatoid is non-epithelioid, too.
_HISTOLOGIES = {
    ox.NamedNode(f"{OBO}MONDO_0006378"): "epithelioid",
    ox.NamedNode(f"{OBO}MONDO_0006377"): "biphasic",
    ox.NamedNode(f"{OBO}MONDO_0006380"): "sarcomatoid",
    ox.NamedNode(f"{MESO}MESO_0003001"): "non-epithelioid",
}

#: The facets of one entity; each with the labels of its values.
Values = Mapping[str, frozenset[str]]


class Facets:
    """The facets of entities in *facts*."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._layers = {ox.NamedNode(iri): facts.label(ox.NamedNode(iri)) for iri in LAYERS}
        self._modalities = {node: facts.label(node) for node in kinds_of_interventions(facts)}
        self._of_term = cache(self._term)

    def of(self, kind: str, node: ox.NamedNode) -> Values:
        """The facets of *node*, which is of the *kind* that a search calls so."""
        reader = {
            "trial": self._trial,
            "decision": self._decision,
            "statement": self._statement,
            "publication": self._publication,
        }.get(kind, self._of_term)
        return reader(node)

    def _term(self, node: ox.NamedNode) -> Values:
        """A mechanism is in a layer, an agent of a modality, a tumour state of a histology.

        Agents of a combination, and the mechanisms that an agent counters, count for it.
        """
        facts = self._facts
        above = {node, *facts.entities(node, SUBCLASS)}
        for agent in facts.entities(node, f"{MESO}hasAgent"):
            above |= {agent, *facts.entities(agent, SUBCLASS)}
        layers = set(above)
        for mechanism in facts.entities(node, f"{MESO}counters"):
            layers |= {mechanism, *facts.entities(mechanism, SUBCLASS)}
        return _known(
            layer=(self._layers[n] for n in layers if n in self._layers),
            modality=(self._modalities[n] for n in above if n in self._modalities),
            histology=(_HISTOLOGIES[n] for n in above if n in _HISTOLOGIES),
        )

    def _trial(self, node: ox.NamedNode) -> Values:
        facts = self._facts
        cohorts = facts.subjects(f"{MESO}ofStudy", node)
        parts = [part for cohort in cohorts for part in facts.subjects(f"{MESO}ofCohort", cohort)]
        given = [i for part in parts for i in facts.entities(part, f"{MESO}hasIntervention")]
        whom = [p for c in cohorts for p in facts.entities(c, f"{MESO}enrolsPopulation")]
        whom += [p for part in parts for p in facts.entities(part, f"{MESO}hasPopulation")]
        return _merged(
            self._labelled("phase", "hasPhase", [node, *cohorts]),
            self._labelled("line", "hasTreatmentSetting", [node, *cohorts]),
            *(_only(self._of_term(i), "modality") for i in given),
            *(_only(self._of_term(p), "histology") for p in whom),
        )

    def _decision(self, node: ox.NamedNode) -> Values:
        facts = self._facts
        return _merged(
            self._labelled("line", "hasTreatmentSetting", [node]),
            *(_only(self._of_term(i), "modality") for i in facts.entities(node, f"{MESO}hasIntervention")),
            *(_only(self._of_term(p), "histology") for p in facts.entities(node, f"{MESO}hasPopulation")),
        )

    def _statement(self, node: ox.NamedNode) -> Values:
        facts = self._facts
        named = [
            entity
            for name in ("hasClaimSubject", "hasClaimObject", "hasPopulation")
            for entity in facts.entities(node, MESO + name)
        ]
        based = facts.entities(node, f"{MESO}basedOn")
        cohorts = [c for b in based for c in (b, *facts.entities(b, f"{MESO}ofCohort"))]
        studies = [s for c in cohorts for s in (c, *facts.entities(c, f"{MESO}ofStudy"))]
        return _merged(
            self._labelled("direction", "hasDirection", [node]),
            self._labelled("phase", "hasPhase", studies),
            self._labelled("line", "hasTreatmentSetting", studies),
            *(self._of_term(entity) for entity in named),
        )

    def _publication(self, node: ox.NamedNode) -> Values:
        """What the trials and statements have for which it is the source, but for their directions."""
        facts = self._facts
        found = []
        for record in facts.subjects(f"{DCTERMS}source", node):
            if facts.is_a(record, f"{MESO}Study"):
                found.append(self._trial(record))
            elif facts.is_a(record, f"{MESO}EvidenceStatement"):
                found.append(self._statement(record))
        merged = dict(_merged(*found))
        merged.pop("direction", None)
        return merged

    def _labelled(self, facet: str, predicate: str, nodes: Iterable[ox.NamedNode]) -> Values:
        facts = self._facts
        return _known(**{facet: (facts.label(v) for n in nodes for v in facts.entities(n, MESO + predicate))})


def _known(**values: Iterable[str]) -> Values:
    return {name: frozen for name, found in values.items() if (frozen := frozenset(found))}


def _only(values: Values, name: str) -> Values:
    return {name: values[name]} if name in values else {}


def _merged(*several: Values) -> Values:
    merged: dict[str, frozenset[str]] = {}
    for values in several:
        for name, found in values.items():
            merged[name] = merged.get(name, frozenset()) | found
    return merged
