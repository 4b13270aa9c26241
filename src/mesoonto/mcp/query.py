"""Queries: checked without being evaluated, and answered page by page."""

from __future__ import annotations

import re

import msgspec
import pyoxigraph as ox

from mesoonto.dataset import query_features
from mesoonto.dataset.formats import Kind
from mesoonto.dataset.store import Engine, QueryResult
from mesoonto.errors import (
    InputError,
    MesoontoError,
    PreconditionError,
    QuerySyntaxError,
    ServiceRefusedError,
)
from mesoonto.knowledge.questions import CompetencyQuestion
from mesoonto.mcp.answers import (
    CheckAnswer,
    ExampleLine,
    ExamplesAnswer,
    QueryAnswer,
    SchemaAnswer,
    UnmatchedLine,
)
from mesoonto.mcp.data import ToolData
from mesoonto.sparql.parser import NotSparqlError, parse_query
from mesoonto.sparql.written import written
from mesoonto.views.search import folded
from mesoonto.views.unmatched import unmatched

#: Rows and bytes of the page of an answer, where nothing else is asked for.
ROWS, BYTES = 100, 20_000

_FORMS = {Kind.BOOLEAN: "ASK", Kind.SOLUTIONS: "SELECT", Kind.TRIPLES: "CONSTRUCT"}

_ORDERED = "as ORDER BY says; rows that are alike by it keep their places while this server runs"
_UNORDERED = "no ORDER BY: rows keep their places, and offset its meaning, only while this server runs"
_VOLATILE = "the query calls RAND, NOW or the like: each evaluation is another, and pages do not join up"


def query(
    data: ToolData,
    text: str,
    offset: int = 0,
    max_rows: int = ROWS,
    max_bytes: int = BYTES,
    version: str = "",
) -> QueryAnswer:
    """The rows of the query *text* from *offset* on, at most *max_rows* that take at most *max_bytes*.

    Bytes are those of the rows in JSON. Raises QuerySyntaxError, QueryRefusedError, QueryFailedError,
    PreconditionError when the data have another *version* than the one that is given, and InputError for a
    row that is larger than a page.
    """
    engine = data.engine
    if version and version != engine.version:
        raise PreconditionError(
            f"the data are version {engine.version} and not {version}: begin again with offset 0"
        )
    result = _begun(engine, text)
    rows, cut = _page(result, offset, max_rows, max_bytes)
    told = unmatched(engine, text, lambda: data.completions) if offset == 0 else ()
    return QueryAnswer(
        form=_FORMS[result.kind],
        columns=result.columns,
        rows=rows,
        yes=result.yes,
        offset=offset,
        cut=cut,
        next_offset=offset + len(rows) if cut else None,
        order=_VOLATILE if result.volatile else _ORDERED if is_ordered(text) else _UNORDERED,
        warnings=tuple(map(str, told)),
        version=engine.version,
    )


def check_query(data: ToolData, text: str) -> CheckAnswer:
    """What is wrong with the query *text*: syntax, what is refused, names and literals that are not there."""
    engine = data.engine
    error: MesoontoError | None = None
    try:
        _begun(Engine(ox.Store(), engine.version), text)  # nothing is in it that could be evaluated
    except MesoontoError as found:
        error = found
    place = error.place if error is not None else None
    told = () if error is not None else unmatched(engine, text, lambda: data.completions)
    return CheckAnswer(
        ok=error is None,
        error=str(error) if error is not None else "",
        excerpt=error.excerpt if isinstance(error, QuerySyntaxError) else "",
        line=place.line if place is not None else None,
        column=place.column if place is not None else None,
        unmatched=tuple(
            UnmatchedLine(u.place.line or 0, u.place.column or 0, u.written, u.message, u.nearest, u.within)
            for u in told
        ),
        ordered=error is None and is_ordered(text),
        version=engine.version,
    )


def examples(
    data: ToolData, number: str = "", about: str = "", offset: int = 0, max_rows: int = ROWS
) -> ExamplesAnswer:
    """The questions *about* something, by their words, or the one of a *number* with its answer."""
    if number:
        question = _question(data, number)
        found = query(data, question.sparql, offset, max_rows)
        return ExamplesAnswer((_line(question),), question.sparql, found)
    words = folded(about).split()
    fitting = [
        q
        for q in data.questions
        if all(word in folded(" ".join((q.summary, q.group, *q.keywords))) for word in words)
    ]
    if not fitting:
        raise InputError(f"no question is about {about}; without a word all {len(data.questions)} are listed")
    return ExamplesAnswer(tuple(map(_line, fitting)), "", None)


def schema(data: ToolData) -> SchemaAnswer:
    """The schema card."""
    return SchemaAnswer(data.schema, data.engine.version)


def is_ordered(text: str) -> bool:
    """Whether the query *text* has an ORDER BY of its own; one of a query within it is none.

    >>> is_ordered("SELECT * { ?s ?p ?o } ORDER BY ?s"), is_ordered("SELECT * {{ SELECT * {} ORDER BY ?s }}")
    (True, False)
    """
    try:
        return any(part.has("OrderClause") for part in parse_query(text).children)
    except NotSparqlError:  # what the engine takes all the same
        return False


def _begun(engine: Engine, text: str) -> QueryResult:
    query_features.require_shallow(text)
    try:
        return engine.query(text)
    except ServiceRefusedError as error:
        raise ServiceRefusedError(
            "SERVICE is refused: only this dataset is asked, and there is no network"
        ) from error


def _page(
    result: QueryResult, offset: int, max_rows: int, max_bytes: int
) -> tuple[tuple[tuple[str | None, ...], ...], bool]:
    """The rows from *offset* on that fit, and whether there are more."""
    found: list[tuple[str | None, ...]] = []
    size = 0
    for number, row in enumerate(result.rows()):
        if number < offset:
            continue
        if len(found) == max_rows:
            return tuple(found), True
        line = tuple(None if term is None else written(term) for term in row)
        length = len(msgspec.json.encode(line)) + 1
        if size + length > max_bytes:
            if not found:
                raise InputError(
                    f"row {number} alone takes {length} bytes: raise max_bytes, which is {max_bytes}, or ask "
                    "for less of it, by SUBSTR say"
                )
            return tuple(found), True
        size += length
        found.append(line)
    return tuple(found), False


def _question(data: ToolData, number: str) -> CompetencyQuestion:
    digits = re.fullmatch(r"(?:CQ)?0*([0-9]{1,4})", number.strip(), re.IGNORECASE)
    wanted = f"CQ{int(digits[1]):02}" if digits else ""
    for question in data.questions:
        if question.number == wanted:
            return question
    first, last = data.questions[0].number, data.questions[-1].number
    raise InputError(f"no question has the number {number}; there are {first} to {last}")


def _line(question: CompetencyQuestion) -> ExampleLine:
    return ExampleLine(question.number, question.summary, question.group)
