"""Loads statements into an engine, as far as it can be done so that others see all of them or none.

They are first written to files, one for each graph, so that a mistake in the input is found before anything
is sent. An engine whose requests are transactions then takes a small load in one update. Any other load is
sent to graphs that stand in for the right ones, and one update moves them to their places; where the load
breaks off they are removed.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyoxigraph as ox

from mesoonto.engines import note
from mesoonto.engines.adapter import EngineQuery, EngineUpdate
from mesoonto.engines.client import EngineClient
from mesoonto.engines.decimals import with_point
from mesoonto.errors import EngineError, InputError, MesoontoError
from mesoonto.files.temporary import told
from mesoonto.namespaces import MESO

#: Called with the bytes that have been sent.
Advance = Callable[[int], None]

#: Graphs that stand in for others while a load is under way.
STAGING = f"{MESO}graph/staging/"

#: Bytes of N-Triples up to which a load is one update.
_IN_ONE = 1 << 25
_PIECE = 1 << 20

#: Seconds for a request that looks or tidies up.
_SHORT = 60.0

_JSON = "application/sparql-results+json"
_N_TRIPLES = "application/n-triples"


@dataclass(frozen=True, slots=True)
class Part:
    """What is to stand in one graph."""

    graph: str | None  #: None is the default graph
    path: Path  #: in N-Triples
    statements: int

    @property
    def size(self) -> int:
        """In bytes."""
        return self.path.stat().st_size

    def pieces(self) -> Iterator[bytes]:
        """The text."""
        with self.path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece

    @property
    def target(self) -> str:
        """As SPARQL Update names it."""
        return "DEFAULT" if self.graph is None else f"GRAPH <{self.graph}>"


@contextmanager
def collected(quads: Iterable[ox.Quad], graph: str | None = None) -> Iterator[list[Part]]:
    """*quads* in files of their graphs, while in this context; those without a graph are put into *graph*.

    Raises TemporaryFileError where there is no room.
    """
    with told():
        folder = Path(tempfile.mkdtemp(prefix="mesoonto-load-"))
    try:
        yield _written(quads, folder, graph)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _written(quads: Iterable[ox.Quad], folder: Path, graph: str | None) -> list[Part]:
    counts: dict[str | None, int] = {}
    paths: dict[str | None, Path] = {}
    name: object = folder  # no graph
    file: BinaryIO | None = None
    try:
        for quad in quads:
            if quad.graph_name != name:
                name = quad.graph_name
                key = _graph(quad, graph)
                with told():
                    if file is not None:
                        file.close()
                    file = paths.setdefault(key, folder / f"{len(paths)}.nt").open("ab")
            assert file is not None  # noqa: S101  # opened for the first of them
            with told():
                file.write(_line(quad))
            counts[key] = counts.get(key, 0) + 1
    finally:
        if file is not None:
            with told():
                file.close()
    return [Part(key, path, counts[key]) for key, path in paths.items()]


def _graph(quad: ox.Quad, graph: str | None) -> str | None:
    if isinstance(quad.graph_name, ox.NamedNode):
        return quad.graph_name.value
    if isinstance(quad.graph_name, ox.BlankNode):
        raise InputError(
            "a graph is named by a blank node, which no other engine can be told; give it an IRI"
        )
    return graph


def _line(quad: ox.Quad) -> bytes:
    """*quad* in N-Triples. Engines that keep literals as they are written would not find 24 for 24.0."""
    return f"{with_point(quad).triple} .\n".encode()


def load(
    client: EngineClient, parts: list[Part], advance: Advance, *, replacing: bool, seconds: float,
    version: str | None = None,
) -> None:  # fmt: skip
    """Let the graphs of *parts* hold these, and be noted in the engine; with *replacing* nothing else.

    *version* is that of the shipped graphs, where these are loaded. Each request may take *seconds*. Raises
    what `EngineClient` does, and InputError for what the engine cannot hold.
    """
    _check(client, parts)
    whole = sum(part.size for part in parts)
    noting = note.noting(note.new_state(), version)
    if client.adapter.atomic_updates and whole <= _IN_ONE:
        client.update(EngineUpdate(_in_one(parts, noting, replacing=replacing), seconds=seconds))
        advance(whole)
    else:
        _by_staging(client, parts, advance, noting, replacing=replacing, seconds=seconds)


def _check(client: EngineClient, parts: list[Part]) -> None:
    if not client.adapter.has_default_graph and any(part.graph is None for part in parts):
        raise InputError(
            f"{client.adapter.kind} has no default graph apart from its named graphs; name one with --graph"
        )


def _in_one(parts: list[Part], noting: str, *, replacing: bool) -> str:
    operations = [f"DROP SILENT {part.target}" for part in parts if replacing]
    blocks = []
    for part in parts:
        text = part.path.read_text("utf-8")
        blocks.append(text if part.graph is None else f"GRAPH <{part.graph}> {{\n{text}}}\n")
    # One operation: a blank node that two graphs share may have its label in one only.
    operations += [f"INSERT DATA {{\n{''.join(blocks)}}}", noting]
    return " ;\n".join(operations)


def _by_staging(
    client: EngineClient, parts: list[Part], advance: Advance, noting: str, *, replacing: bool, seconds: float
) -> None:
    stem = f"{STAGING}{secrets.token_hex(4)}/"
    staged = [f"{stem}{number}" for number in range(len(parts))]
    sent = 0

    def counted(pieces: Iterator[bytes]) -> Iterator[bytes]:
        nonlocal sent
        for piece in pieces:
            yield piece
            sent += len(piece)
            advance(sent)

    try:
        for part, graph in zip(parts, staged, strict=True):
            client.put_graph(graph, _N_TRIPLES, counted(part.pieces()), seconds)
            _check_arrived(client, graph)
        operations = []
        for part, graph in zip(parts, staged, strict=True):
            if replacing:
                operations.append(f"MOVE GRAPH <{graph}> TO {part.target}")
            else:
                operations += [f"ADD GRAPH <{graph}> TO {part.target}", f"DROP SILENT GRAPH <{graph}>"]
        client.update(EngineUpdate(" ;\n".join([*operations, noting]), seconds=seconds))
    except BaseException as error:
        _tidy_up(client, staged, error)
        raise


def _check_arrived(client: EngineClient, graph: str) -> None:
    if not ask(client, f"ASK {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"):
        raise EngineError(f"took a graph and keeps nothing of it; its kind is {client.adapter.kind}")


def ask(client: EngineClient, text: str) -> bool:
    """Whether the engine says yes; raises as `EngineClient.query`."""
    answer = client.query(EngineQuery(text, _JSON, seconds=_SHORT))
    found = ox.parse_query_results(answer.read(1 << 16), format=ox.QueryResultsFormat.JSON)
    if not isinstance(found, ox.QueryBoolean):
        raise EngineError("sent a table in answer to ASK")
    return bool(found)


def _tidy_up(client: EngineClient, staged: list[str], error: BaseException) -> None:
    """Remove what stands in for others; where that fails, *error* tells how it is done by hand."""
    drops = [f"DROP SILENT GRAPH <{graph}>" for graph in staged]
    try:
        client.update(EngineUpdate(" ;\n".join(drops), seconds=_SHORT))
    except MesoontoError:
        if isinstance(error, MesoontoError):
            raise type(error)(
                f"{error.message}; what was sent so far stays in graphs that nobody asks for: "
                f"send the update {' ; '.join(drops)}"
            ) from error


def shows_union(client: EngineClient) -> bool:
    """Whether the default graph of the engine is the union of all graphs, as queries expect it.

    It is asked with a note in it; raises as `EngineClient.query`.
    """
    with suppress(EngineError):
        graph = f"GRAPH <{note.GRAPH}>"
        return not ask(client, f"ASK {{ {graph} {{ ?s ?p ?o }} FILTER NOT EXISTS {{ ?s ?p ?o }} }}")
    return False
