"""The parts that describe the columns of a result and the markers of a statement."""

import struct
from collections.abc import Sequence

from tests.hana_emulator.values import Marker, ResultColumn
from tests.hana_emulator.wire.codes import PartKind
from tests.hana_emulator.wire.framing import Part
from tests.hana_emulator.wire.text import encode_text, with_length
from tests.hana_emulator.wire.types import WireType

_COLUMN = struct.Struct("<BBhhhIIII")
_MARKER = struct.Struct("<BBBxIhhI")
_NO_NAME = 0xFFFFFFFF
_MANDATORY, _OPTIONAL = 1, 2
_INPUT = 1


class _Names:
    """The names behind the fixed fields; each is written once and found by its offset."""

    def __init__(self) -> None:
        self._offsets: dict[str, int] = {}
        self._length = 0
        self.pieces: list[bytes] = []

    def offset(self, name: str) -> int:
        if not name:
            return _NO_NAME
        if name not in self._offsets:
            piece = with_length(encode_text(name))
            self._offsets[name] = self._length
            self._length += len(piece)
            self.pieces.append(piece)
        return self._offsets[name]


def result_metadata(columns: Sequence[ResultColumn], types: Sequence[WireType]) -> Part:
    """RESULTSETMETADATA."""
    names = _Names()
    fields = [
        _COLUMN.pack(
            _OPTIONAL if column.nullable else _MANDATORY,
            kind.code,
            kind.scale,
            kind.precision,
            0,
            names.offset(column.table),
            names.offset(column.schema),
            names.offset(column.name),
            names.offset(column.name),
        )
        for column, kind in zip(columns, types, strict=True)
    ]
    return Part(PartKind.RESULT_SET_METADATA, len(fields), (*fields, *names.pieces))


def parameter_metadata(markers: Sequence[Marker], types: Sequence[WireType]) -> Part:
    """PARAMETERMETADATA."""
    names = _Names()
    fields = [
        _MARKER.pack(
            _OPTIONAL,
            kind.code,
            _INPUT,
            names.offset(marker.name),
            kind.precision,
            kind.scale,
            0,
        )
        for marker, kind in zip(markers, types, strict=True)
    ]
    return Part(PartKind.PARAMETER_METADATA, len(fields), (*fields, *names.pieces))
