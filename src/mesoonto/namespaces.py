"""The prefixes of mesoonto's files and queries, and the one converter between CURIE and IRI."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from mesoonto.errors import MesoontoError

if TYPE_CHECKING:
    from curies import Converter

MESO = "https://w3id.org/mesoonto/"
DATA = "https://w3id.org/mesoonto/data/"
GRAPH = "https://w3id.org/mesoonto/graph/"
SHAPES = "https://w3id.org/mesoonto/shapes/"
OBO = "http://purl.obolibrary.org/obo/"
OBO_IN_OWL = "http://www.geneontology.org/formats/oboInOwl#"

#: Prefixes as they are written in RDF files and queries. Every stem ends in ``/`` or ``#``, because the
#: OWL API renames individuals when a prefix does not (measured with Protégé saves).
PREFIXES: dict[str, str] = {
    "bibo": "http://purl.org/ontology/bibo/",
    "dcterms": "http://purl.org/dc/terms/",
    "meso": MESO,
    "mesod": DATA,
    "mesosh": SHAPES,
    "obo": OBO,
    "oboInOwl": OBO_IN_OWL,
    "owl": "http://www.w3.org/2002/07/owl#",
    "pmid": "https://pubmed.ncbi.nlm.nih.gov/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "uniprot": "http://purl.uniprot.org/uniprot/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

#: The OBO ontologies that mesoonto refers to; their CURIEs follow the rule ``PREFIX:number``.
OBO_PREFIXES = (
    "BFO CHEBI CL ECO GO IAO MONDO NCIT OBI OGMS OMO PR RO STATO UBERON".split()  # noqa: SIM905
)


@cache
def converter() -> Converter:
    """The converter for CURIEs as they stand in tables and on the command line."""
    from curies import Converter

    stems = {prefix: f"{OBO}{prefix}_" for prefix in OBO_PREFIXES}
    stems |= {"MESO": f"{MESO}MESO_", "UniProtKB": PREFIXES["uniprot"], "PMID": PREFIXES["pmid"]}
    stems |= {prefix: stem for prefix, stem in PREFIXES.items() if stem not in stems.values()}
    return Converter.from_prefix_map(stems)


#: Beginnings of what is a source elsewhere, by the prefix under which OBO ontologies cite it.
_XREF_STEMS = {
    "PMID": PREFIXES["pmid"],
    "DOI": "https://doi.org/",
    "PMCID": "https://pmc.ncbi.nlm.nih.gov/articles/",
    "Cellosaurus": "https://www.cellosaurus.org/",
}


def to_xref(iri: str) -> str:
    """How an OBO ontology cites the source *iri*: as a CURIE, or as it is when its kind is not known.

    >>> to_xref("https://doi.org/10.20517/cdr.2025.215"), to_xref("http://purl.obolibrary.org/obo/NCIT_C68814")
    ('DOI:10.20517/cdr.2025.215', 'NCIT:C68814')
    >>> to_xref("https://example.org/x")
    'https://example.org/x'
    """
    for prefix, stem in _XREF_STEMS.items():
        if iri.startswith(stem):
            return f"{prefix}:{iri.removeprefix(stem)}"
    curie = compress(iri)
    return curie if curie.partition(":")[0] in (*OBO_PREFIXES, "UniProtKB") else iri


def from_xref(xref: str) -> str:
    """The IRI of the source that *xref* cites, the inverse of `to_xref`; *xref* itself where it is none.

    >>> from_xref("PMID:38358753")
    'https://pubmed.ncbi.nlm.nih.gov/38358753'
    """
    prefix, _, local = xref.partition(":")
    if prefix in _XREF_STEMS:
        return _XREF_STEMS[prefix] + local
    return expand(xref) if prefix in (*OBO_PREFIXES, "UniProtKB") else xref


def expand(curie: str) -> str:
    """The IRI that *curie* stands for.

    >>> expand("MESO:0000042")
    'https://w3id.org/mesoonto/MESO_0000042'
    >>> expand("GO:0001525")
    'http://purl.obolibrary.org/obo/GO_0001525'

    Raises MesoontoError when there is no prefix, or one that is not known.
    """
    if ":" not in curie:
        raise MesoontoError(f"{curie}: no CURIE; it has a prefix and a colon, as MESO:0000042 has")
    iri = converter().expand(curie)
    if iri is None:
        raise MesoontoError(
            f"{curie}: unknown prefix; known are {', '.join(sorted(converter().get_prefixes()))}"
        )
    return iri


def compress(iri: str) -> str:
    """The CURIE for *iri* by the longest fitting stem, or *iri* itself when no stem fits.

    >>> compress("https://w3id.org/mesoonto/MESO_0000042")
    'MESO:0000042'
    >>> compress("https://example.org/x")
    'https://example.org/x'
    """
    return converter().compress(iri) or iri


def prefixed(iri: str) -> tuple[str, str] | None:
    """Prefix and local part of *iri* as RDF files have it, by the longest fitting stem; None when none fits.

    The local part may hold characters that Turtle would want escaped.

    >>> prefixed("https://w3id.org/mesoonto/data/study_NCT02899299")
    ('mesod', 'study_NCT02899299')
    """
    fitting = [(stem, prefix) for prefix, stem in PREFIXES.items() if iri.startswith(stem)]
    if not fitting:
        return None
    stem, prefix = max(fitting, key=lambda pair: len(pair[0]))
    return prefix, iri[len(stem) :]


#: Local names that need no escape behind a prefix (SPARQL 1.1, section 19.8, PN_LOCAL, of ASCII), with one
#: full stop at most: pyoxigraph 0.5.13 does not read a second one.
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)?")


def in_query(iri: str) -> str:
    """*iri* as a query has it: with one of our prefixes where that can be, else in angle brackets.

    >>> in_query("https://w3id.org/mesoonto/data/study_NCT02899299")
    'mesod:study_NCT02899299'
    >>> in_query("https://example.org/x")
    '<https://example.org/x>'
    """
    found = prefixed(iri)
    return ":".join(found) if found is not None and _PLAIN.fullmatch(found[1]) else f"<{iri}>"


def local_name(iri: str) -> str:
    """The last part of *iri*, behind ``#`` or ``/``.

    >>> local_name("https://w3id.org/mesoonto/hasEndPoint")
    'hasEndPoint'
    """
    return iri.rpartition("#")[2].rpartition("/")[2]
