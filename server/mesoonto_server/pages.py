"""The pages that a person sees in a browser."""

from __future__ import annotations

import json

from flask import Blueprint, Response, render_template, request

from mesoonto import __version__
from mesoonto.knowledge import questions
from mesoonto_server import negotiate
from mesoonto_server.gateway import Gateway
from mesoonto_server.messages import Request


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
            version=__version__,
            dataset=gateway.pool.version,
        )
        return Response(page)

    return bp


def prefers_html(accept: str | None) -> bool:
    """Whether a client would rather have a page than RDF."""
    if not accept or "text/html" not in accept:
        return False
    return negotiate.choose(("text/turtle", "application/rdf+xml", "text/html"), accept) == "text/html"
