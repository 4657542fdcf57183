"""What a caller wants read: frozen values and their versioned JSON bytes.

A ticket names what to read and grants nothing. The same bytes serve as the command of a Flight
descriptor (where the server may split the read into endpoints) and as a ticket of DoGet.
"""

import enum
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast, get_args

from flight_client.protocol.errors import InvalidRead, InvalidTicket
from flight_client.protocol.filters import Filter, filter_from_json, filter_to_json
from flight_client.protocol.literals import (
    LiteralValue,
    check_literal,
    literal_from_json,
    literal_to_json,
)
from flight_client.protocol.strict_json import (
    Fields,
    array,
    boolean,
    dumps,
    integer,
    loads,
    number,
    one_of,
    text,
    whole,
)
from flight_client.protocol.version import PROTOCOL_VERSION, require_supported_version

MAX_NAME: Final = 127
"""Longest identifier in characters [HANA Cloud system limitations]."""
MAX_ROWS: Final = 2**62
MAX_PARTITIONS: Final = 1024
MIN_BATCH_BYTES: Final = 64 * 1024
MAX_BATCH_BYTES: Final = 16 * 1024 * 1024
"""ADBC's Go driver refuses larger messages by default."""


class Compression(enum.Enum):
    """How the buffers of record batches are compressed on the wire; NONE is fastest on a LAN."""

    NONE = "none"
    LZ4 = "lz4"
    ZSTD = "zstd"


@dataclass(frozen=True, slots=True)
class OrderKey:
    """One key of an ordering; ``nulls`` None means HANA's default: NULL is the smallest value."""

    column: str
    descending: bool = False
    nulls: Literal["first", "last"] | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """A random part of the rows.

    Attributes:
        fraction: Probability of each row, over 0 and below or at 1.
        seed: Non-negative; the same seed gives the same rows, where the backend can promise that.
    """

    fraction: float
    seed: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.fraction <= 1:
            raise InvalidRead(
                f"A sample is a fraction over 0 and up to 1; got {self.fraction}: "
                "for ten percent say 0.1."
            )
        if self.seed is not None and not 0 <= self.seed < 2**31:
            raise InvalidRead(f"A seed is an integer from 0 to 2147483647; got {self.seed}.")


PartitionMethod: TypeAlias = Literal["range", "hash"]
PARTITION_METHODS: Final[tuple[PartitionMethod, ...]] = get_args(PartitionMethod)


@dataclass(frozen=True, slots=True)
class Partition:
    """One of ``of`` disjoint parts of the rows that together are all of them.

    Attributes:
        of: Number of parts, 1 to 1024.
        number: Which part, from 0; None asks the server to make an endpoint of each.
        by: Column whose values decide; None leaves the choice to the server.
        method: ``range`` cuts the values of the column into runs, of which the server makes filters
            and maybe fewer parts than asked for; ``hash`` cuts by remainder or hash, as numbered
            parts always are; None leaves the choice to the server.
    """

    of: int
    number: int | None = None
    by: str | None = None
    method: PartitionMethod | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.of <= MAX_PARTITIONS:
            raise InvalidRead(f"A read has 1 to {MAX_PARTITIONS} partitions; got {self.of}.")
        if self.number is not None and not 0 <= self.number < self.of:
            raise InvalidRead(
                f"Partition numbers of {self.of} go from 0 to {self.of - 1}; got {self.number}."
            )
        if self.method is not None and self.method not in PARTITION_METHODS:
            known = ", ".join(PARTITION_METHODS)
            raise InvalidRead(f"A partition method is one of {known}; got {self.method!r:.80}.")
        if self.number is not None and self.method == "range":
            raise InvalidRead(
                f"Part {self.number} of {self.of} cannot be cut by 'range', whose bounds only the "
                "server knows; leave the number out and read the endpoints, or filter the column."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTicket:
    """A read of one entity.

    Attributes:
        entity: Exact name of a table or view.
        space: Exact name of its space; None where the entity's name is unique.
        columns: Columns in the order wanted; None for all.
        where: Which rows; None for all.
        parameters: Values of the entity's input parameters, by exact name.
        order_by: Sort keys, most significant first.
        limit: Most rows to return; None for no limit.
        offset: Rows to skip first, in the given order.
        sample: A random part of the rows that ``where`` lets through.
        partition: A part of the rows, or the wish to have them split.
        batch_bytes: Size of record batches in bytes, 64 KiB to 16 MiB; None for the server's.
        compression: Of the buffers on the wire.

    Raises:
        InvalidRead: A value out of range.
        InvalidFilter: A parameter value that HANA cannot hold.
    """

    entity: str
    space: str | None = None
    columns: tuple[str, ...] | None = None
    where: Filter | None = None
    parameters: tuple[tuple[str, LiteralValue], ...] = ()
    order_by: tuple[OrderKey, ...] = ()
    limit: int | None = None
    offset: int = 0
    sample: Sample | None = None
    partition: Partition | None = None
    batch_bytes: int | None = None
    compression: Compression = Compression.NONE

    def __post_init__(self) -> None:
        check_name(self.entity, "entity")
        if self.space is not None:
            check_name(self.space, "space")
        if self.columns is not None and not self.columns:
            raise InvalidRead("A read has one column at least; leave columns out for all of them.")
        if self.limit is not None and not 0 <= self.limit <= MAX_ROWS:
            raise InvalidRead(f"A limit is a number of rows from 0; got {self.limit}.")
        if not 0 <= self.offset <= MAX_ROWS:
            raise InvalidRead(f"An offset is a number of rows from 0; got {self.offset}.")
        for name, value in self.parameters:
            check_name(name, "parameter")
            check_literal(value)
        if len(dict(self.parameters)) != len(self.parameters):
            raise InvalidRead("A parameter is given twice; give each one once.")
        _check_batch_bytes(self.batch_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlTicket:
    """A read of one SELECT.

    Attributes:
        sql: The statement, in the dialect that the server's backend takes from callers.
        parameters: Values of its ``?`` markers, in order; None is NULL.
        space: Space of unqualified names; None where they are unique.
        batch_bytes: As in ``ReadTicket``.
        compression: As in ``ReadTicket``.
    """

    sql: str
    parameters: tuple[LiteralValue | None, ...] = ()
    space: str | None = None
    batch_bytes: int | None = None
    compression: Compression = Compression.NONE

    def __post_init__(self) -> None:
        if not isinstance(self.sql, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers err
            raise InvalidRead(f"A statement is text; got {self.sql!r:.80}.")
        if not self.sql.strip():
            raise InvalidRead("The SQL text is empty; send one SELECT.")
        if self.space is not None:
            check_name(self.space, "space")
        for value in self.parameters:
            if value is not None:
                check_literal(value)
        _check_batch_bytes(self.batch_bytes)


Ticket: TypeAlias = ReadTicket | SqlTicket


def check_name(name: str, what: str) -> None:
    """Refuse a name that no HANA identifier can be.

    Raises:
        InvalidRead: Empty, over 127 characters, or with control characters.
    """
    text_given = isinstance(name, str)  # pyright: ignore[reportUnnecessaryIsInstance] - callers err
    if not text_given or not 1 <= len(name) <= MAX_NAME or any(ord(each) < 32 for each in name):
        raise InvalidRead(
            f"{name!r:.80} is no {what} name: 1 to {MAX_NAME} characters, no control ones."
        )


def _check_batch_bytes(batch_bytes: int | None) -> None:
    if batch_bytes is not None and not MIN_BATCH_BYTES <= batch_bytes <= MAX_BATCH_BYTES:
        raise InvalidRead(
            f"batch_bytes goes from {MIN_BATCH_BYTES} to {MAX_BATCH_BYTES}; got {batch_bytes}."
        )


def encode_ticket(ticket: Ticket) -> bytes:
    """The bytes of a ticket; what has its default value is left out."""
    return dumps(ticket_to_json(ticket))


def decode_ticket(body: bytes) -> Ticket:
    """The ticket of these bytes.

    Raises:
        InvalidTicket: Not the bytes of a ticket; UnsupportedVersion for a newer one.
        InvalidRead: A value out of range.
        InvalidFilter: A filter without meaning.
    """
    return ticket_from_json(loads(body))


def ticket_to_json(ticket: Ticket) -> dict[str, object]:
    """The JSON form of a ticket."""
    form: dict[str, object] = {"version": PROTOCOL_VERSION}
    match ticket:
        case ReadTicket():
            form |= {"kind": "read", "space": ticket.space, "entity": ticket.entity}
            form |= _selection_to_json(ticket)
        case SqlTicket():
            form |= {"kind": "sql", "space": ticket.space, "sql": ticket.sql}
            form["parameters"] = [
                None if value is None else literal_to_json(value) for value in ticket.parameters
            ]
    form["batch_bytes"] = ticket.batch_bytes
    if ticket.compression is not Compression.NONE:
        form["compression"] = ticket.compression.value
    return {name: value for name, value in form.items() if value not in (None, [], {})}


def _selection_to_json(ticket: ReadTicket) -> dict[str, object]:
    return {
        "columns": list(ticket.columns or ()),
        "where": None if ticket.where is None else filter_to_json(ticket.where),
        "parameters": {name: literal_to_json(value) for name, value in ticket.parameters},
        "order_by": [
            _present(column=key.column, descending=key.descending or None, nulls=key.nulls)
            for key in ticket.order_by
        ],
        "limit": ticket.limit,
        "offset": ticket.offset or None,
        "sample": ticket.sample
        and _present(fraction=ticket.sample.fraction, seed=ticket.sample.seed),
        "partition": ticket.partition
        and _present(
            of=ticket.partition.of,
            number=ticket.partition.number,
            by=ticket.partition.by,
            method=ticket.partition.method,
        ),
    }


def _present(**fields: object) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def ticket_from_json(fields: Fields) -> Ticket:
    """The ticket of a JSON object; raises as ``decode_ticket`` does."""
    require_supported_version(fields.need("version", integer))
    kind = fields.need("kind", text)
    space = fields.take("space", text, None)
    batch_bytes = fields.take("batch_bytes", integer, None)
    compression = fields.take("compression", _compression, Compression.NONE)
    match kind:
        case "read":
            ticket = ReadTicket(
                space=space,
                entity=fields.need("entity", text),
                columns=fields.take("columns", array(text), None),
                where=fields.take("where", filter_from_json, None),
                parameters=fields.take("parameters", _arguments, ()),
                order_by=fields.take("order_by", array(_order_key), ()),
                limit=fields.take("limit", integer, None),
                offset=fields.take("offset", integer, 0),
                sample=fields.take("sample", _sample, None),
                partition=fields.take("partition", _partition, None),
                batch_bytes=batch_bytes,
                compression=compression,
            )
        case "sql":
            ticket = SqlTicket(
                space=space,
                sql=fields.need("sql", text),
                parameters=fields.take("parameters", array(_sql_value), ()),
                batch_bytes=batch_bytes,
                compression=compression,
            )
        case _:
            raise InvalidTicket(f"A ticket is of kind 'read' or 'sql'; got {kind!r:.80}.")
    fields.finish()
    return ticket


def _compression(form: object, where: str) -> Compression:
    return one_of(form, where, {kind.value: kind for kind in Compression})


def _arguments(form: object, where: str) -> tuple[tuple[str, LiteralValue], ...]:
    if not isinstance(form, dict):
        raise InvalidTicket(f"{where} must be an object of names and values.")
    pairs = cast("dict[str, object]", form).items()
    return tuple((text(name, where), literal_from_json(value)) for name, value in pairs)


def _order_key(form: object, where: str) -> OrderKey:
    return whole(
        Fields(form, where),
        lambda fields: OrderKey(
            column=fields.need("column", text),
            descending=fields.take("descending", boolean, False),
            nulls=fields.take("nulls", _nulls, None),
        ),
    )


def _nulls(form: object, where: str) -> Literal["first", "last"]:
    words: dict[str, Literal["first", "last"]] = {"first": "first", "last": "last"}
    return one_of(form, where, words)


def _sample(form: object, where: str) -> Sample:
    return whole(
        Fields(form, where),
        lambda fields: Sample(fields.need("fraction", number), fields.take("seed", integer, None)),
    )


def _partition(form: object, where: str) -> Partition:
    return whole(
        Fields(form, where),
        lambda fields: Partition(
            of=fields.need("of", integer),
            number=fields.take("number", integer, None),
            by=fields.take("by", text, None),
            method=fields.take("method", _method, None),
        ),
    )


def _method(form: object, where: str) -> PartitionMethod:
    return one_of(form, where, {method: method for method in PARTITION_METHODS})


def _sql_value(form: object, _where: str) -> LiteralValue | None:
    return None if form is None else literal_from_json(form)
