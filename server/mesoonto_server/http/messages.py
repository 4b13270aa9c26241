"""What the serving process and its workers tell each other of a request and of its response."""

from __future__ import annotations

import msgspec


class WorkerRequest(msgspec.Struct, frozen=True, array_like=True):
    """A request as far as it concerns a worker."""

    task: str  #: what is to be done; a key of `tasks.TASKS`
    method: str
    path: str  #: decoded
    query: bytes  #: what follows the question mark, still encoded
    base: str  #: scheme and authority under which the service was addressed
    accept: str | None = None
    content_type: str = ""
    content_encoding: str = ""
    encoding: str = ""  #: content coding for the response: gzip, zstd or none
    if_none_match: str = ""
    body: bytes = b""
    path_of_body: str = ""  #: file that holds the body where it is too large for a message
    body_limit: int = 1 << 20  #: bytes that the body may have without its content coding
    if_match: str = ""
    has_service: bool = False  #: a worker has found SERVICE in the query, so that nobody looks again


class Head(msgspec.Struct, frozen=True, array_like=True):
    """The start of a response and the first part of its body, which is often the whole."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    cacheable: bool = False  #: the same request on the same data has this response
    rows: int = -1  #: rows or triples of a result; -1 when unknown or not yet known


class Tail(msgspec.Struct, frozen=True, array_like=True):
    """The last part of a body that came in parts."""

    body: bytes
    rows: int = -1


encode = msgspec.msgpack.Encoder().encode
decode_request = msgspec.msgpack.Decoder(WorkerRequest).decode
decode_head = msgspec.msgpack.Decoder(Head).decode
decode_tail = msgspec.msgpack.Decoder(Tail).decode
