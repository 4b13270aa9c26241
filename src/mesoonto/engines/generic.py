"""An engine that keeps to the W3C's protocols, and of which nothing else is known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from urllib.parse import quote, urlencode, urljoin

from mesoonto.dataset.formats import Kind
from mesoonto.engines.adapter import EngineQuery, EngineRequest, EngineUpdate, Refusal
from mesoonto.engines.address import EngineAddress, EngineService
from mesoonto.errors import (
    EngineDownError,
    EngineError,
    EngineTimeoutError,
    InputError,
    MesoontoError,
    OverloadedError,
    Place,
    QueryFaultError,
    QuerySyntaxError,
)

FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
_DIRECT = ("Content-Type", "application/sparql-query")

#: What every engine writes as the standards have it. CSV and TSV have no mark at their end, so that half of
#: one would pass for a whole one.
_NATIVE = {
    Kind.BOOLEAN: frozenset(("json", "xml")),
    Kind.SOLUTIONS: frozenset(("json", "xml")),
    Kind.TRIPLES: frozenset(("turtle", "ntriples", "rdfxml")),
}

#: How a whole result ends.
_ENDS = {
    ("json", Kind.SOLUTIONS): re.compile(rb"\]\s*\}\s*\}\s*\Z"),
    ("json", Kind.BOOLEAN): re.compile(rb"(?:true|false|\}|\])\s*\}\s*\Z"),
    ("xml", Kind.SOLUTIONS): re.compile(rb"</(?:\w+:)?sparql\s*>\s*\Z"),
    ("xml", Kind.BOOLEAN): re.compile(rb"</(?:\w+:)?sparql\s*>\s*\Z"),
    ("rdfxml", Kind.TRIPLES): re.compile(rb"</(?:\w+:)?RDF\s*>\s*\Z|<(?:\w+:)?RDF[^<>]*/>\s*\Z"),
    ("turtle", Kind.TRIPLES): re.compile(rb"(?:^|\n|\.|>)\s*\Z"),
    ("ntriples", Kind.TRIPLES): re.compile(rb"(?:^|\.[ \t]*\r?\n?)\Z"),
    ("csv", Kind.SOLUTIONS): re.compile(rb"\n\Z"),
    ("tsv", Kind.SOLUTIONS): re.compile(rb"\n\Z"),
    ("nquads", Kind.DATASET): re.compile(rb"(?:^|\.[ \t]*\r?\n?)\Z"),
}

#: IRIs, strings and comments of SPARQL.
_TOLD = re.compile(
    r"""<[^<>"{}|^`\\\x00-\x20]*>
        |\"{3}(?:(?:"|"")?(?:[^"\\]|\\.))*\"{3}|'{3}(?:(?:'|'')?(?:[^'\\]|\\.))*'{3}
        |"(?:[^"\\\r\n]|\\.)*"|'(?:[^'\\\r\n]|\\.)*'
        |\#[^\r\n]*""",
    re.VERBOSE | re.DOTALL,
)

#: A place in the message of a refusal: line and column, from one.
_PLACE = re.compile(r"line:? (\d+),? *(?:col|column|char)\w*:? (\d+)", re.IGNORECASE)


class Generic:
    """See `Adapter`; others build on it."""

    kind = "generic"
    atomic_updates = False
    takes_chunks = True
    decimals_need_point = False
    has_default_graph = True
    #: Whether it takes a query as the body of a request, with parameters in the address.
    takes_queries_as_body = False
    advice_on_union = "let its default graph be the union of its named graphs"

    def completed(self, address: EngineAddress) -> EngineAddress:
        """Updates go where queries do (SPARQL 1.1 Protocol, section 2); no graph store is known."""
        return address if address.update is not None else replace(address, update=address.query)

    def is_native(self, format_name: str, kind: Kind) -> bool:  # noqa: D102
        return format_name in _NATIVE.get(kind, frozenset())

    def is_whole(self, format_name: str, kind: Kind, end: bytes) -> bool:  # noqa: D102
        pattern = _ENDS.get((format_name, kind))
        return pattern is None or pattern.search(end) is not None

    def query(self, address: EngineAddress, asked: EngineQuery) -> EngineRequest:
        """A POST with a form, or of the query itself (SPARQL 1.1 Protocol, sections 2.1.2 and 2.1.3)."""
        if self.takes_queries_as_body and not (asked.default_graphs or asked.named_graphs):
            # To encode a form, and decode it there, takes as long as a third of a look-up.
            path = _with_parameters(address.query.path, tuple(self.query_parameters(asked)))
            headers = (_DIRECT, ("Accept", asked.accept))
            return EngineRequest(address.query, "POST", path, headers, asked.text.encode())
        form = [("query", asked.text)]
        form += [("default-graph-uri", graph) for graph in asked.default_graphs]
        form += [("named-graph-uri", graph) for graph in asked.named_graphs]
        form += self.query_parameters(asked)
        return EngineRequest(
            address.query, "POST", address.query.path, (*FORM, ("Accept", asked.accept)),
            urlencode(form).encode(),
        )  # fmt: skip

    def query_parameters(self, asked: EngineQuery) -> list[tuple[str, str]]:  # noqa: ARG002
        """What else of *asked* the engine wants to be told, such as the time that it may take."""
        return []

    def update(self, address: EngineAddress, asked: EngineUpdate) -> EngineRequest:
        """A POST with a form (SPARQL 1.1 Protocol, section 2.2.1)."""
        if address.update is None:
            raise InputError("the engine takes no updates; name the address that does with --update-url")
        form = [("update", asked.text)]
        form += [("using-graph-uri", graph) for graph in asked.using_graphs]
        form += [("using-named-graph-uri", graph) for graph in asked.using_named_graphs]
        form += self.update_parameters(asked)
        return EngineRequest(address.update, "POST", address.update.path, FORM, urlencode(form).encode())

    def update_parameters(self, asked: EngineUpdate) -> list[tuple[str, str]]:  # noqa: ARG002
        """As `query_parameters`."""
        return []

    def graph(self, address: EngineAddress, method: str, graph: str | None, media_type: str) -> EngineRequest:
        """Indirect graph identification (SPARQL 1.1 Graph Store HTTP Protocol, section 4.2)."""
        service = address.graph_store
        if service is None:
            raise InputError("the graph store of the engine is not known; name it with --graph-store-url")
        which = "default" if graph is None else f"graph={quote(graph, safe='')}"
        path = f"{service.path}{'&' if '?' in service.path else '?'}{which}"
        name = "Accept" if method == "GET" else "Content-Type"
        return EngineRequest(service, method, path, ((name, media_type),) if media_type else ())

    def mended(self, headers: Mapping[str, str], media_type: str, chunks: Iterator[bytes]) -> Iterator[bytes]:  # noqa: D102, ARG002
        return chunks

    def refused(self, refusal: Refusal) -> MesoontoError:
        """By its status alone."""
        status, said = refusal.status, f"{refusal.status}: {refusal.text}" if refusal.text else refusal.status
        if status == 400:
            place = _PLACE.search(refusal.text)
            if place is not None:
                where = Place("query", int(place[1]), int(place[2]))
                return QuerySyntaxError(f"the engine refuses it: {refusal.text}", where)
            return QueryFaultError(f"the engine refuses it: {refusal.text or '(no reason given)'}")
        if status in (401, 403):
            return EngineError(f"lets us not in (it answered {said})")
        if 300 <= status < 400:
            to = refusal.headers.get("location", "(nowhere)")
            return EngineError(f"redirects to {to[:200]}; give the address that answers itself")
        if status in (408, 504):
            return EngineTimeoutError(f"gave up in time of its own (it answered {said})")
        if status in (429, 503):
            return OverloadedError(
                f"the engine has too much to do (it answered {said}); ask again in a moment"
            )
        if status == 502:
            return EngineDownError(f"is not there behind its proxy (it answered {said})")
        if status in (404, 405, 410, 415, 501):
            return EngineError(f"answered {said}; is that the address for this?")
        return EngineError(f"answered {said}")


def beside(address: EngineAddress, *, update: str, graph_store: str) -> EngineAddress:
    """*address* with services that are named relative to that for queries, where none were named."""

    def at(name: str, option: str) -> EngineService:
        return EngineService.parse(urljoin(address.query.url.partition("?")[0], name), option)

    return replace(
        address,
        update=address.update or at(update, "--update-url"),
        graph_store=address.graph_store or at(graph_store, "--graph-store-url"),
    )


@lru_cache(maxsize=64)
def _with_parameters(path: str, parameters: tuple[tuple[str, str], ...]) -> str:
    if not parameters:
        return path
    return f"{path}{'&' if '?' in path else '?'}{urlencode(parameters)}"


def mentions(text: str, *words: str) -> bool:
    """Whether one of the *words* of SPARQL may stand in *text*: not in an IRI, string or comment.

    >>> mentions('ASK { ?s ?p "a GRAPH" } # from here', "GRAPH", "FROM")
    False
    """
    upper = text.upper()
    if not any(word in upper for word in words):  # as in most, and a tenth of the time
        return False
    told = _TOLD.sub(" ", text)
    return re.search(rf"(?<![\w?$:-])(?:{'|'.join(words)})(?![\w:])", told, re.IGNORECASE) is not None
