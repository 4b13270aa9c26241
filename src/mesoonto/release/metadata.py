"""What a release says of itself: VoID and DCAT descriptions and checksums."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pyoxigraph as ox

from mesoonto.namespaces import MESO, PREFIXES
from mesoonto.owl.turtle_writer import turtle
from mesoonto.release.variants import Edition
from mesoonto.views.schema_org import KEYWORDS

_DCAT, _VOID, _SPDX = "http://www.w3.org/ns/dcat#", "http://rdfs.org/ns/void#", "http://spdx.org/rdf/terms#"
_FOAF, _VCARD = "http://xmlns.com/foaf/0.1/", "http://www.w3.org/2006/vcard/ns#"
_RDF, _DCTERMS, _XSD = (PREFIXES[prefix] for prefix in ("rdf", "dcterms", "xsd"))
PUBLISHER = "mesoonto contributors"
LICENSE = ox.NamedNode("https://creativecommons.org/licenses/by/4.0/")
#: Where DCAT wants media types to be named (https://www.w3.org/TR/vocab-dcat-3/#Property:distribution_media_type).
_IANA = "https://www.iana.org/assignments/media-types/"
#: Media types that are registered there. OBO has none: its files are plain text.
MEDIA_TYPES = {
    ".owl": "application/rdf+xml",
    ".ttl": "text/turtle",
    ".trig": "application/trig",
    ".obo": "text/plain",
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


def describe(
    files: dict[str, bytes], header: list[ox.Triple], edition: Edition, triples: dict[str, int]
) -> str:
    """*files* as distributions of one dataset (DCAT 3), with its size in *triples* by graph (VoID).

    What the *header* of the ontology says of title, description, creation and source holds of the dataset.
    """
    dataset = ox.NamedNode(edition.iri(""))
    publisher, contact = (
        ox.NamedNode(f"{dataset.value}catalog.ttl#{name}") for name in ("publisher", "contact")
    )
    kept = ("title", "description", "created", "issued", "modified", "source", "bibliographicCitation")
    said: list[tuple[ox.NamedNode, str, ox.NamedNode | ox.Literal]] = [
        (dataset, f"{_RDF}type", ox.NamedNode(f"{_DCAT}Dataset")),
        (dataset, f"{_RDF}type", ox.NamedNode(f"{_VOID}Dataset")),
        (dataset, f"{_DCTERMS}license", LICENSE),
        (dataset, f"{_DCTERMS}identifier", ox.Literal(dataset.value)),
        (dataset, f"{_DCTERMS}creator", publisher),
        (dataset, f"{_DCTERMS}publisher", publisher),
        (dataset, f"{_DCAT}contactPoint", contact),
        (dataset, f"{_DCAT}landingPage", ox.NamedNode(MESO)),
        (dataset, f"{_DCAT}version", ox.Literal(edition.version)),
        (dataset, f"{_DCAT}isVersionOf", ox.NamedNode(MESO)),
        (dataset, f"{_VOID}triples", _number(sum(triples.values()))),
        (dataset, f"{_VOID}uriSpace", ox.Literal(MESO)),
        *((dataset, f"{_DCAT}keyword", ox.Literal(word, language="en")) for word in KEYWORDS),
        (publisher, f"{_RDF}type", ox.NamedNode(f"{_FOAF}Agent")),
        (publisher, f"{_FOAF}name", ox.Literal(PUBLISHER)),
        (publisher, f"{_FOAF}homepage", ox.NamedNode(MESO)),
        (contact, f"{_RDF}type", ox.NamedNode(f"{_VCARD}Organization")),
        (contact, f"{_VCARD}fn", ox.Literal(PUBLISHER)),
        (contact, f"{_VCARD}hasURL", ox.NamedNode(MESO)),
    ]
    for triple in header:
        word = triple.predicate.value.removeprefix(_DCTERMS)
        if word in kept and isinstance(triple.object, ox.NamedNode | ox.Literal):
            said.append((dataset, f"{_DCTERMS}{word}", triple.object))
    if edition.prior:
        prior = ox.NamedNode(Edition(edition.prior, "").iri(""))
        said.append((dataset, f"{_DCAT}previousVersion", prior))
    for graph, size in triples.items():
        part = ox.NamedNode(graph)
        said.append((dataset, f"{_VOID}subset", part))
        said.append((part, f"{_RDF}type", ox.NamedNode(f"{_VOID}Dataset")))
        said.append((part, f"{_VOID}triples", _number(size)))
    for name, body in sorted(files.items()):
        said += _distribution(dataset, name, body, edition)
    return turtle((ox.Triple(s, ox.NamedNode(p), o) for s, p, o in said), {})


def _distribution(
    dataset: ox.NamedNode, name: str, body: bytes, edition: Edition
) -> Iterator[tuple[ox.NamedNode, str, ox.NamedNode | ox.Literal]]:
    file, checksum = ox.NamedNode(edition.iri(name)), ox.NamedNode(f"{edition.iri(name)}#checksum")
    yield dataset, f"{_DCAT}distribution", file
    yield file, f"{_RDF}type", ox.NamedNode(f"{_DCAT}Distribution")
    yield file, f"{_DCTERMS}title", ox.Literal(name)
    yield file, f"{_DCTERMS}issued", ox.Literal(edition.issued, datatype=ox.NamedNode(f"{_XSD}date"))
    yield file, f"{_DCTERMS}license", LICENSE
    yield file, f"{_DCAT}accessURL", file
    yield file, f"{_DCAT}downloadURL", file
    yield (
        file,
        f"{_DCAT}byteSize",
        ox.Literal(str(len(body)), datatype=ox.NamedNode(f"{_XSD}nonNegativeInteger")),
    )
    ending = "." + name.rpartition(".")[2]
    if ending in MEDIA_TYPES:
        yield file, f"{_DCAT}mediaType", ox.NamedNode(_IANA + MEDIA_TYPES[ending])
    yield file, f"{_SPDX}checksum", checksum
    yield checksum, f"{_RDF}type", ox.NamedNode(f"{_SPDX}Checksum")
    yield checksum, f"{_SPDX}algorithm", ox.NamedNode(f"{_SPDX}checksumAlgorithm_sha256")
    digest = hashlib.sha256(body).hexdigest()
    yield checksum, f"{_SPDX}checksumValue", ox.Literal(digest, datatype=ox.NamedNode(f"{_XSD}hexBinary"))


def _number(value: int) -> ox.Literal:
    return ox.Literal(str(value), datatype=ox.NamedNode(f"{_XSD}integer"))
