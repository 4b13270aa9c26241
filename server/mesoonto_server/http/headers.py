"""Headers of responses, and what the conditional ones of requests mean (RFC 9110, sections 8 and 13)."""

from __future__ import annotations

import hashlib
import re

from mesoonto.dataset.formats import Format, Kind, content_type, format_with_extension, formats_for
from mesoonto.errors import FormatError
from mesoonto_server.http import negotiate
from mesoonto_server.http.messages import WorkerRequest

#: Headers of a response, in order.
ResponseHeaders = list[tuple[str, str]]

#: Names the version of the dataset in every response that tells of it.
VERSION_HEADER = "mesoonto-dataset"


#: In place of a status: the query has SERVICE, which a connection worker leaves to a worker of the pool.
FEDERATED = 0


#: Says that a result was cut, and at how many rows or triples.
CAP_HEADER = "mesoonto-row-limit"

#: Headers that pages of other origins may read.
_EXPOSED = f"etag, link, retry-after, x-request-id, {VERSION_HEADER}, {CAP_HEADER}"


def common(version: str) -> ResponseHeaders:
    """What every response has: pages of all origins may read it (CORS), and it names the *version*."""
    return [
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", _EXPOSED),
        (VERSION_HEADER, version),
    ]


def completed(headers: ResponseHeaders, version: str) -> ResponseHeaders:
    """*headers* and those of `common` that they lack."""
    names = {name.lower() for name, _ in headers}
    return [*headers, *(pair for pair in common(version) if pair[0] not in names)]


def preflight(methods: str) -> ResponseHeaders:
    """What a page of another origin may send to an address that knows *methods* (Fetch standard, CORS)."""
    return [
        ("access-control-allow-methods", methods),
        ("access-control-allow-headers", "accept, authorization, content-type, if-match, if-none-match"),
        ("access-control-max-age", "86400"),
    ]


def matches(header: str, tag: str) -> bool:
    """Whether an If-None-Match or If-Match header names *tag* (RFC 9110, section 13.1)."""
    if header.strip() == "*":
        return True
    return tag in (re.sub(r"^W/", "", candidate.strip()) for candidate in header.split(","))


def format_for(kind: Kind, request: WorkerRequest) -> tuple[Format, str]:
    """The format that the address of *request* ends in, or that its Accept header asks for.

    Raises FormatError when there is none that fits *kind*.
    """
    extension = request.path.removeprefix("/sparql.")
    if extension != request.path:
        form = format_with_extension(extension, kind)
        return form, form.media_types[0]
    chosen = negotiate.choose_format(kind, request.accept)
    if chosen is None:
        offers = ", ".join(form.media_types[0] for form in formats_for(kind))
        raise FormatError(f"a result of {kind.value} comes as one of: {offers}")
    return chosen


def description_headers(version: str, media_type: str, tag: str) -> ResponseHeaders:
    """The headers of a response that describes something in the data, and that changes only with them."""
    return [
        ("content-type", content_type(media_type)),
        ("vary", "accept, accept-encoding"),
        (VERSION_HEADER, version),
        ("etag", tag),
        ("cache-control", "no-cache"),
    ]


def entity_tag(*parts: str) -> str:
    """A strong entity tag for what *parts* tell apart: the state of the data and the representation."""
    text = "\0".join(parts)
    return f'"{hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()}"'
