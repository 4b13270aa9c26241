"""The endpoint under test, asked as the W3C cases ask: with named operations instead of paths."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from tests.wire import QUERY, UPDATE, Client, Reply

Parameters = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An empty SPARQL endpoint that may be written to, and the paths of its three interfaces."""

    address: str
    client: Client
    query_path: str = "/sparql"
    update_path: str = "/update"
    store_path: str = "/store"

    def get(self, parameters: Parameters, **headers: str) -> Reply:
        """Query by GET; header names with underscores for hyphens."""
        return self.client.request(
            "GET", f"{self.query_path}?{urlencode(list(parameters))}", None, _names(headers)
        )

    def post(
        self, path: str, body: bytes, content_type: str | None, parameters: Parameters = (), **headers: str
    ) -> Reply:
        """POST *body*; without *content_type* the header is left out."""
        named = _names(headers)
        if content_type is not None:
            named["Content-Type"] = content_type
        parameters = list(parameters)
        target = f"{path}?{urlencode(parameters)}" if parameters else path
        return self.client.request("POST", target, body, named)

    def query(self, text: str, parameters: Parameters = (), **headers: str) -> Reply:
        """Query by direct POST."""
        return self.post(self.query_path, text.encode(), QUERY, parameters, **headers)

    def update(self, text: str, parameters: Parameters = ()) -> Reply:
        """Update by direct POST."""
        return self.post(self.update_path, text.encode(), UPDATE, parameters)


def _names(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
