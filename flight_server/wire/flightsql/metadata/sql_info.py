"""The answer to GetSqlInfo: what is told, put into the arms of a dense union."""

# pyarrow-stubs 20 leaves types of fields and unions open:
# pyright: reportUnknownMemberType=false

import enum
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from flight_server.wire.flightsql.metadata.capabilities import (
    Int64,
    Told,
    capabilities,
    limits,
    server,
)
from flight_server.wire.flightsql.metadata.facts import Facts
from flight_server.wire.flightsql.metadata.schemas import SQL_INFO, SQL_INFO_VALUE


class Arm(enum.IntEnum):
    """The children of the union, in order."""

    STRING = 0
    BOOL = 1
    BIGINT = 2
    INT32 = 3
    STRINGS = 4
    INT32_MAP = 5


_KINDS: Final[Mapping[type, Arm]] = {
    str: Arm.STRING,
    type(None): Arm.STRING,  # the two infos that may be null are texts
    bool: Arm.BOOL,
    Int64: Arm.BIGINT,
    int: Arm.INT32,
    list: Arm.STRINGS,
    dict: Arm.INT32_MAP,
}


def sql_info(facts: Facts, codes: Sequence[int] = ()) -> pa.Table:
    """What a client asked for, in its order and each once; everything where it names nothing.

    Codes that are not known are left out.

    Args:
        facts: What holds for the server.
        codes: Numbers of SqlInfo.
    """
    told = {**server(facts), **capabilities(facts), **limits(facts)}
    known = {code.value: code for code in told}
    wanted = [known[code] for code in dict.fromkeys(codes or sorted(known)) if code in known]
    placed = [(_KINDS[type(told[code])], told[code]) for code in wanted]
    names: pa.Array[Any] = pa.array(wanted, pa.uint32())
    return pa.table([names, _union(placed)], schema=SQL_INFO)


def _union(placed: Sequence[tuple[Arm, Told]]) -> "pa.Array[Any]":
    values: dict[Arm, list[object]] = {arm: [] for arm in Arm}
    offsets: list[int] = []
    for arm, value in placed:
        offsets.append(len(values[arm]))
        values[arm].append(list(value.items()) if isinstance(value, dict) else value)
    fields: list[pa.Field[Any]] = [SQL_INFO_VALUE.field(arm) for arm in Arm]
    children: list[pa.Array[Any]] = [pa.array(values[arm], fields[arm].type) for arm in Arm]
    return pa.UnionArray.from_dense(
        pa.array([arm for arm, _ in placed], pa.int8()),
        pa.array(offsets, pa.int32()),
        children,
        [field.name for field in fields],
    )
