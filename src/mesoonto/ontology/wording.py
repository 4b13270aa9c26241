"""Puts axioms into words, with the labels of an ontology.

Every axiom of OWL 2 has a sentence; a label stands in single quotes, and what has none is named by the last
part of its IRI.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import pyoxigraph as ox

from mesoonto.namespaces import PREFIXES, local_name
from mesoonto.ontology.axioms import Axiom, Parts, Term, items

_OWL, _RDF, _RDFS = (PREFIXES[prefix] for prefix in ("owl", "rdf", "rdfs"))
_VARIABLES = "xyzuvw"

#: Axioms between two properties or individuals: predicate and sentence.
_BETWEEN = {
    f"{_RDFS}subPropertyOf": "if x {0} y, then x {1} y",
    f"{_OWL}equivalentProperty": "x {0} y exactly when x {1} y",
    f"{_OWL}inverseOf": "x {0} y exactly when y {1} x",
    f"{_OWL}propertyDisjointWith": "never both x {0} y and x {1} y",
    f"{_OWL}disjointWith": "nothing is both {0} and {1}",
    f"{_OWL}sameAs": "{0} is the same as {1}",
    f"{_OWL}differentFrom": "{0} is not {1}",
    f"{_RDFS}domain": "whatever {0} something is a {1}",
    f"{_RDFS}range": "whatever something {0} is a {1}",
    f"{_OWL}equivalentClass": "{0} is by definition {1}",
}
#: What a property is said to be by its type.
_TRAITS = {
    f"{_OWL}FunctionalProperty": "each x {0} one thing at most",
    f"{_OWL}InverseFunctionalProperty": "one x at most {0} the same y",
    f"{_OWL}TransitiveProperty": "if x {0} y and y {0} z, then x {0} z",
    f"{_OWL}SymmetricProperty": "if x {0} y, then y {0} x",
    f"{_OWL}AsymmetricProperty": "if x {0} y, then never y {0} x",
    f"{_OWL}ReflexiveProperty": "everything {0} itself",
    f"{_OWL}IrreflexiveProperty": "nothing {0} itself",
}
#: Axioms that say something of a list of members.
_OF_MEMBERS = {
    f"{_OWL}AllDisjointClasses": "nothing is two of {}",
    f"{_OWL}AllDisjointProperties": "never two of {} between the same x and y",
    f"{_OWL}AllDifferent": "no two of {} are the same",
}
#: Restrictions: the predicate that tells the kind, and its words before the filler.
_RESTRICTIONS = {
    f"{_OWL}someValuesFrom": "some",
    f"{_OWL}allValuesFrom": "only",
    f"{_OWL}hasValue": "value",
    f"{_OWL}minCardinality": "at least",
    f"{_OWL}minQualifiedCardinality": "at least",
    f"{_OWL}maxCardinality": "at most",
    f"{_OWL}maxQualifiedCardinality": "at most",
    f"{_OWL}qualifiedCardinality": "exactly",
    f"{_OWL}cardinality": "exactly",
}


class Wording:
    """Puts axioms into words; *labels* are those of the ontology, by IRI."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = labels

    def name(self, iri: str) -> str:
        """The label of the entity *iri* in quotes, or the last part of the IRI."""
        label = self._labels.get(iri)
        return local_name(iri) if label is None else f"'{label}'"

    def say(self, axiom: Axiom) -> str:
        """One sentence that states *axiom*."""
        head, parts = axiom.head, axiom.parts
        if isinstance(head.subject, ox.BlankNode):
            return self._say_of_members(head.subject, parts)
        subject, predicate = self._term(head.subject), head.predicate.value
        say = self._sayings.get(predicate)
        if say is not None:
            return say(subject, head.object, parts)
        if predicate in _BETWEEN:
            return _BETWEEN[predicate].format(subject, self._expression(head.object, parts))
        return f"{subject} {self.name(predicate)} {self._expression(head.object, parts)}"

    @property
    def _sayings(self) -> dict[str, Callable[[str, Term, Parts], str]]:
        """Sentences that are more than a pattern, by predicate."""
        return {
            f"{_RDF}type": self._say_type,
            f"{_RDFS}subClassOf": self._say_subclass,
            f"{_OWL}propertyChainAxiom": self._say_chain,
            f"{_OWL}disjointUnionOf": self._say_disjoint_union,
            f"{_OWL}hasKey": self._say_key,
        }

    def _say_type(self, subject: str, kind: Term, parts: Parts) -> str:
        iri = getattr(kind, "value", "")
        if iri in _TRAITS:
            return _TRAITS[iri].format(subject)
        return f"{subject} is a {self._expression(kind, parts)}"

    def _say_subclass(self, subject: str, upper: Term, parts: Parts) -> str:
        verb = "" if (upper, f"{_OWL}onProperty") in parts else "is a "
        return f"every {subject} {verb}{self._expression(upper, parts)}"

    def _say_chain(self, subject: str, chain: Term, parts: Parts) -> str:
        links = [self._expression(link, parts) for link in items(chain, parts)]
        names = [_VARIABLES[n] if len(links) < len(_VARIABLES) else f"x{n}" for n in range(len(links) + 1)]
        steps = [f"{a} {link} {b}" for (a, b), link in zip(pairwise(names), links, strict=True)]
        return f"if {' and '.join(steps)}, then {names[0]} {subject} {names[-1]}"

    def _say_disjoint_union(self, subject: str, members: Term, parts: Parts) -> str:
        return f"every {subject} is one, and only one, of {self._list(members, parts)}"

    def _say_key(self, subject: str, members: Term, parts: Parts) -> str:
        return f"no two of {subject} agree in {self._list(members, parts)}"

    def _say_of_members(self, node: Term, parts: Parts) -> str:
        kind = getattr(parts.get((node, f"{_RDF}type")), "value", "")
        members = parts.get((node, f"{_OWL}members")) or parts.get((node, f"{_OWL}distinctMembers"))
        if kind in _OF_MEMBERS and members is not None:
            return _OF_MEMBERS[kind].format(self._list(members, parts))
        source, role = (parts.get((node, _OWL + key)) for key in ("sourceIndividual", "assertionProperty"))
        target = parts.get((node, f"{_OWL}targetIndividual")) or parts.get((node, f"{_OWL}targetValue"))
        if source is not None and role is not None and target is not None:
            return f"never {self._term(source)} {self._term(role)} {self._term(target)}"
        about, upper = parts.get((node, f"{_RDFS}subClassOf")), self._expression(node, parts)
        return upper if about is None else f"whatever {upper} is a {self._expression(about, parts)}"

    def _term(self, term: Term) -> str:
        if isinstance(term, ox.NamedNode):
            return self.name(term.value)
        return term.value if isinstance(term, ox.Literal) else "something"

    def _list(self, node: Term, parts: Parts) -> str:
        return ", ".join(sorted(self._expression(item, parts) for item in items(node, parts)))

    def _expression(self, node: Term, parts: Parts) -> str:
        """A class expression, data range or property expression in words."""
        if not isinstance(node, ox.BlankNode):
            return self._term(node)
        for key in ("intersectionOf", "unionOf", "oneOf"):
            if (node, _OWL + key) in parts:
                return self._of_members(key, parts[node, _OWL + key], parts)
        for key in ("complementOf", "datatypeComplementOf"):
            if (node, _OWL + key) in parts:
                return f"not {self._grouped(parts[node, _OWL + key], parts)}"
        if (node, f"{_OWL}inverseOf") in parts:
            return f"inverse of {self._term(parts[node, f'{_OWL}inverseOf'])}"
        if (node, f"{_OWL}onDatatype") in parts:
            return self._datatype(node, parts)
        return self._restriction(node, parts)

    def _grouped(self, node: Term, parts: Parts) -> str:
        """An expression inside another, in parentheses where it would be read wrongly without."""
        text = self._expression(node, parts)
        plural = any((node, _OWL + key) in parts for key in ("intersectionOf", "unionOf"))
        return f"({text})" if plural else text

    def _of_members(self, key: str, members: Term, parts: Parts) -> str:
        """An intersection, a union or an enumeration: names first, then what is said of them."""
        said = [(isinstance(m, ox.BlankNode), self._grouped(m, parts)) for m in items(members, parts)]
        if key == "intersectionOf":
            named = sorted(text for anonymous, text in said if not anonymous)
            rest = sorted(f"that {text}" for anonymous, text in said if anonymous)
            return " ".join(filter(None, (" and ".join(named), " and ".join(rest))))
        words = sorted(text for _, text in said)
        return " or ".join(words) if key == "unionOf" else f"one of {', '.join(words)}"

    def _restriction(self, node: Term, parts: Parts) -> str:
        role = parts.get((node, f"{_OWL}onProperty"))
        if role is None:
            return "something"
        verb = self._expression(role, parts)
        if (node, f"{_OWL}hasSelf") in parts:
            return f"{verb} itself"
        for key, word in _RESTRICTIONS.items():
            filler = parts.get((node, key))
            if filler is None:
                continue
            kind = parts.get((node, f"{_OWL}onClass")) or parts.get((node, f"{_OWL}onDataRange"))
            counted = f" {self._grouped(kind, parts)}" if kind is not None else ""
            return f"{verb} {word} {self._grouped(filler, parts)}{counted}"
        return f"{verb} something"

    def _datatype(self, node: Term, parts: Parts) -> str:
        facets = parts.get((node, f"{_OWL}withRestrictions"))
        said = [
            f"{local_name(predicate)} {self._term(value)}"
            for facet in (items(facets, parts) if facets is not None else ())
            for (subject, predicate), value in parts.items()
            if subject == facet
        ]
        return f"{self._term(parts[node, f'{_OWL}onDatatype'])} with {', '.join(sorted(said))}"
