"""How much of what answers the questions was read a second time, without sight of the first notes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mesoonto.dataset.store import Engine
from mesoonto.knowledge.questions import CompetencyQuestion

#: The kinds of records whose second readings are counted: class, and the word for several.
_KINDS = (("Result", "results"), ("EvidenceStatement", "evidence statements"))
_ITEM = "?reading a meso:SecondReading ; meso:hasReadingItem ?item . ?item meso:ofRecord ?record"

#: Holds of a reading whose page the record does not name already.
OTHER_PAGE = """?reading meso:readAt ?page .
    FILTER NOT EXISTS {
        ?record meso:readAt|meso:confirmedBy|dcterms:source|(dcterms:source/meso:readAt) ?page }"""


@dataclass(frozen=True, slots=True)
class Share:
    """The second readings of records of one kind."""

    of: str  #: which records, in words
    records: int
    agreeing: int  #: found again on a page that says the same
    elsewhere: int  #: of these, on a page that the record does not name already
    mended: int  #: changed after a page that says something else, and not also found to agree
    not_found: int  #: looked for, and on no page that was read

    @property
    def percent(self) -> float:
        """How many of a hundred have a second reading that bears them out or mended them."""
        return 100 * (self.agreeing + self.mended) / self.records if self.records else 0.0


def shares(engine: Engine, questions: Iterable[CompetencyQuestion]) -> list[Share]:
    """The share with a second reading: of results and of statements, all and those behind an answer.

    A record is behind an answer when one of *questions* reaches it outside its sub-selects. A question that
    reaches every record of a kind is an inventory and counts for none of them.
    """
    agreeing = _records(engine, f"{_ITEM} ; meso:hasReadingOutcome meso:ReadingAgrees")
    elsewhere = _records(engine, f"{_ITEM} ; meso:hasReadingOutcome meso:ReadingAgrees . {OTHER_PAGE}")
    mended = _records(engine, f"{_ITEM} ; meso:hasDifferenceResolution meso:RecordMended") - agreeing
    missed = _records(engine, f"{_ITEM} ; meso:hasReadingOutcome meso:NotFoundAgain") - agreeing - mended
    kinds = {word: _records(engine, f"?record a meso:{name}") for name, word in _KINDS}
    reached = [_reached(engine, question) for question in questions]
    found = []
    for word, records in kinds.items():
        behind: set[str] = set().union(*(records & some for some in reached if not records <= some))
        for of, them in ((word, records), (f"{word} behind an answer", behind)):
            counts = (len(them & some) for some in (them, agreeing, elsewhere, mended, missed))
            found.append(Share(of, *counts))
    return found


def _records(engine: Engine, pattern: str) -> set[str]:
    return {row["record"] for row in engine.select(f"SELECT DISTINCT ?record {{ {pattern} }}")}


def _reached(engine: Engine, question: CompetencyQuestion) -> set[str]:
    """Every IRI that the solutions of *question* bind, shown or not."""
    if "meso:Result" not in question.sparql and "meso:EvidenceStatement" not in question.sparql:
        return set()
    start = question.sparql.index("SELECT")
    pattern = question.sparql[question.sparql.index("{", start) : question.sparql.rindex("}") + 1]
    rows = engine.select(f"{question.sparql[:start]}SELECT * WHERE {pattern}")
    return {value for row in rows for value in row.values()}
