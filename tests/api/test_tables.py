"""Tables keep the types of a result, whatever is missing, and never fail on a mixture."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoonto.api.rows import IRI, Rows
from mesoonto.api.tables import ColumnKind, Value, column_of
from mesoonto.errors import MesoontoError

NOON = datetime(2021, 1, 2, 12)
EAST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, None, 3], ColumnKind.INTEGER, [1, None, 3]),
        ([2**70, 1], ColumnKind.DECIMAL, [Decimal(2**70), Decimal(1)]),
        ([Decimal("0.60"), 1, None], ColumnKind.DECIMAL, [Decimal("0.60"), Decimal(1), None]),
        ([Decimal("1e-40"), 1], ColumnKind.TEXT, [f"0.{'0' * 39}1", "1"]),
        ([1.5, Decimal("0.5"), 2, None], ColumnKind.FLOAT, [1.5, 0.5, 2.0, None]),
        ([1.5, 10**400], ColumnKind.TEXT, ["1.5", f"1{'0' * 400}"]),
        ([True, None], ColumnKind.BOOLEAN, [True, None]),
        ([True, 1], ColumnKind.TEXT, ["true", "1"]),
        ([date(2021, 1, 2), None], ColumnKind.DATE, [date(2021, 1, 2), None]),
        ([date(2021, 1, 2), "2021"], ColumnKind.TEXT, ["2021-01-02", "2021"]),
        ([NOON], ColumnKind.TIME, [NOON]),
        ([NOON.replace(tzinfo=EAST)], ColumnKind.ZONED_TIME, [NOON.replace(tzinfo=EAST)]),
        ([NOON, NOON.replace(tzinfo=UTC)], ColumnKind.TEXT, [NOON.isoformat(), f"{NOON.isoformat()}+00:00"]),
        ([IRI("http://e/x"), None], ColumnKind.TEXT, ["http://e/x", None]),
        ([None, None], ColumnKind.TEXT, [None, None]),
        ([], ColumnKind.TEXT, []),
    ],
)
def test_column_is_of_the_kind_that_holds_all_its_values(
    values: list[Value], kind: ColumnKind, expected: list[object]
) -> None:
    found = column_of(values)
    assert (found.kind, found.values) == (kind, expected)
    assert [type(value) for value in found.values] == [type(value) for value in expected]


_VALUES = st.one_of(
    st.none(),
    st.integers(-(2**80), 2**80),
    st.decimals(allow_nan=False, allow_infinity=False, places=4),
    st.floats(allow_nan=False),
    st.booleans(),
    st.dates(date(1900, 1, 1)),
    st.datetimes(datetime(1900, 1, 1), timezones=st.sampled_from([None, UTC, EAST])),
    st.text(max_size=5),
)


@given(st.lists(_VALUES, max_size=5))
def test_any_mixture_makes_a_table_in_which_what_is_missing_is_missing(values: list[Value]) -> None:
    column = column_of(values)
    assert [value is None for value in column.values] == [value is None for value in values]
    assert len({type(value) for value in column.values if value is not None}) <= 1
    if column.kind is not ColumnKind.TEXT and column.kind is not ColumnKind.FLOAT:
        assert column.values == values
    frame = Rows(["x"], [[value] for value in values]).to_pandas()
    assert list(frame["x"].isna()) == [value is None for value in values]


def test_pandas_keeps_types() -> None:
    rows = Rows(
        ["n", "value", "met", "day", "time", "label"],
        [[303, Decimal("0.74"), True, date(2020, 10, 2), NOON, "x"], [None] * 6],
    )
    frame = rows.to_pandas()
    assert [str(kind) for kind in frame.dtypes] == [
        "Int64", "object", "boolean", "object", "datetime64[us]", "string",
    ]  # fmt: skip
    assert frame["n"].sum() == 303
    assert frame["value"][0] == Decimal("0.74")
    assert frame["day"][0] == date(2020, 10, 2)
    assert frame.isna().sum().tolist() == [1] * 6
    assert isinstance(frame, pandas.DataFrame)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    make = {"pandas": Rows.to_pandas, "polars": Rows.to_polars, "pyarrow": Rows.to_arrow}[library]
    with pytest.raises(MesoontoError, match=f"{library} is not installed; pip install {library}"):
        make(Rows(["x"], [[1]]))
