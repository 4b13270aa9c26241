"""SPARQL 1.1 Service Description (https://www.w3.org/TR/sparql11-service-description/), VoID; in a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pyoxigraph as ox

from mesoonto.dataset.formats import FORMATS, Format, Kind
from mesoonto.dataset.rdf_output import write_triples
from mesoonto.dataset.store import Engine
from mesoonto.dataset.xml_output import ByteOutput
from mesoonto.knowledge import questions
from mesoonto.knowledge.examples import EXAMPLE_PREFIXES, example_triples
from mesoonto.namespaces import MESO, PREFIXES, SHAPES
from mesoonto.views.about import DESCRIPTION, EXAMPLE_RESOURCES, LICENSE, TITLE
from mesoonto_server.http.headers import description_headers, entity_tag, format_for, matches
from mesoonto_server.http.messages import WorkerRequest
from mesoonto_server.worker.reply import WorkerResponse

_SD = "http://www.w3.org/ns/sparql-service-description#"
_VOID = "http://rdfs.org/ns/void#"
#: Names of formats (https://www.w3.org/ns/formats/).
_FORMAT = "http://www.w3.org/ns/formats/"
_DCTERMS = PREFIXES["dcterms"]
_TYPE = ox.NamedNode(f"{PREFIXES['rdf']}type")
_LABEL = ox.NamedNode(f"{PREFIXES['rdfs']}label")
_SERVICE = ox.BlankNode("service")
_INTEGER = ox.NamedNode(f"{PREFIXES['xsd']}integer")
_DCAT, _FOAF = "http://www.w3.org/ns/dcat#", "http://xmlns.com/foaf/0.1/"
_PREFIXES = {"sd": _SD, "void": _VOID, "formats": _FORMAT, "dcat": _DCAT, "foaf": _FOAF, **EXAMPLE_PREFIXES}

#: Where more is told of the service: address, words, and the relation of the service to it.
_DOCUMENTS = (
    ("llms.txt", "where to begin, for programs and people", f"{_FOAF}page"),
    ("schema", "classes, properties and lists of values, in 8 kB of Markdown", f"{_DCAT}endpointDescription"),
    ("openapi.json", "the HTTP interface, as OpenAPI", f"{_DCAT}endpointDescription"),
)
_EXAMPLES = ("examples", "queries that are asked often, as Markdown or RDF", f"{_DCTERMS}relation")

#: What VoID counts of the whole dataset and of each graph.
_COUNTS = {
    "distinctSubjects": "SELECT (COUNT(DISTINCT ?s) AS ?n) WHERE { %s }",
    "properties": "SELECT (COUNT(DISTINCT ?p) AS ?n) WHERE { %s }",
    "distinctObjects": "SELECT (COUNT(DISTINCT ?o) AS ?n) WHERE { %s }",
    "triples": "SELECT (COUNT(*) AS ?n) WHERE { SELECT DISTINCT ?s ?p ?o WHERE { %s } }",
}


def service(
    engine: Engine,
    request: WorkerRequest,
    response: WorkerResponse,
    *,
    writable: bool,
    federated: bool,
    shipped: bool,
) -> None:
    """What the endpoint can do, and where more is told; that for updates is a service with its own address.

    There are examples where the *shipped* data are served.
    """

    def triples() -> Iterator[ox.Triple]:
        yield from _service(engine, f"{request.base}/sparql", federated=federated)
        yield from _documents(request.base, shipped=shipped)
        if writable:
            yield from _updates(request.base)

    _respond(engine, request, response, triples)


def void(engine: Engine, request: WorkerRequest, response: WorkerResponse, *, shipped: bool) -> None:
    """What the dataset holds, counted (https://www.w3.org/TR/void/)."""

    def triples() -> Iterator[ox.Triple]:
        yield from _void(engine, request.base)
        if shipped:
            yield from _about_shipped(request.base)

    _respond(engine, request, response, triples)


def examples(engine: Engine, request: WorkerRequest, response: WorkerResponse, *, shipped: bool) -> None:
    """The shipped questions, as other endpoints publish theirs; none where the data are others."""
    asked = [*questions.shipped(), *questions.federated()] if shipped else []
    names, endpoint = f"{request.base}/examples/", f"{request.base}/sparql"
    _respond(engine, request, response, partial(example_triples, asked, names, endpoint))


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
    text = "\n".join(map(str, triples))
    used = {prefix: stem for prefix, stem in _PREFIXES.items() if stem in text}
    write_triples(triples, form.syntax, output, used)


def _documents(base: str, *, shipped: bool) -> Iterator[ox.Triple]:
    """Where more is told of the service."""
    yield ox.Triple(_SERVICE, _name(_DCAT, "servesDataset"), ox.NamedNode(f"{base}/.well-known/void#dataset"))
    for path, words, relation in (*_DOCUMENTS, _EXAMPLES) if shipped else _DOCUMENTS:
        document = ox.NamedNode(f"{base}/{path}")
        yield ox.Triple(_SERVICE, ox.NamedNode(relation), document)
        yield ox.Triple(document, _LABEL, ox.Literal(words, language="en"))
    if shipped:
        yield ox.Triple(_SERVICE, _name(_DCTERMS, "conformsTo"), ox.NamedNode(SHAPES.removesuffix("/")))


def _updates(base: str) -> Iterator[ox.Triple]:
    updates = ox.BlankNode("updates")
    yield ox.Triple(updates, _TYPE, _name(_SD, "Service"))
    yield ox.Triple(updates, _name(_SD, "endpoint"), ox.NamedNode(f"{base}/update"))
    yield ox.Triple(updates, _name(_SD, "supportedLanguage"), _name(_SD, "SPARQL11Update"))


def _service(engine: Engine, address: str, *, federated: bool) -> Iterator[ox.Triple]:
    service, dataset, default = _SERVICE, ox.BlankNode("dataset"), ox.BlankNode("default")
    sd = partial(_name, _SD)
    yield ox.Triple(service, _TYPE, sd("Service"))
    yield ox.Triple(service, sd("endpoint"), ox.NamedNode(address))
    yield ox.Triple(service, sd("supportedLanguage"), sd("SPARQL11Query"))
    if engine.union:
        yield ox.Triple(service, sd("feature"), sd("UnionDefaultGraph"))
    if federated:
        yield ox.Triple(service, sd("feature"), sd("BasicFederatedQuery"))
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


def _about_shipped(base: str) -> Iterator[ox.Triple]:
    """What the shipped data are, with an example of each kind that is asked for most."""
    whole = ox.NamedNode(f"{base}/.well-known/void#dataset")
    for name, text in (("title", TITLE), ("description", DESCRIPTION)):
        yield ox.Triple(whole, _name(_DCTERMS, name), ox.Literal(text, language="en"))
    yield ox.Triple(whole, _name(_DCTERMS, "license"), ox.NamedNode(LICENSE))
    yield ox.Triple(whole, _name(_FOAF, "homepage"), ox.NamedNode(f"{base}/"))
    yield ox.Triple(whole, _name(_VOID, "uriSpace"), ox.Literal(MESO))
    for name in ("meso", "dcterms", "rdfs", "owl", "skos", "bibo"):
        yield ox.Triple(whole, _name(_VOID, "vocabulary"), ox.NamedNode(PREFIXES[name]))
    for iri in EXAMPLE_RESOURCES:
        yield ox.Triple(whole, _name(_VOID, "exampleResource"), ox.NamedNode(iri))


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
