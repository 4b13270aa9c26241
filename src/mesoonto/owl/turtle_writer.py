"""Writes triples as canonical Turtle: one graph, one text, whatever the order in which its triples come.

Subjects stand under headings by what they are, predicates and objects in a fixed order, blank nodes where
they are used, ordered by what they say. What annotates an axiom stands behind the subject of that axiom.
Only the lists that OWL reads as sets are sorted; literals keep their spelling.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import pyoxigraph as ox

from mesoonto.errors import InputError
from mesoonto.files.terms import FIRST, LABEL, NIL, OWL, RDF, REST, TYPE, XSD, Term
from mesoonto.namespaces import MESO, OBO, PREFIXES
from mesoonto.ontology.record_kinds import RECORD_KINDS, field_order
from mesoonto.ontology.synonyms import OTHER_NAMES

Subject = ox.NamedNode | ox.BlankNode
_T = TypeVar("_T", Subject, Term)


class PlainTriple(NamedTuple):
    """A triple whose terms are shared with others, which takes less memory than an engine's triples."""

    subject: Subject
    predicate: ox.NamedNode
    object: Term


#: Triples in any shape that has subject, predicate and object.
Triples = Iterable[ox.Triple | ox.Quad | PlainTriple]
#: Statements by subject and predicate; the objects are keys, in the order in which they came.
_About = dict[Subject, dict[ox.NamedNode, dict[Term, None]]]
Labels = Mapping[str, str]

#: Lists whose order means nothing (OWL 2 Structural Specification: sets of class expressions, individuals).
SETS = frozenset(
    ox.NamedNode(OWL + name)
    for name in ("intersectionOf", "unionOf", "oneOf", "members", "distinctMembers", "disjointUnionOf")
)
#: Kinds of things, in the order in which they stand, and the headings over them.
_SECTIONS = {
    "Ontology": "",
    "AnnotationProperty": "Annotation properties",
    "ObjectProperty": "Object properties",
    "DatatypeProperty": "Data properties",
    "Class": "Classes",
    "NamedIndividual": "Individuals",
    "AllDisjointClasses": "Axioms",
    "AllDifferent": "",
}
HEADINGS = tuple(heading for heading in _SECTIONS.values() if heading)
_KINDS = {ox.NamedNode(OWL + name): n for n, name in enumerate(_SECTIONS)}
#: Classes of records in the order in which a reader wants them.
_KINDS |= {
    ox.NamedNode(MESO + name): len(_SECTIONS) + n
    for n, name in enumerate(name for kind in RECORD_KINDS if kind.folder for name in kind.classes)
}
#: Predicates that come first, in this order; the others follow by name.
_PREDICATES = [
    f"{RDF}type",
    *(OWL + name for name in ("annotatedSource", "annotatedProperty", "annotatedTarget")),
    *(OWL + name for name in ("onProperty", "someValuesFrom", "allValuesFrom", "hasValue", "versionIRI")),
    *(OWL + name for name in ("imports", "deprecated")),
    f"{OBO}IAO_0100001",
    *(PREFIXES["dcterms"] + name for name in ("title", "description")),
    LABEL.value,
    *OTHER_NAMES,
    f"{OBO}IAO_0000115",
    f"{OBO}IAO_0000112",
    f"{PREFIXES['skos']}scopeNote",
    f"{PREFIXES['skos']}editorialNote",
    f"{OWL}equivalentClass",
    *(PREFIXES["rdfs"] + name for name in ("subClassOf", "subPropertyOf", "domain", "range")),
    f"{OWL}propertyChainAxiom",
    *(MESO + name for name in field_order()),
]
_PREDICATE_ORDER = {iri: n for n, iri in reversed(list(enumerate(_PREDICATES)))}
#: Literals that Turtle writes without quotes, when they are spelt so.
_BARE = {
    XSD + "integer": re.compile(r"[+-]?[0-9]+"),
    XSD + "decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    XSD + "double": re.compile(r"[+-]?(?:[0-9]+\.[0-9]*|\.?[0-9]+)[eE][+-]?[0-9]+"),
    XSD + "boolean": re.compile(r"true|false"),
}
_STRING = XSD + "string"
_PLAIN = (_STRING, RDF + "langString")
#: What a cell of a list has, and may have: its type follows from the rest.
_CELL = {FIRST, REST}
_TYPED_CELL = {FIRST, REST, TYPE}
_LIST = ox.NamedNode(RDF + "List")
#: What an annotation of an axiom names as the subject of it (OWL 2 Mapping to RDF, section 2.2).
_SOURCE = ox.NamedNode(OWL + "annotatedSource")
#: More levels of blank nodes than this are refused: nobody could read them, and recursion has its bound.
MAX_DEPTH = 200

# PN_CHARS_BASE and PN_CHARS of the grammar of Turtle; escapes and colons are left to whole IRIs.
_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_CHARS = f"{_BASE}0-9_\u00b7\u0300-\u036f\u203f-\u2040-"
_LOCAL_NAME = re.compile(f"[{_BASE}0-9_](?:[{_CHARS}.]*[{_CHARS}])?")
_OPAQUE = re.compile(r"[A-Za-z]+_\d{7,}|[OPQA-Z]\d[A-Z0-9]{4,8}")
#: What is escaped in a string: its signs, and controls that an editor would not show or not keep.
_ESCAPED = re.compile(r'[\\"\x00-\x09\x0b-\x1f\x7f]')
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\r": "\\r", "\t": "\\t"}
_DIGITS = re.compile(r"([0-9]+)")
#: A prefixed name with which a line ends, but for punctuation.
_LAST_NAME = re.compile(r"(?:^|\s)([\w.-]*):([\w-]+)[ ;,.\])]*$")


@dataclass(frozen=True, slots=True)
class Remarks:
    """Remarks of people, lines that begin with ``#``, and where they are written."""

    head: Sequence[str] = ()  #: before everything
    tail: Sequence[str] = ()  #: behind everything
    above: Mapping[Subject, Sequence[str]] = field(default_factory=dict)  #: above the statements of a subject


NO_REMARKS = Remarks()


class PrefixedNames:
    """Prefixed names: the stems that may be written as prefixes, the longest that fits before others."""

    def __init__(self, stems: Mapping[str, str]) -> None:
        """*stems*: prefixes to the beginnings of IRIs that they stand for."""
        self.stems = dict(stems)
        prefix_of = {stem: prefix for prefix, stem in sorted(stems.items(), reverse=True) if stem}
        self._prefix_of = dict(sorted(prefix_of.items(), key=lambda pair: -len(pair[0])))
        self._found: dict[str, tuple[str, str] | None] = {}

    def of(self, iri: str) -> tuple[str, str] | None:
        """Prefix and local name of *iri*, or None when it has to be written whole."""
        if iri not in self._found:
            fitting = next((stem for stem in self._prefix_of if iri.startswith(stem)), None)
            local = iri[len(fitting) :] if fitting is not None else ""
            self._found[iri] = (
                (self._prefix_of[fitting], local) if fitting and _LOCAL_NAME.fullmatch(local) else None
            )
        return self._found[iri]


def opaque(local: str) -> bool:
    """Whether the local name *local* says nothing to a reader, so that a label is written behind it."""
    return _OPAQUE.fullmatch(local) is not None


#: The names of this project's files: one table, so that the same statements give the same bytes.
PROJECT_NAMES = PrefixedNames(PREFIXES)


def turtle(
    triples: Triples,
    labels: Labels,
    *,
    names: PrefixedNames = PROJECT_NAMES,
    remarks: Remarks = NO_REMARKS,
    tags: Mapping[tuple[str, str], str] = MappingProxyType({}),
) -> str:
    """*triples* as canonical Turtle, with *labels* (IRI to label) and the labels they hold as comments.

    *tags* holds language tags as they are to be spelt, by text and by tag in small letters: readers of RDF do
    not keep their case. Raises InputError for what is new in RDF 1.2, for a blank node that is used twice or
    in a circle, and so would need a name, and where blank nodes nest too deeply.
    """
    about: _About = defaultdict(lambda: defaultdict(dict))
    stated = list(plain_triples(triples))
    for s, p, o in stated:
        about[s][p][o] = None
    bad = shared_blank_node((s, p, o) for s, pairs in about.items() for p, os in pairs.items() for o in os)
    if bad is not None:
        raise InputError(bad[1])
    return _Writer(about, names, {**labels, **own_labels(stated)}, remarks, tags).text()


def plain_triples(triples: Triples) -> Iterator[PlainTriple]:
    """*triples* with terms that are shared. Raises InputError for what is new in RDF 1.2."""
    terms: dict[object, Any] = {}
    for t in triples:
        if isinstance(t.object, ox.Triple):
            raise InputError("triples in triples (RDF 1.2, RDF-star) are not supported")
        if isinstance(t.object, ox.Literal) and t.object.direction is not None:
            raise InputError("texts with a direction (RDF 1.2) are not supported")
        yield PlainTriple(*(terms.setdefault(term, term) for term in (t.subject, t.predicate, t.object)))


def shared_blank_node(
    triples: Iterable[tuple[object, object, object]],
) -> tuple[ox.BlankNode, str] | None:
    """A blank node of *triples* that cannot be written at its one use, and why; None where there is none.

    *triples* holds each triple once.
    """
    owners: dict[ox.BlankNode, object] = {}
    for s, _, o in triples:
        if isinstance(o, ox.BlankNode):
            if o in owners:
                return o, f"the blank node {o} is used twice; give it an IRI"
            owners[o] = s
    rooted: set[object] = set()  # each has one owner, and these owners lead to a node without one
    for start in owners:
        chain: dict[object, None] = {}
        node: object = start
        while isinstance(node, ox.BlankNode) and node in owners and node not in rooted:
            if node in chain:
                return node, "blank nodes point at each other in a circle; give one of them an IRI"
            chain[node] = None
            node = owners[node]
        rooted.update(chain)
    return None


def own_labels(triples: Triples) -> dict[str, str]:
    """The labels (IRI to label) that *triples* hold."""
    return {
        t.subject.value: t.object.value
        for t in triples
        if t.predicate == LABEL and isinstance(t.subject, ox.NamedNode) and isinstance(t.object, ox.Literal)
    }


def _natural(text: str) -> tuple[object, ...]:
    """Natural order: numbers by size, letters without regard to case, then by code point."""
    parts = _DIGITS.split(text)
    return tuple(int(p) if n % 2 else p.lower() for n, p in enumerate(parts)), text


class _Writer:
    """One text in the making."""

    def __init__(
        self,
        about: _About,
        names: PrefixedNames,
        labels: Labels,
        remarks: Remarks,
        tags: Mapping[tuple[str, str], str],
    ) -> None:
        self._about = about
        self._names = names
        self._labels = labels
        self._remarks = remarks
        self._tags = tags
        self._prefixes: set[str] = set()  #: those that were written
        self._owned = {
            o for pairs in about.values() for os in pairs.values() for o in os if isinstance(o, ox.BlankNode)
        }
        self._annotated = self._annotated_axioms()
        self._predicates = self._ranked_predicates()
        self._rank = self._ranked_terms()
        self._said: dict[ox.BlankNode, str] = {}
        self._out: list[str] = []

    def text(self) -> str:
        for heading, subjects in self._sections():
            if heading:
                self._out.append(f"\n### {heading}\n")
            for subject in subjects:
                self._block(subject)
                for axiom in self._sorted(self._annotated.get(subject, ())):
                    self._block(axiom)
        body = "".join(self._out).rstrip("\n").split("\n")
        prefixes = [
            f"@prefix {name}: <{self._names.stems[name]}> ." for name in sorted(self._prefixes, key=_natural)
        ]
        head = [*self._remarks.head, *prefixes]
        if not head:
            del body[0]  # the empty line above the first subject
        return "\n".join([*head, *self._commented(body), *self._remarks.tail]) + "\n"

    # Order

    def _annotated_axioms(self) -> dict[Subject, list[Subject]]:
        """The nameless nodes that annotate an axiom, by the subject of it where that is described here."""
        found: dict[Subject, list[Subject]] = defaultdict(list)
        for node, pairs in self._about.items():
            if (
                isinstance(node, ox.BlankNode)
                and node not in self._owned
                and len(pairs.get(_SOURCE, ())) == 1
            ):
                (subject,) = pairs[_SOURCE]
                if isinstance(subject, ox.NamedNode) and subject in self._about:
                    found[subject].append(node)
        return found

    def _ranked_predicates(self) -> dict[ox.NamedNode, int]:
        used = {p for pairs in self._about.values() for p in pairs}

        def key(predicate: ox.NamedNode) -> tuple[object, ...]:
            return (
                _PREDICATE_ORDER.get(predicate.value, len(_PREDICATES)),
                self._natural_name(predicate),
            )

        return {p: n for n, p in enumerate(sorted(used, key=key))}

    def _ranked_terms(self) -> dict[Term, int]:
        """Literals by what they say, then IRIs by name."""
        objects = {o for pairs in self._about.values() for os in pairs.values() for o in os}
        literals = sorted((o for o in objects if isinstance(o, ox.Literal)), key=_literal_order)
        iris = {
            term for term in (*objects, *self._about, *self._predicates) if isinstance(term, ox.NamedNode)
        }
        for iri in iris:
            self._iri(iri)  # its prefix is declared, also where Turtle has a shorter way to write it
        ordered: list[Term] = [*literals, *sorted(iris, key=self._natural_name)]
        return {term: n for n, term in enumerate(ordered)}

    def _natural_name(self, iri: ox.NamedNode) -> tuple[object, ...]:
        return _natural(":".join(self._names.of(iri.value) or ("", iri.value)))

    def _sorted(self, terms: Iterable[_T], *, as_set: bool = False) -> list[_T]:
        """*terms* in order, blank nodes last, by what they say; lists among them are sets with *as_set*."""

        def key(term: Term) -> tuple[int, int, str]:
            if isinstance(term, ox.BlankNode):
                return (1, 0, self._says(term, as_set=as_set, depth=0))
            return (0, self._rank[term], "")

        return sorted(terms, key=key)

    def _says(self, term: Term, *, as_set: bool, depth: int) -> str:
        """What *term* says, as one text; blank nodes are trees here, so it is the whole of them."""
        if not isinstance(term, ox.BlankNode):
            return f"{self._rank[term]:09d}"
        if depth > MAX_DEPTH:
            raise InputError("blank nodes nested too deeply; give some of them IRIs")
        found = self._said.get(term)
        if found is None:
            items = self._items(term)
            if items is not None:
                said = [self._says(item, as_set=False, depth=depth + 1) for item in items]
                found = f"( {' '.join(sorted(said) if as_set else said)} )"
            else:
                said = [
                    f"{self._predicates[p]:05d} {self._says(o, as_set=p in SETS, depth=depth + 1)}"
                    for p, objects in self._about.get(term, {}).items()
                    for o in objects
                ]
                found = f"[ {' '.join(sorted(said))} ]"
            self._said[term] = found
        return found

    def _sections(self) -> Iterator[tuple[str, list[Subject]]]:
        """Headings and the subjects under them."""
        sections: dict[int, list[Subject]] = defaultdict(list)
        last = len(_KINDS)
        placed = {axiom for axioms in self._annotated.values() for axiom in axioms}
        for subject, pairs in self._about.items():
            if subject in self._owned or subject in placed:
                continue
            kinds = [_KINDS[o] for o in pairs.get(TYPE, ()) if isinstance(o, ox.NamedNode) and o in _KINDS]
            unnamed = last - 1 if isinstance(subject, ox.BlankNode) else last
            sections[min(kinds, default=unnamed)].append(subject)
        headings = list(_SECTIONS.values())
        for number in sorted(sections):
            heading = headings[number] if number < len(headings) else ""
            yield heading, self._sorted(sections[number])

    # Text

    def _block(self, subject: Subject) -> None:
        """One subject with all that is said of it, and the remarks above it."""
        write = self._out.append
        write("\n")
        for remark in self._remarks.above.get(subject, ()):
            write(f"{remark}\n")
        write("[]" if isinstance(subject, ox.BlankNode) else self._term(subject))
        self._properties(subject, 0)
        write(" .\n")

    def _properties(self, subject: Subject, depth: int) -> None:
        pairs = self._about.get(subject, {})
        write = self._out.append
        for n, predicate in enumerate(sorted(pairs, key=self._predicates.__getitem__)):
            write(f" ;\n{_indent(depth + 1)}" if n else " ")
            write("a" if predicate == TYPE else self._iri(predicate))
            as_set = predicate in SETS
            for m, value in enumerate(self._sorted(pairs[predicate], as_set=as_set)):
                write(f",\n{_indent(depth + 2)}" if m else " ")
                self._object(value, depth + 1, as_set=as_set)

    def _object(self, value: Term, depth: int, *, as_set: bool) -> None:
        if not isinstance(value, ox.BlankNode):
            self._out.append("()" if value == NIL else self._term(value))
            return
        items = self._items(value)
        if items is None:
            self._out.append("[")
            self._properties(value, depth + 1)
            self._out.append(" ]" if value in self._about else "]")
            return
        self._out.append("(")
        for item in self._sorted(items) if as_set else items:
            self._out.append(f"\n{_indent(depth + 2)}")
            self._object(item, depth + 1, as_set=False)
        self._out.append(" )")

    def _items(self, head: ox.BlankNode) -> list[Term] | None:
        """The members of the list that begins with *head*; None when it is no list and nothing else."""
        items: list[Term] = []
        node: Term = head
        while node != NIL:
            pairs = self._about.get(node, {}) if isinstance(node, ox.BlankNode) else {}
            if not _is_cell(pairs):
                return None
            items.extend(pairs[FIRST])
            (node,) = pairs[REST]
        return items

    def _term(self, term: ox.NamedNode | ox.Literal) -> str:
        if isinstance(term, ox.NamedNode):
            return self._iri(term)
        value, datatype = term.value, term.datatype.value
        if datatype in _BARE and _BARE[datatype].fullmatch(value):
            return value
        text = _ESCAPED.sub(_escape, value)
        quoted = f'"""{text}"""' if "\n" in text else f'"{text}"'
        if term.language:
            return f"{quoted}@{self._tags.get((value, term.language), term.language)}"
        return quoted if datatype == _STRING else f"{quoted}^^{self._iri(term.datatype)}"

    def _iri(self, node: ox.NamedNode) -> str:
        name = self._names.of(node.value)
        if name is None:
            return str(node)
        self._prefixes.add(name[0])
        return ":".join(name)

    def _commented(self, lines: Iterable[str]) -> Iterator[str]:
        """*lines*, with its label behind each opaque identifier with which one ends."""
        inside = False
        for line in lines:
            found = None if inside else _LAST_NAME.search(line)
            inside ^= line.count('"""') % 2 == 1
            if found and not inside and opaque(found[2]):
                label = self._labels.get(self._names.stems[found[1]] + found[2])
                if label:
                    line += f"  # {' '.join(label.split())}"
            yield line


def _is_cell(pairs: Mapping[ox.NamedNode, Mapping[Term, None]]) -> bool:
    if pairs.keys() != _CELL and (pairs.keys() != _TYPED_CELL or _LIST not in pairs[TYPE]):
        return False
    return all(len(objects) == 1 for objects in pairs.values())


def _escape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04X}"


def _indent(depth: int) -> str:
    return "    " * depth


def _literal_order(literal: ox.Literal) -> tuple[object, ...]:
    datatype = literal.datatype.value
    return (*_natural(literal.value), "" if datatype in _PLAIN else datatype, literal.language or "")
