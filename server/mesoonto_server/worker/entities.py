"""What is known of one entity, and how much there is of each kind; in a worker."""

from __future__ import annotations

import json
from functools import partial
from typing import IO, cast

import pyoxigraph as ox

from mesoonto.dataset.formats import Kind
from mesoonto.dataset.store import ByteOutput, Engine
from mesoonto.errors import NoGraphError
from mesoonto.knowledge import statistics
from mesoonto.namespaces import MESO, PREFIXES
from mesoonto_server.http import negotiate
from mesoonto_server.http.headers import VERSION_HEADER, description_headers, entity_tag, matches
from mesoonto_server.http.messages import Request
from mesoonto_server.http.problems import RequestError
from mesoonto_server.worker.reply import Response

#: Statements that a page shows in each direction.
_SHOWN = 500


def iri_of(path: str) -> ox.NamedNode:
    """The entity that the address *path* is about."""
    try:
        return ox.NamedNode(MESO + path.lstrip("/"))
    except ValueError as error:
        raise RequestError(404, "there is nothing at this address") from error


def describe(engine: Engine, request: Request, response: Response) -> None:
    """The statements about an entity, as RDF."""
    entity = iri_of(request.path)
    chosen = negotiate.choose_format(Kind.TRIPLES, request.accept)
    if chosen is None:
        raise RequestError(406, "an entity comes as text/html or as RDF, such as text/turtle")
    triples = {quad.triple for quad in engine.store.quads_for_pattern(entity, None, None, None)}
    if not triples:
        raise NoGraphError(f"nothing is known of {entity.value}")
    form, media_type = chosen
    tag = entity_tag(engine.version, request.path, media_type, request.encoding)
    headers = description_headers(engine.version, media_type, tag)
    if matches(request.if_none_match, tag):
        response.whole(304, headers)
        return

    def write(output: ByteOutput) -> None:
        assert isinstance(form.syntax, ox.RdfFormat)  # noqa: S101  # formats for triples are
        ox.serialize(sorted(triples, key=str), cast(IO[bytes], output), format=form.syntax, prefixes=PREFIXES)

    response.produced(headers, write)


def facts(engine: Engine, request: Request, response: Response) -> None:
    """The same for a page: rows of direction, property and value, with labels, as JSON."""
    entity = iri_of(request.path)
    store = engine.store
    out = list(store.quads_for_pattern(entity, None, None, None))[:_SHOWN]
    into = list(store.quads_for_pattern(None, None, entity, None))[:_SHOWN]
    if not out and not into:
        raise NoGraphError(f"nothing is known of {entity.value}")
    label = partial(_label, store)
    rows = {("is", label(q.predicate), *_value(store, q.object)) for q in out}
    rows |= {("of", label(q.predicate), *_value(store, q.subject)) for q in into}
    shown = sorted(row for row in rows if row[2])
    body = {"iri": entity.value, "label": label(entity), "rows": shown}
    headers = [("content-type", "application/json"), (VERSION_HEADER, engine.version)]
    response.produced(headers, lambda output: _write(output, json.dumps(body).encode()))


def counts(engine: Engine, _: Request, response: Response) -> None:
    """How many of each kind the dataset holds, as JSON."""
    response.whole(200, [("content-type", "application/json")], json.dumps(statistics.count(engine)).encode())


def _write(output: ByteOutput, data: bytes) -> None:
    output.write(data)


def _label(store: ox.Store, node: ox.NamedNode) -> str:
    found = store.quads_for_pattern(node, ox.NamedNode(f"{PREFIXES['rdfs']}label"), None, None)
    return next((q.object.value for q in found if isinstance(q.object, ox.Literal)), _prefixed(node.value))


def _prefixed(iri: str) -> str:
    """*iri* with the prefix of the longest stem that fits, or as it is."""
    fitting = max(
        (item for item in PREFIXES.items() if iri.startswith(item[1])), key=lambda i: len(i[1]), default=None
    )
    return f"{fitting[0]}:{iri.removeprefix(fitting[1])}" if fitting else iri


def _value(store: ox.Store, node: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> tuple[str, str]:
    """Text to show, and the IRI to link to or nothing; nothing at all for blank nodes."""
    if isinstance(node, ox.NamedNode):
        return _label(store, node), node.value
    return (node.value, "") if isinstance(node, ox.Literal) else ("", "")
