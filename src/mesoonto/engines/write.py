"""Writes to the dataset of an engine: found out, checked against the shapes, and sent as one update request.

What a write does is known before it is sent, by asking the engine (see `engines.remote_change`). Writes of
mesoonto to one engine do not mix: each is carried out only where the engine's note is as the write has read
it (see `engines.renewal`). Nothing is sent twice unless the note tells that it was not carried out.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from mesoonto.dataset import query_features, upload
from mesoonto.dataset.operations import operations
from mesoonto.dataset.upload import Document, ParsedDocuments
from mesoonto.dataset.write import (
    Condition,
    Graph,
    WriteOutcome,
    is_shipped,
    no_graph,
    options_for,
    prepared,
    require_update,
    shipped_refused,
)
from mesoonto.engines import note, renewal
from mesoonto.engines.adapter import EngineQuery, EngineUpdate
from mesoonto.engines.client import EngineClient
from mesoonto.engines.remote_change import RemoteChange
from mesoonto.engines.remote_store import RemoteStore
from mesoonto.engines.renewal import NoteFound, Renewal, WriteFate
from mesoonto.errors import (
    EngineError,
    EngineTimeoutError,
    MesoontoError,
    OverloadedError,
    PreconditionError,
    QueryFaultError,
    QueryRefusedError,
    QuerySyntaxError,
    StoreError,
    TooLargeError,
    TooLongError,
)

#: Looks at what a write leaves and at what it has added or removed, and raises what speaks against it.
RemoteCheck = Callable[[RemoteStore, Collection[ox.Quad]], None]

#: Times that a write begins anew because somebody else was faster.
_ATTEMPTS = 10

#: Seconds to wait for another writer of this server.
_PATIENCE = 60.0

_JSON = "application/sparql-results+json"


@dataclass(frozen=True, slots=True)
class WriteBounds:
    """What a write to an engine may take."""

    size: int = 8 << 20  #: bytes of an update request
    statements: int = 100_000  #: of the engine that are held in memory to know what it does
    answer: int = 64 << 20  #: bytes of an answer
    longest: int = query_features.LONGEST  #: characters of what has to be taken apart of an update
    seconds: float = 300.0  #: for all of it


class EngineWriter:
    """Writes to one engine; as `mesoonto.dataset.write.Writer`."""

    def __init__(
        self,
        client: EngineClient,
        check: RemoteCheck | None = None,
        shipped: ox.Store | None = None,
        bounds: WriteBounds | None = None,
        lock: Path | None = None,
        version_of: Callable[[str], str] = str,
        written: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._check = check
        self._shipped = shipped  #: graphs that stay as they are; None where there are none
        self._bounds = bounds or WriteBounds()
        self._lock = lock  #: a file that is held by who writes, where several processes do
        self._version_of = version_of  #: the version of the data, from the state that the engine notes
        self._written = written  #: is called when a write has been carried out

    def update(
        self,
        text: str,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        *,
        only_if: Condition | None = None,
        base: str | None = None,
    ) -> WriteOutcome:
        """As `Writer.update`.

        Besides raises TooLongError for what is too much for an engine, QueryRefusedError where blank nodes
        stand in the way, and EngineError and OverloadedError as `EngineClient` does.
        """
        if len(text) > self._bounds.size:
            raise self._too_long()
        options = options_for(base)
        text = prepared(text, default_graphs, named_graphs, options, self._bounds.longest)
        steps = operations(text, options, self._bounds.longest)
        if steps is None:
            require_update(text, options)
            raise QueryRefusedError(
                "the update cannot be taken apart, so what it does to the engine cannot be known; send its "
                "operations one by one"
            )

        def change(made: RemoteChange) -> bool:
            try:
                for step in steps:
                    made.apply(step)
            except RuntimeError as error:
                raise QueryFaultError(f"the update cannot be evaluated: {error}") from error
            return False

        return self._write(change, only_if)

    def put(
        self,
        graph: Graph,
        documents: Iterable[Document],
        *,
        only_if: Condition | None = None,
        keep: bool = False,
    ) -> WriteOutcome:
        """As `Writer.put`; raises as `update` besides."""
        target = graph or ox.DefaultGraph()
        with self._parsed(documents) as parsed:

            def change(made: RemoteChange) -> bool:
                created = graph is not None and not made.store.contains_named_graph(graph)
                new = set(parsed.quads(target))
                if not keep:
                    old = made.store.content(target)
                    if any(isinstance(t, ox.BlankNode) for quad in old for t in (quad.subject, quad.object)):
                        made.clear(target)
                    else:
                        made.change(old - new, ())
                made.change((), new)
                return created

            return self._write(change, only_if)

    def put_dataset(
        self, documents: Iterable[Document], *, only_if: Condition | None = None, keep: bool = False
    ) -> WriteOutcome:
        """As `Writer.put_dataset`; raises as `update` besides."""
        with self._parsed(documents, whole=True) as parsed:

            def change(made: RemoteChange) -> bool:
                new = set(self._own(parsed))
                if not keep:
                    made.clear_own()
                made.change((), new)
                return False

            return self._write(change, only_if)

    def delete(self, graph: Graph, *, only_if: Condition | None = None) -> WriteOutcome:
        """As `Writer.delete`; raises as `update` besides."""

        def change(made: RemoteChange) -> bool:
            if graph is not None and not made.store.contains_named_graph(graph):
                raise no_graph(graph)
            made.clear(graph or ox.DefaultGraph())
            return False

        return self._write(change, only_if)

    def _own(self, parsed: ParsedDocuments) -> Iterator[ox.Quad]:
        """The quads of *parsed* but those of shipped graphs, which must be there already."""
        for quad in parsed.quads():
            if self._shipped is None or not is_shipped(quad.graph_name):
                yield quad
            elif quad not in self._shipped:
                raise shipped_refused(quad.graph_name)

    @contextlib.contextmanager
    def _parsed(self, documents: Iterable[Document], *, whole: bool = False) -> Iterator[ParsedDocuments]:
        try:
            with upload.parsed(documents, None, self._bounds.size, whole=whole) as parsed:
                yield parsed
        except TooLargeError as error:
            raise self._too_long() from error

    def _write(self, change: Callable[[RemoteChange], bool], only_if: Condition | None) -> WriteOutcome:
        deadline = time.monotonic() + self._bounds.seconds
        with self._alone():
            for _ in range(_ATTEMPTS):
                before = self._note(deadline)
                store = RemoteStore(
                    lambda query: self._rows(query, deadline), self._shipped, self._bounds.statements,
                    has_default=self._client.adapter.has_default_graph,
                )  # fmt: skip
                if only_if is not None and not only_if(self._version_of(before.state), store):
                    raise PreconditionError("the data have changed since; read them again, then write")
                made = RemoteChange(
                    store, ships=self._shipped is not None,
                    pointed=self._client.adapter.decimals_need_point,
                )  # fmt: skip
                created = change(made)
                if self._check is not None:
                    self._check(store, made.changed)
                renewed = Renewal(before, note.new_state())
                if self._carry_out(made.request(renewed), renewed, deadline):
                    self._written()
                    return WriteOutcome(self._version_of(renewed.state), created)
        raise OverloadedError("other servers write to the engine all the time; try again in a moment")

    def _carry_out(self, request: str, renewed: Renewal, deadline: float) -> bool:
        """Whether *request* was carried out; if not, somebody else was faster.

        Raises MesoontoError where the engine refused it, or where nobody knows.
        """
        if len(request) > self._bounds.size or len(request.encode()) > self._bounds.size:
            raise self._too_long()
        failure: MesoontoError | None = None
        try:
            self._client.update(EngineUpdate(request, union=False, seconds=_left(deadline)))
        except MesoontoError as error:
            failure = error
        try:
            outcome = renewed.outcome(self._note(deadline))
        except MesoontoError as error:
            raise _unknown(failure or error) from error
        if outcome is WriteFate.DONE:
            return True
        if outcome is WriteFate.PARTLY:
            raise EngineError(
                "the engine has carried out a part of the update and not the rest of it "
                f"({failure or 'it does not say why'}); look at what is there of it, and mend it"
            )
        if isinstance(failure, QueryFaultError | QuerySyntaxError):
            raise EngineError(f"nothing was changed: {failure.message}") from failure
        if isinstance(failure, OverloadedError):
            raise failure
        if outcome is WriteFate.UNKNOWN or failure is not None:
            raise _unknown(failure)
        return False

    def _note(self, deadline: float) -> NoteFound:
        return renewal.read(self._rows(renewal.QUERY, deadline))

    def _rows(self, query: str, deadline: float) -> Iterable[ox.QuerySolution]:
        answer = self._client.query(EngineQuery(query, _JSON, union=False, seconds=_left(deadline)))
        url = self._client.address.query.url
        if answer.media_type not in (_JSON, "application/json"):
            answer.close()
            raise EngineError(f"the engine {url} sent {answer.media_type or 'no media type'} for {_JSON}")
        body = answer.read(self._bounds.answer)
        try:
            found = ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)
            assert isinstance(found, ox.QuerySolutions)  # noqa: S101  # as all queries here are SELECT
            return list(found)
        except (SyntaxError, ValueError, AssertionError) as error:
            raise EngineError(f"the engine {url} sent what is no result: {error}") from error

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait until no other process of this server writes."""
        if self._lock is None:
            yield
            return
        try:
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{self._lock}: {(error.strerror or str(error)).lower()}") from error
        try:
            until = time.monotonic() + _PATIENCE
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= until:
                        raise OverloadedError("somebody else is writing; try again in a moment") from None
                    time.sleep(0.02)
            yield
        finally:
            os.close(descriptor)

    def _too_long(self) -> TooLongError:
        return TooLongError(
            f"it is more than {self._bounds.size >> 20} MiB when written out, which is too much for one "
            "update of an engine; send it in parts, or use `mesoonto load --engine`"
        )


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise EngineTimeoutError("the write took all its time before it was sent; nothing was changed")
    return left


def _unknown(error: MesoontoError | None) -> EngineError:
    """What to say where nobody knows whether the engine carries out what it was sent."""
    kind = EngineTimeoutError if isinstance(error, EngineTimeoutError) else EngineError
    return kind(
        f"it is not known whether the write was carried out ({error or 'others wrote at the same time'}); "
        "read what you have written before you send it again, or send it with If-Match and the version that "
        "you know: then it is not done twice"
    )
