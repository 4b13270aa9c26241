"""Reads RDF/XML with the place of every statement (RDF 1.1 XML Syntax, section 7)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin
from xml.parsers import expat

import pyoxigraph as ox

from mesoonto.files.terms import FIRST, NIL, RDF, REST, TYPE, Term
from mesoonto.files.turtle import Written

_XML = "http://www.w3.org/XML/1998/namespace"
_SYNTAX = frozenset(f"{RDF}{name}" for name in ("about", "ID", "nodeID", "resource", "parseType", "datatype"))
_ROOT = f"{RDF}RDF"
_SUBJECT, _PREDICATE, _OBJECT, _STATEMENT = (
    ox.NamedNode(f"{RDF}{name}") for name in ("subject", "predicate", "object", "Statement")
)
_SPACE = re.compile(rb"\s*")


def read(content: bytes, base: str) -> Iterator[Written]:
    """The statements of *content* with their offsets in bytes, blank nodes with names of their own.

    What is not understood ends the reading early.
    """
    reader = _RdfXmlReader(content, base)
    with contextlib.suppress(expat.ExpatError, ValueError, IndexError):
        reader.parse()
    yield from reader.found


@dataclass(slots=True)
class _Element:
    """An open element: of a node, or of a property of the node around it."""

    kind: str  #: "rdf", "node", "property", "literal" (inside an XML literal)
    base: str
    language: str
    at: int
    node: Term | None = None  #: the node; the object of a property, once it is known
    predicate: ox.NamedNode | None = None
    datatype: str = ""
    text: list[str] = field(default_factory=list)
    text_at: int = -1  #: where the text of a property begins
    members: list[tuple[Term, int]] | None = None  #: of a collection
    is_open: bool = False  #: a property that may still get a text
    numbered: int = 0  #: how many rdf:li there were
    name: Term | None = None  #: that of the statement, with rdf:ID on a property


class _RdfXmlReader:
    def __init__(self, content: bytes, base: str) -> None:
        self.found: list[Written] = []
        self._content = content
        self._open: list[_Element] = [_Element("rdf", base, "", 0)]
        self._labels: dict[str, ox.BlankNode] = {}
        self._parser = expat.ParserCreate(namespace_separator="\n")
        self._parser.buffer_text = False
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def parse(self) -> None:
        self._parser.Parse(self._content, True)

    def _start(self, qualified: str, given: dict[str, str]) -> None:
        name = qualified.replace("\n", "")
        attributes = {key.replace("\n", ""): value for key, value in given.items() if "\n" in key}
        above = self._open[-1]
        base = urljoin(above.base, attributes.pop(f"{_XML}base", "")) or above.base
        language = attributes.pop(f"{_XML}lang", above.language)
        attributes = {key: value for key, value in attributes.items() if not key.startswith(_XML)}
        element = _Element("node", base, language, self._parser.CurrentByteIndex)
        self._open.append(element)
        if above.kind == "literal" or (above.kind == "property" and above.datatype == f"{RDF}XMLLiteral"):
            element.kind = "literal"
        elif name == _ROOT and above.kind == "rdf":
            element.kind = "rdf"
        elif above.kind in ("rdf", "property"):
            self._node(element, name, attributes, above)
        else:
            self._property(element, name, attributes, above)

    def _node(self, element: _Element, name: str, given: dict[str, str], above: _Element) -> None:
        element.node = self._named(given, element, ("about", "ID"))
        if above.members is not None:
            above.members.append((element.node, element.at))
        elif above.kind == "property":
            above.is_open = False
            above.node = element.node
        if name != f"{RDF}Description":
            self._say(element, TYPE, ox.NamedNode(name), element.at)
        self._attributes(element, element.node, given)

    def _property(self, element: _Element, name: str, given: dict[str, str], above: _Element) -> None:
        element.kind = "property"
        if name == f"{RDF}li":
            above.numbered += 1
            name = f"{RDF}_{above.numbered}"
        element.predicate = ox.NamedNode(name)
        kind = given.get(f"{RDF}parseType")
        identity = given.pop(f"{RDF}ID", None)
        element.name = ox.NamedNode(self._iri(f"#{identity}", element)) if identity is not None else None
        element.datatype = given.get(f"{RDF}datatype", "")
        if kind == "Resource":
            element.node = ox.BlankNode()
            self._say(above, element.predicate, element.node, element.at, element.name)
            element.kind = "node"
        elif kind == "Collection":
            element.members = []
        elif kind is not None:
            element.datatype = f"{RDF}XMLLiteral"
            element.is_open = True
        elif any(f"{RDF}{key}" in given for key in ("resource", "nodeID")) or set(given) - _SYNTAX:
            element.node = self._named(given, element, ("resource",))
            at = self._attribute_at(element.at, f"{RDF}resource") or element.at
            self._say(above, element.predicate, element.node, at, element.name)
            self._attributes(element, element.node, given)
            element.predicate = None
        else:
            element.is_open = True

    def _characters(self, text: str) -> None:
        element = self._open[-1]
        if element.kind == "property" and element.is_open:
            if element.text_at < 0:
                element.text_at = self._parser.CurrentByteIndex
            element.text.append(text)

    def _end(self, _: str) -> None:
        element = self._open.pop()
        above = self._open[-1]
        if element.kind != "property" or element.predicate is None:
            return
        if element.members is not None:
            self._say(above, element.predicate, self._collected(element), element.at, element.name)
        elif element.node is not None:
            self._say(above, element.predicate, element.node, element.at, element.name)
        elif element.is_open:
            at = element.text_at if element.text_at >= 0 else element.at
            at = _SPACE.match(self._content, at).end()  # type: ignore[union-attr]  # matches anything
            self._say(above, element.predicate, _literal("".join(element.text), element), at, element.name)

    def _collected(self, element: _Element) -> Term:
        head: Term = NIL
        for member, at in reversed(element.members or []):
            cell = ox.BlankNode()
            self.found.append(Written(cell, FIRST, member, element.at, at, at))
            self.found.append(Written(cell, REST, head, element.at, at, at))
            head = cell
        return head

    def _attributes(self, element: _Element, node: Term, given: dict[str, str]) -> None:
        for name, value in given.items():
            if name in _SYNTAX:
                continue
            predicate = ox.NamedNode(name)
            stated: Term = (
                ox.NamedNode(self._iri(value, element)) if predicate == TYPE else _literal(value, element)
            )
            at = self._attribute_at(element.at, name) or element.at
            self.found.append(Written(node, predicate, stated, element.at, at, at))

    def _attribute_at(self, start: int, name: str) -> int:
        """The offset of an attribute in the tag that begins at *start*; 0 when it is not found."""
        local = re.split(r"[/#]", name)[-1].encode()
        tag = self._content[start : self._content.find(b">", start) + 1]
        found = re.search(rb"[\s](?:[^\s:=\"'<>]+:)?" + re.escape(local) + rb"\s*=\s*[\"']", tag)
        return start + found.end() if found else 0

    def _named(self, given: dict[str, str], element: _Element, keys: tuple[str, ...]) -> Term:
        label = given.get(f"{RDF}nodeID")
        if label is not None:
            return self._labels.setdefault(label, ox.BlankNode())
        for key in keys:
            value = given.get(f"{RDF}{key}")
            if value is not None:
                return ox.NamedNode(self._iri(f"#{value}" if key == "ID" else value, element))
        return ox.BlankNode()

    def _iri(self, value: str, element: _Element) -> str:
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", value):
            return value
        return urljoin(element.base, value) if value else element.base.partition("#")[0]

    def _say(
        self, above: _Element, predicate: ox.NamedNode, value: Term, at: int, name: Term | None = None
    ) -> None:
        if above.node is None:
            return
        self.found.append(Written(above.node, predicate, value, above.at, at, at))
        if name is not None:
            rows = ((_SUBJECT, above.node), (_PREDICATE, predicate), (_OBJECT, value), (TYPE, _STATEMENT))
            self.found += [Written(name, word, term, at, at, at) for word, term in rows]


def _literal(text: str, element: _Element) -> ox.Literal:
    if element.datatype:
        return ox.Literal(text, datatype=ox.NamedNode(element.datatype))
    return ox.Literal(text, language=element.language) if element.language else ox.Literal(text)
