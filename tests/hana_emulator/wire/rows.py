"""Rows as bytes: one encoder for a list of columns, compiled once and run column by column."""

import struct
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact
from typing import Any, TypeAlias

from tests.hana_emulator.values import Row, Value
from tests.hana_emulator.wire import calendar, text
from tests.hana_emulator.wire.codes import LobSource, TypeCode
from tests.hana_emulator.wire.lobs import Lob, encode_lob
from tests.hana_emulator.wire.types import WireType

EncodeColumn: TypeAlias = Callable[[Sequence[Value]], list[bytes]]
EncodeRows: TypeAlias = Callable[[Sequence[Row]], list[bytes]]
Locate: TypeAlias = Callable[[Lob], int]

NULL_DAYDATE = 3652062
NULL_SECONDTIME = 86402
NULL_SECONDDATE = 315538070401
NULL_LONGDATE = 3155380704000000001

_NULL_INDICATOR = b"\x00"
_NULL_DECIMAL = bytes(15) + b"\x70"
_DECIMAL_EXPONENT_BIAS = 6176
_34_DIGITS = Context(prec=34, rounding=ROUND_HALF_UP)
# A value with more digits behind the point than its column declares is the engine's mistake.
_SCALING = Context(prec=100, traps=[Inexact])


def row_encoder(types: Sequence[WireType], locate: Locate) -> EncodeRows:
    """A function from rows to the bytes of each row.

    Args:
        types: Of the columns, in order.
        locate: Keeps a large object for later reads and returns its locator.
    """
    encoders = [_column(kind, locate) for kind in types]

    def encode(rows: Sequence[Row]) -> list[bytes]:
        columns = zip(*rows, strict=True)
        cells = [encoder(column) for encoder, column in zip(encoders, columns, strict=True)]
        return list(map(b"".join, zip(*cells, strict=True)))

    return lambda rows: encode(rows) if rows else []


def _column(kind: WireType, locate: Locate) -> EncodeColumn:
    code = kind.code
    if code in _FIXED_WIDTH:
        return _fixed_width(*_FIXED_WIDTH[code])
    if code in _DECIMAL_BYTES:
        return _fixed_decimals(_DECIMAL_BYTES[code], kind.scale)
    if code is TypeCode.TIMESTAMP and kind.scale == 0:
        return _old_seconddates
    if code in _LOB_SOURCES:
        return _lobs(_LOB_SOURCES[code], locate)
    return _PLAIN[code]


# Code -> layout behind the value's indicator, arguments before the value, bytes of NULL.
_FIXED_WIDTH: dict[TypeCode, tuple[str, tuple[int, ...], bytes]] = {
    TypeCode.TINYINT: ("<BB", (1,), _NULL_INDICATOR),
    TypeCode.SMALLINT: ("<Bh", (1,), _NULL_INDICATOR),
    TypeCode.INT: ("<Bi", (1,), _NULL_INDICATOR),
    TypeCode.BIGINT: ("<Bq", (1,), _NULL_INDICATOR),
    TypeCode.REAL: ("<f", (), b"\xff" * 4),
    TypeCode.DOUBLE: ("<d", (), b"\xff" * 8),
    TypeCode.DAYDATE: ("<i", (), NULL_DAYDATE.to_bytes(4, "little")),
    TypeCode.SECONDTIME: ("<i", (), NULL_SECONDTIME.to_bytes(4, "little")),
    TypeCode.SECONDDATE: ("<q", (), NULL_SECONDDATE.to_bytes(8, "little")),
    TypeCode.LONGDATE: ("<q", (), NULL_LONGDATE.to_bytes(8, "little")),
}


def _fixed_width(layout: str, before: tuple[int, ...], null: bytes) -> EncodeColumn:
    pack = struct.Struct(layout).pack
    if before:
        (indicator,) = before
        return lambda column: [
            null if value is None else pack(indicator, value) for value in column
        ]
    return lambda column: [null if value is None else pack(value) for value in column]


_DECIMAL_BYTES = {TypeCode.FIXED8: 8, TypeCode.FIXED12: 12, TypeCode.FIXED16: 16}


def _fixed_decimals(width: int, scale: int) -> EncodeColumn:
    scaleb, integral = _SCALING.scaleb, _SCALING.to_integral_exact
    if width == 8:
        pack = struct.Struct("<Bq").pack
        return lambda column: [
            _NULL_INDICATOR if value is None else pack(1, int(integral(scaleb(value, scale))))
            for value in column
        ]

    def encode(value: Decimal) -> bytes:
        unscaled = int(integral(scaleb(value, scale)))
        return b"\x01" + unscaled.to_bytes(width, "little", signed=True)

    return lambda column: [_NULL_INDICATOR if value is None else encode(value) for value in column]


def encode_decimal(value: Decimal) -> bytes:
    """The 16 bytes of DECIMAL; more than 34 digits are rounded, as they have no place.

    The mantissa has no zeros at its end: node-hdb reads 1000 x 10^0 as 1000000.
    """
    sign, digits, exponent = _34_DIGITS.normalize(value).as_tuple()
    mantissa = int("".join(map(str, digits)))
    biased = int(exponent) + _DECIMAL_EXPONENT_BIAS
    return (mantissa | biased << 113 | sign << 127).to_bytes(16, "little")


def _decimals(column: Sequence[Decimal | None]) -> list[bytes]:
    return [_NULL_DECIMAL if value is None else encode_decimal(value) for value in column]


def _strings(column: Sequence[str | None]) -> list[bytes]:
    encode, frame, null = text.encode_text, text.with_length, text.NULL
    return [null if value is None else frame(encode(value)) for value in column]


def _alphanums(column: Sequence[str | None]) -> list[bytes]:
    return [text.NULL if value is None else _alphanum(value) for value in column]


def _alphanum(value: str) -> bytes:
    flag = len(value) & 0x7F | (0x80 if value.isdigit() else 0)
    return text.with_length(bytes((flag,)) + text.encode_text(value))


def _binaries(column: Sequence[bytes | Sequence[float] | None]) -> list[bytes]:
    frame, null = text.with_length, text.NULL
    return [
        null if value is None else frame(value if isinstance(value, bytes) else _vector(value))
        for value in column
    ]


def _vector(value: Sequence[float]) -> bytes:
    """The number of elements and the elements, as node-hdb reads them."""
    return struct.pack(f"<i{len(value)}f", len(value), *value)


_BOOLEANS = {None: b"\x01", False: b"\x00", True: b"\x02"}


def _booleans(column: Sequence[bool | None]) -> list[bytes]:
    return [_BOOLEANS[value] for value in column]


_OLD_DATE = struct.Struct("<Hbb")
_OLD_TIME = struct.Struct("<BBH")
_NULL_OLD = bytes(4)


def _old_date(day: int) -> bytes:
    if day == 0:
        return _NULL_OLD
    year, month, monthday = calendar.year_month_day(day)
    return _OLD_DATE.pack(year | 0x8000, month - 1, monthday)


def _old_time(second: int, milliseconds: int = 0) -> bytes:
    minutes, seconds = divmod(second, 60)
    return _OLD_TIME.pack(minutes // 60 | 0x80, minutes % 60, seconds * 1000 + milliseconds)


def _old_dates(column: Sequence[int | None]) -> list[bytes]:
    return [_old_date(value or 0) for value in column]


def _old_times(column: Sequence[int | None]) -> list[bytes]:
    return [_old_time(value - 1) if value else _NULL_OLD for value in column]


def _old_timestamps(column: Sequence[int | None]) -> list[bytes]:
    return [_old_timestamp(value) if value else _NULL_OLD * 2 for value in column]


def _old_seconddates(column: Sequence[int | None]) -> list[bytes]:
    ticks = calendar.TICKS_A_SECOND
    return _old_timestamps([(value - 1) * ticks + 1 if value else None for value in column])


def _old_timestamp(value: int) -> bytes:
    day, second, ticks = calendar.split_longdate(value)
    return _old_date(day) + _old_time(second, ticks // 10_000)


_LOB_SOURCES = {
    TypeCode.BLOB: LobSource.BLOB,
    TypeCode.CLOB: LobSource.CLOB,
    TypeCode.NCLOB: LobSource.NCLOB,
    TypeCode.TEXT: LobSource.NCLOB,
}


def _lobs(source: LobSource, locate: Locate) -> EncodeColumn:
    def encode(value: str | bytes) -> bytes:
        lob = Lob.of(value)
        return encode_lob(source, lob, locate)

    null = bytes((source, 1))
    return lambda column: [null if value is None else encode(value) for value in column]


_PLAIN: dict[TypeCode, Callable[[Sequence[Any]], list[bytes]]] = {
    TypeCode.BOOLEAN: _booleans,
    TypeCode.DECIMAL: _decimals,
    TypeCode.CHAR: _strings,
    TypeCode.VARCHAR: _strings,
    TypeCode.NCHAR: _strings,
    TypeCode.NVARCHAR: _strings,
    TypeCode.STRING: _strings,
    TypeCode.NSTRING: _strings,
    TypeCode.SHORTTEXT: _strings,
    TypeCode.ALPHANUM: _alphanums,
    TypeCode.BINARY: _binaries,
    TypeCode.VARBINARY: _binaries,
    TypeCode.ST_GEOMETRY: _binaries,
    TypeCode.ST_POINT: _binaries,
    TypeCode.REAL_VECTOR: _binaries,
    TypeCode.DATE: _old_dates,
    TypeCode.TIME: _old_times,
    TypeCode.TIMESTAMP: _old_timestamps,
}
