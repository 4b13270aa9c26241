"""The quality rules of the ontology: SPARQL files that find what is wrong.

A rule is ``ontology/quality/NAME.rq``: a header that says what should hold, and a SELECT of the terms that
break it, as ``?term``, with ``?property`` and ``?value`` where they help. To add a rule, add a file.

A rule with a line ``#+ applies: to any ontology`` speaks of no term of this project; where it means the terms
of the ontology itself it has ``own:``, which stands for the namespace of that ontology.

A term may be exempt from one rule: ``meso:exemptFromRule "NAME: the reason"``. An exemption that names
no rule, gives no reason or is not needed is a flaw itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyoxigraph as ox

from mesoonto import resources
from mesoonto.errors import InputError, Place
from mesoonto.files.annotated import read_annotated
from mesoonto.files.terms import OWL, TYPE
from mesoonto.namespaces import GRAPH, MESO, OBO, local_name
from mesoonto.ontology.files import DATA, MODULES
from mesoonto.ontology.model import Ontology

_EXEMPT = f"{MESO}exemptFromRule"
_DECLARED = frozenset(
    ox.NamedNode(OWL + kind) for kind in ("Class", "ObjectProperty", "DatatypeProperty", "NamedIndividual")
)
_EXEMPTION = "an exemption names a rule that the term breaks, a colon and the reason"


@dataclass(frozen=True, slots=True)
class QualityRule:
    """What should hold, and the query for what breaks it."""

    name: str
    summary: str  #: what should hold, in words
    pitfall: str  #: number and name in the OOPS! catalogue of pitfalls, or ""
    general: bool  #: whether it applies to any ontology, not to this project's alone
    sparql: str
    path: Path


@dataclass(frozen=True, slots=True, order=True)
class Flaw:
    """A term that breaks a rule."""

    file: str  #: where the term is described, or "" when nowhere
    line: int  #: 0 when it was not found
    term: str
    value: str  #: what is wrong with it, such as the other term; or ""
    rule: str
    summary: str


@dataclass(frozen=True, slots=True)
class _Exemption:
    term: str
    rule: str
    reason: str


def shipped_rules() -> list[QualityRule]:
    """All shipped rules by name."""
    return [read_rule(path) for path in resources.quality_files()]


def read_rule(path: Path) -> QualityRule:
    """The rule in *path*; an InputError when its header lacks a summary."""
    header, sparql = read_annotated(path)
    return QualityRule(
        path.stem, header["summary"], header.get("pitfall", ""), "applies" in header, sparql, path
    )


def dataset(ontology: Ontology) -> ox.Store:
    """The store in which rules look at *ontology*: each layer in the graph that it has when shipped."""
    store = ox.Store()
    for document in ontology.documents:
        graph = ox.NamedNode(GRAPH + document.layer)
        store.extend(ox.Quad(t.subject, t.predicate, t.object, graph) for t in document.triples)
    return store


def own_namespace(ontology: Ontology) -> str:
    """The namespace in which modules of *ontology* declare most of their classes and properties, or ""."""
    declared = (
        t.subject.value
        for t in ontology.triples(MODULES)
        if t.predicate == TYPE and t.object in _DECLARED and isinstance(t.subject, ox.NamedNode)
    )
    found = Counter(_namespace(iri) for iri in declared).most_common(1)
    return found[0][0] if found else ""


def _namespace(iri: str) -> str:
    """*iri* up to its last ``#`` or ``/``; of an OBO term, whose ontologies share one, with its prefix."""
    local = local_name(iri)
    stem = iri.removesuffix(local)
    prefix, underscore, _ = local.partition("_")
    return f"{stem}{prefix}_" if stem == OBO and underscore else stem


def adapted(rule: QualityRule, namespace: str) -> QualityRule:
    """*rule*, a general one, for the ontology whose own terms begin with *namespace*."""
    return replace(rule, sparql=rule.sparql.replace(f"PREFIX own: <{MESO}>", f"PREFIX own: <{namespace}>"))


def check(store: ox.Store, rules: Iterable[QualityRule], ontology: Ontology) -> list[Flaw]:
    """What breaks *rules* in *store*, a dataset of *ontology*, in the order of files and lines.

    Raises InputError for a broken rule.
    """
    rules = list(rules)
    exemptions = list(_exemptions(ontology))
    excused = {(e.term, e.rule) for e in exemptions}
    broken = {flaw for rule in rules for flaw in _flaws(store, rule, ontology)}
    left = {f for f in broken if (f.term, f.rule) not in excused and (f.value, f.rule) not in excused}
    needed = {(iri, f.rule) for f in broken - left for iri in (f.term, f.value)}
    known = {path.stem for path in resources.quality_files()} | {rule.name for rule in rules}
    for e in exemptions:
        unneeded = e.rule in {rule.name for rule in rules} and (e.term, e.rule) not in needed
        if e.rule not in known or not e.reason or unneeded:
            value = f"{e.rule}: {e.reason}" if e.reason else e.rule
            left.add(Flaw(*ontology.spot(e.term, _EXEMPT), e.term, value, "exemption", _EXEMPTION))
    return sorted(left)


def _exemptions(ontology: Ontology) -> Iterator[_Exemption]:
    predicate = ox.NamedNode(_EXEMPT)
    for triple in ontology.triples(MODULES, DATA):
        if triple.predicate == predicate and isinstance(triple.subject, ox.NamedNode):
            rule, _, reason = str(getattr(triple.object, "value", "")).partition(":")
            yield _Exemption(triple.subject.value, rule.strip(), reason.strip())


def _flaws(store: ox.Store, rule: QualityRule, ontology: Ontology) -> Iterator[Flaw]:
    try:
        rows = store.query(rule.sparql, use_default_graph_as_union=True)
    except SyntaxError as error:
        raise InputError(f"not SPARQL: {error}", Place(str(rule.path))) from error
    if not isinstance(rows, ox.QuerySolutions) or "term" not in {v.value for v in rows.variables}:
        raise InputError("a rule is a SELECT query with a variable ?term", Place(str(rule.path)))
    names = {variable.value for variable in rows.variables}
    for row in rows:
        term, prop, value = (
            getattr(row[name], "value", "") if name in names and row[name] is not None else ""
            for name in ("term", "property", "value")
        )
        yield Flaw(*ontology.spot(term, prop), term, value, rule.name, rule.summary)
