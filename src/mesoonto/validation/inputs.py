"""Finds what is named to be read: files, folders, patterns, standard input, and addresses on the web."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyoxigraph as ox

from mesoonto.errors import InputError, Place
from mesoonto.files import network, rdf
from mesoonto.files.catalog import Catalog, file_at
from mesoonto.files.rdf import Source
from mesoonto.files.terms import OWL, TYPE, Term
from mesoonto.validation.data.graph import Graph
from mesoonto.validation.data.store import read

#: What stands for standard input.
STDIN = "-"

#: Names of syntaxes, for files whose ending does not tell.
SYNTAXES = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "nquads": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
    "n3": ox.RdfFormat.N3,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}

_NO_CATALOG = Catalog()

IMPORTS = ox.NamedNode(f"{OWL}imports")
_VERSION = ox.NamedNode(f"{OWL}versionIRI")
_ONTOLOGY = ox.NamedNode(f"{OWL}Ontology")
_MOST_IMPORTS = 1000


@dataclass(frozen=True, slots=True)
class Reading:
    """How to find and read what is named."""

    catalog: Catalog = _NO_CATALOG  #: files of imported graphs and of contexts
    local: bool = False  #: whether graphs may be imported from files by their own addresses, ``file:``
    syntax: str = ""  #: one of `SYNTAXES`, in place of what endings tell


def find(arguments: Sequence[str | Path], reading: Reading | None = None) -> list[Source]:
    """What *arguments* name; raises InputError for what cannot be found, or may not be fetched."""
    how = reading or Reading()
    found: dict[object, Source] = {}
    for argument in arguments:
        for source in _named(argument, how):
            found.setdefault(source.path.resolve() if source.path else source.name, source)
    return list(found.values())


def _named(argument: str | Path, how: Reading) -> Iterator[Source]:
    syntax = SYNTAXES.get(how.syntax)
    text = str(argument)
    if text == STDIN:
        if syntax is None:
            raise InputError("standard input has no ending that tells its syntax; name it (--data-format)")
        yield Source("stdin", syntax, content=sys.stdin.buffer.read(), catalog=how.catalog)
    elif isinstance(argument, str) and network.is_url(text):
        yield _from_web(text, how)
    else:
        for source in rdf.find([Path(text)], syntax):
            yield replace(source, catalog=how.catalog)


def _from_web(url: str, how: Reading) -> Source:
    path = how.catalog.path(url)
    if path is not None:
        return replace(rdf.from_path(path, SYNTAXES.get(how.syntax)), catalog=how.catalog)
    if how.catalog.fetch is None:
        raise InputError(f"{url}: nothing is fetched from the network unless you say so (--allow-network)")
    document = how.catalog.fetch(url)
    syntax = SYNTAXES.get(how.syntax) or ox.RdfFormat.from_media_type(document.media_type)
    syntax = syntax or rdf.syntax_of(Path(url.partition("?")[0].partition("#")[0]))
    if syntax is None:
        raise InputError(f"{url}: {document.media_type} is no RDF syntax that is known here (--data-format)")
    return Source(url, syntax, content=document.content, catalog=how.catalog)


def imported(iri: str, reading: Reading) -> Source | None:
    """The document of *iri* where the catalog has it, or it may be fetched; None where it is not at hand."""
    path = reading.catalog.path(iri)
    if path is not None:
        return replace(rdf.from_path(path), catalog=reading.catalog)
    if reading.local and iri.startswith("file:") and (path := file_at(iri)) is not None and path.is_file():
        return replace(rdf.from_path(path), catalog=reading.catalog)
    if reading.catalog.fetch is None or not network.is_url(iri):
        return None
    return _from_web(iri, Reading(reading.catalog))


@dataclass(frozen=True, slots=True)
class Shaped:
    """The graph of shapes, with all that it imports."""

    graph: Graph
    sources: tuple[Source, ...]
    missing: tuple[str, ...]  #: IRIs that are imported and not at hand


def read_graph(sources: Sequence[Source], first: int, reading: Reading) -> Shaped:
    """The statements of *sources*, the first of which is file number *first*, and of what they import.

    SHACL, section 3.1, asks for imports to be followed; an ontology that a file describes is at hand.
    """
    graph = Graph()
    waiting = list(sources)
    done: list[Source] = []
    seen = {source.path.resolve() for source in sources if source.path is not None}
    asked = {source.base for source in sources}
    missing: list[str] = []
    while waiting:
        source = waiting.pop(0)
        for subject, predicate, value in read(source, first + len(done)):
            graph.add(subject, predicate, value)
        done.append(source)
        if waiting:
            continue
        for iri in _imports(graph, asked):
            if len(done) + len(waiting) > _MOST_IMPORTS:
                raise InputError(f"more than {_MOST_IMPORTS:,} graphs are imported", Place(source.name))
            found = imported(iri, reading)
            path = found.path.resolve() if found is not None and found.path else None
            if found is None:
                missing.append(iri)
            elif path is None or path not in seen:
                waiting.append(found)
                seen |= {path} if path else set()
    return Shaped(graph, tuple(done), tuple(missing))


def _imports(graph: Graph, asked: set[str]) -> list[str]:
    """What *graph* imports, is not described in it, and was not asked for before."""
    subjects: list[Term] = list(graph.subjects())
    headers = [s for s in subjects if _ONTOLOGY in graph.all(s, TYPE)]
    described = {term.value.rstrip("#") for s in headers for term in (s, *graph.all(s, _VERSION))}
    named = [t.value for s in subjects for t in graph.all(s, IMPORTS) if isinstance(t, ox.NamedNode)]
    wanted = [iri for iri in dict.fromkeys(named) if iri not in asked and iri.rstrip("#") not in described]
    asked |= set(wanted)
    return wanted
