"""What the front and the direct workers make of an incoming query: the same of the same bytes."""

from __future__ import annotations

import re

from mesoonto_server.messages import Request
from mesoonto_server.negotiate import choose_coding

#: Request headers by name in lower case; repeated ones are joined.
Headers = dict[bytes, bytes]

_TIMEOUT = re.compile(rb"(?:^|&)timeout=([0-9.]{1,12})(?=&|$)")
_UPDATE = re.compile(rb"(?:^|&)update=")
_HOST = re.compile(rb"[A-Za-z0-9.:\[\]_-]{1,255}")
_FORM = b"application/x-www-form-urlencoded"
_UPDATE_TYPE = b"application/sparql-update"


def is_query_address(path: str) -> bool:
    """Whether *path* is that of the query operation, with or without the suffix of a format."""
    return path == "/sparql" or path.startswith("/sparql.")


def may_be_query(method: str, query: bytes, headers: Headers) -> bool:
    """Whether a request to that address, whose body is not known yet, can be a query operation."""
    if method == "POST":
        return media_type(headers) != _UPDATE_TYPE
    return method == "GET" and b"query=" in query


def is_query(query: bytes, headers: Headers, body: bytes) -> bool:
    """Whether one that may be a query is one that a worker answers: no update, and no plan asked for."""
    if media_type(headers) == _FORM and _UPDATE.search(body):
        return False
    return b"explain=" not in query and b"explain=" not in body


def media_type(headers: Headers) -> bytes:
    """The media type of the body."""
    return headers.get(b"content-type", b"").partition(b";")[0].strip().lower()


def timeout_of(query: bytes, body: bytes) -> float | None:
    """The seconds that the parameter timeout asks for; what is no number, the worker refuses in words."""
    if b"timeout=" not in query and b"timeout=" not in body:
        return None
    found = _TIMEOUT.search(query) or _TIMEOUT.search(body)
    try:
        return float(found[1]) if found else None
    except ValueError:
        return None


def cache_key(path: str, query: bytes, headers: Headers, body: bytes) -> tuple[object, ...]:
    """All that the answer to a query depends on, beside the data."""
    return (
        path, query, headers.get(b"accept"), headers.get(b"accept-encoding"),
        headers.get(b"content-type"), headers.get(b"content-encoding"), headers.get(b"host"), body,
    )  # fmt: skip


def request_of(
    task: str, method: str, scheme: str, path: str, query: bytes, headers: Headers, body: bytes, limit: int
) -> Request:
    """What a worker has to know of a request whose body may have *limit* bytes when decompressed."""
    host = headers.get(b"host", b"")
    if not _HOST.fullmatch(host):
        host = b"localhost"

    def text(name: bytes) -> str:
        return headers.get(name, b"").decode("latin-1")

    return Request(
        task=task,
        method=method,
        path=path,
        query=query,
        base=f"{scheme}://{host.decode()}",
        accept=text(b"accept") if b"accept" in headers else None,
        content_type=text(b"content-type"),
        content_encoding=text(b"content-encoding"),
        encoding=choose_coding(text(b"accept-encoding")),
        if_none_match=text(b"if-none-match"),
        body=body,
        body_limit=limit,
    )
