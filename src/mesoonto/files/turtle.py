"""Reads Turtle, TriG and N-Triples with the place of every term.

pyoxigraph reads faster but does not say where a triple stood. The triples come in the very order in which
pyoxigraph gives them, so that blank nodes, which are named by order of appearance, have the same names.
What this reader does not understand ends the reading early: places are then missing, never wrong.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urljoin

import pyoxigraph as ox

from mesoonto.files.terms import FIRST, NIL, REST, TYPE, XSD, Term, blank

#: What stands between tokens, and the next token; what is frequent comes first.
_TOKEN = re.compile(
    r"""(?:[ \t\r\n]++|\#[^\n\r]*+)*+(?:
    (?P<name>(?:[^\W\d_](?:[\w·\u0300-\u036f-]++|\.++(?=[\w·\u0300-\u036f-]))*+)?:
        (?:(?:[\w:]|%[0-9A-Fa-f]{2}|\\[_~.!$&'()*+,;=/?\#@%-])
        (?:[\w:·\u0300-\u036f-]++|%[0-9A-Fa-f]{2}|\\[_~.!$&'()*+,;=/?\#@%-]
        |\.++(?=[\w:·\u0300-\u036f%\\-]))*+)?)
    |(?P<mark>[;,\[\](){}]|\.(?!\d))
    |(?P<iri><(?:[^<>"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*>)
    |(?P<long>\"\"\"(?:"{0,2}(?:[^"\\]++|\\.))*+\"\"\"|'''(?:'{0,2}(?:[^'\\]++|\\.))*+''')
    |(?P<string>"(?:[^"\\\n\r]++|\\.)*+"|'(?:[^'\\\n\r]++|\\.)*+')
    |(?P<directive>(?i:@prefix|@base|(?:PREFIX|BASE)(?=[ \t\r\n\#])))
    |(?P<lang>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
    |(?P<type>\^\^)
    |(?P<blank>_:[\w](?:[\w·\u0300-\u036f-]++|\.++(?=[\w·\u0300-\u036f-]))*+)
    |(?P<double>[+-]?(?:\d+\.\d*|\.?\d+)[eE][+-]?\d+)
    |(?P<decimal>[+-]?\d*\.\d+)
    |(?P<integer>[+-]?\d+)
    |(?P<word>(?i:true|false|graph|a(?![\w:]))))""",
    re.VERBOSE | re.DOTALL,
)

_KINDS = ("", *_TOKEN.groupindex)

#: One statement up to its full stop, without looking into it: for skipping what nobody asks about.
_STATEMENT = re.compile(
    r"""(?:[^"'<.\#\\]++|<[^>\n]*+>|\"\"\"(?:"{0,2}(?:[^"\\]++|\\.))*+\"\"\"|'''(?:'{0,2}(?:[^'\\]++|\\.))*+'''
    |"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+'|\#[^\n]*|\.(?=[\w\\%:-])|\\.)*+\.""",
    re.VERBOSE | re.DOTALL,
)
_SKIP = re.compile(r"(?:[ \t\r\n]++|\#[^\n\r]*+)*+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_FIRST_WORD = re.compile(r"<[^>]*>|[^\s;,\[\]()]+|\[|\(")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_LETTERS = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_MAX_DEPTH = 60


class Written(NamedTuple):
    """A triple with the offsets, in characters, at which its terms begin."""

    subject: Term
    predicate: ox.NamedNode
    object: Term
    subject_at: int
    predicate_at: int
    object_at: int


class _LostError(Exception):
    """The reader does not understand the text from here on."""


@dataclass(slots=True)
class _Placed:
    """A term and where it stands, and the token at which pyoxigraph knows that it is complete.

    A string is complete when the next token is no language tag or datatype; pyoxigraph then does first what
    that token asks for (*late*).
    """

    term: object
    at: int
    known_at: int
    late: bool = False


@dataclass(slots=True)
class _Raw:
    """A triple whose blank nodes have no names yet, and when pyoxigraph gives it."""

    subject: _Placed
    predicate: _Placed
    object: _Placed
    known_at: int
    late: bool = False


class _Blank:
    """A blank node that gets its name when a triple first mentions it."""


def read(
    text: str, base: str, file: int, subjects: Container[str] | None = None, blanks: int = 0
) -> Iterator[Written]:
    """The triples of *text*, in order, up to the first thing that is not understood.

    With *subjects*, IRIs, only the statements of those are read, and of nodes with labels, which is faster;
    blank nodes then have no lasting names, but for the first so many that *blanks* tells: as far as their
    descriptions begin, everything is read. In TriG blank nodes have no lasting names either, and statements
    of all graphs are given.
    """
    reader = _TurtleReader(text, base, file)
    try:
        yield from reader.run(subjects, blanks)
    except (_LostError, ValueError):
        return


class _TurtleReader:
    def __init__(self, text: str, base: str, file: int) -> None:
        self._text = text
        self._base = base
        self._file = file
        self._prefixes: dict[str, str] = {}
        self._labels: dict[str, _Blank] = {}
        self._iris: dict[str, ox.NamedNode] = {}
        self._names: dict[_Blank, ox.BlankNode] = {}
        self._at = 0
        self._kind = ""
        self._word = ""
        self._start = 0

    # Tokens

    def _next(self) -> None:
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            self._at = _SKIP.match(self._text, self._at).end()  # type: ignore[union-attr]
            self._kind, self._word, self._start = "", "", len(self._text)
            if self._at < len(self._text):
                raise _LostError
            return
        group = match.lastindex or 0
        self._kind, self._word = _KINDS[group], match[group]
        self._start, self._at = match.span(group)

    def _expect(self, mark: str) -> None:
        if self._word != mark or self._kind != "mark":
            raise _LostError
        self._next()

    # Statements

    def run(self, subjects: Container[str] | None, blanks: int) -> Iterator[Written]:
        waiting: _Raw | None = None
        for raw in self._statements(subjects, blanks):
            if waiting is not None and (raw.late or raw.known_at > waiting.known_at):
                yield self._written(waiting)
                waiting = None
            if raw.late:
                waiting = raw
            else:
                yield self._written(raw)
        if waiting is not None:
            yield self._written(waiting)

    def _statements(self, subjects: Container[str] | None, blanks: int) -> Iterator[_Raw]:
        end = 0
        if subjects is None or blanks:
            self._next()
            while self._kind and (subjects is None or len(self._names) < blanks):
                yield from self._statement()
            end = self._start
        if subjects is None:
            return
        while True:
            start = _SKIP.match(self._text, end).end()  # type: ignore[union-attr]
            match = _STATEMENT.match(self._text, start)
            first = _FIRST_WORD.match(self._text, start)
            if first is None:
                return
            word = first[0]
            if word.lower() in ("prefix", "base"):
                self._at = start
                self._next()
                self._directive()
                end = self._start
                continue
            if match is None:
                return
            end = match.end()
            if word.startswith(("@", "_:")) or self._iri_of(word) in subjects:
                self._at = start
                self._next()
                yield from self._statement()
                end = max(end, self._start if self._kind else len(self._text))

    def _iri_of(self, word: str) -> str:
        if word.startswith("<"):
            return self._resolved(word)
        prefix, colon, local = word.partition(":")
        return self._prefixes.get(prefix, "") + _unescaped_name(local) if colon else ""

    def _statement(self) -> Iterator[_Raw]:
        if self._kind == "directive":
            self._directive()
            return
        if self._opens_or_closes_a_graph():
            return
        if self._kind == "mark" and self._word == "(":
            subject = _here(None, self._start)
            yield from self._list(subject, None, None, 0)
        elif self._kind == "mark" and self._word == "[":
            subject = _here(_Blank(), self._start)
            self._next()
            if self._word != "]":
                yield from self._properties(subject, 0)
            self._expect("]")
            if self._word == "." and self._kind == "mark":
                self._next()
                return
        else:
            subject = self._term()
        if self._is_mark("{"):  # what looked like a subject was the name of a graph
            return
        yield from self._properties(subject, 0)
        if not self._is_mark("}"):
            self._expect(".")

    def _is_mark(self, mark: str) -> bool:
        return self._kind == "mark" and self._word == mark

    def _opens_or_closes_a_graph(self) -> bool:
        """Step over a bracket of TriG, or the word before the name of a graph."""
        if self._is_mark("{") or self._is_mark("}"):
            self._next()
            if self._is_mark("."):  # older TriG has a full stop behind a graph
                self._next()
            return True
        if self._kind == "word" and self._word.lower() == "graph":
            self._next()
            return True
        return False

    def _directive(self) -> None:
        word = self._word.lower()
        self._next()
        if word.endswith("prefix"):
            if self._kind != "name" or not self._word.endswith(":"):
                raise _LostError
            prefix = self._word[:-1]
            self._next()
            if self._kind != "iri":
                raise _LostError
            self._prefixes[prefix] = self._resolved(self._word)
        else:
            if self._kind != "iri":
                raise _LostError
            self._base = self._resolved(self._word)
        self._iris.clear()  # the same words may mean others from here on
        self._next()
        if word.startswith("@"):
            self._expect(".")

    def _properties(self, subject: _Placed, depth: int) -> Iterator[_Raw]:
        while True:
            predicate = self._predicate()
            while True:
                yield from self._object(subject, predicate, depth)
                if self._word != "," or self._kind != "mark":
                    break
                self._next()
            if self._word != ";" or self._kind != "mark":
                return
            while self._word == ";" and self._kind == "mark":
                self._next()
            if self._kind == "mark":
                return

    def _predicate(self) -> _Placed:
        if self._kind == "word" and self._word == "a":
            found = _here(TYPE, self._start)
            self._next()
            return found
        found = self._term()
        if not isinstance(found.term, ox.NamedNode):
            raise _LostError
        return found

    def _object(self, subject: _Placed, predicate: _Placed, depth: int) -> Iterator[_Raw]:
        if depth > _MAX_DEPTH:
            raise _LostError
        if self._kind == "mark" and self._word == "[":
            node = _here(_Blank(), self._start)
            self._next()
            if self._word != "]" or self._kind != "mark":
                yield from self._properties(node, depth + 1)
            node.known_at = self._start
            self._expect("]")
            yield _raw(subject, predicate, node)
        elif self._kind == "mark" and self._word == "(":
            yield from self._list(_here(None, self._start), subject, predicate, depth)
        else:
            yield _raw(subject, predicate, self._term())

    def _list(
        self, head: _Placed, subject: _Placed | None, predicate: _Placed | None, depth: int
    ) -> Iterator[_Raw]:
        """A list; *head* gets its node. The order of the triples is that of oxttl."""
        self._next()
        if self._word == ")" and self._kind == "mark":
            head.term, head.known_at = NIL, self._start
            self._next()
            if subject is not None and predicate is not None:
                yield _raw(subject, predicate, head)
            return
        previous: _Placed | None = None
        while not (self._word == ")" and self._kind == "mark"):
            cell = head if previous is None else _here(_Blank(), self._start)
            if previous is None:
                cell.term = _Blank()
            item = self._start
            first = _here(FIRST, item)
            nested = self._kind in ("mark", "string", "long")
            if not nested:
                yield _raw(cell, first, self._term())
            if previous is not None:
                yield _Raw(previous, _here(REST, item), cell, item)
            elif subject is not None and predicate is not None:
                yield _Raw(subject, predicate, cell, item)
            if nested:
                yield from self._object(cell, first, depth + 1)
            previous = cell
        at = self._start
        self._next()
        if previous is not None:
            yield _raw(previous, _here(REST, at), _here(NIL, at))

    # Terms

    def _term(self) -> _Placed:
        kind, word, start = self._kind, self._word, self._start
        self._next()
        match kind:
            case "iri":
                return _here(self._iris.get(word) or self._iri(word), start)
            case "name":
                return _here(self._iris.get(word) or self._named(word), start)
            case "blank":
                return _here(self._labels.setdefault(word, _Blank()), start)
            case "long" | "string":
                size = 3 if kind == "long" else 1
                return self._literal(unescaped(word[size:-size]), start)
            case "double" | "decimal" | "integer":
                return _here(ox.Literal(word, datatype=ox.NamedNode(XSD + kind)), start)
            case "word" if word in ("true", "false"):
                return _here(ox.Literal(word, datatype=ox.NamedNode(XSD + "boolean")), start)
        raise _LostError

    def _literal(self, value: str, start: int) -> _Placed:
        suffix = self._start
        if self._kind == "lang":
            language = self._word[1:]
            self._next()
            return _Placed(ox.Literal(value, language=language), start, suffix)
        if self._kind == "type":
            self._next()
            datatype = self._term()
            if not isinstance(datatype.term, ox.NamedNode):
                raise _LostError
            return _Placed(ox.Literal(value, datatype=datatype.term), start, datatype.at)
        return _Placed(ox.Literal(value), start, suffix, late=True)

    def _named(self, word: str) -> ox.NamedNode:
        prefix, _, local = word.partition(":")
        if prefix not in self._prefixes:
            raise _LostError
        found = self._iris[word] = ox.NamedNode(self._prefixes[prefix] + _unescaped_name(local))
        return found

    def _iri(self, word: str) -> ox.NamedNode:
        found = self._iris[word] = ox.NamedNode(self._resolved(word))
        return found

    def _resolved(self, word: str) -> str:
        iri = unescaped(word[1:-1])
        return iri if _SCHEME.match(iri) else urljoin(self._base, iri)

    def _written(self, raw: _Raw) -> Written:
        predicate = raw.predicate.term
        if not isinstance(predicate, ox.NamedNode):
            raise _LostError
        return Written(
            self._name(raw.subject.term),
            predicate,
            self._name(raw.object.term),
            raw.subject.at,
            raw.predicate.at,
            raw.object.at,
        )

    def _name(self, term: object) -> Term:
        if isinstance(term, _Blank):
            if term not in self._names:
                self._names[term] = blank(self._file, len(self._names))
            return self._names[term]
        if isinstance(term, ox.NamedNode | ox.Literal | ox.BlankNode):
            return term
        raise _LostError


def _here(term: object, at: int) -> _Placed:
    """A term that is complete where it begins."""
    return _Placed(term, at, at)


def _raw(subject: _Placed, predicate: _Placed, value: _Placed) -> _Raw:
    return _Raw(subject, predicate, value, value.known_at, value.late)


def unescaped(text: str) -> str:
    """*text*, the inside of a string or IRI in Turtle, with its escapes resolved."""
    if "\\" not in text:
        return text

    def letter(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        return chr(int(code, 16)) if code else _LETTERS.get(match[3], match[3])

    return _ESCAPE.sub(letter, text)


def _unescaped_name(local: str) -> str:
    return re.sub(r"\\(.)", r"\1", local) if "\\" in local else local
