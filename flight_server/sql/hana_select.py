"""The dialect of SAP HANA Cloud for plans; never sees a connection.

Facts and sources: SAP HANA Cloud SQL reference, SELECT statement and predicates. The expression
that cuts other columns than integers is composed from documented functions and was not run on a
live HANA.
"""

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final, LiteralString

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import InvalidRead
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.tickets import Sample
from flight_server.planning.families import Family, family
from flight_server.planning.plan import Argument, ReadPlan, Slice
from flight_server.sql.compose import (
    EMPTY,
    Fragment,
    bound,
    join,
    name,
    number,
    quoted,
    sql,
    statement,
)
from flight_server.sql.select import column_slice, extremes, listing, select
from flight_server.sql.statement import Statement

IN_VALUES: Final = 10_000
"""Longest IN list written in one piece; HANA takes 65,535 [HANA Cloud system limitations]."""


def hana_select(plan: ReadPlan) -> Statement:
    """The statement for HANA.

    Raises:
        InvalidRead: A sample has a seed: HANA's TABLESAMPLE has no REPEATABLE.
    """
    return statement(select(plan, _Hana()))


def hana_key_range(plan: ReadPlan, column: Column) -> Statement:
    """The statement for HANA whose one row is a column's LEAST and GREATEST under a plan's filter.

    A TIMESTAMP comes as one, and not as text.
    """
    return statement(extremes(plan, column, _Hana()))


class _Hana:
    def item(self, column: Column) -> Fragment:
        """A column; a TIMESTAMP that is read as text keeps its 7th digit, which drivers lose."""
        if column.type.name == "TIMESTAMP" and column.read_as is not None:
            own = name(column.name)
            return sql("TO_NVARCHAR({}, 'YYYY-MM-DD HH24:MI:SS.FF7') AS {}", own, own)
        return name(column.name)

    def operand(self, column: Column) -> Fragment:
        return name(column.name)

    def constant(self, value: LiteralValue) -> Fragment:
        return bound(value)

    def membership(self, operand: Fragment, values: list[Fragment], *, negated: bool) -> Fragment:
        chunks = [values[start : start + IN_VALUES] for start in range(0, len(values), IN_VALUES)]
        lists = [listing(operand, chunk, negated=negated) for chunk in chunks]
        if len(lists) == 1:
            return lists[0]
        return sql("({})", join(" AND " if negated else " OR ", lists))

    def source(self, plan: ReadPlan) -> Fragment:
        entity = name(plan.entity.space, plan.entity.name)
        if plan.entity.parameters:
            entity = sql("{}({})", entity, join(", ", map(_argument, plan.arguments)))
        return sql("{}{}", entity, _sample(plan.sample))

    def conditions(self, plan: ReadPlan) -> Iterator[Fragment]:
        if (part := column_slice(plan)) is not None:
            yield _part(part)

    def no_limit(self) -> Fragment:
        return sql(" LIMIT 2147384648")  # OFFSET needs one [sqlalchemy-hana, limit_clause]


def _part(part: Slice) -> Fragment:
    column, count, index = name(part.by.name), number(part.of), number(part.number)
    remainder = _remainder(part.by, column, count)
    if part.number == 0:
        return sql("({} = {} OR {} IS NULL)", remainder, index, column)
    return sql("{} = {}", remainder, index)


def _sample(sample: Sample | None) -> Fragment:
    """TABLESAMPLE takes rows before WHERE does; each row alone, so the order does not matter."""
    if sample is None or sample.fraction == 1:
        return EMPTY
    if sample.seed is not None:
        raise InvalidRead(
            f"HANA draws samples without a seed; got seed {sample.seed}: leave it out, or filter "
            "on a key to read the same rows again."
        )
    percent = (Decimal(repr(sample.fraction)) * 100).normalize()
    return sql(" TABLESAMPLE BERNOULLI ({})", number(percent))


def _remainder(by: Column, column: Fragment, count: Fragment) -> Fragment:
    """A number from 0 to count - 1; NULL for NULL.

    MOD keeps the sign of the dividend, and ABS of the least BIGINT overflows [SQL reference, MOD].
    Whether a TINYINT plus the count would overflow is not documented; as a BIGINT it cannot.
    """
    if family(by.type) is Family.INTEGER:
        return sql("MOD(MOD(TO_BIGINT({}), {}) + {}, {})", column, count, count, count)
    digest = sql("BINTOHEX(HASH_MD5({}))", _bytes_of(by, column))
    return sql("MOD(HEXTONUM(SUBSTRING({}, 1, 8)), {})", digest, count)


_DATE_FORMATS: Final[dict[str, LiteralString]] = {
    "DATE": "'YYYYMMDD'",
    "SECONDDATE": "'YYYYMMDDHH24MISS'",
    "TIMESTAMP": "'YYYYMMDDHH24MISSFF7'",
}


def _bytes_of(by: Column, column: Fragment) -> Fragment:
    """Equal bytes for equal values, whatever date format the session has."""
    match family(by.type):
        case Family.BYTES:
            return column
        case Family.TEXT:
            return sql("TO_BINARY({})", column)
        case Family.DATE | Family.TIMESTAMP:
            form = sql(_DATE_FORMATS[by.type.name])
            return sql("TO_BINARY(TO_NVARCHAR({}, {}))", column, form)
        case _:
            return sql("TO_BINARY(TO_NVARCHAR({}))", column)


def _argument(argument: Argument) -> Fragment:
    # A literal and not a marker: HANA may answer 467, cannot use parameter variable.
    parameter = argument.parameter
    return sql("{} => {}", name(parameter.name), hana_literal(argument.value, parameter.type))


def hana_literal(value: LiteralValue, declared: HanaType) -> Fragment:
    """A constant written out as a value of a HANA type [SQL reference, data types, literals]."""
    match value:
        case bool():
            return sql("TRUE") if value else sql("FALSE")
        case int():
            return number(value)
        case float():
            return sql("CAST({} AS {})", quoted(repr(value)), sql(_FLOATS[declared.name]))
        case Decimal():
            return sql("CAST({} AS {})", quoted(format(value, "f")), _decimal(declared))
        case str():
            return sql("N{}", quoted(value))
        case bytes():
            return sql("X{}", quoted(value.hex().upper()))
        case datetime() if declared.name == "SECONDDATE":
            moment = quoted(value.isoformat(sep=" ", timespec="seconds"))
            return sql("TO_SECONDDATE({}, 'YYYY-MM-DD HH24:MI:SS')", moment)
        case datetime():
            return sql("TIMESTAMP{}", quoted(value.isoformat(sep=" ", timespec="microseconds")))
        case date():
            return sql("DATE{}", quoted(value.isoformat()))
        case time():
            return sql("TIME{}", quoted(value.isoformat(timespec="seconds")))


_FLOATS: Final[dict[str, LiteralString]] = {"REAL": "REAL", "DOUBLE": "DOUBLE"}


def _decimal(declared: HanaType) -> Fragment:
    match declared:
        case HanaType("DECIMAL", int(precision), int(scale)):
            return sql("DECIMAL({}, {})", number(precision), number(scale))
        case HanaType("SMALLDECIMAL"):
            return sql("SMALLDECIMAL")
        case _:
            return sql("DECIMAL")
