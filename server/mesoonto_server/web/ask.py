"""The page to ask on, and what its editor wants to know while somebody types."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgspec
from flask import Blueprint, Response, render_template, request

from mesoonto.errors import MesoontoError
from mesoonto.knowledge import questions
from mesoonto.namespaces import PREFIXES, in_query
from mesoonto_server.front.gateway import Gateway
from mesoonto_server.http.messages import WorkerRequest
from mesoonto_server.http.problems import RequestError
from mesoonto_server.web.views import reader

#: Rows of an answer that is drawn without script.
_MOST_ROWS = 500

#: Formats that an answer can be saved in: the ending of the endpoint's address, and its name.
_FORMATS = {
    "table": (("csv", "CSV"), ("tsv", "TSV"), ("json", "JSON"), ("xml", "XML")),
    "graph": (("ttl", "Turtle"), ("nt", "N-Triples"), ("jsonld", "JSON-LD"), ("rdf", "RDF/XML")),
}

#: IRIs whose labels are asked for at one time, and bytes of them.
_MOST_LABELS, _MOST_BYTES = 400, 100_000


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """The answer to a query as the page shows it without script."""

    names: tuple[str, ...] = ()
    rows: tuple[dict[str, dict[str, str]], ...] = ()
    total: int = 0  #: rows that came; the page shows the first
    cut: bool = False  #: whether there are more
    boolean: bool | None = None  #: of ASK
    text: str = ""  #: of CONSTRUCT and DESCRIBE, as Turtle
    federation: dict[str, Any] | None = None
    unmatched: tuple[dict[str, Any], ...] = ()  #: what was asked for and the data do not have
    problem: str = ""  #: why there is none


def blueprint(gateway: Gateway) -> Blueprint:
    """The routes of the page to ask on."""
    bp = Blueprint("ask", __name__)
    view = reader(gateway)
    bp.app_template_filter("short")(in_query)

    @bp.get("/ask")
    def ask() -> str:
        groups = questions.grouped()
        first = next(iter(groups.values()))[0]
        query = request.args.get("query", "")
        answer = _answered(gateway, query) if query and request.args.get("answer") == "page" else None
        return render_template(
            "ask.html", query=query or first.sparql, asked=bool(query), groups=groups, answer=answer,
            endpoint=request.url_root + "sparql", settings=gateway.settings, prefixes=PREFIXES,
            formats=_FORMATS, made_with=request.args.get("dataset", ""),
        )  # fmt: skip

    @bp.get("/ask/complete")
    def complete() -> Response:
        text, role = request.args.get("text", ""), request.args.get("role", "")
        found = view("complete", text=text, role=role)
        response = Response(json.dumps(found), mimetype="application/json")
        response.headers["Cache-Control"] = "max-age=60"
        return response

    @bp.post("/ask/labels")
    def labels() -> dict[str, str]:
        if (request.content_length or 0) > _MOST_BYTES:
            raise RequestError(413, f"more than {_MOST_BYTES} bytes of IRIs")
        try:
            asked = msgspec.json.decode(request.get_data(cache=False), type=list[str])
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise RequestError(400, f"a JSON list of IRIs is expected: {error}") from error
        found = view("labels", iri=asked[:_MOST_LABELS])
        return {str(iri): str(label) for iri, label in found.items()}

    @bp.post("/ask/unmatched")
    def unmatched() -> Response:
        query = request.stream.read(_MOST_BYTES + 1).decode(
            "utf-8", "replace"
        )  # a longer one has no findings
        # not by the reader of views, which would keep the answer to a query that nobody asks again
        asked = WorkerRequest("view", "GET", "unmatched", urlencode({"query": query}).encode(), "")
        exchange = gateway.read_blocking(asked)
        body = b"".join(gateway.parts(exchange)) if exchange.more else exchange.head.body
        return Response(body, exchange.head.status, mimetype="application/json")

    return bp


def _answered(gateway: Gateway, query: str) -> PageAnswer:
    """The answer to *query*, with the report on other endpoints where some were asked."""
    parameters = urlencode({"query": query, "explain": "true"}).encode()
    asked = WorkerRequest(
        "query", "GET", "/sparql", parameters, request.host_url.rstrip("/"), accept="application/json"
    )
    try:
        exchange = gateway.read_blocking(asked)
        body = b"".join(gateway.parts(exchange)) if exchange.more else exchange.head.body
    except (MesoontoError, RequestError) as error:
        return PageAnswer(problem=str(error))
    if exchange.head.status != 200:
        problem = json.loads(body)
        return PageAnswer(problem=f"{problem['title']}\n{problem.get('excerpt', '')}".strip())
    return _answer(json.loads(body))


def _answer(found: dict[str, Any]) -> PageAnswer:
    beside: dict[str, Any] = {
        "federation": found["federation"] if found["federation"]["services"] else None,
        "unmatched": tuple(found["unmatched"]),
    }
    results = found["results"]
    if isinstance(results, str):
        return PageAnswer(text=results, cut=bool(found["cut"]), **beside)
    if "boolean" in results:
        return PageAnswer(boolean=results["boolean"], **beside)
    rows = results["results"]["bindings"]
    return PageAnswer(
        tuple(results["head"]["vars"]), tuple(rows[:_MOST_ROWS]), len(rows), bool(found["cut"]), **beside
    )
