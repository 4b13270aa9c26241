"""What is published: ``latest.json``, the manifests of versions, and the files that they name by content.

::

    latest.json                     which version is to be served; written last, by one step
    versions/VERSION.json           the manifest of a version: its graphs, and a file for each
    objects/SHA256.nq.zst           a file, named by the SHA-256 of its bytes: N-Quads of one graph, packed

All of it is read as a stranger's: a name that is not of this form, a number that cannot be, and a format that
is not known are refused here, before anything is fetched.
"""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, TypeVar

import msgspec

from mesoonto.errors import PublicationError

#: The format that is written, and the only one that is read.
FORMAT = 1

LATEST = "latest.json"
VERSIONS = "versions/"
OBJECTS = "objects/"

#: Bytes of ``latest.json`` and of a manifest that are read.
MOST_LATEST = 1 << 14
MOST_MANIFEST = 1 << 24

#: Bytes by which Zstandard may make longer what it cannot make shorter, beside a 256th part.
_ZSTD_EXCESS = 1 << 10

_VERSION = re.compile(r"[0-9]{8}T[0-9]{9}Z-[0-9a-f]{12}")
_GRAPH = re.compile(r"[^\x00-\x20<>\"{}|^`\\]{1,8192}")

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
_Text = Annotated[str, msgspec.Meta(max_length=200)]

_T = TypeVar("_T", bound=msgspec.Struct)


class GraphFile(msgspec.Struct, frozen=True):
    """One graph of a version, and the file that holds it."""

    graph: str | None  #: the IRI, or the label of a blank node with ``_:``; None is the default graph
    triples: Count
    digest: Sha256  #: of its canonical N-Quads
    size: Count  #: bytes of these
    file: str  #: the file, from the address of the publication on
    sha256: Sha256  #: of the file
    bytes: Count  #: of the file


class Manifest(msgspec.Struct, frozen=True):
    """One version of a dataset."""

    format: int
    version: str
    digest: Sha256  #: of all graphs, see `dataset_digest`
    triples: Count
    created: _Text  #: when it was published first, UTC
    previous: str | None  #: the version that was the latest before
    mesoonto: _Text  #: the version of the software that wrote it
    engine: _Text
    shipped: _Text | None  #: the version of the shipped dataset, where it is that
    graphs: tuple[GraphFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all its N-Quads."""
        return sum(graph.size for graph in self.graphs)


class Latest(msgspec.Struct, frozen=True):
    """Which version is to be served."""

    format: int
    version: str
    sha256: Sha256  #: of the manifest
    bytes: Count  #: of the manifest


def read_latest(content: bytes) -> Latest:
    """The pointer in *content*; a PublicationError when it is none."""
    found = _decoded(content, Latest, LATEST)
    _require_version(found.version)
    return found


def read_manifest(content: bytes, expected: Latest) -> Manifest:
    """The manifest in *content*, which *expected* names; a PublicationError when it is unusable."""
    name = manifest_name(expected.version)
    if len(content) != expected.bytes:
        raise PublicationError(f"{name} has {len(content):,} bytes in place of {expected.bytes:,}")
    if hashlib.sha256(content).hexdigest() != expected.sha256:
        raise PublicationError(f"{name} is not the one that {LATEST} names: its SHA-256 differs")
    found = _decoded(content, Manifest, name)
    if found.version != expected.version:
        raise PublicationError(f"{name} tells of another version: {found.version[:100]}")
    for graph in found.graphs:
        _require_graph(graph, name)
    if len({graph.graph for graph in found.graphs}) < len(found.graphs):
        raise PublicationError(f"{name} names a graph twice")
    if sum(graph.triples for graph in found.graphs) != found.triples:
        raise PublicationError(f"{name}: the triples of its graphs do not add up to {found.triples:,}")
    if dataset_digest(found.graphs) != found.digest:
        raise PublicationError(f"{name}: the digests of its graphs do not make up that of the dataset")
    return found


def manifest_name(version: str) -> str:
    """Where the manifest of *version* is; a PublicationError for what is no version."""
    _require_version(version)
    return f"{VERSIONS}{version}.json"


def object_name(sha256: str) -> str:
    """Where the file with this hash is."""
    return f"{OBJECTS}{sha256}.nq.zst"


def dataset_digest(graphs: tuple[GraphFile, ...]) -> str:
    """The SHA-256 of lines ``digest  graph``, sorted; the default graph has an empty name."""
    lines = sorted(f"{graph.digest}  {graph.graph or ''}\n" for graph in graphs)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _decoded(content: bytes, kind: type[_T], name: str) -> _T:
    """*content* as *kind*; of another format only that it is another one is told."""
    try:
        if (stated := msgspec.json.decode(content, type=_Versioned).format) != FORMAT:
            raise PublicationError(
                f"{name} has the format {stated}, and this version of mesoonto reads {FORMAT}; "
                "bring mesoonto up to date here, or publish with the older one"
            )
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PublicationError(f"{name} is broken: {error}") from error


class _Versioned(msgspec.Struct):
    format: int


def _require_version(version: str) -> None:
    if not _VERSION.fullmatch(version):
        raise PublicationError(
            f"{version[:100]!r} is no version; they look like 20261129T181500123Z-9f3a61c2b4d0"
        )


def _require_graph(graph: GraphFile, where: str) -> None:
    if graph.file != object_name(graph.sha256):
        raise PublicationError(
            f"{where} names a file of another form than {OBJECTS}SHA256.nq.zst: {graph.file[:100]!r}"
        )
    if graph.bytes > graph.size + graph.size // 256 + _ZSTD_EXCESS:
        raise PublicationError(f"{where}: {graph.file} is larger than what it holds")
    if graph.graph is not None and not _GRAPH.fullmatch(graph.graph):
        raise PublicationError(f"{where} names a graph that is no IRI: {graph.graph[:100]!r}")
