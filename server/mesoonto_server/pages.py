"""The pages that a person sees in a browser."""

from __future__ import annotations

from functools import cache

from flask import Blueprint, Response, render_template, request

from mesoonto import __version__
from mesoonto.engine.store import Engine
from mesoonto.knowledge import questions, statistics

#: Nothing but our own files, no inline script, no framing.
_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def blueprint(engine: Engine) -> Blueprint:
    """The routes of pages."""
    bp = Blueprint("pages", __name__)

    @cache
    def counts() -> dict[str, int]:
        # The dataset of a running engine does not change, so it is counted once.
        return statistics.count(engine)

    @bp.get("/")
    def home() -> Response:
        page = render_template(
            "home.html",
            counts=counts(),
            questions=questions.shipped(),
            endpoint=request.url_root + "sparql",
            version=__version__,
            dataset=engine.version,
        )
        headers = {
            "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }
        return Response(page, headers=headers)

    return bp
