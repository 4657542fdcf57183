"""Streams rows into a table of the server, all of them or none; knows no frame library."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

import pyarrow as pa

from flight_client.measuring import measured
from flight_client.progress import meter
from flight_client.protocol.catalog import HanaType
from flight_client.protocol.commands import (
    EXECUTE,
    Execution,
    decode_executed,
    encode_execution,
)
from flight_client.protocol.errors import Error, InternalError, InvalidRequest, OutcomeUnknown
from flight_client.protocol.schemas import hana_type
from flight_client.protocol.writes import (
    DEFINING,
    WriteMode,
    WriteTicket,
    encode_write,
    parse_type,
)
from flight_client.rows import Rows, cut, rows_of
from flight_client.sending import Sending
from flight_client.transport import Transport

Declared: TypeAlias = str | HanaType | pa.DataType
"""A type of a new column: ``NVARCHAR(40)``, a ``HanaType``, or an Arrow type."""

UNKNOWN: Final = "unknown"
NOTHING: Final = "nothing"
"""What of a write that failed was kept, as ``outcome`` in the details of the error."""

_NOTHING_KEPT: Final = "Nothing was kept."
_NOBODY_KNOWS: Final = (
    "It happened at the end: whether the change was kept is not known; look before you repeat it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Where and how rows are written, as ``Client.write`` has it."""

    table: str
    space: str | None
    mode: WriteMode
    keys: Sequence[str] | None
    types: Mapping[str, Declared] | None
    batch_rows: int | None
    progress: bool | None


def write(transport: Transport, data: object, wish: Wish) -> int:
    """Write the rows of ``data``; how many they are.

    Raises:
        InvalidRequest: What is wished does not fit together, or the data are no rows.
        Error: Nothing was kept, or where ``outcome`` in the details is ``unknown``, maybe all.
    """
    if wish.batch_rows is not None and wish.batch_rows < 1:
        raise InvalidRequest(f"batch_rows is a number of rows from 1; got {wish.batch_rows}.")
    rows = rows_of(data)
    command = encode_write(_ticket(wish, rows))
    total = None if rows.table is None else rows.table.num_rows
    with meter(total_rows=total, wanted=wish.progress) as taken:
        sending = Sending(
            lambda: transport.put(command, rows.schema),
            idle_timeout_s=transport.idle_timeout_s,
            taken=taken,
        )
        return _sent(sending, cut(rows.batches, wish.batch_rows))


def _sent(sending: Sending, batches: Iterable[pa.RecordBatch]) -> int:
    """Send everything; the number of rows that were kept."""
    try:
        with sending:
            for batch in batches:
                sending.send(batch)
            return sending.finish()
    except Error as error:
        raise _told(error, may_be_kept=sending.may_be_kept, else_said=_NOTHING_KEPT) from None
    except KeyboardInterrupt as interrupt:
        if sending.may_be_kept:
            interrupt.add_note(_NOBODY_KNOWS)
        raise


def execute(transport: Transport, execution: Execution) -> int | None:
    """Run a change; the rows it changed, None where the database does not say.

    Raises:
        Error: As ``write``.
    """
    try:
        answers = transport.act(EXECUTE, encode_execution(execution), tries=1)
    except Error as error:
        raise _told(error, may_be_kept=True) from None
    if len(answers) != 1:
        raise InternalError(f"The server answered the change {len(answers)} times, not once.")
    return decode_executed(answers[0]).rows


def _ticket(wish: Wish, rows: Rows) -> WriteTicket:
    if not isinstance(wish.types, Mapping | None):  # pyright: ignore[reportUnnecessaryIsInstance] - callers err
        raise InvalidRequest("types is a mapping such as {'NAME': 'NVARCHAR(40)'}.")
    types = {name: _type(name, declared) for name, declared in (wish.types or {}).items()}
    if wish.mode in DEFINING:
        fields: list[pa.Field[Any]] = list(rows.schema)
        for field in fields:
            if field.name not in types:
                hana_type(field)  # refused before the first row is sent
        if rows.table is not None:
            types = measured(rows.table) | types
    return WriteTicket(
        table=wish.table,
        space=wish.space,
        mode=wish.mode,
        keys=_keys(wish.keys),
        types=tuple(types.items()),
    )


def _keys(keys: object) -> tuple[str, ...]:
    if keys is None:
        return ()
    if isinstance(keys, str) or not isinstance(keys, Iterable):
        raise InvalidRequest(f"keys is a list of names; write [{keys!r:.80}].")
    return tuple(cast("Iterable[str]", keys))


def _type(name: str, declared: object) -> HanaType:
    match declared:
        case str():
            return parse_type(declared)
        case HanaType():
            return declared
        case pa.DataType():
            return hana_type(cast("pa.Field[Any]", pa.field(name, declared)))
        case _:
            raise InvalidRequest(
                f"The type of column {name!r:.80} is a text such as NVARCHAR(40), a HanaType or an "
                f"Arrow type; got {declared!r:.80}."
            )


def _told(error: Error, *, may_be_kept: bool, else_said: str = "") -> Error:
    """The error with what was kept; only the server's own word says that it was nothing."""
    if error.details.get("outcome") == UNKNOWN:
        return error
    details = error.details
    if may_be_kept and "address" in details and details.get("reached", True):
        told: Error = OutcomeUnknown(f"{error.message} {_NOBODY_KNOWS}", incident=error.incident)
    else:
        more = "" if "kept" in error.message or isinstance(error, OutcomeUnknown) else else_said
        told = type(error)(f"{error.message} {more}".rstrip(), incident=error.incident)
    outcome = UNKNOWN if isinstance(told, OutcomeUnknown) else NOTHING
    told.details = {**details, "outcome": outcome}
    return told
