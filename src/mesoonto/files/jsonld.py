"""Reads JSON-LD with the place of every statement, as far as places are wanted.

This is the part of the JSON-LD 1.1 algorithms that documents use: contexts, also scoped ones, aliases, type
and language coercion, containers, lists, reverse properties, nested and included nodes. pyoxigraph reads the
data; what is read here another way than there is left without a place.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin

import pyoxigraph as ox

from mesoonto.files import json_text
from mesoonto.files.json_text import Json
from mesoonto.files.terms import FIRST, NIL, RDF, REST, TYPE, XSD, Term
from mesoonto.files.turtle import Written

#: Gives the content of a context that is named by its IRI, or None.
Contexts = Callable[[str], object]

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_NESTED = 20


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a context says of one term."""

    iri: str
    datatype: str = ""
    containers: tuple[str, ...] = ()
    language: str | None = None  #: None where the context's own holds, "" for none
    reverse: bool = False
    context: Json | None = None


@dataclass(frozen=True, slots=True)
class _Context:
    base: str
    vocabulary: str = ""
    language: str = ""
    terms: dict[str, _Meaning] = field(default_factory=dict)

    def iri(self, text: str, *, term: bool) -> str:
        """*text* in full: a term or a property (*term*), or the name of a node."""
        if text.startswith("@"):
            return text
        if term and text in self.terms:
            return self.terms[text].iri
        prefix, colon, local = text.partition(":")
        if colon and not local.startswith("//"):
            if prefix == "_":
                return text
            if prefix in self.terms and self.terms[prefix].iri:
                return self.terms[prefix].iri + local
        if _ABSOLUTE.match(text):
            return text
        if term:
            return self.vocabulary + text if self.vocabulary else ""
        return urljoin(self.base, text) if text else self.base.partition("#")[0]


def read(text: str, base: str, contexts: Contexts) -> Iterator[Written]:
    """The statements of *text* with their offsets in characters, blank nodes with names of their own."""
    reader = _JsonLdReader(contexts)
    with contextlib.suppress(ValueError, RecursionError):
        for element in json_text.parse(text).elements():
            reader.node(element, _Context(base))
    yield from reader.found


class _JsonLdReader:
    def __init__(self, contexts: Contexts) -> None:
        self.found: list[Written] = []
        self._contexts = contexts
        self._labels: dict[str, ox.BlankNode] = {}

    # Contexts

    def _within(self, context: _Context, given: Json | None, depth: int = 0) -> _Context:
        if given is None or depth > _NESTED:
            return context
        for part in given.elements():
            if part.value is None:
                context = _Context(context.base)
            elif isinstance(part.value, str):
                found = self._contexts(urljoin(context.base, part.value))
                inner = found.get("@context") if isinstance(found, dict) else None
                if inner is not None:
                    context = replace(
                        self._within(context, json_text.with_places(inner), depth + 1), base=context.base
                    )
            else:
                context = self._defined(context, part, depth)
        return context

    def _defined(self, context: _Context, given: Json, depth: int) -> _Context:
        imported = given.get("@import")
        if imported is not None:
            context = self._within(context, imported, depth + 1)
        rows = dict(given.items())
        base, vocabulary, language = (rows.get(key) for key in ("@base", "@vocab", "@language"))
        if base is not None:
            context = replace(context, base=urljoin(context.base, str(base.value or "")))
        if vocabulary is not None:
            value = vocabulary.value
            context = replace(
                context, vocabulary=context.iri(value, term=True) if isinstance(value, str) else ""
            )
        if language is not None:
            context = replace(context, language=str(language.value or ""))
        context = replace(context, terms=dict(context.terms))
        for key in rows:
            if not key.startswith("@"):
                self._define(context, key, rows, set())
        return context

    def _define(self, context: _Context, key: str, rows: dict[str, Json], busy: set[str]) -> None:
        """Say what *key* means in *context*, and before that what the terms mean of which it is made."""
        if key in busy:
            return
        busy.add(key)
        definition = rows[key]
        identity = definition.get("@id") or definition.get("@reverse")
        raw = definition.value if isinstance(definition.value, str) else identity.value if identity else key
        if definition.value is None or raw is None:
            context.terms[key] = _Meaning("")
            return
        name = str(raw)
        kind = definition.get("@type")
        for word in (name, str(kind.value) if kind else ""):
            for needed in (word, word.partition(":")[0]):
                if needed in rows and needed != key:
                    self._define(context, needed, rows, busy)
        if name == key:
            context.terms.pop(key, None)
        container, language = definition.get("@container"), definition.get("@language")
        context.terms[key] = _Meaning(
            context.iri(name, term=True),
            context.iri(str(kind.value), term=True) if kind else "",
            tuple(str(e.value) for e in container.elements()) if container else (),
            str(language.value or "") if language else None,
            definition.get("@reverse") is not None,
            definition.get("@context"),
        )

    # Nodes

    def node(self, given: Json, context: _Context) -> Term | None:
        """Read a node object; its name, or None for what is no node."""
        if not isinstance(given.value, dict):
            return None
        context = self._within(context, given.get("@context"))
        outer = context
        members = [(context.iri(key, term=True), key, value) for key, value in given.items()]
        types = [e for name, _, value in members if name == "@type" for e in value.elements()]
        for word in sorted(str(e.value) for e in types):
            if word in outer.terms:
                context = self._within(context, outer.terms[word].context)
        names = [value for name, _, value in members if name == "@id"]
        node = self._named(str(names[0].value), context, term=False) if names else ox.BlankNode()
        for e in types:
            kind = self._named(str(e.value), outer, term=True)
            if kind is not None:
                self._say(node, TYPE, kind, given, e)
        for name, key, value in members:
            if name in ("@graph", "@included"):
                for element in value.elements():
                    self.node(element, outer)
            elif name == "@reverse":
                for inner, member in value.items():
                    self._property(
                        node, context.iri(inner, term=True), inner, member, context, given, back=True
                    )
            elif name == "@nest":
                for inner, member in (row for e in value.elements() for row in e.items()):
                    self._property(node, context.iri(inner, term=True), inner, member, context, given)
            elif name and not name.startswith("@"):
                self._property(node, name, key, value, context, given)
        return node

    def _property(
        self,
        node: Term | None,
        name: str,
        key: str,
        value: Json,
        context: _Context,
        given: Json,
        *,
        back: bool = False,
    ) -> None:
        meaning = context.terms.get(key, _Meaning(name))
        if not _ABSOLUTE.match(name) or node is None:
            return
        predicate = ox.NamedNode(name)
        inner = self._within(context, meaning.context)
        for found, at in self._values(value, meaning, inner):
            if back or meaning.reverse:
                self._say(found, predicate, node, given, at)
            else:
                self._say(node, predicate, found, given, at)

    def _values(self, value: Json, meaning: _Meaning, context: _Context) -> Iterator[tuple[Term, Json]]:
        if "@list" in meaning.containers and value.get("@list") is None:
            yield self._list(value.elements(), meaning, context), value
            return
        maps = [c for c in meaning.containers if c in ("@language", "@index", "@id", "@type")]
        if maps and isinstance(value.value, dict):
            yield from self._mapped(value, maps[0], meaning, context)
            return
        for element in value.elements():
            found = self._value(element, meaning, context)
            if isinstance(found, list):
                yield from found
            elif found is not None:
                yield found, element

    def _mapped(
        self, value: Json, container: str, meaning: _Meaning, context: _Context
    ) -> Iterator[tuple[Term, Json]]:
        for key, member in value.items():
            for element in member.elements():
                if container == "@language" and isinstance(element.value, str):
                    yield _text(element.value, "" if key == "@none" else key), element
                    continue
                extra = {"@id": "@id", "@type": "@type"}.get(container)
                if extra and isinstance(element.value, dict) and key != "@none":
                    element = Json({extra: Json(key, element.at), **element.value}, element.at)
                found = self._value(element, meaning, context)
                if isinstance(found, ox.NamedNode | ox.BlankNode | ox.Literal):
                    yield found, element

    def _value(
        self, element: Json, meaning: _Meaning, context: _Context
    ) -> Term | list[tuple[Term, Json]] | None:
        value = element.value
        if value is None or isinstance(value, list):
            return None
        if not isinstance(value, dict):
            return self._scalar(element, meaning, context)
        rows = {context.iri(key, term=True): member for key, member in value.items()}
        if "@value" in rows:
            kind, language = rows.get("@type"), rows.get("@language")
            datatype = context.iri(str(kind.value), term=True) if kind else ""
            return _literal(rows["@value"].value, datatype, str(language.value or "") if language else "")
        if "@list" in rows:
            return self._list(rows["@list"].elements(), meaning, context)
        if "@set" in rows:
            return list(self._values(rows["@set"], replace(meaning, containers=()), context))
        return self.node(element, context)

    def _scalar(self, element: Json, meaning: _Meaning, context: _Context) -> Term | None:
        value, datatype = element.value, meaning.datatype
        if isinstance(value, str) and datatype in ("@id", "@vocab"):
            return self._named(value, context, term=datatype == "@vocab")
        if datatype.startswith("@"):
            datatype = ""
        language = context.language if meaning.language is None else meaning.language
        return _literal(value, datatype, language if not datatype and isinstance(value, str) else "")

    def _list(self, elements: list[Json], meaning: _Meaning, context: _Context) -> Term:
        inner = replace(meaning, containers=())
        found = [row for element in elements for row in self._values(element, inner, context)]
        head: Term = NIL
        for member, at in reversed(found):
            cell = ox.BlankNode()
            self._say(cell, FIRST, member, at, at)
            self._say(cell, REST, head, at, at)
            head = cell
        return head

    def _named(self, text: str, context: _Context, *, term: bool) -> Term | None:
        iri = context.iri(text, term=term)
        if not iri and term:
            iri = context.iri(text, term=False)
        if iri.startswith("_:"):
            return self._labels.setdefault(iri, ox.BlankNode())
        return ox.NamedNode(iri) if _ABSOLUTE.match(iri) else None

    def _say(self, subject: Term | None, predicate: ox.NamedNode, value: Term, about: Json, at: Json) -> None:
        if subject is not None:
            self.found.append(Written(subject, predicate, value, about.at, at.at, at.at))


def _text(value: str, language: str) -> ox.Literal:
    return ox.Literal(value, language=language) if language else ox.Literal(value)


def _literal(value: object, datatype: str, language: str) -> ox.Literal | None:
    """A value of JSON as a literal (JSON-LD API, section 8.2.2)."""
    if isinstance(value, bool):
        lexical, default = str(value).lower(), f"{XSD}boolean"
    elif isinstance(value, int | float):
        whole = float(value).is_integer() and abs(value) < 1e21 and datatype != f"{XSD}double"
        lexical = str(int(value)) if whole else _double(float(value))
        default = f"{XSD}integer" if whole else f"{XSD}double"
    elif isinstance(value, str):
        if language:
            return _text(value, language)
        lexical, default = value, f"{XSD}string"
    else:
        return None
    if datatype == f"{RDF}JSON":
        return None
    return ox.Literal(lexical, datatype=ox.NamedNode(datatype or default))


def _double(value: float) -> str:
    if not math.isfinite(value):
        return "INF" if value > 0 else "-INF"
    mantissa, _, exponent = f"{value:.15E}".partition("E")
    whole, _, part = mantissa.partition(".")
    return f"{whole}.{part.rstrip('0') or '0'}E{int(exponent)}"
