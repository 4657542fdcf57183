"""The dialect of DuckDB for plans; never sees a connection.

A column's physical type may differ from the HANA type that stands for it (ENUM and UUID for
NVARCHAR, HUGEINT for DECIMAL), so the select list casts every column to the type whose Arrow form
the plan promises. DuckDB drops a cast to the type that a column has already, so equal types cost
nothing. Conditions and orders take the column as it is, except for characters: an ENUM must order
by its text, and a UUID must not be made of any text that it is compared with.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, LiteralString

from flight_client.protocol.catalog import Column, Entity, HanaType
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.tickets import Sample
from flight_server.planning.families import COMPARABLE, Family, family
from flight_server.planning.plan import Argument, ReadPlan, Slice
from flight_server.sql.compose import Fragment, bound, join, name, number, sql, statement
from flight_server.sql.select import column_slice, extremes, listing, select
from flight_server.sql.statement import Statement

IN_VALUES: Final = 100
"""Longest IN list; DuckDB 2.0 tries 10,000 values one by one (5 s for 2 M rows with NOT IN), and
joins with VALUES instead (0.2 s)."""

MAX_SCALE: Final = 38


def duckdb_select(plan: ReadPlan) -> Statement:
    """The statement for DuckDB."""
    return statement(select(plan, _DuckDB()))


def duckdb_key_range(plan: ReadPlan, column: Column) -> Statement:
    """The statement for DuckDB whose row is a column's LEAST and GREATEST under the filter."""
    return statement(extremes(plan, column, _DuckDB()))


class _DuckDB:
    def item(self, column: Column) -> Fragment:
        return sql(
            "CAST({} AS {}) AS {}", _column(column), duckdb_type(column.type), name(column.name)
        )

    def operand(self, column: Column) -> Fragment:
        return _operand(column)

    def constant(self, value: LiteralValue) -> Fragment:
        return _bound(value)

    def membership(self, operand: Fragment, values: list[Fragment], *, negated: bool) -> Fragment:
        if len(values) <= IN_VALUES:
            return listing(operand, values, negated=negated)
        template = "{} NOT IN (VALUES {})" if negated else "{} IN (VALUES {})"
        return sql(template, operand, join(", ", (sql("({})", value) for value in values)))

    def source(self, plan: ReadPlan) -> Fragment:
        entity = name(plan.entity.space, plan.entity.name)
        if plan.entity.parameters:
            entity = sql("{}({})", entity, join(", ", map(_argument, plan.arguments)))
        return sql("{} AS e", entity)

    def conditions(self, plan: ReadPlan) -> Iterator[Fragment]:
        if (part := column_slice(plan)) is not None:
            yield _part(part)
        if plan.sample is not None and plan.sample.fraction < 1:
            yield _sample(plan.sample, plan.entity)

    def no_limit(self) -> Fragment:
        return sql("")


def _column(column: Column) -> Fragment:
    # A bare name in ORDER BY would mean the cast column of the select list.
    return sql("e.{}", name(column.name))


def _operand(column: Column) -> Fragment:
    if family(column.type) in (Family.TEXT, Family.LARGE_TEXT):
        return sql("CAST({} AS VARCHAR)", _column(column))
    return _column(column)


def _part(part: Slice) -> Fragment:
    """NULL belongs to part 0, and DuckDB's hash of NULL is a number as any other."""
    column, count, index = _operand(part.by), number(part.of), number(part.number)
    if family(part.by.type) is Family.INTEGER:
        # A small integer plus the count would overflow its own type.
        remainder = sql("(CAST({} AS BIGINT) % {} + {}) % {}", column, count, count, count)
    else:
        remainder = sql("hash({}) % {}", column, count)
    if part.number == 0:
        return sql("({} = {} OR {} IS NULL)", remainder, index, column)
    return sql("{} = {} AND {} IS NOT NULL", remainder, index, column)


def _sample(sample: Sample, entity: Entity) -> Fragment:
    """A random part; with a seed the same one, whatever columns, filters, parts and threads.

    A seeded sample takes a row by the hash of its key, or of all columns that compare where there
    is no key: rows that are equal in those are then taken or left together. DuckDB's own
    ``TABLESAMPLE ... REPEATABLE`` depends on the order in which a view yields its rows.
    """
    if sample.seed is None:
        return sql("random() < {}", number(Decimal(repr(sample.fraction))))
    columns = join(", ", map(_operand, _identity(entity)))
    # Hashed once more behind the seed: xor alone would give seeds with a common first bit the same
    # half of the rows.
    mixed = sql("hash(xor(hash({}), {}))", columns, number(sample.seed))
    return sql("{} < CAST({} AS UBIGINT)", mixed, number(int(sample.fraction * 2**64)))


def _identity(entity: Entity) -> list[Column]:
    keys = [column for column in entity.columns if column.key]
    comparable = [column for column in entity.columns if family(column.type) in COMPARABLE]
    return keys or comparable or list(entity.columns)


def _argument(argument: Argument) -> Fragment:
    parameter = argument.parameter
    value = _bound(argument.value)
    if family(parameter.type) is not Family.FLOATING_DECIMAL:
        value = sql("CAST({} AS {})", value, duckdb_type(parameter.type))
    return sql("{} := {}", name(parameter.name), value)


def _bound(value: LiteralValue) -> Fragment:
    """A marker; DuckDB's Python client binds a decimal with 38 fractional digits as DOUBLE."""
    if isinstance(value, Decimal) and value.as_tuple().exponent == -MAX_SCALE:
        return sql("CAST({} AS DECIMAL(38, 38))", bound(format(value, "f")))
    return bound(value)


_TYPES: Final[dict[str, LiteralString]] = {
    "TINYINT": "UTINYINT",
    "SMALLINT": "SMALLINT",
    "INTEGER": "INTEGER",
    "BIGINT": "BIGINT",
    "REAL": "FLOAT",
    "DOUBLE": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "NVARCHAR": "VARCHAR",
    "VARCHAR": "VARCHAR",
    "CHAR": "VARCHAR",
    "NCHAR": "VARCHAR",
    "ALPHANUM": "VARCHAR",
    "SHORTTEXT": "VARCHAR",
    "NCLOB": "VARCHAR",
    "CLOB": "VARCHAR",
    "TEXT": "VARCHAR",
    "BINTEXT": "VARCHAR",
    "VARBINARY": "BLOB",
    "BINARY": "BLOB",
    "BLOB": "BLOB",
    "DATE": "DATE",
    "TIME": "TIME",
    "SECONDDATE": "TIMESTAMP_S",
    "TIMESTAMP": "TIMESTAMP",
    "DECIMAL": "VARCHAR",  # without scale; exact text, as in Arrow
    "SMALLDECIMAL": "VARCHAR",
}


def duckdb_type(declared: HanaType) -> Fragment:
    """The DuckDB type whose values arrive in the Arrow type of a HANA type.

    TIME is the exception: DuckDB has microseconds only, so the reader narrows the Arrow column.
    """
    match declared:
        case HanaType("DECIMAL", int(precision), int(scale)):
            return sql("DECIMAL({}, {})", number(precision), number(scale))
        case HanaType("REAL_VECTOR", length):
            return sql("FLOAT[{}]", number(length)) if length else sql("FLOAT[]")
        case _:
            return sql(_TYPES[declared.name])
