"""Object properties are named by verbs, datatype properties by nouns, and labels agree with names."""

from __future__ import annotations

import re
from collections import defaultdict

import pyoxigraph as ox
import pytest

from mesoonto import resources
from mesoonto.files import rdf
from mesoonto.namespaces import MESO, PREFIXES

OWL = PREFIXES["owl"]
REPLACED_BY = PREFIXES["dcterms"] + "isReplacedBy"
TRIPLES = [quad.triple for path in resources.module_files() for quad in rdf.read(path)]
OF_SUBJECT = defaultdict(list)
for triple in TRIPLES:
    OF_SUBJECT[triple.subject].append(triple)


def _objects(subject: ox.NamedNode, predicate: str) -> list[str]:
    node = ox.NamedNode(predicate)
    return [getattr(t.object, "value", "") for t in OF_SUBJECT[subject] if t.predicate == node]


def _properties(kind: str) -> list[ox.NamedNode]:
    found = {t.subject for t in TRIPLES if t.object == ox.NamedNode(OWL + kind)}
    return sorted((p for p in found if isinstance(p, ox.NamedNode) and p.value.startswith(MESO)), key=str)


def _is_former_name(term: ox.NamedNode) -> bool:
    return bool(_objects(term, REPLACED_BY))


#: How the name of an object property begins: ``has`` or ``of`` before a noun, or a verb form.
VERBAL = re.compile(r"(has|of)[A-Z]|[a-z]+(s|ed)($|[A-Z])|[a-z]+(In|At|For|By|On|With|Of)$|notIndependentOf")

PROPERTIES = [p for kind in ("ObjectProperty", "DatatypeProperty") for p in _properties(kind)]
FORMER = [p for p in PROPERTIES if _is_former_name(p)]
CURRENT = [p for p in PROPERTIES if not _is_former_name(p)]


@pytest.mark.parametrize(
    "term",
    [p for p in _properties("ObjectProperty") if not _is_former_name(p)],
    ids=lambda p: p.value[len(MESO) :],
)
def test_object_property_is_named_by_a_verb(term: ox.NamedNode) -> None:
    assert VERBAL.match(term.value[len(MESO) :])


@pytest.mark.parametrize("term", CURRENT, ids=lambda p: p.value[len(MESO) :])
def test_label_agrees_with_name(term: ox.NamedNode) -> None:
    (label,) = _objects(term, f"{PREFIXES['rdfs']}label")
    assert re.sub(r"[ -]", "", label).lower() == term.value[len(MESO) :].lower()


@pytest.mark.parametrize(
    "term", [p for p in PROPERTIES if _is_former_name(p)], ids=lambda p: p.value[len(MESO) :]
)
def test_former_name_tells_what_replaces_it_and_is_equivalent(term: ox.NamedNode) -> None:
    (replacement,) = _objects(term, REPLACED_BY)
    same = f"{OWL}equivalentProperty"
    assert [replacement] == _objects(term, same) or term.value in _objects(ox.NamedNode(replacement), same)
    assert ox.NamedNode(replacement) in PROPERTIES
    assert not _is_former_name(ox.NamedNode(replacement))
    assert not [t for t in TRIPLES if t.predicate == term]


@pytest.mark.parametrize(("typed", "near"), [("Ipilimumap", "ipilimumab"), ("conters", "counters")])
def test_name_that_nothing_has_is_told_with_what_is_near(typed: str, near: str) -> None:
    from mesoonto.errors import MesoontoError
    from mesoonto.ontology.model import Ontology

    with pytest.raises(MesoontoError, match=rf"^{typed}: nothing .*; near it: [^;]*\b{near}\b"):
        Ontology.shipped().find(typed)
