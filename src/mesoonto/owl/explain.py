"""Says why a triple of the dataset holds: where it is stated, or from what it follows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

import pyoxigraph as ox

from mesoonto.files.terms import OWL, SUBCLASS, TYPE
from mesoonto.namespaces import MESO, PREFIXES
from mesoonto.ontology.axioms import Axiom
from mesoonto.ontology.files import DATA
from mesoonto.ontology.model import Ontology
from mesoonto.owl import infer
from mesoonto.owl.entail import Entailments

_SUBPROPERTY = ox.NamedNode(PREFIXES["rdfs"] + "subPropertyOf")
_CONTEXTS = (f"{MESO}PleuralContext", f"{MESO}MixedMesotheliomaContext")


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that the triple follows from."""

    words: str
    place: str  #: file and line


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a triple holds."""

    claim: str  #: the triple in words
    how: str  #: "stated", "follows from these axioms" or the words of a rule
    reasons: tuple[Reason, ...]


class Explainer:
    """Explains the triples of *ontology*, and of what is derived from it."""

    def __init__(self, ontology: Ontology) -> None:
        self._ontology = ontology

    @cached_property
    def _entailments(self) -> Entailments:
        return Entailments(self._ontology.logical_axioms)

    def explain(self, subject: str, predicate: str, other: str) -> Explanation | None:
        """Why the triple of these IRIs holds, or None when it does not."""
        name = self._ontology.wording.name
        claim = f"{name(subject)} {name(predicate)} {name(other)}"
        triple = ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), ox.NamedNode(other))
        place = self._ontology.place(triple)
        if place:
            return Explanation(claim, "stated", (Reason(claim, place),))
        if predicate == SUBCLASS.value and other in (subject, f"{OWL}Thing") and self._is_class(subject):
            # OWL 2 Direct Semantics, section 2.3: true of any class, whatever the axioms
            upper = "owl:Thing" if other != subject else "itself"
            return Explanation(claim, f"every class is a subclass of {upper}", ())
        rule = next((rule for rule in infer.RULES if rule.property == predicate), None)
        if rule:
            found = (
                self._statements(subject, rule.claim, other)
                if rule.claim
                else self._from_axioms(other, f"{MESO}counters", subject)
            )
            return Explanation(claim, f"by the rule that {rule.words}", found) if found else None
        found = self._from_axioms(subject, predicate, other)
        return Explanation(claim, "follows from these axioms", found) if found else None

    def entails(self, subject: str, predicate: str, other: str) -> bool:
        """Whether the triple follows from the axioms, without the rules."""
        return self._entailments.why(subject, predicate, other) is not None

    def needed_axioms(self, subject: str, predicate: str, other: str) -> list[Axiom] | None:
        """Axioms that entail the triple and of which none can be spared, or None when it does not follow."""
        axioms = self._entailments.why(subject, predicate, other)
        if axioms is None:
            return None
        declarations = [axiom for axiom in self._ontology.logical_axioms if axiom.declares_class]
        for axiom in list(axioms):
            rest = [one for one in axioms if one is not axiom]
            if Entailments([*declarations, *rest]).why(subject, predicate, other) is not None:
                axioms = rest
        return axioms

    def _from_axioms(self, subject: str, predicate: str, other: str) -> tuple[Reason, ...] | None:
        axioms = self.needed_axioms(subject, predicate, other)
        if axioms is None:
            return None
        ontology = self._ontology
        return tuple(Reason(ontology.wording.say(axiom), ontology.place(axiom.head)) for axiom in axioms)

    def evidence(self, subject: str, predicate: str, other: str) -> tuple[Reason, ...]:
        """The statements that report on the claim, whatever they find, with their direction and context."""
        name, labels = self._ontology.wording.name, self._ontology.labels
        return tuple(
            Reason(
                f"{name(facts['hasDirection'])}, {name(facts['hasDiseaseContext'])}: {labels[iri]}",
                self._ontology.place_of(iri),
            )
            for iri, facts in self._claims(subject, predicate, other)
        )

    def _is_class(self, iri: str) -> bool:
        declared = ox.Triple(ox.NamedNode(iri), TYPE, ox.NamedNode(f"{OWL}Class"))
        return self._ontology.home(declared) is not None

    def _statements(self, mechanism: str, relation: str, other: str) -> tuple[Reason, ...]:
        """The statements that a rule on evidence rests on."""
        return tuple(
            Reason(self._ontology.labels[iri], self._ontology.place_of(iri))
            for iri, facts in self._claims(mechanism, relation, other)
            if facts.get("hasDirection") == f"{MESO}Supports" and facts.get("hasDiseaseContext") in _CONTEXTS
        )

    def _and_below(self, relation: str) -> set[str]:
        """The relation and those below it: who reports longer survival reports on prognosis too."""
        below = {
            triple.subject.value
            for triple in self._ontology.triples()
            if triple.predicate == _SUBPROPERTY
            and triple.object == ox.NamedNode(relation)
            and isinstance(triple.subject, ox.NamedNode)
        }
        return {relation} | below.union(*map(self._and_below, below))

    def _claims(self, subject: str, relation: str, other: str) -> list[tuple[str, dict[str, str]]]:
        """The statements with this claim or one below it, by IRI; what each says, by local names."""
        said: dict[str, dict[str, str]] = defaultdict(dict)
        for triple in self._ontology.triples(DATA):
            if isinstance(triple.subject, ox.NamedNode) and isinstance(triple.object, ox.NamedNode):
                said[triple.subject.value][triple.predicate.value.removeprefix(MESO)] = triple.object.value
        relations = self._and_below(relation)
        return sorted(
            (iri, facts)
            for iri, facts in said.items()
            if (facts.get("hasClaimSubject"), facts.get("hasClaimObject")) == (subject, other)
            and facts.get("hasClaimRelation") in relations
        )
