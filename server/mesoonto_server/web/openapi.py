"""The HTTP interface for programs, as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0).

Pages for people are not in it, nor the many addresses of entities, which follow one rule: see `/llms.txt`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mesoonto import __version__
from mesoonto.dataset.formats import Kind, formats_for
from mesoonto_server.http.parameters import FORM, QUERY, UPDATE

Operation = dict[str, Any]

#: What is answered to a request that cannot be served, by status.
_PROBLEMS = {
    "400": "What was sent is wrong; the text says where.",
    "403": "The server is read-only, or the query names an endpoint that may not be asked.",
    "404": "There is nothing at this address.",
    "406": "None of the formats that the client accepts fits the answer.",
    "413": "What was sent is larger than the server takes.",
    "415": "The type of the body is none that is understood here.",
    "429": "The client has asked too often; Retry-After says when to ask again.",
    "503": "Too slow, too large, or too many at one time; with Retry-After where waiting helps.",
}
_PLAIN, _PROBLEM = "text/plain", "application/problem+json"

#: The answers that any address may give.
_ANYWHERE = ("400", "404", "429", "503")

_RESULTS = [form.media_types[0] for kind in (Kind.SOLUTIONS, Kind.TRIPLES) for form in formats_for(kind)]
_TRIPLES = [form.media_types[0] for form in formats_for(Kind.TRIPLES)]
#: Forms of a report on validation; more are chosen by the parameter format: docs/validating.md.
_REPORTS = ("text/turtle", "application/ld+json", "application/json", "text/html", _PLAIN)
_DATASETS = [form.media_types[0] for form in formats_for(Kind.DATASET)]

_STRING = {"type": "string"}
_IRIS = {"type": "array", "items": {"type": "string", "format": "iri"}}


def openapi(address: str, *, tokens: bool) -> dict[str, Any]:
    """The interface of a server at *address*, which asks who writes for one of its *tokens* or for none."""
    paths = {**_asking(), **_learning(), **_operating()}
    for path, operations in _writing(tokens=tokens).items():
        paths[path] = {**paths.get(path, {}), **operations}
    components: dict[str, Any] = {
        "responses": {
            status: _answer(text, (_PLAIN, _PROBLEM, "application/json"))
            for status, text in _PROBLEMS.items()
        }
    }
    if tokens:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mesoonto",
            "version": __version__,
            "description": "A SPARQL endpoint over RDF, with search and SHACL validation.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": address}],
        "paths": paths,
        "components": components,
    }


def _asking() -> dict[str, dict[str, Operation]]:
    form = {
        "type": "object",
        "required": ["query"],
        "properties": {
            "query": _STRING, "default-graph-uri": _IRIS, "named-graph-uri": _IRIS,
            "timeout": _SECONDS, "explain": _STRING,
        },
    }  # fmt: skip
    others = ("403", "406", "413")
    return {
        "/sparql": {
            "get": _operation(
                "query", "Ask a query; without one, the description of the service.",
                [
                    _parameter("query", "A query in SPARQL 1.1."),
                    _parameter("default-graph-uri", "Graphs that are asked together.", _IRIS),
                    _parameter("named-graph-uri", "Graphs for GRAPH.", _IRIS),
                    _parameter("timeout", "Seconds that the query may take.", _SECONDS),
                    _parameter("explain", "With true, the plan, and what is asked in vain, too."),
                ],
                _answer("The result, or the description.", _RESULTS), others,
            ),
            "post": _operation(
                "postQuery", "Ask a query that is too long for an address.", [],
                _answer("The result.", _RESULTS), (*others, "415"),
                {FORM: {"schema": form}, **_content((QUERY,))},
            ),
        },
        "/store": {
            "get": _operation(
                "graph", "One graph, or the dataset as a whole.",
                [
                    _parameter("graph", "The IRI of a graph.", {"type": "string", "format": "iri"}),
                    {**_parameter("default", "The default graph."), "allowEmptyValue": True},
                ],
                _answer("The triples.", list(dict.fromkeys(_TRIPLES + _DATASETS))), ("406",),
            )
        },
        "/validate": {
            "get": _operation(
                "validatePage", "A page to drop a file on.", [], _answer("The page.", ("text/html",))
            ),
            "post": _operation(
                "validate", "Judge RDF by the shapes that come with it, or by those of this server.", [],
                _answer("The report.", _REPORTS),
                ("406", "413", "415"),
                _content(_TRIPLES),
            )
        },
    }  # fmt: skip


def _learning() -> dict[str, dict[str, Operation]]:
    text, json = ("text/markdown",), ("application/json",)
    lists = ("text/markdown", *_TRIPLES)
    return {
        "/llms.txt": _get("llms", "Where to begin.", _answer("Links.", (_PLAIN,))),
        "/schema": _get("schema", "Classes, properties, values.", _answer("At most 8 kB.", text)),
        "/schema.json": _get("schemaJson", "The same in full.", _answer("Cards.", json)),
        "/examples": _get("examples", "Queries asked often.", _answer("A list, or RDF.", lists), "406"),
        "/examples.md": _get("exampleList", "The same as a list.", _answer("A list.", text)),
        "/examples/{number}": {
            "get": _operation(
                "example", "One of these queries.", [_in_path("number", "Such as CQ01.")],
                _answer("The query.", (QUERY,)),
            )
        },
        "/.well-known/void": _get("void", "The dataset, counted.", _answer("VoID.", _TRIPLES), "406"),
        "/openapi.json": _get("openapi", "This document.", _answer("OpenAPI.", json)),
        "/search/suggest": {
            "get": _operation(
                "suggest", "Entities whose names begin like a text.", [_parameter("q", "The text.")],
                _answer("The best eight.", json),
            )
        },
    }  # fmt: skip


def _operating() -> dict[str, dict[str, Operation]]:
    return {
        "/health/live": _get("live", "Whether the server answers.", _answer("It does.", (_PLAIN,))),
        "/health/ready": _get("ready", "Whether it answers queries.", _answer("It does.", (_PLAIN,))),
        "/metrics": _get("metrics", "Counts, for Prometheus.", _answer("Counts.", (_PLAIN,))),
    }


def _writing(*, tokens: bool) -> dict[str, dict[str, Operation]]:
    security: Operation = {"security": [{"token": []}]} if tokens else {}
    refused = {"401": {"description": "No token that may write."}} if tokens else {}
    refused |= {"422": {"description": "The shapes do not allow it; nothing was changed."}}
    body = _content(_TRIPLES)
    where = [
        _parameter("graph", "The IRI of a graph.", {"type": "string", "format": "iri"}),
        {**_parameter("default", "The default graph."), "allowEmptyValue": True},
    ]
    done = {"200": {"description": "Done."}, "201": {"description": "Made."}, "204": {"description": "Done."}}

    def writing(name: str, summary: str, parameters: list[Operation], content: Operation | None) -> Operation:
        found = _operation(
            name, summary, parameters, {"description": "Done."}, ("403", "413", "415"), content
        )
        found["responses"] |= done | refused
        return found | security

    return {
        "/update": {
            "post": writing(
                "update", "Change the data.", [],
                {UPDATE: {"schema": _STRING}, FORM: {"schema": {"type": "object", "required": ["update"],
                 "properties": {"update": _STRING}}}},
            )
        },
        "/store": {
            "put": writing("replaceGraph", "Replace a graph.", where, body),
            "post": writing("addToGraph", "Add to a graph.", where, body),
            "patch": writing("changeGraph", "Change a graph by an update.", where, _content((UPDATE,))),
            "delete": writing("dropGraph", "Remove a graph.", where, None),
        },
    }  # fmt: skip


_SECONDS = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1e6}


def _get(name: str, summary: str, answer: Operation, *others: str) -> dict[str, Operation]:
    return {"get": _operation(name, summary, [], answer, others)}


def _operation(
    name: str,
    summary: str,
    parameters: list[Operation],
    answer: Operation,
    others: Iterable[str] = (),
    content: Operation | None = None,
) -> Operation:
    found: Operation = {
        "operationId": name,
        "summary": summary,
        "parameters": parameters,
        "responses": {
            "200": answer,
            **{
                status: {"$ref": f"#/components/responses/{status}"}
                for status in sorted({*_ANYWHERE, *others})
            },
        },
    }
    if content is not None:
        found["requestBody"] = {"required": True, "content": content}
    return found


def _parameter(name: str, words: str, schema: Operation | None = None) -> Operation:
    return {"name": name, "in": "query", "description": words, "schema": schema or _STRING}


def _in_path(name: str, words: str) -> Operation:
    return {**_parameter(name, words), "in": "path", "required": True}


def _answer(words: str, media_types: Iterable[str]) -> Operation:
    return {"description": words, "content": _content(media_types)}


def _content(media_types: Iterable[str]) -> Operation:
    # What is JSON is an object or a list, which specifications of their own describe.
    return {name: {} if "json" in name else {"schema": _STRING} for name in media_types}
