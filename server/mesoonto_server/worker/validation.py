"""What a worker answers to ``/validate``: the report on a file that was sent."""

from __future__ import annotations

import os
from dataclasses import replace

from werkzeug.datastructures import FileStorage

from mesoonto.validation import upload
from mesoonto.validation.request import from_words
from mesoonto_server.http import bodies, negotiate
from mesoonto_server.http.headers import ResponseHeaders
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
    "json": "application/ld+json",
    "n3": "text/n3",
}

_LIMITS = upload.UploadLimits()


def answer(request: WorkerRequest, response: WorkerResponse, seconds: float) -> None:
    """Judge the file in *request*; in a worker, which is ended after *seconds*."""
    chosen = negotiate.choose(list(_OFFERS), request.accept)
    if chosen is None:
        raise RequestError(406, f"a validation report comes as one of: {', '.join(_OFFERS)}")
    asked = _upload(request, _OFFERS[chosen])
    if sum(len(file.content) for file in (*asked.data, *asked.shapes, *asked.context)) > _LIMITS.bytes:
        raise RequestError(413, f"a file to validate has at most {_LIMITS.bytes:,} bytes")
    found = upload.check_upload(asked, replace(_LIMITS, seconds=seconds))
    charset = "" if chosen.endswith("json") else "; charset=utf-8"
    headers: ResponseHeaders = [
        ("content-type", f"{chosen}{charset}"),
        ("cache-control", "no-store"),
        ("vary", "accept, accept-encoding"),
        ("mesoonto-conforms", str(found.conforms).lower()),
    ]
    if chosen == "text/html":
        headers.append(("content-security-policy", _REPORT_POLICY))
    response.whole(200, headers, found.content)


def _upload(request: WorkerRequest, output: str) -> upload.UploadRequest:
    """The upload in *request*: its body, or the fields ``file``, ``shapes`` and ``context`` of a form.

    Options are those of the command line, as parameters of the address or further fields of the form.
    """
    words = decode_form(request.query)
    media_type, _ = media_type_of(request.content_type)
    files: dict[str, list[upload.File]] = {"file": [], "shapes": [], "context": []}
    with bodies.decoded(request) as content:
        if media_type != "multipart/form-data":
            files["file"].append(upload.File(content.read(), _known(media_type)))
        else:
            texts, sent = bodies.form(request, content)
            # A field of the page that was left empty asks for nothing.
            words |= {name: given for name, values in texts.items() if (given := list(filter(None, values)))}
            for name, file in sent:
                if file.filename:
                    if name not in files:
                        known = ", ".join(files)
                        raise RequestError(400, f"the form has a file in {name!r}; known are {known}")
                    files[name].append(_from_form(file))
            if not files["file"]:
                raise RequestError(400, "the form has no field 'file' with a file in it")
    for name in words:
        if reason := upload.REFUSED.get(name.replace("_", "-")):
            raise RequestError(400, f"{name} is no option here: {reason}")
    data, shapes, context = (tuple(files[name]) for name in ("file", "shapes", "context"))
    return upload.UploadRequest(data, shapes, context, output, from_words(words))


def _from_form(file: FileStorage) -> upload.File:
    name = os.path.basename((file.filename or "").replace("\\", "/"))[:100]
    media_type = _ENDINGS.get(name.rpartition(".")[2].lower(), file.mimetype or "")
    return upload.File(file.read(), _known(media_type), name)


def _known(media_type: str) -> str:
    if media_type not in _ENDINGS.values():
        found = media_type or "none"
        known = ", ".join(dict.fromkeys(_ENDINGS.values()))
        raise RequestError(415, f"the content type is {found}; RDF comes as one of: {known}")
    return media_type
