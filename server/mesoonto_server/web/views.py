"""Asks a worker for what a page shows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from cachetools import LRUCache
from flask import request

from mesoonto.namespaces import MESO
from mesoonto_server.front.gateway import Gateway
from mesoonto_server.http.messages import WorkerRequest
from mesoonto_server.http.problems import RequestError

#: Languages of a reader that are looked at.
_LANGUAGES = 8

#: The views that choose labels by language.
_IN_LANGUAGES = ("entity", "document")

View = Callable[..., Any]


#: Bytes of views, as JSON, that are kept until the data change.
_KEPT = 4 << 20

#: Characters of the parameters of such a view, and bytes that it takes beside its text.
_LONGEST_KEY, _BESIDE = 1024, 2048

_Key = tuple[str, str, str]


def _size(body: bytes) -> int:
    """Bytes that a kept view takes at most, its key included, so that many small ones do not add up."""
    return len(body) + _BESIDE


@lru_cache(maxsize=1)  # one for all pages of a server
def reader(gateway: Gateway) -> View:
    """What reads a view by name, with its parameters, in the languages that the request likes.

    What was read before is kept as it came: taken apart it would be ten times as large.
    """
    kept: LRUCache[_Key, bytes] = LRUCache(_KEPT, getsizeof=_size)
    lock = threading.Lock()

    def view(name: str, **parameters: str | list[str]) -> Any:
        """The view *name*; a RequestError says what is wrong with the parameters."""
        text = urlencode({**parameters, "language": _languages(name)}, doseq=True)
        with lock:
            found = kept.get((gateway.pool.version, name, text))
        if found is not None:
            return msgspec.json.decode(found)
        exchange = gateway.read_blocking(WorkerRequest("view", "GET", name, text.encode(), ""))
        body = b"".join(gateway.parts(exchange)) if exchange.more else exchange.head.body
        if exchange.head.status != 200:
            raise RequestError(exchange.head.status, body.decode("utf-8", "replace").strip())
        if len(body) <= _KEPT // 8 and len(text) <= _LONGEST_KEY:
            with lock:
                kept[(exchange.version, name, text)] = bytes(body)
        return msgspec.json.decode(body)

    return view


def _languages(name: str) -> list[str]:
    """Those that the reader of the request likes, where the view *name* differs by them."""
    if name not in _IN_LANGUAGES:
        return []
    return [tag for tag, quality in request.accept_languages if quality > 0 and tag != "*"][:_LANGUAGES]


def address(link: dict[str, str] | str | None) -> str:
    """Where a link of a view leads: our own entities stay on this server."""
    iri = link if isinstance(link, str) else (link or {}).get("iri", "")
    if iri.startswith(MESO):
        return "/" + quote(iri.removeprefix(MESO), safe="/:@!$&'()*+,;=~-._%")
    return iri if iri.startswith(("http://", "https://")) else ""


def query_value(text: str) -> str:
    """*text* as the value of a parameter in an address; what may stand there as it is stays (RFC 3986, 3.4).

    A page with a hundred queries is half as large so.

    >>> query_value("SELECT ?s { ?s a meso:Study }")
    'SELECT+?s+%7B+?s+a+meso:Study+%7D'
    """
    return quote(text, safe="!$'()*,;=:@/? ").replace(" ", "+")


def page_of(link: dict[str, str] | str | None) -> str:
    """The page of an entity on this server, also of one whose IRI is not ours."""
    iri = link if isinstance(link, str) else (link or {}).get("iri", "")
    if iri.startswith(MESO) or not iri.startswith(("http://", "https://")):
        return address(iri)
    return "/document?" + urlencode({"iri": iri})
