"""The place at which a text stops to be SPARQL, in terms of which slips are told."""

from __future__ import annotations

import re

from mesoonto.sparql.grammar import FUNCTIONS
from mesoonto.sparql.parser import NotSparqlError

#: Where something is wrong, and what.
Found = tuple[int, str]

AGGREGATES = frozenset(("COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"))
FUNCTION_KINDS = frozenset((*FUNCTIONS, "BNODE", "BOUND", "CONCAT", "COALESCE", "SUBSTR", "REGEX", "REPLACE"))
LITERALS = frozenset(("STRING", "INTEGER", "DECIMAL", "DOUBLE", "SIGNED", "TRUE", "FALSE"))
TERMS = frozenset(("VAR", "IRIREF", "PNAME_LN", "PNAME_NS", "BLANK_NODE_LABEL", "ANON", "[", "WORD"))
TERMS |= LITERALS
TRIPLES = (
    "TriplesSameSubjectPath", "TriplesSameSubject", "BlankNodePropertyListPath", "BlankNodePropertyList",
)  # fmt: skip
MODIFIERS = frozenset(("ORDER", "GROUP", "HAVING", "LIMIT", "OFFSET"))
FORMS = "SELECT, ASK, CONSTRUCT or DESCRIBE"

#: Characters of what a message quotes.
_QUOTED = 60


def clipped(text: str) -> str:
    """*text* as a message quotes it."""
    return text if len(text) <= _QUOTED else f"{text[: _QUOTED - 3]}..."


class Slip:
    """An error of the parser: the token that does not fit, what is before it, and what would fit."""

    def __init__(self, error: NotSparqlError, text: str) -> None:
        self.text = text
        self.kind = error.token.kind
        self.at = error.token.start
        self.end = error.token.end
        self.word = clipped(text[self.at : self.end])
        self.expected = error.expected
        self.before = error.before.kind if error.before else ""
        self.before_at = error.before.start if error.before else 0
        self.before_end = error.before.end if error.before else 0
        self.before_word = clipped(text[self.before_at : self.before_end])
        self.open = error.inside  #: the productions that were begun, the innermost first
        self.inside = [node.kind for node in error.inside]

    @property
    def where(self) -> str:
        """The production in which it stands."""
        return self.inside[0] if self.inside else ""

    @property
    def adjacent(self) -> bool:
        """Whether nothing stands between it and what is before it."""
        return self.before != "" and self.before_end == self.at

    @property
    def in_expression(self) -> bool:
        """Whether an expression could go on here."""
        return "&&" in self.expected

    @property
    def in_group(self) -> bool:
        """Whether another pattern of a group could begin here."""
        return "FILTER" in self.expected

    @property
    def in_triples(self) -> bool:
        """Whether it stands within a triple."""
        return self.where in TRIPLES

    @property
    def needs_pattern(self) -> bool:
        """Whether the pattern of the query is to come."""
        return "WHERE" in self.expected

    def only(self, *kinds: str) -> bool:
        """Whether only *kinds* are expected."""
        return self.expected <= frozenset(kinds)

    def follows(self, pattern: str) -> re.Match[str] | None:
        """Whether the text goes on with *pattern* from the token on."""
        return re.compile(pattern, re.IGNORECASE).match(self.text, self.at)

    def here(self, message: str) -> Found:
        """*message* about the token."""
        return self.at, message
