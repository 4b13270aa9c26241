"""The page of competency questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from docs.generate.markdown import code, fenced, text

from mesoonto.knowledge.questions import CompetencyQuestion, federated, grouped

_INTRODUCTION = """What the dataset must be able to answer, with the query that asks it. A server has them at
`/ask` and `/examples`; `mesoonto query FILE` asks one. Answers are checked row by row when they change.

"""
_FEDERATED = """These ask other endpoints, too ([Federated queries](../federation.md#shipped-questions))."""


def page() -> str:
    """All questions under their headings."""
    parts = [_INTRODUCTION]
    for name, questions in grouped().items():
        parts += [f"## {text(name)}\n", *_written(questions)]
    parts += ["## With other endpoints\n", _FEDERATED + "\n", *_written(federated())]
    return "\n".join(parts)


def _written(questions: Iterable[CompetencyQuestion]) -> Iterator[str]:
    for one in questions:
        yield f"### {one.number}: {text(one.summary)}\n"
        if one.endpoints:
            last = one.last_run_live or "never"
            yield f"Asks {', '.join(map(code, one.endpoints))}; last run against them: {text(last)}.\n"
        yield fenced("sparql", one.sparql)
