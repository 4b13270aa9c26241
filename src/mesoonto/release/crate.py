"""The files of a release as one research object: RO-Crate 1.2 (https://w3id.org/ro/crate/1.2)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import pyoxigraph as ox

from mesoonto.namespaces import MESO, PREFIXES
from mesoonto.release.folder import content_of, ending_of, form_of
from mesoonto.release.metadata import LICENSE, MEDIA_TYPES, PUBLISHER
from mesoonto.release.variants import Edition
from mesoonto.views.schema_org import KEYWORDS
from mesoonto.views.trial import Brief

NAME = "ro-crate-metadata.json"
_VERSION = "https://w3id.org/ro/crate/1.2"
#: Terms that stand in the context of the version, or were added to it late; said here, so that none is lost.
_TERMS = {"sha256": "http://schema.org/sha256", "creditText": "http://schema.org/creditText"}
#: What files conform to, by name: address and title.
_CONFORMS = {
    "catalog.ttl": ("https://www.w3.org/TR/vocab-dcat-3/", "Data Catalog Vocabulary (DCAT), version 3"),
    "mesoonto.sssom.tsv": ("https://w3id.org/sssom/spec", "Simple Standard for Sharing Ontological Mappings"),
}
#: Holds the checksum of the crate, so the crate cannot hold its.
_SUMS = "SHA256SUMS"

#: Hold what is recorded of the studies.
_RECORDS = ("mesoonto-data.trig", "studies.csv")

Entity = dict[str, Any]


def describe(
    files: dict[str, bytes], header: list[ox.Triple], edition: Edition, studies: Sequence[Brief]
) -> str:
    """The crate of *files*, with what the *header* of the ontology says of them; the same for the same files.

    Each file has type, size and SHA-256, but the list of checksums, which holds that of the crate. It is
    about the *studies*, each a MedicalTrial.
    """
    said = {
        t.predicate.value: t.object.value for t in header if isinstance(t.object, ox.NamedNode | ox.Literal)
    }
    publisher, source = f"{MESO}#contributors", said.get(f"{PREFIXES['dcterms']}source", "")
    parts = [_file(name, files[name], edition, publisher) for name in sorted(files)]
    sums = {"name": _SUMS, "description": content_of(_SUMS), "encodingFormat": "text/plain"}
    parts.append({"@id": _SUMS, "@type": "File", **sums})
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "name": said[f"{PREFIXES['dcterms']}title"],
        "description": said[f"{PREFIXES['dcterms']}description"],
        "identifier": edition.iri(""),
        "url": {"@id": MESO},
        "version": edition.version,
        "datePublished": edition.issued,
        "keywords": list(KEYWORDS),
        "license": {"@id": LICENSE.value},
        "creator": {"@id": publisher},
        "publisher": {"@id": publisher},
        "creditText": said[f"{PREFIXES['dcterms']}bibliographicCitation"],
        "hasPart": [{"@id": part["@id"]} for part in parts],
        "about": [{"@id": study.link.iri} for study in studies],
    }
    graph: list[Entity] = [
        {
            "@id": NAME,
            "@type": "CreativeWork",
            "conformsTo": {"@id": _VERSION},
            "about": {"@id": "./"},
        },
        root,
        *parts,
        *map(_study, studies),
        {"@id": publisher, "@type": "Organization", "name": PUBLISHER, "url": {"@id": MESO}},
        {
            "@id": LICENSE.value,
            "@type": "CreativeWork",
            "name": "Creative Commons Attribution 4.0 International",
            "description": "To be shared and adapted by all who name the source.",
        },
        {"@id": MESO, "@type": "WebPage", "name": "mesoonto"},
        *({"@id": iri, "@type": "CreativeWork", "name": title} for iri, title in _CONFORMS.values()),
    ]
    if source:
        root["isBasedOn"] = root["citation"] = {"@id": source}
        graph.append({"@id": source, "@type": "CreativeWork", "name": source})
    whole = {"@context": [f"{_VERSION}/context", _TERMS], "@graph": graph}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _study(study: Brief) -> Entity:
    found: Entity = {
        "@id": study.link.iri,
        "@type": "MedicalTrial",
        "name": study.link.label,
        "identifier": list(study.registry),
        "description": ", ".join(part for part in (study.design, study.phase, study.setting) if part),
        "subjectOf": [{"@id": name} for name in _RECORDS],
    }
    return {name: value for name, value in found.items() if value}


def _file(name: str, body: bytes, edition: Edition, publisher: str) -> Entity:
    found: Entity = {
        "@id": name,
        "@type": "File",
        "name": name,
        "description": f"{content_of(name)} ({form_of(name)})",
        "encodingFormat": MEDIA_TYPES.get(ending_of(name), "text/plain"),
        "contentSize": str(len(body)),
        "sha256": hashlib.sha256(body).hexdigest(),
        "version": edition.version,
        "license": {"@id": LICENSE.value},
        "creator": {"@id": publisher},
    }
    if name in _CONFORMS:
        found["conformsTo"] = {"@id": _CONFORMS[name][0]}
    return found
