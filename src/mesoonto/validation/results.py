"""Validation results in the words of SHACL (section 3.6), and the report made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.validation.literals import XSD, Term
from mesoonto.validation.paths import Path, write_path
from mesoonto.validation.vocabulary import SH, TYPE, sh

#: The severities that do not make data fail (section 2.1.4); any other does.
MILD = (SH + "Warning", SH + "Info")


@dataclass(frozen=True, slots=True)
class Result:
    """One sh:ValidationResult."""

    focus: Term
    path: Path | None
    value: Term | None
    component: str  #: IRI of the constraint component
    shape: Term
    severity: str
    messages: tuple[ox.Literal, ...] = ()
    constraint: Term | None = None  #: sh:sourceConstraint, for SPARQL

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two results one: everything but the wording."""
        path = self.path.sparql if self.path else ""
        return (str(self.focus), path, str(self.value), self.component, str(self.shape), self.severity)

    @property
    def blocking(self) -> bool:
        """Whether the data do not conform because of it."""
        return self.severity not in MILD


def triples(results: Iterable[Result]) -> Iterator[ox.Triple]:
    """The sh:ValidationReport with *results*."""
    report = ox.BlankNode("report")
    yield ox.Triple(report, TYPE, sh("ValidationReport"))
    conforms = True
    for number, result in enumerate(results):
        node = ox.BlankNode(f"result{number}")
        conforms = conforms and not result.blocking
        yield ox.Triple(report, sh("result"), node)
        yield ox.Triple(node, TYPE, sh("ValidationResult"))
        yield ox.Triple(node, sh("focusNode"), result.focus)
        if result.path is not None:
            top, more = write_path(result.path)
            yield ox.Triple(node, sh("resultPath"), top)
            for subject, predicate, value in more:
                assert not isinstance(subject, ox.Literal)  # noqa: S101  # paths are nodes
                yield ox.Triple(subject, predicate, value)
        if result.value is not None:
            yield ox.Triple(node, sh("value"), result.value)
        yield ox.Triple(node, sh("resultSeverity"), ox.NamedNode(result.severity))
        yield ox.Triple(node, sh("sourceConstraintComponent"), ox.NamedNode(result.component))
        yield ox.Triple(node, sh("sourceShape"), result.shape)
        if result.constraint is not None:
            yield ox.Triple(node, sh("sourceConstraint"), result.constraint)
        for message in result.messages:
            yield ox.Triple(node, sh("resultMessage"), message)
    verdict = ox.Literal("true" if conforms else "false", datatype=ox.NamedNode(XSD + "boolean"))
    yield ox.Triple(report, sh("conforms"), verdict)


def serialize(results: Iterable[Result], syntax: ox.RdfFormat) -> bytes:
    """The report in an RDF syntax."""
    from mesoonto.namespaces import PREFIXES

    text = ox.serialize(triples(results), format=syntax, prefixes=PREFIXES)
    assert text is not None  # noqa: S101  # no output file is given
    return text
