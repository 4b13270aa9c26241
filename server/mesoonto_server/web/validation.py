"""``/validate``: judges a file that is sent, and forgets it; and a page to drop a file on."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from mesoonto import __version__
from mesoonto.validation import upload
from mesoonto_server.front.gateway import Gateway
from mesoonto_server.web.sparql import request_for, respond

_PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; frame-src 'self' blob:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)

_LIMITS = upload.UploadLimits()

#: What the boundaries of a form may add to a file, in bytes.
_FORM = 10_000


def blueprint(gateway: Gateway) -> Blueprint:
    """The routes of ``/validate``; a worker of its own judges each file."""
    bp = Blueprint("validation", __name__)

    @bp.get("/validate")
    def page() -> Response:
        text = render_template("validate.html", version=__version__, megabytes=_LIMITS.bytes / 1e6)
        return Response(text, headers={"Content-Security-Policy": _PAGE_POLICY})

    @bp.post("/validate")
    def validate() -> Response:
        return respond(gateway, gateway.validate_blocking(request_for("validate", _LIMITS.bytes + _FORM)))

    return bp
