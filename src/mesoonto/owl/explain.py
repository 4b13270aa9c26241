"""Says why a triple of the dataset holds: where it is stated, or from what it follows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyoxigraph as ox

from mesoonto import resources
from mesoonto.errors import MesoontoError
from mesoonto.files import rdf
from mesoonto.files.places import line_of
from mesoonto.namespaces import MESO, PREFIXES, expand
from mesoonto.owl import entail, infer
from mesoonto.owl.axioms import Axiom, axioms_of, logical

_LABELS = (PREFIXES["rdfs"] + "label", PREFIXES["skos"] + "altLabel")
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
    """Explains triples of the shipped dataset."""

    def __init__(self) -> None:
        self._home: dict[ox.Triple, Path] = {}
        self._about: dict[str, Path] = {}
        self._names: dict[str, str] = {}
        self._by_name: dict[str, set[str]] = defaultdict(set)
        files = [*resources.module_files(), *resources.import_files(), *resources.record_files()]
        for path in files:
            for quad in rdf.read(path):
                self._read(ox.Triple(quad.subject, quad.predicate, quad.object), path)

    def _read(self, triple: ox.Triple, path: Path) -> None:
        self._home[triple] = path
        if not isinstance(triple.subject, ox.NamedNode):
            return
        self._about.setdefault(triple.subject.value, path)
        if triple.predicate.value in _LABELS and isinstance(triple.object, ox.Literal):
            self._by_name[triple.object.value.casefold()].add(triple.subject.value)
            if triple.predicate.value == _LABELS[0]:
                self._names[triple.subject.value] = triple.object.value

    @cached_property
    def _axioms(self) -> list[Axiom]:
        ontology = {*resources.module_files(), *resources.import_files()}
        return logical(axioms_of(t for t, path in self._home.items() if path in ontology))

    @cached_property
    def _entailments(self) -> entail.Entailments:
        return entail.Entailments(self._axioms)

    def find(self, name: str) -> str:
        """The IRI that *name* means: a label, a synonym, a CURIE, the local name of a property, or an IRI.

        Raises MesoontoError when nothing or several things have that name.
        """
        if name in ("subClassOf", "rdfs:subClassOf"):
            return entail.SUBCLASS
        found = self._by_name.get(name.casefold(), set())
        if len(found) > 1:
            raise MesoontoError(f"{name}: means {', '.join(sorted(found))}; give one of these IRIs")
        if found:
            return next(iter(found))
        iri = name.strip("<>") if "://" in name else expand(name) if ":" in name else MESO + name
        if iri not in self._about:
            raise MesoontoError(
                f"{name}: nothing in the dataset has this name; give a label, a CURIE or an IRI"
            )
        return iri

    def explain(self, subject: str, predicate: str, other: str) -> Explanation | None:
        """Why the triple of these IRIs holds, or None when it does not."""
        claim = f"{self.name(subject)} {self.name(predicate)} {self.name(other)}"
        triple = ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), ox.NamedNode(other))
        if triple in self._home:
            place = self._place(subject, predicate, self._home[triple])
            return Explanation(claim, "stated", (Reason(claim, place),))
        if predicate == f"{MESO}counteredBy":
            found = self._from_axioms(other, f"{MESO}counters", subject)
            rule = next(rule for rule in infer.RULES if rule.property == predicate)
            return Explanation(claim, f"by the rule that {rule.words}", found) if found else None
        if predicate == f"{MESO}reportedActiveIn":
            rule = next(rule for rule in infer.RULES if rule.property == predicate)
            statements = self._statements(subject, other)
            return Explanation(claim, f"by the rule that {rule.words}", statements) if statements else None
        found = self._from_axioms(subject, predicate, other)
        return Explanation(claim, "follows from these axioms", found) if found else None

    def name(self, iri: str) -> str:
        """The label of *iri* in quotes, or the last part of the IRI."""
        return f"'{self._names[iri]}'" if iri in self._names else iri.rpartition("#")[2].rpartition("/")[2]

    def needed_axioms(self, subject: str, predicate: str, other: str) -> list[Axiom] | None:
        """Axioms that entail the triple and of which none can be spared, or None when it does not follow."""
        axioms = self._entailments.why(subject, predicate, other)
        if axioms is None:
            return None
        declarations = [axiom for axiom in self._axioms if axiom.declares_class]
        for axiom in list(axioms):
            rest = [one for one in axioms if one is not axiom]
            if entail.Entailments([*declarations, *rest]).why(subject, predicate, other) is not None:
                axioms = rest
        return axioms

    def _from_axioms(self, subject: str, predicate: str, other: str) -> tuple[Reason, ...] | None:
        axioms = self.needed_axioms(subject, predicate, other)
        return None if axioms is None else tuple(self._reason(axiom) for axiom in axioms)

    def _reason(self, axiom: Axiom) -> Reason:
        head = axiom.triples[0]
        assert isinstance(head.subject, ox.NamedNode)  # noqa: S101  # only such axioms entail anything here
        subject, predicate = head.subject.value, head.predicate.value
        return Reason(self._words(axiom), self._place(subject, predicate, self._home[head]))

    def _place(self, subject: str, predicate: str, path: Path) -> str:
        line = line_of(str(path), subject, predicate)
        shown = path.relative_to(resources.root())
        return f"{shown}:{line}" if line else str(shown)

    def _words(self, axiom: Axiom) -> str:
        head = axiom.triples[0]
        parts = entail.parts_of(axiom)
        subject = self.name(str(getattr(head.subject, "value", "")))
        match head.predicate.value.rpartition("#")[2]:
            case "propertyChainAxiom":
                links = [
                    self.name(str(getattr(link, "value", link))) for link in entail.items(head.object, parts)
                ]
                return f"if x {links[0]} y and y {links[1]} z, then x {subject} z"
            case "subPropertyOf":
                return f"if x {subject} y, then x {self.name(str(getattr(head.object, 'value', '')))} y"
            case "domain":
                return f"whatever {subject} something is a {self._say(entail.expression(head.object, parts))}"
            case "equivalentClass":
                return f"{subject} is by definition {self._say(entail.expression(head.object, parts))}"
            case _:
                upper = entail.expression(head.object, parts)
                verb = "" if isinstance(upper, entail.Some) else "is a "
                return f"every {subject} {verb}{self._say(upper)}"

    def _say(self, expression: entail.Expression | None) -> str:
        match expression:
            case entail.Some(role, filler):
                return f"{self.name(role)} some {self._say(filler)}"
            case entail.And(parts):
                named = sorted(self._say(p) for p in parts if isinstance(p, str))
                rest = sorted(f"that {self._say(p)}" for p in parts if not isinstance(p, str))
                return (
                    " and ".join(named)
                    + "".join(f" {text}" for text in rest[:1])
                    + "".join(f" and {text}" for text in rest[1:])
                )
            case entail.Or(parts):
                return " or ".join(sorted(self._say(p) for p in parts))
            case _:
                return self.name(expression or "")

    def _statements(self, mechanism: str, state: str) -> tuple[Reason, ...]:
        """The statements that the rule on activity rests on."""
        said: dict[str, dict[str, str]] = defaultdict(dict)
        for triple in self._home:
            if isinstance(triple.subject, ox.NamedNode) and isinstance(triple.object, ox.NamedNode):
                said[triple.subject.value][triple.predicate.value.removeprefix(MESO)] = triple.object.value
        found = [
            iri
            for iri, facts in said.items()
            if facts.get("hasClaimSubject") == mechanism
            and facts.get("hasClaimObject") == state
            and facts.get("hasClaimRelation") == f"{MESO}activeIn"
            and facts.get("hasDirection") == f"{MESO}Supports"
            and facts.get("hasDiseaseContext") in _CONTEXTS
        ]
        return tuple(
            Reason(self._names[iri], self._place(iri, "", self._about[iri])) for iri in sorted(found)
        )
