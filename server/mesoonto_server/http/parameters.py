"""What the front and the connection workers make of an incoming query: the same of the same bytes."""

from __future__ import annotations

import re
from binascii import a2b_qp
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from mesoonto_server.http import bodies
from mesoonto_server.http.messages import WorkerRequest
from mesoonto_server.http.negotiate import choose_coding
from mesoonto_server.http.problems import RequestError

#: Headers of a request by name in lower case; repeated ones are joined.
RequestHeaders = dict[bytes, bytes]

_TIMEOUT = re.compile(rb"(?:^|&)timeout=([0-9.]{1,12})(?=&|$)")
_UPDATE = re.compile(rb"(?:^|&)update=")
_FORM = b"application/x-www-form-urlencoded"
_UPDATE_TYPE = b"application/sparql-update"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it came, without its body. It is made once, by whoever reads the connection."""

    method: str
    path: str  #: decoded
    query: bytes  #: what follows the question mark, still encoded
    headers: RequestHeaders
    peer: str  #: address of the other end of the connection
    client: str  #: who asks, as limits and the log name it
    scheme: str  #: http or https
    version: str = "1.1"  #: of HTTP

    @property
    def base(self) -> str:
        """Scheme and authority under which the service was addressed."""
        return f"{self.scheme}://{self.headers.get(b'host', b'').decode('latin-1') or 'localhost'}"


def is_query_address(path: str) -> bool:
    """Whether *path* is that of the query operation, with or without the suffix of a format."""
    return path == "/sparql" or path.startswith("/sparql.")


def may_be_query(request: HttpRequest) -> bool:
    """Whether *request*, whose body is not known yet, can be a query operation."""
    if not is_query_address(request.path):
        return False
    if request.method == "POST":
        return media_type(request.headers) != _UPDATE_TYPE
    return request.method == "GET" and b"query=" in request.query


def is_query(request: HttpRequest, body: bytes) -> bool:
    """Whether one that may be a query is one, and no update."""
    return not (media_type(request.headers) == _FORM and _UPDATE.search(body))


def media_type(headers: RequestHeaders) -> bytes:
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


def cache_key(request: HttpRequest, body: bytes) -> tuple[object, ...]:
    """All that the answer to a query depends on, beside the data."""
    headers = request.headers
    return (
        request.method, request.scheme, request.path, request.query, headers.get(b"accept"),
        headers.get(b"accept-encoding"), headers.get(b"content-type"), headers.get(b"content-encoding"),
        headers.get(b"host"), body,
    )  # fmt: skip


def request_of(task: str, request: HttpRequest, body: bytes, limit: int) -> WorkerRequest:
    """What a worker has to know of *request*, whose *body* may have *limit* bytes when decompressed."""
    headers = request.headers

    def text(name: bytes) -> str:
        return headers.get(name, b"").decode("latin-1")

    return WorkerRequest(
        task=task,
        method=request.method,
        path=request.path,
        query=request.query,
        base=request.base,
        accept=text(b"accept") if b"accept" in headers else None,
        content_type=text(b"content-type"),
        content_encoding=text(b"content-encoding"),
        encoding=choose_coding(text(b"accept-encoding")),
        if_none_match=text(b"if-none-match"),
        if_match=text(b"if-match"),
        body=body,
        body_limit=limit,
    )


FORM = "application/x-www-form-urlencoded"


QUERY = "application/sparql-query"


UPDATE = "application/sparql-update"


#: What a parameter that is on or off may say for on.
_YES = ("1", "true", "yes")

#: Parameters of one request.
_MOST_PARAMETERS = 1000


#: The address of the graph store, and the methods there for the dataset as a whole and for one graph.
STORE = "/store"
DATASET_METHODS = "GET, HEAD, PUT, POST, OPTIONS"
GRAPH_METHODS = "GET, HEAD, PUT, POST, DELETE, PATCH, OPTIONS"


def names_no_graph(path: str, query: bytes) -> bool:
    """Whether a request to the graph store at *path* is about the dataset as a whole."""
    return path.rstrip("/") == STORE and decode_form(query).keys().isdisjoint(("graph", "default"))


@dataclass(frozen=True, slots=True)
class Question:
    """The parameters of one query operation."""

    query: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    explain: bool  #: whether the plan is asked for beside the result
    timeout: float | None  #: seconds that are asked for


def question(request: WorkerRequest) -> Question:
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
    return Question(
        queries[0],
        tuple(parameters.get("default-graph-uri", ())),
        tuple(parameters.get("named-graph-uri", ())),
        parameters.get("explain", [""])[-1].lower() in _YES,
        seconds(parameters.get("timeout", [])),
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
