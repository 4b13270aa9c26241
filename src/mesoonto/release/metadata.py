"""What a release says of itself: VoID and DCAT descriptions and checksums."""

from __future__ import annotations

import hashlib

import pyoxigraph as ox

from mesoonto.namespaces import MESO, PREFIXES
from mesoonto.owl.turtle_writer import turtle

_DCAT, _VOID, _SPDX = "http://www.w3.org/ns/dcat#", "http://rdfs.org/ns/void#", "http://spdx.org/rdf/terms#"
_MEDIA_TYPES = {
    ".owl": "application/rdf+xml",
    ".ttl": "text/turtle",
    ".trig": "application/trig",
    ".obo": "text/obo",
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".html": "text/html",
    ".md": "text/markdown",
}


def checksums(files: dict[str, bytes]) -> str:
    """Lines that ``sha256sum --check`` reads."""
    return "".join(f"{hashlib.sha256(body).hexdigest()}  {name}\n" for name, body in sorted(files.items()))


def describe(files: dict[str, bytes], version: str, triples: dict[str, int]) -> str:
    """*files* as distributions of one dataset (DCAT), with its size in *triples* by graph (VoID)."""
    rdf, dcterms, xsd = PREFIXES["rdf"], PREFIXES["dcterms"], PREFIXES["xsd"]
    base = f"{MESO}releases/{version}/"
    dataset = ox.NamedNode(base)
    license_iri = ox.NamedNode("https://creativecommons.org/licenses/by/4.0/")
    found: list[ox.Triple] = []

    def say(subject: ox.NamedNode, predicate: str, other: ox.NamedNode | ox.Literal) -> None:
        found.append(ox.Triple(subject, ox.NamedNode(predicate), other))

    def number(value: int) -> ox.Literal:
        return ox.Literal(str(value), datatype=ox.NamedNode(f"{xsd}integer"))

    for kind in (f"{_DCAT}Dataset", f"{_VOID}Dataset"):
        say(dataset, f"{rdf}type", ox.NamedNode(kind))
    say(dataset, f"{dcterms}title", ox.Literal(f"mesoonto {version}", language="en"))
    say(dataset, f"{dcterms}license", license_iri)
    say(dataset, f"{dcterms}creator", ox.Literal("mesoonto contributors"))
    say(dataset, f"{_DCAT}version", ox.Literal(version))
    say(dataset, f"{_VOID}triples", number(sum(triples.values())))
    say(dataset, f"{_VOID}uriSpace", ox.Literal(MESO))
    for graph, size in triples.items():
        part = ox.NamedNode(graph)
        say(dataset, f"{_VOID}subset", part)
        say(part, f"{rdf}type", ox.NamedNode(f"{_VOID}Dataset"))
        say(part, f"{_VOID}triples", number(size))
    for name, body in sorted(files.items()):
        file, checksum = ox.NamedNode(base + name), ox.NamedNode(f"{base}{name}#checksum")
        say(dataset, f"{_DCAT}distribution", file)
        say(file, f"{rdf}type", ox.NamedNode(f"{_DCAT}Distribution"))
        say(file, f"{_DCAT}downloadURL", file)
        say(file, f"{_DCAT}byteSize", number(len(body)))
        say(file, f"{dcterms}license", license_iri)
        ending = "." + name.rpartition(".")[2]
        if ending in _MEDIA_TYPES:
            say(file, f"{_DCAT}mediaType", ox.Literal(_MEDIA_TYPES[ending]))
        say(file, f"{_SPDX}checksum", checksum)
        say(checksum, f"{_SPDX}algorithm", ox.NamedNode(f"{_SPDX}checksumAlgorithm_sha256"))
        say(checksum, f"{_SPDX}checksumValue", ox.Literal(hashlib.sha256(body).hexdigest()))
    return turtle(found, {})
