"""What can be taken away whole, and what changed between two versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request, send_file

from mesoonto import resources
from mesoonto.release import changes, folder, snapshot
from mesoonto.release.tables import TABLES
from mesoonto.views import schema_org
from mesoonto.views.about import DESCRIPTION
from mesoonto_server.front.gateway import Gateway
from mesoonto_server.http.problems import RequestError
from mesoonto_server.settings import Settings
from mesoonto_server.web.views import reader

#: Endings of dumps, with their names.
_DUMPS = {"ttl": "Turtle", "nt": "N-Triples", "jsonld": "JSON-LD", "rdf": "RDF/XML"}

_MEDIA_TYPES = {
    "Turtle": "text/turtle", "N-Triples": "application/n-triples", "JSON-LD": "application/ld+json",
    "RDF/XML": "application/rdf+xml",
}  # fmt: skip


def blueprint(gateway: Gateway, settings: Settings) -> Blueprint:
    """The routes of downloads and comparisons."""
    bp = Blueprint("downloads", __name__)
    view = reader(gateway)
    releases = settings.releases_dir
    shipped = settings.from_files

    @bp.get("/download")
    def download() -> str:
        graphs = [{**graph, "dumps": _dumps(f"GRAPH <{graph['iri']}>")} for graph in view("graphs")]
        return render_template(
            "download.html",
            releases=[(v, folder.files_of(releases, v)) for v in folder.versions(releases) if releases],
            graphs=graphs,
            everything=_dumps(""),
            schema=_dataset(gateway.pool.version),
            tables=[(name, "/sparql.csv?" + urlencode({"query": text})) for name, text in TABLES.items()],
            shipped=list(folder.shipped_files().values()) if shipped else [],
        )

    @bp.get("/download/<path:name>")
    def file(name: str) -> Response:
        """A file of a release, ``VERSION/NAME``, or a shipped one by its path."""
        version, _, rest = name.partition("/")
        if shipped and name in folder.shipped_files():
            return _sent(resources.root() / name)
        offered = releases is not None and version in folder.versions(releases)
        if releases is not None and offered and rest in map(_name, folder.files_of(releases, version)):
            return _sent(releases / version / rest)
        raise RequestError(404, f"there is no file {name[:100]}; /download lists what there is")

    @bp.get("/compare")
    def compare() -> str:
        known = [*reversed(folder.versions(releases)), *([snapshot.SHIPPED] if shipped else [])]
        before, after = request.args.get("before", ""), request.args.get("after", "")
        found = None
        if before or after:
            for version in (before, after):
                if version not in known:
                    raise RequestError(
                        404, f"there is no version {version[:40]}; there are {', '.join(known)}"
                    )
            found = _grouped(view("changes", before=before, after=after))
        return render_template("compare.html", known=known, before=before, after=after, found=found)

    return bp


def _dataset(version: str) -> dict[str, object]:
    """The dataset as search engines for data read it (https://schema.org/Dataset)."""
    root = request.url_root.rstrip("/")
    downloads = {root + href: _MEDIA_TYPES[name] for name, href in _dumps("")}
    return schema_org.knowledge_base(f"{root}/", DESCRIPTION, version, downloads)


def _dumps(graph: str) -> list[tuple[str, str]]:
    """The triples of *graph*, or of all, in each form: name and address."""
    query = urlencode({"query": f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {graph} {{ ?s ?p ?o }} }}"})
    return [(name, f"/sparql.{ending}?{query}") for ending, name in _DUMPS.items()]


def _name(file: folder.DownloadFile) -> str:
    return file.name


def _sent(path: Path) -> Response:
    plain = path.suffix in (".ttl", ".tsv", ".trig", ".obo", ".csv", ".md") or not path.suffix
    response = send_file(path, mimetype="text/plain" if plain else None, as_attachment=True)
    # A page that came with a release is a file like others, and none of this site's.
    response.headers["Content-Security-Policy"] = "sandbox"
    return response


def _grouped(found: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {
        heading: [] for heading in (*changes.VERBS.values(), changes.OTHER_CHANGES)
    }
    for change in found:
        heading = changes.VERBS.get(change["words"].partition(" ")[0], changes.OTHER_CHANGES)
        groups[heading].append(change)
    return {heading: told for heading, told in groups.items() if told}
