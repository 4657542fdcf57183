"""What a caller wants written: frozen values and their versioned JSON bytes.

A ticket is the command of a DoPut, whose record batches are the rows. Between them the client may
send ``Sent`` as a message of metadata alone, as a sign of life, and after the last one it must:
gRPC tells a server no difference between a client that is done and one whose source of rows failed.
The server answers with ``Written``, after each batch, while it is busy, and once more when
everything is kept.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from flight_client.protocol.catalog import HanaType, type_from_json, type_to_json
from flight_client.protocol.errors import InvalidRequest, InvalidTicket
from flight_client.protocol.strict_json import (
    Fields,
    array,
    boolean,
    dumps,
    integer,
    loads,
    one_of,
    text,
    whole,
)
from flight_client.protocol.tickets import check_name
from flight_client.protocol.version import PROTOCOL_VERSION, require_supported_version

WriteMode: TypeAlias = Literal["create", "append", "replace", "upsert"]
WRITE_MODES: Final[tuple[WriteMode, ...]] = get_args(WriteMode)

DEFINING: Final = ("create", "replace")
"""The modes that make a table, so that they may say its types."""

MAX_LENGTH: Final = 2**31 - 1

_KIND: Final = "write"
_TYPE: Final = re.compile(
    r"\s*(?P<name>[A-Za-z][A-Za-z0-9_]{0,126})\s*"
    r"(?:\(\s*(?P<length>[0-9]{1,10})\s*(?:,\s*(?P<scale>[0-9]{1,10})\s*)?\))?\s*",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteTicket:
    """Where and how a stream of record batches is written, all of it or nothing.

    Attributes:
        table: Exact name.
        space: Exact name of its space; None where only one takes changes.
        mode: ``create`` makes the table and refuses one that is there; ``append`` adds rows to one
            that is there; ``replace`` makes it anew, whether or not it is there; ``upsert`` sets
            the rows whose primary key is there and adds the others.
        keys: Columns of the primary key: of the new table, or for ``upsert`` of the one that is
            there, where None given means whatever it is.
        types: Declared types of columns of a new table, by exact name; the others are the nearest
            to their Arrow types.

    Raises:
        InvalidRequest: They do not fit together.
        InvalidRead: A name that none can be.
    """

    table: str
    space: str | None = None
    mode: WriteMode = "append"
    keys: tuple[str, ...] = ()
    types: tuple[tuple[str, HanaType], ...] = ()

    def __post_init__(self) -> None:
        check_name(self.table, "table")
        if self.space is not None:
            check_name(self.space, "space")
        if self.mode not in WRITE_MODES:
            raise InvalidRequest(
                f"A write has one of the modes {', '.join(WRITE_MODES)}; got {self.mode!r:.40}."
            )
        for names, what in ((self.keys, "key"), ([name for name, _ in self.types], "type")):
            for name in names:
                check_name(name, "column")
            if len(set(names)) != len(names):
                raise InvalidRequest(f"The {what} of a column is given twice; give it once.")
        if self.keys and self.mode == "append":
            raise InvalidRequest(
                "Rows that are appended have the key of their table; leave the keys out, or upsert."
            )
        if self.types and self.mode not in DEFINING:
            raise InvalidRequest(
                f"Rows get the types of their table, which is there before an {self.mode}; leave "
                "the types out, or create or replace the table."
            )
        for name, declared in self.types:
            _check_type(name, declared)


@dataclass(frozen=True, slots=True)
class Sent:
    """How far the client is.

    Attributes:
        rows: Sent so far.
        is_end: Whether they are all; without that nothing is kept.
    """

    rows: int
    is_end: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """How far a write is.

    Attributes:
        rows: Taken by the database so far.
        committed: Whether they are kept; only the last answer says so.
    """

    rows: int
    committed: bool = False


def parse_type(declared: str) -> HanaType:
    """The HANA type of a text such as ``NVARCHAR(40)`` or ``decimal(15, 2)``.

    Raises:
        InvalidRequest: It is none.
    """
    found = _TYPE.fullmatch(declared)
    if found is None:
        raise InvalidRequest(
            f"{declared!r:.80} is no HANA type; write one such as NVARCHAR(40) or DECIMAL(15,2)."
        )
    length, scale = (None if part is None else int(part) for part in found.group("length", "scale"))
    name = found["name"].upper()
    if name == "DECIMAL" and length is not None and scale is None:
        scale = 0
    return HanaType(name, length, scale)


def encode_write(ticket: WriteTicket) -> bytes:
    """The bytes of a ticket; what has its default value is left out, but for the mode."""
    form: dict[str, object] = {
        "version": PROTOCOL_VERSION,
        "kind": _KIND,
        "space": ticket.space,
        "table": ticket.table,
        "mode": ticket.mode,
        "keys": list(ticket.keys),
        "types": {name: type_to_json(declared) for name, declared in ticket.types},
    }
    return dumps({name: value for name, value in form.items() if value not in (None, [], {})})


def decode_write(body: bytes) -> WriteTicket:
    """The ticket of these bytes.

    Raises:
        InvalidTicket: Not the bytes of a write; UnsupportedVersion for a newer one.
        InvalidRequest: What it says does not fit together.
    """
    fields = loads(body)
    require_supported_version(fields.need("version", integer))
    kind = fields.need("kind", text)
    if kind != _KIND:
        raise InvalidTicket(f"A write is of the kind {_KIND!r}; got {kind!r:.40}.")
    return whole(
        fields,
        lambda at: WriteTicket(
            table=at.need("table", text),
            space=at.take("space", text, None),
            mode=at.need("mode", _mode),
            keys=at.take("keys", array(text), ()),
            types=at.take("types", _types, ()),
        ),
    )


def encode_sent(sent: Sent) -> bytes:
    """The metadata of a message without rows."""
    form: dict[str, object] = {"version": PROTOCOL_VERSION, "rows": sent.rows}
    return dumps(form | {"end": True} if sent.is_end else form)


def decode_sent(body: bytes) -> Sent:
    """What these bytes say; raises InvalidTicket where it is nothing of the kind."""
    fields = loads(body)
    require_supported_version(fields.need("version", integer))
    return whole(fields, lambda at: Sent(at.need("rows", _count), at.take("end", boolean, False)))


def encode_written(written: Written) -> bytes:
    """The bytes of an answer."""
    form: dict[str, object] = {"version": PROTOCOL_VERSION, "rows": written.rows}
    return dumps(form | {"committed": True} if written.committed else form)


def decode_written(body: bytes) -> Written:
    """The answer of these bytes; raises InvalidTicket where they are none."""
    fields = loads(body)
    require_supported_version(fields.need("version", integer))
    return whole(
        fields, lambda at: Written(at.need("rows", _count), at.take("committed", boolean, False))
    )


def _check_type(column: str, declared: HanaType) -> None:
    parts = [part for part in (declared.length, declared.scale) if part is not None]
    if not _TYPE.fullmatch(declared.name) or any(not 0 <= part <= MAX_LENGTH for part in parts):
        raise InvalidRequest(
            f"The type {declared!s:.80} of column {column!r:.100} is none; write one such as "
            "NVARCHAR(40)."
        )


def _count(form: object, where: str) -> int:
    count = integer(form, where)
    if count < 0:
        raise InvalidTicket(f"{where} is a number of rows; got {count}.")
    return count


def _mode(form: object, where: str) -> WriteMode:
    return one_of(form, where, {mode: mode for mode in WRITE_MODES})


def _types(form: object, where: str) -> tuple[tuple[str, HanaType], ...]:
    fields = Fields(form, where)
    return whole(
        fields, lambda at: tuple((name, at.need(name, type_from_json)) for name in at.names())
    )
