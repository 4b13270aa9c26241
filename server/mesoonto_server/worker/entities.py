"""What is known of one entity, as RDF; in a worker."""

from __future__ import annotations

import pyoxigraph as ox

from mesoonto.dataset.formats import Kind
from mesoonto.dataset.rdf_output import write_triples
from mesoonto.dataset.store import Engine
from mesoonto.dataset.xml_output import ByteOutput
from mesoonto.errors import NoGraphError
from mesoonto.namespaces import MESO, PREFIXES
from mesoonto_server.http import negotiate
from mesoonto_server.http.headers import description_headers, entity_tag, matches
from mesoonto_server.http.messages import WorkerRequest
from mesoonto_server.http.problems import RequestError
from mesoonto_server.worker.reply import WorkerResponse


def iri_of(path: str) -> ox.NamedNode:
    """The entity that the address *path* is about; an IRI that is not ours stands for itself."""
    own = not path.startswith(("http://", "https://"))
    try:
        return ox.NamedNode(MESO + path.lstrip("/") if own else path)
    except ValueError as error:
        raise RequestError(404, "there is nothing at this address") from error


def describe(engine: Engine, request: WorkerRequest, response: WorkerResponse) -> None:
    """The statements about an entity, or those that name it where there are none, as RDF."""
    entity = iri_of(request.path)
    chosen = negotiate.choose_format(Kind.TRIPLES, request.accept)
    if chosen is None:
        raise RequestError(406, "an entity comes as text/html or as RDF, such as text/turtle")
    triples = {quad.triple for quad in engine.store.quads_for_pattern(entity, None, None, None)}
    if not triples:  # such as a graph, of which the descriptions of others tell
        triples = {quad.triple for quad in engine.store.quads_for_pattern(None, None, entity, None)}
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
        write_triples(sorted(triples, key=str), form.syntax, output, PREFIXES)

    response.produced(headers, write)
