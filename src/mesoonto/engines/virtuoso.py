"""OpenLink Virtuoso, 7.2.5 run in the tests.

Its default graph is the union of all graphs, also of three with which it comes. Words of its own would leave
these out (define input:default-graph-exclude); its compiler then overflows on longer queries, so they are
not said. What it writes is not the W3C's JSON in some ways, which are mended as an answer passes: the answer
to ASK is a table, blank nodes have labels that are none, literals with a datatype have a type of their own,
and true is 1. Its other formats have more faults, so they are not asked for. All of that was tried. Its
time-out is told of in
https://vos.openlinksw.com/dataspace/owiki/wiki/VOS/VirtTipsAndTricksAnytimeSPARQLQuery.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from mesoonto.dataset.formats import Kind
from mesoonto.engines.adapter import EngineQuery, EngineRequest, EngineUpdate, Refusal
from mesoonto.engines.address import EngineAddress
from mesoonto.engines.generic import Generic, beside
from mesoonto.errors import (
    EngineError,
    EngineTimeoutError,
    MesoontoError,
    Place,
    QueryFaultError,
    QuerySyntaxError,
)

#: What stands in its JSON, and in the W3C's. A quote within a string of JSON is escaped, so no value of a
#: literal looks like this.
_MENDED = (
    (re.compile(rb'("type": "bnode", "value": ")nodeID://'), rb"\1"),
    (re.compile(rb'"type": "typed-literal", "datatype"'), rb'"type": "literal", "datatype"'),
    (re.compile(rb'(XMLSchema#boolean", "value": ")1"'), rb'\1true"'),
    (re.compile(rb'(XMLSchema#boolean", "value": ")0"'), rb'\1false"'),
)
#: More bytes than any of these patterns finds, and than stand before the variables of a result.
_HELD = 80

_ASKED = re.compile(rb'\A\s*\{\s*"head":\s*\{[^{}]*"vars":\s*\["__ASK_RETVAL"\]')
_ONE = re.compile(rb'"__ASK_RETVAL":\s*\{[^{}]*"value":\s*"1"')
#: Bytes in which the head of an answer to ASK ends, and more than the whole has.
_HEAD, _LONGEST_TRUTH = 160, 4096
_EMPTY = re.compile(rb"# Empty (?:NT|TURTLE)\s*\Z")
_LINE = re.compile(r"line (\d+): (.*)", re.DOTALL)

#: What declares a base before another one with a scheme, which is the one that counts.
_EARLIER_BASES = re.compile(
    r"\A(?:(?:\s|\#[^\r\n]*)*+BASE(?:\s|\#[^\r\n]*)*+<[^<>]*>)+(?=(?:\s|\#[^\r\n]*)*+BASE\s*<[a-z][a-z0-9+.-]*:)",
    re.IGNORECASE,
)

#: Milliseconds that it goes on behind our deadline: what it has found when its own time is over would come as
#: a whole answer.
_LATER = 2000


class Virtuoso(Generic):
    """See `Adapter`."""

    kind = "virtuoso"
    atomic_updates = False  # what stands before a failing operation stays (tried)
    takes_chunks = False  # it answers 201, and keeps nothing (tried)
    decimals_need_point = True  # "5"^^xsd:decimal in INSERT { } becomes the integer 5 (tried)
    has_default_graph = False

    def completed(self, address: EngineAddress) -> EngineAddress:
        """Updates go where queries do; the graph store is beside it, for those with credentials another."""
        name = "sparql-graph-crud-auth" if address.query.path.endswith("-auth") else "sparql-graph-crud"
        return beside(address, update=address.query.path.rpartition("/")[2], graph_store=name)

    def is_native(self, format_name: str, kind: Kind) -> bool:  # noqa: D102
        return (format_name, kind) in {
            ("json", Kind.SOLUTIONS), ("json", Kind.BOOLEAN), ("ntriples", Kind.TRIPLES)
        }  # fmt: skip

    def is_whole(self, format_name: str, kind: Kind, end: bytes) -> bool:  # noqa: D102
        return super().is_whole(format_name, kind, end) or _EMPTY.search(end) is not None

    def query(self, address: EngineAddress, asked: EngineQuery) -> EngineRequest:
        """With one base at most: it takes no more."""
        return super().query(address, replace(asked, text=_with_one_base(asked.text)))

    def update(self, address: EngineAddress, asked: EngineUpdate) -> EngineRequest:
        """As `query`."""
        return super().update(address, replace(asked, text=_with_one_base(asked.text)))

    def query_parameters(self, asked: EngineQuery) -> list[tuple[str, str]]:
        """Milliseconds, after which it answers with what it has."""
        return [("timeout", str(int(asked.seconds * 1000) + _LATER))]

    def mended(self, headers: Mapping[str, str], media_type: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """See above; an EngineTimeoutError for a part of a result, and an EngineError for a cut one."""
        if headers.get("x-sql-state", "").upper() == "S1TAT":
            raise EngineTimeoutError("gave up in time of its own, with a part of the result")
        if "x-sparql-maxrows" in headers:
            raise EngineError(
                f"sends {headers['x-sparql-maxrows'][:20]} rows at most, and this result has more; "
                "raise ResultSetMaxRows in its virtuoso.ini, or ask with a smaller LIMIT"
            )
        return _mended_json(chunks) if media_type == "application/sparql-results+json" else chunks

    def refused(self, refusal: Refusal) -> MesoontoError:
        """Without the query, which it repeats."""
        said = refusal.text.partition(" SPARQL query:")[0]
        line = _LINE.search(said)
        if "SPARQL compiler" in said and line is not None:
            return QuerySyntaxError(f"the engine refuses it: {line[2]}", Place("query", int(line[1])))
        if refusal.status == 500 and said.startswith("Virtuoso ") and refusal.media_type == "text/plain":
            return QueryFaultError(f"the engine cannot evaluate it: {said}")
        return super().refused(replace(refusal, text=said))


def _with_one_base(text: str) -> str:
    """*text* with blanks in place of each base at its begin before which no name was resolved.

    >>> _with_one_base("BASE <http://a/> BASE <http://b/> ASK {}")
    '                 BASE <http://b/> ASK {}'
    """
    found = _EARLIER_BASES.match(text)
    return text if found is None else re.sub(r"[^\r\n]", " ", found[0]) + text[found.end() :]


def _mended_json(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """What comes in *chunks* as the W3C has it."""
    held = b""
    for chunk in chunks:
        held += chunk
        if len(held) >= _HEAD:
            break
    if _ASKED.match(held):
        for chunk in chunks:
            held += chunk
            if len(held) > _LONGEST_TRUTH:
                break
        yield _truth(held)
        return
    for chunk in chunks:
        held = _replaced(held + chunk)
        yield held[:-_HELD]
        held = held[-_HELD:]
    yield _replaced(held)


def _replaced(text: bytes) -> bytes:
    for pattern, instead in _MENDED:
        text = pattern.sub(instead, text)
    return text


def _truth(table: bytes) -> bytes:
    """The answer to an ASK, which is true where the *table* has a row with 1 in it; half a table as it is."""
    if re.search(rb"\]\s*\}\s*\}\s*\Z", table) is None:
        return table
    return b'{"head":{},"boolean":' + (b"true" if _ONE.search(table) else b"false") + b"}"
