"""The quality rules of the ontology: SPARQL files that find what is wrong.

A rule is ``ontology/quality/NAME.rq``: a header that says what should hold, and a SELECT of the terms that
break it, as ``?term``, with ``?property`` and ``?value`` where they help. To add a rule, add a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from mesoonto import resources
from mesoonto.errors import InputError, Place
from mesoonto.files.annotated import read_annotated
from mesoonto.ontology.model import Ontology


@dataclass(frozen=True, slots=True)
class QualityRule:
    """What should hold, and the query for what breaks it."""

    name: str
    summary: str  #: what should hold, in words
    pitfall: str  #: number and name in the OOPS! catalogue of pitfalls, or ""
    sparql: str
    path: Path


@dataclass(frozen=True, slots=True, order=True)
class Flaw:
    """A term that breaks a rule."""

    file: str  #: where the term is described, or "" when nowhere
    line: int  #: 0 when it was not found
    term: str
    value: str  #: what is wrong with it, such as the other term; or ""
    rule: str
    summary: str


def shipped_rules() -> list[QualityRule]:
    """All shipped rules by name."""
    return [read_rule(path) for path in resources.quality_files()]


def read_rule(path: Path) -> QualityRule:
    """The rule in *path*; an InputError when its header lacks a summary."""
    header, sparql = read_annotated(path)
    return QualityRule(path.stem, header["summary"], header.get("pitfall", ""), sparql, path)


def check(store: ox.Store, rules: Iterable[QualityRule], ontology: Ontology) -> list[Flaw]:
    """What breaks *rules* in *store*, a dataset of *ontology*, in the order of files and lines.

    Raises InputError for a broken rule.
    """
    return sorted({flaw for rule in rules for flaw in _flaws(store, rule, ontology)})


def _flaws(store: ox.Store, rule: QualityRule, ontology: Ontology) -> Iterator[Flaw]:
    try:
        rows = store.query(rule.sparql, use_default_graph_as_union=True)
    except SyntaxError as error:
        raise InputError(f"not SPARQL: {error}", Place(str(rule.path))) from error
    if not isinstance(rows, ox.QuerySolutions) or "term" not in {v.value for v in rows.variables}:
        raise InputError("a rule is a SELECT query with a variable ?term", Place(str(rule.path)))
    names = {variable.value for variable in rows.variables}
    for row in rows:
        term, prop, value = (
            getattr(row[name], "value", "") if name in names and row[name] is not None else ""
            for name in ("term", "property", "value")
        )
        yield Flaw(*ontology.spot(term, prop), term, value, rule.name, rule.summary)
