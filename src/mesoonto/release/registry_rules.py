"""What registries and their checks ask of a release, as rules of our own.

The rules are those of FOOPS! (https://w3id.org/foops/) and of the OBO Dashboard
(https://dashboard.obofoundry.org/). What no file can show (that an address answers, that somebody has
registered a prefix) is named with the reason why it is not green. docs/registries.md has the table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import pyoxigraph as ox

from mesoonto.namespaces import MESO, OBO, PREFIXES
from mesoonto.release.terms import OntologyTerm, terms_of
from mesoonto.release.variants import header_of

_DCTERMS, _OWL, _RDFS = (PREFIXES[prefix] for prefix in ("dcterms", "owl", "rdfs"))
_VANN, _BIBO = "http://purl.org/vocab/vann/", PREFIXES["bibo"]
_IRI = re.compile(rf"{re.escape(MESO)}(MESO_\d{{7}}|[A-Za-z][A-Za-z0-9]*)")
_OPEN = frozenset(
    f"https://creativecommons.org/{name}/" for name in ("licenses/by/4.0", "publicdomain/zero/1.0")
)


class Published:
    """The plain variant of a release, as a registry sees it."""

    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self.triples = list(triples)
        self.header = header_of(self.triples)
        self.iri = str(getattr(self.header[0].subject, "value", ""))

    def said(self, predicate: str) -> list[str]:
        """The values of *predicate* in the header."""
        return [str(getattr(t.object, "value", "")) for t in self.header if t.predicate.value == predicate]

    def lacking(self, *predicates: str) -> Iterator[str]:
        """A finding for each of *predicates* that the header does not have."""
        yield from (f"the header has no {predicate}" for predicate in predicates if not self.said(predicate))

    @cached_property
    def own(self) -> list[OntologyTerm]:
        """The classes and object properties of mesoonto that are not retired."""
        return [term for term in terms_of(self.triples).values() if term.own and not term.deprecated]


@dataclass(frozen=True, slots=True)
class RegistryRule:
    """One thing that is asked of a release."""

    name: str  #: as its author calls it
    asks: str
    findings: Callable[[Published], Iterator[str]] | None = None  #: None for what no file can show
    reason: str = ""  #: why it is not green, or what of it is not
    held: str = ""  #: the test that holds it, where another program judges


def broken(published: Published) -> dict[str, list[str]]:
    """The rules that *published* breaks, with what was found."""
    found = {rule.name: list(rule.findings(published)) for rule in RULES if rule.findings}
    return {name: findings for name, findings in found.items() if findings}


def _version(p: Published) -> Iterator[str]:
    yield from p.lacking(f"{_OWL}versionIRI", f"{_OWL}versionInfo")
    for iri in p.said(f"{_OWL}versionIRI"):
        if iri == p.iri or not re.search(r"/\d+\.\d+\.\d+/", iri):
            yield f"{iri} names no version"


def _persistent(p: Published) -> Iterator[str]:
    if not p.iri.startswith("https://w3id.org/"):
        yield f"{p.iri} is no persistent address"


def _own_iri(p: Published) -> Iterator[str]:
    if p.iri != f"{MESO}mesoonto.owl":
        yield f"{p.iri} is not the IRI of the ontology"


def _license(p: Published) -> Iterator[str]:
    yield from p.lacking(f"{_DCTERMS}license")
    yield from (f"{iri} is no open licence" for iri in p.said(f"{_DCTERMS}license") if iri not in _OPEN)


def _labels(p: Published) -> Iterator[str]:
    yield from (f"{term.iri} has no label" for term in p.own if not term.label)


def _definitions(p: Published) -> Iterator[str]:
    yield from (f"{term.iri} has no definition" for term in p.own if not term.definition)


def _reuse(p: Published) -> Iterator[str]:
    if not any(t.predicate.value == f"{_RDFS}subClassOf" and _is_of_obo(t.object) for t in p.triples):
        yield "no class stands below one of another vocabulary"


def _is_of_obo(term: object) -> bool:
    return isinstance(term, ox.NamedNode) and term.value.startswith(OBO)


def _uris(p: Published) -> Iterator[str]:
    yield from (f"{term.iri} has another form" for term in p.own if not _IRI.fullmatch(term.iri))


def _relations(p: Published) -> Iterator[str]:
    """Labels of our properties that are also those of properties of the Relation Ontology in the slices."""
    terms = terms_of(p.triples).values()
    theirs = {t.label.casefold() for t in terms if t.kind == "property" and t.iri.startswith(f"{OBO}RO_")}
    for term in p.own:
        if term.kind == "property" and term.label.casefold() in theirs:
            yield f"{term.iri} has the label of a property of RO: {term.label}"


def _names(p: Published) -> Iterator[str]:
    seen: dict[str, str] = {}
    for term in p.own:
        other = seen.setdefault(term.label.casefold(), term.iri)
        if other != term.iri:
            yield f"{term.iri} and {other} have the label {term.label}"


def _asks(*predicates: str) -> Callable[[Published], Iterator[str]]:
    return lambda published: published.lacking(*predicates)


_SERVED = "an address must answer: the redirects in registries/w3id and a public server are needed"
_REGISTERED = "somebody must enter it there; registries/ has what is asked"
_TITLE, _CREATOR = f"{_DCTERMS}title", f"{_DCTERMS}creator"
_ISSUED, _PUBLISHER = f"{_DCTERMS}issued", f"{_DCTERMS}publisher"

#: The rules, those of FOOPS! first.
RULES = (
    RegistryRule("FOOPS! PURL1", "the ontology's IRI is persistent", _persistent),
    RegistryRule("FOOPS! URI1", "the IRI resolves", reason=_SERVED),
    RegistryRule("FOOPS! URI2", "the IRI in the file is the ontology's", _own_iri),
    RegistryRule("FOOPS! HTTP1", "the protocol is open", _persistent),
    RegistryRule("FOOPS! VER1", "a version IRI that is not the ontology's", _version),
    RegistryRule("FOOPS! VER2", "the version IRI resolves", reason=_SERVED),
    RegistryRule("FOOPS! CN1", "content negotiation between HTML and RDF", reason=_SERVED),
    RegistryRule("FOOPS! DOC1", "documentation in HTML: index.html of the release", reason=_SERVED),
    RegistryRule("FOOPS! RDF1", "a serialisation in RDF: mesoonto.owl and .ttl", reason=_SERVED),
    RegistryRule(
        "FOOPS! FIND1", "a prefix", _asks(f"{_VANN}preferredNamespacePrefix", f"{_VANN}preferredNamespaceUri")
    ),
    RegistryRule("FOOPS! FIND2", "the prefix is in prefix.cc or LOV", reason=_REGISTERED),
    RegistryRule("FOOPS! FIND3", "the ontology is in LOV", reason=_REGISTERED),
    RegistryRule("FOOPS! FIND_3_BIS", "its metadata are in a registry", reason=_REGISTERED),
    RegistryRule(
        "FOOPS! OM1",
        "title, description, licence, version IRI, author, namespace",
        _asks(
            _TITLE,
            f"{_DCTERMS}description",
            f"{_DCTERMS}license",
            f"{_OWL}versionIRI",
            _CREATOR,
            f"{_VANN}preferredNamespaceUri",
        ),
    ),
    RegistryRule(
        "FOOPS! OM2",
        "prefix, version, day of creation, citation",
        _asks(
            f"{_VANN}preferredNamespacePrefix",
            f"{_OWL}versionInfo",
            f"{_DCTERMS}created",
            f"{_DCTERMS}bibliographicCitation",
        ),
    ),
    RegistryRule(
        "FOOPS! OM3",
        "publisher, status, source, day of issue, DOI, logo",
        _asks(_PUBLISHER, f"{_BIBO}status", f"{_DCTERMS}source", _ISSUED, f"{_DCTERMS}modified"),
        "no DOI has been registered for mesoonto, and it has no logo",
    ),
    RegistryRule("FOOPS! OM4.1", "a licence", _license),
    RegistryRule("FOOPS! OM4.2", "the licence resolves: Creative Commons' own address", _license),
    RegistryRule("FOOPS! OM5.1", "author and day of creation", _asks(_CREATOR, f"{_DCTERMS}created")),
    RegistryRule("FOOPS! OM5.2", "day of issue and publisher", _asks(_ISSUED, _PUBLISHER)),
    RegistryRule(
        "FOOPS! VOC1", "known vocabularies in the header", _asks(_TITLE, f"{_VANN}preferredNamespaceUri")
    ),
    RegistryRule("FOOPS! VOC2", "other vocabularies are reused", _reuse),
    RegistryRule("FOOPS! VOC3", "every term has a label", _labels),
    RegistryRule(
        "FOOPS! VOC4",
        "every term has a definition",
        _definitions,
        "FOOPS! reads rdfs:comment and skos:definition; ours are IAO:0000115 as OBO has them, and "
        "skos:definition in mesoonto-skos.ttl",
    ),
    RegistryRule("OBO FP01 Open", "an open licence, the same in the registry", _license),
    RegistryRule(
        "OBO FP02 Common format", "RDF/XML that the OWL API reads", held="tests/release/test_release.py"
    ),
    RegistryRule(
        "OBO FP03 URIs",
        "terms are PREFIX_number",
        _uris,
        "IRIs are w3id's, not purl.obolibrary.org's, and schema terms that people type have readable names",
    ),
    RegistryRule(
        "OBO FP04 Versioning",
        "a version IRI with a version or a date",
        _version,
        "that it resolves needs a public server",
    ),
    RegistryRule("OBO FP05 Scope", "a domain in the registry: registries/obofoundry", reason=_REGISTERED),
    RegistryRule("OBO FP06 Textual definitions", "every term has one", _definitions),
    RegistryRule(
        "OBO FP07 Relations",
        "no relation doubles one of RO",
        _relations,
        "own relations remain, which the Dashboard tells as information",
    ),
    RegistryRule("OBO FP08 Documented", "homepage and description in the registry", reason=_REGISTERED),
    RegistryRule("OBO FP09 Users", "users in the registry", reason="none but this project is known"),
    RegistryRule("OBO FP11 Authority", "a person with an address", reason="who submits it must give theirs"),
    RegistryRule("OBO FP12 Naming", "one label a term, no label twice", _names),
    RegistryRule(
        "OBO FP16 Maintenance",
        "the version is not old",
        _asks(_ISSUED),
        "the Dashboard reads the day from version IRIs of OBO alone; ours have a number",
    ),
    RegistryRule("OBO FP20 Responsiveness", "an open tracker", reason=_REGISTERED),
    RegistryRule("OBO ROBOT report", "ROBOT's report finds nothing", held="tests/owl/test_owl_api.py"),
)


def table() -> str:
    """The rules in Markdown, each with whether it is green."""
    rows = ["| rule | asks for | state |", "|---|---|---|"]
    for rule in RULES:
        if rule.findings is None:
            state = f"green, by {rule.held}" if rule.held else f"not green: {rule.reason}"
        else:
            state = f"green in part: {rule.reason}" if rule.reason else "green"
        rows.append(f"| {rule.name} | {rule.asks} | {state} |")
    return "\n".join(rows) + "\n"
