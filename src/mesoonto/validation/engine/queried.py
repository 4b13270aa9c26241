"""Which properties the queries in shapes look at: only their statements need to be known by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyoxigraph as ox

from mesoonto.files.terms import TYPE
from mesoonto.sparql.parser import NotSparqlError, parse_query
from mesoonto.sparql.tree import Node

#: Productions in which subject and verbs follow each other, and those that look further than verbs tell.
_TRIPLES = (
    "TriplesSameSubjectPath",
    "TriplesSameSubject",
    "BlankNodePropertyListPath",
    "BlankNodePropertyList",
)
_FAR = (
    *("Collection", "CollectionPath", "ReifiedTriple", "TripleTerm", "ExprTripleTerm"),
    *("AnnotationBlock", "AnnotationBlockPath"),
)
_OPTIONAL = ("*", "?")

#: What a CONSTRUCT query makes; in the short form it is what the query matches, too.
_TEMPLATES = ("ConstructTemplate", "TriplesTemplate")

#: What makes a new node in a template, and the functions that give something else each time.
_FRESH = ("BlankNodePropertyList", "Collection", "ANON", "BLANK_NODE_LABEL")
_FRESH_CALLS = ("BNODE", "NULLARY")


class _UnclearError(Exception):
    """A query may look at any statement."""


def properties(query: str) -> frozenset[ox.NamedNode] | None:
    """The properties of all statements that *query* can match; None where it may be any.

    What a CONSTRUCT query makes does not count.

    >>> found = properties("SELECT ?a { ?a <x:p>/^<x:q> ?b FILTER NOT EXISTS { ?b <x:r> 1 } }")
    >>> sorted(p.value for p in found)
    ['x:p', 'x:q', 'x:r']
    >>> properties("SELECT ?a { ?a ?p ?b }") is None
    True
    """
    try:
        return frozenset(_properties(parse_query(query)))
    except (NotSparqlError, _UnclearError):
        return None


def made(query: str) -> frozenset[ox.NamedNode] | None:
    """The properties of all statements that a CONSTRUCT query can make; None where it may be any.

    >>> sorted(p.value for p in made("CONSTRUCT { ?a <x:p> [ <x:q> 1 ] } WHERE { ?a <x:r> 1 }") or ())
    ['x:p', 'x:q']
    """
    try:
        root = parse_query(query)
        prefixes = prefixes_of(root)
        templates = [node for node in root.walk() if node.kind in _TEMPLATES]
        parts = [node for template in templates for node in template.walk()]
        if any(node.kind in _FAR for node in parts):
            return None
        triples = [node for node in parts if node.kind in _TRIPLES]
        return frozenset(name for node in triples for verb in verbs(node) for name in _named(verb, prefixes))
    except (NotSparqlError, _UnclearError):
        return None


def is_steady(query: str) -> bool:
    """Whether a CONSTRUCT query makes the same of the same data each time.

    >>> is_steady("CONSTRUCT { ?a <x:p> [] } WHERE { ?a <x:r> 1 }")
    False
    """
    root = parse_query(query)
    if any(node.kind in _FRESH_CALLS for node in root.walk()):
        return False
    templates = [node for node in root.walk() if node.kind in _TEMPLATES]
    return not any(node.kind in _FRESH for template in templates for node in template.walk())


def _properties(root: Node) -> Iterator[ox.NamedNode]:
    prefixes = prefixes_of(root)
    made_here = {id(node) for part in root.walk() if part.kind == "ConstructTemplate" for node in part.walk()}
    for node in root.walk():
        if id(node) in made_here:
            continue
        if node.kind in _FAR:
            raise _UnclearError
        if node.kind in _TRIPLES:
            for verb in verbs(node):
                yield from _named(verb, prefixes)


def verbs(triples: Node) -> Iterator[Node]:
    """The predicates, variables and paths in *triples*, statements about one subject."""
    first = triples.children[0]
    for before, verb in zip(triples.children, triples.children[1:], strict=False):
        if (before is first or before.kind == ";") and verb.kind not in (";", "]"):
            yield verb


def _named(verb: Node, prefixes: Mapping[str, str]) -> Iterator[ox.NamedNode]:
    """The properties in *verb*, a property or a path."""
    for node in verb.walk():
        if node.kind in ("VAR", "!"):
            raise _UnclearError
        if node.kind == "PathElt" and node.children[-1].kind in _OPTIONAL and not _is_held(node):
            raise _UnclearError  # a path of no steps leads from every node there is to itself
        if node.kind in ("a", "IRIREF") or node.kind.startswith("PNAME"):
            found = property_of(node, prefixes)
            if found is None:
                raise _UnclearError
            yield found


def _is_held(element: Node) -> bool:
    """Whether a step that must be taken stands beside *element*, so that its ends are in statements."""
    at = element if element.parent is None or element.parent.kind != "PathEltOrInverse" else element.parent
    if at.parent is None or at.parent.kind != "PathSequence":
        return False
    return any(_is_step(part) for part in at.parent.children)


def _is_step(part: Node) -> bool:
    one = part.children[-1] if part.kind == "PathEltOrInverse" else part
    return one.kind in ("a", "IRIREF", "PNAME_LN")


def prefixes_of(root: Node) -> dict[str, str]:
    """The namespaces that a query declares, by prefixes that end in a colon."""
    declared = (node.children for node in root.walk() if node.kind == "PrefixDecl")
    return {parts[1].text: parts[2].text[1:-1] for parts in declared}


def property_of(verb: Node, prefixes: Mapping[str, str]) -> ox.NamedNode | None:
    """The property that the token *verb* names; None where it is none, or is written with escapes."""
    if verb.kind == "a":
        return TYPE
    if verb.kind == "IRIREF" and ":" in verb.text and "\\" not in verb.text:
        return ox.NamedNode(verb.text[1:-1])
    stem, colon, local = verb.text.partition(":")
    if verb.kind == "PNAME_LN" and stem + colon in prefixes and "\\" not in local:
        return ox.NamedNode(prefixes[stem + colon] + local)
    return None
