"""The pictures of the field: matrix, comparisons, timeline, approvals, map."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request

from mesoonto.views.evidence_map import MAP_CHOICES
from mesoonto.views.matrix import SHOWS
from mesoonto_server.front.gateway import Gateway
from mesoonto_server.web.views import reader

#: What each picture can be narrowed by.
_COMPARISONS = ("end_point", "population", "tested", "setting", "earlier")

#: Views that are kept for one version of the data; the one that was not asked for longest gives way.
_KEPT = 64


class Kept:
    """Views that are made once for each version of the data."""

    def __init__(self, gateway: Gateway) -> None:
        self._view = reader(gateway)
        self._pool = gateway.pool
        self._found: OrderedDict[tuple[str, ...], Any] = OrderedDict()

    def __call__(self, name: str, **parameters: str) -> Any:
        """The view *name*; a RequestError says what is wrong with the parameters."""
        version = self._pool.version
        key = (version, name, urlencode(parameters))
        found = self._found.pop(key, None)
        if found is None:
            found = self._view(name, **parameters)
        if version == self._pool.version:
            self._found[key] = found
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
        return found


def blueprint(gateway: Gateway) -> Blueprint:
    """The routes of pictures."""
    bp = Blueprint("pictures", __name__)
    view = Kept(gateway)

    def asked_for(*names: str) -> dict[str, str]:
        return {name: request.args.get(name, "")[:200] for name in names}

    @bp.get("/landscape")
    def landscape() -> str:
        asked = asked_for("layer", "show")
        if asked["show"] not in SHOWS:
            asked["show"] = ""
        return render_template("landscape.html", view=view("matrix", **asked), asked=asked)

    @bp.get("/landscape/cell")
    def cell() -> str:
        """The evidence behind one field of the matrix."""
        return render_template("cell.html", view=view("cell", **asked_for("mechanism", "kind")))

    @bp.get("/comparisons")
    def comparisons() -> str:
        asked = asked_for(*_COMPARISONS)
        asked["earlier"] = "1" if asked["earlier"] else ""
        return render_template("comparisons.html", view=view("comparisons", **asked), asked=asked)

    @bp.get("/timeline")
    def timeline() -> str:
        asked = asked_for("setting")
        return render_template(
            "timeline.html", view=view("timeline", **asked), years=view("years"), asked=asked
        )

    @bp.get("/decisions")
    def decisions() -> str:
        asked = asked_for("kind")
        return render_template("decisions.html", view=view("approvals", **asked), asked=asked)

    @bp.get("/map")
    def evidence_map() -> str:
        asked = asked_for(*MAP_CHOICES)
        svg = "/map.svg?" + urlencode({name: value for name, value in asked.items() if value})
        return render_template("map.html", view=view("map", **asked), asked=asked, svg=svg)

    @bp.get("/map.svg")
    def drawing() -> Response:
        text = render_template("map.svg", view=view("map", **asked_for(*MAP_CHOICES)), style=True)
        return Response(text, mimetype="image/svg+xml")

    return bp
