"""Class expressions of the OWL 2 EL profile, and unions, as values that can be compared."""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import PREFIXES
from mesoonto.ontology.axioms import Parts, Term, items

_OWL = PREFIXES["owl"]
SUBCLASS = f"{PREFIXES['rdfs']}subClassOf"


@dataclass(frozen=True, slots=True)
class And:
    """The class of what belongs to each of *parts*."""

    parts: frozenset[Expression]


@dataclass(frozen=True, slots=True)
class Or:
    """The class of what belongs to one of *parts*."""

    parts: frozenset[Expression]


@dataclass(frozen=True, slots=True)
class Some:
    """The class of what is related by *role* to something in *filler*."""

    role: str
    filler: Expression


#: A named class is its IRI.
Expression = str | And | Or | Some


def expression(node: Term, parts: Parts) -> Expression | None:
    """The class expression at *node*, or None when the rules have no use for it."""
    if isinstance(node, ox.NamedNode):
        return node.value
    for key, kind in (("intersectionOf", And), ("unionOf", Or)):
        if (node, _OWL + key) in parts:
            members = [expression(item, parts) for item in items(parts[node, _OWL + key], parts)]
            known = frozenset(m for m in members if m is not None)
            return kind(known) if len(known) == len(set(members)) else None
    role, filler = parts.get((node, f"{_OWL}onProperty")), parts.get((node, f"{_OWL}someValuesFrom"))
    if isinstance(role, ox.NamedNode) and filler is not None:
        found = expression(filler, parts)
        return None if found is None else Some(role.value, found)
    return None
