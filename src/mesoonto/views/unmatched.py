"""What a query asks for and the data do not have: names and literals that no triple has, with the nearest."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import pyoxigraph as ox
from rapidfuzz import fuzz, process

from mesoonto.dataset.store import Engine
from mesoonto.errors import Place
from mesoonto.namespaces import PREFIXES, in_query
from mesoonto.sparql.mentions import ANY_NAMED, MentionRole, QueryMention, QueryMentions, mentions
from mesoonto.sparql.messages import place_of
from mesoonto.sparql.parser import NotSparqlError, parse_query
from mesoonto.sparql.slip import clipped
from mesoonto.sparql.written import written
from mesoonto.views.completion import Completion, Completions
from mesoonto.views.facts import DCTERMS, TYPE, local
from mesoonto.views.search import folded

#: Characters of a query that is looked through, and findings that are told.
LONGEST = 1 << 16
_MOST = 20

#: Triples that are read for the literals of one query, and the likeness, of 100, of a text and a graph.
_READ = 200_000
_LIKE, _LIKE_GRAPH = 85, 75
_SHORTEST_TEXT, _LONGEST_TEXT = 4, 200

_REPLACED = ox.NamedNode(f"{DCTERMS}isReplacedBy")
_TYPE = ox.NamedNode(TYPE)

_Term = ox.NamedNode | ox.Literal
_Graph = ox.NamedNode | ox.DefaultGraph | None


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A name or literal of a query that no triple of the asked data has in that place."""

    written: str  #: as the query has it
    place: Place  #: line and column in the query
    message: str
    nearest: tuple[str, ...]  #: what may be meant, as a query has it with the usual prefixes
    within: str  #: OPTIONAL, MINUS or NOT EXISTS, where it stands in one, so that rows may come all the same

    def __str__(self) -> str:
        return f"{self.place}: {self.written}: {self.message}"

    def as_dict(self) -> dict[str, object]:
        """The same for JSON."""
        return {
            "line": self.place.line, "column": self.place.column, "written": self.written,
            "message": self.message, "nearest": list(self.nearest), "within": self.within,
        }  # fmt: skip


def unmatched(
    engine: Engine,
    text: str,
    known: Callable[[], Completions],
    default_graphs: Sequence[str] = (),
    named_graphs: Sequence[str] = (),
    base: str = "",
) -> tuple[Unmatched, ...]:
    """What the query *text*, which *engine* answers, asks for and its data do not have.

    Properties that no triple has, types of nothing, names and graphs that do not occur; texts that the data
    have with a language, a datatype or a case of its own. What SERVICE asks of others, and what a query
    builds, is left out. *known* gives the terms of the data, where something was not found; graphs and *base*
    are those of `Engine.query`. At most twenty are told; nothing of a query of more than 64 KiB.
    """
    if len(text) > LONGEST:
        return ()
    try:
        found = mentions(parse_query(text))
        terms = _resolved(found, base)
    except (NotSparqlError, SyntaxError):  # what the engine takes all the same
        return ()
    asked = _Asked(engine, found, terms, default_graphs, named_graphs)
    return tuple(islice(_Looker(text, asked, terms, known).look(found.found), _MOST))


def _resolved(found: QueryMentions, base: str) -> Mapping[str, _Term]:
    """What each text of *found* stands for."""
    texts = [text for text in found.texts if text != "a"]
    terms: dict[str, _Term] = {"a": _TYPE}
    if texts:
        rows = " ".join(f"({number} {text})" for number, text in enumerate(texts))
        options: dict[str, Any] = {"base_iri": base} if base else {}
        query = f"{found.prologue} SELECT ?n ?term {{ VALUES (?n ?term) {{ {rows} }} }}"
        solutions = ox.Store().query(query, prefixes=PREFIXES, **options)
        assert isinstance(solutions, ox.QuerySolutions)  # noqa: S101  # SELECT
        for number, term in solutions:
            if isinstance(number, ox.Literal) and isinstance(term, ox.NamedNode | ox.Literal):
                terms[texts[int(number.value)]] = term
    return terms


class _Asked:
    """The data that a query asks, by scope."""

    def __init__(
        self,
        engine: Engine,
        found: QueryMentions,
        terms: Mapping[str, _Term],
        default_graphs: Sequence[str],
        named_graphs: Sequence[str],
    ) -> None:
        self.store = engine.store
        self._terms = terms
        self._named: tuple[_Graph, ...] = (None,)
        self._default: tuple[_Graph, ...] = (None,) if engine.union else (ox.DefaultGraph(),)
        if default_graphs or named_graphs:
            self._default = tuple(map(ox.NamedNode, default_graphs))
            self._named = tuple(map(ox.NamedNode, named_graphs))
        elif found.default_graphs or found.named_graphs:
            self._default = self._graphs(found.default_graphs)
            self._named = self._graphs(found.named_graphs)

    def _graphs(self, texts: Sequence[str]) -> tuple[_Graph, ...]:
        terms = (self._terms.get(text) for text in texts)
        return tuple(term for term in terms if isinstance(term, ox.NamedNode))

    def graphs(self, scope: str) -> tuple[_Graph, ...]:
        """The graphs of *scope*; None stands for all of them."""
        if scope in ("", ANY_NAMED):
            return self._named if scope else self._default
        (graph,) = self._graphs((scope,)) or (None,)
        return (graph,) if None in self._named or graph in self._named else ()

    def is_graph(self, graph: ox.NamedNode) -> bool:
        """Whether there is such a graph."""
        return self.store.contains_named_graph(graph)

    def quads(
        self, subject: ox.NamedNode | None, predicate: ox.NamedNode | None, value: _Term | None, scope: str
    ) -> Iterator[ox.Quad]:
        """The matching triples of *scope*."""
        for graph in self.graphs(scope):
            yield from self.store.quads_for_pattern(subject, predicate, value, graph)

    def anywhere(
        self, subject: ox.NamedNode | None, predicate: ox.NamedNode | None, value: _Term | None
    ) -> Iterator[ox.Quad]:
        """The matching triples of all graphs, also of those that are not asked."""
        return self.store.quads_for_pattern(subject, predicate, value, None)


class _Looker:
    """Looks up what one query asks for."""

    def __init__(
        self, text: str, asked: _Asked, terms: Mapping[str, _Term], known: Callable[[], Completions]
    ) -> None:
        self._text = text
        self._asked = asked
        self._terms = terms
        self._make_known = known
        self._left = _READ
        self._told: set[tuple[str, str, bool]] = set()

    @cached_property
    def _known(self) -> Completions:
        return self._make_known()

    def look(self, found: Sequence[QueryMention]) -> Iterator[Unmatched]:
        for mention in found:
            term = self._terms.get(mention.text)
            if isinstance(term, ox.Literal):
                one = self._literal(mention, term)
            elif term is not None and not self._is_in_no_graph(mention):
                one = self._name(mention, term)
            else:
                one = None
            if one is not None:
                yield one

    def _is_in_no_graph(self, mention: QueryMention) -> bool:
        """Whether it is sought in a graph that there is not, which is told of that graph."""
        graph = self._terms.get(mention.scope)
        return isinstance(graph, ox.NamedNode) and not self._asked.is_graph(graph)

    def _name(self, mention: QueryMention, iri: ox.NamedNode) -> Unmatched | None:
        what, role = _DOING_WITHOUT[mention.role]
        is_type = mention.role is MentionRole.OBJECT and {self._terms.get(p) for p in mention.properties} == {
            _TYPE
        }
        if is_type:
            what, role = "nothing has this type", "class"
        if self._occurs(iri, mention.role, mention.scope, is_type=is_type):
            return None
        told = (mention.text, role, is_type)
        if told in self._told:
            return None
        self._told.add(told)
        if mention.role in (MentionRole.OBJECT, MentionRole.NAME) and not is_type:
            if not self._known.has_namespace(iri.value) or iri.value.endswith(("/", "#")):
                return None  # of others; or a namespace itself, as in STRSTARTS(STR(?x), STR(meso:))
            what = "no triple has this name"
        if mention.role is not MentionRole.GRAPH and self._occurs(iri, mention.role, None, is_type=is_type):
            return self._told_of(mention, f"{what} in the graphs that are asked; other graphs have it", ())
        if mention.within and self._known.term(iri.value) is not None:
            return None  # a declared name that nothing has yet, where none is needed
        near, how = self._nearest(iri, mention, role, is_type=is_type)
        return self._told_of(mention, what + how, near)

    def _occurs(self, iri: ox.NamedNode, role: MentionRole, scope: str | None, *, is_type: bool) -> bool:
        """Whether *iri* is of use in its *role* in *scope*, or in any graph."""

        def some(subject: ox.NamedNode | None, predicate: ox.NamedNode | None, value: _Term | None) -> bool:
            pattern = subject, predicate, value
            quads = self._asked.anywhere(*pattern) if scope is None else self._asked.quads(*pattern, scope)
            return next(quads, None) is not None

        if role is MentionRole.GRAPH:
            return self._asked.is_graph(iri)
        if role is MentionRole.PROPERTY:
            return some(None, iri, None)
        if is_type:
            return some(None, _TYPE, iri)
        return (
            some(iri, None, None)
            or some(None, None, iri)
            or some(None, iri, None)
            or self._asked.is_graph(iri)
        )

    def _nearest(
        self, iri: ox.NamedNode, mention: QueryMention, role: str, *, is_type: bool
    ) -> tuple[tuple[str, ...], str]:
        """What may be meant by *iri*, and that in words."""
        if mention.role is MentionRole.GRAPH:
            return self._nearest_graph(iri)
        replaced = next(self._asked.anywhere(iri, _REPLACED, None), None)
        if replaced is not None and isinstance(replaced.object, ox.NamedNode):
            new = in_query(replaced.object.value)
            return (new,), f"; it was replaced by {new}"
        itself = self._known.term(iri.value)
        if itself is not None and role == itself.kind:
            return (), _without_instances(itself) if is_type else ", though it is known"
        other_role = f"; {in_query(iri.value)} is no {role}" if itself is not None and role != "any" else ""
        unused: list[Completion] = []
        for find in (self._known.like, self._known.with_words):
            used: list[Completion] = []
            for term in find(iri.value, role):
                there = self._occurs(ox.NamedNode(term.iri), mention.role, mention.scope, is_type=is_type)
                (used if there else unused).append(term)
            if used:
                words = f"; {' or '.join(map(_named, used[:2]))} may be meant"
                return tuple(term.text for term in used[:2]), other_role + words
            if is_type and unused and _is_called(unused[0], iri.value):
                break
        if is_type and unused and not other_role:
            return (), _without_instances(unused[0])
        return (), other_role

    def _nearest_graph(self, iri: ox.NamedNode) -> tuple[tuple[str, ...], str]:
        named = [graph.value for graph in self._asked.store.named_graphs() if isinstance(graph, ox.NamedNode)]
        last = [local(graph).casefold() for graph in named]
        found = process.extractOne(local(iri.value).casefold(), last, scorer=fuzz.ratio)
        if found is None or found[1] < _LIKE_GRAPH:
            return (), ""
        graph = f"<{named[found[2]]}>"
        return (graph,), f"; {graph} may be meant"

    def _literal(self, mention: QueryMention, literal: ox.Literal) -> Unmatched | None:
        """A text that the data have in another form."""
        properties = [p for t in mention.properties if isinstance(p := self._terms.get(t), ox.NamedNode)]
        if _TYPE in properties or len(literal.value) > _LONGEST_TEXT:
            return None
        for one in properties:
            if next(self._asked.quads(None, one, literal, mention.scope), None) is not None:
                return None
        wanted = _plain(literal.value)
        same: dict[ox.Literal, None] = {}
        others: dict[str, ox.Literal] = {}
        for one in properties:
            for value in self._values(one, mention.scope):
                plain = _plain(value.value)
                if plain == wanted:
                    same[value] = None
                others.setdefault(plain, value)
        found = sorted(same, key=lambda v: (v.value != literal.value, v.language != "en", str(v)))[:2]
        if not found and len(wanted) >= _SHORTEST_TEXT and not re.search(r"\d", wanted):
            near = process.extractOne(wanted, others.keys(), scorer=fuzz.ratio, score_cutoff=_LIKE)
            found = [others[near[0]]] if near else []
        if not found:
            return None
        forms = tuple(map(written, found))
        has = "have" if same else "have no such text, but"
        return self._told_of(mention, f"the data {has} {' and '.join(forms)}", forms)

    def _values(self, of: ox.NamedNode, scope: str) -> Iterator[ox.Literal]:
        for quad in islice(self._asked.quads(None, of, None, scope), self._left):
            self._left -= 1
            if isinstance(quad.object, ox.Literal):
                yield quad.object

    def _told_of(self, mention: QueryMention, message: str, nearest: tuple[str, ...]) -> Unmatched:
        if mention.within:
            message += f" (in {mention.within})"
        place = place_of(self._text, mention.at)
        return Unmatched(clipped(" ".join(mention.text.split())), place, message, nearest, mention.within)


#: What is said of a name in each role, and what is meant by it.
_DOING_WITHOUT = {
    MentionRole.PROPERTY: ("no triple has this property", "property"),
    MentionRole.OBJECT: ("no triple has this name", "any"),
    MentionRole.NAME: ("no triple has this name", "any"),
    MentionRole.GRAPH: ("there is no such graph", "graph"),
}


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _named(term: Completion) -> str:
    """*term* as it is written, with its label where that says more."""
    return term.text if _is_called(term, term.iri) else f"{term.text} ({clipped(term.label)})"


def _without_instances(term: Completion) -> str:
    return f"; {_named(term)} is a class without instances"


def _is_called(term: Completion, iri: str) -> bool:
    """Whether the label of *term* is the last part of *iri*."""
    return folded(term.label).replace(" ", "") == folded(local(iri)).replace(" ", "")
