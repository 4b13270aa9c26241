"""The pages that a person sees in a browser."""

from __future__ import annotations

import json
from typing import NamedTuple

from flask import Blueprint, Response, render_template, request

from mesoonto import __version__
from mesoonto.knowledge import questions
from mesoonto.namespaces import MESO
from mesoonto_server.front.gateway import Gateway
from mesoonto_server.http import negotiate
from mesoonto_server.http.messages import Request
from mesoonto_server.web.sparql import request_for, respond


def blueprint(gateway: Gateway) -> Blueprint:
    """The routes of pages."""
    bp = Blueprint("pages", __name__)
    counted: dict[str, dict[str, int]] = {}  # by version of the data, the newest only

    def counts() -> dict[str, int]:
        version = gateway.pool.version
        if version not in counted:
            request_ = Request("counts", "GET", "/", b"", "")
            found = json.loads(gateway.read_blocking(request_).head.body)
            counted.clear()
            counted[version] = found
        return counted[version]

    @bp.get("/")
    def home() -> Response:
        held = counts()
        page = render_template(
            "home.html",
            counts=held,
            questions=questions.shipped(),
            endpoint=request.url_root + "sparql",
            settings=gateway.settings,
            version=__version__,
            dataset=gateway.pool.version,
        )
        return Response(page)

    @bp.get("/<path:path>")
    def entity(path: str) -> Response:
        """What is known of a term, a record or a graph: a page for people, RDF for programs."""
        accept = request.headers.get("Accept", "")
        if negotiate.choose(_ENTITY_OFFERS, accept) != "text/html":
            return respond(gateway, gateway.read_blocking(request_for("entity", 0, path)))
        exchange = gateway.read_blocking(request_for("facts", 0, path, coding=False))
        if exchange.head.status != 200:
            return respond(gateway, exchange)
        found = json.loads(b"".join(gateway.parts(exchange)))
        rows = [_Fact(*row) for row in found["rows"]]
        response = Response(render_template("entity.html", iri=found["iri"], label=found["label"], rows=rows))
        response.headers["Vary"] = "accept"
        return response

    return bp


#: In order of preference for clients that accept anything.
_ENTITY_OFFERS = ("text/turtle", "application/rdf+xml", "application/ld+json", "text/html")


class _Fact(NamedTuple):
    """A row of an entity's page."""

    direction: str  #: "is" where the entity is the subject, "of" where it is the object
    predicate: str  #: label, or name with prefix
    text: str  #: of the value
    iri: str  #: of the value, or ""

    @property
    def link(self) -> str:
        """Where the value leads: our own entities stay on this server."""
        if self.iri.startswith(MESO):
            return "/" + self.iri.removeprefix(MESO)
        return self.iri if self.iri.startswith(("http://", "https://")) else ""
