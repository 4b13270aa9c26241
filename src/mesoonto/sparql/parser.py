"""Parses SPARQL without recursion, in time that grows with the length of the text."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from typing import NamedTuple

from mesoonto.sparql.tables import END, Production, Symbol, begins, tables
from mesoonto.sparql.terminals import SPACE, TOKEN
from mesoonto.sparql.tree import Node

_LETTERS = re.compile(r"[A-Za-z_]{2,20}")
#: The predicate ``a`` written together with a number or a truth value.
_TYPE = re.compile(r"a(?=[0-9]|true|false)")

#: What a text may turn out to be where the longest token does not fit, longest first.
_SIGNS = ("<<(", "<<", "<=", "<", "||", "|", "^^", "^", "{", "(", "[", "?", "+", "-")

#: The kind of a text that is no token.
BROKEN = "no token"


class Token(NamedTuple):
    """A token and its place."""

    kind: str
    start: int
    end: int


class NotSparqlError(Exception):
    """A text that is not SPARQL: the first token that does not fit."""

    def __init__(
        self, token: Token, before: Token | None, inside: tuple[Node, ...], expected: frozenset[str]
    ) -> None:
        super().__init__(f"unexpected {token.kind} at {token.start}")
        self.token = token
        self.before = before  #: the token before it
        self.inside = inside  #: the productions that were begun and not ended, the innermost first
        self.expected = expected  #: kinds of tokens that would fit


def parse_query(text: str, *, lenient: bool = True) -> Node:
    """The tree of a query; raises NotSparqlError.

    *lenient* takes keywords that are written together, such as ``ORDERBY``, which the engine takes and the
    specification does not.
    """
    return _Parser(text, tables().query, lenient).run()


def parse_update(text: str, *, lenient: bool = True) -> Node:
    """The tree of an update, which may have no operation; raises NotSparqlError."""
    return _Parser(text, tables().update, lenient).run()


@dataclass(frozen=True, slots=True)
class _Close:
    """Stands on the stack where a node ends."""

    parts: list[Node]  #: of the node around it


@dataclass(frozen=True, slots=True)
class _Fold:
    """Stands on the stack where a production ends that makes a node only when it has several parts."""

    name: str
    count: int  #: of the parts that the node around it had before


_Stack = list["Symbol | _Close | _Fold"]


class _Parser:
    def __init__(self, text: str, start: Production, lenient: bool) -> None:
        self._text = text
        self._start = start
        self._lenient = lenient
        self._words = tables().words
        self.stack: _Stack = [END, start]
        self._parts: list[Node] = []  # of the node that is open
        self._node = Node(start.name, text, 0, len(text), None, self._parts)

    def run(self, stop: int | None = None) -> Node:
        """The tree, or with *stop* what there is of it before the token that begins there."""
        stack = self.stack
        kind, start, end = self._next(0)
        if start == stop:
            return self._node
        text, following = self._text, self._next
        before: tuple[str, int, int] | None = None
        node, parts = self._node, self._parts
        while True:
            top = stack.pop()
            if isinstance(top, str):
                if top != kind:
                    kind, start, end = self._otherwise((kind, start, end), (top,))
                    if top != kind:
                        raise self._mistake((kind, start, end), before)
                if kind == END:
                    return node
                parts.append(Node(kind, text, start, end, node))
                before = kind, start, end
                kind, start, end = following(end)
                if start == stop:
                    return node
            elif isinstance(top, Production):
                way = top.table.get(kind)
                if way is None:
                    kind, start, end = self._otherwise((kind, start, end), top.table)
                    way = top.table.get(kind)
                    if way is None:
                        raise self._mistake((kind, start, end), before)
                if top.fold:
                    stack.append(_Fold(top.name, len(parts)))
                elif top.node:
                    stack.append(_Close(parts))
                    parts = []
                    node = Node(top.name, text, start, start, node, parts)
                stack += way
            elif isinstance(top, _Close):
                if parts:
                    node.start, node.end = parts[0].start, parts[-1].end
                    top.parts.append(node)
                parts = top.parts
                assert node.parent is not None  # noqa: S101  # the root is not closed
                node = node.parent
            elif len(parts) > top.count + 1:
                _fold(node, parts, top)

    def _next(self, at: int) -> tuple[str, int, int]:
        """The kind, start and end of the first token from *at* on."""
        text = self._text
        space = SPACE.match(text, at)
        start = space.end() if space else at
        found = TOKEN.match(text, start)
        if found is None:
            return (END, start, start) if start == len(text) else (BROKEN, start, start + 1)
        kind = found.lastgroup or BROKEN
        if kind == "SIGN":
            kind = found[0]
        elif kind == "WORD":
            word = found[0]
            kind = "a" if word == "a" else self._words.get(word.upper(), "WORD")
        return kind, start, found.end()

    def _otherwise(self, token: tuple[str, int, int], expected: Container[str]) -> tuple[str, int, int]:
        """*token* as something shorter that is expected, where the text can be read so, or as it is."""
        text, start = self._text, token[1]
        for sign in _SIGNS:
            if sign in expected and text.startswith(sign, start):
                return sign, start, start + len(sign)
        if self._lenient and "a" in expected and _TYPE.match(text, start):
            return "a", start, start + 1
        letters = _LETTERS.match(text, start) if self._lenient else None
        if letters:
            word = letters[0].upper()
            for length in range(len(word), 1, -1):
                kind = self._words.get(word[:length])
                if kind in expected:
                    return str(kind), start, start + length
        return token

    def _mistake(self, token: tuple[str, int, int], before: tuple[str, int, int] | None) -> NotSparqlError:
        """What is wrong with *token*: the text before it is read once more, to see what would have fitted."""
        again = _Parser(self._text, self._start, self._lenient)
        node: Node | None = again.run(token[1])
        inside: list[Node] = []
        while node is not None:
            inside.append(node)
            node = node.parent
        return NotSparqlError(
            Token(*token), Token(*before) if before else None, tuple(inside), _fitting(again.stack)
        )


def _fold(node: Node, parts: list[Node], fold: _Fold) -> None:
    """Make the last *parts* of *node* a node of their own."""
    own = parts[fold.count :]
    inner = Node(fold.name, node.source, own[0].start, own[-1].end, node, own)
    for part in own:
        part.parent = inner
    parts[fold.count :] = [inner]


def _fitting(stack: _Stack) -> frozenset[str]:
    """The kinds of tokens that go on from *stack*."""
    found: set[str] = set()
    rest = list(stack)
    while rest:
        top = rest.pop()
        if isinstance(top, str):
            return frozenset(found | {top})
        if isinstance(top, Production):
            tokens, can_be_empty = begins(top)
            found |= tokens
            if not can_be_empty:
                break
    return frozenset(found)
