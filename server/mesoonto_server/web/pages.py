"""The pages that a person sees: each is drawn from a view that a worker computed."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from flask import Blueprint, Flask, Response, render_template, request

from mesoonto import __version__
from mesoonto.knowledge import questions
from mesoonto.namespaces import MESO
from mesoonto.views.publications import PublicationView
from mesoonto_server.front.gateway import Gateway
from mesoonto_server.http import negotiate
from mesoonto_server.http.messages import WorkerRequest
from mesoonto_server.http.problems import RequestError
from mesoonto_server.web.sparql import request_for, respond

#: What can be browsed as a hierarchy.
_HIERARCHIES = ("mechanisms", "interventions", "biomarkers")

#: The pages that every page leads to.
_NAVIGATION = (
    ("/browse/trials", "Trials"),
    ("/browse/mechanisms", "Mechanisms"),
    ("/browse/interventions", "Interventions"),
    ("/browse/biomarkers", "Biomarkers"),
    ("/map", "Map"),
    ("/landscape", "Landscape"),
    ("/comparisons", "Comparisons"),
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

#: What the map can be narrowed by.
_MAP = ("layer", "kind", "certainty", "focus")

#: Suffixes of an entity's address that choose a syntax.
_SUFFIXES = {
    ".ttl": "text/turtle",
    ".jsonld": "application/ld+json",
    ".rdf": "application/rdf+xml",
    ".nt": "application/n-triples",
}

#: In order of preference for clients that accept anything.
_ENTITY_OFFERS = ("text/turtle", "application/rdf+xml", "application/ld+json", "text/html")


def address(link: dict[str, str] | str | None) -> str:
    """Where a link of a view leads: our own entities stay on this server."""
    iri = link if isinstance(link, str) else (link or {}).get("iri", "")
    if iri.startswith(MESO):
        return "/" + quote(iri.removeprefix(MESO), safe="/:@!$&'()*+,;=~-._%")
    return iri if iri.startswith(("http://", "https://")) else ""


def blueprint(gateway: Gateway) -> Blueprint:
    """The routes of pages."""
    bp = Blueprint("pages", __name__)
    counted: dict[str, dict[str, int]] = {}  # by version of the data, the newest only

    @bp.record_once
    def prepare(state: Any) -> None:
        app: Flask = state.app
        app.jinja_env.filters["address"] = address

        @app.context_processor
        def common() -> dict[str, object]:
            return {"navigation": _NAVIGATION, "version": __version__, "dataset": gateway.pool.version}

    def view(name: str, **parameters: str | list[str]) -> Any:
        """The view *name*, computed in a worker."""
        asked = WorkerRequest("view", "GET", name, urlencode(parameters, doseq=True).encode(), "")
        exchange = gateway.read_blocking(asked)
        body = b"".join(gateway.parts(exchange)) if exchange.more else exchange.head.body
        if exchange.head.status != 200:
            raise RequestError(exchange.head.status, body.decode("utf-8", "replace").strip())
        return json.loads(body)

    def counts() -> dict[str, int]:
        version = gateway.pool.version
        if version not in counted:
            found = view("counts")
            counted.clear()
            counted[version] = found
        return counted[version]

    @bp.get("/")
    def home() -> str:
        return render_template("home.html", counts=counts(), questions=questions.shipped())

    @bp.get("/about")
    def about() -> str:
        return render_template("about.html", counts=counts())

    @bp.get("/ask")
    def ask() -> str:
        shipped = [
            {"sparql": q.sparql, "summary": q.summary, "words": " ".join(q.keywords).lower(),
             "theme": (q.keywords or ("other",))[0]}
            for q in questions.shipped()
        ]  # fmt: skip
        query = request.args.get("query", "") or shipped[0]["sparql"]
        endpoint = request.url_root + "sparql"
        return render_template(
            "ask.html", query=query, questions=shipped, endpoint=endpoint, settings=gateway.settings
        )

    @bp.get("/search")
    def search() -> str:
        text = request.args.get("q", "").strip()
        found = view("search", q=text, kind=request.args.get("kind", ""))
        return render_template("search.html", q=text, view=found)

    @bp.get("/search/suggest")
    def suggest() -> list[dict[str, str]]:
        hits = view("suggest", q=request.args.get("q", ""))
        return [{"label": h["link"]["label"], "kind": h["kind"], "address": address(h["link"])} for h in hits]

    @bp.get("/browse/<name>")
    def browse(name: str) -> str:
        if name == "trials":
            return render_template("trials.html", view=view("trials"))
        if name not in _HIERARCHIES:
            raise RequestError(
                404, f"there is no list of {name}; there are trials, {', '.join(_HIERARCHIES)}"
            )
        return render_template("browse.html", name=name, view=view("hierarchy", kind=name))

    @bp.get("/landscape")
    def landscape() -> str:
        return render_template("landscape.html", view=view("matrix"))

    @bp.get("/map")
    def evidence_map() -> str:
        asked = {name: request.args.get(name, "") for name in _MAP}
        svg = "/map.svg?" + urlencode({name: value for name, value in asked.items() if value})
        return render_template("map.html", view=view("map", **asked), asked=asked, svg=svg)

    @bp.get("/map.svg")
    def drawing() -> Response:
        asked = {name: request.args.get(name, "") for name in _MAP}
        text = render_template("map.svg", view=view("map", **asked), style=True)
        return Response(text, mimetype="image/svg+xml")

    @bp.get("/comparisons")
    def comparisons() -> str:
        return render_template("comparisons.html", view=view("comparisons"))

    @bp.get("/decisions")
    def decisions() -> str:
        return render_template("decisions.html", view=view("decisions"), places=_PLACES)

    @bp.get("/stratify")
    def stratify() -> str:
        prior = [name for name in request.args.getlist("prior") if name.strip()]
        problem, settings = "", [*request.args.getlist("set"), *(f"prior={name}" for name in prior)]
        try:
            found = view("stratify", set=settings)
        except RequestError as error:
            problem = str(error)
            found = {**view("stratify"), "settings": settings}
        return render_template(
            "stratify.html", view=found, choices=_choices(found["choices"]), problem=problem, prior=prior
        )

    @bp.get("/document")
    def document() -> str:
        """The page of an entity whose IRI is not ours: a publication, a gene, a disease."""
        return _entity_page(view("document", iri=request.args.get("iri", "")), "")

    @bp.get("/robots.txt")
    def robots() -> Response:
        return Response(render_template("robots.txt"), mimetype="text/plain")

    @bp.get("/llms.txt")
    def llms() -> Response:
        return Response(render_template("llms.txt"), mimetype="text/plain")

    @bp.get("/opensearch.xml")
    def opensearch() -> Response:
        text = render_template("opensearch.xml")
        return Response(text, mimetype="application/opensearchdescription+xml")

    @bp.get("/sitemap.xml")
    def sitemap() -> Response:
        links = [t["link"] for t in view("trials")]
        links += [link for name in _HIERARCHIES for _, link in view("hierarchy", kind=name)]
        paths = dict.fromkeys([path for path, _ in _NAVIGATION] + [address(link) for link in links])
        text = render_template(
            "sitemap.xml", root=request.url_root.rstrip("/"), paths=[p for p in paths if p]
        )
        return Response(text, mimetype="application/xml")

    @bp.get("/<path:path>")
    def entity(path: str) -> Response:
        """What is known of a term, a record or a graph: a page for people, RDF for programs."""
        stem, dot, suffix = path.rpartition(".")
        if dot + suffix in _SUFFIXES:
            asked = msgspec.structs.replace(request_for("entity", 0, stem), accept=_SUFFIXES[dot + suffix])
            return respond(gateway, gateway.read_blocking(asked))
        if negotiate.choose(_ENTITY_OFFERS, request.headers.get("Accept", "")) != "text/html":
            return respond(gateway, gateway.read_blocking(request_for("entity", 0, path)))
        response = Response(_entity_page(view("entity", path=path), "/" + path))
        response.headers["Vary"] = "accept"
        return response

    return bp


def _entity_page(found: dict[str, Any], here: str) -> str:
    """The page of an entity; *here* is its address on this server, where it has one of its own."""
    shown = found["view"]
    link = shown.get("link") or shown["term"]["link"]
    iri = found["iri"]
    sparql = f"SELECT ?property ?value\nWHERE {{ <{iri}> ?property ?value }}\nORDER BY ?property ?value"
    cited = shown.get("publication")
    paper = PublicationView(**cited) if cited else None
    return render_template(
        "entity.html", kind=found["kind"], view=shown, title=link["label"], iri=iri, here=here, sparql=sparql,
        bibtex=paper.bibtex() if paper else "", ris=paper.ris() if paper else "",
    )  # fmt: skip


def _choices(lines: list[str]) -> dict[str, list[str]]:
    """What a profile can be put together from, by trait."""
    found: dict[str, list[str]] = {}
    for line in lines:
        name, _, values = line.partition("=")
        found.setdefault(name, []).extend(values.split("|"))
    return dict(
        sorted(found.items(), key=lambda item: (item[0] != "histology", item[0] != "setting", item[0]))
    )
