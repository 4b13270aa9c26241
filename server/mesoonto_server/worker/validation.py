"""What a worker answers to ``/validate``: the report on a file that was sent."""

from __future__ import annotations

import os

from werkzeug.datastructures import FileStorage

from mesoonto.dataset.store import Engine
from mesoonto.validation import upload
from mesoonto_server.http import bodies, negotiate
from mesoonto_server.http.headers import Headers
from mesoonto_server.http.messages import WorkerRequest
from mesoonto_server.http.parameters import decode_form, media_type_of
from mesoonto_server.http.problems import RequestError
from mesoonto_server.worker.reply import WorkerResponse

#: Sent as one of these, in the order of preference.
_OFFERS = {
    "application/json": "json",
    "text/turtle": "turtle",
    "application/ld+json": "jsonld",
    "application/sarif+json": "sarif",
    "text/html": "html",
    "text/markdown": "markdown",
    "application/xml": "junit",
    "text/plain": "text",
}

#: A report as HTML brings its own style, and no script.
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

_ENDINGS = {
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "nq": "application/n-quads",
    "trig": "application/trig",
    "rdf": "application/rdf+xml",
    "owl": "application/rdf+xml",
    "jsonld": "application/ld+json",
}

_LIMITS = upload.Limits()


def answer(_: Engine, request: WorkerRequest, response: WorkerResponse) -> None:
    """Judge the file in *request*; in a worker."""
    chosen = negotiate.choose(list(_OFFERS), request.accept)
    if chosen is None:
        raise RequestError(406, f"a validation report comes as one of: {', '.join(_OFFERS)}")
    asked = _upload(request, _OFFERS[chosen])
    if len(asked.content) > _LIMITS.bytes:
        raise RequestError(413, f"a file to validate has at most {_LIMITS.bytes:,} bytes")
    found = upload.check_upload(asked, _LIMITS)
    charset = "" if chosen.endswith("json") else "; charset=utf-8"
    headers: Headers = [
        ("content-type", f"{chosen}{charset}"),
        ("cache-control", "no-store"),
        ("vary", "accept, accept-encoding"),
        ("mesoonto-conforms", str(found.conforms).lower()),
    ]
    if chosen == "text/html":
        headers.append(("content-security-policy", _REPORT_POLICY))
    response.whole(200, headers, found.content)


def _upload(request: WorkerRequest, output: str) -> upload.Request:
    """The upload in *request*: its body, or the field ``file`` of a form."""
    strict = decode_form(request.query).get("strict", [""])[-1].lower() in ("1", "true", "yes")
    media_type, _ = media_type_of(request.content_type)
    with bodies.decoded(request) as content:
        if media_type != "multipart/form-data":
            return upload.Request(content.read(), _known(media_type), "upload", output, strict)
        file = next(
            (f for field, f in bodies.files(request, content) if field == "file" and f.filename), None
        )
        if file is None:
            raise RequestError(400, "the form has no field 'file' with a file in it")
        return _from_form(file, output, strict=strict)


def _from_form(file: FileStorage, output: str, *, strict: bool) -> upload.Request:
    name = os.path.basename((file.filename or "").replace("\\", "/"))[:100]
    media_type = _ENDINGS.get(name.rpartition(".")[2].lower(), file.mimetype or "")
    return upload.Request(file.read(), _known(media_type), name, output, strict)


def _known(media_type: str) -> str:
    if media_type not in _ENDINGS.values():
        found = media_type or "none"
        known = ", ".join(dict.fromkeys(_ENDINGS.values()))
        raise RequestError(415, f"the content type is {found}; RDF comes as one of: {known}")
    return media_type
