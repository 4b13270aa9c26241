"""The one table from errors to HTTP status, and the texts that go with a refusal."""

from __future__ import annotations

import json

from mesoonto.errors import (
    EndpointError,
    EndpointTimeoutError,
    EngineDownError,
    EngineError,
    EngineTimeoutError,
    FormatError,
    InputError,
    MesoontoError,
    NestingError,
    NoGraphError,
    OutOfMemoryError,
    OutOfTimeError,
    OverloadedError,
    PreconditionError,
    QueryFailedError,
    QueryFaultError,
    QueryRefusedError,
    QuerySyntaxError,
    RejectedError,
    ServeError,
    StoreFullError,
    TemporaryFileError,
    TooLongError,
)
from mesoonto_server.http import negotiate

#: The first kind that fits decides.
_STATUS: tuple[tuple[type[MesoontoError], int], ...] = (
    (QuerySyntaxError, 400),
    (NestingError, 400),
    (InputError, 400),
    (QueryFaultError, 400),
    (TooLongError, 413),
    (QueryRefusedError, 403),
    (NoGraphError, 404),
    (PreconditionError, 412),
    (RejectedError, 422),
    (FormatError, 406),
    (OutOfTimeError, 503),
    (OutOfMemoryError, 503),
    (OverloadedError, 503),
    (ServeError, 503),
    (EngineDownError, 503),
    (EngineTimeoutError, 504),
    (EngineError, 502),
    (EndpointTimeoutError, 504),
    (EndpointError, 502),
    (TemporaryFileError, 507),
    (StoreFullError, 507),
    (QueryFailedError, 500),
)

_OFFERS = ("text/plain", "application/problem+json", "application/json")


#: Characters of a message; what a client sent is not echoed at length.
_LONGEST = 1000


class RequestError(Exception):
    """A request that cannot be answered, with the status and the text to say so."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


def status_of(error: MesoontoError) -> int:
    """The HTTP status that tells of *error*."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def refusal(
    error: MesoontoError | RequestError, accept: str | None
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body that tell a client of *error*.

    The body is problem+json (RFC 9457) for clients that ask for JSON, and plain text for all others.
    """
    if isinstance(error, RequestError):
        status, extra = error.status, list(error.headers.items())
    else:
        status, extra = status_of(error), []
        if isinstance(error, (OverloadedError, ServeError, EngineDownError)):
            extra.append(("retry-after", "1"))
    offers = (*_OFFERS, "text/turtle") if isinstance(error, RejectedError) else _OFFERS
    message = str(error) if len(str(error)) <= _LONGEST else f"{str(error)[:_LONGEST]} ..."
    chosen = negotiate.choose(offers, accept) or "text/plain"
    if chosen == "text/plain":
        excerpt = f"{error.excerpt}\n" if isinstance(error, QuerySyntaxError) and error.excerpt else ""
        kind, body = "text/plain; charset=utf-8", f"{message}\n{excerpt}"
    elif chosen == "text/turtle":
        assert isinstance(error, RejectedError)  # noqa: S101  # nothing else offers it
        kind, body = "text/turtle; charset=utf-8", error.report
    else:
        problem: dict[str, object] = {"type": "about:blank", "title": message, "status": status}
        if isinstance(error, MesoontoError) and error.place is not None:
            problem |= {
                "line": error.place.line,
                "column": error.place.column,
                "detail": error.message[:_LONGEST],
            }
        if isinstance(error, QuerySyntaxError) and error.excerpt:
            problem["excerpt"] = error.excerpt
        if isinstance(error, RejectedError):
            problem["report"] = error.report
        kind, body = "application/problem+json", json.dumps(problem) + "\n"
    headers = [("content-type", kind), ("vary", "accept"), ("x-content-type-options", "nosniff"), *extra]
    return status, headers, body.encode("utf-8", "replace")
