"""Rows of parameters as clients send them; values are decoded by the type that was sent."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import TypeAlias

from tests.hana_emulator.values import Value
from tests.hana_emulator.wire import calendar
from tests.hana_emulator.wire.codes import LobOption, TypeCode
from tests.hana_emulator.wire.framing import ReceivedPart
from tests.hana_emulator.wire.rows import (
    NULL_DAYDATE,
    NULL_LONGDATE,
    NULL_SECONDDATE,
    NULL_SECONDTIME,
)
from tests.hana_emulator.wire.text import WireError, decode_text, read_with_length
from tests.hana_emulator.wire.types import WireType

_NULL_BIT = 0x80
_SECONDTIME_NULL = 0xB0  # noted by go-hdb: NULL of SECONDTIME has this code, not 64 | 0x80
_LOB_DESCRIPTOR = struct.Struct("<Bii")
_EXACT = Context(prec=100)
_DECIMAL_EXPONENT_BIAS = 6176

Decode: TypeAlias = Callable[[memoryview, int, WireType], tuple[Value, int]]


@dataclass(slots=True)
class IncomingLob:
    """A large object of a parameter, of which pieces may still be missing."""

    is_text: bool
    complete: bool
    pieces: list[bytes] = field(default_factory=list)

    def append(self, data: bytes, *, last: bool) -> None:
        """Take the next piece."""
        self.pieces.append(data)
        self.complete = last

    @property
    def value(self) -> str | bytes:
        """All of it.

        Raises:
            WireError: the text is not CESU-8.
        """
        data = b"".join(self.pieces)
        return decode_text(data) if self.is_text else data


@dataclass(frozen=True, slots=True)
class SentValue:
    """A value and the type code under which it came; large objects are an `IncomingLob`."""

    code: TypeCode
    value: Value


def read_parameters(part: ReceivedPart, types: Sequence[WireType]) -> list[list[SentValue]]:
    """PARAMETERS: for each row its values, by the described types of the markers.

    Raises:
        WireError: an unknown type code, or values that end behind the part.
    """
    body, offset = part.body, 0
    rows: list[list[SentValue]] = []
    try:
        for _ in range(part.count):
            row, offset = _read_row(body, offset, types)
            rows.append(row)
    except (struct.error, IndexError):
        message = f"the parameters of row {len(rows) + 1} end behind their part"
        raise WireError(message) from None
    return rows


def _read_row(
    body: memoryview, offset: int, types: Sequence[WireType]
) -> tuple[list[SentValue], int]:
    start = offset
    row: list[SentValue] = []
    pending: list[tuple[IncomingLob, int, int]] = []
    for kind in types:
        code = body[offset]
        offset += 1
        if code & _NULL_BIT:
            row.append(SentValue(_null_code(code), None))
        elif code in _LOBS:
            options, length, position = _LOB_DESCRIPTOR.unpack_from(body, offset)
            offset += _LOB_DESCRIPTOR.size
            lob = _lob(code, options)
            row.append(SentValue(TypeCode(code), lob))
            if lob is not None and options & LobOption.DATA_INCLUDED:
                pending.append((lob, length, position))
        elif (decode := _DECODERS.get(code)) is not None:
            value, offset = decode(body, offset, kind)
            row.append(SentValue(TypeCode(code), value))
        else:
            message = f"a parameter has the unknown type code {code}"
            raise WireError(message)
    return row, _read_lob_data(body, start, offset, pending)


def _lob(code: int, options: int) -> IncomingLob | None:
    if options & LobOption.NULL:
        return None
    return IncomingLob(code != TypeCode.BLOB, complete=bool(options & LobOption.LAST_DATA))


def _read_lob_data(
    body: memoryview, start: int, offset: int, pending: Sequence[tuple[IncomingLob, int, int]]
) -> int:
    """Data follow the row's values in order, which the clients say in their own ways.

    hdbcli, hana-client and go-hdb count positions from the part's first byte, which is 0; node-hdb
    from the row's, which is 1. HANA takes all of them.
    """
    for lob, length, position in pending:
        data = bytes(body[offset : offset + length])
        if length and position not in (offset, offset - start + 1):
            message = f"the data of a large object are at {position}, expected at {offset}"
            raise WireError(message)
        if len(data) != length:
            raise IndexError
        lob.pieces.append(data)
        offset += length
    return offset


def _null_code(code: int) -> TypeCode:
    if code == _SECONDTIME_NULL:
        return TypeCode.SECONDTIME
    try:
        return TypeCode(code & ~_NULL_BIT)
    except ValueError:
        return TypeCode.STRING


_LOBS = frozenset((TypeCode.CLOB, TypeCode.NCLOB, TypeCode.BLOB, TypeCode.TEXT))


def _fixed(layout: str, null: int | None = None) -> Decode:
    reader = struct.Struct(layout)

    def decode(body: memoryview, offset: int, _kind: WireType) -> tuple[Value, int]:
        (value,) = reader.unpack_from(body, offset)
        return None if null is not None and value == null else value, offset + reader.size

    return decode


def _scaled(width: int) -> Decode:
    def decode(body: memoryview, offset: int, kind: WireType) -> tuple[Value, int]:
        data = body[offset : offset + width]
        if len(data) != width:
            raise IndexError
        value = Decimal(int.from_bytes(data, "little", signed=True))
        return _EXACT.scaleb(value, -kind.scale), offset + width

    return decode


def _decimal(body: memoryview, offset: int, _kind: WireType) -> tuple[Value, int]:
    data = body[offset : offset + 16]
    if data[15] & 0x70 == 0x70:
        return None, offset + 16
    return decode_decimal(data), offset + 16


def decode_decimal(data: bytes | memoryview) -> Decimal:
    """The value of the 16 bytes of a DECIMAL that is not NULL."""
    bits = int.from_bytes(data, "little")
    sign, exponent = bits >> 127, (bits >> 113 & 0x3FFF) - _DECIMAL_EXPONENT_BIAS
    digits = tuple(map(int, str(bits & (1 << 113) - 1)))
    return Decimal((sign, digits, exponent))


def _boolean(body: memoryview, offset: int, _kind: WireType) -> tuple[Value, int]:
    value = body[offset]
    return None if value == 1 else value == 2, offset + 1


def _string(body: memoryview, offset: int, _kind: WireType) -> tuple[Value, int]:
    data, offset = read_with_length(body, offset)
    return None if data is None else decode_text(data), offset


def _binary(body: memoryview, offset: int, _kind: WireType) -> tuple[Value, int]:
    return read_with_length(body, offset)


_OLD_DATE = struct.Struct("<Hbb")
_OLD_TIME = struct.Struct("<BBH")


def _old_date(body: memoryview, offset: int, _kind: WireType) -> tuple[Value, int]:
    year, month, day = _OLD_DATE.unpack_from(body, offset)
    if not year & 0x8000:
        return None, offset + 4
    return calendar.day_number(year & 0x3FFF, month + 1, day), offset + 4


def _old_milliseconds(body: memoryview, offset: int) -> int | None:
    hour, minute, milliseconds = _OLD_TIME.unpack_from(body, offset)
    if not hour & 0x80:
        return None
    return int(((hour & 0x7F) * 60 + minute) * 60_000 + milliseconds)


def _old_time(body: memoryview, offset: int, _kind: WireType) -> tuple[Value, int]:
    milliseconds = _old_milliseconds(body, offset)
    return None if milliseconds is None else milliseconds // 1000 + 1, offset + 4


def _old_timestamp(body: memoryview, offset: int, kind: WireType) -> tuple[Value, int]:
    day, offset = _old_date(body, offset, kind)
    milliseconds = _old_milliseconds(body, offset)
    if day is None or milliseconds is None:
        return None, offset + 4
    return calendar.longdate(day) + milliseconds * 10_000, offset + 4


_DECODERS: dict[int, Decode] = {
    TypeCode.TINYINT: _fixed("<B"),
    TypeCode.SMALLINT: _fixed("<h"),
    TypeCode.INT: _fixed("<i"),
    TypeCode.BIGINT: _fixed("<q"),
    TypeCode.REAL: _fixed("<f"),
    TypeCode.DOUBLE: _fixed("<d"),
    TypeCode.BOOLEAN: _boolean,
    TypeCode.DECIMAL: _decimal,
    TypeCode.FIXED8: _scaled(8),
    TypeCode.FIXED12: _scaled(12),
    TypeCode.FIXED16: _scaled(16),
    TypeCode.DAYDATE: _fixed("<i", NULL_DAYDATE),
    TypeCode.SECONDTIME: _fixed("<i", NULL_SECONDTIME),
    TypeCode.SECONDDATE: _fixed("<q", NULL_SECONDDATE),
    TypeCode.LONGDATE: _fixed("<q", NULL_LONGDATE),
    TypeCode.DATE: _old_date,
    TypeCode.TIME: _old_time,
    TypeCode.TIMESTAMP: _old_timestamp,
    **dict.fromkeys(
        (
            TypeCode.CHAR,
            TypeCode.VARCHAR,
            TypeCode.NCHAR,
            TypeCode.NVARCHAR,
            TypeCode.STRING,
            TypeCode.NSTRING,
            TypeCode.SHORTTEXT,
            TypeCode.ALPHANUM,
        ),
        _string,
    ),
    **dict.fromkeys((TypeCode.BINARY, TypeCode.VARBINARY, TypeCode.BSTRING), _binary),
}
