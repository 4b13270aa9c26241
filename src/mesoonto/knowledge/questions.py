"""The competency questions: SPARQL files whose header says in words what they ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mesoonto import resources
from mesoonto.files.annotated import read_annotated


@dataclass(frozen=True, slots=True)
class CompetencyQuestion:
    """One competency question."""

    number: str  #: such as ``CQ01``
    summary: str  #: the question in words
    keywords: tuple[str, ...]
    sparql: str  #: the query without the header
    path: Path
    endpoints: tuple[str, ...] = ()  #: that its SERVICE clauses ask
    last_run_live: str | None = None  #: the date on which they answered it, or ``never``


def read_question(path: Path) -> CompetencyQuestion:
    """The question in *path*; an InputError when its header lacks a summary."""
    header, sparql = read_annotated(path)
    return CompetencyQuestion(
        number=path.name.partition("_")[0],
        summary=header["summary"],
        keywords=_items(header.get("keywords", "")),
        sparql=sparql,
        path=path,
        endpoints=_items(header.get("endpoints", "")),
        last_run_live=header.get("last-run-live"),
    )


def _items(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.strip("[]").split(",") if item.strip())


def shipped() -> Sequence[CompetencyQuestion]:
    """All shipped questions in the order of their numbers."""
    return [read_question(path) for path in resources.question_files()]


def federated() -> Sequence[CompetencyQuestion]:
    """All shipped questions that ask other endpoints too."""
    return [read_question(path) for path in resources.federated_question_files()]
