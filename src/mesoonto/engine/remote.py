"""Asks a SPARQL endpoint over HTTP, as a client of the SPARQL 1.1 Protocol."""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import dataclass
from urllib.parse import urlsplit

from mesoonto.errors import EndpointError

#: Seconds to wait for an endpoint between two signs of life.
_PATIENCE = 60


@dataclass(frozen=True, slots=True)
class RemoteAnswer:
    """The body of an endpoint's answer and its media type, without parameters."""

    body: bytes
    media_type: str


def ask(endpoint: str, query: str, accept: str) -> RemoteAnswer:
    """Send *query* to *endpoint* and wait for the whole answer; an EndpointError names what went wrong."""
    if urlsplit(endpoint).scheme not in ("http", "https"):
        raise EndpointError(f"{endpoint}: not an http or https address")
    request = urllib.request.Request(  # noqa: S310  # scheme checked above
        endpoint,
        data=query.encode(),
        headers={"Content-Type": "application/sparql-query", "Accept": accept, "User-Agent": "mesoonto"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE) as response:  # noqa: S310
            return RemoteAnswer(response.read(), response.headers.get_content_type())
    except urllib.error.HTTPError as error:
        detail = error.read(2000).decode("utf-8", "replace")
        raise EndpointError(f"{endpoint} answered {error.code}: {detail}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise EndpointError(f"{endpoint} cannot be asked: {reason}") from error
