"""Asks a worker for what a page shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from flask import request

from mesoonto.namespaces import MESO
from mesoonto_server.front.gateway import Gateway
from mesoonto_server.http.messages import WorkerRequest
from mesoonto_server.http.problems import RequestError

#: Languages of a reader that are looked at.
_LANGUAGES = 8

View = Callable[..., Any]


def reader(gateway: Gateway) -> View:
    """What reads a view by name, with its parameters, in the languages that the request likes."""

    def view(name: str, **parameters: str | list[str]) -> Any:
        """The view *name*; a RequestError says what is wrong with the parameters."""
        languages = [tag for tag, quality in request.accept_languages if quality > 0 and tag != "*"]
        text = urlencode({**parameters, "language": languages[:_LANGUAGES]}, doseq=True)
        exchange = gateway.read_blocking(WorkerRequest("view", "GET", name, text.encode(), ""))
        body = b"".join(gateway.parts(exchange)) if exchange.more else exchange.head.body
        if exchange.head.status != 200:
            raise RequestError(exchange.head.status, body.decode("utf-8", "replace").strip())
        return json.loads(body)

    return view


def address(link: dict[str, str] | str | None) -> str:
    """Where a link of a view leads: our own entities stay on this server."""
    iri = link if isinstance(link, str) else (link or {}).get("iri", "")
    if iri.startswith(MESO):
        return "/" + quote(iri.removeprefix(MESO), safe="/:@!$&'()*+,;=~-._%")
    return iri if iri.startswith(("http://", "https://")) else ""


def page_of(link: dict[str, str] | str | None) -> str:
    """The page of an entity on this server, also of one whose IRI is not ours."""
    iri = link if isinstance(link, str) else (link or {}).get("iri", "")
    if iri.startswith(MESO) or not iri.startswith(("http://", "https://")):
        return address(iri)
    return "/document?" + urlencode({"iri": iri})
