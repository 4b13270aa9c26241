"""Results of queries as Python values, and as tables of pandas, polars and Arrow."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from mesoonto.api import tables
from mesoonto.api.tables import Value
from mesoonto.errors import MesoontoError, UnmatchedWarning
from mesoonto.files.terms import XSD

if TYPE_CHECKING:
    from mesoonto.views.unmatched import Unmatched

_INTEGERS = frozenset(
    XSD + name
    for name in (
        "integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger",
        "nonPositiveInteger", "negativeInteger", "unsignedInt", "unsignedLong", "unsignedShort",
        "unsignedByte",
    )
)  # fmt: skip


class IRI(str):
    """An IRI; a string that says what it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"IRI({str(self)!r})"


class Rows(Sequence[Mapping[str, Value]]):
    """The rows of a SELECT query; a row maps each variable to its value, or to None where there is none.

    Decimals stay decimals, integers integers, dates dates; other literals are text, without their language.
    """

    def __init__(
        self, names: Sequence[str], rows: Sequence[Sequence[Value]], unmatched: Sequence[Unmatched] = ()
    ) -> None:
        self.names = tuple(names)  #: of the variables
        self.unmatched = tuple(unmatched)  #: what the query asked for and the data do not have
        self._rows = [dict(zip(self.names, row, strict=True)) for row in rows]

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        return self._rows[index]

    def __iter__(self) -> Iterator[Mapping[str, Value]]:
        return iter(self._rows)

    def __repr__(self) -> str:
        return f"<{len(self)} rows of {', '.join(self.names) or 'no variable'}>"

    def column(self, name: str) -> list[Value]:
        """The values of one variable; a MesoontoError names those that there are."""
        if name not in self.names:
            raise MesoontoError(f"no column {name}; there are {', '.join(self.names)}")
        return [row[name] for row in self._rows]

    def to_pandas(self) -> Any:
        """A pandas DataFrame: ``Int64``, ``Float64``, ``boolean``, ``string``, ``datetime64``.

        Decimals and dates are Python's own, in columns of objects. Raises MesoontoError without pandas.
        """
        return tables.pandas_frame(self._columns())

    def to_polars(self) -> Any:
        """A polars frame: ``Int64``, ``Decimal``, ``Float64``, ``Boolean``, ``Date``, ``Datetime``; text.

        Raises MesoontoError without polars.
        """
        return tables.polars_frame(self._columns())

    def to_arrow(self) -> Any:
        """An Arrow table: ``int64``, ``decimal128``, ``double``, ``bool``, ``date32``, ``timestamp``; text.

        Raises MesoontoError without pyarrow.
        """
        return tables.arrow_table(self._columns())

    def _columns(self) -> dict[str, tables.Column]:
        return {name: tables.column_of([row[name] for row in self._rows]) for name in self.names}


class Queryable(ABC):
    """What can be asked SELECT and ASK queries."""

    @abstractmethod
    def _results_json(self, text: str) -> bytes:
        """The result of *text*, in SPARQL 1.1 Query Results JSON."""

    def _unmatched(self, text: str) -> Sequence[Unmatched]:  # noqa: ARG002
        """What *text*, which was answered, asks for and the data do not have, where they are known."""
        return ()

    def query(self, text: str) -> Rows:
        """The rows of the SELECT query *text*.

        Each name or literal in it that the data do not have is told by an `UnmatchedWarning`, with the
        nearest that they do have, and stands in `Rows.unmatched`; an endpoint's data are not known.
        Raises QuerySyntaxError with line and column, and MesoontoError for a query that is no SELECT.
        """
        found = self._parsed(text)
        if not isinstance(found, ox.QuerySolutions):
            raise MesoontoError("a query for rows is a SELECT query; use ask() for yes or no")
        return rows_of(found, self._warned(text))

    def ask(self, text: str) -> bool:
        """The answer to the ASK query *text*; warnings and errors are those of `query`."""
        found = self._parsed(text)
        if not isinstance(found, ox.QueryBoolean):
            raise MesoontoError("a query for yes or no is an ASK query; use query() for rows")
        self._warned(text)
        return bool(found)

    def _warned(self, text: str) -> Sequence[Unmatched]:
        found = self._unmatched(text)
        for one in found:
            warnings.warn(str(one), UnmatchedWarning, stacklevel=3)
        return found

    def _parsed(self, text: str) -> ox.QuerySolutions | ox.QueryBoolean:
        return ox.parse_query_results(self._results_json(text), format=ox.QueryResultsFormat.JSON)


def rows_of(results: ox.QuerySolutions, unmatched: Sequence[Unmatched] = ()) -> Rows:
    """The rows of an evaluated query, with what is *unmatched* in it."""
    names = [variable.value for variable in results.variables]
    return Rows(names, [[value_of(row[name]) for name in names] for row in results], unmatched)


def value_of(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None) -> Value:
    """*term* in Python; an ill-formed literal as its text.

    >>> value_of(ox.Literal("0.74", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#decimal")))
    Decimal('0.74')
    """
    if term is None:
        return None
    if isinstance(term, ox.NamedNode):
        return IRI(term.value)
    if not isinstance(term, ox.Literal):
        return str(term)
    kind, text = term.datatype.value, term.value
    try:
        if kind in _INTEGERS:
            return int(text)
        if kind == f"{XSD}decimal":
            return Decimal(text)
        if kind in (f"{XSD}double", f"{XSD}float"):
            return float(text)
        if kind == f"{XSD}date":
            return date.fromisoformat(text)
        if kind == f"{XSD}dateTime":
            return datetime.fromisoformat(text)
    except (ValueError, ArithmeticError):
        return text
    return text in ("true", "1") if kind == f"{XSD}boolean" else text
