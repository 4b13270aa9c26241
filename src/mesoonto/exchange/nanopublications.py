"""Records as nanopublications, unsigned, by the library nanopub, which also checks them.

One for each record: the assertion graph holds the record's own triples, the provenance graph its source, the
publication information who made it, when and under which licence. Its name is a trusty URI, which holds a
hash of all that is said; a signature is what it lacks to be published.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mesoonto.errors import ExchangeError
from mesoonto.exchange.formats import Exported, record_name
from mesoonto.namespaces import MESO, PREFIXES
from mesoonto.views.about import LICENSE
from mesoonto.views.facts import BIBO, DCTERMS, Facts

if TYPE_CHECKING:
    from nanopub.nanopub import Nanopub

#: What their names begin with.
BASE = f"{MESO}np/"

_NP = "http://www.nanopub.org/nschema#"
_THIS, _HEAD, _ASSERTION, _PROVENANCE, _PUBINFO = (
    ox.NamedNode(BASE + part) for part in ("", "Head", "assertion", "provenance", "pubinfo")
)
#: The same in each.
_PARTS = (
    ox.Quad(_THIS, ox.NamedNode(f"{PREFIXES['rdf']}type"), ox.NamedNode(f"{_NP}Nanopublication"), _HEAD),
    ox.Quad(_THIS, ox.NamedNode(f"{_NP}hasAssertion"), _ASSERTION, _HEAD),
    ox.Quad(_THIS, ox.NamedNode(f"{_NP}hasProvenance"), _PROVENANCE, _HEAD),
    ox.Quad(_THIS, ox.NamedNode(f"{_NP}hasPublicationInfo"), _PUBINFO, _HEAD),
    ox.Quad(_THIS, ox.NamedNode(f"{DCTERMS}license"), ox.NamedNode(LICENSE), _PUBINFO),
)
_DERIVED = ox.NamedNode("http://www.w3.org/ns/prov#wasDerivedFrom")


def write(facts: Facts, chosen: Sequence[ox.NamedNode], step: Callable[[], None]) -> Exported:
    """The records *chosen* in TriG, one nanopublication after the other; nothing of them is lost.

    An ExchangeError names the first that the library finds no valid nanopublication.
    """
    parts = []
    with _quiet():
        for node in chosen:
            parts.append(_named(facts, node).rdf.serialize(format="trig"))
            step()
    return Exported("".join(parts), ())


def _named(facts: Facts, node: ox.NamedNode) -> Nanopub:
    """The nanopublication of the record *node* under its trusty URI, checked by the library."""
    from nanopub.nanopub import Nanopub
    from nanopub.sign_utils import replace_trusty_in_graph
    from nanopub.trustyuri.rdf import RdfHasher, RdfUtils
    from nanopub.utils import MalformedNanopubError
    from rdflib import ConjunctiveGraph

    graph = ConjunctiveGraph()
    graph.parse(ox.serialize(_quads(facts, node), format=ox.RdfFormat.N_QUADS), format="nquads")
    for prefix in ("bibo", "dcterms", "meso", "mesod", "obo", "pmid", "skos"):
        graph.bind(prefix, PREFIXES[prefix])
    name = RdfHasher.make_hash(RdfUtils.get_quads(graph), baseuri=BASE, hashstr=" ")  # type: ignore[no-untyped-call]
    try:
        made = Nanopub(rdf=replace_trusty_in_graph(name, BASE, graph))
        sound = made.is_valid and made.has_valid_trusty
    except MalformedNanopubError as error:
        raise ExchangeError(f"{record_name(node)} makes no valid nanopublication: {error}") from error
    assert sound  # noqa: S101  # the library raises where it is not
    return made


def _quads(facts: Facts, node: ox.NamedNode) -> Iterator[ox.Quad]:
    """The four graphs, under names from which the hash is computed."""
    yield from _PARTS
    for predicate, values in facts.outward(node).items():
        yield from (ox.Quad(node, ox.NamedNode(predicate), value, _ASSERTION) for value in values)
    for source in facts.entities(node, f"{DCTERMS}source"):
        yield ox.Quad(_ASSERTION, _DERIVED, source, _PROVENANCE)
        for predicate in (f"{DCTERMS}title", f"{BIBO}doi", f"{BIBO}pmid"):
            values = facts.objects(source, predicate)
            yield from (ox.Quad(source, ox.NamedNode(predicate), value, _PROVENANCE) for value in values)
    for predicate in (f"{DCTERMS}creator", f"{DCTERMS}created"):
        values = facts.objects(node, predicate)
        yield from (ox.Quad(_THIS, ox.NamedNode(predicate), value, _PUBINFO) for value in values)


@contextmanager
def _quiet() -> Iterator[None]:
    """The library still uses classes and names of rdflib that are to go."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield
