"""A plain HTTP client that shows statuses, headers and bodies as they are."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
QUERY = {"Content-Type": "application/sparql-query"}
UPDATE = {"Content-Type": "application/sparql-update"}
TURTLE = {"Content-Type": "text/turtle"}


@dataclass
class Reply:
    """What came back; names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def type(self) -> str:
        return self.headers["content-type"].partition(";")[0]

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    address: str, method: str = "GET", path: str = "/sparql", body: bytes | None = None, **headers: str
) -> Reply:
    """One request on a connection of its own; underscores in names of headers stand for hyphens."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        response = connection.getresponse()
        return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


def get(address: str, query: str, **headers: str) -> Reply:
    """The answer to *query*, asked with GET."""
    return ask(address, path=f"/sparql?{urlencode({'query': query})}", **headers)


def update(address: str, text: str, **headers: str) -> Reply:
    """The answer to the update *text*, posted as a body."""
    return ask(address, "POST", "/update", text.encode(), **UPDATE, **headers)


def holds(address: str, pattern: str) -> bool:
    """Whether *pattern* matches in the data."""
    reply = get(address, f"ASK {{ {pattern} }}", Accept="application/json")
    assert reply.status == 200, reply.text
    return bool(reply.json["boolean"])
