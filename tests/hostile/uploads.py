"""Graphs that no parser may be trusted with."""

from __future__ import annotations

from random import Random

from tests.hostile.attack import Attack, Target, uploading

_XML = "application/rdf+xml"
_JSON = "application/ld+json"
_TURTLE = "text/turtle"

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
#: Refused, or ended with its worker.
_REFUSED = frozenset({"400", "413", "415", "503"})
#: Refused by who reads it, before the engine does.
_READ = frozenset({"400"})
#: Refused, or taken where the limits allow it.
_EITHER = _REFUSED | {"201", "204"}

_DEEP = 50_000


def _document(doctype: str, text: str) -> bytes:
    return (
        f'<?xml version="1.0"?>\n{doctype}\n<rdf:RDF xmlns:rdf="{_RDF}" xmlns:e="http://e/">'
        f'<rdf:Description rdf:about="http://e/s"><e:p>{text}</e:p></rdf:Description></rdf:RDF>'
    ).encode()


def _laughs(levels: int, width: int) -> bytes:
    """Each entity holds *width* of the one before."""
    entities = ['<!ENTITY a0 "ha">']
    entities += [f'<!ENTITY a{n} "{f"&a{n - 1};" * width}">' for n in range(1, levels)]
    return _document(f"<!DOCTYPE rdf:RDF [{''.join(entities)}]>", f"&a{levels - 1};")


def _external(system: str) -> bytes:
    return _document(f'<!DOCTYPE rdf:RDF [<!ENTITY x SYSTEM "{system}">]>', "&x;")


def _parameter(system: str) -> bytes:
    return _document(f'<!DOCTYPE rdf:RDF [<!ENTITY % x SYSTEM "{system}"> %x;]>', "x")


def _deep_xml() -> bytes:
    opening = "<e:p><rdf:Description>" * _DEEP
    closing = "</rdf:Description></e:p>" * _DEEP
    body = f'<rdf:Description rdf:about="http://e/s">{opening}{closing}</rdf:Description>'
    return f'<rdf:RDF xmlns:rdf="{_RDF}" xmlns:e="http://e/">{body}</rdf:RDF>'.encode()


def _here(target: Target) -> str:
    return f"http://127.0.0.1:{target.listener}/context"


def _json(text: str) -> bytes:
    return text.encode()


def _noise(target: Target, random: Random) -> bytes:
    return random.randbytes(random.randrange(1, 20_000))


def _multipart(parts: int, ending: bool = True) -> bytes:
    disposition = b'Content-Disposition: form-data; name="f"; filename="f.ttl"\r\n'
    part = b"--b\r\n" + disposition + b"Content-Type: text/turtle\r\n\r\n\r\n"
    return part * parts + (b"--b--\r\n" if ending else b"")


ATTACKS: list[Attack] = [
    uploading("entities/laughs", _XML, lambda t, r: _laughs(12, 10), _READ),
    uploading("entities/many-laughs", _XML, lambda t, r: _laughs(40, 2), _READ),
    uploading(
        "entities/quadratic",
        _XML,
        lambda t, r: _document(f'<!DOCTYPE rdf:RDF [<!ENTITY a "{"a" * 50_000}">]>', "&a;" * 50_000),
        _READ,
    ),
    uploading(
        "entities/self",
        _XML,
        lambda t, r: _document('<!DOCTYPE rdf:RDF [<!ENTITY a "&b;"><!ENTITY b "&a;">]>', "&a;"),
        _READ,
    ),
    uploading("entities/file", _XML, lambda t, r: _external("file:///etc/passwd"), _EITHER),
    uploading("entities/bare-path", _XML, lambda t, r: _external("/etc/passwd"), _EITHER),
    uploading("entities/http", _XML, lambda t, r: _external(_here(t)), _EITHER),
    uploading("entities/parameter-file", _XML, lambda t, r: _parameter("file:///etc/passwd"), _EITHER),
    uploading("entities/parameter-http", _XML, lambda t, r: _parameter(_here(t)), _EITHER),
    uploading(
        "entities/doctype-http",
        _XML,
        lambda t, r: _document(f'<!DOCTYPE rdf:RDF SYSTEM "{_here(t)}">', "x"),
        _EITHER,
    ),
    uploading("depth/rdf-xml", _XML, lambda t, r: _deep_xml(), _READ),
    uploading(
        "depth/xml-open",
        _XML,
        lambda t, r: f'<rdf:RDF xmlns:rdf="{_RDF}">'.encode() + b"<a>" * _DEEP,
        _REFUSED,
    ),
    uploading(
        "depth/json-arrays",
        _JSON,
        lambda t, r: _json('{"http://e/p":' + "[" * _DEEP + "]" * _DEEP + "}"),
        _EITHER,
    ),
    uploading(
        "depth/json-objects",
        _JSON,
        lambda t, r: _json('{"http://e/p":' * _DEEP + "{}" + "}" * _DEEP),
        _REFUSED,
        heavy=True,
    ),
    uploading(
        "depth/json-lists",
        _JSON,
        lambda t, r: _json('{"http://e/p":' + '{"@list":[' * _DEEP + "]}" * _DEEP + "}"),
        _REFUSED,
    ),
    uploading(
        "depth/json-context",
        _JSON,
        lambda t, r: _json('{"@context":' * _DEEP + "{}" + "}" * _DEEP),
        _REFUSED,
    ),
    uploading("depth/json-open", _JSON, lambda t, r: b"[" * 1_000_000, _REFUSED),
    uploading(
        "depth/turtle-collections",
        _TURTLE,
        lambda t, r: b"<http://e/s> <http://e/p> " + b"(" * 20_000 + b")" * 20_000 + b" .",
        _EITHER,
    ),
    uploading(
        "depth/turtle-blank-nodes",
        _TURTLE,
        lambda t, r: b"<http://e/s> <http://e/p> " + b"[ <http://e/p> " * _DEEP + b"1" + b"]" * _DEEP + b" .",
        _EITHER,
    ),
    uploading(
        "depth/turtle-triple-terms",
        _TURTLE,
        lambda t, r: (
            b"<http://e/s> <http://e/p> "
            + b"<<( <http://e/s> <http://e/p> " * 50_000
            + b"1"
            + b" )>>" * 50_000
            + b" ."
        ),
        _EITHER,
    ),
    uploading(
        "depth/n-triples-terms",
        "application/n-triples",
        lambda t, r: (
            b"<http://e/s> <http://e/p> "
            + b"<<( <http://e/s> <http://e/p> " * 50_000
            + b"<http://e/o>"
            + b" )>>" * 50_000
            + b" ."
        ),
        _EITHER,
    ),
    uploading(
        "depth/trig-graphs", "application/trig", lambda t, r: b"{" * 100_000 + b"}" * 100_000, _REFUSED
    ),
    uploading("context/remote", _JSON, lambda t, r: _json(f'{{"@context":"{_here(t)}","p":1}}'), _EITHER),
    uploading("context/list", _JSON, lambda t, r: _json(f'{{"@context":["{_here(t)}"],"p":1}}'), _EITHER),
    uploading(
        "context/import",
        _JSON,
        lambda t, r: _json(f'{{"@context":{{"@import":"{_here(t)}"}},"p":1}}'),
        _EITHER,
    ),
    uploading(
        "context/scoped",
        _JSON,
        lambda t, r: _json(
            f'{{"@context":{{"p":{{"@id":"http://e/p","@context":"{_here(t)}"}}}},"p":{{"q":1}}}}'
        ),
        _EITHER,
    ),
    uploading(
        "context/link",
        "application/json",
        lambda t, r: b'{"p":1}',
        _EITHER,
        headers=(("Link", '<http://127.0.0.1:1/>; rel="http://www.w3.org/ns/json-ld#context"'),),
    ),
    uploading(
        "text/bad-utf8", _TURTLE, lambda t, r: b"<http://e/s> <http://e/p> '\xff\xfe\xc0\x80' .", _REFUSED
    ),
    uploading("text/nul", _TURTLE, lambda t, r: b"<http://e/s> <http://e/p> 1 .\0", _REFUSED),
    uploading("text/surrogate", _TURTLE, lambda t, r: rb"<http://e/s> <http://e/p> '\uD800' .", _REFUSED),
    uploading(
        "text/surrogate-bytes", _TURTLE, lambda t, r: b"<http://e/s> <http://e/p> '\xed\xa0\x80' .", _REFUSED
    ),
    uploading("text/json-surrogate", _JSON, lambda t, r: rb'{"http://e/p":"\uD800"}', _EITHER),
    uploading(
        "text/utf-16", _TURTLE, lambda t, r: "<http://e/s> <http://e/p> 1 .".encode("utf-16"), _REFUSED
    ),
    uploading(
        "text/charset",
        "text/turtle; charset=utf-16",
        lambda t, r: "<http://e/s> <http://e/p> 1 .".encode("utf-16"),
        _REFUSED,
    ),
    uploading("text/bad-iri", _TURTLE, lambda t, r: b"<http://e/ s> <http://e/p> <\\u0000> .", _REFUSED),
    uploading(
        "text/unclosed", _TURTLE, lambda t, r: b"<http://e/s> <http://e/p> '''" + b"a" * 1_000_000, _REFUSED
    ),
    uploading(
        "text/long-literal",
        _TURTLE,
        lambda t, r: b"<http://e/s> <http://e/p> '" + b"a" * 5_000_000 + b"'.",
        _EITHER,
    ),
    *(
        uploading(f"noise/{media_type.replace('/', '-')}", media_type, _noise, _REFUSED)
        for media_type in (
            _XML,
            _JSON,
            _TURTLE,
            "application/trig",
            "application/n-quads",
            "image/png",
            "x/y",
            "",
        )
    ),
    uploading("type/parameters", f"text/turtle; {'a=b; ' * 5_000}", lambda t, r: b"", _EITHER | {"431"}),
    uploading("multipart/no-boundary", "multipart/form-data", lambda t, r: _multipart(2), _REFUSED),
    uploading(
        "multipart/other-boundary", "multipart/form-data; boundary=x", lambda t, r: _multipart(2), _REFUSED
    ),
    uploading(
        "multipart/no-end", "multipart/form-data; boundary=b", lambda t, r: _multipart(2, False), _EITHER
    ),
    uploading("multipart/many", "multipart/form-data; boundary=b", lambda t, r: _multipart(20_000), _EITHER),
    uploading(
        "multipart/dashes", "multipart/form-data; boundary=b", lambda t, r: b"--b\r\n" * 200_000, _EITHER
    ),
    uploading(
        "multipart/long-header",
        "multipart/form-data; boundary=b",
        lambda t, r: b"--b\r\nX: " + b"x" * 2_000_000 + b"\r\n\r\n\r\n--b--\r\n",
        _EITHER,
    ),
    uploading(
        "multipart/long-boundary",
        f"multipart/form-data; boundary={'b' * 20_000}",
        lambda t, r: _multipart(1),
        _REFUSED,
    ),
]
