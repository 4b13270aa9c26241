"""Validates bytes that somebody sent: a pure function, fit for a worker process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pyoxigraph as ox

from mesoonto.errors import InputError, ShapeError
from mesoonto.files.rdf import Source, from_bytes
from mesoonto.validation import timeout
from mesoonto.validation.report.outputs import outputs
from mesoonto.validation.request import ValidationRequest as Options
from mesoonto.validation.validate import check, load, read_shape_files, read_shapes

#: Options that an upload does not have, as they would name files of the machine on which it is judged, or
#: need none; with what to do.
REFUSED = {
    "shapes": "send files in the field shapes",
    "ontology": "send files in the field context",
    "context": "send files in the field context",
    "catalog": "nothing is read but what is sent",
    "allow-network": "nothing is fetched",
    "changed-since": "there is no earlier state here",
    "data-format": "the content type or the ending of the file tells the syntax",
}


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What one upload may cost."""

    bytes: int = 5_000_000  #: size of the upload, all its files together
    findings: int = 1000  #: findings of one cause in the answer; the rest is counted
    seconds: float = timeout.LONGEST  #: the longest time that may be asked for


@dataclass(frozen=True, slots=True)
class File:
    """One file that was sent."""

    content: bytes
    media_type: str  #: that of an RDF syntax
    name: str = "upload"  #: what findings call it


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """What to validate, and how to answer."""

    data: tuple[File, ...]
    shapes: tuple[File, ...] = ()  #: the shipped ones without any
    context: tuple[File, ...] = ()  #: known and not checked
    output: str = "json"  #: one of ``mesoonto.validation.report.outputs.outputs()``
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True)
class Answer:
    """The report as it is sent."""

    content: bytes
    media_type: str
    conforms: bool


def check_upload(request: UploadRequest, limits: UploadLimits | None = None) -> Answer:
    """Validate one upload against the shipped shapes, or those that came with it. Nothing is kept.

    Raises InputError when it is too large, of no RDF syntax, or broken, and OutOfTimeError when it takes
    longer than it is given. Time, where nobody names one, and memory are for the caller to bound, who can end
    the process.
    """
    bounds = limits or UploadLimits()
    if seconds := min(request.options.timeout, bounds.seconds):
        unbounded = replace(request, options=replace(request.options, timeout=0.0))
        return timeout.limited(seconds, check_upload, unbounded, bounds)
    size = sum(len(file.content) for file in (*request.data, *request.shapes, *request.context))
    if size > bounds.bytes:
        raise InputError(f"the upload has {size:,} bytes; at most {bounds.bytes:,} are taken")
    asked = replace(request.options, placed=bounds.findings, local=False)
    options = asked.options()
    data = load(_sources(request.data), options, _sources(request.context))
    try:
        shapes = read_shapes(_sources(request.shapes), options) if request.shapes else read_shape_files()
        whole = check(data, shapes, options).without(asked.ignore)
    except ShapeError as error:
        raise InputError(error.message, error.place) from error
    output = outputs()[request.output]
    report = whole.shortened(bounds.findings) if output.whole else whole
    style = replace(asked.style, limit=min(asked.limit or bounds.findings, bounds.findings), warnings=True)
    return Answer(output.write(report, style).encode(), output.media_type, not style.failed(report))


def _sources(files: Sequence[File]) -> list[Source]:
    found = []
    for file in files:
        source = from_bytes(file.content, file.media_type, file.name)
        # An entity of a few bytes can grow to gigabytes (measured with pyoxigraph 0.5.13).
        if source.syntax == ox.RdfFormat.RDF_XML and b"<!ENTITY" in file.content:
            raise InputError("RDF/XML with entity declarations is not taken; write the IRIs out")
        found.append(source)
    return found
