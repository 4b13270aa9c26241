"""Reads what an ontology imports, from files at hand: nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from mesoonto.errors import InputError, Place
from mesoonto.files import catalog
from mesoonto.namespaces import PREFIXES
from mesoonto.ontology.files import IMPORTS, OntologyFile

#: The file that tells where imported ontologies are, as Protégé writes it. It is looked for beside the
#: ontology, then in each folder above.
CATALOG = "catalog-v001.xml"

_ONTOLOGY = ox.NamedNode(f"{PREFIXES['owl']}Ontology")
_TYPE = ox.NamedNode(f"{PREFIXES['rdf']}type")
_VERSION = ox.NamedNode(f"{PREFIXES['owl']}versionIRI")
_IMPORTED = ox.NamedNode(f"{PREFIXES['owl']}imports")


@dataclass(frozen=True, slots=True)
class MissingImport:
    """An import that is not at hand: its IRI, and where it is imported."""

    iri: str
    place: Place


def closure(files: Iterable[OntologyFile], missing: list[MissingImport] | None = None) -> list[OntologyFile]:
    """*files*, and what they import, and what that imports; each ontology once, imported ones as imports.

    An import that neither *files* nor a catalog have is added to *missing*; without such a list it is an
    InputError with file and line.
    """
    found = list(files)
    catalogs = {file.path.resolve(): _catalog(file.path) for file in found}
    named = {iri for file in found for iri in _names(file)}
    for file in found:  # which grows
        known = catalogs[file.path.resolve()]
        for number, triple in enumerate(file.triples):
            if triple.predicate != _IMPORTED or not isinstance(triple.object, ox.NamedNode):
                continue
            iri = triple.object.value
            if iri in named:
                continue
            path = known.path(iri)
            named.add(iri)
            if path is None:
                if missing is not None:
                    missing.append(MissingImport(iri, file.place(number)))
                    continue
                raise InputError(
                    f"imports <{iri}>, which is not at hand; name its file too, or add it to a {CATALOG}",
                    file.place(number),
                )
            if path.resolve() in catalogs:
                continue
            imported = OntologyFile.read(path, IMPORTS)
            # the catalog of the ontology that imports is asked first, as Protégé does
            catalogs[path.resolve()] = known
            named |= set(_names(imported))
            found.append(imported)
    return found


def _names(file: OntologyFile) -> list[str]:
    """The IRIs by which the ontology in *file* can be imported."""
    headers = [t.subject for t in file.triples if t.predicate == _TYPE and t.object == _ONTOLOGY]
    versions = [t.object for t in file.triples if t.predicate == _VERSION and t.subject in headers]
    iris = [*headers, *versions]
    return [iri.value for iri in iris if isinstance(iri, ox.NamedNode)]


def _catalog(path: Path) -> catalog.Catalog:
    for folder in path.resolve().parents:
        if (folder / CATALOG).is_file():
            return catalog.read([folder / CATALOG])
    return catalog.Catalog()
