"""Streams of batches into tables: every mode, and nothing of one that fails."""

from collections.abc import Iterator

import pyarrow as pa
import pytest

from flight_client.protocol.errors import (
    AccessDenied,
    Cancelled,
    DataError,
    Error,
    InvalidRead,
    InvalidRequest,
    TableExists,
    UnknownColumn,
    UnknownEntity,
    UnknownTransaction,
    UnsupportedType,
)
from flight_server.service.options import Options
from flight_server.service.statements import IngestTarget
from tests.support.statements import NO_OPTIONS, Desk, desk

DATA = pa.table({"A": pa.array([7, 8], pa.int32()), "B": ["p", None]})
ROWS = [(7, "p"), (8, None)]
OLD = [(1, "x"), (2, "y")]
MODES = [
    (missing, exists) for missing in ("create", "fail") for exists in ("append", "replace", "fail")
]


@pytest.fixture
def sql() -> Iterator[Desk]:
    with desk() as opened:
        yield opened


def _target(
    table: str, missing: str = "create", exists: str = "fail", space: str | None = "S"
) -> IngestTarget:
    return IngestTarget(space=space, table=table, if_missing=missing, if_exists=exists)


def _ingest(
    sql: Desk, target: IngestTarget, data: pa.Table = DATA, transaction: bytes | None = None
) -> int:
    batches = iter(data.to_batches(max_chunksize=1))
    return sql.of().ingest(target, data.schema, batches, NO_OPTIONS, transaction)


@pytest.mark.parametrize(("missing", "exists"), MODES)
def test_missing_table_is_made_or_missed(sql: Desk, missing: str, exists: str) -> None:
    target = _target("N", missing, exists)
    if missing == "fail":
        with pytest.raises(UnknownEntity, match="no table 'N' in space 'S'"):
            _ingest(sql, target)
        return
    assert _ingest(sql, target) == 2
    assert sql.query("SELECT A, B FROM N ORDER BY A") == ROWS


@pytest.mark.parametrize(("missing", "exists"), MODES)
def test_existing_table_is_filled_or_replaced_or_in_the_way(
    sql: Desk, missing: str, exists: str
) -> None:
    target = _target("T", missing, exists)
    if exists == "fail":
        with pytest.raises(TableExists, match="has a table 'T'"):
            _ingest(sql, target)
        assert sql.table() == OLD
        return
    assert _ingest(sql, target) == 2
    assert sql.table() == (ROWS if exists == "replace" else OLD + ROWS)


def test_table_is_made_with_the_types_of_the_data(sql: Desk) -> None:
    data = pa.table(
        {
            "Id": pa.array([1], pa.int64()),
            "Price": pa.array(["1.10"]).cast(pa.decimal128(10, 2)),
            "At": pa.array([0], pa.timestamp("us")),
        }
    )
    _ingest(sql, _target("My table"), data)
    schema = sql.of().schema('SELECT * FROM "My table"', NO_OPTIONS, None)
    assert schema.names == data.schema.names
    assert schema.types == data.schema.types


def test_empty_stream_makes_the_table_all_the_same(sql: Desk) -> None:
    assert sql.of().ingest(_target("N"), DATA.schema, iter(()), NO_OPTIONS, None) == 0
    assert sql.of().schema("SELECT * FROM N", NO_OPTIONS, None).names == ["A", "B"]


def test_columns_are_found_by_name_and_may_be_left_out(sql: Desk) -> None:
    assert _ingest(sql, _target("T", "fail", "append"), DATA.select(["B", "A"])) == 2
    assert _ingest(sql, _target("T", "fail", "append"), pa.table({"A": [9]})) == 1
    assert sql.table() == [*OLD, *ROWS, (9, None)]


def test_column_that_the_table_lacks_is_named_before_any_row(sql: Desk) -> None:
    data = DATA.rename_columns(["A", "BB"])

    def batches() -> Iterator[pa.RecordBatch]:
        pytest.fail("a row was asked for")
        yield

    with pytest.raises(UnknownColumn, match=r"S\.T has no column 'BB'; did you mean 'B'"):
        sql.of().ingest(_target("T", "fail", "append"), data.schema, batches(), NO_OPTIONS, None)


def test_column_of_nothing_but_null_is_appended_and_makes_no_table(sql: Desk) -> None:
    data = pa.table({"A": pa.array([9], pa.int32()), "B": pa.nulls(1)})

    assert _ingest(sql, _target("T", "fail", "append"), data) == 1
    assert sql.table() == [*OLD, (9, None)]
    with pytest.raises(UnsupportedType, match=r"'B' .* nothing but NULL: give it a type"):
        _ingest(sql, _target("N"), data)


@pytest.mark.parametrize(
    ("kind", "advice"), [(pa.timestamp("us", "UTC"), "without a zone"), (pa.time64("us"), "time32")]
)
def test_type_that_no_column_has_is_refused_with_what_to_do(
    sql: Desk, kind: pa.DataType, advice: str
) -> None:
    with pytest.raises(UnsupportedType, match=advice):
        _ingest(sql, _target("N"), pa.table({"A": pa.array([0], kind)}))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (pa.table([[1], [2]], names=["A", "A"]), InvalidRead),
        (pa.table([[1]], names=[""]), InvalidRead),
        (pa.table([[1]], names=["A\n"]), InvalidRead),
        (pa.table({}), InvalidRead),
        (pa.table({"A": pa.array([[1]], pa.list_(pa.int8()))}), UnsupportedType),
    ],
)
def test_data_that_no_table_can_hold_is_refused(
    sql: Desk, data: pa.Table, error: type[Error]
) -> None:
    with pytest.raises(error):
        _ingest(sql, _target("N"), data)


@pytest.mark.parametrize("name", ["", "x" * 128, "a\0b"])
def test_name_that_no_table_has_is_refused(name: str) -> None:
    with pytest.raises(InvalidRead, match="no table name"):
        _target(name)


@pytest.mark.parametrize(("missing", "exists"), [("append", "fail"), ("create", "create")])
def test_mode_that_there_is_not_is_refused(missing: str, exists: str) -> None:
    with pytest.raises(InvalidRequest, match="one of"):
        _target("N", missing, exists)


# nothing is kept of what fails


def _failing(data: pa.Table, error: Exception) -> Iterator[pa.RecordBatch]:
    yield from data.to_batches()
    raise error


@pytest.mark.parametrize("exists", ["append", "replace"])
def test_stream_that_breaks_leaves_the_target_as_it_was(sql: Desk, exists: str) -> None:
    batches = _failing(DATA, Cancelled("The client went away."))
    with pytest.raises(Cancelled):
        sql.of().ingest(_target("T", "fail", exists), DATA.schema, batches, NO_OPTIONS, None)
    assert sql.table() == OLD


def test_stream_that_breaks_makes_no_table(sql: Desk) -> None:
    batches = _failing(DATA, Cancelled("The client went away."))
    with pytest.raises(Cancelled):
        sql.of().ingest(_target("N"), DATA.schema, batches, NO_OPTIONS, None)
    with pytest.raises(UnknownEntity):
        sql.query("SELECT * FROM N")


def test_failure_that_nobody_foresaw_leaves_the_target_as_it_was(sql: Desk) -> None:
    batches = _failing(DATA, ZeroDivisionError())
    target = _target("T", "fail", "replace")
    with pytest.raises(ZeroDivisionError):
        sql.of().ingest(target, DATA.schema, batches, NO_OPTIONS, None)
    assert sql.table() == OLD


def test_value_that_does_not_fit_in_a_late_batch_keeps_nothing(sql: Desk) -> None:
    data = pa.table({"A": [7, 8, 2**40], "B": ["p", "q", "r"]})
    with pytest.raises(DataError):
        _ingest(sql, _target("T", "fail", "append"), data)
    assert sql.table() == OLD


# where


def test_table_goes_into_the_space_of_the_session(sql: Desk) -> None:
    batches = iter(DATA.to_batches())
    target = _target("N", space=None)
    assert sql.of().ingest(target, DATA.schema, batches, Options(space="S"), None) == 2
    assert sql.query("SELECT A FROM S.N ORDER BY A") == [(7,), (8,)]


def test_other_spaces_are_not_written_to(sql: Desk) -> None:
    with pytest.raises(AccessDenied, match="'LOCKED' is not one to write to"):
        _ingest(sql, _target("N", space="LOCKED"))


def test_nothing_is_written_where_writing_is_off() -> None:
    with desk(writable=()) as sql, pytest.raises(AccessDenied, match="switched off"):
        _ingest(sql, _target("N"))


# in a transaction


def test_ingest_in_a_transaction_is_seen_by_others_after_its_commit(sql: Desk) -> None:
    begun = sql.of().begin()
    assert _ingest(sql, _target("N"), transaction=begun) == 2
    assert sql.query("SELECT A, B FROM N ORDER BY A", begun) == ROWS
    with pytest.raises(UnknownEntity):
        sql.query("SELECT * FROM N")
    sql.of().commit(begun)
    assert sql.query("SELECT A, B FROM N ORDER BY A") == ROWS


def test_refused_ingest_leaves_the_transaction_open(sql: Desk) -> None:
    begun = sql.of().begin()
    _ingest(sql, _target("N"), transaction=begun)
    with pytest.raises(TableExists):
        _ingest(sql, _target("T"), transaction=begun)
    sql.of().commit(begun)
    assert sql.query("SELECT A, B FROM N ORDER BY A") == ROWS


def test_ingest_that_breaks_undoes_the_transaction(sql: Desk) -> None:
    begun = sql.of().begin()
    sql.of().update("DELETE FROM T WHERE A = 1", NO_OPTIONS, begun)
    batches = _failing(DATA, InvalidRequest("Broken."))
    with pytest.raises(InvalidRequest):
        sql.of().ingest(_target("N"), DATA.schema, batches, NO_OPTIONS, begun)
    with pytest.raises(UnknownTransaction, match="failed halfway"):
        sql.of().commit(begun)
    assert sql.table() == OLD
