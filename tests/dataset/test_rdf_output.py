"""Triples as RDF/XML: what is written, another parser reads alike; what it cannot hold is refused."""

from __future__ import annotations

import io
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mesoonto.dataset.formats import Kind, format_named
from mesoonto.dataset.rdf_output import require_writable, write_triples
from mesoonto.dataset.store import Engine
from mesoonto.errors import FormatError
from mesoonto.namespaces import PREFIXES

XML = ox.RdfFormat.RDF_XML
_RDF = PREFIXES["rdf"]
_TYPE = ox.NamedNode(f"{_RDF}type")
_S = ox.NamedNode("http://e/s")
_P = ox.NamedNode("http://e/p")

_ODD = [
    *"\x01\x08\x0b\x1f\x7f\x85\r\n\t <>&'\"]\u00d7\u200c\u2028\ufffd\ufffe\uffff\ufdd0\U00010000\U0001fffe"
]
_TEXT = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from(_ODD)), max_size=12)
_NAMES = st.text(st.sampled_from([*"abZ_09-.:/#~é·\u0301\u2040\u3042\u0d4e\U00010000"]), max_size=6)
_SPACES = st.sampled_from(
    ["http://e/", "http://e/x#", "urn:x:", "xml:", PREFIXES["skos"], "http://www.w3.org/2000/xmlns/", _RDF]
)


def _iri(space: str, name: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(space + name)
    except ValueError:
        return ox.NamedNode(space + "other")


_IRIS = st.one_of(
    st.builds(_iri, _SPACES, _NAMES),
    st.builds(
        _iri, st.just(_RDF), st.sampled_from(["li", "about", "ID", "_1", "value", "Description", "type"])
    ),
)
_LITERALS = st.one_of(
    st.builds(ox.Literal, _TEXT),
    st.builds(lambda value: ox.Literal(value, language="en"), _TEXT),
    st.builds(lambda value, kind: ox.Literal(value, datatype=kind), _TEXT, _IRIS),
)
_TRIPLES = st.one_of(
    st.builds(ox.Triple, st.just(_S), _IRIS, st.one_of(_LITERALS, _IRIS)),
    st.builds(ox.Triple, st.just(_S), st.just(_TYPE), _IRIS),
)


def written(triples: list[ox.Triple]) -> bytes:
    output = io.BytesIO()
    write_triples(triples, XML, output, PREFIXES)
    return output.getvalue()


def terms(triples: list[ox.Triple]) -> set[tuple[str, ...]]:
    return {
        (t.subject.value, t.predicate.value, t.object.value, t.object.datatype.value, t.object.language or "")  # type: ignore[union-attr]
        if isinstance(t.object, ox.Literal)
        else (t.subject.value, t.predicate.value, t.object.value)  # type: ignore[union-attr]
        for t in triples
    }


def read_by_rdflib(content: bytes) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for s, p, o in rdflib.Graph().parse(content, format="xml"):
        if isinstance(o, rdflib.Literal):
            string = f"{_RDF}langString" if o.language else PREFIXES["xsd"] + "string"
            found.add((str(s), str(p), str(o), str(o.datatype or string), o.language or ""))
        else:
            found.add((str(s), str(p), str(o)))
    return found


@settings(deadline=None)
@given(st.lists(_TRIPLES, max_size=5))
@example([ox.Triple(_S, _P, ox.Literal("a\rb\x85c\u2028d ]]> &"))])
@example([ox.Triple(_S, ox.NamedNode("http://e/\U00010000"), ox.Literal("x"))])
def test_what_is_written_other_parsers_read_alike(triples: list[ox.Triple]) -> None:
    try:
        content = written(triples)
    except FormatError:
        with pytest.raises(FormatError):
            require_writable(triples, XML)
        return
    require_writable(triples, XML)
    ElementTree.fromstring(content)
    read = {quad.triple for quad in ox.parse(content, format=XML)}
    assert terms([*read]) == terms(triples)
    # rdflib takes names in rdf: that it does not know for mistakes, and resolves datatypes that are relative.
    if all(_RDF not in str(triple) for triple in triples):
        assert read_by_rdflib(content) == terms(triples)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,5}", fullmatch=True),
            st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cn", "Cs"])),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_nothing_is_refused_that_xml_can_hold(rows: list[tuple[str, str]]) -> None:
    triples = [ox.Triple(_S, ox.NamedNode(f"http://e/{name}"), ox.Literal(text)) for name, text in rows]
    assert terms([quad.triple for quad in ox.parse(written(triples), format=XML)]) == terms(triples)


@pytest.mark.parametrize(
    ("triple", "named"),
    [
        (ox.Triple(_S, _P, ox.Literal("a\x01b")), "U+0001"),
        (ox.Triple(_S, _P, ox.Literal("a\ufffeb")), "U+FFFE"),
        (ox.Triple(_S, ox.NamedNode("http://e/1"), ox.Literal("x")), "<http://e/1>"),
        (ox.Triple(_S, ox.NamedNode("http://e/"), ox.Literal("x")), "<http://e/>"),
        (ox.Triple(_S, ox.NamedNode(f"{_RDF}li"), ox.Literal("x")), "#li>"),
        (ox.Triple(_S, ox.NamedNode("http://www.w3.org/2000/xmlns/p"), ox.Literal("x")), "xmlns/p>"),
        (ox.Triple(_S, _TYPE, ox.NamedNode("http://e/9606")), "<http://e/9606>"),
        (ox.Triple(ox.BlankNode("1"), _P, ox.Literal("x")), "_:1"),
        (ox.Triple(_S, _P, ox.Triple(_S, _P, ox.Literal("\x02"))), "U+0002"),
    ],
)
def test_refusal_names_what_it_is_and_another_format(triple: ox.Triple, named: str) -> None:
    with pytest.raises(FormatError) as caught:
        written([triple])
    assert named in str(caught.value)
    assert "text/turtle" in str(caught.value)


def test_construct_is_refused_as_rdf_xml_and_given_as_turtle() -> None:
    store = ox.Store()
    store.add(ox.Quad(_S, _P, ox.Literal("a\x01b")))
    engine = Engine(store, "v")
    with pytest.raises(FormatError):
        engine.query("CONSTRUCT WHERE { ?s ?p ?o }").serialize(format_named("rdfxml", Kind.TRIPLES))
    turtle = engine.query("CONSTRUCT WHERE { ?s ?p ?o }").serialize(format_named("turtle", Kind.TRIPLES))
    assert [quad.object.value for quad in ox.parse(turtle, format=ox.RdfFormat.TURTLE)] == ["a\x01b"]
