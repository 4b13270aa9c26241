"""Small helpers for the tests of validation: shapes and data from text, results as comparable rows."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pyoxigraph as ox

from mesoonto.files.rdf import Source, from_path
from mesoonto.validation.data import store as data_files
from mesoonto.validation.data.graph import Graph
from mesoonto.validation.data.store import Data
from mesoonto.validation.engine.plan import EngineChoice, Outcome, prepare, run
from mesoonto.validation.engine.results import Result
from mesoonto.validation.report.findings import Report
from mesoonto.validation.shapes.model import Shapes
from mesoonto.validation.validate import Options, check, data_sources, read_shape_files
from mesoonto.validation.validate import load as load_sources

PREFIXES = """
@prefix ex: <https://example.org/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""

Row = tuple[str, str, str, str, str, str]


def source(text: str, name: str = "data.ttl") -> Source:
    """Turtle text, with the prefixes above, as something to load."""
    return Source(name, ox.RdfFormat.TURTLE, content=(PREFIXES + text).encode())


def load(text: str) -> Data:
    return data_files.load([source(text)])


@cache
def _shipped_shapes() -> Shapes:
    return read_shape_files()


def by_shipped_shapes(path: Path) -> Report:
    """What `mesoonto validate PATH` finds; the shapes, which are half of its work, are read once for all."""
    options = Options()
    return check(load_sources(data_sources([path], options), options), _shipped_shapes(), options)


def shapes(text: str) -> Shapes:
    return prepare(Graph(data_files.read(source(text, "shapes.ttl"), 99)))


def shapes_of(path: Path, number: int) -> Shapes:
    return prepare(Graph(data_files.read(from_path(path), number)))


def outcome(data: Data, asked: Shapes, engine: EngineChoice) -> Outcome:
    return run(data, asked, engine)


def rows(results: tuple[Result, ...]) -> Counter[Row]:
    """Results without their wording; blank nodes are alike."""
    return Counter(_row(result) for result in results)


def _row(result: Result) -> Row:
    return (
        name(result.focus),
        result.path.sparql if result.path else "",
        "" if result.value is None else name(result.value),
        result.component.rpartition("#")[2],
        name(result.shape),
        result.severity.rpartition("#")[2],
    )


def name(term: object) -> str:
    return "_:" if isinstance(term, ox.BlankNode) else str(term)
