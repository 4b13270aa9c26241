"""Turns the grammar into the tables of a predictive parser: the next token tells which way to go (LL(1))."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from mesoonto.sparql.grammar import FUNCTIONS, GRAMMAR

#: The kind of the token behind the last.
END = "the end"


@dataclass(slots=True, eq=False)
class Production:
    """A name of the grammar, or a part of it in brackets."""

    name: str
    node: bool  #: whether it makes a node of the tree
    fold: bool  #: whether it does so only when it has several parts
    ways: list[tuple[Symbol, ...]] = field(default_factory=list)
    #: By the kind of the next token: the way to go, its last symbol first, since a stack takes it.
    table: dict[str, tuple[Symbol, ...]] = field(default_factory=dict)
    first: set[str] = field(default_factory=set)  #: kinds of tokens that it can begin with
    follow: set[str] = field(default_factory=set)  #: kinds of tokens that can come after it
    empty: bool = False  #: whether it can be empty


#: A kind of token, or a production.
Symbol = str | Production


@dataclass(frozen=True, slots=True)
class Tables:
    """What the parser needs."""

    query: Production
    update: Production
    words: dict[str, str]  #: keyword or function, in capitals -> kind of token


@cache
def tables() -> Tables:
    """The tables, made once."""
    productions, words = _read(GRAMMAR)
    named = {p.name: p for p in productions}
    _fill(productions, [named["QueryUnit"], named["UpdateUnit"]])
    for kind, names in FUNCTIONS.items():
        words |= dict.fromkeys(names.split(), kind)
    return Tables(named["QueryUnit"], named["UpdateUnit"], words)


class _GrammarReader:
    """Reads the right sides of productions."""

    def __init__(self, named: dict[str, Production]) -> None:
        self._named = named
        self.all = list(named.values())
        self.words: dict[str, str] = {}

    def ways(self, marks: Iterator[str], name: str) -> list[tuple[Symbol, ...]]:
        """The alternatives up to the bracket that closes them, or the end."""
        found: list[tuple[Symbol, ...]] = []
        way: list[Symbol] = []
        for mark in marks:
            if mark == ")":
                break
            if mark == "|":
                found.append(tuple(way))
                way = []
            elif mark == "(":
                part = self._part(name)
                part.ways = self.ways(marks, name)
                way.append(part)
            elif mark in ("?", "*", "+"):
                way[-1:] = self._repeated(way[-1], mark, name)
            else:
                way.append(self._symbol(mark))
        found.append(tuple(way))
        return found

    def _part(self, name: str) -> Production:
        part = Production(f"part of {name}", node=False, fold=False)
        self.all.append(part)
        return part

    def _repeated(self, symbol: Symbol, mark: str, name: str) -> tuple[Symbol, ...]:
        part = self._part(name)
        part.ways = [(symbol,) if mark == "?" else (symbol, part), ()]
        return (symbol, part) if mark == "+" else (part,)

    def _symbol(self, token: str) -> Symbol:
        if not token.startswith("'"):
            return self._named.get(token, token)
        word = token[1:-1]
        if word.isalpha() or "_" in word:
            self.words[word] = word
        return word


def _read(text: str) -> tuple[list[Production], dict[str, str]]:
    rules = re.findall(r"^([~?]?)(\w+) ::= ((?:.+\n(?:    .+\n)*))", text, re.MULTILINE)
    named = {name: Production(name, node=mark != "~", fold=mark == "?") for mark, name, _ in rules}
    reader = _GrammarReader(named)
    for _, name, right in rules:
        named[name].ways = reader.ways(iter(re.findall(r"'[^']+'|\w+|[()|?*+]", right)), name)
    return reader.all, reader.words


def begins(*symbols: Symbol) -> tuple[set[str], bool]:
    """The kinds of tokens that *symbols* can begin with, and whether they can be empty."""
    found: set[str] = set()
    for symbol in symbols:
        if isinstance(symbol, str):
            return found | {symbol}, False
        found |= symbol.first
        if not symbol.empty:
            return found, False
    return found, True


def _fill(productions: list[Production], starts: list[Production]) -> None:
    """Find which tokens each way can begin with, and those that follow where it can be empty."""
    for start in starts:
        start.follow.add(END)
    before = -1
    while before != (size := sum(len(p.first) + len(p.follow) + p.empty for p in productions)):
        before = size
        for production in productions:
            for way in production.ways:
                _learn(production, way)
    for production in productions:
        for way in production.ways:
            tokens, is_empty = begins(*way)
            for token in tokens | (production.follow if is_empty else set()):
                # What comes first goes first; it matters for the sign after a path alone (`ex:p + 5`).
                production.table.setdefault(token, way[::-1])


def _learn(production: Production, way: tuple[Symbol, ...]) -> None:
    tokens, is_empty = begins(*way)
    production.first |= tokens
    production.empty |= is_empty
    for i, symbol in enumerate(way):
        if isinstance(symbol, Production):
            tokens, is_empty = begins(*way[i + 1 :])
            symbol.follow |= tokens
            if is_empty:
                symbol.follow |= production.follow
