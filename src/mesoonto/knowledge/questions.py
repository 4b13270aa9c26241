"""The competency questions: SPARQL files whose header says in words what they ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mesoonto import resources
from mesoonto.files.annotated import read_annotated

#: Headings of questions, in their order, and the first keywords of those that stand under each.
GROUPS: dict[str, frozenset[str]] = {
    "Results of trials": frozenset(
        {
            "angiogenesis", "CAR T cells", "combination", "duration of response", "eligibility",
            "first line", "intrapleural", "maintenance", "negative", "nintedanib", "overall survival",
            "perioperative", "phase", "primary end point", "prior therapy", "second line", "single-arm",
            "trial", "trial status", "vaccine",
        }
    ),
    "Histology, biomarkers, subgroups": frozenset(
        {"ASS1", "biomarker", "histology", "PD-L1", "sarcomatoid", "subgroup"}
    ),
    "Molecular classes and data sets": frozenset(
        {"data set", "gap", "molecular classification", "roadmap", "signature"}
    ),
    "Mechanisms": frozenset({"cell type", "extrapolation", "GO", "host", "mechanism", "protein"}),
    "Interventions and their development": frozenset(
        {"development", "development status", "dose", "intervention", "target"}
    ),
    "Harm": frozenset({"safety", "toxicity"}),
    "Approvals and guidelines": frozenset({"decision"}),
    "How good the evidence is": frozenset(
        {
            "conflict", "context", "evidence grade", "evidence level", "evidence statement", "independence",
            "preclinical", "search",
        }
    ),
    "Experimental models": frozenset({"model"}),
    "Figures, intervals, sources": frozenset(
        {"assessor", "interim", "interval", "name", "non-comparative", "provenance", "superseded"}
    ),
    "Other vocabularies": frozenset({"mapping"}),
}  # fmt: skip

#: The heading of all others.
OTHERS = "More"


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

    @property
    def group(self) -> str:
        """The heading that it stands under, by its first keyword."""
        first = self.keywords[0] if self.keywords else ""
        return next((name for name, words in GROUPS.items() if first in words), OTHERS)


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


def grouped() -> dict[str, list[CompetencyQuestion]]:
    """All shipped questions under their headings, in the order of these; no heading without a question."""
    found: dict[str, list[CompetencyQuestion]] = {name: [] for name in (*GROUPS, OTHERS)}
    for question in shipped():
        found[question.group].append(question)
    return {name: group for name, group in found.items() if group}
