"""Turns a query with SERVICE into one without: its clauses are fetched, bound by what the local data hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import pyoxigraph as ox

from mesoonto.dataset.query_features import Outline
from mesoonto.errors import (
    EndpointError,
    EndpointTimeoutError,
    QueryFailedError,
    QueryFaultError,
    QueryRefusedError,
)
from mesoonto.federation import context, syntax
from mesoonto.federation.answer import Fetched
from mesoonto.federation.cache import SubQueryCache
from mesoonto.federation.client import Client, shorten
from mesoonto.federation.config import Endpoint, Endpoints
from mesoonto.federation.report import FederationReport, ServiceReport, SubRequest
from mesoonto.federation.solutions import Row, Solutions, pattern
from mesoonto.federation.subquery import SubQuery
from mesoonto.sparql.tree import Node

#: What a term that is no variable is written as.
_GIVEN = frozenset(
    [
        "IRIREF",
        "PNAME_LN",
        "PNAME_NS",
        "RDFLiteral",
        "STRING",
        "NumericLiteral",
        "INTEGER",
        "DECIMAL",
        "DOUBLE",
        "SIGNED",
        "TRUE",
        "FALSE",
    ]
)


class Local(Protocol):
    """The local dataset, asked within the limits of the caller."""

    def select(self, query: str, outline: Outline) -> bytes:
        """The result of the SELECT *query* in SPARQL JSON. mesoonto's prefixes are declared beforehand.

        *outline* is what `query_features.outline` would find in it; that takes long where solutions stand in
        it.
        """
        ...


class Transport(Protocol):
    """What asks an endpoint; a Client, or a stand-in for it in tests."""

    def select(
        self, endpoint: Endpoint, query: str, variables: tuple[str, ...], *, max_rows: int, etag: str | None
    ) -> Fetched:
        """As Client.select."""
        ...


@dataclass(frozen=True, slots=True)
class FederationLimits:
    """What one query may use; an endpoint's own limits stand in its entry."""

    seconds: float = 60.0  #: for all requests together
    clauses: int = 20  #: SERVICE clauses in one query
    bindings: int = 100_000  #: local solutions that a clause is restricted by
    probe: int = 1_000  #: rows fetched to find out whether the remote side is the smaller one


@dataclass(frozen=True, slots=True)
class ResolvedQuery:
    """A query without SERVICE, to be evaluated on the local data, and how it came about."""

    query: str
    outline: Outline  #: of this query, as `Engine.query` takes it
    report: FederationReport


class Federation:
    """Answers the SERVICE clauses of queries from a list of endpoints; keeps connections and a cache."""

    def __init__(
        self, endpoints: Endpoints, limits: FederationLimits | None = None, transport: Transport | None = None
    ) -> None:
        self.endpoints = endpoints
        self._limits = limits or FederationLimits()
        self._transport = transport or Client(endpoints)
        self._cache: SubQueryCache[Solutions] = SubQueryCache()

    def close(self) -> None:
        """Close the connections."""
        if isinstance(self._transport, Client):
            self._transport.close()

    def evaluate(self, query: str, local: Local) -> ResolvedQuery:
        """Fetch what the SERVICE clauses of *query* ask for, and put it in their place.

        The result of ResolvedQuery.query on the local data is the result of *query*. Raises QuerySyntaxError,
        QueryRefusedError for a text past the bounds, and whatever *local* raises; unless SILENT also
        QueryRefusedError for an endpoint that is not listed, QueryFaultError where nothing names one, and
        EndpointError for one that fails.
        """
        return _Evaluation(self, syntax.parse(query), local).run()


@dataclass(frozen=True, slots=True)
class _Bindings:
    """Distinct local bindings for a clause."""

    solutions: Solutions
    complete: bool  #: whether these are all


class _Evaluation:
    """The evaluation of one query."""

    def __init__(self, federation: Federation, query: syntax.FederatedQuery, local: Local) -> None:
        self._endpoints = federation.endpoints
        self._limits = federation._limits
        self._transport = federation._transport
        self._cache = federation._cache
        self._query = query
        self._local = local
        self._outline = context.outline(query)
        self._start = time.monotonic()
        self._fetched: dict[Node, str] = {}
        self._services: list[ServiceReport] = []
        self._answers: dict[str, Solutions] = {}  # of the local data, by query

    def run(self) -> ResolvedQuery:
        if self._outline.has_service:  # which the engine would ask, whatever the list says
            raise QueryRefusedError("the query has SERVICE in a place that is not understood")
        clauses = list(self._query.clauses)
        if len(clauses) > self._limits.clauses:
            raise QueryRefusedError(
                f"the query has {len(clauses)} SERVICE clauses; it may have {self._limits.clauses}"
            )
        for clause in clauses:
            if clause.endpoint is not None and not clause.silent:
                self._endpoint(clause.endpoint)
        while clauses:
            clause, bindings = self._next(clauses)
            clauses.remove(clause)
            self._fetched[clause.node] = pattern(self._solutions(clause, bindings))
        report = FederationReport(
            self._services, list(self._answers), (time.monotonic() - self._start) * 1000
        )
        return ResolvedQuery(context.rewrite(self._query, self._fetched), self._outline, report)

    def _next(self, clauses: Sequence[syntax.Clause]) -> tuple[syntax.Clause, _Bindings | None]:
        """The clause to fetch now, with its bindings: the one with the fewest, or else the most selective.

        Of bindings that are many, only some are there.
        """
        bound = []
        for clause in clauses:
            bindings = self._bindings(clause, self._limits.probe + 1)
            if bindings is not None:
                bound.append((clause, bindings))
                if bindings.complete and len(bindings.solutions.rows) <= 1:
                    break
        if bound:
            return min(bound, key=lambda pair: (not pair[1].complete, len(pair[1].solutions.rows)))
        named = [clause for clause in clauses if clause.variable is None]
        if not named:  # one that is not SILENT fails at once, before others are asked in vain
            return min(clauses, key=lambda clause: clause.silent), None
        return max(named, key=_selectivity), None

    def _bindings(self, clause: syntax.Clause, limit: int) -> _Bindings | None:
        """The distinct local bindings that restrict *clause*, up to *limit*; None when none are to be had."""
        asked = context.local_query(self._query, clause, self._fetched, limit)
        if asked is None or (clause.variable and clause.variable not in asked.variables):
            return None
        if asked.text not in self._answers:
            self._answers[asked.text] = _read(self._local.select(asked.text, self._outline))
        found = self._answers[asked.text]
        # A binding that some local solution lacks restricts nothing. A blank node is known to one side only.
        names = found.bound()
        if clause.variable and clause.variable not in names:
            if not found.binds(clause.variable):
                return None
            names = (*names, clause.variable)
        if not names:
            return None
        columns = found.columns(names)
        rows = [row for row in columns.rows if not any(isinstance(term, ox.BlankNode) for term in row)]
        return _Bindings(Solutions(columns.variables, rows), complete=len(found.rows) < limit)

    def _all_bindings(self, clause: syntax.Clause) -> Solutions | None:
        """All distinct local bindings that restrict *clause*; None also when they are too many to be sent."""
        bindings = self._bindings(clause, self._limits.bindings + 1)
        return bindings.solutions if bindings is not None and bindings.complete else None

    def _solutions(self, clause: syntax.Clause, first: _Bindings | None) -> Solutions:
        """What *clause* yields, by the variables of the query; *first* are some or all of its bindings."""
        if clause.endpoint is not None:
            some = first.solutions if first is not None else None
            is_part = first is not None and not first.complete
            more = partial(self._all_bindings, clause) if is_part else None
            return self._ask(clause, clause.endpoint, some, more)
        assert clause.variable is not None  # noqa: S101  # it has no endpoint
        name = clause.variable
        bindings = self._all_bindings(clause)
        if bindings is None:
            return self._unnamed(clause, first)
        place = bindings.variables.index(name)
        rest = tuple(v for v in bindings.variables if v != name and v in clause.certain)
        names = (name, *(v for v in clause.projected if v != name))
        rows: list[Row] = []
        # A solution that leaves the variable unbound names nobody; it joins with what the others come to.
        for url in sorted({row[place] for row in bindings.rows} - {None}, key=str):
            rows_for = [row for row in bindings.rows if row[place] in (url, None)]
            mine = Solutions(bindings.variables, rows_for)
            answer = self._ask(clause, url, mine.columns(rest) if rest else None)
            for row in answer.rows:
                by_name = dict(zip(answer.variables, row, strict=True))
                if by_name.get(name) in (None, url):
                    rows.append((url, *(by_name.get(v) for v in names[1:])))
        return Solutions(names, rows)

    def _unnamed(self, clause: syntax.Clause, first: _Bindings | None) -> Solutions:
        """What *clause*, whose variable names no endpoint, comes to: a fault of the query, unless SILENT."""
        if first is None:
            problem = (
                f"nothing binds ?{clause.variable}, which names the endpoint of a SERVICE clause; "
                "bind it in the pattern that the clause stands in, by VALUES for example"
            )
        else:
            problem = (
                f"too many solutions bind ?{clause.variable}, which names the endpoint of a SERVICE clause; "
                f"there may be {self._limits.bindings}"
            )
        if not clause.silent:
            raise QueryFaultError(problem)
        name = f"?{clause.variable}"
        report = ServiceReport(name, name, shorten(clause.pattern), clause.silent, "not asked")
        report.problem = problem
        self._services.append(report)
        return _empty_solution(clause)

    def _ask(
        self,
        clause: syntax.Clause,
        address: object,
        bindings: Solutions | None,
        all_bindings: Callable[[], Solutions | None] | None = None,
    ) -> Solutions:
        """What *clause* yields at one endpoint; with SILENT, one empty solution when that fails.

        *all_bindings* gives all of them, where *bindings* are only the first of many.
        """
        url = address.value if isinstance(address, ox.NamedNode) else str(address)
        report = ServiceReport(url, url, shorten(clause.pattern), clause.silent, "not asked")
        self._services.append(report)
        try:
            endpoint = self._endpoint(url)
            report.endpoint = endpoint.name
            fetcher = _Fetch(self._limits, self._transport, self._cache, self._start, report)
            found = fetcher.run(SubQuery(self._query, clause), endpoint, bindings, all_bindings)
        except (EndpointError, QueryRefusedError) as error:
            if not clause.silent:
                raise
            report.problem = error.message
            return _empty_solution(clause)
        report.rows = len(found.rows)
        return found

    def _endpoint(self, url: str) -> Endpoint:
        found = self._endpoints.get(url)
        if found is None:
            known = ", ".join(f"<{endpoint.url}>" for endpoint in self._endpoints) or "none"
            raise QueryRefusedError(
                f"SERVICE <{shorten(url)}> is refused: it is not among the endpoints of the configuration, "
                f"which are: {known}; whoever runs this lists others as [federation.endpoints.NAME]"
            )
        return found


@dataclass(frozen=True, slots=True)
class _Answered:
    """The solutions of one sub-query, and how they came."""

    solutions: Solutions
    request: SubRequest
    size: int  #: bytes of the answer without compression; 0 for one from the cache


class _Fetch:
    """Fetches one SERVICE clause from one endpoint."""

    def __init__(
        self,
        limits: FederationLimits,
        transport: Transport,
        cache: SubQueryCache[Solutions],
        start: float,
        report: ServiceReport,
    ) -> None:
        self._limits = limits
        self._transport = transport
        self._cache = cache
        self._deadline = start + limits.seconds
        self._report = report

    def run(
        self,
        sub: SubQuery,
        endpoint: Endpoint,
        bindings: Solutions | None,
        all_bindings: Callable[[], Solutions | None] | None,
    ) -> Solutions:
        report = self._report
        if bindings is not None and (all_bindings is not None or len(bindings.rows) > endpoint.batch):
            report.bindings, report.batch = len(bindings.rows), endpoint.batch
            probe = self._probe(sub, endpoint, bindings, is_part=all_bindings is not None)
            if probe is not None:
                return probe
        if all_bindings is not None:
            bindings = all_bindings()
        if bindings is None:
            report.bindings = None
            report.strategy = "sent as it stands: the local side binds none of its variables, or too many"
            return self._all(sub, endpoint, [sub.text()])
        report.bindings, report.batch = len(bindings.rows), endpoint.batch
        names = ", ".join(f"?{name}" for name in bindings.variables)
        if not bindings.rows:
            report.strategy = f"not sent, since no local solution binds {names}"
            return Solutions(sub.variables, [])
        count = len(bindings.rows)
        starts = range(0, count, endpoint.batch)
        if len(starts) > endpoint.max_requests:
            raise QueryRefusedError(
                f"endpoint {endpoint.name} <{endpoint.url}> would need {len(starts)} requests for {count} "
                f"bindings of {names}; its entry allows {endpoint.max_requests}"
            )
        report.strategy = f"bound by {count} local bindings of {names}, {endpoint.batch} a request"
        batches = [Solutions(bindings.variables, bindings.rows[at : at + endpoint.batch]) for at in starts]
        return self._all(sub, endpoint, [sub.text(batch) for batch in batches])

    def _probe(
        self, sub: SubQuery, endpoint: Endpoint, bindings: Solutions, *, is_part: bool
    ) -> Solutions | None:
        """All solutions of the pattern, when they are few against the local bindings, else None."""
        count = len(bindings.rows)
        few = self._limits.probe if is_part else max(endpoint.batch, count // 4)
        limit = min(few, self._limits.probe, endpoint.max_rows - 1) + 1
        found = self._all(sub, endpoint, [sub.text(limit=limit)])
        if len(found.rows) == limit:
            return None
        names = ", ".join(f"?{name}" for name in bindings.variables)
        self._report.strategy = (
            f"fetched whole first, being smaller than the {'more than ' if is_part else ''}"
            f"{self._limits.probe if is_part else count} local bindings of {names}"
        )
        return found

    def _all(self, sub: SubQuery, endpoint: Endpoint, queries: list[str]) -> Solutions:
        """The solutions of all *queries*, which are sent in parallel; the first failure ends them all."""
        pool = ThreadPoolExecutor(min(endpoint.concurrency, len(queries)), thread_name_prefix="federation")
        try:
            futures = [pool.submit(self._guarded, sub, endpoint, query) for query in queries]
            return self._gathered(sub, endpoint, futures)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _gathered(
        self, sub: SubQuery, endpoint: Endpoint, futures: list[Future[_Answered | EndpointError]]
    ) -> Solutions:
        # A look-up of a host name cannot be stopped, so it is left behind when the time is over.
        left = max(0.0, self._deadline - time.monotonic())
        rows, size = 0, 0
        try:
            for future in as_completed(futures, timeout=left):
                answered = future.result()
                if isinstance(answered, EndpointError):
                    raise answered
                rows += len(answered.solutions.rows)
                size += answered.size
                if rows > endpoint.max_rows or size > endpoint.max_bytes:
                    raise EndpointError(
                        f"endpoint {endpoint.name} <{endpoint.url}> gave more than {endpoint.max_rows} rows "
                        f"or {endpoint.max_bytes} bytes for one SERVICE clause: {self._report.pattern}"
                    )
        except TimeoutError as error:
            raise EndpointTimeoutError(
                f"endpoint {endpoint.name} <{endpoint.url}> was not done when the "
                f"{self._limits.seconds:g} s for all requests of the query were over"
            ) from error
        found: list[Row] = []
        for future in futures:
            answered = future.result()
            assert isinstance(answered, _Answered)  # noqa: S101  # errors were raised above
            self._report.requests.append(answered.request)
            found += answered.solutions.rows
        return Solutions(sub.variables, found)

    def _guarded(self, sub: SubQuery, endpoint: Endpoint, query: str) -> _Answered | EndpointError:
        """As _one; an error is handed over without its traceback, whose frames belong to this thread."""
        try:
            return self._one(sub, endpoint, query)
        except EndpointError as error:
            kind, message = type(error), error.message
        return kind(message)

    def _one(self, sub: SubQuery, endpoint: Endpoint, query: str) -> _Answered:
        """The answer to *query*, from the cache while it is fresh."""
        shown = shorten(query)
        entry = self._cache.get(endpoint.url, query) if endpoint.cache else None
        if entry is not None and entry.age <= endpoint.cache:
            request = SubRequest(shown, len(entry.content.rows), 0, 0.0, "cache", entry.age)
            return _Answered(entry.content, request, 0)
        start = time.monotonic()
        fetched = self._transport.select(
            endpoint,
            query,
            sub.columns,
            max_rows=endpoint.max_rows,
            etag=entry.etag if entry is not None else None,
        )
        milliseconds = (time.monotonic() - start) * 1000
        if fetched.solutions is not None:
            solutions, size = sub.with_own_blank_nodes(fetched.solutions), fetched.size
            source, age = fetched.source, fetched.age
        else:
            assert entry is not None  # noqa: S101  # a tag was sent
            solutions, size, source, age = entry.content, entry.bytes, "unchanged", entry.age
        if endpoint.cache:
            self._cache.put(endpoint.url, query, solutions, size, fetched.etag)
        request = SubRequest(shown, len(solutions.rows), fetched.bytes, milliseconds, source, age)
        return _Answered(solutions, request, fetched.size)


def _empty_solution(clause: syntax.Clause) -> Solutions:
    """One solution that binds nothing; the variables of *clause* stay in scope, for ``SELECT *``."""
    names = tuple({name: None for name in (clause.variable, *clause.projected) if name is not None})
    return Solutions(names, [(None,) * len(names)])


def _selectivity(clause: syntax.Clause) -> int:
    """How many terms of the pattern of *clause* are given, beside predicates."""
    return sum(_given(node) for node in clause.group.walk())


def _given(node: Node) -> int:
    """How many terms among the parts of *node* are given, beside predicates."""
    if node.kind == "DataBlockValue":
        return not node.has("UNDEF")
    if node.kind not in ("TriplesSameSubjectPath", "BlankNodePropertyListPath"):
        return 0
    pairs = zip(node.children, node.children[1:], strict=False)
    verbs = {after for before, after in pairs if before is node.children[0] or before.kind == ";"}
    return sum(child.kind in _GIVEN and child not in verbs for child in node.children)


def _read(result: bytes) -> Solutions:
    """The solutions in SPARQL JSON that come from the local data."""
    found = ox.parse_query_results(result, format=ox.QueryResultsFormat.JSON)
    if not isinstance(found, ox.QuerySolutions):
        raise QueryFailedError("the local data gave a truth value for a SELECT query")
    names = tuple(variable.value for variable in found.variables)
    return Solutions(names, [tuple(row[name] for name in names) for row in found])
