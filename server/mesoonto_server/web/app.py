"""The Flask application: its blueprints, and how every failure is answered in words."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from mesoonto.errors import MesoontoError
from mesoonto_server.front.gateway import Gateway
from mesoonto_server.http import problems
from mesoonto_server.http.headers import common
from mesoonto_server.http.problems import RequestError
from mesoonto_server.settings import Settings
from mesoonto_server.telemetry.report import Telemetry
from mesoonto_server.web import (
    ask,
    bundles,
    discovery,
    downloads,
    entities,
    find,
    operations,
    pages,
    pictures,
    sparql,
    synthesis,
    validation,
)
from mesoonto_server.web.tokens import Tokens

#: Nothing but our own files, no inline script, no framing.
_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def create_app(
    gateway: Gateway,
    settings: Settings,
    tokens: Tokens | None = None,
    telemetry: Telemetry | None = None,
) -> Flask:
    """The WSGI application that answers through *gateway*; any WSGI server can run it.

    Writing needs one of *tokens*.
    """
    app = Flask(__package__)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False  # `views` answers them, for preflights too
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body << 20
    app.register_blueprint(sparql.blueprint(gateway, settings, tokens))
    telemetry = telemetry or Telemetry(gateway.pool, settings, gateway.following, gateway.engine)
    app.register_blueprint(operations.blueprint(gateway, telemetry))
    app.register_blueprint(validation.blueprint(gateway))
    app.register_blueprint(bundles.blueprint())
    app.register_blueprint(ask.blueprint(gateway))
    app.register_blueprint(pictures.blueprint(gateway))
    app.register_blueprint(pages.blueprint(gateway))
    app.register_blueprint(synthesis.blueprint(gateway))
    app.register_blueprint(find.blueprint(gateway))
    app.register_blueprint(discovery.blueprint(gateway, settings))
    app.register_blueprint(downloads.blueprint(gateway, settings))
    app.register_blueprint(entities.blueprint(gateway))
    app.after_request(_secured)

    @app.after_request
    def complete(response: Response) -> Response:
        for name, value in common(gateway.pool.version):
            response.headers.setdefault(name, value)
        return response

    _answer_failures(app)
    return app


def _secured(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    if response.mimetype == "text/html":
        headers.setdefault("Content-Security-Policy", _CONTENT_SECURITY_POLICY)
    if request.scheme == "https":
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def _answer_failures(app: Flask) -> None:
    """Let *app* answer every failure in words, and never with a stack trace or HTML."""

    def refused(error: MesoontoError | RequestError) -> Response:
        status, headers, body = problems.refusal(error, request.headers.get("Accept"))
        response = Response(body, status)
        for name, value in headers:
            response.headers[name] = value
        return response

    app.register_error_handler(MesoontoError, refused)
    app.register_error_handler(RequestError, refused)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        if error.code is not None and error.code < 400 and error.response is not None:
            return error.get_response()  # type: ignore[return-value]
        allowed = {name: value for name, value in error.get_headers(request.environ) if name == "Allow"}
        return refused(RequestError(error.code or 500, f"{error.name}: {error.description}", allowed))

    @app.errorhandler(500)
    def bug(_: Exception) -> Response:  # Flask has logged it
        return refused(RequestError(500, "internal error; the log of the server has the details"))
