"""The 3 cases of the W3C suite for Service Description, sparql11/service-description in rdf-tests.

The suite names the cases and leaves the schema to the specification: section 3 of the recommendation.
"""

from __future__ import annotations

import pytest
import rdflib
from rdflib import RDF, Graph, Literal, Namespace, URIRef

from tests.conformance.endpoint import Endpoint

SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
FORMATS = {"text/turtle": "turtle", "application/n-triples": "nt", "application/rdf+xml": "xml"}

#: Classes that a property is used on and points to; None for a resource of any class.
PROPERTIES: dict[str, tuple[str, str | None]] = {
    "endpoint": ("Service", None),
    "feature": ("Service", "Feature"),
    "defaultEntailmentRegime": ("Service", "EntailmentRegime"),
    "defaultSupportedEntailmentProfile": ("Service", "EntailmentProfile"),
    "extensionFunction": ("Service", "Function"),
    "extensionAggregate": ("Service", "Aggregate"),
    "languageExtension": ("Service", "Feature"),
    "supportedLanguage": ("Service", "Language"),
    "propertyFeature": ("Service", "Feature"),
    "resultFormat": ("Service", None),
    "inputFormat": ("Service", None),
    "defaultDataset": ("Service", "Dataset"),
    "availableGraphs": ("Service", "GraphCollection"),
    "defaultGraph": ("Dataset", "Graph"),
    "namedGraph": ("GraphCollection", "NamedGraph"),
    "name": ("NamedGraph", None),
    "graph": ("NamedGraph", "Graph"),
    "entailmentRegime": ("NamedGraph", "EntailmentRegime"),
    "supportedEntailmentProfile": ("NamedGraph", "EntailmentProfile"),
}
#: Instances that the vocabulary itself declares, and its subclasses.
INSTANCES = {
    "Language": {"SPARQL10Query", "SPARQL11Query", "SPARQL11Update"},
    "Feature": {
        "DereferencesURIs",
        "UnionDefaultGraph",
        "RequiresDataset",
        "EmptyGraphs",
        "BasicFederatedQuery",
    },
}
SUPERCLASS = {"Dataset": "GraphCollection"}


def described(endpoint: Endpoint) -> Graph:
    reply = endpoint.client.request("GET", endpoint.query_path, None, {"Accept": "text/turtle"})
    assert reply.status == 200, str(reply)
    return Graph().parse(data=reply.body, format="turtle", publicID=f"{endpoint.address}sparql")


@pytest.mark.parametrize("accept", [None, *FORMATS])
def test_returns_rdf(endpoint: Endpoint, accept: str | None) -> None:
    headers = {"Accept": accept} if accept else {}
    reply = endpoint.client.request("GET", endpoint.query_path, None, headers)
    assert reply.status == 200, str(reply)
    assert len(rdflib.Graph().parse(data=reply.body, format=FORMATS[reply.type])) > 0
    assert accept in {None, reply.type}


def test_has_endpoint_triple(endpoint: Endpoint) -> None:
    own = URIRef(endpoint.address.rstrip("/") + endpoint.query_path)
    assert own in set(described(endpoint).objects(None, SD.endpoint))


def test_names_a_service_for_queries_and_one_for_updates(endpoint: Endpoint) -> None:
    graph = described(endpoint)
    for path, language in ((endpoint.query_path, "Query"), (endpoint.update_path, "Update")):
        address = URIRef(endpoint.address.rstrip("/") + path)
        (service,) = graph.subjects(SD.endpoint, address)
        assert set(graph.objects(service, SD.supportedLanguage)) == {SD[f"SPARQL11{language}"]}


def test_conforms_to_schema(endpoint: Endpoint) -> None:
    graph = described(endpoint)
    services = set(graph.subjects(RDF.type, SD.Service))
    assert services
    assert all(len(set(graph.objects(service, SD.endpoint))) == 1 for service in services)
    for subject, predicate, value in graph:
        name = predicate.removeprefix(str(SD)) if predicate.startswith(str(SD)) else None
        if name is None:
            continue
        domain, range_ = PROPERTIES[name]
        if domain != "NamedGraph" or name in {"name", "graph"}:
            assert _is_a(graph, subject, domain), (subject, predicate)
        assert not isinstance(value, Literal), (subject, predicate, value)
        assert range_ is None or _is_a(graph, value, range_), (subject, predicate, value)
    for dataset in graph.objects(None, SD.defaultDataset):
        assert len(set(graph.objects(dataset, SD.defaultGraph))) == 1
    for named in graph.objects(None, SD.namedGraph):
        assert len(set(graph.objects(named, SD.name))) == 1


def _is_a(graph: Graph, node: rdflib.term.Node, wanted: str) -> bool:
    classes = {str(found).removeprefix(str(SD)) for found in graph.objects(node, RDF.type)}
    classes |= {SUPERCLASS[name] for name in classes if name in SUPERCLASS}
    return wanted in classes or str(node).removeprefix(str(SD)) in INSTANCES.get(wanted, set())
