"""Reads class expressions in OWL's Manchester syntax, as far as design patterns have use for it.

``and``, ``or``, ``some`` and parentheses; a class or property is a label in single quotes, a single word, or
an IRI in angle brackets (OWL 2 Manchester Syntax, section 2.4).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mesoonto.errors import MesoontoError
from mesoonto.ontology.expressions import And, Expression, Or, Some

_TOKEN = re.compile(r"\s*(?:(?P<iri><[^<>\s]*>)|'(?P<label>[^']+)'|(?P<sign>[()])|(?P<word>[^\s()'<>]+))")
#: Parentheses that may stand within one another.
_MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  #: iri, label, sign or word
    text: str


def expression(text: str, iri_of: Callable[[str], str]) -> Expression:
    """The class expression that *text* is, with *iri_of* telling what a label means.

    Raises MesoontoError where *text* is something else; what *iri_of* raises is passed on.

    >>> expression("tumour and (marker some <urn:x>)", lambda label: f"urn:{label}") == And(
    ...     frozenset({"urn:tumour", Some("urn:marker", "urn:x")})
    ... )
    True
    """
    reader = _ManchesterReader(_tokens(text), iri_of)
    found = reader.union(0)
    if reader.ahead is not None:
        raise MesoontoError(f"{text!r}: {reader.ahead.text!r} is out of place")
    return found


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise MesoontoError(f"{text!r}: a quote or bracket has no partner")
        tokens.append(_Token(match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return tokens


class _ManchesterReader:
    """Reads tokens from left to right; ``and`` binds closer than ``or``, ``some`` closest."""

    def __init__(self, tokens: list[_Token], iri_of: Callable[[str], str]) -> None:
        self._tokens = tokens[::-1]
        self._iri_of = iri_of

    @property
    def ahead(self) -> _Token | None:
        """The token that comes next."""
        return self._tokens[-1] if self._tokens else None

    def union(self, depth: int) -> Expression:
        """One intersection, or several joined by ``or``."""
        return self._joined("or", Or, lambda: self._joined("and", And, lambda: self._primary(depth)))

    def _joined(self, word: str, kind: type[And] | type[Or], one: Callable[[], Expression]) -> Expression:
        parts = [one()]
        while self._is(word):
            self._tokens.pop()
            parts.append(one())
        return parts[0] if len(parts) == 1 else kind(frozenset(parts))

    def _primary(self, depth: int) -> Expression:
        if self.ahead == _Token("sign", "("):
            if depth == _MAX_DEPTH:
                raise MesoontoError(f"more than {_MAX_DEPTH} parentheses stand within one another")
            self._tokens.pop()
            found = self.union(depth + 1)
            if self.ahead != _Token("sign", ")"):
                raise MesoontoError("a parenthesis is not closed")
            self._tokens.pop()
            return found
        name = self._name()
        if self._is("some"):
            self._tokens.pop()
            return Some(name, self._primary(depth))
        return name

    def _name(self) -> str:
        token = self._tokens.pop() if self._tokens else _Token("sign", "the end")
        if token.kind == "sign" or (token.kind == "word" and token.text in ("and", "or", "some")):
            raise MesoontoError(f"expected a class or property, found {token.text}")
        return token.text[1:-1] if token.kind == "iri" else self._iri_of(token.text)

    def _is(self, word: str) -> bool:
        return self.ahead == _Token("word", word)
