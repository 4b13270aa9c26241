"""The formats in which answers are given, their media types and the kinds of answer they fit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import pyoxigraph as ox

from mesoonto.errors import FormatError


class Kind(Enum):
    """What a request yields: a truth value, a table of bindings, triples, or graphs with their names."""

    BOOLEAN = "ASK"
    SOLUTIONS = "SELECT"
    TRIPLES = "CONSTRUCT or DESCRIBE"
    DATASET = "a dataset as a whole"


@dataclass(frozen=True, slots=True)
class Format:
    """A serialisation. The first media type is the registered one; the others are accepted as synonyms."""

    name: str
    media_types: tuple[str, ...]
    extensions: tuple[str, ...]  #: of files, and of addresses that ask for the format
    kinds: frozenset[Kind]
    syntax: ox.QueryResultsFormat | ox.RdfFormat
    by_its_name: bool = False  #: answers carry the registered type also where a synonym was asked for


_BOTH = frozenset((Kind.BOOLEAN, Kind.SOLUTIONS))
_GRAPH = frozenset((Kind.TRIPLES,))
#: Triples are those of the default graph.
_DATASET = frozenset((Kind.TRIPLES, Kind.DATASET))
_RESULTS = ox.QueryResultsFormat

#: In order of preference: the first that fits a kind is the one given to clients that accept anything.
#: CSV and TSV are defined for SELECT only (SPARQL 1.1 Query Results CSV and TSV Formats, section 1); of ASK
#: they hold the one word ``true`` or ``false``, as with other servers.
FORMATS: tuple[Format, ...] = (
    Format(
        "json", ("application/sparql-results+json", "application/json"), ("json", "srj"), _BOTH, _RESULTS.JSON
    ),
    Format(
        "xml",
        ("application/sparql-results+xml", "application/xml", "text/xml"),
        ("xml", "srx"),
        _BOTH,
        _RESULTS.XML,
    ),
    Format("csv", ("text/csv",), ("csv",), _BOTH, _RESULTS.CSV),
    Format("tsv", ("text/tab-separated-values",), ("tsv",), _BOTH, _RESULTS.TSV),
    Format("turtle", ("text/turtle", "application/x-turtle"), ("ttl",), _GRAPH, ox.RdfFormat.TURTLE),
    Format("ntriples", ("application/n-triples", "text/plain"), ("nt",), _GRAPH, ox.RdfFormat.N_TRIPLES),
    Format("trig", ("application/trig", "application/x-trig"), ("trig",), _DATASET, ox.RdfFormat.TRIG),
    Format("nquads", ("application/n-quads", "text/x-nquads"), ("nq",), _DATASET, ox.RdfFormat.N_QUADS),
    Format(
        "jsonld",
        ("application/ld+json", "application/json"),
        ("jsonld",),
        _DATASET,
        ox.RdfFormat.JSON_LD,
        by_its_name=True,
    ),
    Format(
        "rdfxml",
        ("application/rdf+xml", "application/xml", "text/xml"),
        ("rdf", "xml"),
        _GRAPH,
        ox.RdfFormat.RDF_XML,
    ),
)


def formats_for(kind: Kind) -> tuple[Format, ...]:
    """The formats that fit *kind*, the preferred one first."""
    return tuple(f for f in FORMATS if kind in f.kinds)


def content_type(media_type: str) -> str:
    """The value of a Content-Type header for *media_type*; all our texts are UTF-8."""
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def format_with_extension(extension: str, kind: Kind) -> Format:
    """The format whose files end in *extension*; a FormatError when there is none that fits *kind*."""
    for candidate in formats_for(kind):
        if extension in candidate.extensions:
            return candidate
    fitting = ", ".join(f".{form.extensions[0]}" for form in formats_for(kind))
    raise FormatError(f".{extension} does not fit the result of {kind.value}; use one of {fitting}")


def format_named(name: str, kind: Kind) -> Format:
    """The format called *name*; a FormatError when it does not exist or does not fit *kind*."""
    for candidate in formats_for(kind):
        if candidate.name == name:
            return candidate
    fitting = ", ".join(f.name for f in formats_for(kind))
    raise FormatError(f"format {name} does not fit the result of {kind.value}; use one of {fitting}")
