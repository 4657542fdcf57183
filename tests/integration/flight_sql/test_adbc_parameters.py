"""ADBC binds values: every type, NULL, many rows, and what does not fit."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from adbc_driver_flightsql import dbapi

from tests.contract.backends.shared_tables import EXTREMES
from tests.support.sql_tables import READ, WRITE

Connect = Callable[..., dbapi.Connection]
SELECT = f"SELECT ORDER_ID FROM {READ}.ORDERS"


def _rows(cursor: dbapi.Cursor, sql: str, values: object) -> list[tuple[object, ...]]:
    return sorted(cursor.execute(sql, values).fetchall())


@pytest.mark.feature("parameters", client="ADBC")
@pytest.mark.parametrize("name", [name for name in EXTREMES if name not in ("REAL", "DOUBLE")])
@pytest.mark.parametrize("row", [0, 1], ids=["least", "greatest"])
def test_value_of_each_type_finds_its_row(cursor: dbapi.Cursor, name: str, row: int) -> None:
    kind, ends = EXTREMES[name]
    bound = pa.record_batch([pa.array([ends[row]], kind)], names=["0"])
    sql = f'SELECT ROW FROM {READ}.TYPES WHERE "{name}" = ?'
    assert _rows(cursor, sql, bound) == [(row,)]


@pytest.mark.feature("parameters", client="ADBC")
@pytest.mark.parametrize("name", ["REAL", "DOUBLE"])
def test_floating_value_finds_its_row(cursor: dbapi.Cursor, name: str) -> None:
    kind, ends = EXTREMES[name]
    bound = pa.record_batch([pa.array([ends[0]], kind)], names=["0"])
    assert _rows(cursor, f'SELECT ROW FROM {READ}.TYPES WHERE "{name}" <= ?', bound) == [(0,)]


@pytest.mark.feature("parameters", client="ADBC")
def test_python_values_are_bound(cursor: dbapi.Cursor) -> None:
    where = "WHERE STATUS = ? AND AMOUNT > ? AND ORDERED >= ? AND ORDER_ID < ?"
    values = ["OPEN", Decimal("9.99"), date(2024, 1, 1), 99]
    assert _rows(cursor, f"{SELECT} {where}", values) == [(2,)]


@pytest.mark.feature("parameters: NULL", client="ADBC")
def test_null_is_bound(cursor: dbapi.Cursor) -> None:
    sql = f"{SELECT} WHERE COALESCE(CAST(? AS NVARCHAR(10)), STATUS) = 'PAID'"
    assert _rows(cursor, sql, [None]) == [(3,)]


@pytest.mark.feature("parameters: NULL", client="ADBC")
@pytest.mark.parametrize("name", list(EXTREMES))
def test_null_of_each_type_is_stored(cursor: dbapi.Cursor, table: str, name: str) -> None:
    kind, ends = EXTREMES[name]
    declared = {"NVARCHAR": "NVARCHAR(100)", "VARBINARY": "VARBINARY(300)"}.get(name, name)
    cursor.execute(f"CREATE TABLE {WRITE}.{table} (N INTEGER, V {declared})")
    rows = pa.table({"N": [0, 1, 2], "V": pa.array([*ends, None], kind)})
    cursor.executemany(f"INSERT INTO {WRITE}.{table} VALUES (?, ?)", rows)
    found = cursor.execute(f"SELECT * FROM {WRITE}.{table} ORDER BY N").fetch_arrow_table()
    assert found.to_pydict() == rows.to_pydict()


@pytest.mark.feature("parameters: many rows", client="ADBC")
def test_query_runs_once_for_each_row_of_values_in_order(cursor: dbapi.Cursor) -> None:
    bound = pa.record_batch([pa.array([3, 1, 99, 2])], names=["0"])
    found = cursor.execute(f"{SELECT} WHERE ORDER_ID = ?", bound).fetchall()
    assert found == [(3,), (1,), (2,)]


@pytest.mark.feature("parameters: many rows", client="ADBC")
def test_more_rows_for_a_query_than_it_takes_are_refused(cursor: dbapi.Cursor) -> None:
    bound = pa.record_batch([pa.array(range(2000))], names=["0"])
    with pytest.raises(dbapi.Error, match=r"1,?024"):
        cursor.execute(f"{SELECT} WHERE ORDER_ID = ?", bound)


@pytest.mark.feature("parameters", client="ADBC")
@pytest.mark.parametrize("values", [[], [1, 2]], ids=["none", "two"])
def test_wrong_number_of_values_is_refused(cursor: dbapi.Cursor, values: list[int]) -> None:
    with pytest.raises(dbapi.Error, match="PARAMETER_INVALID"):
        cursor.execute(f"{SELECT} WHERE ORDER_ID = ?", values).fetchall()


@pytest.mark.feature("parameters", client="ADBC")
def test_value_of_another_type_is_refused(cursor: dbapi.Cursor) -> None:
    with pytest.raises(dbapi.Error) as caught:
        cursor.execute(f"{SELECT} WHERE ORDERED = ?", ["no day"]).fetchall()
    assert "Traceback" not in str(caught.value)


@pytest.mark.feature("parameters", client="ADBC")
def test_value_without_a_sql_type_is_refused_by_its_number(cursor: dbapi.Cursor) -> None:
    bound = pa.record_batch([pa.array([[1, 2]])], names=["0"])
    with pytest.raises(dbapi.Error, match="PARAMETER_INVALID"):
        cursor.execute(f"{SELECT} WHERE ORDER_ID = ?", bound)


@pytest.mark.feature("prepared statements", client="ADBC")
def test_prepared_statement_tells_the_types_of_its_markers(cursor: dbapi.Cursor) -> None:
    schema = cursor.adbc_prepare(f"{SELECT} WHERE ORDER_ID = ? AND AMOUNT > ?")
    assert schema is not None
    assert len(schema) == 2
    assert schema.field(0).type == pa.int64()
    assert pa.types.is_decimal(schema.field(1).type)


@pytest.mark.feature("prepared statements", client="ADBC")
def test_prepared_statement_runs_again_with_other_values(cursor: dbapi.Cursor) -> None:
    sql = f"{SELECT} WHERE ORDER_ID = ?"
    cursor.adbc_prepare(sql)
    assert [cursor.execute(sql, [number]).fetchall() for number in (2, 4, 7)] == [
        [(2,)], [(4,)], []
    ]  # fmt: skip
