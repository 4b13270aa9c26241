"""What a federated query did: the plan, each request, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class SubRequest:
    """One sub-query and its answer."""

    query: str  #: as sent, shortened
    rows: int
    bytes: int  #: of the body that was transferred; 0 for an answer from the cache
    milliseconds: float
    source: str  #: ``endpoint``, ``cache``, or ``unchanged`` when the endpoint confirmed the cached answer
    age: float  #: seconds since a cached answer was fetched or confirmed


@dataclass(slots=True)
class ServiceReport:
    """What became of one SERVICE clause at one endpoint."""

    endpoint: str  #: its name in the configuration, or its IRI when it has none
    url: str
    pattern: str  #: the graph pattern, shortened
    silent: bool
    strategy: str  #: in words: bound by what, fetched first, or sent as it stands
    bindings: int | None = None  #: distinct local bindings, or None when there was nothing to bind by
    batch: int | None = None
    requests: list[SubRequest] = field(default_factory=list)
    rows: int = 0  #: that went into the local evaluation
    problem: str | None = None  #: why a SERVICE SILENT clause counts as one empty solution


@dataclass(frozen=True, slots=True)
class FederationReport:
    """The plan of a query and what happened."""

    services: Sequence[ServiceReport]
    local_queries: Sequence[str]  #: asked of the local data to find the bindings
    milliseconds: float

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, for JSON."""
        return asdict(self)

    def as_text(self) -> str:
        """The report for people, a paragraph for each SERVICE clause and endpoint."""
        return "\n".join(line for service in self.services for line in _lines(service)) + "\n"


def _lines(service: ServiceReport) -> list[str]:
    sent = [r for r in service.requests if r.source != "cache"]
    hits = len(service.requests) - len(sent)
    milliseconds = sum(r.milliseconds for r in sent)
    lines = [
        f"SERVICE {'SILENT ' if service.silent else ''}{service.endpoint} <{service.url}>",
        f"  pattern   {service.pattern}",
        f"  plan      {service.strategy}",
        f"  requests  {len(sent)} sent, {hits} answered from the cache",
        f"  moved     {sum(r.rows for r in service.requests)} rows, {sum(r.bytes for r in sent)} bytes, "
        f"{milliseconds:.0f} ms in all requests",
    ]
    lines += [f"  sent      {r.query}  ({_outcome(r)})" for r in service.requests[:3]]
    if len(service.requests) > 3:
        lines.append(f"  ...       {len(service.requests) - 3} more")
    if service.problem:
        lines.append(f"  failed    {service.problem}; SILENT, so it counts as one empty solution")
    return lines


def _outcome(request: SubRequest) -> str:
    if request.source == "cache":
        return f"{request.rows} rows from the cache, {request.age:.0f} s old"
    unchanged = ", unchanged since the cached answer" if request.source == "unchanged" else ""
    return f"{request.rows} rows, {request.bytes} bytes, {request.milliseconds:.0f} ms{unchanged}"
