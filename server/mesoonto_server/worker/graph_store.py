"""SPARQL 1.1 Graph Store HTTP Protocol (https://www.w3.org/TR/sparql11-http-rdf-update/), inside a worker.

The protocol has no word on the dataset as a whole. Where no graph is named, GET, PUT and POST are about it,
as in Apache Jena Fuseki: fetchDataset, putDataset and loadDataset of Jena's RDFConnection, and dumps.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from functools import partial
from pathlib import Path
from typing import IO, cast
from urllib.parse import urljoin

import pyoxigraph as ox

from mesoonto.dataset.formats import FORMATS, Kind, content_type, formats_for
from mesoonto.dataset.rdf_output import holding, require_writable, write_triples
from mesoonto.dataset.store import Engine
from mesoonto.dataset.upload import Document
from mesoonto.dataset.write import (
    Condition,
    Graph,
    HoldsGraphs,
    WriteOutcome,
    Writer,
    exists,
    is_shipped,
    no_graph,
)
from mesoonto.dataset.xml_output import ByteOutput
from mesoonto.engines.write import EngineWriter
from mesoonto.errors import FormatError
from mesoonto.namespaces import PREFIXES
from mesoonto_server.http import bodies, negotiate
from mesoonto_server.http.headers import VERSION_HEADER, ResponseHeaders, entity_tag, matches
from mesoonto_server.http.messages import WorkerRequest
from mesoonto_server.http.parameters import (
    DATASET_METHODS,
    FORM,
    STORE,
    UPDATE,
    decode_form,
    decode_utf8,
    media_type_of,
    names_no_graph,
    require_utf8,
)
from mesoonto_server.http.problems import RequestError
from mesoonto_server.worker.reply import RowMarks, WorkerResponse

#: Who writes, on this machine or to an engine elsewhere.
AnyWriter = Writer | EngineWriter

_MULTIPART = "multipart/form-data"


class Whole(Enum):
    """What a request is about that names no graph."""

    DATASET = "dataset"


Target = Graph | Whole


def get(engine: Engine, request: WorkerRequest, response: WorkerResponse) -> None:
    """GET and HEAD of a graph (sections 5.2 and 5.6), or of the dataset."""
    target = target_of(request)
    kind = Kind.DATASET if isinstance(target, Whole) else Kind.TRIPLES
    if not isinstance(target, Whole) and not exists(engine.holder(target), target):
        raise no_graph(target)
    chosen = negotiate.choose_format(kind, request.accept)
    if chosen is None:
        offers = ", ".join(form.media_types[0] for form in formats_for(kind))
        raise FormatError(f"{'a dataset' if kind is Kind.DATASET else 'a graph'} comes as one of: {offers}")
    form, media_type = chosen
    tag = tag_of(engine.version, target, media_type, request.encoding)
    headers: ResponseHeaders = [
        ("content-type", content_type(media_type)),
        ("etag", tag),
        ("vary", "accept, accept-encoding"),
        (VERSION_HEADER, engine.version),
        ("cache-control", "no-cache"),
    ]
    assert isinstance(form.syntax, ox.RdfFormat)  # noqa: S101  # formats for triples are
    if matches(request.if_none_match, tag):
        response.whole(304, headers)
        return
    if form.syntax == ox.RdfFormat.RDF_XML and not isinstance(target, Whole):
        require_writable(
            _triples(engine.holder(target), target), form.syntax
        )  # which is known before the first byte goes out
    if request.method == "HEAD":
        response.whole(200, headers)
    else:
        rows = RowMarks(b"\n") if form.name in ("ntriples", "nquads") else RowMarks()
        response.produced(headers, partial(_write, engine, target, form.syntax), rows=rows)


def _triples(store: ox.Store, graph: Graph) -> Iterator[ox.Triple]:
    for quad in store.quads_for_pattern(None, None, None, graph or ox.DefaultGraph()):
        yield quad.triple


def _write(engine: Engine, target: Target, syntax: ox.RdfFormat, output: ByteOutput) -> None:
    file = cast(IO[bytes], output)
    if isinstance(target, Whole):
        with holding(syntax):
            ox.serialize(engine.quads(), file, format=syntax, prefixes=PREFIXES)
        return
    store = engine.holder(target)
    if syntax == ox.RdfFormat.RDF_XML:
        write_triples(_triples(store, target), syntax, output, PREFIXES)
        return
    with holding(syntax):
        store.dump(file, format=syntax, from_graph=target or ox.DefaultGraph(), prefixes=PREFIXES)


def put(writer: AnyWriter, request: WorkerRequest, response: WorkerResponse) -> None:
    """PUT: the body becomes the graph (section 5.3), or the dataset but for the shipped graphs."""
    _store(writer, request, response, keep=False)


def post(writer: AnyWriter, request: WorkerRequest, response: WorkerResponse) -> None:
    """POST: the body is added to the graph, or becomes a new one where none is named (section 5.5).

    What is of a syntax for datasets is added to the dataset where no graph is named.
    """
    _store(writer, request, response, keep=True)


def _store(writer: AnyWriter, request: WorkerRequest, response: WorkerResponse, *, keep: bool) -> None:
    named = target_of(request) is not Whole.DATASET
    if not named and _holds_datasets(request):
        with _documents(request, f"{request.base}{request.path}") as documents:
            condition = _condition(request, Whole.DATASET)
            outcome = writer.put_dataset(documents, only_if=condition, keep=keep)
        response.whole(204, _version_headers(outcome))
        return
    address = f"{request.base}{STORE}/{secrets.token_hex(8)}"
    graph: Graph = graph_of(request) if named or not keep else ox.NamedNode(address)
    _refuse_shipped(graph)
    with _documents(request, graph.value if graph else f"{request.base}{request.path}") as documents:
        outcome = writer.put(graph, documents, only_if=_condition(request, graph), keep=keep)
    headers = _version_headers(outcome)
    if not named:
        headers.append(("location", address))
    response.whole(201 if outcome.created else 204, headers)


def delete(writer: AnyWriter, request: WorkerRequest, response: WorkerResponse) -> None:
    """DELETE of a graph (section 5.4)."""
    _refuse_whole(request)
    graph = graph_of(request)
    _refuse_shipped(graph)
    outcome = writer.delete(graph, only_if=_condition(request, graph))
    response.whole(204, _version_headers(outcome))


def patch(writer: AnyWriter, request: WorkerRequest, response: WorkerResponse) -> None:
    """PATCH with a SPARQL update that matches in the graph (section 5.7)."""
    _refuse_whole(request)
    graph = graph_of(request)
    _refuse_shipped(graph)
    media_type, charset = media_type_of(request.content_type)
    if media_type != UPDATE:
        raise RequestError(415, f"a patch is {UPDATE}; the content type is {media_type or 'none'}")
    require_utf8(charset)
    text = decode_utf8(bodies.decoded(request).read(), "the update")
    default = [graph.value] if graph else []
    outcome = writer.update(
        text, default, only_if=_condition(request, graph), base=f"{request.base}{request.path}"
    )
    response.whole(204, _version_headers(outcome))


def update(writer: AnyWriter, request: WorkerRequest, response: WorkerResponse) -> None:
    """The update operation of SPARQL 1.1 Protocol (section 2.2)."""
    media_type, charset = media_type_of(request.content_type)
    parameters = decode_form(request.query)
    if media_type == FORM:
        parameters = decode_form(bodies.decoded(request).read())
        updates = parameters.get("update", [])
    elif media_type == UPDATE:
        require_utf8(charset)
        updates = [
            decode_utf8(bodies.decoded(request).read(), "the update"),
            *parameters.get("update", []),
        ]
    else:
        raise RequestError(
            415,
            f"an update is posted as {FORM} or {UPDATE}; it is {media_type or 'none'}",
        )
    if len(updates) != 1 or "query" in parameters:
        raise RequestError(
            400, f"exactly one update and no query is needed; there are {len(updates)} updates"
        )
    outcome = writer.update(
        updates[0],
        parameters.get("using-graph-uri", ()),
        parameters.get("using-named-graph-uri", ()),
        only_if=_version_condition(request),
        base=f"{request.base}{request.path}",
    )
    response.whole(204, [*_version_headers(outcome), ("etag", f'"{outcome.version}"')])


def graph_of(request: WorkerRequest) -> Graph:
    """The graph that *request* is about (section 4): ``?default``, ``?graph=IRI`` or the address itself."""
    parameters = decode_form(request.query)
    named = parameters.get("graph", [])
    default = "default" in parameters
    if len(named) + default > 1:
        raise RequestError(400, "one graph at a time: either ?default or one ?graph=IRI")
    if default:
        return None
    if not named and request.path.rstrip("/") == STORE:
        raise RequestError(
            400,
            "say which graph is meant: ?default or ?graph=IRI; "
            "the dataset as a whole is sent as TriG, N-Quads or JSON-LD",
        )
    address = f"{request.base}{request.path}"
    try:
        return ox.NamedNode(urljoin(address, named[0]) if named else address)
    except ValueError as error:
        raise RequestError(400, f"the graph is not named by an IRI: {error}") from error


def target_of(request: WorkerRequest) -> Target:
    """The graph that *request* is about, or the dataset as a whole where it names none."""
    whole = names_no_graph(request.path, request.query)
    return Whole.DATASET if whole else graph_of(request)


def _holds_datasets(request: WorkerRequest) -> bool:
    """Whether the body of *request* is of a syntax in which graphs have names."""
    media_type, _ = media_type_of(request.content_type)
    return media_type != _MULTIPART and syntax_named(media_type).supports_datasets


def _refuse_whole(request: WorkerRequest) -> None:
    if target_of(request) is Whole.DATASET:
        raise RequestError(
            405,
            f"{request.method} is for one graph: ?default or ?graph=IRI",
            {"allow": DATASET_METHODS},
        )


@contextmanager
def _documents(request: WorkerRequest, base: str) -> Iterator[Iterator[Document]]:
    """The RDF documents in the body of *request*: one, or several in a form with files (section 5.5)."""
    media_type, charset = media_type_of(request.content_type)
    with bodies.decoded(request) as content:
        if media_type == _MULTIPART:
            yield _files(request, content, base)
        else:
            require_utf8(charset)
            yield iter([Document(content, syntax_named(media_type), base)])


def _files(request: WorkerRequest, content: IO[bytes], base: str) -> Iterator[Document]:
    found = [file for _, file in bodies.files(request, content)]
    if not found:
        raise RequestError(400, "the form has no file")
    for file in found:
        media_type, charset = media_type_of(file.content_type or "")
        require_utf8(charset)
        extension = Path(file.filename or "").suffix.removeprefix(".")
        syntax = ox.RdfFormat.from_media_type(media_type) or ox.RdfFormat.from_extension(extension)
        if syntax is None:
            raise RequestError(415, f"{media_type or extension}: no RDF format that is known here")
        yield Document(file.stream, syntax, base)


def syntax_named(media_type: str) -> ox.RdfFormat:
    """The RDF syntax called *media_type*; Turtle where none is named."""
    if not media_type:
        return ox.RdfFormat.TURTLE
    syntax = ox.RdfFormat.from_media_type(media_type)
    if syntax is None or media_type in ("text/plain", "application/json", "application/xml", "text/xml"):
        offers = ", ".join(form.media_types[0] for form in FORMATS if isinstance(form.syntax, ox.RdfFormat))
        raise RequestError(415, f"{media_type}: no RDF format that is known here; use one of {offers}")
    return syntax


def _refuse_shipped(graph: Graph) -> None:
    if graph is not None and is_shipped(graph):
        raise RequestError(
            403, f"{graph.value} is renewed from the project's files; write to a graph of your own"
        )


def _version_headers(outcome: WriteOutcome) -> ResponseHeaders:
    return [(VERSION_HEADER, outcome.version)]


def tag_of(version: str, target: Target, media_type: str, coding: str) -> str:
    """The entity tag of *target* in *version*, as *media_type* with *coding*."""
    # No IRI of a graph is like the value of Whole, which has no scheme.
    return entity_tag(version, target.value if target else "", media_type, coding)


def _condition(request: WorkerRequest, target: Target) -> Condition | None:
    """If-Match and If-None-Match of a write to *target* (RFC 9110, section 13.1)."""
    kind = Kind.DATASET if target is Whole.DATASET else Kind.TRIPLES
    if not request.if_match and not request.if_none_match:
        return None

    def allows(version: str, store: HoldsGraphs) -> bool:
        there = isinstance(target, Whole) or exists(store, target)
        tags = [
            tag_of(version, target, media_type, coding)
            for form in formats_for(kind)
            for media_type in form.media_types
            for coding in ("", *negotiate.CODINGS)
        ]

        def named(header: str) -> bool:
            return there and any(matches(header, tag) for tag in tags)

        if request.if_match and not named(request.if_match):
            return False
        return not (request.if_none_match and named(request.if_none_match))

    return allows


def _version_condition(request: WorkerRequest) -> Condition | None:
    if not request.if_match:
        return None
    return lambda version, _: matches(request.if_match, f'"{version}"')


#: What a writer can be told to do.
WRITES: dict[str, Callable[[AnyWriter, WorkerRequest, WorkerResponse], None]] = {
    "put": put,
    "post": post,
    "delete": delete,
    "patch": patch,
    "update": update,
}
