"""Looks at a query or update before it is evaluated.

The engine would fetch any host for SERVICE and LOAD, and reads its default graph from FROM only when it is
not told otherwise. Both must be known before evaluation, and what counts is how the engine reads the text: it
takes keywords that are glued to what follows (``SERVICESILENT<http://a/>``), and resolves codepoint
escapes in strings and IRIs alone. So the engine itself is asked. A text in which the letters of a keyword do
not stand has no such keyword. In any other text one letter of the word is changed wherever it stands: names,
strings, IRIs and comments are as good as before, and a keyword is none any more. When the engine still parses
the text, the keyword is not in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from mesoonto.errors import (
    InputError,
    NestingError,
    Place,
    QueryRefusedError,
    QuerySyntaxError,
    TooLongError,
)
from mesoonto.namespaces import PREFIXES
from mesoonto.sparql.grammar import VOLATILE

_VOLATILE = tuple(name.lower() for name in VOLATILE)
_VOLATILE_NAME = re.compile(rf"(?<![^\W_])(?:{'|'.join(_VOLATILE)})(?![^\W_])")

#: The letter of each keyword that is changed. Neither it nor what takes its place is a hexadecimal digit, so
#: that escapes stay what they are.
_CHANGED = {"service": 0, "load": 0, "from": 1}
_MASKS = "zxqkjw"

#: FROM with an absolute IRI, and whether it is FROM NAMED.
_FROM = re.compile(r"from\s*(?:(named)\s*)?<([a-z][a-z0-9+.-]*:[^<>\"{}|^`\\\s]*)>", re.IGNORECASE)

#: The declarations before an update, which the engine takes in this place only.
_PROLOGUE = re.compile(
    r"""(?:[ \t\r\n]++|\#[^\r\n]*+
        |BASE(?:[ \t\r\n]|\#[^\r\n]*)*+<[^>]*+>
        |PREFIX(?:[ \t\r\n]|\#[^\r\n]*)*+[^\s:<>"'{}]*+:(?:[ \t\r\n]|\#[^\r\n]*)*+<[^>]*+>
        |VERSION(?:[ \t\r\n]|\#[^\r\n]*)*+(?:"[^"\r\n]*+"|'[^'\r\n]*+')
    )*+""",
    re.VERBOSE | re.IGNORECASE,
)

#: An operation that fails on an empty store, so that nothing behind it is carried out.
_STOP = "DROP GRAPH <urn:mesoonto:none> ; "


#: Levels of brackets and negations that the engine's parser follows safely; it dies of some 800.
_LEVELS = 300
#: Characters of a text that is parsed here, where nobody sets another bound; 1 MB takes some 3 s.
LONGEST = 1 << 20
#: Characters of an IRI (SPARQL 1.1 Query, section 19.8, production IRIREF).
_IRI = re.compile(r"""[^<>"{}|^`\\\x00-\x20]*""")


@dataclass(frozen=True, slots=True)
class Outline:
    """What matters of a query before it runs."""

    has_service: bool  #: also when the engine does not parse the text, and the letters of SERVICE are in it
    has_dataset_clause: bool  #: likewise
    volatile: bool  #: whether it may call a function that gives another value each time


_NOTHING = Outline(has_service=False, has_dataset_clause=False, volatile=False)

#: What the engine is told of prefixes and base, where it is not told anything else.
DEFAULTS: Mapping[str, Any] = {"prefixes": PREFIXES, "base_iri": "http://localhost/"}


def outline(query: str, options: Mapping[str, Any] = DEFAULTS) -> Outline:
    """What *query* holds, as the engine reads it with *options* (``prefixes`` and ``base_iri``).

    The answer is sure for an evaluation with the same options. The mere name of a volatile function makes the
    query volatile.
    """
    try:
        return outline_without_service(query, options)
    except SyntaxError:
        return Outline(has_service=True, has_dataset_clause=True, volatile=True)


def outline_without_service(query: str, options: Mapping[str, Any]) -> Outline:
    """As `outline`; raises the engine's SyntaxError when it does not parse the text with SERVICE masked."""
    lower = query.lower()
    if "service" in lower:
        _parse_without(query, "service", options)
    volatile = False
    for name in _VOLATILE:  # ten times as fast as the expression alone
        if name in lower:
            volatile = _VOLATILE_NAME.search(lower) is not None
            break
    dataset = False
    if "from" in lower:
        try:
            _parse_without(query, "from", options)
        except SyntaxError:
            dataset = True
    if not (volatile or dataset):
        return _NOTHING
    return Outline(has_service=False, has_dataset_clause=dataset, volatile=volatile)


def may_repeat_a_graph(query: str) -> bool:
    """Whether FROM or FROM NAMED may name one graph twice in *query*; only sure when it says no.

    >>> may_repeat_a_graph("ASK FROM <http://e/a> FROM NAMED <http://e/b> {}")
    False
    >>> may_repeat_a_graph("PREFIX e: <http://e/> ASK FROM <http://e/a> FROM e:a {}")
    True
    """
    # Absolute IRIs without escapes and dots are one when they are written alike; others may be the same.
    found = [(named.lower(), iri) for named, iri in _FROM.findall(query)]
    return len(set(found)) < query.lower().count("from") or any("/." in iri for _, iri in found)


def names_service(query: str) -> bool:
    """Whether SERVICE stands in *query*, which need not be one that the engine takes in all else."""
    from mesoonto.sparql.parser import NotSparqlError, parse_query

    if "service" not in query.lower():
        return False
    try:
        return any(node.kind == "SERVICE" for node in parse_query(query).walk())
    except NotSparqlError:
        return False


def reaches_out(update: str, options: Mapping[str, Any]) -> bool:
    """Whether *update* has SERVICE or LOAD, or has their letters and is not parsed by the engine."""
    return has_load(update, options) or _update_has(update, "service", options)


def has_load(update: str, options: Mapping[str, Any]) -> bool:
    """Whether *update* has LOAD, or has its letters and is not parsed by the engine."""
    return _update_has(update, "load", options)


def masked(text: str, word: str) -> str | None:
    """*text* in which *word* stands nowhere, one letter being another; None when no letter is left for it.

    All else stays in its place. The word with the other letter is nowhere in *text*, so that two names that
    were different still are.

    >>> masked("SELECT ?service { ?s a <http://e/SERVICE> }", "service")
    'SELECT ?zervice { ?s a <http://e/ZERVICE> }'
    """
    lower, at = text.lower(), _CHANGED[word]
    letter = next((a for a in _MASKS if word[:at] + a + word[at + 1 :] not in lower), None)
    if letter is None:
        return None

    def changed(found: re.Match[str]) -> str:
        old = found[0]
        return old[:at] + (letter.upper() if old[at].isupper() else letter) + old[at + 1 :]

    return re.sub(word, changed, text, flags=re.IGNORECASE | re.ASCII)


def _parse_without(query: str, word: str, options: Mapping[str, Any]) -> None:
    """Let the engine parse *query*, in which *word* is no keyword any more; raises its SyntaxError."""
    text = masked(query, word)
    if text is not None and word != "service":
        # What is parsed here must not reach out; the result of ASK is not lazy.
        text = masked(text, "service")
    if text is None:
        raise SyntaxError("too many words that are nearly keywords")
    try:
        require_shallow(query)
    except QuerySyntaxError as error:
        raise SyntaxError(str(error)) from error
    with suppress(OSError, RuntimeError, ValueError):  # it was parsed, and could not be evaluated
        ox.Store().query(text, **options)


def require_shallow(query: str) -> None:
    """Raise NestingError for a query that would overflow the stack of the engine's parser.

    One with as many brackets is parsed here, without recursion: QuerySyntaxError where it is none,
    TooLongError where it is too long for that.
    """
    if sum(query.count(character) for character in "{([!") <= _LEVELS:
        return
    from mesoonto.sparql.messages import mistake
    from mesoonto.sparql.parser import NotSparqlError, parse_query

    require_short(query, "query", LONGEST)
    try:
        levels = parse_query(query).levels()
    except NotSparqlError as error:
        if len(error.inside) <= _LEVELS:
            raise mistake(error, query) from error
        levels = len(error.inside)
    if levels > _LEVELS:
        raise NestingError("nested too deeply for the engine; write it with fewer levels", Place("query"))


def require_short(text: str, source: str, longest: int) -> None:
    """Raise TooLongError for *text*, called *source*, where it is too long to be taken apart."""
    if len(text) > longest:
        raise TooLongError(
            f"it has {len(text)} characters; one that has to be taken apart may have {longest}; "
            "send data with POST to the graph store, and the rest in parts",
            Place(source),
        )


def _update_has(update: str, word: str, options: Mapping[str, Any]) -> bool:
    if word not in update.lower():
        return False
    text = masked(update, word)
    return text is None or not is_update(text, options)


def is_update(text: str, options: Mapping[str, Any]) -> bool:
    """Whether the engine takes *text* as an update; nothing of it is carried out."""
    start = _PROLOGUE.match(text)
    at = start.end() if start else 0
    try:
        ox.Store().update(text[:at] + _STOP + text[at:], **options)
    except RuntimeError:
        return True  # it was parsed, and stopped at the first operation
    except (SyntaxError, OSError, ValueError):
        return False
    return False


def without_silent_loads(update: str, longest: int = LONGEST) -> str:
    """*update* in which each LOAD SILENT does nothing, which is what it does when its source cannot be had.

    Raises NotSparqlError, and TooLongError for more than *longest* characters.

    >>> without_silent_loads("LOAD SILENT <http://e/> ; CLEAR ALL")
    'INSERT DATA {} ; CLEAR ALL'
    """
    from mesoonto.sparql.parser import parse_update

    require_short(update, "update", longest)
    nodes = [n for n in parse_update(update).children if n.kind == "Load" and n.has("SILENT")]
    for node in reversed(nodes):
        update = f"{update[: node.start]}INSERT DATA {{}}{update[node.end :]}"
    return update


def with_dataset(
    update: str, default_graphs: Sequence[str], named_graphs: Sequence[str], longest: int = LONGEST
) -> str:
    """*update* in which every operation with a WHERE matches in the given graphs.

    They are the using-graph-uri and using-named-graph-uri of SPARQL 1.1 Protocol, section 2.2.3, written as
    USING and USING NAMED. Raises QueryRefusedError where the update has USING or WITH of its own, as the
    section asks, InputError for a graph that is named by no IRI, NotSparqlError, and TooLongError where the
    update has more than *longest* characters, or would have with its clauses.
    """
    from mesoonto.sparql.parser import parse_update

    require_short(update, "update", longest)
    for iri in (*default_graphs, *named_graphs):
        if not _IRI.fullmatch(iri):
            raise InputError("a graph of the dataset is not named by an IRI", Place("update"))
    clauses = "".join(
        [f"USING <{iri}> " for iri in default_graphs] + [f"USING NAMED <{iri}> " for iri in named_graphs]
    )
    changes: list[tuple[int, int, str]] = []  # from, to, replacement
    for node in parse_update(update).children:
        if node.kind == "Modify" or node.has("UsingClause"):
            raise QueryRefusedError(
                "using-graph-uri does not go with USING or WITH in the update", Place("update")
            )
        where = node.child("WherePart")
        if where is not None:
            changes.append((where.start, where.start, clauses))
        elif node.kind == "Delete" and node.has("WHERE"):
            quads = node.children[-1]
            changes.append((node.start, quads.start, f"DELETE {quads.text} {clauses}WHERE "))
    if len(update) + sum(len(replacement) for _, _, replacement in changes) > longest:
        raise TooLongError(
            f"with the graphs that are named it would have more than {longest} characters; send it in parts",
            Place("update"),
        )
    for start, end, replacement in sorted(changes, reverse=True):
        update = update[:start] + replacement + update[end:]
    return update
