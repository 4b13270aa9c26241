"""What a program can learn that knows the address of the endpoint alone: schema, examples, interface."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response, render_template, request

from mesoonto.knowledge import questions
from mesoonto.namespaces import PREFIXES
from mesoonto_server.front.gateway import Gateway
from mesoonto_server.http import negotiate
from mesoonto_server.http.problems import RequestError
from mesoonto_server.settings import Settings
from mesoonto_server.web.openapi import openapi
from mesoonto_server.web.sparql import request_for, respond
from mesoonto_server.web.views import reader

_MARKDOWN = "text/markdown"
_QUERY = "application/sparql-query"


def blueprint(gateway: Gateway, settings: Settings) -> Blueprint:
    """The routes of discovery; there are examples where the shipped data are served."""
    bp = Blueprint("discovery", __name__)
    view = reader(gateway)
    asked = [*questions.shipped(), *questions.federated()] if settings.shipped else []

    @bp.get("/llms.txt")
    def llms() -> Response:
        return _text(render_template("llms.txt", shipped=settings.shipped), "text/plain")

    @bp.get("/schema")
    def schema() -> Response:
        preface = render_template("schema.md", prefixes=PREFIXES, shipped=settings.shipped)
        return _text(preface + view("schema_text"), _MARKDOWN)

    @bp.get("/schema.json")
    def schema_json() -> Response:
        return Response(msgspec.json.encode(view("schema")), mimetype="application/json")

    @bp.get("/examples")
    def examples() -> Response:
        """A list for who reads text; RDF for who asks for it."""
        if negotiate.choose((_MARKDOWN, "text/plain"), request.headers.get("Accept")):
            return listed()
        return respond(gateway, gateway.read_blocking(request_for("examples", 0)))

    @bp.get("/examples.md")
    def listed() -> Response:
        return _text(render_template("examples.md", questions=asked), _MARKDOWN)

    @bp.get("/examples/<number>")
    def example(number: str) -> Response:
        found = next((one for one in asked if one.number == number.removesuffix(".rq")), None)
        if found is None:
            raise RequestError(404, f"there is no example {number[:100]}; /examples lists what there is")
        return _text(f"# {found.summary}\n{found.sparql}\n", _QUERY)

    @bp.get("/openapi.json")
    def interface() -> Response:
        found = openapi(request.url_root.rstrip("/"), tokens=settings.token_file is not None)
        return Response(msgspec.json.encode(found), mimetype="application/json")

    return bp


def _text(text: str, media_type: str) -> Response:
    return Response(text, content_type=f"{media_type}; charset=utf-8")
