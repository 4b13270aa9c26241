"""Competency questions: each has its metadata and gives the answer that was checked against the sources.

The expected answers are tests/golden/<number>.csv: to review a change of evidence, read its diff.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from mesoonto.dataset.formats import format_named
from mesoonto.dataset.store import Engine
from mesoonto.errors import InputError
from mesoonto.knowledge import questions
from mesoonto.knowledge.questions import CompetencyQuestion

GOLDEN = Path(__file__).parent / "golden"
SHIPPED = questions.shipped()


@pytest.mark.parametrize("question", SHIPPED, ids=lambda q: q.path.stem)
def test_answer_is_the_expected_one(engine: Engine, question: CompetencyQuestion) -> None:
    answer = engine.query(question.sparql)
    text = answer.serialize(format_named("csv", answer.kind)).decode()
    rows = list(csv.reader(io.StringIO(text)))
    expected = list(csv.reader((GOLDEN / f"{question.number}.csv").read_text("utf-8").splitlines()))
    assert rows == expected
    assert len(rows) > 1, "a question without an answer tells nothing"


@pytest.mark.parametrize("question", SHIPPED, ids=lambda q: q.path.stem)
def test_question_is_well_kept(question: CompetencyQuestion) -> None:
    assert question.summary.endswith("?")
    assert question.keywords
    assert "ORDER BY" in question.sparql


@pytest.mark.parametrize("question", SHIPPED, ids=lambda q: q.path.stem)
def test_question_declares_its_prefixes_and_so_runs_anywhere(question: CompetencyQuestion) -> None:
    import pyoxigraph as ox

    ox.Store().query(question.sparql)


def test_numbers_are_not_used_twice() -> None:
    assert len({question.number for question in SHIPPED}) == len(SHIPPED)


def test_every_expected_answer_has_its_question() -> None:
    assert {path.stem for path in GOLDEN.glob("*.csv")} == {question.number for question in SHIPPED}


def test_question_without_summary_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "CQ99_x.rq"
    path.write_text("#+ keywords: [a]\nASK {}")
    with pytest.raises(InputError, match=r"CQ99_x\.rq:1: no summary"):
        questions.read_question(path)
