"""Validates bytes that somebody sent, with the shipped shapes: a pure function, fit for a worker process."""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto import resources
from mesoonto.errors import InputError
from mesoonto.files.rdf import from_bytes
from mesoonto.validation.report.outputs import Style, outputs
from mesoonto.validation.validate import Options, check, load, read_shape_files


@dataclass(frozen=True, slots=True)
class Limits:
    """What one upload may cost."""

    bytes: int = 5_000_000  #: size of the upload
    findings: int = 1000  #: findings of one cause in the answer; the rest is counted


@dataclass(frozen=True, slots=True)
class Request:
    """What to validate, and how to answer."""

    content: bytes
    media_type: str  #: that of an RDF syntax
    name: str = "upload"  #: what findings call the file
    output: str = "json"  #: one of ``mesoonto.validation.outputs.outputs()``
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The report as it is sent."""

    content: bytes
    media_type: str
    conforms: bool


def check_upload(request: Request, limits: Limits | None = None) -> Answer:
    """Validate one upload against the shipped shapes. Nothing is kept.

    Raises InputError when it is too large, of no RDF syntax, or broken. Time and memory are for the caller
    to bound, who can end the process.
    """
    bounds = limits or Limits()
    if len(request.content) > bounds.bytes:
        raise InputError(f"the upload has {len(request.content):,} bytes; at most {bounds.bytes:,} are taken")
    source = from_bytes(request.content, request.media_type, request.name)
    # An entity of a few bytes can grow to gigabytes (measured with pyoxigraph 0.5.13).
    if source.syntax == ox.RdfFormat.RDF_XML and b"<!ENTITY" in request.content:
        raise InputError("RDF/XML with entity declarations is not taken; write the IRIs out")
    options = Options(doubts=True, placed=bounds.findings)
    whole = check(load([source], options), read_shape_files(resources.shape_files()), options)
    report = whole.shortened(bounds.findings)
    output = outputs()[request.output]
    style = Style(limit=bounds.findings, strict=request.strict, warnings=True)
    return Answer(output.write(report, style).encode(), output.media_type, not style.failed(report))
