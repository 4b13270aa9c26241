"""Statements as nanopublications: the record's own triples, names with their hash, the library's checks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest
from nanopub.nanopub import Nanopub
from nanopub.utils import MalformedNanopubError
from rdflib import ConjunctiveGraph, Graph, Literal, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCTERMS, PROV

from mesoonto import resources
from mesoonto.dataset.store import Engine
from mesoonto.exchange import formats
from mesoonto.namespaces import DATA, MESO
from mesoonto.views.facts import Facts

NANOPUB = formats.named("nanopub")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the library's use of rdflib


@cache
def _file(path: Path) -> Graph:
    """A file of records, as another parser reads it."""
    return Graph().parse(path)


def _record(node: ox.NamedNode) -> Graph:
    """The triples of the record *node* in its file."""
    begins = f"{node.value.replace(DATA, 'mesod:')} a "
    (path,) = (path for path, text in _texts().items() if begins in text)
    record = Graph()
    record += _file(path).triples((URIRef(node.value), None, None))
    return record


@cache
def _texts() -> dict[Path, str]:
    return {path: path.read_text("utf-8") for path in resources.record_files()}


def _one_by_one(text: str) -> Iterator[ConjunctiveGraph]:
    """The nanopublications of a file; each begins with its prefixes."""
    for part in re.split(r"(?<=\n\}\n)\n*(?=@prefix)", text):
        yield ConjunctiveGraph().parse(data=part, format="trig")


def _check(facts: Facts, chosen: Iterable[ox.NamedNode]) -> int:
    nodes = list(chosen)
    exported = formats.write(facts, NANOPUB, nodes)
    assert exported.losses == ()
    made = [Nanopub(rdf=graph) for graph in _one_by_one(exported.text)]
    for node, one in zip(nodes, made, strict=True):
        assert one.is_valid
        assert one.has_valid_trusty
        assert isomorphic(one.assertion, _record(node))
    assert len({one.source_uri for one in made}) == len(made)
    return len(made)


@pytest.fixture(scope="module")
def facts(engine: Engine) -> Facts:
    return Facts(engine.store)


def test_the_assertion_is_the_record_and_the_library_finds_it_valid(facts: Facts) -> None:
    assert _check(facts, formats.records(facts, NANOPUB)[::60]) > 5


@pytest.mark.thorough
def test_every_record_is_a_valid_nanopublication(facts: Facts) -> None:
    assert _check(facts, formats.records(facts, NANOPUB)) > 400


def test_one_as_its_record_has_it(facts: Facts) -> None:
    exported = formats.write(facts, NANOPUB, formats.records(facts, NANOPUB, ["statement_Blum2019_1"]))
    (graph,) = _one_by_one(exported.text)
    one = Nanopub(rdf=graph)
    this, source = URIRef(one.source_uri), URIRef("https://pubmed.ncbi.nlm.nih.gov/30902996")
    doi = URIRef("http://purl.org/ontology/bibo/doi")
    assert str(this).startswith(f"{MESO}np/RA")
    assert (one.metadata.assertion, PROV.wasDerivedFrom, source) in one.provenance
    assert (source, doi, Literal("10.1038/s41467-019-09307-6")) in one.provenance
    assert str(one.pubinfo.value(this, DCTERMS.created)) == "2026-11-24"
    assert str(one.pubinfo.value(this, DCTERMS.license)) == "https://creativecommons.org/licenses/by/4.0/"


def test_a_changed_word_changes_the_name(facts: Facts) -> None:
    exported = formats.write(facts, NANOPUB, formats.records(facts, NANOPUB, ["statement_Blum2019_1"]))
    (graph,) = _one_by_one(exported.text.replace("highly associated", "associated"))
    with pytest.raises(MalformedNanopubError):
        _ = Nanopub(rdf=graph).has_valid_trusty
