"""FedML's methods, name for name, over a ``Client``; knows no HANA and no driver of it."""

import os
import warnings
import weakref
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from flight_client.client import Client
from flight_client.config import ClientConfig, parse_address
from flight_client.fedml import frames, names, rows, statements
from flight_client.fedml.hosting import EmbeddedServer, start
from flight_client.fedml.rows import Answer, Rows
from flight_client.fedml.settings import Keys, Settings, load, settings_of
from flight_client.protocol.catalog import Entity
from flight_client.protocol.errors import InvalidRead, UnknownEntity, UnknownSpace
from flight_client.reading import Result
from flight_client.sinks.spark import spark_session

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from flight_client.sinks.cudf import Frame


class DbConnection:
    """What FedML calls a connection to SAP Datasphere: over a Flight server, or one started here.

    Close it, or use ``with``; what is forgotten is closed when the object or the interpreter ends.
    Every method raises the errors of ``flight_client`` and logs nothing.
    """

    def __init__(
        self,
        url: str | os.PathLike[str] | None = "config.json",
        dict_obj: Keys | None = None,
    ) -> None:
        """Read the configuration; the database is not asked for anything before the first call.

        Args:
            url: Path of a JSON file with FedML's keys; ``docs/fedml.md`` lists them.
            dict_obj: The keys themselves, instead of a file.

        Raises:
            InvalidRequest: The configuration cannot be used; all missing keys are named.
            MissingDependency: No ``flight_uri`` is given, and the server is not installed.
        """
        settings = settings_of(load(url, dict_obj), os.environ)
        for remark in settings.remarks:
            warnings.warn(remark, UserWarning, stacklevel=2)
        self._settings = settings
        self._client, server = _connect(settings)
        self._finalizer = weakref.finalize(self, _close, self._client, server)

    @property
    def client(self) -> Client:
        """The client below, for everything that FedML had not."""
        return self._client

    def close(self) -> None:
        """End what runs, and the server if one was started for this. Safe to call twice."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # what there is

    def get_schema_views(self) -> Answer:
        """The views of the schema: VIEW_NAME, VIEW_TYPE."""
        return rows.views(self._client.tables(self._settings.schema))

    def get_view_by_name(self, view_name: str) -> Answer:
        """The views of the schema with this in their names: VIEW_NAME, VIEW_TYPE.

        Args:
            view_name: A part of the name in any case; ``%`` and ``_`` as in LIKE.
        """
        return rows.views(self._client.tables(self._settings.schema), f"%{view_name}%")

    def get_view_metadata(self, view_name: str) -> Answer:
        """The columns of a view: POSITION, COLUMN_NAME, DATA_TYPE_NAME, LENGTH, IS_NULLABLE ..."""
        return rows.columns_of(self._readable(view_name))

    def get_table_metadata(self, table_name: str) -> Answer:
        """The same of a table."""
        return rows.columns_of(self._writable(table_name))

    def get_user_tables(self) -> Answer:
        """The user's own tables: TABLE_NAME, SCHEMA_NAME, TABLE_TYPE, COMMENTS, CREATE_TIME."""
        try:
            return rows.tables(self._client.tables(self._settings.writes[0]))
        except UnknownSpace:  # HANA does not list a schema before something is in it
            return rows.tables(())

    # reading

    def get_table_size(self, table_name: str) -> Rows:
        """The number of rows of a table or view, as ``[(number,)]``."""
        table = names.quoted(self._readable(table_name))
        return self.execute_query(f"SELECT COUNT(*) AS N FROM {table}")[0]  # noqa: S608 - quoted

    def get_data_with_headers(self, table_name: str, size: float = 1) -> Answer:
        """The rows of a table or view, and the names of its columns.

        Args:
            table_name: ``NAME``, ``"Name"`` or ``SCHEMA.NAME``.
            size: Fraction of the rows, over 0 and up to 1, drawn at random: about so many.
        """
        return rows.answer_of(self._data(table_name, size).to_arrow())

    def get_data_with_headers_pyspark(self, table_name: str, size: float = 1) -> "DataFrame":
        """The same as a Spark DataFrame."""
        return self._data(table_name, size).to_spark(spark_session())

    def get_data_with_headers_cudf(self, table_name: str, size: float = 1) -> "Frame":
        """The same as a ``cudf.DataFrame``."""
        return self._data(table_name, size).to_cudf()

    def execute_query(self, query: str) -> Answer:
        """The rows of a SELECT, with or without WITH, and the names of its columns."""
        return rows.answer_of(self._query(query).to_arrow())

    def execute_query_pyspark(self, query: str) -> "DataFrame":
        """The same as a Spark DataFrame."""
        return self._query(query).to_spark(spark_session())

    def execute_query_cudf(self, query: str) -> "Frame":
        """The same as a ``cudf.DataFrame``."""
        return self._query(query).to_cudf()

    # writing

    def create_table(self, query: str) -> None:
        """Run a CREATE TABLE; it gets the column INSERTED_AT, unless it has one."""
        self._client.execute(statements.with_inserted_at(query), space=self._settings.own)

    def insert_into_table(self, table_name: str, table_values: object) -> int:
        """Add the rows of a frame, all of them or none; how many they are.

        Args:
            table_name: As for ``get_data_with_headers``.
            table_values: A pandas frame, whose index is left out, or anything else with rows.
                Columns are found by name, where none fits exactly without regard to case.
                INSERTED_AT is filled with the time in UTC, unless it is there.
        """
        table = self._writable(table_name)
        now = datetime.now(UTC).replace(tzinfo=None)
        return self._client.write(table, frames.rows_for(table, table_values, now))

    def update_table(
        self, table_name: str, set_clause: str, where_clause: str | None = None
    ) -> int | None:
        """Change rows of a table; how many.

        Args:
            table_name: As for ``get_data_with_headers``.
            set_clause: ``COLUMN = value, ...``.
            where_clause: Which rows; None changes all of them.
        """
        table = names.quoted(self._writable(table_name))
        return self._change(statements.update(table, set_clause, where_clause), where_clause)

    def delete_from_table(self, table_name: str, where_clause: str | None = None) -> int | None:
        """Remove rows of a table, all where ``where_clause`` is None; how many."""
        table = names.quoted(self._writable(table_name))
        return self._change(statements.delete(table, where_clause), where_clause)

    def alter_table(self, table_name: str, clause: str) -> None:
        """Run an ALTER TABLE with this clause, such as ``ADD (NOTE NVARCHAR(100))``."""
        table = names.quoted(self._writable(table_name))
        self._client.execute(statements.alter(table, clause))

    def drop_table(self, table_name: str) -> None:
        """Remove a table and its rows."""
        self._client.execute(f"DROP TABLE {names.quoted(self._writable(table_name))}")

    def _change(self, sql: str, where_clause: str | None) -> int | None:
        return self._client.execute(sql, allow_all_rows=where_clause is None)

    def _readable(self, name: str) -> Entity:
        return names.find(self._client, name, self._settings.reads)

    def _writable(self, name: str) -> Entity:
        return names.find(self._client, name, self._settings.writes)

    def _data(self, table_name: str, size: float) -> Result:
        if isinstance(size, bool) or not isinstance(size, int | float) or not 0 < size <= 1:  # pyright: ignore[reportUnnecessaryIsInstance] - callers err
            raise InvalidRead(f"size is a fraction over 0 and up to 1; got {size!r:.80}.")
        return self._client.table(
            self._readable(table_name), sample=None if size == 1 else float(size)
        )

    def _query(self, query: str) -> Result:
        """The query with its names found in the first place that has them."""
        return _first_known(self._client, query, self._settings.reads)


def _first_known(client: Client, query: str, places: Sequence[str | None]) -> Result:
    unknown: UnknownEntity | UnknownSpace | None = None
    for place in places:
        result = client.sql(query, space=place)
        try:
            _ = result.schema
        except (UnknownEntity, UnknownSpace) as error:
            unknown = unknown or error
        else:
            return result
    raise unknown or AssertionError("there is always a place")


def _connect(settings: Settings) -> tuple[Client, EmbeddedServer | None]:
    if isinstance(settings.server, ClientConfig):
        return Client(settings.server), None
    server = start(settings.server)
    address = parse_address(server.uri)
    return Client(ClientConfig(address=address, timeout_s=settings.timeout_s)), server


def _close(client: Client, server: EmbeddedServer | None) -> None:
    try:
        client.close()
    finally:
        if server is not None:
            server.close()
