"""SPARQL 1.1 Protocol, the query operation (https://www.w3.org/TR/sparql11-protocol/, section 2.1).

This runs in a worker: a stranger's parameters and query are first looked at where they can do no harm.
"""

from __future__ import annotations

import hashlib
import re
from binascii import a2b_qp
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote_to_bytes

from mesoonto.engine import inspect
from mesoonto.engine.formats import Format, Kind, content_type, format_with_extension, formats_for
from mesoonto.engine.store import Engine, Output
from mesoonto.errors import FormatError, ServiceRefusedError
from mesoonto_server import bodies, negotiate
from mesoonto_server.messages import Request
from mesoonto_server.problems import RequestError
from mesoonto_server.responses import Headers, Response, Rows

FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"

#: Names the version of the dataset in every response that tells of it.
VERSION_HEADER = "mesoonto-dataset"

#: In place of a status: the query has SERVICE, which no worker can answer.
FEDERATED = 0

#: Says that a result was cut, and at how many rows or triples.
CAP_HEADER = "mesoonto-row-limit"

#: Parameters of one request.
_MOST_PARAMETERS = 1000

_ROWS = {
    "json": Rows(b'},{"', 1, b'"bindings":[]'),
    "xml": Rows(b"<result>"),
    "csv": Rows(b"\r\n", -1, quote=b'"'),
    "tsv": Rows(b"\n", -1),
    "ntriples": Rows(b"\n"),
}


_Write = Callable[[Format, Output], None]


@dataclass(frozen=True, slots=True)
class Question:
    """The parameters of one query operation."""

    query: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]


def answer(
    engine: Engine, request: Request, response: Response, max_rows: int = 0, *, federated: bool = False
) -> None:
    """Answer the query operation *request*; a result of more than *max_rows* is cut, and says so.

    Where it is *federated*, a query with SERVICE is handed back with the status FEDERATED.
    """
    asked = question(request)
    base = f"{request.base}{request.path}"
    ask = partial(
        engine.query,
        default_graphs=asked.default_graphs,
        named_graphs=asked.named_graphs,
        base=base,
        outline=request.outline,
    )
    try:
        result = ask(asked.query)
    except ServiceRefusedError:
        if not federated:
            raise
        response.whole(FEDERATED, [])
        return
    form, media_type = format_for(result.kind, request)
    headers: Headers = [
        ("content-type", content_type(media_type)),
        ("vary", "accept, accept-encoding"),
        (VERSION_HEADER, engine.version),
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", f"etag, link, {VERSION_HEADER}, {CAP_HEADER}"),
    ]
    cacheable = not result.volatile
    if cacheable:
        dataset = ("\n".join(asked.default_graphs), "\n".join(asked.named_graphs))
        tag = entity_tag(engine.version, asked.query, *dataset, media_type, request.encoding, str(max_rows))
        headers.append(("etag", tag))
        headers.append(("cache-control", "no-cache"))
        if matches(request.if_none_match, tag):
            response.whole(304, headers)
            return
    else:
        headers.append(("cache-control", "no-store"))
    if request.method == "HEAD":
        response.whole(200, headers)
        return
    rows = _ROWS.get(form.name, Rows()) if result.kind is not Kind.BOOLEAN else Rows()
    if max_rows and result.kind is not Kind.BOOLEAN and ask(asked.query).count(max_rows + 1) > max_rows:
        result = ask(inspect.capped(asked.query, max_rows))
        link = f"{request.base}/#limits"
        headers += [(CAP_HEADER, str(max_rows)), ("link", f'<{link}>; rel="describedby"')]
        produce = partial(_write_linked, result.write, form, link)
        response.produced(headers, produce, rows=rows, cacheable=cacheable)
        return
    response.produced(headers, partial(result.write, form), rows=rows, cacheable=cacheable)


def question(request: Request) -> Question:
    """The query operation that *request* asks for (sections 2.1.1 to 2.1.4)."""
    parameters = decode_form(request.query)
    if request.method == "POST":
        media_type, charset = media_type_of(request.content_type)
        if media_type == FORM:
            parameters = decode_form(bodies.decoded(request).read())
        elif media_type == QUERY:
            if "query" in parameters:
                raise RequestError(400, "the query is given twice, as parameter and as body")
            require_utf8(charset)
            parameters["query"] = [decode_utf8(bodies.decoded(request).read(), "the query")]
        else:
            found = media_type or "none"
            raise RequestError(415, f"a query is posted as {FORM} or {QUERY}; the content type is {found}")
    if "update" in parameters:
        raise RequestError(
            400, "one request has both a query and an update, or an update by GET: use POST /update"
        )
    queries = parameters.get("query", [])
    if len(queries) != 1:
        raise RequestError(400, f"exactly one query is needed; there are {len(queries)}")
    seconds(parameters.get("timeout", []))
    return Question(
        queries[0],
        tuple(parameters.get("default-graph-uri", ())),
        tuple(parameters.get("named-graph-uri", ())),
    )


def seconds(values: list[str]) -> float | None:
    """What the parameter timeout asks for, or None."""
    if not values:
        return None
    try:
        number = float(values[-1])
    except ValueError:
        number = -1.0
    if not 0 < number < 1e6:
        raise RequestError(400, "timeout is a positive number of seconds")
    return number


def decode_form(encoded: bytes) -> dict[str, list[str]]:
    """The parameters in *encoded*, which is ``name=value&...`` with percent-encoding."""
    parameters: dict[str, list[str]] = {}
    pairs = encoded.split(b"&", _MOST_PARAMETERS)
    if len(pairs) > _MOST_PARAMETERS:
        raise RequestError(400, f"more than {_MOST_PARAMETERS} parameters")
    for pair in pairs:
        if pair:
            name, _, value = pair.replace(b"+", b" ").partition(b"=")
            text = decode_utf8(_unquoted(value), "a parameter")
            parameters.setdefault(decode_utf8(_unquoted(name), "the name of a parameter"), []).append(text)
    return parameters


def _unquoted(encoded: bytes) -> bytes:
    """*encoded* without percent-encoding, as `urllib.parse.unquote_to_bytes` has it.

    That takes as long as a small query. Percent-encoding that is well formed is quoted-printable with another
    sign, which the standard library decodes in C; one that is not shows in the length, and goes the long way.
    """
    escapes = encoded.count(b"%")
    if not escapes:
        return encoded
    if b"\n" in encoded or b"\r" in encoded:  # which quoted-printable takes for soft line breaks
        return unquote_to_bytes(encoded)
    decoded = a2b_qp(encoded.replace(b"=", b"=3D").replace(b"%", b"="))
    return decoded if len(decoded) == len(encoded) - 2 * escapes else unquote_to_bytes(encoded)


def decode_utf8(content: bytes, what: str) -> str:
    """*content* as text; a RequestError names the byte that is wrong."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(400, f"{what}: not UTF-8 at byte {error.start + 1}") from error


def media_type_of(header: str) -> tuple[str, str]:
    """Media type and charset of a Content-Type header, in lower case."""
    name, *parameters = (part.strip().lower() for part in header.split(";"))
    charset = next((p.partition("=")[2].strip('"') for p in parameters if p.startswith("charset")), "")
    return name, charset


def require_utf8(charset: str) -> None:
    """Refuse another encoding: SPARQL and RDF bodies are UTF-8."""
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise RequestError(415, f"send the body as UTF-8; its charset is {charset}")


def matches(header: str, tag: str) -> bool:
    """Whether an If-None-Match or If-Match header names *tag* (RFC 9110, section 13.1)."""
    if header.strip() == "*":
        return True
    return tag in (re.sub(r"^W/", "", candidate.strip()) for candidate in header.split(","))


def format_for(kind: Kind, request: Request) -> tuple[Format, str]:
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


def description_headers(version: str, media_type: str, tag: str) -> Headers:
    """The headers of a response that describes something in the data, and that changes only with them."""
    return [
        ("content-type", content_type(media_type)),
        ("vary", "accept, accept-encoding"),
        (VERSION_HEADER, version),
        ("access-control-allow-origin", "*"),
        ("etag", tag),
        ("cache-control", "no-cache"),
    ]


def entity_tag(*parts: str) -> str:
    """A strong entity tag for what *parts* tell apart: the state of the data and the representation."""
    text = "\0".join(parts)
    return f'"{hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()}"'


def _write_linked(write: _Write, form: Format, link: str, output: Output) -> None:
    """Write a result with a link in its head where the format has a place for one.

    SPARQL 1.1 Query Results JSON, section 3.1.2, and XML, section 2.3.
    """
    if form.name not in ("json", "xml"):
        write(form, output)
        return
    write(form, _Linking(output, form.name, link))


class _Linking:
    """Passes a serialised result on and puts a link into its head."""

    def __init__(self, output: Output, name: str, link: str) -> None:
        self._output = output
        if name == "json":
            self._place = b'{"head":{'
            self._addition = self._place + f'"link":["{link}"],'.encode()
        else:
            self._place = b"</head>"
            self._addition = f'<link href="{link}"/></head>'.encode()

    def write(self, data: bytes, /) -> int:
        if self._addition and self._place in data:  # the head is in the first write of 8 kB
            self._output.write(data.replace(self._place, self._addition, 1))
            self._addition = b""
        else:
            self._output.write(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back here."""
