"""Random queries with SERVICE and random data for them, all from one seed.

Each case is a local store, two remote ones, and a query in two forms: with SERVICE, and with GRAPH in its
place for a store that holds everything. The second form is the definition of the right answer. Each SERVICE
clause has a graph of its own, since the blank nodes of one answer are never those of another.

Expressions and EXISTS mention only variables that triples of their own group bind: pyoxigraph lets others
take a value from outside the group or not, by the plan that it chooses, where the specification has them
unbound.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

ENDPOINTS = ("http://a.example/sparql", "http://b.example/sparql")
_NS = "http://example.org/"
_NODES = [ox.NamedNode(f"{_NS}n{i}") for i in range(3)]
_PREDICATES = [ox.NamedNode(f"{_NS}p{i}") for i in range(3)]
_LITERALS = [
    ox.Literal("x"),
    ox.Literal("x", language="en"),
    ox.Literal("x", language="de"),
    ox.Literal(1),
    ox.Literal(2),
    ox.Literal("1", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#decimal")),
    ox.Literal('a "quoted" {line}\nfrom service'),
    ox.Literal(True),
]
_VARIABLES = "abcde"
#: Stands for ``SERVICE <...>`` while a query is made: the endpoint and the number of the clause.
_MARK = re.compile(r"@@([AB])(\d+)@@")


@dataclass(frozen=True)
class Case:
    local: ox.Store
    remotes: dict[str, ox.Store]
    everything: ox.Store
    query: str  #: with SERVICE
    oracle: str  #: with GRAPH
    batch: int


@dataclass
class _Maker:
    random: random.Random
    services: int = 0
    fresh: int = 0

    def variable(self) -> str:
        return "?" + self.random.choice(_VARIABLES)

    def term(self, *, literal: bool) -> str:
        draw = self.random.random()
        if draw < 0.88:
            return self.variable()
        return str(self.random.choice(_LITERALS if literal and draw > 0.94 else _NODES))

    def triple(self) -> str:
        predicate = str(self.random.choice(_PREDICATES))
        if self.random.random() < 0.1:
            predicate = self.variable()
        elif self.random.random() < 0.08:
            predicate = f"({predicate}|^{self.random.choice(_PREDICATES)})"
        return f"{self.term(literal=False)} {predicate} {self.term(literal=True)} ."

    def triples(self) -> str:
        return " ".join(self.triple() for _ in range(self.random.choice((1, 1, 2))))

    def expression(self, known: list[str]) -> str:
        a, b = self.random.choice(known), self.random.choice(known)
        return self.random.choice(
            (
                f"{a} != {b}",
                f"BOUND({a})",
                f"!BOUND({a})",
                f"isLiteral({a})",
                f"STR({a}) < STR({b})",
                f"{a} = 1",
            )
        )

    def values(self) -> str:
        names = self.random.sample(_VARIABLES, self.random.choice((1, 2)))
        rows = []
        for _ in range(self.random.choice((1, 2, 3))):
            cells = [
                "UNDEF" if self.random.random() < 0.15 else str(self.random.choice(_NODES)) for _ in names
            ]
            rows.append(f"({' '.join(cells)})")
        return f"VALUES ({' '.join('?' + n for n in names)}) {{ {' '.join(rows)} }}"

    def remote_group(self, depth: int) -> str:
        """What stands inside SERVICE: no other SERVICE, which would need a third endpoint."""
        parts = [self.triples()]
        known = _mentioned(parts)
        if depth:
            for _ in range(self.random.choice((0, 0, 1, 2))):
                parts.append(self.element(depth - 1, known, remote=True))
        if self.random.random() < 0.25:
            self.random.shuffle(parts)
        return " ".join(parts)

    def service(self) -> str:
        inside = self.remote_group(2)
        self.services += 1
        return f"@@{self.random.choice('AB')}{self.services}@@ {{ {inside} }}"

    def bind(self, known: list[str]) -> str:
        self.fresh += 1
        name = self.random.choice(known)
        return f"BIND({self.random.choice((f'STR({name})', name, '1'))} AS ?f{self.fresh})"

    def exists(self, known: list[str], *, remote: bool) -> str:
        """An EXISTS whose variables are bound by its group, or by nothing else in the query."""
        self.fresh += 1
        ends = [self.random.choice(known), self.random.choice((*known, f"?f{self.fresh}"))]
        self.random.shuffle(ends)
        inside = f"{ends[0]} {self.random.choice(_PREDICATES)} {ends[1]} ."
        if not remote and self.random.random() < 0.6:
            self.services += 1
            inside = f"@@{self.random.choice('AB')}{self.services}@@ {{ {inside} }}"
        return f"FILTER {self.random.choice(('EXISTS', 'NOT EXISTS'))} {{ {inside} }}"

    def sub_select(self, depth: int, *, remote: bool) -> str:
        # Often a clause alone, so that what stands around the sub-select is all that could restrict it.
        alone = not remote and self.random.random() < 0.4
        inner = self.service() if alone else self.group(depth, remote=remote)
        names = self.random.sample(_VARIABLES, 2)
        kind = self.random.random()
        if kind < 0.2:
            return f"{{ SELECT * {{ {inner} }} }}"
        if kind < 0.4:
            self.fresh += 1
            return f"{{ SELECT ?{names[0]} (COUNT(*) AS ?f{self.fresh}) {{ {inner} }} GROUP BY ?{names[0]} }}"
        if kind < 0.55:
            order = " ".join(f"?{n}" for n in names)
            return f"{{ SELECT DISTINCT {order} {{ {inner} }} ORDER BY {order} LIMIT 3 }}"
        return f"{{ SELECT {'DISTINCT ' if kind < 0.7 else ''}?{names[0]} ?{names[1]} {{ {inner} }} }}"

    def element(self, depth: int, known: list[str], *, remote: bool) -> str:
        draw = self.random.random()
        if not remote and draw < 0.25:
            return self.service()
        if draw < 0.45 or depth <= 0:
            return self.triples()
        if draw < 0.58:
            return f"OPTIONAL {{ {self.group(depth - 1, remote=remote)} }}"
        if draw < 0.66:
            branches = [self.group(depth - 1, remote=remote) for _ in range(2)]
            return f"{{ {branches[0]} }} UNION {{ {branches[1]} }}"
        if draw < 0.72:
            return f"MINUS {{ {self.group(depth - 1, remote=remote)} }}"
        if draw < 0.87 and not known:
            return self.triples()
        if draw < 0.77:
            return f"FILTER({self.expression(known)})"
        if draw < 0.81:
            return self.exists(known, remote=remote)
        if draw < 0.87:
            return self.bind(known)
        if draw < 0.90:
            return self.values()
        if draw < 0.92:
            return f"{{ {self.group(depth - 1, remote=remote)} }}"
        if draw < 0.94 and not remote:
            service = self.service() if self.random.random() < 0.5 else ""
            return f"GRAPH <{_NS}g> {{ {self.triples()} {service} }}"
        return self.sub_select(depth - 1, remote=remote)

    def group(self, depth: int, *, remote: bool) -> str:
        parts = [self.triples()] if self.random.random() < 0.6 else []
        known = _mentioned(parts)
        parts += [self.element(depth, known, remote=remote) for _ in range(self.random.choice((1, 1, 2, 3)))]
        return " ".join(parts)

    def query(self) -> str:
        where = self.group(3, remote=False)
        if self.random.random() < 0.7:
            where = f"{self.triples()} {where}"
        if not self.services:
            where += f" {self.service()}"
        names = " ".join(f"?{n}" for n in _VARIABLES)
        trailing = self.values() if self.random.random() < 0.08 else ""
        form = self.random.random()
        if form < 0.45:
            chosen = " ".join(
                f"?{n}" for n in sorted(self.random.sample(_VARIABLES, self.random.choice((1, 2, 3))))
            )
            return f"SELECT {chosen} {{ {where} }} {trailing}"
        if form < 0.6:
            return f"SELECT * {{ {where} }} {trailing}"
        if form < 0.7:
            return f"SELECT DISTINCT {names} {{ {where} }} {trailing}"
        if form < 0.8:
            return f"SELECT {names} {{ {where} }} ORDER BY {names} LIMIT 5"
        if form < 0.92:
            return (
                f"SELECT ?a (COUNT(*) AS ?n) (COUNT(DISTINCT ?b) AS ?m) {{ {where} }} GROUP BY ?a {trailing}"
            )
        return f"ASK {{ {where} }}"


def case(seed: int) -> Case:
    """The case that *seed* stands for."""
    maker = _Maker(random.Random(seed))
    local, everything = ox.Store(), ox.Store()
    remotes = {url: ox.Store() for url in ENDPOINTS}
    for quad in _quads(maker.random, "l", None):
        local.add(quad)
        everything.add(quad)
    for quad in _quads(maker.random, "g", ox.NamedNode(f"{_NS}g")):
        local.add(quad)
        everything.add(quad)
    for label, url in zip("rs", ENDPOINTS, strict=True):
        remotes[url].extend(_quads(maker.random, label, None))
    text = maker.query()
    urls = dict(zip("AB", ENDPOINTS, strict=True))
    for letter, number in set(_MARK.findall(text)):
        graph = ox.NamedNode(f"{urls[letter]}#{number}")
        everything.extend(_copies(remotes[urls[letter]], graph, number))
    query = _MARK.sub(lambda m: f"SERVICE <{urls[m[1]]}>", text)
    oracle = _MARK.sub(lambda m: f"GRAPH <{urls[m[1]]}#{m[2]}>", text)
    return Case(local, remotes, everything, query, oracle, maker.random.choice((1, 2, 3, 100)))


def _copies(store: ox.Store, graph: ox.NamedNode, number: str) -> Iterator[ox.Quad]:
    """What *store* holds, for *graph*, with blank nodes of its own."""

    def own(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> Any:
        return ox.BlankNode(f"{term.value}c{number}") if isinstance(term, ox.BlankNode) else term

    for quad in store:
        yield ox.Quad(own(quad.subject), quad.predicate, own(quad.object), graph)


def _mentioned(parts: list[str]) -> list[str]:
    return sorted(set(re.findall(r"\?[a-e]\b", " ".join(parts))))


def _quads(draw: random.Random, label: str, graph: ox.NamedNode | None) -> list[ox.Quad]:
    blank = [ox.BlankNode(f"{label}{i}") for i in range(2)]
    found = []
    for _ in range(draw.choice((6, 16, 26))):
        subject = draw.choice(_NODES) if draw.random() < 0.9 else draw.choice(blank)
        value: ox.NamedNode | ox.BlankNode | ox.Literal = draw.choice(_NODES)
        if draw.random() < 0.3:
            value = draw.choice(_LITERALS)
        elif draw.random() < 0.1:
            value = draw.choice(blank)
        found.append(ox.Quad(subject, draw.choice(_PREDICATES), value, graph or ox.DefaultGraph()))
    return found
