"""A plan evaluated over an Arrow table: which rows, in which order; knows no stream and no SQL.

It is the plain reading of what a plan means, against which the databases are compared.
"""

import zlib
from functools import partial, reduce
from typing import Any, Final, TypeAlias, cast

import pyarrow as pa
import pyarrow.compute as pc

from flight_client.protocol.catalog import Column
from flight_client.protocol.filters import And, Comparison, Filter, Operator, Or
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.tickets import OrderKey, Sample
from flight_server.planning.families import Family, family
from flight_server.planning.names import find_column
from flight_server.planning.plan import KeyRange, ReadPlan, RowRun, Slice
from flight_server.planning.ranges import key_range

_Values: TypeAlias = "pa.ChunkedArray[Any]"

_WIDE: Final = pa.decimal256(76, 38)
"""Holds every decimal with 38 digits before the point and 38 behind."""


def selected(table: pa.Table, plan: ReadPlan) -> pa.Table:
    """The rows and columns of a plan; a projection shares the table's buffers.

    Args:
        table: All columns of the entity, in the Arrow types that the plan's schema promises.
        plan: Without arguments.
    """
    sampled = None if plan.sample is None else _in_sample(table.num_rows, plan.sample)
    if isinstance(plan.slice, RowRun):
        first, length = _run(plan.slice, table.num_rows)
        table = table.slice(first, length)
        sampled = None if sampled is None else sampled.slice(first, length)
    masks = [
        *([] if plan.where is None else [_satisfies(table, plan, plan.where)]),
        *([_in_part(table, plan.slice)] if isinstance(plan.slice, Slice) else []),
        *([] if sampled is None else [sampled]),
    ]
    wanted = [column.name for column in plan.columns]
    sorting = [key.column for key in plan.order_by if key.column not in wanted]
    rows = table.select([*wanted, *sorting])
    if masks:
        rows = rows.filter(reduce(_both, masks))  # a mask of NULL drops the row
    for key in reversed(plan.order_by):
        rows = _sorted(rows, key)
    rows = rows.slice(plan.offset, plan.limit)
    return rows.select(wanted)


def extremes(rows: pa.Table, column: Column) -> KeyRange | None:
    """Least and greatest value of a column; None where there is none."""
    found = cast("dict[str, object]", pc.min_max(rows.column(column.name)).as_py())
    return key_range(found["min"], found["max"], column)


def _call(function: str, *operands: object, options: pc.FunctionOptions | None = None) -> _Values:
    """One function of Arrow's compute kernel, by its own name; the stubs know few of them."""
    return cast("_Values", pc.call_function(function, list(operands), options))  # pyright: ignore[reportUnknownMemberType, reportArgumentType]


_both: Final = partial(_call, "and_kleene")
_either: Final = partial(_call, "or_kleene")


def _satisfies(table: pa.Table, plan: ReadPlan, tree: Filter) -> _Values:
    match tree:
        case And(terms):
            return reduce(_both, (_satisfies(table, plan, term) for term in terms))
        case Or(terms):
            return reduce(_either, (_satisfies(table, plan, term) for term in terms))
        case Comparison(column, op, values):
            operand = table.column(column)
            declared = find_column(plan.entity, column).type
            if family(declared) is Family.FLOATING_DECIMAL and values:
                operand = operand.cast(_WIDE)
            return _compared(operand, op, values)


def _compared(operand: _Values, op: Operator, values: tuple[LiteralValue, ...]) -> _Values:
    constants = [_constant(value, operand.type) for value in values]
    match op:
        case "between":
            low, high = constants
            return _both(_call("greater_equal", operand, low), _call("less_equal", operand, high))
        case "in":
            return _member(operand, values)
        case "not in":
            return _call("invert", _member(operand, values))
        case "like":
            return _like(operand, values)
        case "not like":
            return _call("invert", _like(operand, values))
        case _:
            return _call(_FUNCTIONS[op], operand, *constants)


_FUNCTIONS: Final[dict[Operator, str]] = {
    "=": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
    "is null": "is_null",
    "is not null": "is_valid",
}


def _constant(value: LiteralValue | None, kind: pa.DataType) -> object:
    return cast("object", pa.scalar(value, type=kind))


def _like(operand: _Values, values: tuple[LiteralValue, ...]) -> _Values:
    (pattern,) = values
    return _call("match_like", operand, options=pc.MatchSubstringOptions(str(pattern)))


def _member(operand: _Values, values: tuple[LiteralValue, ...]) -> _Values:
    """Whether a value is one of these; NULL for NULL, which Arrow's own ``is_in`` calls false."""
    known = cast("pa.Array[Any]", pa.array(values, type=operand.type))
    found = _call("is_in", operand, options=pc.SetLookupOptions(known))
    return _call("if_else", _call("is_valid", operand), found, _constant(None, pa.bool_()))


def _run(run: RowRun, rows: int) -> tuple[int, int]:
    """First row and number of rows of a run."""
    first = rows * run.number // run.of
    return first, rows * (run.number + 1) // run.of - first


def _in_part(table: pa.Table, part: Slice) -> _Values:
    operand = table.column(part.by.name)
    keys = operand if family(part.by.type) is Family.INTEGER else _hashes(operand)
    keys, count = keys.cast(pa.int64()), _constant(part.of, pa.int64())
    cut = _call("multiply", _call("divide", keys, count), count)
    remainder = _call("subtract", keys, cut)  # of the sign of the key, as Arrow divides
    negative = _call("less", remainder, _constant(0, pa.int64()))
    remainder = _call("if_else", negative, _call("add", remainder, count), remainder)
    found = _call("equal", remainder, _constant(part.number, pa.int64()))
    return _call("coalesce", found, _constant(part.number == 0, pa.bool_()))


def _hashes(operand: _Values) -> _Values:
    """A number for each value, the same in every process; NULL for NULL."""
    distinct = cast("pa.Array[Any]", cast("object", _call("unique", operand)))
    numbers = [zlib.crc32(str(value).encode()) for value in distinct.to_pylist()]
    places = _call("index_in", operand, options=pc.SetLookupOptions(distinct, skip_nulls=True))
    return _call("take", pa.array(numbers, pa.int64()), places)


def _in_sample(rows: int, sample: Sample) -> _Values:
    """By position in the whole table, so that a seed keeps its rows under any filter and slice."""
    seed = "system" if sample.seed is None else sample.seed
    chance = pc.random(rows, initializer=seed)
    return _call("less", chance, _constant(sample.fraction, pa.float64()))


def _sorted(rows: pa.Table, key: OrderKey) -> pa.Table:
    nulls = key.nulls or ("last" if key.descending else "first")
    options = pc.ArraySortOptions(
        "descending" if key.descending else "ascending",
        null_placement="at_start" if nulls == "first" else "at_end",
    )
    indices = _call("array_sort_indices", rows.column(key.column), options=options)
    return cast("pa.Table", cast("object", _call("take", rows, indices)))
