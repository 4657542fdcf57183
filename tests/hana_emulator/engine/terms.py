"""A value as DuckDB's SQL with its HANA type, and how one type becomes another.

The SQL of a term always has the storage type of its declared type, so that results need no check.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from tests.hana_emulator.engine import calendar, decimals, types
from tests.hana_emulator.engine.errors import inconsistent
from tests.hana_emulator.engine.types import Family, family, storage
from tests.hana_emulator.values import DeclaredType


@dataclass(frozen=True, slots=True)
class Term:
    """A compiled value.

    Attributes:
        schema: Of the table whose column it is; empty for expressions.
        marker: Number of the marker that it is, as long as nothing has said its type.
        constant: Its stored value if it is a literal; None for other terms and for NULL.
    """

    sql: str
    type: DeclaredType
    nullable: bool = True
    name: str = ""
    schema: str = ""
    table: str = ""
    marker: int | None = None
    constant: object = None

    @property
    def family(self) -> Family:
        return family(self.type)

    def like(self, sql: str, type_: DeclaredType | None = None) -> "Term":
        """An expression over this term."""
        return Term(sql, type_ or self.type, self.nullable)


def quoted(text: str) -> str:
    """A string literal of DuckDB."""
    return "'" + text.replace("'", "''") + "'"


def cast(sql: str, target: DeclaredType) -> str:
    """DuckDB's cast to a storage type."""
    return f"CAST({sql} AS {storage(target)})"


def convert(term: Term, target: DeclaredType, position: int = 0) -> Term:
    """A term as another type: a cast or an implicit conversion.

    Raises:
        HanaError: 266 if HANA has no such conversion, or none that is known here.
    """
    if term.type == target:
        return term
    if term.type.name == "NULL":
        return Term(cast("NULL", target), target)
    if term.constant is not None and (folded := _folded(term, target)) is not None:
        return folded
    come, go = term.family, family(target)
    if come is go and come not in {Family.INTEGER, Family.FIXED, Family.FLOATING, Family.TEXT,
                                   Family.APPROXIMATE}:  # fmt: skip
        return replace(term, type=target, constant=None)
    sql = _converted(term, target)
    if sql is None:
        raise inconsistent(f"{term.type.name} is not compatible with {target.name}", position)
    return Term(sql, target, term.nullable)


def _folded(term: Term, target: DeclaredType) -> Term | None:
    """A literal as another type, where Python's function would be asked for every row."""
    come, go, value = term.family, family(target), term.constant
    if go is Family.FLOATING and come in types.EXACT | {Family.TEXT} and target.name == "DECIMAL":
        if come is Family.FLOATING:
            return replace(term, type=target)
        text = decimals.encode(decimals.number(value) if isinstance(value, str)
                               else Decimal(str(value)))  # fmt: skip
        return Term(quoted(text), target, nullable=False, constant=text)
    if come is Family.TEXT and go in types.MOMENTS | {Family.TIME}:
        number = calendar.parse(go, str(value))
        return Term(cast(str(number), target), target, nullable=False, constant=number)
    return None


def _converted(term: Term, target: DeclaredType) -> str | None:
    match family(target):
        case Family.INTEGER:
            return _to_integer(term, target)
        case Family.FIXED:
            return _to_fixed(term, target)
        case Family.FLOATING:
            return _to_floating(term, target)
        case Family.APPROXIMATE:
            return _to_approximate(term, target)
        case Family.TEXT | Family.LOB_TEXT:
            return _to_text(term, target)
        case Family.BYTES | Family.LOB_BYTES:
            return _to_bytes(term)
        case Family.BOOLEAN:
            return _to_boolean(term)
        case Family.DATE | Family.TIME | Family.SECONDDATE | Family.TIMESTAMP:
            return _to_moment(term, family(target))
        case Family.VECTOR if term.family in types.TEXTS:
            return cast(term.sql, target)
        case _:
            return None


def _to_integer(term: Term, target: DeclaredType) -> str | None:
    match term.family:
        case Family.INTEGER | Family.BOOLEAN:
            return cast(term.sql, target)
        case Family.FIXED | Family.APPROXIMATE:
            return cast(f"trunc({term.sql})", target)
        case Family.FLOATING:
            return cast(f"h_cut({term.sql}, 0)", target)
        case Family.TEXT | Family.LOB_TEXT:
            return cast(f"h_cut(h_number({term.sql}), 0)", target)
        case _:
            return None


def _to_fixed(term: Term, target: DeclaredType) -> str | None:
    scale = target.scale or 0
    match term.family:
        case Family.INTEGER:
            return cast(term.sql, target)
        case Family.FIXED if (term.type.scale or 0) <= scale:
            return cast(term.sql, target)
        case Family.FIXED if scale == 0:
            return cast(f"trunc({term.sql})", target)
        case Family.FIXED:
            return cast(f"h_cut(h_number(CAST({term.sql} AS VARCHAR)), {scale})", target)
        case Family.APPROXIMATE:
            return cast(term.sql, target)
        case Family.FLOATING:
            return cast(f"h_cut({term.sql}, {scale})", target)
        case Family.TEXT | Family.LOB_TEXT:
            return cast(f"h_cut(h_number({term.sql}), {scale})", target)
        case _:
            return None


def _to_floating(term: Term, target: DeclaredType) -> str | None:
    match term.family:
        case Family.INTEGER:
            sql = f"h_integer({term.sql})"
        case Family.FIXED | Family.APPROXIMATE:
            sql = f"h_number(CAST({term.sql} AS VARCHAR))"
        case Family.FLOATING:
            sql = term.sql
        case Family.TEXT | Family.LOB_TEXT:
            sql = f"h_number({term.sql})"
        case _:
            return None
    return f"h_small({sql})" if target.name == "SMALLDECIMAL" else sql


def _to_approximate(term: Term, target: DeclaredType) -> str | None:
    match term.family:
        case Family.INTEGER | Family.FIXED | Family.APPROXIMATE:
            return cast(term.sql, target)
        case Family.FLOATING:
            return cast(f"h_plain({term.sql})", target)
        case Family.TEXT | Family.LOB_TEXT:
            return cast(f"h_plain(h_number({term.sql}))", target)
        case _:
            return None


_MOMENTS: Final = {
    Family.DATE: "h_date_text",
    Family.TIME: "h_time_text",
    Family.SECONDDATE: "h_seconddate_text",
    Family.TIMESTAMP: "h_timestamp_text",
}


def _to_text(term: Term, target: DeclaredType) -> str | None:
    match term.family:
        case Family.INTEGER | Family.FIXED:
            sql = f"CAST({term.sql} AS VARCHAR)"
        case Family.APPROXIMATE:
            sql = f"regexp_replace(CAST({term.sql} AS VARCHAR), '\\.0$', '')"
        case Family.FLOATING:
            sql = f"h_plain({term.sql})"
        case Family.BOOLEAN:
            sql = f"upper(CAST({term.sql} AS VARCHAR))"
        case Family.TEXT | Family.LOB_TEXT:
            sql = term.sql
        case Family.DATE | Family.TIME | Family.SECONDDATE | Family.TIMESTAMP:
            sql = f"{_MOMENTS[term.family]}({term.sql})"
        case Family.VECTOR:
            sql = f"CAST({term.sql} AS VARCHAR)"
        case _:
            return None
    known = term.type.length if term.family is Family.TEXT else None
    if target.length is None or (known is not None and known <= target.length):
        return sql
    return f"h_left({sql}, {target.length})"


def _to_bytes(term: Term) -> str | None:
    match term.family:
        case Family.BYTES | Family.LOB_BYTES:
            return term.sql
        case Family.TEXT | Family.LOB_TEXT:
            return f"encode({term.sql})"
        case Family.INTEGER | Family.FIXED | Family.FLOATING | Family.APPROXIMATE:
            return f"encode({_to_text(term, types.TEXT)})"
        case _:
            return None


def _to_boolean(term: Term) -> str | None:
    match term.family:
        case Family.INTEGER:
            return f"({term.sql} <> 0)"
        case Family.TEXT:
            return f"h_boolean({term.sql})"
        case _:
            return None


_STEPS: Final = {
    (Family.DATE, Family.SECONDDATE): "h_seconds_of_day({})",
    (Family.DATE, Family.TIMESTAMP): "h_ticks_of_seconds(h_seconds_of_day({}))",
    (Family.SECONDDATE, Family.TIMESTAMP): "h_ticks_of_seconds({})",
    (Family.SECONDDATE, Family.DATE): "h_day_of_seconds({})",
    (Family.TIMESTAMP, Family.SECONDDATE): "h_seconds_of_ticks({})",
    (Family.TIMESTAMP, Family.DATE): "h_day_of_seconds(h_seconds_of_ticks({}))",
    (Family.SECONDDATE, Family.TIME): "h_time_of_seconds({})",
    (Family.TIMESTAMP, Family.TIME): "h_time_of_seconds(h_seconds_of_ticks({}))",
}


def _to_moment(term: Term, go: Family) -> str | None:
    if (step := _STEPS.get((term.family, go))) is not None:
        return step.format(term.sql)
    if term.family in types.TEXTS:
        return f"h_parse_{go.name.lower()}({term.sql})"
    return None
