"""The one table from errors to HTTP status, and the texts that go with a refusal."""

from __future__ import annotations

import logging

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from mesoonto.errors import (
    FormatError,
    MesoontoError,
    QueryFailedError,
    QueryRefusedError,
    QuerySyntaxError,
)
from mesoonto_server import negotiate

_log = logging.getLogger(__name__)

_STATUS: dict[type[MesoontoError], int] = {
    QuerySyntaxError: 400,
    QueryRefusedError: 403,
    FormatError: 406,
    QueryFailedError: 500,
}


class RequestError(Exception):
    """A request that cannot be answered, with the status and the text to say so."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


def problem(status: int, message: str, error: MesoontoError | None = None) -> Response:
    """A refusal: problem+json (RFC 9457) for clients that ask for JSON, else plain text."""
    offers = ["text/plain", "application/problem+json", "application/json"]
    chosen = negotiate.choose(offers, request.headers.get("Accept")) or "text/plain"
    if chosen == "text/plain":
        return Response(f"{message}\n", status, content_type="text/plain; charset=utf-8")
    from flask import json

    body = {"type": "about:blank", "title": message, "status": status}
    if error is not None and error.place is not None:
        body |= {"line": error.place.line, "column": error.place.column, "detail": error.message}
    return Response(json.dumps(body) + "\n", status, content_type="application/problem+json")


def register(app: Flask) -> None:
    """Let *app* answer every failure in words, and never with a stack trace or HTML."""

    @app.errorhandler(MesoontoError)
    def library_error(error: MesoontoError) -> Response:
        status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
        return problem(status, str(error), error)

    @app.errorhandler(RequestError)
    def request_error(error: RequestError) -> Response:
        response = problem(error.status, str(error))
        response.headers.update(error.headers)
        return response

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        response = problem(error.code or 500, f"{error.name}: {error.description}")
        for name, value in error.get_headers(request.environ):
            if name == "Allow":
                response.headers[name] = value
        return response

    @app.errorhandler(500)
    def bug(error: Exception) -> Response:
        _log.error("unexpected error", exc_info=getattr(error, "original_exception", error))
        return problem(500, "internal error; the log of the server has the details")
