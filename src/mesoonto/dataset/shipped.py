"""From files to the named graphs of the shipped dataset. Files are the truth; a store is a copy of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mesoonto import resources
from mesoonto.namespaces import GRAPH

if TYPE_CHECKING:
    from mesoonto.ontology.model import Ontology


@dataclass(frozen=True, slots=True)
class Layer:
    """One named graph of the dataset and the files that fill it."""

    name: str
    files: tuple[Path, ...]

    @property
    def graph(self) -> str:
        """The IRI of the named graph."""
        return GRAPH + self.name


def layers() -> list[Layer]:
    """The layers that come from files, in the order in which they load."""
    return [
        Layer("ontology", tuple(resources.module_files())),
        Layer("imports", tuple(resources.import_files())),
        Layer("inferred", (resources.inferred_file(),)),
        Layer("mappings", tuple(resources.mapping_files())),
        Layer("data", tuple(resources.record_files())),
        Layer("shapes", tuple(resources.shape_files())),
    ]


def version() -> str:
    """Twelve hexadecimal digits that change with any byte of any file of the dataset."""
    digest = hashlib.sha256()
    for layer in layers():
        for path in layer.files:
            digest.update(f"{layer.name}/{path.name}\0".encode())
            digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def build(ontology: Ontology | None = None) -> ox.Store:
    """The whole shipped dataset in a new store in memory; an InputError names the first broken file.

    Each triple stands in one graph only, the first that states it, the inferred graph being the last. So the
    union of the graphs, in which the engine matches a triple once for each graph that has it, is a set.
    *ontology* is the shipped one where it has been read already.
    """
    # Nobody who finds a copy waits for what builds: it takes as long to import as pyoxigraph does four times.
    from mesoonto.files import rdf, sssom
    from mesoonto.ontology.files import INFERRED
    from mesoonto.ontology.model import Ontology
    from mesoonto.owl import infer

    ontology = ontology or Ontology.shipped()
    parts: list[tuple[str, Iterable[ox.Triple]]]
    parts = [(file.layer, file.triples) for file in ontology.documents if file.layer != INFERRED]
    parts += [("mappings", sssom.triples(path)) for path in resources.mapping_files()]
    parts += [("shapes", (q.triple for q in rdf.read(path))) for path in resources.shape_files()]
    parts += [(INFERRED, file.triples) for file in ontology.documents if file.layer == INFERRED]
    parts += [(INFERRED, infer.origin()), (INFERRED, infer.relations(ontology.logical_axioms))]
    store, present = ox.Store(), set[ox.Triple]()
    store.extend(_quads(parts, present))
    # rules read the store, so what they find is collected before it is added
    by_rules = list(infer.by_rules(store))
    store.extend(_quads([(INFERRED, by_rules)], present))
    return store


def _quads(parts: Iterable[tuple[str, Iterable[ox.Triple]]], present: set[ox.Triple]) -> Iterator[ox.Quad]:
    """Each triple of *parts* that is not yet *present*, in the first graph that has it."""
    for name, triples in parts:
        graph = ox.NamedNode(GRAPH + name)
        for triple in triples:
            known = len(present)
            present.add(triple)  # hashes it once, which a test beforehand would do twice
            if len(present) > known:
                yield ox.Quad(triple.subject, triple.predicate, triple.object, graph)


def write_nquads(store: ox.Store, path: Path) -> None:
    """Write *store* to *path*, whole or not at all."""
    from mesoonto.files.replacing import replacing

    with replacing(path) as partial:
        store.dump(partial, format=ox.RdfFormat.N_QUADS)
