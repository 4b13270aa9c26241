"""The documentation site of a release: one page with every term, made from the ontology alone."""

from __future__ import annotations

from mesoonto.namespaces import compress
from mesoonto.release.terms import OntologyTerm, by_parent


def page(terms: dict[str, OntologyTerm], version: str, files: list[str]) -> str:
    """An HTML page that needs no network and no script."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("mesoonto.release"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    own = {iri: term for iri, term in terms.items() if term.own}
    roots = [t for t in own.values() if t.kind == "class" and not any(p in own for p in t.parents)]
    return environment.get_template("site.html").render(
        version=version,
        files=files,
        terms=terms,
        own=own,
        classes=sorted((t for t in own.values() if t.kind == "class"), key=lambda t: t.label),
        properties=sorted((t for t in own.values() if t.kind == "property"), key=lambda t: t.label),
        roots=sorted(roots, key=lambda t: t.label),
        children=by_parent(own),
        curie=compress,
        anchor=lambda iri: compress(iri).replace(":", "_"),
    )
