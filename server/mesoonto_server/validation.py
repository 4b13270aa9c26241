"""``/validate``: judges a file that is sent, and forgets it; and a page to drop a file on."""

from __future__ import annotations

import multiprocessing
import os
import resource
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection

from flask import Blueprint, Response, render_template, request

from mesoonto import __version__
from mesoonto.errors import InputError, MesoontoError
from mesoonto.validation.upload import Answer, Limits, Request, check_upload
from mesoonto_server import negotiate
from mesoonto_server.problems import RequestError

#: Runs one request where it can be killed; raises MesoontoError for input that cannot be used.
Run = Callable[[Request, Limits], Answer]

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
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",
}
_PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; frame-src 'self' blob:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
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


#: Validations at once; who comes when all are at work is asked to come again.
_AT_ONCE = 2
_slots = threading.BoundedSemaphore(_AT_ONCE)


class TimedOutError(MesoontoError):
    """A validation that took too long or too much memory, or found no worker free."""


def blueprint(run: Run | None = None, limits: Limits | None = None) -> Blueprint:
    """The routes of ``/validate``; *run* evaluates a request in a process that can be ended."""
    bp = Blueprint("validation", __name__)
    bounds = limits or Limits()
    evaluate = run or run_in_process

    @bp.get("/validate")
    def page() -> Response:
        text = render_template("validate.html", version=__version__, megabytes=bounds.bytes / 1e6)
        return Response(text, headers=_HEADERS | {"Content-Security-Policy": _PAGE_POLICY})

    @bp.post("/validate")
    def validate() -> Response:
        chosen = negotiate.choose(list(_OFFERS), request.headers.get("Accept"))
        if chosen is None:
            raise RequestError(406, f"a validation report comes as one of: {', '.join(_OFFERS)}")
        asked = _request(_OFFERS[chosen], bounds)
        try:
            answer = evaluate(asked, bounds)
        except InputError as error:
            raise RequestError(400, str(error)) from error
        except TimedOutError as error:
            raise RequestError(503, str(error)) from error
        charset = "" if chosen.endswith("json") else "; charset=utf-8"
        headers = _HEADERS | {"Mesoonto-Conforms": str(answer.conforms).lower()}
        if chosen == "text/html":
            headers["Content-Security-Policy"] = _REPORT_POLICY
        return Response(answer.content, content_type=f"{chosen}{charset}", headers=headers)

    return bp


def _request(output: str, bounds: Limits) -> Request:
    """The upload of the current request: its body, or the field ``file`` of a form."""
    request.max_content_length = bounds.bytes + 10_000
    strict = request.args.get("strict", "").lower() in ("1", "true", "yes")
    if request.mimetype == "multipart/form-data":
        file = request.files.get("file")
        if file is None or not file.filename:
            raise RequestError(400, "the form has no field 'file' with a file in it")
        name = os.path.basename(file.filename.replace("\\", "/"))[:100]
        media_type = _ENDINGS.get(name.rpartition(".")[2].lower(), file.mimetype or "")
        return Request(file.read(), _known(media_type), name, output, strict)
    return Request(request.get_data(cache=False), _known(request.mimetype), "upload", output, strict)


def _known(media_type: str) -> str:
    if media_type not in _ENDINGS.values():
        found = media_type or "none"
        known = ", ".join(dict.fromkeys(_ENDINGS.values()))
        raise RequestError(415, f"the content type is {found}; RDF comes as one of: {known}")
    return media_type


# A worker of our own: a process for each request, ended when it takes too long


def run_in_process(asked: Request, limits: Limits) -> Answer:
    """Validate in a new process, which is ended at the deadline; raises TimedOutError then."""
    if not _slots.acquire(timeout=limits.seconds / 3):
        raise TimedOutError("too many validations at once; come again in a minute")
    try:
        return _run(asked, limits)
    finally:
        _slots.release()


def _run(asked: Request, limits: Limits) -> Answer:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(sender, asked, limits), daemon=True)
    process.start()
    sender.close()
    try:
        if not receiver.poll(limits.seconds):
            raise TimedOutError(
                f"the validation took longer than {limits.seconds:.0f} seconds; send less at once"
            )
        try:
            found = receiver.recv()
        except EOFError as error:
            raise TimedOutError(
                "the validation needed more memory than it may have; send less at once"
            ) from error
    finally:
        receiver.close()
        process.kill()
        process.join()
    if isinstance(found, Answer):
        return found
    raise InputError(found)


def _work(sender: Connection, asked: Request, limits: Limits) -> None:
    _bound_memory(limits.memory)
    try:
        sender.send(check_upload(asked, limits))
    except MesoontoError as error:
        sender.send(str(error))
    except MemoryError:
        os._exit(1)


def _bound_memory(more: int) -> None:
    """Let the process have *more* bytes of address space beyond what it has."""
    if not hasattr(resource, "RLIMIT_AS") or not os.path.exists("/proc/self/statm"):
        return
    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + more, used + more))
