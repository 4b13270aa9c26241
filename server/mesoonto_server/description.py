"""SPARQL 1.1 Service Description of the endpoint (https://www.w3.org/TR/sparql11-service-description/)."""

from __future__ import annotations

import pyoxigraph as ox
from flask import Response, request

from mesoonto.engine.formats import FORMATS, Kind, content_type
from mesoonto.engine.store import Engine
from mesoonto.namespaces import PREFIXES
from mesoonto_server import negotiate
from mesoonto_server.problems import RequestError

_SD = "http://www.w3.org/ns/sparql-service-description#"
_FORMAT = "http://www.w3.org/ns/formats/"
_RDF_TYPE = ox.NamedNode(f"{PREFIXES['rdf']}type")

#: The names that the W3C gives to the formats (https://www.w3.org/ns/formats/).
_W3C_FORMATS = {
    "json": "SPARQL_Results_JSON",
    "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV",
    "turtle": "Turtle",
    "ntriples": "N-Triples",
    "jsonld": "JSON-LD",
    "rdfxml": "RDF_XML",
}


def service_description(engine: Engine, address: str) -> Response:
    """What the endpoint at *address* can do, in the RDF format that the client prefers."""
    chosen = negotiate.choose_format(Kind.TRIPLES, request.headers.get("Accept"))
    if chosen is None:
        raise RequestError(406, "the service description comes as RDF, such as text/turtle")
    form, media_type = chosen
    assert isinstance(form.syntax, ox.RdfFormat)  # noqa: S101  # formats for triples are
    prefixes = {"sd": _SD, "formats": _FORMAT}
    text = ox.serialize(_triples(engine, address), format=form.syntax, prefixes=prefixes)
    return Response(text, content_type=content_type(media_type), headers={"Vary": "Accept"})


def _triples(engine: Engine, address: str) -> list[ox.Triple]:
    service, dataset, default = ox.BlankNode("service"), ox.BlankNode("dataset"), ox.BlankNode("default")

    def sd(name: str) -> ox.NamedNode:
        return ox.NamedNode(_SD + name)

    triples = [
        ox.Triple(service, _RDF_TYPE, sd("Service")),
        ox.Triple(service, sd("endpoint"), ox.NamedNode(address)),
        ox.Triple(service, sd("supportedLanguage"), sd("SPARQL11Query")),
        ox.Triple(service, sd("feature"), sd("UnionDefaultGraph")),
        ox.Triple(service, sd("defaultDataset"), dataset),
        ox.Triple(dataset, _RDF_TYPE, sd("Dataset")),
        ox.Triple(dataset, sd("defaultGraph"), default),
        ox.Triple(default, _RDF_TYPE, sd("Graph")),
    ]
    for form in FORMATS:
        triples.append(
            ox.Triple(service, sd("resultFormat"), ox.NamedNode(_FORMAT + _W3C_FORMATS[form.name]))
        )
    for number, name in enumerate(engine.graph_names()):
        graph = ox.BlankNode(f"graph{number}")
        triples += [
            ox.Triple(dataset, sd("namedGraph"), graph),
            ox.Triple(graph, _RDF_TYPE, sd("NamedGraph")),
            ox.Triple(graph, sd("name"), ox.NamedNode(name)),
        ]
    return triples
