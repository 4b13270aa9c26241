"""The one way to write a dataset down: N-Quads in sorted lines, blank nodes with canonical labels.

Labels are those of RDF Dataset Canonicalization (https://www.w3.org/TR/rdf-canon/, RDFC-1.0). Quads without
blank nodes have no part in it, so only the others are held in memory; lines are sorted in runs on disk.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

import pyoxigraph as ox

from mesoonto.files import temporary

#: Quads that are sorted in memory at one time.
_RUN = 400_000

#: Lines that are hashed or written at one time.
_LINES = 4096

GraphName = ox.NamedNode | ox.BlankNode | ox.DefaultGraph

#: Told how many quads were read.
Progress = Callable[[int], None]


class CanonicalDataset:
    """The graphs of *store*, which nobody changes meanwhile, each to be written down."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self._labelled: dict[GraphName, list[ox.Quad]] = defaultdict(list)
        blank = ox.Dataset(quad for quad in store if _has_blank(quad))
        blank.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        for quad in blank:
            self._labelled[quad.graph_name].append(quad)

    def graphs(self) -> list[GraphName]:
        """The default graph where it has triples, and the named graphs, by name."""
        named: list[GraphName] = [
            graph for graph in self._store.named_graphs() if isinstance(graph, ox.NamedNode)
        ]
        named += [graph for graph in self._labelled if isinstance(graph, ox.BlankNode)]
        default: GraphName = ox.DefaultGraph()
        has_default = next(self._store.quads_for_pattern(None, None, None, default), None) is not None
        found = [default] if has_default else []
        return found + sorted(named, key=str)

    def lines(self, graph: GraphName, progress: Progress = lambda _: None) -> Iterator[bytes]:
        """The lines of *graph*, sorted by their bytes, some thousands joined at one time."""
        with ExitStack() as stack:
            runs: list[Iterable[bytes]] = []
            for quads in _batches(self._quads(graph)):
                run = sorted(_written(quads).splitlines(keepends=True))
                progress(len(run))
                runs.append(run if len(run) < _RUN else stack.enter_context(_spilled(run)))
            merged = heapq.merge(*runs)
            while part := b"".join(itertools.islice(merged, _LINES)):
                yield part

    def digest(self, graph: GraphName) -> str:
        """The SHA-256 of the lines of *graph*."""
        found = hashlib.sha256()
        for part in self.lines(graph):
            found.update(part)
        return found.hexdigest()

    def _quads(self, graph: GraphName) -> Iterator[ox.Quad]:
        yield from self._labelled.get(graph, ())
        if not isinstance(graph, ox.BlankNode):
            for quad in self._store.quads_for_pattern(None, None, None, graph):
                if not _has_blank(quad):
                    yield quad


def name_of(graph: GraphName) -> str | None:
    """*graph* as a manifest names it."""
    if isinstance(graph, ox.DefaultGraph):
        return None
    return str(graph) if isinstance(graph, ox.BlankNode) else graph.value


def _batches(quads: Iterator[ox.Quad]) -> Iterator[list[ox.Quad]]:
    while batch := list(itertools.islice(quads, _RUN)):
        yield batch


def _written(quads: list[ox.Quad]) -> bytes:
    text = ox.serialize(quads, format=ox.RdfFormat.N_QUADS)
    assert text is not None  # noqa: S101  # no output file was named
    return text


@contextmanager
def _spilled(run: list[bytes]) -> Iterator[IO[bytes]]:
    """*run* in a temporary file. Raises TemporaryFileError."""
    with temporary.told(), tempfile.TemporaryFile() as file:
        file.writelines(run)
        file.seek(0)
        yield file


def _has_blank(quad: ox.Quad) -> bool:
    return isinstance(quad.graph_name, ox.BlankNode) or _names_blank(quad.triple)


def _names_blank(triple: ox.Triple) -> bool:
    """Whether a blank node stands in *triple*, or in a triple within it."""
    for term in (triple.subject, triple.object):
        if isinstance(term, ox.BlankNode) or (isinstance(term, ox.Triple) and _names_blank(term)):
            return True
    return False
