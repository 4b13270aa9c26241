"""Search, its suggestions, and what machines that search the web look for."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request

from mesoonto.views.facets import FACETS
from mesoonto_server.front.gateway import Gateway
from mesoonto_server.web.pages import NAVIGATION
from mesoonto_server.web.views import address, page_of, reader

#: Facets by the words of a page.
_WORDS = {
    "kind": "Kind", "layer": "Layer of mechanism", "modality": "Modality", "phase": "Phase",
    "line": "Line of treatment", "histology": "Histology", "direction": "Direction of evidence",
}  # fmt: skip

#: Characters of a query that are kept.
_LONGEST = 200


def blueprint(gateway: Gateway) -> Blueprint:
    """The routes of finding."""
    bp = Blueprint("find", __name__)
    view = reader(gateway)
    sitemaps: dict[str, list[str]] = {}  # by version of the data, the newest only

    @bp.get("/search")
    def search() -> str:
        text = request.args.get("q", "").strip()[:_LONGEST]
        chosen = {name: value for name in ("kind", *FACETS) if (value := request.args.get(name, ""))}
        start = request.args.get("start", 0, int)
        found = view("search", q=text, start=str(max(start, 0)), **chosen)

        def narrowed(name: str, value: str) -> str:
            """The same search with *value* for the facet *name*, or without one."""
            asked = {"q": text, **chosen, name: value}
            return "/search?" + urlencode({n: v for n, v in asked.items() if v})

        def further(place: int) -> str:
            return "/search?" + urlencode(
                {n: v for n, v in {"q": text, **chosen, "start": place}.items() if v}
            )

        return render_template(
            "search.html", q=text, view=found, chosen=chosen, words=_WORDS, narrowed=narrowed,
            further=further, start=max(start, 0),
        )  # fmt: skip

    @bp.get("/search/suggest")
    def suggest() -> list[dict[str, str]]:
        hits = view("suggest", q=request.args.get("q", "")[:_LONGEST])
        return [{"label": h["link"]["label"], "kind": h["kind"], "address": page_of(h["link"])} for h in hits]

    @bp.get("/opensearch.xml")
    def opensearch() -> Response:
        text = render_template("opensearch.xml")
        return Response(text, mimetype="application/opensearchdescription+xml")

    @bp.get("/search/opensearch")
    def opensearch_suggestions() -> list[object]:
        """Suggestions as browsers ask for them in their address bar (OpenSearch Suggestions 1.1)."""
        text = request.args.get("q", "")[:_LONGEST]
        hits = view("suggest", q=text)
        root = request.url_root.rstrip("/")
        return [
            text,
            [h["link"]["label"] for h in hits],
            [h["kind"] for h in hits],
            [root + here if (here := page_of(h["link"])).startswith("/") else here for h in hits],
        ]

    @bp.get("/robots.txt")
    def robots() -> Response:
        return Response(render_template("robots.txt"), mimetype="text/plain")

    @bp.get("/sitemap.xml")
    def sitemap() -> Response:
        version = gateway.pool.version
        if version not in sitemaps:
            pages = [address(link) for link in view("pages")]
            sitemaps.clear()
            sitemaps[version] = pages
        paths = dict.fromkeys([path for path, _ in NAVIGATION] + sitemaps[version])
        text = render_template("sitemap.xml", root=request.url_root.rstrip("/"), paths=paths)
        return Response(text, mimetype="application/xml")

    return bp


def _address(asked: dict[str, str]) -> str:
    return "/search?" + urlencode({name: value for name, value in asked.items() if value})
