"""What the shipped ontology and records know, so that data which refer to them can be judged."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, cached_property

import pyoxigraph as ox

from mesoonto.files.terms import OWL, RDF, RDFS, SUBCLASS, TYPE, Term
from mesoonto.namespaces import MESO, OBO, PREFIXES
from mesoonto.ontology.files import DATA, STATED
from mesoonto.ontology.model import Ontology
from mesoonto.validation.data.store import Data
from mesoonto.validation.shapes.model import Shapes

#: Data that name nothing in these namespaces say nothing about the shipped ontology.
STEMS = (MESO, OBO, PREFIXES["uniprot"])
_STANDARD = (RDF, RDFS, OWL, "http://www.w3.org/2004/02/skos/core#", "http://purl.org/dc/terms/")

#: Names that are compared with one that may be misspelt.
_MOST = 5000

Statement = tuple[Term, ox.NamedNode, Term]


@dataclass(frozen=True, slots=True)
class Shipped:
    """What is stated of the shipped terms and records."""

    kinds: dict[Term, tuple[Statement, ...]]  #: classes and superclasses of each entity
    records: dict[Term, tuple[Statement, ...]]  #: all that is said of each record, and of blank nodes in it
    vocabulary: frozenset[Term]  #: every entity and property


@cache
def read() -> Shipped:
    """What is shipped; its files are read once in a process."""
    kinds: dict[Term, set[Statement]] = defaultdict(set)
    records: dict[Term, list[Statement]] = defaultdict(list)
    vocabulary: set[Term] = set()
    for document in Ontology.shipped(*STATED).documents:
        for triple in document.triples:
            statement: Statement = triple.subject, triple.predicate, triple.object  # type: ignore[assignment]
            vocabulary.add(triple.predicate)
            if document.layer == DATA:
                records[triple.subject].append(statement)  # type: ignore[index]
            if isinstance(triple.subject, ox.NamedNode):
                vocabulary.add(triple.subject)
                if triple.predicate in (TYPE, SUBCLASS) and isinstance(triple.object, ox.NamedNode):
                    kinds[triple.subject].add(statement)
                    vocabulary.add(triple.object)
    return Shipped(
        {subject: tuple(sorted(rows, key=str)) for subject, rows in kinds.items()},
        {subject: tuple(rows) for subject, rows in records.items()},
        frozenset(vocabulary),
    )


def concerns(data: Data, shapes: Shapes | None = None) -> bool:
    """Whether *data*, loaded with STEMS as words, or *shapes* name anything in the shipped namespaces."""
    nodes = shapes.by_node if shapes is not None else ()
    return bool(data.words) or any(isinstance(n, ox.NamedNode) and n.value.startswith(STEMS) for n in nodes)


def of(data: Data) -> list[Statement]:
    """What is known of the shipped entities that *data* refer to, and of what these refer to in turn.

    Of terms of the ontology these are the classes and superclasses; a record is known whole, unless *data*
    describe it themselves.
    """
    shipped = read()
    entities = {**shipped.kinds, **shipped.records}
    waiting = list(data.objects_among(entities.keys()))
    seen = set(waiting)
    found: list[Statement] = []
    while waiting:
        node = waiting.pop()
        rows = shipped.kinds.get(node, ()) if data.describes(node) else entities[node]
        found += rows
        for _, _, other in rows:
            if other in entities and other not in seen:
                seen.add(other)
                waiting.append(other)
    return found


def instances(term: Term) -> list[Term]:
    """The shipped entities that are stated to be instances of the class *term*."""
    return [s for s, rows in read().kinds.items() if any(r[1] == TYPE and r[2] == term for r in rows)]


class Vocabulary:
    """The classes and properties that the ontology or the data know; a container to ask with ``in``."""

    def __init__(self, data: Data, shipped: bool) -> None:
        self._store, self._concluded = data.store, data.concluded
        self._shipped = read().vocabulary if shipped else frozenset()

    def __contains__(self, term: object) -> bool:
        if not isinstance(term, ox.NamedNode):
            return True
        if term in self._shipped or term.value.startswith(_STANDARD):
            return True
        patterns = ((term, None, None), (None, term, None), (None, TYPE, term), (None, SUBCLASS, term))
        return any(next(iter(self._store.quads_for_pattern(*p)), None) is not None for p in patterns)

    def like(self, predicate: ox.NamedNode) -> ox.NamedNode | None:
        """A property that is known, and of which *predicate* may be a misspelling."""
        stem, local = _split(predicate)
        names = {_split(p)[1]: p for p in self._predicates if _split(p)[0] == stem}
        close = difflib.get_close_matches(local, list(names)[:_MOST], 1, 0.8)
        # Another number is another thing, and no slip of the pen.
        numbers = [re.findall(r"\d+", word) for word in (local, *close)]
        return names[close[0]] if close and numbers[0] == numbers[1] else None

    def defines_others_like(self, predicate: ox.NamedNode) -> bool:
        """Whether an ontology that is at hand declares properties in the namespace of *predicate*."""
        stem, _ = _split(predicate)
        return any(_split(p)[0] == stem for p in self._declared) or (
            bool(self._shipped) and stem.startswith(STEMS)
        )

    @cached_property
    def _predicates(self) -> set[ox.NamedNode]:
        rows = self._store.query("SELECT DISTINCT ?p { ?s ?p ?o }")
        used = {row["p"] for row in rows} | self._declared  # type: ignore[union-attr]
        return {p for p in used if isinstance(p, ox.NamedNode)}

    @cached_property
    def _declared(self) -> set[ox.NamedNode]:
        kinds = [f"{OWL}{kind}Property" for kind in ("Object", "Datatype", "Annotation")]
        # RDFS concludes of everything that stands as a predicate that it is a property.
        kinds += [] if self._concluded else [f"{RDF}Property"]
        rows = (q for kind in kinds for q in self._store.quads_for_pattern(None, TYPE, ox.NamedNode(kind)))
        return {q.subject for q in rows if isinstance(q.subject, ox.NamedNode)}


def _split(term: ox.NamedNode) -> tuple[str, str]:
    """The namespace and the local name of an IRI."""
    at = max(term.value.rfind("/"), term.value.rfind("#")) + 1
    return term.value[:at], term.value[at:]
