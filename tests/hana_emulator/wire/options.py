"""Option parts: keys with typed values, on one line or on several; knows no particular key."""

import struct
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from tests.hana_emulator.wire.codes import OptionType, PartKind
from tests.hana_emulator.wire.framing import Part, ReceivedPart
from tests.hana_emulator.wire.text import WireError, decode_text, encode_text

OptionValue: TypeAlias = bool | int | float | str | bytes
Option: TypeAlias = tuple[int, OptionType, OptionValue]

_FIXED = {
    OptionType.TINYINT: struct.Struct("<b"),
    OptionType.INT: struct.Struct("<i"),
    OptionType.BIGINT: struct.Struct("<q"),
    OptionType.DOUBLE: struct.Struct("<d"),
    OptionType.BOOLEAN: struct.Struct("<?"),
}
_U2 = struct.Struct("<H")


def options_part(kind: PartKind, options: Sequence[Option]) -> Part:
    """A part with one line of options."""
    return Part(kind, len(options), (_line(options),))


def lines_part(kind: PartKind, lines: Sequence[Sequence[Option]]) -> Part:
    """A part with several lines of options, for example one for each host."""
    return Part(kind, len(lines), [_U2.pack(len(line)) + _line(line) for line in lines])


def read_options(part: ReceivedPart) -> dict[int, OptionValue]:
    """The options of a part by key.

    Raises:
        WireError: a type of value that is none, or too few bytes.
    """
    options: dict[int, OptionValue] = {}
    offset = 0
    body = part.body
    try:
        for _ in range(part.count):
            key, code = body[offset], body[offset + 1]
            options[key], offset = _read_value(body, offset + 2, OptionType(code))
    except (struct.error, IndexError, ValueError):
        message = f"the options of part {part.kind} are broken at byte {offset}"
        raise WireError(message) from None
    return options


def _line(options: Iterable[Option]) -> bytes:
    return b"".join(bytes((key, code)) + _value(code, value) for key, code, value in options)


def _value(code: OptionType, value: OptionValue) -> bytes:
    if (fixed := _FIXED.get(code)) is not None:
        return fixed.pack(value)
    data = encode_text(value) if isinstance(value, str) else bytes(value)
    return _U2.pack(len(data)) + data


def _read_value(body: memoryview, offset: int, code: OptionType) -> tuple[OptionValue, int]:
    if (fixed := _FIXED.get(code)) is not None:
        return fixed.unpack_from(body, offset)[0], offset + fixed.size
    (length,) = _U2.unpack_from(body, offset)
    data = bytes(body[offset + 2 : offset + 2 + length])
    return data if code is OptionType.BSTRING else decode_text(data), offset + 2 + length
