"""What a filter means for one row, in plain Python: the oracle beside databases."""

import operator
import re
import struct
from collections.abc import Callable, Mapping
from datetime import date, datetime, time

from flight_client.protocol.catalog import HanaType
from flight_client.protocol.filters import And, Comparison, Filter, Operator, Or
from flight_client.protocol.literals import LiteralValue

Row = Mapping[str, LiteralValue | None]


def satisfies(tree: Filter, row: Row, types: Mapping[str, HanaType]) -> bool:
    """Whether the row passes; NULL passes ``is null`` only."""
    match tree:
        case And(terms):
            return all(satisfies(term, row, types) for term in terms)
        case Or(terms):
            return any(satisfies(term, row, types) for term in terms)
        case Comparison(name, op, values):
            constants = [_meant(value, types[name]) for value in values]
            if row[name] is None:
                return op == "is null"
            return _OPERATORS[op](row[name], *constants)


def like(text: str, pattern: str) -> bool:
    """LIKE with a backslash before ``%``, ``_`` and itself."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    expression = "".join(wild.get(part) or re.escape(part[-1]) for part in parts)
    return re.fullmatch(expression, text, re.DOTALL) is not None


_OPERATORS: dict[Operator, Callable[..., bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, *constants: value in constants,
    "not in": lambda value, *constants: value not in constants,
    "between": lambda value, low, high: low <= value <= high,
    "like": like,
    "not like": lambda value, pattern: not like(value, pattern),
    "is null": lambda _: False,
    "is not null": lambda _: True,
}


def _meant(constant: LiteralValue, declared: HanaType) -> LiteralValue:
    """The constant as documented: beside a float the nearest one, beside a timestamp midnight."""
    match declared.name, constant:
        case "DOUBLE", _:
            return float(constant)
        case "REAL", _:
            try:
                return struct.unpack("<f", struct.pack("<f", float(constant)))[0]
            except OverflowError:
                return float(constant)
        case (("SECONDDATE" | "TIMESTAMP"), date()) if not isinstance(constant, datetime):
            return datetime.combine(constant, time())
        case _:
            return constant
