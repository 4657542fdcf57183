"""A transaction that changes tables in memory: what it did is its own until it commits; no SQL.

Nobody waits for anybody: of two transactions that change the same table the second to commit is
told to begin anew.
"""

import threading
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, NoReturn, TypeAlias

import pyarrow as pa

from flight_client.protocol.catalog import Column, Entity
from flight_client.protocol.errors import (
    Cancelled,
    DataError,
    Error,
    InvalidRequest,
    TableExists,
    Unavailable,
    UnknownEntity,
    UnknownSpace,
    UnknownTransaction,
    UnsupportedSql,
)
from flight_client.protocol.schemas import to_schema
from flight_server.backends.base import BatchStream, ParameterRow
from flight_server.backends.incoming import Incoming, fitted, key_of, last_of_each
from flight_server.backends.memory.tables import Place, Stored, Tables
from flight_server.sql.changes import AdmittedChange
from flight_server.sql.gate import AdmittedQuery

NO_SQL: Final = "The memory backend knows no SQL; serve a database to send it some."

_Keys: TypeAlias = dict[tuple[object, ...], int]
"""The number of the row, from 0, that has a primary key."""


class MemoryWriteTransaction:
    """A ``WriteTransaction`` over ``Tables``."""

    def __init__(self, tables: Tables, backend_closed: threading.Event) -> None:
        """Begin; nothing is looked at yet."""
        self._tables = tables
        self._backend_closed = backend_closed
        self._lock = threading.Lock()
        self._ended: Error | None = None
        self._before: dict[Place, Stored | None] = {}
        self._own: dict[Place, Stored | None] = {}
        self._keys: dict[Place, _Keys] = {}

    @property
    def is_open(self) -> bool:
        """Whether there is something to commit or to roll back."""
        return self._ended is None and not self._backend_closed.is_set()

    def table(self, space: str, name: str) -> Entity | None:
        """The table of exactly these names, as this transaction sees it."""
        with self._using():
            found = self._seen((space, name))
        return None if found is None else found.entity

    def change(self, change: AdmittedChange, rows: Iterable[ParameterRow]) -> int | None:
        """Always refused."""
        self._refuse(change, rows)

    def open_query(
        self, query: AdmittedQuery, parameters: ParameterRow, batch_bytes: int
    ) -> BatchStream:
        """Always refused."""
        self._refuse(query, parameters, batch_bytes)

    def create_table(self, space: str, name: str, columns: Sequence[Column]) -> None:
        """Make a table with these columns, in order."""
        place = (space, name)
        entity = Entity(space=space, name=name, kind="table", columns=tuple(columns))
        if not columns:
            raise InvalidRequest(f"A table has a column at least; {name!r:.100} would have none.")
        rows = to_schema(columns).empty_table()
        with self._using():
            if space not in self._tables.spaces:
                raise UnknownSpace(f"There is no space {space!r:.100} to make a table in.")
            if self._seen(place) is not None:
                raise TableExists(
                    f"There is a table {name!r:.100} in space {space!r:.100} already; choose "
                    "another name, or append to it.",
                    space=space,
                    entity=name,
                )
            self._put(place, Stored(entity, rows))

    def drop_table(self, space: str, name: str) -> None:
        """Drop a table."""
        with self._using():
            self._found((space, name))
            self._put((space, name), None)

    def insert(self, space: str, name: str, batch: pa.RecordBatch) -> int:
        """Insert rows; columns are found by name, those left out are NULL."""
        place = (space, name)
        with self._using():
            target = self._found(place)
            rows = _rows(fitted(batch, target.entity), target)
            self._require_values(target.entity, rows)
            self._take_keys(place, target, rows)
            self._own[place] = _added(target, rows)
        return batch.num_rows

    def upsert(self, space: str, name: str, keys: Sequence[str], batch: pa.RecordBatch) -> int:
        """Set the rows whose primary key is there, in their place, and add the others."""
        place = (space, name)
        with self._using():
            target = self._found(place)
            key = key_of(target.entity, keys, batch.schema.names)
            given = fitted(batch, target.entity)
            rows = _rows(replace(given, batch=last_of_each(given.batch, key)), target)
            known = self._keys_of(place, target)
            found = [known.get(values) for values in _tuples(rows, _key(target.entity))]
            new = rows.filter(pa.array([at is None for at in found], pa.bool_()))
            self._require_values(target.entity, new)
            self._take_keys(place, target, new)
            self._own[place] = _added(_set(target, rows, found), new)
        return batch.num_rows

    def commit(self) -> None:
        """Put what was done where everybody sees it, unless somebody else changed it meanwhile."""
        with self._using():
            changed = self._tables.exchange(self._before, self._own)
            self._ended = UnknownTransaction("The transaction was committed; begin a new one.")
        if changed is not None:
            space, name = changed
            raise Unavailable(
                f"Somebody else changed {space}.{name} meanwhile, so nothing was kept; begin anew."
            )

    def rollback(self) -> None:
        """Forget what was done."""
        self._end(UnknownTransaction("The transaction was rolled back; begin a new one."))

    def cancel(self) -> None:
        """Forget what was done; what runs comes to its end first, in vain."""
        self._end(Cancelled("The transaction was cancelled; nothing of it was kept."))

    def close(self) -> None:
        """Forget what was not committed."""
        self._end(UnknownTransaction("The transaction was closed; begin a new one."))

    def _end(self, reason: Error) -> None:
        with self._lock:
            self._ended = self._ended or reason

    @contextmanager
    def _using(self) -> Generator[None]:
        with self._lock:
            if self._ended is None and self._backend_closed.is_set():
                self._ended = Unavailable("The server is closing; write again elsewhere.")
            if self._ended is not None:
                raise self._ended
            yield

    def _seen(self, place: Place) -> Stored | None:
        """What is there for this transaction; that of others as it was at the first look."""
        if place in self._own:
            return self._own[place]
        return self._before.setdefault(place, self._tables.get(place))

    def _found(self, place: Place) -> Stored:
        found = self._seen(place)
        if found is None:
            space, name = place
            raise UnknownEntity(
                f"There is no table {name!r:.100} in space {space!r:.100}; create it first.",
                space=space,
                entity=name,
            )
        return found

    def _put(self, place: Place, table: Stored | None) -> None:
        self._keys.pop(place, None)
        self._own[place] = table

    def _take_keys(self, place: Place, table: Stored, new: pa.Table) -> None:
        """Note the keys of rows that are to come at the end of a table.

        Raises:
            DataError: One of them is there already.
        """
        keys, key = self._keys_of(place, table), _key(table.entity)
        for number, values in enumerate(_tuples(new, key)):
            if values in keys:
                del self._keys[place]  # it has keys of rows that do not come
                raise _twice(key, number)
            keys[values] = table.rows.num_rows + number

    def _keys_of(self, place: Place, table: Stored) -> _Keys:
        """The rows by their key, counted once for a transaction."""
        keys = self._keys.get(place)
        if keys is None:
            numbered = enumerate(_tuples(table.rows, _key(table.entity)))
            keys = self._keys[place] = {values: number for number, values in numbered}
        return keys

    def _require_values(self, entity: Entity, rows: pa.Table) -> None:
        for column in entity.columns:
            if rows.num_rows and not column.nullable and column.name not in rows.column_names:
                raise DataError(
                    f"Row 1 has no value for column {column.name!r}, which takes no NULL; give "
                    "one.",
                    column=column.name,
                    row=1,
                )

    def _refuse(self, *_asked: object) -> NoReturn:
        raise UnsupportedSql(NO_SQL)


def _key(entity: Entity) -> tuple[str, ...]:
    return tuple(column.name for column in entity.columns if column.key)


def _tuples(rows: pa.Table, key: Sequence[str]) -> Iterable[tuple[object, ...]]:
    """The key of each row; nothing where there is no key, or no row."""
    if rows.num_rows == 0:
        return ()
    return zip(*(rows.column(name).to_pylist() for name in key), strict=True)


def _twice(key: Sequence[str], row: int) -> DataError:
    error = DataError(
        f"Row {row + 1} has a primary key ({', '.join(key)}) that is there already; upsert it, or "
        "leave it out.",
        row=row + 1,
    )
    if len(key) == 1:
        error.details = {**error.details, "column": key[0]}
    return error


def _rows(given: Incoming, table: Stored) -> pa.Table:
    """Rows that fit a table, in its very types."""
    wanted = table.rows.select([column.name for column in given.columns]).schema
    return pa.Table.from_batches([given.batch]).cast(wanted)


def _added(table: Stored, rows: pa.Table) -> Stored:
    """The table with these rows at its end; columns that they lack are NULL there."""
    both = pa.concat_tables([table.rows, rows], promote_options="default")
    return replace(table, rows=both.cast(table.rows.schema))


def _set(table: Stored, rows: pa.Table, found: Sequence[int | None]) -> Stored:
    """The table with the columns of ``rows`` set in the rows that were found."""
    source = list(range(table.rows.num_rows))
    for number, at in enumerate(found):
        if at is not None:
            source[at] = table.rows.num_rows + number
    names = rows.column_names
    both = pa.concat_tables([table.rows.select(names), rows]).take(pa.array(source, pa.int64()))
    columns = [
        both.column(name) if name in names else table.rows.column(name)
        for name in table.rows.column_names
    ]
    return replace(table, rows=pa.table(columns, schema=table.rows.schema))
