"""HTTP for mesoonto: turns requests into library calls and results into bytes."""

from __future__ import annotations

from flask import Flask

from mesoonto.engine.store import Engine
from mesoonto_server import pages, problems, protocol, validation

#: A query or a form larger than this is refused with 413.
MAX_BODY_BYTES = 1_000_000


def create_app(engine: Engine) -> Flask:
    """The WSGI application that answers from *engine*."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY_BYTES
    app.register_blueprint(protocol.blueprint(engine))
    app.register_blueprint(pages.blueprint(engine))
    app.register_blueprint(validation.blueprint())
    problems.register(app)
    return app
