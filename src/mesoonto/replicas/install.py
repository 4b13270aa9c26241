"""Makes a published version one of a dataset on disk, once the store holds what was published."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
from typing_extensions import Buffer

from mesoonto.dataset.versions import Location
from mesoonto.errors import PublicationError, StoreError
from mesoonto.files.compression import Decompressed
from mesoonto.replicas.cache import FileCache
from mesoonto.replicas.canonical import CanonicalDataset, name_of
from mesoonto.replicas.manifest import GraphFile, Manifest


def install(manifest: Manifest, cache: FileCache, location: Location) -> None:
    """Load the version of *manifest*, whose files are in *cache*, and make it the current one of *location*.

    Nothing is changed where they hold something else: a PublicationError. Raises StoreError.
    """
    with location.draft(wait=60, empty=True, label=manifest.version) as draft:
        load(manifest, cache, draft.data)
        verify(draft.data, manifest)
        draft.data.optimize()


def published_version(name: str) -> str:
    """The published version that the version *name* of a location was made from; "" where there is none."""
    return name.partition("-")[2]


def drop_broken(location: Location) -> str:
    """Forget what is in *location* where it cannot be opened, and tell why; "" when all is well.

    For a copy, which can be had again.
    """
    location.prepare()
    if not location.current():
        return ""
    try:
        store, name = location.open_current()
        len(store)
        location.open_merged(name)
    except StoreError as error:
        shutil.rmtree(location.path, ignore_errors=True)
        location.prepare()
        return str(error)
    return ""


def load(manifest: Manifest, cache: FileCache, store: ox.Store) -> None:
    """Add all graphs of *manifest* to *store*; a PublicationError for a file that is no N-Quads."""
    text = _Text(manifest.graphs, cache)
    try:
        # as one document, because graphs may share blank nodes
        with io.BufferedReader(text, 1 << 16) as stream:
            store.bulk_load(stream, ox.RdfFormat.N_QUADS)
    except (SyntaxError, ValueError) as error:
        raise PublicationError(f"{text.file}: {error}") from error
    for graph in manifest.graphs:
        if graph.graph is not None and not graph.triples:
            store.add_graph(ox.NamedNode(graph.graph))


def verify(store: ox.Store, manifest: Manifest) -> None:
    """Compare what *store* holds with *manifest*: graphs, counts and digests. Raises PublicationError."""
    dataset = CanonicalDataset(store)
    there = {name_of(graph): graph for graph in dataset.graphs()}
    stated = {graph.graph: graph for graph in manifest.graphs}
    if there.keys() != stated.keys() or len(store) != manifest.triples:
        raise PublicationError(
            f"version {manifest.version} holds {len(store):,} triples in {len(there)} graphs, and its "
            f"manifest tells of {manifest.triples:,} in {len(stated)}"
        )
    for name, graph in there.items():
        if dataset.digest(graph) != stated[name].digest:
            raise PublicationError(
                f"version {manifest.version}: {name or 'the default graph'} is not what its digest says"
            )


class _Text(io.RawIOBase):
    """The N-Quads of *graphs*, one after the other, none longer than stated."""

    def __init__(self, graphs: tuple[GraphFile, ...], cache: FileCache) -> None:
        self.file: Path | str = ""  #: which is being read
        self._parts = self._read(graphs, cache)
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        while not self._ready:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._ready = memoryview(part)
        view = memoryview(buffer).cast("B")
        size = min(len(view), len(self._ready))
        view[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _read(self, graphs: tuple[GraphFile, ...], cache: FileCache) -> Iterator[bytes]:
        for graph in graphs:
            self.file = graph.file
            left = graph.size
            with io.BufferedReader(Decompressed(cache.file(graph).open("rb"), "zstd"), 1 << 16) as text:
                while part := text.read(1 << 16):
                    left -= len(part)
                    if left < 0:
                        raise ValueError(f"holds more than its {graph.size:,} bytes")
                    yield part
            if left:
                raise ValueError(f"holds {graph.size - left:,} of its {graph.size:,} bytes")
