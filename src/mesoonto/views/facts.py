"""Reads statements about entities out of a store, in the words that people see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import pyoxigraph as ox

from mesoonto.namespaces import DATA, MESO, OBO, PREFIXES, compress, from_xref, to_xref
from mesoonto.ontology.synonyms import XREF

RDFS, DCTERMS, SKOS, BIBO = (PREFIXES[name] for name in ("rdfs", "dcterms", "skos", "bibo"))
TYPE = PREFIXES["rdf"] + "type"
SUBCLASS = f"{RDFS}subClassOf"
LABEL = f"{RDFS}label"
DEFINITION = f"{OBO}IAO_0000115"

_ANNOTATED_SOURCE = PREFIXES["owl"] + "annotatedSource"
_ANNOTATED_PROPERTY = PREFIXES["owl"] + "annotatedProperty"

Entity = ox.NamedNode | ox.BlankNode


@dataclass(frozen=True, slots=True)
class EntityLink:
    """An entity as a page names it."""

    label: str
    iri: str

    @property
    def here(self) -> str:
        """The path of its page where it is ours, else nothing."""
        return "/" + self.iri.removeprefix(MESO) if self.iri.startswith(MESO) else ""

    @property
    def href(self) -> str:
        """Where it leads; nothing for what has no address on the web."""
        return self.here or (self.iri if self.iri.startswith(("http://", "https://")) else "")

    @property
    def kind(self) -> str:
        """What its identifier says it is: the part of a record's name before the key, or nothing."""
        return self.iri.removeprefix(DATA).partition("_")[0] if self.iri.startswith(DATA) else ""


class Facts:
    """The statements of *store*, in all its graphs; each once.

    What was read is remembered, so one of these serves one page or one index, while the data do not change.
    Labels are in the first of *languages* (BCP 47) in which there is one, else in English, else in any.
    """

    def __init__(self, store: ox.Store, languages: Sequence[str] = ()) -> None:
        self._store = store
        self._languages = (*(tag.lower() for tag in languages), "en")
        self._labels: dict[Entity, str] = {}
        self._objects: dict[tuple[Entity, str], list[ox.NamedNode | ox.BlankNode | ox.Literal]] = {}

    def objects(self, subject: Entity, predicate: str) -> list[ox.NamedNode | ox.BlankNode | ox.Literal]:
        """What *subject* is related to, in an order that stays."""
        asked = (subject, predicate)
        if asked not in self._objects:
            found = self._store.quads_for_pattern(subject, ox.NamedNode(predicate), None, None)
            kept = {q.object for q in found if not isinstance(q.object, ox.Triple)}
            self._objects[asked] = sorted(kept, key=_order) if len(kept) > 1 else list(kept)
        return self._objects[asked]

    def entities(self, subject: Entity, *path: str) -> list[ox.NamedNode]:
        """The named entities at the end of *path*, one property after another."""
        here: list[Entity] = [subject]
        for predicate in path:
            reached = (o for one in here for o in self.objects(one, predicate))
            here = list(dict.fromkeys(o for o in reached if not isinstance(o, ox.Literal)))
        return [node for node in here if isinstance(node, ox.NamedNode)]

    def subjects(self, predicate: str, value: Entity) -> list[ox.NamedNode]:
        """The named entities that are related to *value* by *predicate*."""
        found = self._store.quads_for_pattern(None, ox.NamedNode(predicate), value, None)
        return sorted(
            {q.subject for q in found if isinstance(q.subject, ox.NamedNode)}, key=lambda s: s.value
        )

    def parts(self, predicate: str, value: ox.NamedNode) -> list[ox.BlankNode]:
        """The unnamed parts of records that are related to *value* by *predicate*."""
        found = self._store.quads_for_pattern(None, ox.NamedNode(predicate), value, None)
        return list(dict.fromkeys(q.subject for q in found if isinstance(q.subject, ox.BlankNode)))

    def outward(self, subject: Entity) -> dict[str, list[ox.NamedNode | ox.BlankNode | ox.Literal]]:
        """All that is stated of *subject*, by property."""
        names = {q.predicate.value for q in self._store.quads_for_pattern(subject, None, None, None)}
        return {name: self.objects(subject, name) for name in names}

    def inward(self, value: Entity) -> dict[str, list[ox.NamedNode]]:
        """The named entities that name *value*, by property."""
        names = {q.predicate.value for q in self._store.quads_for_pattern(None, None, value, None)}
        return {name: found for name in names if (found := self.subjects(name, value))}

    def texts(self, subject: Entity, predicate: str) -> list[str]:
        """The literals of *predicate*."""
        return [o.value for o in self.objects(subject, predicate) if isinstance(o, ox.Literal)]

    def notes(self, subject: Entity) -> tuple[str, ...]:
        """What curators noted of *subject*, and the figures that they could only tell in words."""
        return (*self.texts(subject, f"{SKOS}note"), *self.texts(subject, f"{MESO}unrecordedFigure"))

    def text(self, subject: Entity, predicate: str) -> str:
        """The literal of *predicate* in the language that is liked best, the first of these; or nothing."""
        found = [o for o in self.objects(subject, predicate) if isinstance(o, ox.Literal)]
        return min(found, key=self._liking).value if found else ""

    def number(self, subject: Entity, predicate: str) -> Decimal | None:
        """The first number of *predicate*."""
        try:
            return Decimal(self.text(subject, predicate))
        except InvalidOperation:
            return None

    def flag(self, subject: Entity, predicate: str) -> bool | None:
        """Yes, no, or not stated."""
        text = self.text(subject, predicate)
        return text in ("true", "1") if text else None

    def definition_sources(self, node: ox.NamedNode) -> list[ox.NamedNode]:
        """The sources of the definition of the term *node*, which stand on the axiom that gives it."""
        axioms = self._about_definitions(_ANNOTATED_SOURCE, node)
        found = {ox.NamedNode(from_xref(xref)) for axiom in axioms for xref in self.texts(axiom, XREF)}
        return sorted(found, key=lambda source: source.value)

    def defined_from(self, source: ox.NamedNode) -> list[ox.NamedNode]:
        """The terms that are defined from *source*."""
        axioms = self._about_definitions(XREF, ox.Literal(to_xref(source.value)))
        found = {term for axiom in axioms for term in self.entities(axiom, _ANNOTATED_SOURCE)}
        return sorted(found, key=lambda term: term.value)

    def _about_definitions(self, predicate: str, value: ox.NamedNode | ox.Literal) -> list[ox.BlankNode]:
        """What annotates axioms that give definitions, and has *value*."""
        found = {q.subject for q in self._store.quads_for_pattern(None, ox.NamedNode(predicate), value, None)}
        definition = ox.NamedNode(DEFINITION)
        return [
            axiom
            for axiom in found
            if isinstance(axiom, ox.BlankNode)
            and self.objects_contain(axiom, _ANNOTATED_PROPERTY, definition)
        ]

    def link(self, node: ox.NamedNode) -> EntityLink:
        """*node* under its label."""
        return EntityLink(self.label(node), node.value)

    def links(self, nodes: Iterable[ox.NamedNode]) -> tuple[EntityLink, ...]:
        """*nodes* under their labels, sorted by these."""
        return tuple(
            sorted((self.link(node) for node in nodes), key=lambda link: (link.label.lower(), link.iri))
        )

    def linked(self, subject: Entity, *path: str) -> tuple[EntityLink, ...]:
        """The entities at the end of *path*, under their labels."""
        return self.links(self.entities(subject, *path))

    def one(self, subject: Entity, *path: str) -> EntityLink | None:
        """The first of these."""
        return next(iter(self.linked(subject, *path)), None)

    def label(self, node: Entity) -> str:
        """Label, title or citation of *node*, else its identifier in short."""
        if node not in self._labels:
            found = (
                self.text(node, LABEL)
                or self.text(node, f"{DCTERMS}title")
                or self.text(node, f"{DCTERMS}bibliographicCitation")
            )
            self._labels[node] = found or compress(node.value)
        return self._labels[node]

    def is_a(self, node: Entity, kind: str) -> bool:
        """Whether *node* is an instance of the class *kind*, or of one below it, or a class below it."""
        wanted = ox.NamedNode(kind)
        if any(self.objects_contain(node, predicate, wanted) for predicate in (TYPE, SUBCLASS)):
            return True
        types = self.entities(node, TYPE)
        return any(self.objects_contain(one, SUBCLASS, wanted) for one in types)

    def objects_contain(self, subject: Entity, predicate: str, value: Entity) -> bool:
        """Whether this one statement is there."""
        found = self._store.quads_for_pattern(subject, ox.NamedNode(predicate), value, None)
        return next(iter(found), None) is not None

    def _liking(self, literal: ox.Literal) -> int:
        """How far back the language of *literal* stands; without one it is as good as English."""
        tag = (literal.language or "en").lower()
        fitting = (
            n for n, wanted in enumerate(self._languages) if tag == wanted or tag.startswith(f"{wanted}-")
        )
        return next(fitting, len(self._languages))

    def exists(self, node: Entity) -> bool:
        """Whether anything is said of *node*."""
        return next(iter(self._store.quads_for_pattern(node, None, None, None)), None) is not None


def local(iri: str) -> str:
    """The name behind the last ``/`` or ``#`` of *iri*."""
    return iri.replace("#", "/").rpartition("/")[2]


def shown(*numbers: Decimal | None) -> tuple[str, ...]:
    """*numbers* with the decimals of the one that has most: the store drops zeros at the end.

    >>> shown(Decimal("0.74"), Decimal("0.6"), None)
    ('0.74', '0.60', '')
    """
    exponents = [n.normalize().as_tuple().exponent for n in numbers if n is not None]
    most = max((-e for e in exponents if isinstance(e, int) and e < 0), default=0)
    return tuple("" if n is None else f"{n:.{most}f}" for n in numbers)


def _order(term: ox.NamedNode | ox.BlankNode | ox.Literal) -> tuple[str, str]:
    return (type(term).__name__, term.value)
