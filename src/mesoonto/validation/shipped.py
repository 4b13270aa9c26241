"""What the shipped ontology and records know, so that data which refer to them can be judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pyoxigraph as ox

from mesoonto import resources
from mesoonto.files import rdf
from mesoonto.files.terms import OWL, RDF, RDFS, SUBCLASS, TYPE, Term
from mesoonto.namespaces import MESO, OBO, PREFIXES
from mesoonto.validation.data.store import Data
from mesoonto.validation.shapes.model import Shapes

#: Data that name nothing in these namespaces say nothing about the shipped ontology.
STEMS = (MESO, OBO, PREFIXES["uniprot"])
_STANDARD = (RDF, RDFS, OWL, "http://www.w3.org/2004/02/skos/core#", "http://purl.org/dc/terms/")

Statement = tuple[Term, ox.NamedNode, Term]


@dataclass(frozen=True, slots=True)
class _Shipped:
    statements: dict[Term, tuple[Statement, ...]]  #: classes and superclasses of each entity
    vocabulary: frozenset[Term]  #: every entity and property


@cache
def _shipped() -> _Shipped:
    found: dict[Term, set[Statement]] = defaultdict(set)
    vocabulary: set[Term] = set()
    for path in [*resources.module_files(), *resources.import_files(), *resources.record_files()]:
        for quad in rdf.read(path):
            vocabulary.add(quad.predicate)
            if isinstance(quad.subject, ox.NamedNode):
                vocabulary.add(quad.subject)
                if quad.predicate in (TYPE, SUBCLASS) and isinstance(quad.object, ox.NamedNode):
                    found[quad.subject].add((quad.subject, quad.predicate, quad.object))
                    vocabulary.add(quad.object)
    return _Shipped({s: tuple(sorted(rows, key=str)) for s, rows in found.items()}, frozenset(vocabulary))


def concerns(data: Data, shapes: Shapes | None = None) -> bool:
    """Whether *data*, loaded with STEMS as words, or *shapes* name anything in the shipped namespaces."""
    nodes = shapes.by_node if shapes is not None else ()
    return bool(data.words) or any(isinstance(n, ox.NamedNode) and n.value.startswith(STEMS) for n in nodes)


def of(data: Data) -> list[Statement]:
    """The classes and superclasses of the shipped entities that *data* refer to."""
    shipped = _shipped().statements
    return [statement for node in _reached(data, shipped) for statement in shipped.get(node, ())]


def _reached(data: Data, shipped: dict[Term, tuple[Statement, ...]]) -> Iterator[Term]:
    waiting = [node for node in shipped if data.has_object(node)]
    seen = set(waiting)
    while waiting:
        node = waiting.pop()
        yield node
        for _, _, other in shipped.get(node, ()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)


def instances(term: Term) -> list[Term]:
    """The shipped entities that are stated to be instances of the class *term*."""
    return [
        s for s, rows in _shipped().statements.items() if any(r[1] == TYPE and r[2] == term for r in rows)
    ]


class Vocabulary:
    """The classes and properties that the ontology or the data know; a container to ask with ``in``."""

    def __init__(self, data: Data, shipped: bool) -> None:
        self._store = data.store
        self._shipped = _shipped().vocabulary if shipped else frozenset()

    def __contains__(self, term: object) -> bool:
        if not isinstance(term, ox.NamedNode):
            return True
        if term in self._shipped or term.value.startswith(_STANDARD):
            return True
        patterns = ((term, None, None), (None, term, None), (None, TYPE, term), (None, SUBCLASS, term))
        return any(next(iter(self._store.quads_for_pattern(*p)), None) is not None for p in patterns)
