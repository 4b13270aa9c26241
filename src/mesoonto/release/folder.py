"""A folder of releases, each as `publish.release` wrote it, and the shipped files beside them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyoxigraph as ox

from mesoonto import resources
from mesoonto.errors import InputError, MesoontoError, Place
from mesoonto.files import rdf
from mesoonto.namespaces import PREFIXES
from mesoonto.release import changes, snapshot

_VERSION = re.compile(r"\d+\.\d+\.\d+")
_SUMS = "SHA256SUMS"
_SUM = re.compile(r"([0-9a-f]{64})  ([\w.-]+)")

#: What the files of a release are, by the beginning of the name, and what each ending is.
_CONTENTS = {
    "mesoonto": "Ontology, as registries load it",
    "mesoonto-base": "Ontology: our own axioms alone",
    "mesoonto-full": "Ontology: with what it imports",
    "mesoonto-reasoned": "Ontology: with what a reasoner infers",
    "mesoonto-simple": "Ontology: names and hierarchy",
    "mesoonto-data": "All records",
    "mesoonto-skos": "Terms as a SKOS concept scheme, with mappings",
    "mesoonto.sssom": "Mappings to other vocabularies",
    "context": "JSON-LD context",
    "catalog": "What the release holds (DCAT, VoID)",
    "ro-crate-metadata": "What the release holds (RO-Crate)",
    "changes": "What changed since the release before",
    "CHANGES": "What changed since the release before",
    "index": "Every term on one page",
    _SUMS: "Checksums, for sha256sum --check",
}
_ENDINGS = {
    ".ttl": "Turtle", ".owl": "RDF/XML", ".obo": "OBO", ".json": "OBO Graphs JSON", ".trig": "TriG",
    ".csv": "CSV", ".tsv": "SSSOM TSV", ".jsonld": "JSON-LD", ".md": "Markdown", ".html": "HTML",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DownloadFile:
    """A file that can be taken."""

    name: str
    content: str  #: what it holds
    form: str
    size: int  #: bytes
    sha256: str


def versions(folder: Path | None) -> list[str]:
    """The releases in *folder*, the newest first."""
    if folder is None or not folder.is_dir():
        return []
    found = [p.name for p in folder.iterdir() if _VERSION.fullmatch(p.name) and (p / _SUMS).is_file()]
    return sorted(found, key=lambda name: [int(part) for part in name.split(".")], reverse=True)


def version_of(place: Path) -> str:
    """The version of the release in the folder *place*; an InputError when it is none."""
    path = place / "mesoonto-full.ttl"
    if not path.is_file():
        raise InputError(f"no release: {path.name} is missing", Place(str(place)))
    predicate = ox.NamedNode(f"{PREFIXES['owl']}versionInfo")
    return next((str(getattr(q.object, "value", "")) for q in rdf.read(path) if q.predicate == predicate), "")


def files_of(folder: Path, version: str) -> list[DownloadFile]:
    """The files of release *version*, as its checksums name them, and these."""
    place = folder / version
    sums = {name: digest for digest, name in _SUM.findall((place / _SUMS).read_text("utf-8"))}
    sums[_SUMS] = hashlib.sha256((place / _SUMS).read_bytes()).hexdigest()
    return [
        DownloadFile(name, content_of(name), form_of(name), (place / name).stat().st_size, sums[name])
        for name in sorted(sums)
        if (place / name).is_file()
    ]


@cache
def shipped_files() -> dict[str, DownloadFile]:
    """The files that this program was shipped with, as curators edit them, by their path; without records."""
    groups = {
        "Module of the ontology": resources.module_files(),
        "Slice of another vocabulary": resources.import_files(),
        "What HermiT infers": [resources.inferred_file()],
        "Mappings": resources.mapping_files(),
        "Shapes": resources.shape_files(),
    }
    found = {}
    for content, paths in groups.items():
        for path in paths:
            name, body = path.relative_to(resources.root()).as_posix(), path.read_bytes()
            digest = hashlib.sha256(body).hexdigest()
            found[name] = DownloadFile(name, content, form_of(name), len(body), digest)
    return found


def compare(folder: Path | None, before: str, after: str) -> list[changes.ReleaseChange]:
    """What leads from one version to another, each a release in *folder* or what is shipped.

    Raises MesoontoError for a version that is not there, and InputError for a release that cannot be read.
    """
    return changes.compare(_snapshot(folder, before), _snapshot(folder, after))


def _snapshot(folder: Path | None, version: str) -> snapshot.Snapshot:
    if version == snapshot.SHIPPED:
        return snapshot.read(version)
    if folder is None or version not in versions(folder):
        raise MesoontoError(f"there is no release {version[:20]} here")
    return snapshot.read_release(folder / version)


def content_of(name: str) -> str:
    """What the file *name* of a release holds."""
    stem = name.removesuffix(ending_of(name))
    return _CONTENTS.get(stem) or (f"Table of {stem}" if name.endswith(".csv") else stem)


def form_of(name: str) -> str:
    """The form of the file *name*, in words."""
    return _ENDINGS.get(ending_of(name), "text")


def ending_of(name: str) -> str:
    """The ending of *name*, with its full stop, or ""."""
    return Path(name).suffix
