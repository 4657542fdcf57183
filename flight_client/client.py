"""One connection: discover, read, write; builds tickets and leaves the rest to others."""

import os
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self, SupportsIndex

from flight_client import discovery
from flight_client.arguments import (
    Compressed,
    to_arguments,
    to_compression,
    to_names,
    to_partition,
    to_sample,
    to_values,
    to_whole,
)
from flight_client.config import ClientConfig, Pem, read_config
from flight_client.discovery import Description, Entities
from flight_client.protocol.catalog import Entity, Space
from flight_client.protocol.commands import Execution
from flight_client.protocol.errors import InvalidRead
from flight_client.protocol.tickets import (
    Compression,
    PartitionMethod,
    ReadTicket,
    SqlTicket,
    Ticket,
)
from flight_client.protocol.writes import WriteMode
from flight_client.reading import Result
from flight_client.transport import Transport
from flight_client.where import Order, Where, to_filter, to_order
from flight_client.writing import Declared, Wish, execute, write


def connect(
    uri: str | None = None,
    *,
    token: str | None = None,
    user: str | None = None,
    password: str | None = None,
    tls_roots: Pem | None = None,
    cert: Pem | None = None,
    key: Pem | None = None,
    tls_verify: bool = True,
    allow_plaintext_credentials: bool = False,
    space: str | None = None,
    headers: Mapping[str, str] | None = None,
    connect_timeout_s: float = 10.0,
    timeout_s: float = 60.0,
    stream_timeout_s: float | None = None,
    idle_timeout_s: float | None = 300.0,
    parallelism: int = 8,
    progress: bool | None = None,
) -> "Client":
    """A client of one server; the connection is made on first use.

    What is not given is taken from the environment: ``FLIGHT_CLIENT_URI``, ``_TOKEN``,
    ``_TOKEN_FILE``, ``_USER``, ``_PASSWORD``, ``_PASSWORD_FILE``, ``_TLS_ROOTS``, ``_CERT``,
    ``_KEY``, ``_SPACE``.

    Args:
        uri: ``grpc+tls://host:port``, or ``grpc://host:port`` without encryption; on this machine
            also ``grpc+unix:///path/of/socket``.
        token: Bearer token.
        user: User of basic authentication, with ``password``.
        password: Its password.
        tls_roots: PEM (bytes or text) or file of the certificates to trust; None for the system's.
        cert: PEM (bytes or text) or file of a client certificate, with ``key``.
        key: PEM (bytes or text) or file of its private key.
        tls_verify: False accepts any server certificate: for tests alone.
        allow_plaintext_credentials: Send credentials without TLS to another machine.
        space: Space of names given without one; None where they are unique.
        headers: Further headers of every call.
        connect_timeout_s: Longest wait for a connection in seconds.
        timeout_s: Longest wait for a call that moves no rows, its retries included.
        stream_timeout_s: Longest life of a stream of rows; None for no limit.
        idle_timeout_s: Longest silence of a stream of rows; None for no limit.
        parallelism: Most endpoints read at once.
        progress: Show a progress bar on stderr; None in terminals and notebooks only.

    Raises:
        InvalidRequest: Naming the setting that is missing or does not fit.
    """
    return Client(
        read_config(
            os.environ,
            uri=uri,
            token=token,
            user=user,
            password=password,
            tls_roots=tls_roots,
            cert=cert,
            key=key,
            tls_verify=tls_verify,
            allow_plaintext_credentials=allow_plaintext_credentials,
            space=space,
            headers=headers,
            connect_timeout_s=connect_timeout_s,
            timeout_s=timeout_s,
            stream_timeout_s=stream_timeout_s,
            idle_timeout_s=idle_timeout_s,
            parallelism=parallelism,
            progress=progress,
        )
    )


class Client:
    """One connection. Methods may be called from many threads. Close it, or use ``with``."""

    def __init__(self, config: ClientConfig) -> None:
        """A client with these settings; ``connect`` reads them from arguments and environment."""
        self._config = config
        self._transport = Transport(config)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<flight_client.Client of {self._config.address}>"

    def close(self) -> None:
        """Cancel what is being read and drop the connection. Safe to call twice."""
        self._transport.close()

    def spaces(self) -> tuple[Space, ...]:
        """The spaces that the caller may read."""
        return discovery.list_spaces(self._transport)

    def tables(self, space: str | None = None) -> Entities:
        """The tables and views that the caller may read, of one space or of all."""
        return discovery.list_entities(self._transport, space or self._config.space)

    def describe(self, entity: str | Entity, space: str | None = None) -> Description:
        """Columns, HANA and Arrow types, parameters and comments of one table or view.

        Args:
            entity: Its exact name, or one of ``tables()``.
            space: Exact name of its space; None where the entity's name is unique.

        Raises:
            UnknownEntity: None of this name that the caller may read.
            AmbiguousEntity: Several spaces have one; name the space.
        """
        name, space = self._named(entity, space)
        return discovery.describe(self._transport, name, space)

    def table(
        self,
        entity: str | Entity,
        *,
        space: str | None = None,
        columns: Sequence[str] | None = None,
        where: Where | None = None,
        parameters: Mapping[str, object] | None = None,
        order_by: Sequence[Order] | None = None,
        limit: SupportsIndex | None = None,
        offset: SupportsIndex = 0,
        sample: float | None = None,
        seed: SupportsIndex | None = None,
        partitions: SupportsIndex | None = None,
        partition_by: str | None = None,
        partition_method: PartitionMethod | None = None,
        batch_bytes: SupportsIndex | None = None,
        compression: Compressed | Compression | None = None,
        progress: bool | None = None,
    ) -> Result:
        """The rows of a table or view, described and not read yet.

        Everything but ``batch_bytes``, ``compression`` and ``progress`` is done by the database.

        Args:
            entity: Exact name, or one of ``tables()``.
            space: Exact name of its space; None where the entity's name is unique.
            columns: Exact names in the order wanted; None for all.
            where: Conditions ``(column, operator, value)``: AND in a list, OR between lists in a
                list; or a ``pyarrow.compute`` expression that says the same. Operators: ``= != <
                <= > >=``, ``in``, ``not in``, ``between`` (two values, both included), ``like``,
                ``not like``, ``is null``, ``is not null``.
            parameters: Values of the input parameters by exact name.
            order_by: Columns, or ``(column, "desc")``, most significant first.
            limit: Most rows to return.
            offset: Rows to skip first.
            sample: Fraction of the rows to draw at random, over 0 and up to 1.
            seed: The same seed draws the same rows, where the database can promise that.
            partitions: Endpoints to split the read into, 1 to 1024.
            partition_by: Column whose values decide; None leaves the choice to the server.
            partition_method: ``range`` cuts the values of a number, date or timestamp into runs;
                ``hash`` cuts any column evenly and lets the database scan everything each time;
                None leaves the choice to the server.
            batch_bytes: Size of record batches in bytes, 64 KiB to 16 MiB.
            compression: ``lz4`` or ``zstd`` on the wire, for slow networks.
            progress: As in ``connect``, for this read.

        Raises:
            InvalidRead: A value out of range or of a wrong type.
            InvalidFilter: A condition without meaning.
            InvalidParameter: A parameter value that HANA cannot hold.
        """
        name, space = self._named(entity, space)
        ticket = ReadTicket(
            entity=name,
            space=space,
            columns=None if columns is None else to_names(columns),
            where=to_filter(where),
            parameters=to_arguments(parameters),
            order_by=to_order(order_by),
            limit=to_whole("limit", limit),
            offset=to_whole("offset", offset) or 0,
            sample=to_sample(sample, seed),
            partition=to_partition(partitions, partition_by, partition_method),
            batch_bytes=to_whole("batch_bytes", batch_bytes),
            compression=to_compression(compression),
        )
        return self._result(ticket, progress=progress)

    def sql(
        self,
        text: str,
        *,
        parameters: Sequence[object] = (),
        space: str | None = None,
        batch_bytes: SupportsIndex | None = None,
        compression: Compressed | Compression | None = None,
        progress: bool | None = None,
    ) -> Result:
        """The rows of one SELECT, described and not read yet.

        Args:
            text: The statement, with ``?`` for each value.
            parameters: The values, in order; None is NULL.
            space: Space of unqualified names; None where they are unique.
            batch_bytes: As in ``table``.
            compression: As in ``table``.
            progress: As in ``connect``, for this read.

        Raises:
            InvalidParameter: A value that HANA cannot hold.
        """
        ticket = SqlTicket(
            sql=text,
            parameters=to_values(parameters),
            space=space or self._config.space,
            batch_bytes=to_whole("batch_bytes", batch_bytes),
            compression=to_compression(compression),
        )
        return self._result(ticket, progress=progress)

    def endpoint(self, ticket: bytes, *, progress: bool | None = None) -> Result:
        """The rows of one endpoint of a read that was described elsewhere, not read yet.

        Tickets pickle: one process describes a read, and others, which connect by themselves as
        the same caller, read an endpoint each, as often as they like.

        Args:
            ticket: One of ``Result.endpoints()``, until it expires (``tickets.lifetime_s`` of the
                server).
            progress: As in ``connect``, for this read.

        Raises:
            InvalidRead: No bytes. What the bytes are worth, the server says at the first use:
                ExpiredTicket, ForgedTicket or InvalidTicket.
        """
        if not isinstance(ticket, bytes):  # pyright: ignore[reportUnnecessaryIsInstance] - callers err
            raise InvalidRead(
                f"An endpoint is read by bytes that Result.endpoints() gave; got {ticket!r:.80}."
            )
        return self._result(ticket, progress=progress)

    def write(
        self,
        table: str | Entity,
        data: object,
        *,
        space: str | None = None,
        mode: WriteMode = "append",
        keys: Sequence[str] | None = None,
        types: Mapping[str, Declared] | None = None,
        batch_rows: SupportsIndex | None = None,
        progress: bool | None = None,
    ) -> int:
        """Write rows into a table, all of them or none; how many they are.

        It is sent once: a write that failed is not repeated by itself. Ctrl-C gives it up.

        Args:
            table: Exact name, or one of ``tables()``.
            data: A pandas or polars frame, an Arrow table, batch or reader, an iterable of record
                batches, or anything else with ``__arrow_c_stream__``. Columns are found by name. A
                named index of a pandas frame is written, an unnamed one is not.
            space: Exact name of its space; None where only one takes changes.
            mode: ``append`` to a table that is there; ``create`` it, if it is not; ``replace`` it
                by a new one; ``upsert``: set the rows whose primary key is there and add others.
            keys: Primary key: of the new table, or as a check that the table to upsert has it.
            types: HANA types of columns of a new table, such as ``{"NAME": "NVARCHAR(40)"}``. The
                others follow from Arrow: texts in memory are measured, those of a stream get 5000
                characters.
            batch_rows: Rows of a record batch; None for about 4 MiB.
            progress: As in ``connect``, for this write.

        Raises:
            InvalidRequest: The arguments do not fit together, or the data are no rows.
            AccessDenied: The space takes no changes.
            UnknownEntity, UnknownColumn, TableExists: As the mode says.
            DataError: A value does not fit; ``row``, from 1, and ``column`` are in the details.
            Error: ``outcome`` in the details says what was kept: ``nothing`` or ``unknown``.
        """
        name, space = self._named(table, space)
        wish = Wish(
            table=name,
            space=space,
            mode=mode,
            keys=keys,
            types=types,
            batch_rows=to_whole("batch_rows", batch_rows),
            progress=self._config.progress if progress is None else progress,
        )
        return write(self._transport, data, wish)

    def execute(
        self,
        sql: str,
        *,
        parameters: Sequence[object] = (),
        space: str | None = None,
        allow_all_rows: bool = False,
    ) -> int | None:
        """Run one INSERT, UPDATE, DELETE or definition of a table; the number of changed rows.

        It is sent once, and takes as long as ``timeout_s`` lets it; after that nothing is kept.

        Args:
            sql: The statement, with ``?`` for each value.
            parameters: The values, in order; None is NULL.
            space: Space of unqualified names, of the changed table too; None where they are unique,
                and the changed table in the only space that takes changes.
            allow_all_rows: Lets an UPDATE or DELETE without WHERE pass.

        Returns:
            None where the database does not say, as for definitions.

        Raises:
            InvalidSql: It does not parse, or lacks a WHERE.
            RefusedSql: It is no change that is taken.
            AccessDenied: The space takes no changes.
            Error: As ``write``.
        """
        execution = Execution(
            sql=sql,
            parameters=to_values(parameters),
            space=space or self._config.space,
            allow_all_rows=allow_all_rows,
        )
        return execute(self._transport, execution)

    def _named(self, entity: str | Entity, space: str | None) -> tuple[str, str | None]:
        """Name and space of what is meant."""
        if isinstance(entity, Entity):
            return entity.name, space or entity.space
        return entity, space or self._config.space

    def _result(self, ticket: Ticket | bytes, *, progress: bool | None) -> Result:
        return Result(
            self._transport,
            ticket,
            parallelism=self._config.parallelism,
            progress=self._config.progress if progress is None else progress,
        )
