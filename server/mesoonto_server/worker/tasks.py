"""What workers do: each task answers one kind of request."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from mesoonto.dataset.store import Engine
from mesoonto.errors import MesoontoError
from mesoonto.processes.worker import Handler, Reply
from mesoonto_server.engine_link import EngineLink
from mesoonto_server.http.messages import WorkerRequest, decode_request
from mesoonto_server.http.problems import RequestError
from mesoonto_server.worker import description, engine_graphs, entities, graph_store, query, views
from mesoonto_server.worker.federated import NOBODY, OtherEndpoints
from mesoonto_server.worker.reply import Framed, WorkerResponse

Task = Callable[[Engine, WorkerRequest, WorkerResponse], None]


def reading(
    max_rows: int,
    *,
    others: OtherEndpoints = NOBODY,
    link: EngineLink | None = None,
    writable: bool = False,
    shipped: bool = True,
    from_files: bool = True,
    releases: Path | None = None,
) -> Handler:
    """The handler of workers that read; results have at most *max_rows* rows where it is not 0.

    Where there is a *link*, it is the engine there that evaluates queries. SERVICE asks *others*. The
    description of the endpoint says when it is *writable*. Examples are told where the data are the *shipped*
    ones, places in files where they are *from_files* that are here. Pages compare versions in *releases*.
    """
    tasks: dict[str, Task] = {
        "query": partial(query.answer, max_rows=max_rows, others=others, link=link),
        "graph": graph_store.get if link is None else partial(engine_graphs.get, link),
        "description": partial(
            description.service, writable=writable, federated=others.door is not None, shipped=shipped
        ),
        "void": partial(description.void, shipped=shipped),
        "examples": partial(description.examples, shipped=shipped),
        "entity": entities.describe,
        "view": partial(views.answer, from_files=from_files, releases=releases),
    }

    def handle(engine: Engine, job: bytes, reply: Reply) -> None:
        request = decode_request(job)
        response = WorkerResponse(request, Framed(reply))
        try:
            tasks[request.task](engine, request, response)
        except (MesoontoError, RequestError) as error:
            response.refuse(error)

    return handle


def judging(seconds: float) -> Handler:
    """The handler of workers that validate what was sent, and are ended after *seconds*."""

    def handle(_: Engine, job: bytes, reply: Reply) -> None:
        # SHACL takes half a second to import, which only these workers need.
        from mesoonto_server.worker import validation

        request = decode_request(job)
        response = WorkerResponse(request, Framed(reply))
        try:
            validation.answer(request, response, seconds)
        except (MesoontoError, RequestError) as error:
            response.refuse(error)

    return handle


def writing(writer: graph_store.AnyWriter) -> Handler:
    """The handler of a process that writes."""

    def handle(_: Engine, job: bytes, reply: Reply) -> None:
        request = decode_request(job)
        response = WorkerResponse(request, Framed(reply))
        try:
            graph_store.WRITES[request.task](writer, request, response)
        except (MesoontoError, RequestError) as error:
            response.refuse(error)

    return handle
