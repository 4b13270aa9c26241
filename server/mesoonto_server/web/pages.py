"""The pages that a person sees: each is drawn from a view that a worker computed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, redirect, render_template, request

from mesoonto import __version__
from mesoonto.knowledge import questions
from mesoonto.views.hierarchy import TOPS
from mesoonto_server.front.gateway import Gateway
from mesoonto_server.http.problems import RequestError
from mesoonto_server.web.views import address, page_of, query_value, reader

#: The pages that every page leads to.
NAVIGATION = (
    ("/browse/trials", "Trials"),
    ("/browse/mechanisms", "Mechanisms"),
    ("/browse/interventions", "Interventions"),
    ("/browse/biomarkers", "Biomarkers"),
    ("/map", "Map"),
    ("/landscape", "Landscape"),
    ("/comparisons", "Comparisons"),
    ("/pool", "Pooled"),
    ("/timeline", "Timeline"),
    ("/decisions", "Decisions"),
    ("/stratify", "Stratify"),
    ("/ask", "Ask"),
    ("/validate", "Validate"),
    ("/about", "About"),
)

#: Jurisdictions in words; others are shown as they are recorded.
_PLACES = {
    "AU": "Australia", "EU": "European Union", "FR": "France", "GB-ENG": "England", "GB-SCT": "Scotland",
    "INT": "International guidelines", "JP": "Japan", "TW": "Taiwan", "US": "United States",
}  # fmt: skip


def blueprint(gateway: Gateway) -> Blueprint:
    """The routes of pages."""
    bp = Blueprint("pages", __name__)
    view = reader(gateway)

    @bp.record_once
    def prepare(state: Any) -> None:
        app: Flask = state.app
        app.jinja_env.filters["address"] = address
        app.jinja_env.filters["page"] = page_of
        app.jinja_env.filters["queryvalue"] = query_value

        @app.context_processor
        def common() -> dict[str, object]:
            return {
                "navigation": NAVIGATION,
                "version": __version__,
                "dataset": gateway.pool.version,
                "places": _PLACES,
            }

    @bp.get("/")
    def home() -> str:
        return render_template("home.html", counts=view("counts"), questions=questions.shipped())

    @bp.get("/about")
    def about() -> str:
        return render_template("about.html", counts=view("counts"), coverage=view("coverage"))

    @bp.get("/browse")
    def browse_all() -> Response:
        return redirect("/browse/mechanisms")  # type: ignore[return-value]

    @bp.get("/browse/<name>")
    def browse(name: str) -> str:
        if name == "trials":
            return render_template("trials.html", view=view("trials"))
        if name not in TOPS:
            raise RequestError(404, f"there is no list of {name[:100]}; there are trials, {', '.join(TOPS)}")
        found = view("hierarchy", kind=name)
        return render_template("browse.html", name=name, hierarchies=list(TOPS), view=found)

    @bp.get("/stratify")
    def stratify() -> str:
        prior = [name for name in request.args.getlist("prior") if name.strip()]
        problem, settings = "", [*request.args.getlist("set"), *(f"prior={name}" for name in prior)]
        try:
            found = view("stratify", set=settings)
        except RequestError as error:
            problem = str(error)
            found = {**view("stratify"), "settings": settings}
        asked = [("set", text) for text in request.args.getlist("set") if text]
        permalink = "/stratify?" + urlencode([*asked, *(("prior", name) for name in prior)])
        return render_template(
            "stratify.html", view=found, choices=_choices(found["choices"]), problem=problem, prior=prior,
            permalink=permalink, shown=_FIRST,
        )  # fmt: skip

    return bp


#: The traits that a form shows, in this order; the others open on demand, or when one of them is set.
_FIRST = ("site", "histology", "setting", "ASS1", "BAP1", "CDKN2A", "MTAP", "NF2", "PD-L1", "TMB")


def _choices(lines: list[str]) -> dict[str, list[str]]:
    """What a profile can be put together from, by trait."""
    found: dict[str, list[str]] = {}
    for line in lines:
        name, _, values = line.partition("=")
        found.setdefault(name, []).extend(values.split("|"))
    order = {name: number for number, name in enumerate(_FIRST)}
    return dict(sorted(found.items(), key=lambda item: (order.get(item[0], len(order)), item[0].casefold())))
