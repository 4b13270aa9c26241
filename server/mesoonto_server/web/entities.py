"""The pages of entities, and the same as RDF and as citations, by Accept or by the ending of the address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec
from flask import Blueprint, Response, redirect, render_template, request

from mesoonto import __version__
from mesoonto.namespaces import MESO
from mesoonto.views.citations import Citation
from mesoonto_server.front.gateway import Gateway
from mesoonto_server.http import negotiate
from mesoonto_server.http.problems import RequestError
from mesoonto_server.web.sparql import request_for, respond
from mesoonto_server.web.views import View, page_of, reader

_PAGE = "text/html"

#: Endings of an entity's address that choose a form, and what they stand for.
_FORMS = {
    ".ttl": "text/turtle",
    ".jsonld": "application/ld+json",
    ".rdf": "application/rdf+xml",
    ".nt": "application/n-triples",
    ".html": _PAGE,
    ".bib": "application/x-bibtex",
    ".ris": "application/x-research-info-systems",
    ".csl.json": "application/vnd.citationstyles.csl+json",
}

#: Forms of a citation, and the method that writes each.
_CITATIONS = {_FORMS[".bib"]: "bibtex", _FORMS[".ris"]: "ris", _FORMS[".csl.json"]: "csl"}

#: In order of preference for clients that accept anything.
_OFFERS = (
    "text/turtle", "application/rdf+xml", "application/ld+json", _PAGE, "application/n-triples", *_CITATIONS,
)  # fmt: skip


def blueprint(gateway: Gateway) -> Blueprint:
    """The routes of entities."""
    bp = Blueprint("entities", __name__)
    view = reader(gateway)

    @bp.get("/document")
    def document() -> Response:
        """An entity whose IRI is not ours: a publication, a gene, a disease."""
        iri = request.args.get("iri", "")
        if iri.startswith(MESO):
            return _seen_at(page_of(iri))
        ending = "." + request.args["format"] if "format" in request.args else ""
        if ending and ending not in _FORMS:
            known = ", ".join(name[1:] for name in _FORMS)
            raise RequestError(400, f"format is none of {known}")
        form = _FORMS.get(ending) or negotiate.choose((_PAGE, *_OFFERS), request.headers.get("Accept", ""))
        return _answer(gateway, view, form, ending, {"iri": iri})

    @bp.get("/id/<path:name>")
    def identifier(name: str) -> Response:
        """Leads from a CURIE, a registry number, a PubMed number or a DOI to what has it."""
        return _seen_at(page_of(view("identifier", id=name)["iri"]))

    @bp.get("/<path:path>")
    def entity(path: str) -> Response:
        """What is known of a term, a record or a graph: a page for people, RDF for programs."""
        ending = next((one for one in _FORMS if path.endswith(one)), "")
        form = _FORMS.get(ending) or negotiate.choose(_OFFERS, request.headers.get("Accept", ""))
        return _answer(gateway, view, form, ending, {"path": path.removesuffix(ending)})

    return bp


def _answer(gateway: Gateway, view: View, form: str | None, ending: str, asked: dict[str, str]) -> Response:
    """The entity that is *asked* for, in *form*, which *ending* of the address chose where it has one."""
    if form is not None and form in (_PAGE, *_CITATIONS):
        found = view("document" if "iri" in asked else "entity", **asked)
        if form == _PAGE:
            response = Response(_page(found))
        else:
            response = Response(getattr(_citation(found), _CITATIONS[form])(), mimetype=form)
    else:  # what is not offered is refused there
        described = request_for("entity", 0, asked.get("iri") or asked["path"])
        if ending:
            described = msgspec.structs.replace(described, accept=_FORMS[ending])
        response = respond(gateway, gateway.read_blocking(described))
    if not ending:
        response.headers["Vary"] = "accept, accept-language" if form == _PAGE else "accept"
        iri = asked.get("iri") or MESO + asked["path"]
        if response.status_code == 200 and (own := next((e for e, f in _FORMS.items() if f == form), "")):
            response.headers["Content-Location"] = _in_form(iri, own)
            links = [f'<{iri}>; rel="cite-as"'] if iri.isascii() else []
            links += [
                f'<{_in_form(iri, e)}>; rel="{"alternate" if f == _PAGE else "describedby"}"; type="{f}"'
                for e, f in _FORMS.items()
                if e != own
            ]
            response.headers["Link"] = ", ".join(links)
    return response


def _in_form(iri: str, ending: str) -> str:
    """Where the entity *iri* is in the form of *ending*."""
    here = page_of(iri)
    return here + ending if here.startswith("/") and "?" not in here else f"{here}&format={ending[1:]}"


def _seen_at(place: str) -> Response:
    """303: another address describes it (RFC 9110, section 15.4.4)."""
    return redirect(place, 303)  # type: ignore[return-value]


def _page(found: dict[str, Any]) -> str:
    iri, link = found["iri"], found["link"]
    sparql = f"SELECT ?property ?value\nWHERE {{ <{iri}> ?property ?value }}\nORDER BY ?property ?value"
    naming = f"SELECT ?subject ?property\nWHERE {{ ?subject ?property <{iri}> }}\nORDER BY ?property ?subject"
    cited = _citation(found)
    forms = [(name, _in_form(iri, ending)) for name, ending in _NAMES.items()]
    return render_template(
        "entity.html", kind=found["kind"], view=found["view"], title=link["label"], iri=iri, forms=forms,
        ask="/ask?" + urlencode({"query": sparql}), named="/ask?" + urlencode({"query": naming}),
        place=found.get("place", ""), history=found["history"],
        schema=found["schema"], citations=[(n, getattr(cited, m)()) for n, m in _STYLES.items()],
    )  # fmt: skip


#: What a page calls the forms in which an entity comes.
_NAMES = {
    "Turtle": ".ttl", "JSON-LD": ".jsonld", "RDF/XML": ".rdf", "N-Triples": ".nt", "BibTeX": ".bib",
    "RIS": ".ris", "CSL-JSON": ".csl.json",
}  # fmt: skip
_STYLES = {"BibTeX": "bibtex", "RIS": "ris", "CSL-JSON": "csl"}


def _citation(found: dict[str, Any]) -> Citation:
    """How the entity is cited: a paper as a paper, all else as an entry of this dataset."""
    if found["kind"] == "publication":
        paper = found["view"]["publication"]
        return Citation(
            key=paper["pmid"] or paper["doi"] or paper["iri"], title=paper["title"] or paper["link"]["label"],
            url=paper["iri"], year=paper["year"], doi=paper["doi"], pmid=paper["pmid"],
            note=paper["citation"], paper=True,
        )  # fmt: skip
    years = [e["date"][:4] for e in found["history"] if e["words"].startswith(("recorded", "changed"))]
    return Citation(
        key="mesoonto_" + found["iri"].rpartition("/")[2], title=found["link"]["label"], url=found["iri"],
        year=next(iter(years), ""), author="mesoonto contributors", version=__version__,
        note="In: mesoonto, knowledge base, CC BY 4.0. Cite the sources that it names as well.",
    )  # fmt: skip
