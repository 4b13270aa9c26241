"""The pages of the ontology: its classes by module, and its properties."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import pyoxigraph as ox
from docs.generate.markdown import code, text

from mesoonto.namespaces import MESO, PREFIXES, compress, local_name
from mesoonto.ontology.axioms import Term
from mesoonto.ontology.files import IMPORTS, MODULES
from mesoonto.ontology.model import Ontology
from mesoonto.ontology.synonyms import ALT_LABEL, SCOPES

_OWL, _RDF, _RDFS, _OBO = (PREFIXES[prefix] for prefix in ("owl", "rdf", "rdfs", "obo"))
_DEFINITION = f"{_OBO}IAO_0000115"
_PROPERTIES = ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")

#: The modules that describe classes, from the wider to the narrower.
MODULES_WITH_CLASSES = ("core", "disease", "mechanism", "intervention", "evidence", "model")

Facts = dict[str, dict[str, list[Term]]]


@cache
def _facts() -> tuple[Ontology, Facts, dict[str, str]]:
    """The modules and slices, what they say of each IRI, and the module that describes each term."""
    ontology = Ontology.shipped(MODULES, IMPORTS)
    facts: Facts = defaultdict(lambda: defaultdict(list))
    homes: dict[str, str] = {}
    for document in ontology.documents:
        for triple in document.triples:
            if not isinstance(triple.subject, ox.NamedNode):
                continue
            facts[triple.subject.value][triple.predicate.value].append(triple.object)
            if document.layer == MODULES and triple.predicate.value == f"{_RDF}type":
                homes.setdefault(triple.subject.value, document.shown.rpartition("/")[2].removesuffix(".ttl"))
    return ontology, facts, homes


def classes(module: str) -> str:
    """The classes of *module* in the order of their labels."""
    _, facts, homes = _facts()
    found = [
        i for i, home in homes.items() if home == module and _is(facts, i, "Class") and i.startswith(MESO)
    ]
    return "\n".join(part for iri in _sorted(found) for part in _entry(iri))


def properties() -> str:
    """The properties that mesoonto has of its own."""
    _, facts, homes = _facts()
    parts = []
    for kind in _PROPERTIES:
        found = [iri for iri in homes if iri.startswith(MESO) and _is(facts, iri, kind)]
        if found:
            words = kind.removesuffix("Property").lower()
            parts += [f"## {words.capitalize()} properties\n"]
            parts += [part for iri in _sorted(found) for part in _entry(iri, level=3)]
    return "\n".join(parts)


def _is(facts: Facts, iri: str, kind: str) -> bool:
    return any(isinstance(t, ox.NamedNode) and t.value == f"{_OWL}{kind}" for t in facts[iri][f"{_RDF}type"])


def _sorted(iris: list[str]) -> list[str]:
    labels = _facts()[0].labels
    return sorted(iris, key=lambda iri: (labels.get(iri, local_name(iri)).casefold(), iri))


def _entry(iri: str, level: int = 2) -> Iterator[str]:
    ontology, facts, _ = _facts()
    said = facts[iri]
    yield f"{'#' * level} {text(ontology.labels.get(iri, local_name(iri)))} {{ #{local_name(iri)} }}\n"
    retired = "" if not _literals(said.get(f"{_OWL}deprecated", [])) else " Retired."
    definition = " ".join(_literals(said.get(_DEFINITION, [])))
    yield f"{code(compress(iri))}.{retired} {text(definition)}\n"
    rows = []
    if synonyms := sorted({w for p in (*SCOPES.values(), ALT_LABEL) for w in _literals(said.get(p, []))}):
        rows.append(f"- Synonyms: {'; '.join(map(text, synonyms))}")
    for words, predicate in (
        ("Kind of", "subClassOf"), ("Below", "subPropertyOf"), ("Of", "domain"), ("To", "range"),
    ):  # fmt: skip
        named = [t.value for t in said.get(_RDFS + predicate, []) if isinstance(t, ox.NamedNode)]
        if named:
            rows.append(f"- {words}: {', '.join(_link(one) for one in _sorted(named))}")
    if rows:
        yield "\n".join(rows) + "\n"


def _literals(terms: list[Term]) -> list[str]:
    return [term.value for term in terms if isinstance(term, ox.Literal)]


def _link(iri: str) -> str:
    """The label of *iri*, leading to its entry where it has one."""
    ontology, facts, homes = _facts()
    label = text(ontology.labels.get(iri, compress(iri)))
    if not iri.startswith(MESO) or iri not in homes:
        return f"{label} ({code(compress(iri))})" if iri in ontology.labels else code(compress(iri))
    page = f"classes-{homes[iri]}" if _is(facts, iri, "Class") else "properties"
    return f"[{label}]({page}.md#{local_name(iri)})"
