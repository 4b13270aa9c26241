"""The validation report of SHACL (section 3.6), made of results."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import pyoxigraph as ox

from mesoonto.files.terms import TYPE, XSD, Term
from mesoonto.validation.data.vocabulary import sh
from mesoonto.validation.engine.results import Result
from mesoonto.validation.shapes.paths import write_path


def triples(results: Sequence[Result]) -> Iterator[ox.Triple]:
    """The sh:ValidationReport with *results*; any result, of whatever severity, is one too many (3.6.1.1)."""
    report = ox.BlankNode("report")
    verdict = "false" if results else "true"
    yield ox.Triple(report, TYPE, sh("ValidationReport"))
    yield ox.Triple(report, sh("conforms"), ox.Literal(verdict, datatype=ox.NamedNode(f"{XSD}boolean")))
    for number in range(len(results)):
        yield ox.Triple(report, sh("result"), ox.BlankNode(f"result{number}"))
    for number, result in enumerate(results):
        yield from _described(result, f"result{number}")


def _described(result: Result, name: str) -> Iterator[ox.Triple]:
    node = ox.BlankNode(name)
    yield ox.Triple(node, TYPE, sh("ValidationResult"))
    yield ox.Triple(node, sh("focusNode"), result.focus)
    more: Sequence[tuple[Term, ox.NamedNode, Term]] = ()
    if result.path is not None:
        top, more = write_path(result.path)
        yield ox.Triple(node, sh("resultPath"), top)
    if result.value is not None:
        yield ox.Triple(node, sh("value"), result.value)
    yield ox.Triple(node, sh("resultSeverity"), ox.NamedNode(result.severity))
    yield ox.Triple(node, sh("sourceConstraintComponent"), ox.NamedNode(result.component))
    yield ox.Triple(node, sh("sourceShape"), result.shape)
    if result.constraint is not None:
        yield ox.Triple(node, sh("sourceConstraint"), result.constraint)
    for message in result.messages:
        yield ox.Triple(node, sh("resultMessage"), message)
    for number in range(len(result.details)):
        yield ox.Triple(node, sh("detail"), ox.BlankNode(f"{name}detail{number}"))
    for subject, predicate, value in more:
        assert not isinstance(subject, ox.Literal)  # noqa: S101  # paths are nodes
        yield ox.Triple(subject, predicate, value)
    for number, detail in enumerate(result.details):
        yield from _described(detail, f"{name}detail{number}")


def as_turtle(results: Sequence[Result]) -> str:
    """The report in Turtle, with the prefixes that it needs."""
    from mesoonto.namespaces import PREFIXES

    text = ox.serialize(triples(results), format=ox.RdfFormat.TURTLE, prefixes=PREFIXES)
    assert text is not None  # noqa: S101  # no output file is given
    lines = text.decode().splitlines(keepends=True)
    body = "".join(line for line in lines if not line.startswith("@prefix "))
    heads = [line for line in lines if line.startswith("@prefix ") and line.split()[1] in body]
    return "".join(sorted(heads)) + "\n" + body


def as_json_ld(results: Sequence[Result]) -> str:
    """The report in JSON-LD, expanded."""
    text = ox.serialize(triples(results), format=ox.RdfFormat.JSON_LD)
    assert text is not None  # noqa: S101  # no output file is given
    return json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"
