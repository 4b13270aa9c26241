"""The page of pooled estimates, and the same as CSV and JSON."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from mesoonto_server.front.gateway import Gateway
from mesoonto_server.web.views import reader

_TYPES = {"csv": "text/csv", "json": "application/json"}


def blueprint(gateway: Gateway) -> Blueprint:
    """The routes of pooled estimates."""
    bp = Blueprint("synthesis", __name__)
    view = reader(gateway)

    @bp.get("/pool")
    def pool() -> str:
        return render_template("pool.html", view=view("pool"))

    @bp.get("/pool.<any(csv, json):form>")
    def download(form: str) -> Response:
        return Response(view("pool")["downloads"][form], mimetype=_TYPES[form])

    return bp
