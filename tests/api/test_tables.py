"""Tables keep the types of a result, whatever is missing, and never fail on a mixture."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoonto import Dataset
from mesoonto.api.rows import IRI, Rows
from mesoonto.api.tables import ColumnKind, Value, column_of
from mesoonto.errors import MesoontoError

# The libraries are imported by the tests: all processes that collect would wait the second that they take.

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
    import pandas

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


#: A column of each kind, with a gap, and the bounds of an interval of which one was not reached.
TYPED = {
    "n": [303, None],
    "value": [Decimal("0.74"), None],
    "low": [Decimal("0.6"), Decimal("0.610")],
    "high": [None, Decimal("0.91")],
    "level": [Decimal("96.6"), 95],
    "share": [0.5, None],
    "met": [True, None],
    "day": [date(2020, 10, 2), None],
    "time": [NOON, None],
    "moment": [NOON.replace(tzinfo=EAST), None],
    "record": [IRI("https://e/x"), None],
    "label": ["x", None],
    "nothing": [None, None],
}


def typed() -> Rows:
    return Rows(list(TYPED), [list(row) for row in zip(*TYPED.values(), strict=True)])


def test_polars_keeps_types() -> None:
    import polars

    frame = typed().to_polars()
    assert dict(frame.schema) == {
        "n": polars.Int64(),
        "value": polars.Decimal(38, 2),
        "low": polars.Decimal(38, 3),
        "high": polars.Decimal(38, 2),
        "level": polars.Decimal(38, 1),
        "share": polars.Float64(),
        "met": polars.Boolean(),
        "day": polars.Date(),
        "time": polars.Datetime("us"),
        "moment": polars.Datetime("us", "UTC"),
        "record": polars.String(),
        "label": polars.String(),
        "nothing": polars.String(),
    }
    _same_values(frame.to_dict(as_series=False))
    assert frame["n"].sum() == 303
    assert frame.filter(polars.col("low") < Decimal("0.605"))["level"].to_list() == [Decimal("96.6")]


def test_arrow_keeps_types() -> None:
    import pyarrow

    table = typed().to_arrow()
    assert {field.name: field.type for field in table.schema} == {
        "n": pyarrow.int64(),
        "value": pyarrow.decimal128(38, 2),
        "low": pyarrow.decimal128(38, 3),
        "high": pyarrow.decimal128(38, 2),
        "level": pyarrow.decimal128(38, 1),
        "share": pyarrow.float64(),
        "met": pyarrow.bool_(),
        "day": pyarrow.date32(),
        "time": pyarrow.timestamp("us"),
        "moment": pyarrow.timestamp("us", "UTC"),
        "record": pyarrow.string(),
        "label": pyarrow.string(),
        "nothing": pyarrow.string(),
    }
    _same_values(table.to_pydict())
    assert table.column("n").null_count == 1


def test_arrow_table_survives_a_file(tmp_path: Path) -> None:
    """As somebody keeps a result for R or another program."""
    import pyarrow

    table = typed().to_arrow()
    path = tmp_path / "rows.arrow"
    with pyarrow.OSFile(str(path), "wb") as file, pyarrow.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    with pyarrow.memory_map(str(path)) as file:
        assert pyarrow.ipc.open_file(file).read_all().equals(table)


def _same_values(columns: dict[str, list[object]]) -> None:
    """What is missing is missing, and what is there has the value and type of the result."""
    assert columns == TYPED
    for name, values in columns.items():
        for value, original in zip(values, TYPED[name], strict=True):
            kind = str if isinstance(original, IRI) else Decimal if name == "level" else type(original)
            assert type(value) is kind, name


@pytest.mark.parametrize("make", [Rows.to_polars, Rows.to_arrow], ids=["polars", "Arrow"])
def test_no_rows_make_an_empty_table(make: Callable[[Rows], Any]) -> None:
    import polars

    table = make(Rows(["a", "b"], []))
    assert table.shape == (0, 2)
    assert (table.columns if isinstance(table, polars.DataFrame) else table.column_names) == ["a", "b"]


@given(st.lists(_VALUES, max_size=5))
def test_libraries_agree_on_any_mixture(values: list[Value]) -> None:
    rows = Rows(["x"], [[value] for value in values])
    column = column_of(values)
    assert rows.to_polars()["x"].to_list() == rows.to_arrow().column("x").to_pylist() == column.values


def test_result_of_the_dataset_is_the_same_in_each_library() -> None:
    """Hazard ratios as their sources print them: intervals without bounds, levels that were not read."""
    rows = Dataset().query(
        """SELECT ?result ?value ?low ?high ?level ?n ?met ?cutoff {
          ?result meso:hasStatistic/rdfs:label "hazard ratio"@en ; meso:value ?value .
          OPTIONAL { ?result meso:lowerBound ?low } OPTIONAL { ?result meso:upperBound ?high }
          OPTIONAL { ?result meso:intervalLevel ?level } OPTIONAL { ?result meso:populationSize ?n }
          OPTIONAL { ?result meso:endPointMet ?met }
          OPTIONAL { ?result meso:hasAnalysis/meso:dataCutoff ?cutoff }
        } ORDER BY ?result"""
    )
    expected = {name: rows.column(name) for name in rows.names}
    assert rows.to_polars().to_dict(as_series=False) == rows.to_arrow().to_pydict() == expected
    pandas_frame = rows.to_pandas()
    for name, values in expected.items():
        assert any(value is None for value in values) == (name not in ("result", "value")), name
        gaps = [value is None for value in values]
        assert list(pandas_frame[name].isna()) == gaps
        assert list(pandas_frame[name].dropna()) == [value for value in values if value is not None]
