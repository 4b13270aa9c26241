"""SPARQL 1.1 Service Description (https://www.w3.org/TR/sparql11-service-description/), VoID; in a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pyoxigraph as ox

from mesoonto.dataset.formats import FORMATS, Format, Kind
from mesoonto.dataset.rdf_output import write_triples
from mesoonto.dataset.store import Engine
from mesoonto.dataset.xml_output import ByteOutput
from mesoonto.namespaces import MESO, PREFIXES
from mesoonto_server.http.headers import description_headers, entity_tag, format_for, matches
from mesoonto_server.http.messages import WorkerRequest
from mesoonto_server.worker.reply import WorkerResponse

_SD = "http://www.w3.org/ns/sparql-service-description#"
_VOID = "http://rdfs.org/ns/void#"
#: Names of formats (https://www.w3.org/ns/formats/).
_FORMAT = "http://www.w3.org/ns/formats/"
_DCTERMS = PREFIXES["dcterms"]
_TYPE = ox.NamedNode(f"{PREFIXES['rdf']}type")
_INTEGER = ox.NamedNode(f"{PREFIXES['xsd']}integer")
_PREFIXES = {"sd": _SD, "void": _VOID, "formats": _FORMAT, "dcterms": _DCTERMS, **PREFIXES}

#: What VoID counts of the whole dataset and of each graph.
_COUNTS = {
    "distinctSubjects": "SELECT (COUNT(DISTINCT ?s) AS ?n) WHERE { %s }",
    "properties": "SELECT (COUNT(DISTINCT ?p) AS ?n) WHERE { %s }",
    "distinctObjects": "SELECT (COUNT(DISTINCT ?o) AS ?n) WHERE { %s }",
    "triples": "SELECT (COUNT(*) AS ?n) WHERE { SELECT DISTINCT ?s ?p ?o WHERE { %s } }",
}


def service(engine: Engine, request: WorkerRequest, response: WorkerResponse, *, writable: bool) -> None:
    """What the endpoint can do; that for updates is another service, with its own address."""
    _respond(engine, request, response, partial(_services, engine, request.base, writable))


def void(engine: Engine, request: WorkerRequest, response: WorkerResponse) -> None:
    """What the dataset holds, counted (https://www.w3.org/TR/void/)."""
    _respond(engine, request, response, partial(_void, engine, request.base))


def _respond(
    engine: Engine,
    request: WorkerRequest,
    response: WorkerResponse,
    triples: Callable[[], Iterator[ox.Triple]],
) -> None:
    form, media_type = format_for(Kind.TRIPLES, request)
    tag = entity_tag(engine.version, request.base, request.path, media_type, request.encoding)
    headers = description_headers(engine.version, media_type, tag)
    if matches(request.if_none_match, tag):
        response.whole(304, headers)
    else:
        response.produced(headers, partial(_serialize, list(triples()), form))


def _serialize(triples: list[ox.Triple], form: Format, output: ByteOutput) -> None:
    assert isinstance(form.syntax, ox.RdfFormat)  # noqa: S101  # formats for triples are
    write_triples(triples, form.syntax, output, _PREFIXES)


def _services(engine: Engine, base: str, writable: bool) -> Iterator[ox.Triple]:
    yield from _service(engine, f"{base}/sparql")
    if writable:
        updates = ox.BlankNode("updates")
        yield ox.Triple(updates, _TYPE, _name(_SD, "Service"))
        yield ox.Triple(updates, _name(_SD, "endpoint"), ox.NamedNode(f"{base}/update"))
        yield ox.Triple(updates, _name(_SD, "supportedLanguage"), _name(_SD, "SPARQL11Update"))


def _service(engine: Engine, address: str) -> Iterator[ox.Triple]:
    service, dataset, default = ox.BlankNode("service"), ox.BlankNode("dataset"), ox.BlankNode("default")
    sd = partial(_name, _SD)
    yield ox.Triple(service, _TYPE, sd("Service"))
    yield ox.Triple(service, sd("endpoint"), ox.NamedNode(address))
    yield ox.Triple(service, sd("supportedLanguage"), sd("SPARQL11Query"))
    if engine.union:
        yield ox.Triple(service, sd("feature"), sd("UnionDefaultGraph"))
    yield ox.Triple(service, sd("defaultDataset"), dataset)
    yield ox.Triple(dataset, _TYPE, sd("Dataset"))
    yield ox.Triple(dataset, sd("defaultGraph"), default)
    yield ox.Triple(default, _TYPE, sd("Graph"))
    for form in FORMATS:
        # Only the name is pyoxigraph's, whose namespace for JSON-LD is not the W3C's.
        yield ox.Triple(service, sd("resultFormat"), _name(_FORMAT, form.syntax.iri.rpartition("/")[2]))
    for number, name in enumerate(engine.graph_names()):
        graph = ox.BlankNode(f"graph{number}")
        yield ox.Triple(dataset, sd("namedGraph"), graph)
        yield ox.Triple(graph, _TYPE, sd("NamedGraph"))
        yield ox.Triple(graph, sd("name"), ox.NamedNode(name))


def _void(engine: Engine, base: str) -> Iterator[ox.Triple]:
    term = partial(_name, _VOID)
    whole = ox.NamedNode(f"{base}/.well-known/void#dataset")
    description = ox.NamedNode(f"{base}/.well-known/void")
    yield ox.Triple(description, _TYPE, term("DatasetDescription"))
    yield ox.Triple(description, _name("http://xmlns.com/foaf/0.1/", "topic"), whole)
    yield ox.Triple(whole, _TYPE, term("Dataset"))
    yield ox.Triple(whole, term("sparqlEndpoint"), ox.NamedNode(f"{base}/sparql"))
    yield ox.Triple(whole, _name(_DCTERMS, "hasVersion"), ox.Literal(engine.version))
    if engine.union:
        yield ox.Triple(whole, term("uriSpace"), ox.Literal(MESO))
        licence = ox.NamedNode("https://creativecommons.org/licenses/by/4.0/")
        yield ox.Triple(whole, _name(_DCTERMS, "license"), licence)
    everything = "?s ?p ?o" if engine.union else "{ ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } }"
    yield from _counted(engine, whole, everything)
    rows = engine.select(f"SELECT ?c (COUNT(DISTINCT ?s) AS ?n) WHERE {{ {_typed(everything)} }} GROUP BY ?c")
    yield ox.Triple(whole, term("classes"), _number(len(rows)))
    for row in rows:
        if "c" in row:
            part = ox.BlankNode()
            yield ox.Triple(whole, term("classPartition"), part)
            yield ox.Triple(part, term("class"), ox.NamedNode(row["c"]))
            yield ox.Triple(part, term("entities"), _number(int(row["n"])))
    triples = f"{{ SELECT DISTINCT ?s ?p ?o WHERE {{ {everything} }} }}"
    rows = engine.select(f"SELECT ?p (COUNT(*) AS ?n) WHERE {{ {triples} }} GROUP BY ?p")
    for row in rows:
        if "p" in row:
            part = ox.BlankNode()
            yield ox.Triple(whole, term("propertyPartition"), part)
            yield ox.Triple(part, term("property"), ox.NamedNode(row["p"]))
            yield ox.Triple(part, term("triples"), _number(int(row["n"])))
    for name in engine.graph_names():
        graph = ox.NamedNode(name)
        yield ox.Triple(whole, term("subset"), graph)
        yield ox.Triple(graph, _TYPE, term("Dataset"))
        yield from _counted(engine, graph, f"GRAPH <{name}> {{ ?s ?p ?o }}")


def _typed(pattern: str) -> str:
    return f"{pattern.replace('?p ?o', 'a ?c')} FILTER(isIRI(?c))"


def _counted(engine: Engine, dataset: ox.NamedNode, pattern: str) -> Iterator[ox.Triple]:
    for name, query in _COUNTS.items():
        row = engine.select(query % pattern)[0]
        yield ox.Triple(dataset, _name(_VOID, name), _number(int(row["n"])))


def _number(value: int) -> ox.Literal:
    return ox.Literal(str(value), datatype=_INTEGER)


def _name(namespace: str, name: str) -> ox.NamedNode:
    return ox.NamedNode(namespace + name)
