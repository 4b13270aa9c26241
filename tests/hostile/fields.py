"""Text where it does not belong: in parameters, paths and headers, and what an answer says of it."""

from __future__ import annotations

from random import Random
from urllib.parse import quote, urlencode

from tests.hostile.attack import ANSWERED, WIRE, Attack, Target, querying, send
from tests.hostile.raw import Outcome, exchange, head
from tests.wire import FORM, QUERY, TURTLE

#: Seconds that a client waits: longer than the server's own deadline, which is an answer too.
_PATIENCE = 20

_SCRIPT = "<script>alert(1)</script>"
_ATTRIBUTE = "\"'><img src=x onerror=alert(1)>"
_BREAK = "a\r\nX-Injected: 1\r\n\r\n<html>"
#: Any answer of the application but a success, and any of the HTTP library.
_FOUR = frozenset({"400", "403", "404", "405", "406", "413", "414", "415", "431", "501"})
_ANY = _FOUR | {"200", "201", "204", "303", "304", "closed"}


def _getting(
    name: str,
    path: str | bytes,
    allowed: frozenset[str],
    headers: tuple[tuple[str, str], ...] = (),
    *,
    bare: bool = False,
) -> Attack:
    def launch(target: Target, random: Random) -> Outcome:
        if isinstance(path, bytes):
            return exchange(
                target.address, [b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"], _PATIENCE
            )
        return exchange(target.address, [head("GET", path, [*headers, ("Connection", "close")])], _PATIENCE)

    return Attack(name, launch, allowed, bare=bare)


def _echoing(name: str, path: str, headers: tuple[tuple[str, str], ...] = (), method: str = "GET") -> Attack:
    """A script in a field. It may be told as text; in a page it must be escaped."""

    def launch(target: Target, random: Random) -> Outcome:
        outcome = exchange(
            target.address, [head(method, path, [*headers, ("Connection", "close")])], _PATIENCE
        )
        page = "html" in outcome.type or ("xml" in outcome.type and outcome.ending[0] != "2")
        if page and (_SCRIPT.encode() in outcome.body or b"<img src=x" in outcome.body):
            return Outcome("script in a page", outcome.head, outcome.body)
        return outcome

    return Attack(name, launch, _ANY, bare=True)


def _query(text: str) -> str:
    return f"/sparql?{urlencode({'query': text})}"


_ACCEPT_HTML = (("Accept", "text/html"),)
_TRAVERSALS = [
    "/../../../../etc/passwd",
    "/static/../../../../../../etc/passwd",
    "/static/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/static/..%5c..%5c..%5cetc%5cpasswd",
    "/static/....//....//....//etc/passwd",
    "/static//etc/passwd",
    "/static/%2fetc/passwd",
    "/static/%00/../../etc/passwd",
    "/static/..%c0%af..%c0%afetc/passwd",
    "/static/..%252f..%252fetc/passwd",
    "//etc/passwd",
    "/sparql/../../etc/passwd",
    "/.git/config",
    "/static/../__init__.py",
    "/data/../../../etc/passwd",
]
_TEXTS = {
    "bad-utf8": "%FF",
    "cut-utf8": "ASK%20%7B%7D%C3",
    "overlong": "ASK%20%7B%7D%C0%80",
    "surrogate": "ASK%20%7B%7D%ED%A0%80",
    "nul": "ASK%20%7B%7D%00",
    "nul-first": "%00ASK%20%7B%7D",
    "bad-percent": "ASK%20%7B%7D%ZZ",
    "escaped-surrogate": quote("ASK { FILTER('\\uD800' = '') }"),
    "escaped-nul": quote("ASK { FILTER('\\u0000' = '') }"),
    "escaped-beyond": quote("ASK { FILTER('\\UFFFFFFFF' = '') }"),
    "byte-order-mark": "%EF%BB%BFASK%20%7B%7D",
    "control": "ASK%20%7B%7D%1B%5B2J%07",
    "direction": quote("ASK { ?\u202e ?p ?o }"),
}
_BODIES = {
    "bad-utf8": b"ASK {} #\xff\xfe",
    "bad-utf8-literal": b"ASK { ?s ?p '\xc3\x28' }",
    "surrogate-bytes": b"ASK { ?s ?p '\xed\xa0\x80' }",
    "overlong": b"ASK { ?s ?p '\xc0\xaf' }",
    "beyond": b"ASK { ?s ?p '\xf4\x90\x80\x80' }",
    "nul": b"ASK {}\x00",
    "nul-inside": b"ASK { ?s ?p '\x00' }",
    "utf-16": "ASK {}".encode("utf-16"),
    "utf-32": "ASK {}".encode("utf-32"),
    "empty": b"",
    "spaces": b" " * 100_000,
    "zeros": b"\x00" * 100_000,
    "byte-order-marks": b"\xef\xbb\xbf" * 10_000 + b"ASK {}",
    "iri-nul": b"ASK { <http://e/\\u0000> ?p ?o }",
    "iri-space": b"ASK { <http://e/ x> ?p ?o }",
}
_TIMEOUTS = [
    "-1", "0", "nan", "inf", "-inf", "1e999", "1e-999", "9" * 400, "abc", "", " 5", "0x10", "1_0", "٣", "1;2",
    "%00", "\r\nX-Injected: 1", "5\n", "true", "1e3e3",
]  # fmt: skip
_IRIS = [
    "", "x", "//", "http://[", "http://e/ x", "http://e/\x00", "http://e/\r\nX-Injected: 1",
    "javascript:alert(1)", _SCRIPT, "a" * 60_000, "http://e/\u202e\x80", "../../../etc/passwd",
    "file:///etc/passwd", "http://e/" + "../" * 10_000,
]  # fmt: skip

_LISTS = {
    "Accept": ", ".join(f"a{i}/b{i};q=0.{i}" for i in range(3_000)),
    "Accept-Encoding": ", ".join(f"x{i};q=0.{i}" for i in range(3_000)),
    "Accept-Language": "en;q=" * 5_000,
    "If-None-Match": ", ".join(f'"{i}"' for i in range(5_000)),
    "Range": "bytes=" + ",".join(f"{i}-{i}" for i in range(5_000)),
    "Cookie": "; ".join(f"a{i}=b" for i in range(5_000)),
    "Authorization": "Bearer " + "a" * 30_000,
    "Forwarded": "for=" * 5_000,
    "X-Forwarded-For": ", ".join(["127.0.0.1"] * 3_000),
}

_LINES = {
    "garbage": bytes(range(256)) * 10,
    "nul": b"GET \x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no-version": b"GET /sparql\r\n\r\n",
    "version": b"GET /sparql HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    "no-host": b"GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two-hosts": b"GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
    "bad-host": b"GET / HTTP/1.1\r\nHost: <script>alert(1)</script>\r\nConnection: close\r\n\r\n",
    "long-host": b"GET / HTTP/1.1\r\nHost: " + b"a" * 60_000 + b"\r\nConnection: close\r\n\r\n",
    "folded-header": b"GET /health/live HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\nConnection: close\r\n\r\n",
    "colonless-header": b"GET /health/live HTTP/1.1\r\nHost: a\r\nnonsense\r\nConnection: close\r\n\r\n",
    "header-nul": b"GET /health/live HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\nConnection: close\r\n\r\n",
    "header-high": b"GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: \xff\xfe\r\nConnection: close\r\n\r\n",
    "space-before-colon": b"GET /health/live HTTP/1.1\r\nHost : a\r\nConnection: close\r\n\r\n",
    "many-headers": b"GET /health/live HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
    "long-header": b"GET /health/live HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 2_000_000 + b"\r\n\r\n",
    "long-path": b"GET /" + b"a" * 2_000_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "long-query": b"GET /sparql?query=" + b"a" * 2_000_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "long-method": b"G" * 100_000 + b" / HTTP/1.1\r\nHost: a\r\n\r\n",
    "trace": b"TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "connect": b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "absolute-form": b"GET http://127.0.0.1:22/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "upgrade": b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, close\r\n\r\n",
    "websocket": b"GET /sparql HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "pipeline": b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n" * 200,
    "smuggle": b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5c\r\nGPOST / HTTP/1.1\r\nContent-Length: 15\r\n\r\nx=1\r\n0\r\n\r\n",
}


def _method(name: str) -> Attack:
    def launch(target: Target, random: Random) -> Outcome:
        path = random.choice(["/", "/sparql", "/update", "/health/live", "/metrics", "/.well-known/void"])
        return exchange(target.address, [head(name, path, [("Connection", "close")])], _PATIENCE)

    return Attack(f"method/{name}", launch, WIRE | {"411"}, bare=True)


def _fields(random: Random) -> list[tuple[str, str]]:
    names = [
        "query",
        "update",
        "timeout",
        "default-graph-uri",
        "named-graph-uri",
        "graph",
        "default",
        "x",
        "",
    ]
    values = [
        "ASK {}",
        "1",
        _SCRIPT,
        _BREAK,
        "\x00",
        "",
        "http://e/g",
        "DROP SILENT GRAPH <http://e/g>",
        "-1",
        "\U0010ffff",
    ]
    return [(random.choice(names), random.choice(values)) for _ in range(random.randrange(1, 12))]


def _shuffled(target: Target, random: Random) -> Outcome:
    """Random parameters, by GET or in a form."""
    encoded = urlencode(_fields(random))
    path = random.choice(["/sparql", "/store", "/sparql.json", "/.well-known/void", "/"])
    if random.random() < 0.5:
        return send(target, "GET", f"{path}?{encoded}")
    return send(target, "POST", "/sparql", encoded.encode(), [("Content-Type", FORM)])


ATTACKS: list[Attack] = [
    *(_getting(f"text/query-{name}", f"/sparql?query={text}", ANSWERED) for name, text in _TEXTS.items()),
    *(querying(f"text/body-{name}", body, ANSWERED) for name, body in _BODIES.items()),
    *(
        _getting(f"timeout/{n}", f"/sparql?{urlencode({'query': 'ASK {}', 'timeout': value})}", ANSWERED)
        for n, value in enumerate(_TIMEOUTS)
    ),
    *(
        _getting(
            f"iri/{field}-{n}", f"/sparql?{urlencode({'query': 'ASK {}', field: iri})}", ANSWERED | _FOUR
        )
        for field in ("default-graph-uri", "named-graph-uri")
        for n, iri in enumerate(_IRIS)
    ),
    *(
        _getting(f"iri/graph-{n}", f"/store?{urlencode({'graph': iri})}", _FOUR)
        for n, iri in enumerate(_IRIS)
    ),
    _getting("iri/graph-default-both", "/store?default&graph=http://e/", frozenset({"400"})),
    *(_getting(f"traversal/{n}", path, _FOUR | {"200"}, bare=True) for n, path in enumerate(_TRAVERSALS)),
    *(
        _getting(f"list/{name}", _query("ASK {}"), _ANY, ((name, value),), bare=True)
        for name, value in _LISTS.items()
    ),
    _getting("break/query", _query(_BREAK), frozenset({"400"})),
    _getting("break/graph", f"/store?{urlencode({'graph': _BREAK})}", _FOUR),
    _getting("break/path", f"/{quote(_BREAK)}", _FOUR),
    _getting("break/entity", f"/data/{quote(_BREAK)}", _FOUR),
    _getting("break/suffix", f"/sparql.{quote(_BREAK)}", _FOUR),
    _getting("break/accept", _query("ASK {}"), _ANY, (("Accept", _BREAK),), bare=True),
    _getting("break/request-id", _query("ASK {}"), _ANY, (("X-Request-Id", _BREAK),), bare=True),
    _getting("break/origin", _query("ASK {}"), _ANY, (("Origin", _BREAK),), bare=True),
    _getting("break/literal", _query("SELECT ('a\\r\\nX-Injected: 1' AS ?x) {}"), frozenset({"200"})),
    *(
        _echoing(f"script/{name}-{n}{'-page' if accept else ''}", path, (*headers, *accept))
        for n, text in enumerate((_SCRIPT, _ATTRIBUTE))
        for accept in ((), _ACCEPT_HTML)
        for name, path, headers in (
            ("query", _query(f"SELECT {text}"), ()),
            ("literal", _query(f"SELECT ('''{text}''' AS ?x) {{}}"), ()),
            ("timeout", f"/sparql?{urlencode({'query': 'ASK {}', 'timeout': text})}", ()),
            ("default-graph", f"/sparql?{urlencode({'query': 'ASK {}', 'default-graph-uri': text})}", ()),
            ("parameter", f"/sparql?{urlencode({text: text})}", ()),
            ("graph", f"/store?{urlencode({'graph': text})}", ()),
            ("path", f"/{quote(text)}", ()),
            ("raw-path", f"/{text.replace(' ', '+')}", ()),
            ("suffix", f"/sparql.{quote(text)}", ()),
            ("entity", f"/data/{quote(text)}", ()),
            ("page", f"/?{urlencode({'query': text})}", ()),
            ("host", "/", (("X-Forwarded-Host", text),)),
            ("media-type", _query("ASK {}"), (("Accept", text),)),
            ("request-id", _query("ASK {"), (("X-Request-Id", text),)),
            ("origin", _query("ASK {}"), (("Origin", text),)),
            ("agent", "/", (("User-Agent", text), ("Referer", text))),
        )
    ),
    *(
        Attack(
            f"line/{name}",
            lambda t, r, d=data: exchange(t.address, [d], 2),
            WIRE | _ANY | {"silent"},
            bare=True,
        )
        for name, data in _LINES.items()
    ),
    *(_method(name) for name in ("FOO", "DELETE", "PATCH", "PROPFIND", "<SCRIPT>", "A" * 1000)),
    Attack("parameters/shuffled", _shuffled, _ANY | {"200 broken", "503"}),
    Attack(
        "parameters/many",
        lambda t, r: send(
            t, "POST", "/sparql", b"&".join([b"query=ASK{}"] * 5_000), [("Content-Type", FORM)]
        ),
        frozenset({"400", "413"}),
    ),
    Attack(
        "type/unknown",
        lambda t, r: send(
            t, "POST", "/sparql", b"ASK {}", [("Content-Type", r.choice(["a", "", "x/y", TURTLE]))]
        ),
        frozenset({"415", "400"}),
    ),
    Attack(
        "type/charset",
        lambda t, r: send(t, "POST", "/sparql", b"ASK {}", [("Content-Type", f"{QUERY}; charset=sideways")]),
        frozenset({"415", "400"}),
    ),
]
