"""Publishes a version of a dataset: its files first, then its manifest, at last the pointer to it.

Whoever is killed at whatever moment leaves the version before as the latest, whole; run again, what was sent
is not sent again, because files are named by their content.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyoxigraph as ox
import zstandard

from mesoonto import __version__
from mesoonto.errors import AbsentError, PublicationError
from mesoonto.files import temporary
from mesoonto.replicas import manifest as published
from mesoonto.replicas.canonical import CanonicalDataset, GraphName, name_of
from mesoonto.replicas.manifest import LATEST, OBJECTS, VERSIONS, GraphFile, Latest, Manifest
from mesoonto.replicas.storage import Storage, read

#: Zstandard's; higher ones take longer and save little.
_LEVEL = 9

#: Told of what is done: what, how much of it more, and how much there is where that is known.
Report = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class PublishOutcome:
    """What publishing came to."""

    version: str
    triples: int
    files: int  #: of the version
    sent: int  #: bytes of files that were not there yet
    changed: bool  #: whether another version is the latest now


@dataclass(frozen=True, slots=True)
class _Pointer:
    """The pointer to the latest version as it was found."""

    version: str | None
    digest: str | None
    tag: str


def publish(
    store: ox.Store, target: Storage, *, shipped: str | None = None, keep: int = 0,
    report: Report = lambda *_: None,
) -> PublishOutcome:  # fmt: skip
    """Publish *store*, which nobody changes meanwhile, to *target* as the latest version.

    Nothing is published when the latest has the same digest. *shipped* is the version of the shipped dataset
    where it is that. With *keep* only so many versions stay. Raises StorageError, also when somebody else
    publishes at the same time, and TemporaryFileError.
    """
    with target.publishing(), _folder() as folder:
        before = _found(target)
        graphs = tuple(_files(store, folder, report))
        digest = published.dataset_digest(graphs)
        triples = sum(graph.triples for graph in graphs)
        if digest == before.digest and before.version is not None:
            return PublishOutcome(before.version, triples, len(graphs), 0, changed=False)
        sent = _send(graphs, folder, target, report)
        now = datetime.now(UTC)
        made = Manifest(
            format=published.FORMAT,
            version=f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}Z-{digest[:12]}",
            digest=digest,
            triples=triples,
            created=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            previous=before.version,
            mesoonto=__version__,
            engine=f"pyoxigraph {ox.__version__}",
            shipped=shipped,
            graphs=graphs,
        )
        content = _json(made)
        target.write(published.manifest_name(made.version), content)
        _point(target, made.version, content, before)
        _prune(target, made.version, keep)
    return PublishOutcome(made.version, made.triples, len(graphs), sent, changed=True)


def roll_back(target: Storage, version: str) -> Manifest:
    """Let *version*, which was published before, be the latest of *target* again, and give its manifest.

    Raises AbsentError where it is there no more, PublicationError where it is not whole, and StorageError.
    """
    with target.publishing():
        before = _found(target)
        content, _ = read(target, published.manifest_name(version), published.MOST_MANIFEST)
        found = published.read_manifest(content, _latest(version, content))
        for graph in found.graphs:
            if target.size(graph.file) != graph.bytes:
                raise PublicationError(
                    f"{version} is not whole any more: {graph.file} is absent or not as it was"
                )
        if before.version != version:
            _point(target, version, content, before)
    return found


def versions(target: Storage) -> list[str]:
    """The versions that are there, the oldest first. Raises StorageError."""
    names = (entry.name.removeprefix(VERSIONS).removesuffix(".json") for entry in target.entries(VERSIONS))
    found = []
    for name in names:
        with contextlib.suppress(PublicationError):  # a file of another kind
            published.manifest_name(name)
            found.append(name)
    return sorted(found)


def latest_version(target: Storage) -> str | None:
    """The version that is the latest; None when there is none, or nothing that can be read."""
    return _found(target).version


def _found(target: Storage) -> _Pointer:
    """What *target* names as its latest; a broken pointer is there to be replaced."""
    try:
        content, tag = read(target, LATEST, published.MOST_LATEST)
    except AbsentError:
        return _Pointer(None, None, "")
    except PublicationError:  # too large to be one
        with target.open(LATEST) as found:
            return _Pointer(None, None, found.tag if found is not None else "")
    with contextlib.suppress(PublicationError, AbsentError):
        latest = published.read_latest(content)
        text, _ = read(target, published.manifest_name(latest.version), published.MOST_MANIFEST)
        return _Pointer(latest.version, published.read_manifest(text, latest).digest, tag)
    return _Pointer(None, None, tag)


def _files(store: ox.Store, folder: Path, report: Report) -> Iterator[GraphFile]:
    """Write each graph of *store* into a file in *folder*, named as it will be published."""
    (folder / OBJECTS).mkdir()
    total = len(store)
    report("write", 0, total)
    dataset = CanonicalDataset(store)
    for graph in dataset.graphs():
        yield _file(dataset, graph, folder, lambda more: report("write", more, total))


def _file(
    dataset: CanonicalDataset, graph: GraphName, folder: Path, progress: Callable[[int], None]
) -> GraphFile:
    text, size, triples = hashlib.sha256(), 0, 0
    partial = folder / "partial"
    with temporary.told(), partial.open("wb") as file:
        compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
        with compressor.stream_writer(file, closefd=False) as packed:
            for part in dataset.lines(graph, progress):
                packed.write(part)
                text.update(part)
                size += len(part)
                triples += part.count(b"\n")
    with partial.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    name = published.object_name(sha256)
    partial.rename(folder / name)
    return GraphFile(
        graph=name_of(graph),
        triples=triples,
        digest=text.hexdigest(),
        size=size,
        file=name,
        sha256=sha256,
        bytes=(folder / name).stat().st_size,
    )


def _send(graphs: tuple[GraphFile, ...], folder: Path, target: Storage, report: Report) -> int:
    """Send the files that are not there yet; how many bytes they were."""
    files = {graph.file: graph.bytes for graph in graphs}  # graphs of the same content have one file
    lacking = {name: size for name, size in files.items() if target.size(name) != size}
    total = sum(lacking.values())
    report("send", 0, total)
    for name in lacking:
        target.put(name, folder / name, lambda more: report("send", more, total))
    return total


def _point(target: Storage, version: str, content: bytes, before: _Pointer) -> None:
    """Let *version*, whose manifest is *content*, be the latest."""
    target.replace(LATEST, _json(_latest(version, content)), before.tag)


def _latest(version: str, content: bytes) -> Latest:
    digest = hashlib.sha256(content).hexdigest()
    return Latest(format=published.FORMAT, version=version, sha256=digest, bytes=len(content))


def _prune(target: Storage, latest: str, keep: int) -> None:
    """Remove all but the newest *keep* versions and *latest*, and files that belong to none that stays."""
    if not keep:
        return
    there = versions(target)
    stay = {latest, *there[-keep:]}
    needed: set[str] = set()
    for version in stay:
        content, _ = read(target, published.manifest_name(version), published.MOST_MANIFEST)
        found = published.read_manifest(content, _latest(version, content))
        needed.update(graph.file for graph in found.graphs)
    for version in set(there) - stay:
        target.remove(published.manifest_name(version))
    oldest = datetime.now(UTC).timestamp() - target.grace
    for entry in list(target.entries(OBJECTS)):
        if entry.name not in needed and entry.changed <= oldest:
            target.remove(entry.name)


def _json(value: msgspec.Struct) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with temporary.told():
        made = tempfile.TemporaryDirectory(prefix="mesoonto-")
    with made as name:
        yield Path(name)
