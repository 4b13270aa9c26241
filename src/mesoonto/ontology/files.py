"""One file of an ontology, read once: its triples with their lines, and the layer that it belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import pyoxigraph as ox

from mesoonto import extras, resources
from mesoonto.errors import Place
from mesoonto.files import rdf
from mesoonto.files.places import lines_of_triples

#: The layers of the shipped ontology: modules, import slices, what HermiT inferred, curated records. Each is
#: a named graph of the dataset.
MODULES, IMPORTS, INFERRED, DATA = "ontology", "imports", "inferred", "data"
#: The layers whose axioms a reasoner looks at.
SCHEMA = (MODULES, IMPORTS)
#: The layers in which something is stated, as opposed to computed.
STATED = (MODULES, IMPORTS, DATA)


class OntologyFile:
    """One file of an ontology."""

    def __init__(
        self, path: Path, layer: str, triples: Iterable[ox.Triple], lines: Iterable[int] | None = None
    ) -> None:
        self.path = path
        self.layer = layer
        self.triples = tuple(triples)  #: as they are written; blank nodes have labels of this reading
        self._lines = None if lines is None else tuple(lines)

    @classmethod
    def read(cls, path: Path, layer: str) -> OntologyFile:
        """The file *path*, RDF or OBO; an InputError when it cannot be read or is broken."""
        if path.suffix == ".obo":
            extras.need("reason", "reading OBO")
            from mesoonto.files import obo  # which costs 50 ms that others need not wait for

            placed = list(obo.read(path))
            return cls(path, layer, (triple for triple, _ in placed), (line for _, line in placed))
        return cls(path, layer, (q.triple for q in rdf.read(path)))

    @property
    def shown(self) -> str:
        """How messages name the file: below the project where it lies there."""
        root = resources.root()
        return str(self.path.relative_to(root) if self.path.is_relative_to(root) else self.path)

    @cached_property
    def numbers(self) -> dict[str, list[int]]:
        """By the IRI of each subject the numbers of its triples."""
        found: dict[str, list[int]] = defaultdict(list)
        for number, triple in enumerate(self.triples):
            if isinstance(triple.subject, ox.NamedNode):
                found[triple.subject.value].append(number)
        return found

    @cached_property
    def lines(self) -> tuple[int, ...]:
        """The line of each triple, 0 where it is not known."""
        if self._lines is not None:
            return self._lines
        return tuple(lines_of_triples(rdf.from_path(self.path), self.triples))

    def place(self, number: int) -> Place:
        """Where the triple with this *number* is stated."""
        return Place(self.shown, self.lines[number] or None)
