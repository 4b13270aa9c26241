"""The one reading of an ontology: its files, read once, with the home and line of every triple.

Whoever needs labels, axioms, or the place at which something is stated asks an `Ontology`; nobody else reads
the ontology's files.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import pyoxigraph as ox

from mesoonto import resources
from mesoonto.errors import MesoontoError, Place
from mesoonto.namespaces import MESO, PREFIXES, expand, local_name
from mesoonto.ontology.axioms import Axiom, axioms_of, logical
from mesoonto.ontology.expressions import SUBCLASS
from mesoonto.ontology.files import DATA, IMPORTS, INFERRED, MODULES, SCHEMA, STATED, OntologyFile
from mesoonto.ontology.imports import MissingImport, closure
from mesoonto.ontology.synonyms import ALT_LABEL, OTHER_NAMES, SCOPES
from mesoonto.ontology.wording import Wording

_LABEL = PREFIXES["rdfs"] + "label"
_THING = PREFIXES["owl"] + "Thing"
#: Characters of a name for which names near it are sought.
_LONGEST_NAME = 100
#: Names that mean the thing itself, and those that only lead to it.
_NAMES = (_LABEL, SCOPES["exact"], ALT_LABEL)


class Ontology:
    """An ontology and the records that are described with it."""

    def __init__(self, documents: Iterable[OntologyFile]) -> None:
        self.documents = tuple(documents)

    @classmethod
    def shipped(cls, *only: str) -> Ontology:
        """The shipped modules, slices, inferred subsumptions and records, or the layers *only*; read anew."""
        layers: dict[str, Sequence[Path]] = {
            MODULES: resources.module_files(),
            IMPORTS: resources.import_files(),
            INFERRED: [path for path in (resources.inferred_file(),) if path.exists()],
            DATA: resources.record_files(),
        }
        chosen = only or tuple(layers)
        return cls(OntologyFile.read(path, layer) for layer in chosen for path in layers[layer])

    @classmethod
    def from_files(cls, paths: Iterable[Path], missing: list[MissingImport] | None = None) -> Ontology:
        """The ontology in the files *paths*, its modules, with all that they import.

        What is imported is found among *paths* and through `imports.CATALOG`. An import that is nowhere is
        added to *missing*; without such a list it is an InputError. Raises InputError for a file that cannot
        be read.
        """
        return cls(closure([OntologyFile.read(path, MODULES) for path in paths], missing))

    def triples(self, *layers: str) -> Iterator[ox.Triple]:
        """What the documents of *layers* hold, by default of the schema."""
        for document in self.documents:
            if document.layer in (layers or SCHEMA):
                yield from document.triples

    @cached_property
    def axioms(self) -> list[Axiom]:
        """All axioms of modules and import slices, annotations and declarations included."""
        return axioms_of(set(self.triples()))

    @cached_property
    def logical_axioms(self) -> list[Axiom]:
        """The axioms that a reasoner looks at."""
        return logical(self.axioms)

    @cached_property
    def labels(self) -> dict[str, str]:
        """The label of each entity and record by IRI."""
        return {
            t.subject.value: t.object.value
            for t in self.triples(*STATED)
            if t.predicate.value == _LABEL
            and isinstance(t.subject, ox.NamedNode)
            and isinstance(t.object, ox.Literal)
        }

    @cached_property
    def wording(self) -> Wording:
        """Puts axioms into words with these labels."""
        return Wording(self.labels)

    def home(self, triple: ox.Triple) -> OntologyFile | None:
        """The document that states *triple*, or None."""
        found = self._stated.get(triple)
        return None if found is None else found[0]

    def source(self, triple: ox.Triple) -> Place | None:
        """File and line at which *triple* is stated, or None."""
        found = self._stated.get(triple)
        return None if found is None else found[0].place(found[1])

    def place(self, triple: ox.Triple) -> str:
        """File and line at which *triple* is stated, or ""."""
        return str(self.source(triple) or "")

    def spot(self, iri: str, predicate: str = "") -> tuple[str, int]:
        """File and line that state *predicate* of the entity *iri*, or on which its description begins.

        The file is "" when nothing is said of *iri*, the line 0 when it is not known.
        """
        document = self._homes.get(iri)
        if document is None:
            return "", 0
        own = document.numbers[iri]
        exact = [n for n in own if document.triples[n].predicate.value == predicate]
        return document.shown, document.lines[(exact or own)[0]]

    def place_of(self, iri: str) -> str:
        """File and line on which the description of the entity *iri* begins, or ""."""
        file, line = self.spot(iri)
        return str(Place(file, line or None))

    def find(self, name: str) -> str:
        """The IRI that *name* means: a label, a synonym, a CURIE, the local name of a property, or an IRI.

        A label or an exact synonym comes before a synonym of another scope. Raises MesoontoError when nothing
        or several things have that name.
        """
        if name in ("subClassOf", "rdfs:subClassOf"):
            return SUBCLASS
        found = self._by_name.get(name.casefold()) or self._by_wider_name.get(name.casefold(), set())
        if len(found) > 1:
            raise MesoontoError(f"{name}: means {', '.join(sorted(found))}; give one of these IRIs")
        if found:
            return next(iter(found))
        iri = name.strip("<>") if "://" in name else expand(name) if ":" in name else MESO + name
        if iri not in self._homes and iri != _THING:
            near = self._near(name)
            raise MesoontoError(
                f"{name}: nothing in the dataset has this name"
                f"{f'; near it: {near}' if near else ''}; give a label, a CURIE or an IRI"
            )
        return iri

    def _near(self, name: str) -> str:
        """Names that are close to *name*, which nothing has."""
        known = {text: text for names in (self._by_name, self._by_wider_name) for text in names}
        known |= {local_name(iri).casefold(): local_name(iri) for iri in self._homes if iri.startswith(MESO)}
        close = difflib.get_close_matches(name[:_LONGEST_NAME].casefold(), known, 3, 0.8)
        return ", ".join(known[text] for text in close)

    @cached_property
    def _stated(self) -> dict[ox.Triple, tuple[OntologyFile, int]]:
        """Each stated triple with its document, the first that has it, and its number there."""
        found: dict[ox.Triple, tuple[OntologyFile, int]] = {}
        for document in self.documents:
            if document.layer in STATED:
                for number, triple in enumerate(document.triples):
                    found.setdefault(triple, (document, number))
        return found

    @cached_property
    def _homes(self) -> dict[str, OntologyFile]:
        """Each entity or record that is described, with the first document that does."""
        found: dict[str, OntologyFile] = {}
        for document in self.documents:
            if document.layer in STATED:
                for triple in document.triples:
                    if isinstance(triple.subject, ox.NamedNode):
                        found.setdefault(triple.subject.value, document)
        return found

    @cached_property
    def _by_name(self) -> dict[str, set[str]]:
        return self._named(_NAMES)

    @cached_property
    def _by_wider_name(self) -> dict[str, set[str]]:
        return self._named(OTHER_NAMES)

    def _named(self, predicates: Sequence[str]) -> dict[str, set[str]]:
        """What has each name, without regard to case, by one of *predicates*."""
        found: dict[str, set[str]] = defaultdict(set)
        for t in self.triples(*STATED):
            if t.predicate.value not in predicates:
                continue
            if isinstance(t.subject, ox.NamedNode) and isinstance(t.object, ox.Literal):
                found[t.object.value.casefold()].add(t.subject.value)
        return found
