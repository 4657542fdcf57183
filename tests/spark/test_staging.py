"""The staging table over both databases, without Spark: what a commit keeps and refuses."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

import flight_client
from flight_client.client import Client
from flight_client.protocol.errors import (
    DataError,
    InvalidRequest,
    UnknownColumn,
    UnknownEntity,
    UnsupportedType,
)
from pyspark_flight import staging
from pyspark_flight.stage import Stage, ranges_and_singles, runs
from pyspark_flight.write_options import WriteOptions, write_options
from tests.support.sql_service import Landscape, SqlService
from tests.support.sql_tables import WRITE

SCHEMA = pa.schema([("ID", pa.int64()), ("NAME", pa.string())])


def options(service: SqlService, table: str, *, overwrite: bool = False, **more: str) -> Any:
    given = {"uri": service.uri, "space": WRITE, "table": table, **more}
    return write_options(given, {}, overwrite=overwrite)


def batch(*rows: tuple[int | None, str | None]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(
        [{"ID": number, "NAME": name} for number, name in rows], schema=SCHEMA
    )


def read(client: Client, table: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row.values()) for row in client.table(table).to_arrow().to_pylist())


@pytest.fixture
def target(client: Client, table: str) -> str:
    """A table of one row, with a key."""
    client.write(table, pa.Table.from_batches([batch((1, "a"))]), mode="create", keys=["ID"])
    return table


@pytest.fixture
def wish(service: SqlService, target: str) -> WriteOptions:
    return options(service, target)


@pytest.fixture
def stage(client: Client, wish: WriteOptions) -> Iterator[Stage]:
    made = staging.make(client, wish, SCHEMA)
    yield made
    staging.drop(client, made)


def test_attempts_that_are_not_named_are_not_committed(
    client: Client, wish: WriteOptions, stage: Stage
) -> None:
    for attempt, row in ((4, (2, "b")), (5, (2, "repeated")), (6, (3, "c")), (9, (4, "d"))):
        assert staging.append(client, stage, wish, attempt, [batch(row)]) == 1

    staging.commit(client, stage, wish, [4, 6, 9], 3)

    assert read(client, stage.table) == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]


def test_commit_of_many_attempts_in_no_order_is_one_statement(
    client: Client, service: SqlService, wish: WriteOptions, stage: Stage
) -> None:
    staging.append(client, stage, wish, 2_999, [batch((2, "b"))])
    before = service.counts.begun

    staging.commit(client, stage, wish, list(range(2_999, 0, -7)), 1)

    assert service.counts.begun == before + 1
    assert read(client, stage.table) == [(1, "a"), (2, "b")]


@pytest.mark.parametrize("overwrite", [False, True])
def test_commit_of_attempts_among_those_of_other_jobs_is_not_too_long(
    client: Client, service: SqlService, target: str, overwrite: bool
) -> None:
    wish = options(service, target, overwrite=overwrite)
    stage = staging.make(client, wish, SCHEMA)
    for attempt in (13_999, 14_000):
        staging.append(client, stage, wish, attempt, [batch((attempt, "b"))])

    staging.commit(client, stage, wish, range(1, 14_000, 2), 1)
    staging.drop(client, stage)

    assert (13_999, "b") in read(client, target)
    assert len(read(client, target)) == (1 if overwrite else 2)


def test_statement_of_a_commit_has_a_time_of_its_own(
    client: Client, wish: WriteOptions, stage: Stage
) -> None:
    staging.append(client, stage, wish, 1, [batch((2, "b"))])
    hasty = replace(wish, config=replace(wish.config, timeout_s=0.001))

    staging.commit(client, stage, hasty, [1], 1)

    assert read(client, stage.table) == [(1, "a"), (2, "b")]


def test_rows_that_are_missing_in_the_stage_stop_the_commit(
    client: Client, wish: WriteOptions, stage: Stage
) -> None:
    staging.append(client, stage, wish, 1, [batch((2, "b"))])

    with pytest.raises(DataError, match="has 1 of the 2 rows") as caught:
        staging.commit(client, stage, wish, [1, 2], 2)

    assert caught.value.details["outcome"] == "nothing"
    assert read(client, stage.table) == [(1, "a")]


def test_key_that_is_there_stops_the_commit(
    client: Client, wish: WriteOptions, stage: Stage
) -> None:
    staging.append(client, stage, wish, 1, [batch((2, "b"), (1, "again"))])

    with pytest.raises(DataError) as caught:
        staging.commit(client, stage, wish, [1], 2)

    assert caught.value.details["outcome"] == "nothing"
    assert read(client, stage.table) == [(1, "a")]


def test_null_where_the_target_takes_none_is_refused_with_its_row(
    client: Client, wish: WriteOptions, stage: Stage
) -> None:
    batches = [batch((2, "b"), (3, "c")), batch((4, None), (None, "e"))]

    with pytest.raises(DataError, match="Row 4 has no value for column 'ID'"):
        staging.append(client, stage, wish, 1, batches)

    assert client.sql(stage.count([1])).to_arrow().to_pylist() == [{"N": 0}]


def test_columns_of_another_order_go_where_their_names_say(
    client: Client, service: SqlService, table: str
) -> None:
    client.write(table, pa.table({"A": ["a"], "B": ["b"], "C": ["c"]}), mode="create")
    wish, schema = options(service, table), pa.schema([("C", pa.string()), ("A", pa.string())])
    stage = staging.make(client, wish, schema)
    staging.append(client, stage, wish, 1, [pa.record_batch({"C": ["z"], "A": ["x"]})])

    staging.commit(client, stage, wish, [1], 1)
    staging.drop(client, stage)

    assert read(client, table) == [("a", "b", "c"), ("x", None, "z")]


def test_attempt_without_rows_writes_nothing(
    client: Client, service: SqlService, wish: WriteOptions, stage: Stage
) -> None:
    before = service.counts.begun

    assert staging.append(client, stage, wish, 1, [batch()]) == 0
    staging.commit(client, stage, wish, [1], 0)

    assert service.counts.begun == before


def test_upsert_sets_adds_and_leaves_other_columns(
    client: Client, service: SqlService, table: str
) -> None:
    rows = pa.table({"ID": [1, 2], "NAME": ["a", "b"], "N": [7, 8]})
    client.write(table, rows, mode="create", keys=["ID"])
    wish = options(service, table, upsert="true", keys="ID")
    stage = staging.make(client, wish, SCHEMA)
    staging.append(client, stage, wish, 1, [batch((2, "B"), (3, None))])

    staging.commit(client, stage, wish, [1], 2)
    staging.drop(client, stage)

    assert read(client, table) == [(1, "a", 7), (2, "B", 8), (3, None, None)]


def test_upsert_of_keys_alone_adds_those_that_are_missing(
    client: Client, service: SqlService, target: str
) -> None:
    wish = options(service, target, upsert="true")
    schema = pa.schema([SCHEMA.field("ID")])
    stage = staging.make(client, wish, schema)
    staging.append(client, stage, wish, 1, [pa.record_batch({"ID": pa.array([1, 2], pa.int64())})])

    staging.commit(client, stage, wish, [1], 2)
    staging.drop(client, stage)

    assert read(client, target) == [(1, "a"), (2, None)]


def test_upsert_of_a_key_twice_is_refused(client: Client, service: SqlService, target: str) -> None:
    wish = options(service, target, upsert="true")
    stage = staging.make(client, wish, SCHEMA)
    staging.append(client, stage, wish, 1, [batch((2, "b"), (3, "c"))])
    staging.append(client, stage, wish, 2, [batch((2, "B"))])

    with pytest.raises(DataError, match=r"same key \(ID\), 1 keys in all"):
        staging.commit(client, stage, wish, [1, 2], 3)

    staging.drop(client, stage)
    assert read(client, target) == [(1, "a")]


def test_overwrite_makes_the_table_with_key_and_types(
    client: Client, service: SqlService, table: str
) -> None:
    wish = options(service, table, overwrite=True, keys="ID", types='{"AMOUNT": "DECIMAL(9,3)"}')
    schema = pa.schema([("ID", pa.int64()), ("AMOUNT", pa.float64()), ("AT", pa.time64("ns"))])
    stage = staging.make(client, wish, schema)
    rows = pa.RecordBatch.from_pylist([{"ID": 5, "AMOUNT": 1.5, "AT": None}], schema=schema)
    staging.append(client, stage, wish, 1, [rows])

    staging.commit(client, stage, wish, [1, 2], 1)
    staging.drop(client, stage)

    described = client.describe(table).entity
    assert [str(column.type) for column in described.columns] == ["BIGINT", "DECIMAL(9,3)", "TIME"]
    assert [column.key for column in described.columns] == [True, False, False]
    assert read(client, table)[0][:2] == (5, 1.5)


def test_array_of_floats_goes_into_a_vector(
    client: Client, service: SqlService, table: str
) -> None:
    if service.name == "duckdb":
        pytest.skip("the embedded database appends to no array")
    kind = pa.list_(pa.field("element", pa.float32()))
    wish = options(service, table, overwrite=True, types='{"V": "REAL_VECTOR(2)"}')
    stage = staging.make(client, wish, pa.schema([("V", kind)]))
    rows = pa.record_batch([pa.array([[0.5, 1.5], None], kind)], schema=stage.schema)
    staging.append(client, stage, wish, 1, [rows])

    staging.commit(client, stage, wish, [1], 2)
    staging.drop(client, stage)

    assert sorted(client.table(table).to_arrow()["V"].to_pylist(), key=bool) == [None, [0.5, 1.5]]


def test_overwrite_without_a_row_empties_the_table(
    client: Client, service: SqlService, target: str
) -> None:
    wish = options(service, target, overwrite=True)
    stage = staging.make(client, wish, SCHEMA)

    staging.commit(client, stage, wish, [1], 0)
    staging.drop(client, stage)

    assert read(client, target) == []


def test_space_is_found_where_only_one_takes_changes(
    client: Client, service: SqlService, table: str
) -> None:
    wish = write_options({"uri": service.uri, "table": table}, {}, overwrite=True)
    with flight_client.connect(service.uri, progress=False) as anywhere:
        stage = staging.make(anywhere, wish, SCHEMA)
        staging.append(anywhere, stage, wish, 1, [batch((1, "a"))])
        staging.commit(anywhere, stage, wish, [1], 1)
        staging.drop(anywhere, stage)

    assert stage.space == WRITE
    assert read(client, table) == [(1, "a")]


def test_names_of_any_kind_are_quoted(client: Client, service: SqlService, table: str) -> None:
    name, column = f'{table} "quoted" ä', 'A"; DROP TABLE x --'
    schema = pa.schema([(column, pa.int64()), ("flight_attempt", pa.int64())])
    client.write(name, schema.empty_table(), mode="create", keys=[column])
    for number, upsert in enumerate(("false", "true")):
        wish = options(service, name, upsert=upsert)
        stage = staging.make(client, wish, schema)
        rows = {column: pa.array([number]), "flight_attempt": pa.array([9])}
        staging.append(client, stage, wish, 1, [pa.record_batch(rows)])
        staging.commit(client, stage, wish, [1], 1)
        staging.drop(client, stage)

    assert stage.attempt == "FLIGHT_ATTEMPT_"
    assert read(client, name) == [(0, 9), (1, 9)]


def test_long_name_has_a_stage_of_a_name_that_is_not_too_long(
    client: Client, service: SqlService, table: str
) -> None:
    long = table.ljust(127, "X")
    stage = staging.make(client, options(service, long, overwrite=True), SCHEMA)
    staging.drop(client, stage)

    assert len(stage.name) == 127
    assert stage.name.startswith(f"{table}XX")


@pytest.mark.parametrize(
    ("more", "schema", "error", "sentence"),
    [
        ({}, pa.schema([("ID", pa.int64()), ("NAM", pa.string())]), UnknownColumn, "'NAME'"),
        ({"table": "NIX"}, SCHEMA, UnknownEntity, "no table 'NIX'"),
        ({"keys": "ID"}, SCHEMA, InvalidRequest, "leave the keys out, or upsert"),
        ({"types": '{"ID": "BIGINT"}'}, SCHEMA, InvalidRequest, "leave the types out"),
        ({"upsert": "true", "keys": "NAME"}, SCHEMA, InvalidRequest, "is ID, not NAME"),
        ({"upsert": "true"}, pa.schema([("NAME", pa.string())]), InvalidRequest, "lack 'ID'"),
        ({}, pa.schema([("ID", pa.date32())]), DataError, "'ID' takes BIGINT, and values of"),
        ({}, pa.schema([("ID", pa.list_(pa.int64()))]), DataError, "'ID' takes BIGINT"),
        ({}, pa.schema([("NAME", pa.duration("us"))]), DataError, "'NAME' takes NVARCHAR"),
    ],
    ids=["column", "table", "keys", "types", "other-key", "no-key", "date", "list", "interval"],
)
def test_append_that_cannot_be_is_refused_before_a_row(
    *,
    client: Client,
    service: SqlService,
    target: str,
    more: dict[str, str],
    schema: pa.Schema,
    error: type[Exception],
    sentence: str,
) -> None:
    wish = options(service, **{"table": target, **more})

    with pytest.raises(error, match=sentence):
        staging.make(client, wish, schema)


@pytest.mark.parametrize(
    ("more", "schema", "error", "sentence"),
    [
        ({"keys": "IDD"}, SCHEMA, UnknownColumn, "no column 'IDD'; did you mean 'ID'"),
        ({"types": '{"X": "DATE"}'}, SCHEMA, UnknownColumn, "no column 'X'"),
        ({"types": '{"ID": "DATE"}'}, SCHEMA, DataError, "'ID' takes DATE"),
        ({"types": '{"ID": "???"}'}, SCHEMA, InvalidRequest, "is no HANA type"),
        ({}, pa.schema([("A", pa.list_(pa.int64()))]), UnsupportedType, "'A' of Arrow type list"),
        ({}, pa.schema([("A", pa.duration("us"))]), UnsupportedType, "'A' of Arrow type duration"),
        ({}, pa.schema([("A", pa.null())]), UnsupportedType, "'A' .* give it a type"),
        ({}, pa.schema([]), InvalidRequest, "has no columns"),
        ({"space": "SALES"}, SCHEMA, flight_client.AccessDenied, "not one to write to"),
    ],
    ids=["key", "types", "type", "no-type", "list", "interval", "null", "nothing", "space"],
)
def test_overwrite_that_cannot_be_is_refused_before_a_row(
    *,
    client: Client,
    service: SqlService,
    target: str,
    more: dict[str, str],
    schema: pa.Schema,
    error: type[Exception],
    sentence: str,
) -> None:
    wish = options(service, target, overwrite=True, **more)

    with pytest.raises(error, match=sentence):
        staging.make(client, wish, schema)

    assert read(client, target) == [(1, "a")]


def test_server_that_takes_no_writes_refuses_the_stage(landscape: Landscape, table: str) -> None:
    with (
        landscape.serving(writes={"enabled": False}) as closed,
        flight_client.connect(closed.uri, space=WRITE) as client,
        pytest.raises(flight_client.AccessDenied),
    ):
        staging.make(client, options(closed, table, overwrite=True), SCHEMA)


def test_drop_of_a_stage_that_is_gone_is_no_matter(
    client: Client, wish: WriteOptions, caplog: pytest.LogCaptureFixture
) -> None:
    stage = staging.make(client, wish, SCHEMA)
    staging.drop(client, stage)
    staging.drop(client, stage)

    assert caplog.messages == []


def test_drop_that_fails_warns_with_the_name(
    client: Client, wish: WriteOptions, caplog: pytest.LogCaptureFixture
) -> None:
    stage = staging.make(client, wish, SCHEMA)
    with flight_client.connect("grpc://localhost:1", timeout_s=1) as nowhere:
        staging.drop(nowhere, stage)
    staging.drop(client, stage)

    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert f"{WRITE}.{stage.name} is left; drop it" in record.message


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [([], []), ([3], [(3, 3)]), ([4, 2, 3, 9, 0], [(0, 0), (2, 4), (9, 9)])],
)
def test_runs_hold_these_numbers_and_no_other(
    numbers: list[int], expected: list[tuple[int, int]]
) -> None:
    assert runs(numbers) == expected


def test_long_runs_are_ranges_and_others_stand_one_by_one() -> None:
    numbers = [*range(40, 20, -1), 3, 1, 2, 60]

    assert ranges_and_singles(numbers) == ([(21, 40)], [1, 2, 3, 60])
