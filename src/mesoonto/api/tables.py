"""Results as tables of pandas, polars and Arrow: one type a column, and what is missing is missing."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from importlib import import_module
from typing import Any

from mesoonto.errors import NotInstalledError

Value = str | int | float | bool | Decimal | date | datetime | None

#: Digits of the decimals of Arrow and polars, and the largest integer and float.
_DIGITS = 38
_LARGEST = 2**63 - 1
_LARGEST_FLOAT = int(sys.float_info.max)


class ColumnKind(Enum):
    """What the values of a column are."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    ZONED_TIME = "time with a zone"


@dataclass(frozen=True, slots=True)
class Column:
    """The values of one variable, all of one kind; None where there is none."""

    kind: ColumnKind
    values: list[Any]
    scale: int = 0  #: of decimals, the digits behind the point


def column_of(values: Sequence[Value]) -> Column:
    """*values* as a column of the narrowest kind that holds all of them; of nothing but None, a text.

    Integers and decimals together are decimals, with floats floats; any other mixture is text as the result
    has it, and so are numbers of more than 38 digits.

    >>> column_of([1, Decimal("0.74"), None])
    Column(kind=<ColumnKind.DECIMAL: 'decimal'>, values=[Decimal('1'), Decimal('0.74'), None], scale=2)
    """
    present = [value for value in values if value is not None]
    kinds = set(map(_kind, present))
    numbers = [value for value in present if isinstance(value, int | Decimal)]
    if kinds == {ColumnKind.INTEGER} and all(-_LARGEST <= number <= _LARGEST for number in numbers):
        return Column(ColumnKind.INTEGER, list(values))
    if kinds and kinds <= {ColumnKind.INTEGER, ColumnKind.DECIMAL}:
        scale, whole = _digits([Decimal(number) for number in numbers])
        if scale + whole <= _DIGITS:
            decimals = [Decimal(value) if isinstance(value, int | Decimal) else None for value in values]
            return Column(ColumnKind.DECIMAL, decimals, scale)
    elif kinds and kinds <= {ColumnKind.INTEGER, ColumnKind.DECIMAL, ColumnKind.FLOAT}:
        if all(-_LARGEST_FLOAT <= number <= _LARGEST_FLOAT for number in numbers):
            floats = [float(value) if isinstance(value, int | float | Decimal) else None for value in values]
            return Column(ColumnKind.FLOAT, floats)
    elif len(kinds) == 1 and ColumnKind.TEXT not in kinds:
        return Column(kinds.pop(), list(values))
    return Column(ColumnKind.TEXT, [None if value is None else _text(value) for value in values])


def _kind(value: Value) -> ColumnKind:
    match value:
        case bool():
            return ColumnKind.BOOLEAN
        case int():
            return ColumnKind.INTEGER
        case Decimal():
            return ColumnKind.DECIMAL
        case float():
            return ColumnKind.FLOAT
        case datetime():
            return ColumnKind.TIME if value.tzinfo is None else ColumnKind.ZONED_TIME
        case date():
            return ColumnKind.DATE
        case _:
            return ColumnKind.TEXT


def _digits(numbers: Sequence[Decimal]) -> tuple[int, int]:
    """The most digits behind the point of *numbers*, and the most before it."""
    parts = [number.as_tuple() for number in numbers]
    powers = [(part.exponent, len(part.digits)) for part in parts if isinstance(part.exponent, int)]
    return max(-min(power, 0) for power, _ in powers), max(max(power + size, 0) for power, size in powers)


def _text(value: Value) -> str:
    """*value* as a literal has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def pandas_frame(columns: Mapping[str, Column]) -> Any:
    """A pandas DataFrame; decimals and dates are those of Python, all else is of pandas' nullable types."""
    pandas = _library("pandas")
    types = {
        ColumnKind.TEXT: "string", ColumnKind.INTEGER: "Int64", ColumnKind.DECIMAL: "object",
        ColumnKind.FLOAT: "Float64", ColumnKind.BOOLEAN: "boolean", ColumnKind.DATE: "object",
        ColumnKind.TIME: "datetime64[us]", ColumnKind.ZONED_TIME: "datetime64[us, UTC]",
    }  # fmt: skip
    return pandas.DataFrame(
        {name: pandas.Series(one.values, dtype=types[one.kind]) for name, one in columns.items()}
    )


def polars_frame(columns: Mapping[str, Column]) -> Any:
    """A polars DataFrame."""
    polars = _library("polars")
    types = {
        ColumnKind.TEXT: polars.String, ColumnKind.INTEGER: polars.Int64, ColumnKind.FLOAT: polars.Float64,
        ColumnKind.BOOLEAN: polars.Boolean, ColumnKind.DATE: polars.Date,
        ColumnKind.TIME: polars.Datetime("us"), ColumnKind.ZONED_TIME: polars.Datetime("us", "UTC"),
    }  # fmt: skip
    return polars.DataFrame(
        [
            polars.Series(name, one.values, types.get(one.kind) or polars.Decimal(_DIGITS, one.scale))
            for name, one in columns.items()
        ]
    )


def arrow_table(columns: Mapping[str, Column]) -> Any:
    """An Arrow table."""
    arrow = _library("pyarrow")
    types = {
        ColumnKind.TEXT: arrow.string(), ColumnKind.INTEGER: arrow.int64(), ColumnKind.FLOAT: arrow.float64(),
        ColumnKind.BOOLEAN: arrow.bool_(), ColumnKind.DATE: arrow.date32(),
        ColumnKind.TIME: arrow.timestamp("us"), ColumnKind.ZONED_TIME: arrow.timestamp("us", "UTC"),
    }  # fmt: skip
    return arrow.table(
        {
            name: arrow.array(one.values, types.get(one.kind) or arrow.decimal128(_DIGITS, one.scale))
            for name, one in columns.items()
        }
    )


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise NotInstalledError(f"{name} is not installed; pip install {name}") from error
