"""One connection to a server: discover and read; builds tickets and leaves the rest to others."""

import operator
import os
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Literal, Self, SupportsIndex, cast

from flight_client import discovery
from flight_client.config import ClientConfig, Pem, read_config
from flight_client.discovery import Description, Entities
from flight_client.protocol.catalog import Entity, Space
from flight_client.protocol.errors import InvalidFilter, InvalidParameter, InvalidRead
from flight_client.protocol.literals import LiteralValue, check_literal
from flight_client.protocol.tickets import (
    Compression,
    Partition,
    PartitionMethod,
    ReadTicket,
    Sample,
    SqlTicket,
    Ticket,
)
from flight_client.reading import Result
from flight_client.scalars import to_python
from flight_client.transport import Transport
from flight_client.where import Order, Where, to_filter, to_order

Compressed = Literal["none", "lz4", "zstd"]


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
        uri: ``grpc+tls://host:port``, or ``grpc://host:port`` without encryption.
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
            columns=None if columns is None else _names(columns),
            where=to_filter(where),
            parameters=_arguments(parameters),
            order_by=to_order(order_by),
            limit=_whole("limit", limit),
            offset=_whole("offset", offset) or 0,
            sample=_sample(sample, seed),
            partition=_partition(partitions, partition_by, partition_method),
            batch_bytes=_whole("batch_bytes", batch_bytes),
            compression=_compression(compression),
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
            parameters=_values(parameters),
            space=space or self._config.space,
            batch_bytes=_whole("batch_bytes", batch_bytes),
            compression=_compression(compression),
        )
        return self._result(ticket, progress=progress)

    def _named(self, entity: str | Entity, space: str | None) -> tuple[str, str | None]:
        """Name and space of what is meant."""
        if isinstance(entity, Entity):
            return entity.name, space or entity.space
        return entity, space or self._config.space

    def _result(self, ticket: Ticket, *, progress: bool | None) -> Result:
        return Result(
            self._transport,
            ticket,
            parallelism=self._config.parallelism,
            progress=self._config.progress if progress is None else progress,
        )


def _names(columns: object) -> tuple[str, ...]:
    if isinstance(columns, str):
        raise InvalidRead(f"columns is a list of names; write [{columns!r:.80}].")
    if not isinstance(columns, Iterable):
        raise InvalidRead(f"columns is a list of names; got {columns!r:.80}.")
    return tuple(_name(item) for item in cast("Iterable[object]", columns))


def _name(item: object) -> str:
    if not isinstance(item, str):
        raise InvalidRead(f"A name of a column is a text; got {item!r:.80}.")
    return item


def _whole(what: str, value: SupportsIndex | None) -> int | None:
    if value is None:
        return None
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None:
        raise InvalidRead(f"{what} is a whole number; got {value!r:.80}.")
    return number


def _sample(fraction: float | None, seed: SupportsIndex | None) -> Sample | None:
    if fraction is None:
        if seed is not None:
            raise InvalidRead("seed= has a meaning with sample= only; give both or none.")
        return None
    try:
        drawn = None if isinstance(fraction, bool | str) else float(fraction)
    except (TypeError, ValueError):
        drawn = None
    if drawn is None:
        raise InvalidRead(f"sample is a fraction such as 0.1; got {fraction!r:.80}.")
    return Sample(drawn, _whole("seed", seed))


def _partition(
    of: SupportsIndex | None, by: str | None, method: PartitionMethod | None
) -> Partition | None:
    count = _whole("partitions", of)
    if count is not None:
        return Partition(of=count, by=by, method=method)
    for name, given in (("partition_by", by), ("partition_method", method)):
        if given is not None:
            raise InvalidRead(f"{name}= has a meaning with partitions= only; give both or none.")
    return None


def _compression(given: Compressed | Compression | None) -> Compression:
    if given is None or isinstance(given, Compression):
        return given or Compression.NONE
    try:
        return Compression(given)
    except ValueError:
        known = ", ".join(kind.value for kind in Compression)
        raise InvalidRead(f"compression is one of {known}; got {given!r:.80}.") from None


def _arguments(parameters: object) -> tuple[tuple[str, LiteralValue], ...]:
    if parameters is None:
        return ()
    if not isinstance(parameters, Mapping):
        raise InvalidParameter(
            f"parameters is a mapping such as {{'P_YEAR': 2024}}; got {parameters!r:.80}."
        )
    pairs = cast("Mapping[str, object]", parameters).items()
    return tuple((name, _argument(name, value)) for name, value in pairs)


def _argument(name: str, value: object) -> LiteralValue:
    bound = _checked(f"Parameter {name!r}", value)
    if bound is None:
        raise InvalidParameter(
            f"Parameter {name!r} has no value; leave it out for its default.", parameter=name
        )
    return bound


def _values(parameters: object) -> tuple[LiteralValue | None, ...]:
    if isinstance(parameters, str | bytes | Mapping) or not isinstance(parameters, Iterable):
        raise InvalidParameter("parameters is a list of values, one for each ? in order.")
    values = cast("Iterable[object]", parameters)
    return tuple(_checked(f"Parameter {at}", value) for at, value in enumerate(values, 1))


def _checked(what: str, value: object) -> LiteralValue | None:
    try:
        plain = to_python(value)
        return None if plain is None else check_literal(plain)
    except InvalidFilter as error:
        raise InvalidParameter(f"{what}: {error.message}") from None
