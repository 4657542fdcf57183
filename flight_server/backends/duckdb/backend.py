"""DuckDB as a backend: schemas are spaces, table macros are views with parameters, reads only.

Two walls stand before the data beside the gate: every statement runs in a read-only transaction,
and after opening the settings are locked, without files, extensions and Python's variables.
"""

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Final, Self, cast
from weakref import WeakSet

import duckdb
import pyarrow as pa

from flight_client.protocol.catalog import Column, Entity, Space
from flight_client.protocol.errors import InvalidSql, Unavailable, UnsupportedSql
from flight_client.protocol.literals import LiteralValue
from flight_server.backends.base import Described, ForeignKey, PrimaryKey, TableName
from flight_server.backends.duckdb import keys
from flight_server.backends.duckdb.catalog import Catalogue, is_read_only
from flight_server.backends.duckdb.errors import translated, written
from flight_server.backends.duckdb.preparing import described, parameters, require_bindable
from flight_server.backends.duckdb.stream import DuckDbStream, Reading
from flight_server.backends.duckdb.values import bindable
from flight_server.backends.duckdb.writing import DuckDbWriteTransaction
from flight_server.backends.sizing import width_varies
from flight_server.planning.plan import KeyRange, ReadPlan
from flight_server.planning.ranges import key_range
from flight_server.sql.changes import AdmittedChange
from flight_server.sql.compose import name, sql, statement
from flight_server.sql.gate import AdmittedQuery, CallerDialect
from flight_server.sql.render import duckdb_key_range, duckdb_select
from flight_server.sql.statement import Statement
from flight_server.sql.translate import to_duckdb

_QUERY: Final = "The query"
_CATALOGUE: Final = "The catalogue"

_PEEKED_ROWS: Final = 2048
"""One vector of DuckDB: it reads that much for a single row too."""

_LOCKS: Final = (
    "SET python_enable_replacements = false",  # a table name must not find a Python variable
    "SET enable_external_access = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET lock_configuration = true",
)


class DuckDbBackend:
    """A ``Backend`` over one DuckDB database; each call and each stream has its own cursor."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, caller_dialect: CallerDialect
    ) -> None:
        """Take over a connection, lock its settings, and close it in the end."""
        for setting in _LOCKS:
            connection.execute(setting)
        self._connection = connection
        self._caller_dialect = caller_dialect
        self._catalogue = Catalogue(partial(self._cursor, _CATALOGUE))
        self._lock = threading.RLock()
        self._streams: WeakSet[DuckDbStream] = WeakSet()
        self._transactions: WeakSet[DuckDbWriteTransaction] = WeakSet()

    @classmethod
    def open_database(
        cls,
        path: str | None,
        *,
        read_only: bool,
        caller_dialect: CallerDialect = CallerDialect.HANA,
        memory_limit: str | None = None,
        threads: int | None = None,
        init_script: str | None = None,
    ) -> Self:
        """Open a database.

        Args:
            path: Of the file; None for a new database in memory, which writes no file at all.
            read_only: Open the file so that other processes may read it too. Reads change nothing
                in either case; in memory it has no meaning.
            caller_dialect: The SQL that callers write.
            memory_limit: As DuckDB writes it, for example ``2GB``; None for 80 % of the machine.
            threads: Worker threads; None for one a core.
            init_script: SQL statements to run first, while files are still in reach.

        Raises:
            Unavailable: The database cannot be opened with these settings, or its file has the name
                of one of its schemas.
            InvalidSql: The script fails.
        """
        settings = {
            "memory_limit": memory_limit,
            "threads": threads,
            # in memory DuckDB would spill into a folder of the directory the server was started in
            "temp_directory": None if path else "",
        }
        try:
            connection = duckdb.connect(
                path or ":memory:",
                read_only=read_only and path is not None,
                config={key: value for key, value in settings.items() if value is not None},
            )
        except duckdb.Error as error:
            raise Unavailable(
                f"The DuckDB database {path or 'in memory'!r} does not open: {_first_line(error)}."
            ) from error
        try:
            if init_script is not None:
                connection.execute(init_script)
            _require_distinct_names(connection, path)
            return cls(connection, caller_dialect)
        except Unavailable:
            connection.close()
            raise
        except duckdb.Error as error:
            connection.close()
            raise InvalidSql(
                f"The script that prepares the DuckDB database fails: {_first_line(error)}."
            ) from error

    @property
    def kind(self) -> str:
        """Its name in messages and explanations."""
        return "duckdb"

    @property
    def caller_dialect(self) -> CallerDialect:
        """The SQL that callers write."""
        return self._caller_dialect

    @property
    def has_row_positions(self) -> bool:
        """A view gives its rows in any order."""
        return False

    def acting_for(self, principal: str) -> Self:  # noqa: ARG002 - all read alike
        """The same for everybody: it has no users."""
        return self

    def spaces(self) -> Sequence[Space]:
        """The schemas, ordered by name; ``main`` only where it has tables or views."""
        return self._catalogue.spaces()

    def entities(self, space: str | None) -> Sequence[Entity]:
        """The tables, views and table macros of a space or of all, by space and name."""
        return self._catalogue.entities(space)

    def entity_names(self, space: str | None) -> Sequence[str]:
        """The names of a space's entities or of all, in order, each once."""
        return self._catalogue.entity_names(space)

    def find(self, name: str) -> Sequence[Entity]:
        """The entities of exactly this name, ordered by space."""
        return self._catalogue.find(name)

    def entity(self, space: str, name: str) -> Entity | None:
        """The entity of exactly these names."""
        return self._catalogue.entity(space, name)

    def require_answers(self, space: str | None) -> None:
        """Nothing: every space is asked alike."""

    def primary_keys(self, of: TableName) -> Sequence[PrimaryKey]:
        """The primary keys of tables, by space."""
        with self._cursor(_CATALOGUE) as cursor:
            return keys.primary_keys(cursor, of)

    def foreign_keys(self, of: TableName | None, to: TableName | None) -> Sequence[ForeignKey]:
        """The foreign keys of some tables that refer to some tables; None stands for any."""
        with self._cursor(_CATALOGUE) as cursor:
            return keys.foreign_keys(cursor, of, to)

    def row_count(self, entity: Entity) -> int | None:
        """Exact number of rows of a table, which DuckDB keeps; None for views."""
        if entity.kind != "table":
            return None
        count = statement(sql("SELECT count(*) FROM {}", name(entity.space, entity.name)))
        with self._cursor(_subject(entity)) as cursor:
            ((rows,),) = cast("list[tuple[int]]", cursor.execute(count.text).fetchall())
        return rows

    def prefers_ranges(self, entity: Entity) -> bool:
        """For tables: DuckDB keeps the extremes of each row group, and skips those out of range."""
        return entity.kind == "table"

    def key_range(self, plan: ReadPlan, column: Column) -> KeyRange | None:
        """Least and greatest value of a column in the rows that the plan's filter lets through."""
        asked = duckdb_key_range(plan, column)
        with self._cursor(_subject(plan.entity)) as cursor:
            found = cursor.execute(asked.text, bindable(asked.values)).fetchall()
        ((least, greatest),) = cast("list[tuple[object, object]]", found)
        return key_range(least, greatest, column)

    def open(self, plan: ReadPlan) -> DuckDbStream:
        """A stream over the rows of a plan."""
        return self._stream(
            Reading(
                statement=self.explain(plan),
                schema=plan.schema,
                batch_bytes=plan.batch_bytes,
                subject=_subject(plan.entity),
                caller_sql=False,
                peek=_peek(plan),
            )
        )

    def explain(self, plan: ReadPlan) -> Statement:
        """The statement that ``open`` runs."""
        return duckdb_select(plan)

    def describe_query(
        self, query: AdmittedQuery, parameters: Sequence[LiteralValue | None]
    ) -> pa.Schema:
        """Schema of a query's result, from binding it."""
        with self._cursor(_QUERY, caller_sql=True) as cursor:
            return described(cursor, self.explain_query(query, parameters))

    def open_query(
        self,
        query: AdmittedQuery,
        parameters: Sequence[LiteralValue | None],
        batch_bytes: int,
    ) -> DuckDbStream:
        """A stream over the rows of a query that passed the gate; the query is bound here."""
        return self._stream(
            Reading(
                statement=self.explain_query(query, parameters),
                schema=self.describe_query(query, parameters),
                batch_bytes=batch_bytes,
                subject=_QUERY,
                caller_sql=True,
            )
        )

    def explain_query(
        self, query: AdmittedQuery, parameters: Sequence[LiteralValue | None]
    ) -> Statement:
        """The statement that ``open_query`` runs."""
        return Statement(to_duckdb(query), tuple(parameters))

    def prepare_query(self, query: AdmittedQuery) -> Described:
        """What a query returns where every value is NULL, and what its markers stand for."""
        nulls = (None,) * query.parameter_count
        with self._cursor(_QUERY, caller_sql=True) as cursor:
            schema = described(cursor, self.explain_query(query, nulls))
            return Described(schema, parameters(cursor, query))

    def prepare_change(self, change: AdmittedChange) -> Described:
        """What the markers of a change stand for; it is bound and not run."""
        with self._cursor("The change", caller_sql=True) as cursor:
            require_bindable(cursor, change)
            return Described(None, parameters(cursor, change))

    def begin(self, space: str) -> DuckDbWriteTransaction:  # noqa: ARG002 - all write alike
        """Begin a transaction that may change tables, on a cursor of its own."""
        with self._cursor(_CATALOGUE) as cursor:
            if is_read_only(cursor):
                raise UnsupportedSql(
                    "The DuckDB database was opened for reading only; whoever runs the server sets "
                    "database.read_only = false to let it be written."
                )
        with self._lock:  # as in _stream
            cursor = self._new_cursor("The transaction")
            try:
                transaction = DuckDbWriteTransaction(cursor, self._catalogue, described)
            except duckdb.Error as error:
                cursor.close()
                raise written(error, "The transaction") from error
            self._transactions.add(transaction)
        return transaction

    def close(self) -> None:
        """End the open streams and transactions; the database goes with the last of them."""
        with self._lock:
            # DuckDB closes the connection and its idle cursors, then complains of the busy ones;
            # those belong to streams, which are ended here and closed by whoever opened them.
            with suppress(duckdb.ResourceInUseException):
                self._connection.close()
            streams = list(self._streams)
            transactions = list(self._transactions)
        for transaction in transactions:
            transaction.end(Unavailable("The server is closing; nothing of this was kept."))
        for stream in streams:
            stream.end(Unavailable("The server is closing its database; read again elsewhere."))

    def _stream(self, reading: Reading) -> DuckDbStream:
        with self._lock:  # one step, so that close finds every stream that got a cursor
            stream = DuckDbStream(self._new_cursor(reading.subject), reading)
            self._streams.add(stream)
        return stream

    def _new_cursor(self, subject: str) -> duckdb.DuckDBPyConnection:
        try:
            with self._lock:
                return self._connection.cursor()
        except duckdb.Error as error:
            raise translated(error, reading=subject, caller_sql=False) from error

    @contextmanager
    def _cursor(
        self, subject: str, *, caller_sql: bool = False
    ) -> Generator[duckdb.DuckDBPyConnection]:
        """A cursor in a read-only transaction; DuckDB's errors leave it translated."""
        with self._new_cursor(subject) as cursor:
            try:
                cursor.execute("BEGIN TRANSACTION READ ONLY")
                yield cursor
            except duckdb.Error as error:
                raise translated(error, reading=subject, caller_sql=caller_sql) from error


def _require_distinct_names(connection: duckdb.DuckDBPyConnection, path: str | None) -> None:
    """DuckDB calls a database as its file, and then reads no table of a schema of that name.

    Raises:
        Unavailable: There is such a schema.
    """
    found = connection.execute(
        "SELECT schema_name, database_name FROM duckdb_schemas() "
        "WHERE database_name = current_database() AND lower(schema_name) = lower(database_name)"
    ).fetchone()
    if found is not None:
        raise Unavailable(
            f"The DuckDB database {path or 'in memory'!r} is {found[1]!r} to DuckDB, which cannot "
            f"tell it from its schema {found[0]!r}; rename the file or the schema."
        )


def _peek(plan: ReadPlan) -> Statement | None:
    """The first rows of a table, as they come; a view may have to compute all rows for one."""
    if plan.entity.kind != "table" or not width_varies(plan.schema):
        return None
    return duckdb_select(
        replace(
            plan, where=None, order_by=(), sample=None, slice=None, offset=0, limit=_PEEKED_ROWS
        )
    )


def _subject(entity: Entity) -> str:
    return f"{entity.space}.{entity.name}"


def _first_line(error: duckdb.Error) -> str:
    return str(error).partition("\n")[0].rstrip(".")
