"""SPARQL 1.1 Protocol, the query operation (https://www.w3.org/TR/sparql11-protocol/, section 2.1).

This runs in a worker: a stranger's parameters and query are first looked at where they can do no harm.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from mesoonto.dataset.formats import Format, Kind, content_type
from mesoonto.dataset.row_limit import limited
from mesoonto.dataset.store import Engine, QueryResult
from mesoonto.dataset.xml_output import ByteOutput
from mesoonto.engines.remote import RemoteEngine, RemoteResult
from mesoonto.errors import MesoontoError, ServiceRefusedError
from mesoonto.federation import FederationReport
from mesoonto_server.engine_link import EngineLink
from mesoonto_server.http.headers import (
    CAP_HEADER,
    FEDERATED,
    VERSION_HEADER,
    ResponseHeaders,
    entity_tag,
    format_for,
    matches,
)
from mesoonto_server.http.messages import WorkerRequest
from mesoonto_server.http.parameters import Question, question
from mesoonto_server.worker import explain
from mesoonto_server.worker.federated import NOBODY, OtherEndpoints
from mesoonto_server.worker.reply import RowMarks, WorkerResponse, write_pieces

_ROWS = {
    "json": RowMarks(b'},{"', 1, b'"bindings":[]'),
    "xml": RowMarks(b"<result>"),
    "csv": RowMarks(b"\r\n", -1, quote=b'"'),
    "tsv": RowMarks(b"\n", -1),
    "ntriples": RowMarks(b"\n"),
    "nquads": RowMarks(b"\n"),
}


def answer(
    engine: Engine,
    request: WorkerRequest,
    response: WorkerResponse,
    max_rows: int = 0,
    others: OtherEndpoints | None = NOBODY,
    link: EngineLink | None = None,
) -> None:
    """Answer the query operation *request*; a result of more than *max_rows* is cut, and says so.

    Where there is a *link*, it is the engine there that evaluates. SERVICE asks *others*. Where that is None,
    a query with SERVICE is handed back with the status FEDERATED.
    """
    asked = question(request)
    data = engine if link is None else link.engine(engine.version, asked.timeout)
    try:
        result, report = _evaluated(data, request, asked, others)
    except ServiceRefusedError:
        if others is not None:
            raise
        response.whole(FEDERATED, [])
        return
    if asked.explain:
        explain.answer(data, request, asked, result, report, response, max_rows)
        return
    form, media_type = format_for(result.kind, request)
    headers: ResponseHeaders = [
        ("content-type", content_type(media_type)),
        ("vary", "accept, accept-encoding"),
        (VERSION_HEADER, engine.version),
    ]
    cacheable = not result.volatile
    if cacheable:
        dataset = ("\n".join(asked.default_graphs), "\n".join(asked.named_graphs))
        tag = entity_tag(engine.version, asked.query, *dataset, media_type, request.encoding, str(max_rows))
        headers.append(("etag", tag))
        headers.append(("cache-control", "no-cache"))
        if matches(request.if_none_match, tag):
            response.whole(304, headers)
            return
    else:
        headers.append(("cache-control", "no-store"))
    if request.method == "HEAD":
        response.whole(200, headers)
        return
    # How an engine elsewhere writes is not known.
    counted = link is None and result.kind is not Kind.BOOLEAN
    rows = _ROWS.get(form.name, RowMarks()) if counted else RowMarks()
    produce: Callable[[ByteOutput], None] = partial(result.write, form)
    if max_rows and result.kind is not Kind.BOOLEAN:
        try:
            found = limited(result.here(), form, max_rows)
        except MesoontoError as error:
            response.refuse(error)
            return
        body = found.body
        if found.cut:
            limits = f"{request.base}/#limits"
            headers += [(CAP_HEADER, str(max_rows)), ("link", f'<{limits}>; rel="describedby"')]
            body = _linked(body, form, limits)
        produce = partial(write_pieces, body)
    response.produced(headers, produce, rows=rows, cacheable=cacheable)


def _evaluated(
    data: Engine | RemoteEngine, request: WorkerRequest, asked: Question, others: OtherEndpoints | None
) -> tuple[QueryResult | RemoteResult, FederationReport | None]:
    """The result of the query, and what other endpoints were asked where it has SERVICE."""
    ask = partial(
        data.query,
        default_graphs=asked.default_graphs,
        named_graphs=asked.named_graphs,
        base=f"{request.base}{request.path}",
    )
    if not (request.has_service and others is not None):
        try:
            return ask(asked.query), None
        except ServiceRefusedError:
            if others is None:
                raise
    resolved = others.resolve(asked.query, ask, asked.timeout)
    return ask(resolved.query, outline=resolved.outline), resolved.report


def _linked(body: bytes, form: Format, link: str) -> bytes:
    """A result with a link in its head where the format has a place for one.

    SPARQL 1.1 Query Results JSON, section 3.1.2, and XML, section 2.2.
    """
    if form.name == "json":
        return body.replace(b'{"head":{', f'{{"head":{{"link":["{link}"],'.encode(), 1)
    return (
        body.replace(b"</head>", f'<link href="{link}"/></head>'.encode(), 1) if form.name == "xml" else body
    )
