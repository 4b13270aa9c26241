"""Reading graphs of an engine elsewhere by the Graph Store Protocol; they are asked for by queries.

Every engine answers queries, and each has a graph store of its own kind, or none.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import IO, cast

import pyoxigraph as ox

from mesoonto.dataset.formats import Format, Kind, content_type, formats_for
from mesoonto.dataset.rdf_output import holding
from mesoonto.dataset.store import Engine, QueryResult
from mesoonto.dataset.write import no_graph
from mesoonto.dataset.xml_output import ByteOutput
from mesoonto.engines.health import is_noted
from mesoonto.engines.remote import RemoteEngine
from mesoonto.errors import EngineError, FormatError
from mesoonto.namespaces import PREFIXES
from mesoonto_server.engine_link import EngineLink
from mesoonto_server.http import negotiate
from mesoonto_server.http.headers import VERSION_HEADER, ResponseHeaders, matches
from mesoonto_server.http.messages import WorkerRequest
from mesoonto_server.worker.graph_store import Whole, tag_of, target_of
from mesoonto_server.worker.reply import WorkerResponse

_TRIPLES = "CONSTRUCT { ?s ?p ?o } WHERE { %s }"
_QUADS = "SELECT ?s ?p ?o ?g { GRAPH ?g { ?s ?p ?o } }"


def get(link: EngineLink, engine: Engine, request: WorkerRequest, response: WorkerResponse) -> None:
    """GET and HEAD of a graph, or of all named graphs together; *engine* tells the version."""
    target = target_of(request)
    whole = isinstance(target, Whole)
    kind = Kind.DATASET if whole else Kind.TRIPLES
    chosen = negotiate.choose_format(kind, request.accept)
    if chosen is None:
        offers = ", ".join(form.media_types[0] for form in formats_for(kind))
        raise FormatError(f"{'a dataset' if whole else 'a graph'} comes as one of: {offers}")
    form, media_type = chosen
    headers: ResponseHeaders = [
        ("content-type", content_type(media_type)),
        ("vary", "accept, accept-encoding"),
        (VERSION_HEADER, engine.version),
    ]
    if is_noted(engine.version):
        tag = tag_of(engine.version, target, media_type, request.encoding)
        headers += [("etag", tag), ("cache-control", "no-cache")]
        if matches(request.if_none_match, tag):
            response.whole(304, headers)
            return
    else:
        headers.append(("cache-control", "no-store"))
    data = link.engine(engine.version, None)
    pattern = "?s ?p ?o"
    if not isinstance(target, Whole) and target is not None:
        pattern = f"GRAPH {target} {{ ?s ?p ?o }}"
        if not data.query(f"ASK {{ {pattern} }}").here().yes:
            raise no_graph(target)
    if request.method == "HEAD":
        response.whole(200, headers)
    elif whole:
        response.produced(headers, partial(_write_quads, data, form))
    else:
        own = data if target is not None else link.engine(engine.version, None, union=False)
        response.produced(headers, partial(own.query(_TRIPLES % pattern).write, form))


def _write_quads(data: RemoteEngine, form: Format, output: ByteOutput) -> None:
    """Write all named graphs to *output*; graph stores have no word on the rest."""
    assert isinstance(form.syntax, ox.RdfFormat)  # noqa: S101  # formats for datasets are
    with holding(form.syntax):
        quads = _quads(data.query(_QUADS).here())
        ox.serialize(quads, cast(IO[bytes], output), format=form.syntax, prefixes=PREFIXES)


def _quads(result: QueryResult) -> Iterator[ox.Quad]:
    for row in result.rows():
        if any(term is None for term in row):
            raise EngineError("the engine sent a triple with a place that is empty")
        subject, predicate, value, graph = row
        yield ox.Quad(subject, predicate, value, graph)  # type: ignore[arg-type]  # as RDF has them
