"""Reads a pyarrow.compute expression as a filter; what has no exact counterpart is refused.

pyarrow shows the structure of an expression nowhere but in its pickled form: an Arrow IPC file
whose schema metadata spells the calls in order, and whose one row holds the constants
[arrow/cpp/src/arrow/compute/expression.cc, Serialize]. The metadata has the same key many times,
so it is read through the Arrow C data interface, and a layout that is not recognised is refused.
"""

import ctypes
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeAlias, cast

import pyarrow as pa
import pyarrow.compute as pc

from flight_client.protocol.errors import InvalidFilter
from flight_client.protocol.filters import And, Comparison, Filter, Operator, Or
from flight_client.protocol.literals import LiteralValue, check_literal
from flight_client.scalars import to_python


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the entity."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal; None is NULL."""

    value: object


@dataclass(frozen=True, slots=True)
class Call:
    """A compute function over nodes, with its options by name."""

    function: str
    arguments: "tuple[Node, ...]"
    options: "dict[str, object]"


Node: TypeAlias = Field | Constant | Call

_COMPARED: Final[dict[str, Operator]] = {
    "equal": "=",
    "not_equal": "!=",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
}
_MIRRORED: Final[dict[Operator, Operator]] = {
    "=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<=",
}  # fmt: skip
_NEGATED: Final[dict[Operator, Operator]] = {
    "=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">",
    "in": "not in", "not in": "in", "like": "not like", "not like": "like",
    "is null": "is not null", "is not null": "is null",
}  # fmt: skip
"""NOT of a comparison; NULL satisfies neither, as in SQL."""

_MATCH: Final = 0
_SKIP: Final = 1
"""Values of null_matching_behavior [arrow/compute/api_scalar.h, SetLookupOptions]."""


def from_expression(expression: pc.Expression) -> Filter:
    """The filter with the same meaning as an expression.

    Raises:
        InvalidFilter: Naming the function that no filter has.
    """
    try:
        return _filter(parse(expression), negated=False)
    except RecursionError:
        raise InvalidFilter(
            "The expression is nested too deeply; write alternatives of one column with isin."
        ) from None


def parse(expression: pc.Expression) -> Node:
    """The structure of an expression.

    Raises:
        InvalidFilter: It cannot be told, for example a column by position.
    """
    try:
        serialized: object = expression.__reduce__()[1][0]  # pyright: ignore[reportUnknownVariableType, reportIndexIssue]
        if not isinstance(serialized, pa.Buffer):
            _unknown_layout(expression)
        with pa.ipc.open_file(serialized) as file:
            steps = iter(_metadata(file.schema))
            constants = file.get_batch(0)
    except pa.ArrowException as error:
        raise InvalidFilter(f"The expression {expression} is no filter: {error}.") from None
    try:
        node = _node(*next(steps), steps, constants)
    except (StopIteration, ValueError, IndexError):
        _unknown_layout(expression)
    return node


def _unknown_layout(expression: object) -> NoReturn:
    raise InvalidFilter(
        f"pyarrow {pa.__version__} does not tell the structure of {expression!s:.200}; write the "
        "filter as tuples."
    )


class _ArrowSchema(ctypes.Structure):
    """struct ArrowSchema [Arrow C data interface], as far as it is read."""

    _fields_ = (
        ("format", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("metadata", ctypes.c_void_p),
    )


def _metadata(schema: pa.Schema) -> list[tuple[str, str]]:
    """Every pair of the metadata in order, where ``schema.metadata`` keeps one of each key."""
    capsule = schema.__arrow_c_schema__()
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    exported = _ArrowSchema.from_address(pointer_of(capsule, b"arrow_schema"))
    address = cast("int | None", exported.metadata)
    if not address:
        return []

    def take(count: int) -> bytes:
        nonlocal address
        assert address  # noqa: S101 - checked above
        content = ctypes.string_at(address, count)
        address += count
        return content

    def number() -> int:
        return int.from_bytes(take(4), sys.byteorder, signed=True)

    return [(take(number()).decode(), take(number()).decode()) for _ in range(number())]


def _node(
    kind: str, value: str, steps: Iterator[tuple[str, str]], constants: pa.RecordBatch
) -> Node:
    match kind:
        case "field_ref":
            return Field(value)
        case "literal":
            return Constant(to_python(_constant(constants, value)))
        case "call":
            return _call(value, steps, constants)
        case "nested_field_ref":
            raise InvalidFilter("A filter compares whole columns; the expression takes a part.")
        case _:
            raise ValueError(kind)


def _call(function: str, steps: Iterator[tuple[str, str]], constants: pa.RecordBatch) -> Call:
    arguments: list[Node] = []
    options: dict[str, object] = {}
    for kind, value in steps:
        if kind == "end":
            if value != function:
                raise ValueError(value)
            return Call(function, tuple(arguments), options)
        if kind == "options":
            fields = cast("pa.StructScalar", _constant(constants, value))
            options = {name: cast("object", fields[name]) for name in fields}
        else:
            arguments.append(_node(kind, value, steps, constants))
    raise ValueError(function)


def _constant(constants: pa.RecordBatch, index: str) -> "pa.Scalar[Any]":
    return cast("pa.Array[Any]", constants.column(int(index)))[0]


def _filter(node: Node, *, negated: bool) -> Filter:
    match node:
        case Call("invert", (term,)):
            return _filter(term, negated=not negated)
        case Call("and_kleene" | "or_kleene" as function, (left, right)):
            joined = (function == "and_kleene") != negated
            terms = (_filter(left, negated=negated), _filter(right, negated=negated))
            return And(_flat(And, terms)) if joined else Or(_flat(Or, terms))
        case Call("is_in", (Field(name),), options):
            return _is_in(name, options, negated=negated)
        case Field(name):
            return Comparison(name, "=", (not negated,))
        case _:
            leaf = _comparison(node)
            return Comparison(leaf.column, _NEGATED[leaf.op], leaf.values) if negated else leaf


def _flat(kind: type[And] | type[Or], terms: tuple[Filter, ...]) -> tuple[Filter, ...]:
    """The terms of ``a & b & c`` in one level: pyarrow nests them, and a filter has 32 levels."""
    flat: list[Filter] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, And | Or) and type(term) is kind else (term,))
    return tuple(flat)


def _comparison(node: Node) -> Comparison:
    match node:
        case Call(function, (Field(name), Constant(value))) if function in _COMPARED:
            return Comparison(name, _COMPARED[function], (_literal(name, value),))
        case Call(function, (Constant(value), Field(name))) if function in _COMPARED:
            mirrored = _MIRRORED[_COMPARED[function]]
            return Comparison(name, mirrored, (_literal(name, value),))
        case Call("is_null", (Field(name),), options):
            if to_python(options.get("nan_is_null")):
                raise InvalidFilter("HANA stores no NaN; write is_null() without nan_is_null.")
            return Comparison(name, "is null")
        case Call("is_valid", (Field(name),)):
            return Comparison(name, "is not null")
        case Call("match_like", (Field(name),), options):
            if to_python(options.get("ignore_case")):
                raise InvalidFilter("A filter compares text exactly; leave ignore_case out.")
            return Comparison(name, "like", (_literal(name, to_python(options.get("pattern"))),))
        case _:
            raise InvalidFilter(_refusal(node))


def _refusal(node: Node) -> str:
    match node:
        case Call("and" | "and_" | "or" | "or_" as function):
            sign = "&" if function.startswith("and") else "|"
            return f"The function {function!r} gives NULL where SQL does not; join with {sign}."
        case Call(function) if function in _COMPARED:
            return (
                f"{_COMPARED[function]!r} in a filter compares a column with a constant; "
                "compute the rest after reading, or use client.sql."
            )
        case Call(function):
            return (
                f"The function {function!r} has no place in a filter; use comparisons, &, |, ~, "
                "isin, is_null, is_valid and match_like, or client.sql."
            )
        case _:
            return "A filter has a column in it; a constant alone is none."


def _is_in(name: str, options: dict[str, object], *, negated: bool) -> Filter:
    """``isin`` is never NULL: with NULL among the values it finds NULL, negated it keeps NULL."""
    behavior = to_python(options.get("null_matching_behavior"))
    if behavior not in (_MATCH, _SKIP):
        raise InvalidFilter("isin with another null_matching_behavior than MATCH has no filter.")
    given = cast("list[object]", list(cast("pa.ListScalar[Any]", options["value_set"])))
    found = [to_python(value) for value in given]
    values = tuple(_literal(name, value) for value in found if value is not None)
    finds_null = behavior == _MATCH and len(values) < len(found)
    present = Comparison(name, "is not null" if negated else "is null")
    if not values and finds_null:
        return present
    listed = Comparison(name, "not in" if negated else "in", values)
    if negated:
        return listed if finds_null else Or((listed, Comparison(name, "is null")))
    return Or((listed, present)) if finds_null else listed


def _literal(column: str, value: object) -> LiteralValue:
    if value is None:
        raise InvalidFilter(
            f"Column {column!r} is compared with NULL, which is never true; use is_null().",
            column=column,
        )
    try:
        return check_literal(value)
    except InvalidFilter as error:
        raise InvalidFilter(f"Column {column!r}: {error.message}", column=column) from None
