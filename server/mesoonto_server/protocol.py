"""SPARQL 1.1 Protocol, the query operation (https://www.w3.org/TR/sparql11-protocol/, section 2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs

from flask import Blueprint, Response, request

from mesoonto.engine.formats import content_type, formats_for
from mesoonto.engine.store import Engine
from mesoonto_server import description, negotiate
from mesoonto_server.problems import RequestError

_FORM = "application/x-www-form-urlencoded"
_DIRECT = "application/sparql-query"
_UPDATE = "application/sparql-update"
_NO_UPDATE = "this endpoint is read-only: updates are refused"


@dataclass(frozen=True, slots=True)
class _Question:
    """The parameters of one query operation."""

    query: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]


def blueprint(engine: Engine) -> Blueprint:
    """The routes of ``/sparql``."""
    bp = Blueprint("protocol", __name__)

    @bp.route("/sparql", methods=["GET", "POST"])
    def sparql() -> Response:
        if request.method == "GET" and "query" not in request.args:
            if "update" in request.args:
                raise RequestError(403, _NO_UPDATE)
            return description.service_description(engine, request.base_url)
        asked = _question()
        answer = engine.query(asked.query, asked.default_graphs, asked.named_graphs)
        chosen = negotiate.choose_format(answer.kind, request.headers.get("Accept"))
        if chosen is None:
            offers = ", ".join(form.media_types[0] for form in formats_for(answer.kind))
            raise RequestError(406, f"a result of {answer.kind.value} comes as one of: {offers}")
        form, media_type = chosen
        response = Response(answer.serialize(form), content_type=content_type(media_type))
        response.headers["Vary"] = "Accept"
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Mesoonto-Dataset"] = engine.version
        return response

    return bp


def _question() -> _Question:
    """The query operation that the current request asks for (sections 2.1.1 to 2.1.4)."""
    parameters = _parse(request.query_string)
    if request.method == "POST":
        media_type = request.mimetype
        if media_type == _FORM:
            parameters = _parse(request.get_data(cache=False))
        elif media_type == _DIRECT:
            if "query" in parameters:
                raise RequestError(400, "the query is given twice, as parameter and as body")
            parameters["query"] = [_utf8(request.get_data(cache=False), "the query")]
        elif media_type == _UPDATE:
            raise RequestError(403, _NO_UPDATE)
        else:
            found = media_type or "none"
            raise RequestError(415, f"a query is posted as {_FORM} or {_DIRECT}; the content type is {found}")
    queries = parameters.get("query", [])
    if not queries and "update" in parameters:
        raise RequestError(403, _NO_UPDATE)
    if len(queries) != 1:
        raise RequestError(400, f"exactly one query is needed; there are {len(queries)}")
    return _Question(
        queries[0],
        tuple(parameters.get("default-graph-uri", ())),
        tuple(parameters.get("named-graph-uri", ())),
    )


def _parse(encoded: bytes) -> dict[str, list[str]]:
    text = _utf8(encoded, "the parameters")
    try:
        return parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=1000)
    except ValueError as error:
        raise RequestError(400, f"the parameters cannot be read: {error}") from error


def _utf8(content: bytes, what: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(400, f"{what}: not UTF-8 at byte {error.start + 1}") from error
