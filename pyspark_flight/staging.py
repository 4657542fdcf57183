"""Makes, fills, commits and drops the table where rows of one write wait; knows no Spark.

Each attempt of a task marks its rows with its number, so that those of an attempt that failed, or
was repeated, are named by no commit. What the target sees is one statement, or one write: all rows
or none.
"""
# pyarrow's stubs leave the types of fields and columns half unknown:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import difflib
import logging
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from typing import Any, Final, TypeAlias, cast

import pyarrow as pa

from flight_client.client import Client
from flight_client.protocol.catalog import Entity
from flight_client.protocol.errors import (
    DataError,
    Error,
    InvalidRequest,
    UnknownColumn,
    UnknownEntity,
)
from flight_client.protocol.tickets import MAX_NAME
from flight_client.writing import NOTHING, UNKNOWN, Declared
from pyspark_flight.stage import Stage, quoted, ranges_and_singles
from pyspark_flight.write_options import WriteOptions

Types: TypeAlias = Mapping[str, Declared]

MARK: Final = "__FLIGHT_STAGE_"
"""Between the name of a table and the random end of that of its staging table."""

ATTEMPT: Final = "FLIGHT_ATTEMPT"
"""Column of the numbers of attempts, with ``_`` behind it while the rows have one named so."""

NOBODY: Final = -1
"""The attempt of the one row that no task wrote."""

_log: Final = logging.getLogger(__name__)


def make(client: Client, options: WriteOptions, schema: pa.Schema) -> Stage:
    """Check what can be checked before the first row, and make the staging table.

    Args:
        client: Of the server.
        options: What is written.
        schema: Of the rows; every column may be NULL. That of the stage may have times for texts.

    Raises:
        Error: The server refuses the write, a column or its type; nothing is left.
    """
    if not schema.names:
        raise InvalidRequest("The frame has no columns; a table has one at least.")
    if options.overwrite:
        _check_keys(options.keys or (), schema.names)
        space, types, required, key = options.config.space, _new_types(options, schema), (), ()
    else:
        target = _target(client, options, schema)
        ours = [column for column in target.columns if column.name in schema.names]
        space, types = target.space, {column.name: column.type for column in ours}
        required = tuple(column.name for column in ours if not column.nullable)
        key = tuple(column.name for column in ours if column.key) if options.upsert else ()
    schema = _with_times(schema, types)
    name, attempt = _names(options.table, schema.names)
    _create(client, name, space, types, _marked(_nulls(schema), NOBODY, attempt))
    return Stage(
        space=space or _space_of(client, name),
        name=name,
        table=options.table,
        schema=schema,
        attempt=attempt,
        required=required,
        key=key,
    )


def append(
    client: Client,
    stage: Stage,
    options: WriteOptions,
    attempt: int,
    batches: Iterable[pa.RecordBatch],
) -> int:
    """Write the rows of one attempt, all or none; how many they are.

    Args:
        client: Of the stage's server.
        stage: Where to.
        options: Those that the stage was made with.
        attempt: Its number.
        batches: Of the schema of the stage.

    Raises:
        DataError: A value does not fit, or is NULL where the target takes none.
    """
    filled = _filled(batches, stage.required)
    first = next(filled, None)
    if first is None:
        return 0  # as most partitions of a small frame
    marked = (_marked(batch, attempt, stage.attempt) for batch in chain((first,), filled))
    return client.write(
        stage.name, marked, space=stage.space, mode="append", batch_rows=options.batch_rows
    )


def commit(
    client: Client, stage: Stage, options: WriteOptions, attempts: Sequence[int], rows: int
) -> None:
    """Put the rows of these attempts into the target, all or none.

    Args:
        client: Of the stage's server.
        stage: Where from.
        options: Those that the stage was made with.
        attempts: One at least.
        rows: How many rows they wrote.

    Raises:
        DataError: The stage has not these rows, or a key twice, or the target refuses one.
        Error: ``outcome`` in the details says ``unknown`` where it may have been done.
    """
    found = _number(client, stage.count(attempts))
    if found != rows:
        raise DataError(
            f"The staging table {stage} has {found} of the {rows} rows that were written to it; "
            "nothing was kept: write again.",
            outcome=NOTHING,
        )
    if options.overwrite:
        _replace(client, stage, options, attempts)
    elif stage.key and rows:
        _check_repeated(client, stage, attempts)
        _change(options, stage.merge(attempts))
    elif rows:
        _change(options, stage.insert(attempts))


def drop(client: Client, stage: Stage) -> None:
    """Drop it; where that fails a warning says so, because the write is over either way."""
    try:
        client.execute(stage.drop())
    except UnknownEntity:
        return
    except Error as error:
        _log.warning("the staging table %s is left; drop it: %s", stage, error)


def _target(client: Client, options: WriteOptions, schema: pa.Schema) -> Entity:
    """The table that is there; the server checks columns and key, as for a write without rows."""
    client.write(
        options.table,
        [_empty(schema)],
        mode="upsert" if options.upsert else "append",
        keys=options.keys,
        types=options.types,
    )
    return client.describe(options.table).entity


def _check_keys(keys: Sequence[str], names: Sequence[str]) -> None:
    for key in keys:
        if key not in names:
            near = difflib.get_close_matches(str(key), names, n=1)
            advice = f"did you mean {near[0]!r}?" if near else "correct the option 'keys'."
            raise UnknownColumn(f"The frame has no column {key!r:.80}; {advice}", column=str(key))


def _new_types(options: WriteOptions, schema: pa.Schema) -> Types:
    """Spark's TIME is finer than HANA's, which takes it where that is exact."""
    fields: list[pa.Field[Any]] = list(schema)
    times = {field.name: "TIME" for field in fields if pa.types.is_time(field.type)}
    return times | dict(options.types)


def _with_times(schema: pa.Schema, types: Types) -> pa.Schema:
    """Texts that go into TIME are sent as times: Spark reads that type as text."""
    fields: list[pa.Field[Any]] = list(schema)
    return pa.schema(
        [
            pa.field(field.name, pa.time32("s"))
            if field.type == pa.string() and str(types.get(field.name, "")).upper() == "TIME"
            else field
            for field in fields
        ]
    )


def _names(table: str, columns: Sequence[str]) -> tuple[str, str]:
    """Those of a stage and of its further column; a database may take ``a`` and ``A`` for one."""
    end = f"{MARK}{secrets.token_hex(8).upper()}"
    attempt = ATTEMPT
    while attempt in {name.upper() for name in columns}:
        attempt += "_"
    return f"{table[: MAX_NAME - len(end)]}{end}", attempt


def _create(
    client: Client, name: str, space: str | None, types: Types, nulls: pa.RecordBatch
) -> None:
    """Make the table with a row of NULLs: of each the server says whether it takes such values."""
    try:
        client.write(name, [nulls], space=space, mode="create", types=types)
    except Error as error:
        if error.details.get("outcome") == UNKNOWN:
            _log.warning("the staging table %s may be left; drop it: %s", name, error)
        raise


def _space_of(client: Client, name: str) -> str:
    """Where the server put a stage; one that cannot be found any more is dropped, if that goes."""
    try:
        return client.describe(name).entity.space
    except Error:
        with suppress(Error):
            client.execute(f"DROP TABLE {quoted(name)}")
        raise


def _filled(batches: Iterable[pa.RecordBatch], required: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Those with rows; NULL is refused here, because the stage takes it and the target does not."""
    before = 0
    for batch in batches:
        for name in required:
            column = batch.column(name)
            if column.null_count:
                row = before + column.is_null().index(pa.scalar(value=True)).as_py() + 1
                raise DataError(
                    f"Row {row} has no value for column {name!r}, which takes no NULL; give one.",
                    column=name,
                    row=row,
                    outcome=NOTHING,
                )
        before += batch.num_rows
        if batch.num_rows:
            yield batch


def _check_repeated(client: Client, stage: Stage, attempts: Sequence[int]) -> None:
    count = _number(client, stage.count_repeated(attempts))
    if count:
        raise DataError(
            f"Several rows have the same key ({', '.join(stage.key)}), {count} keys in all, and "
            "Spark's rows come in no order; keep one row for each, with dropDuplicates for "
            "example. Nothing was kept.",
            outcome=NOTHING,
        )


def _change(options: WriteOptions, sql: str) -> None:
    """Of all rows at once, for which the time of other calls would not do."""
    with Client(replace(options.config, timeout_s=float(options.commit_timeout_s))) as patient:
        patient.execute(sql)


def _replace(client: Client, stage: Stage, options: WriteOptions, attempts: Sequence[int]) -> None:
    """Through this process, because no one statement drops, creates and fills a table."""
    ranges, singles = ranges_and_singles(attempts)
    wanted: list[Any] = [[(stage.attempt, "between", each)] for each in ranges]
    if singles:
        wanted.append([(stage.attempt, "in", singles)])
    result = client.table(stage.name, space=stage.space, columns=stage.schema.names, where=wanted)
    client.write(
        stage.table,
        chain((_empty(result.schema),), result.to_batches()),
        space=stage.space,
        mode="replace",
        keys=options.keys,
        types=_new_types(options, stage.schema),
        batch_rows=options.batch_rows,
    )


def _marked(batch: pa.RecordBatch, attempt: int, name: str) -> pa.RecordBatch:
    return batch.append_column(name, pa.repeat(pa.scalar(attempt, pa.int64()), batch.num_rows))


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=schema)


def _nulls(schema: pa.Schema) -> pa.RecordBatch:
    fields: list[pa.Field[Any]] = list(schema)
    return pa.record_batch([pa.nulls(1, field.type) for field in fields], schema=schema)


def _number(client: Client, sql: str) -> int:
    (row,) = client.sql(sql).to_arrow().to_pylist()
    return cast("int", row["N"])
