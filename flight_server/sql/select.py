"""A plan as one SELECT, as far as all dialects write it alike; what differs is asked of a dialect.

SELECT columns FROM entity WHERE filter AND part AND sample ORDER BY keys LIMIT n OFFSET m
SELECT MIN(column) AS "LEAST", MAX(column) AS "GREATEST" FROM entity WHERE filter
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, LiteralString, Protocol

from flight_client.protocol.catalog import Column, Entity
from flight_client.protocol.filters import And, Comparison, Filter, Operator, Or
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.tickets import OrderKey
from flight_server.planning.names import find_column
from flight_server.planning.plan import ReadPlan, RowRun, Slice
from flight_server.sql.compose import EMPTY, Fragment, join, number, sql


class Dialect(Protocol):
    """Where databases differ in writing a SELECT."""

    def item(self, column: Column) -> Fragment:
        """A column in the select list, under its own name."""
        ...

    def operand(self, column: Column) -> Fragment:
        """A column in a condition or an order."""
        ...

    def constant(self, value: LiteralValue) -> Fragment:
        """A constant beside a column of its type; not a boolean."""
        ...

    def membership(self, operand: Fragment, values: list[Fragment], *, negated: bool) -> Fragment:
        """Whether a column's value is one of these; safe to stand between AND or OR."""
        ...

    def source(self, plan: ReadPlan) -> Fragment:
        """What stands behind FROM."""
        ...

    def conditions(self, plan: ReadPlan) -> Iterator[Fragment]:
        """The part of the rows and the sample, where ``source`` does not take care of them.

        Each is safe to stand between AND.
        """
        ...

    def no_limit(self) -> Fragment:
        """What stands before OFFSET where no row is too many."""
        ...


def select(plan: ReadPlan, dialect: Dialect) -> Fragment:
    """The SELECT of a plan."""
    return sql(
        "SELECT {} FROM {}{}{}{}",
        join(", ", (dialect.item(column) for column in plan.columns)),
        dialect.source(plan),
        _where(plan, dialect),
        _order_by(plan, dialect),
        _limit(plan, dialect),
    )


def extremes(plan: ReadPlan, column: Column, dialect: Dialect) -> Fragment:
    """The SELECT of a column's least and greatest value under a plan's filter.

    Its sample and its part do not count: the extremes of more rows are as good to cut by.
    """
    whole = replace(plan, sample=None, slice=None)
    operand = dialect.operand(column)
    return sql(
        'SELECT MIN({}) AS "LEAST", MAX({}) AS "GREATEST" FROM {}{}',
        operand,
        operand,
        dialect.source(whole),
        _where(whole, dialect),
    )


def _where(plan: ReadPlan, dialect: Dialect) -> Fragment:
    terms = list(_conditions(plan, dialect))
    return sql(" WHERE {}", join(" AND ", terms)) if terms else EMPTY


def _conditions(plan: ReadPlan, dialect: Dialect) -> Iterator[Fragment]:
    match plan.where:
        case None:
            pass
        case And(terms):
            yield from (_condition(term, plan.entity, dialect) for term in terms)
        case tree:
            yield _condition(tree, plan.entity, dialect)
    yield from dialect.conditions(plan)


def _condition(tree: Filter, entity: Entity, dialect: Dialect) -> Fragment:
    """A filter that may stand between AND or OR."""
    match tree:
        case And(terms):
            return sql("({})", join(" AND ", (_condition(t, entity, dialect) for t in terms)))
        case Or(terms):
            return sql("({})", join(" OR ", (_condition(t, entity, dialect) for t in terms)))
        case Comparison():
            return _comparison(tree, find_column(entity, tree.column), dialect)


_COMPARED: Final[dict[Operator, LiteralString]] = {
    "=": "{} = {}",
    "!=": "{} <> {}",
    "<": "{} < {}",
    "<=": "{} <= {}",
    ">": "{} > {}",
    ">=": "{} >= {}",
    "between": "{} BETWEEN {} AND {}",
    "like": r"{} LIKE {} ESCAPE '\'",
    "not like": r"{} NOT LIKE {} ESCAPE '\'",
    "is null": "{} IS NULL",
    "is not null": "{} IS NOT NULL",
}


def _comparison(comparison: Comparison, column: Column, dialect: Dialect) -> Fragment:
    operand = dialect.operand(column)
    values = [_constant(value, dialect) for value in comparison.values]
    if comparison.op in ("in", "not in"):
        return dialect.membership(operand, values, negated=comparison.op == "not in")
    return sql(_COMPARED[comparison.op], operand, *values)


def _constant(value: LiteralValue, dialect: Dialect) -> Fragment:
    # HANA refuses an integer beside a BOOLEAN, and drivers may bind True as 1.
    if isinstance(value, bool):
        return sql("TRUE") if value else sql("FALSE")
    return dialect.constant(value)


def _order_by(plan: ReadPlan, dialect: Dialect) -> Fragment:
    if not plan.order_by:
        return EMPTY
    keys = (_key(key, find_column(plan.entity, key.column), dialect) for key in plan.order_by)
    return sql(" ORDER BY {}", join(", ", keys))


def _key(key: OrderKey, column: Column, dialect: Dialect) -> Fragment:
    """One sort key; where NULL goes is written out, because databases differ in their default."""
    nulls = key.nulls or ("last" if key.descending else "first")
    return sql(
        "{} {} {}",
        dialect.operand(column),
        sql("DESC") if key.descending else sql("ASC"),
        sql("NULLS FIRST") if nulls == "first" else sql("NULLS LAST"),
    )


def _limit(plan: ReadPlan, dialect: Dialect) -> Fragment:
    offset = sql(" OFFSET {}", number(plan.offset)) if plan.offset else EMPTY
    if plan.limit is not None:
        return sql(" LIMIT {}{}", number(plan.limit), offset)
    return sql("{}{}", dialect.no_limit(), offset) if plan.offset else EMPTY


def column_slice(plan: ReadPlan) -> Slice | None:
    """The part of the rows that a plan asks for, cut by a column.

    Raises:
        ValueError: It is a run of rows; planning makes those only for backends that keep positions.
    """
    if isinstance(plan.slice, RowRun):
        raise ValueError("rows of a database have no position")  # noqa: TRY004 - the plan is wrong
    return plan.slice


def listing(operand: Fragment, values: list[Fragment], *, negated: bool) -> Fragment:
    """A column and the list of its values, as every dialect writes it."""
    template = "{} NOT IN ({})" if negated else "{} IN ({})"
    return sql(template, operand, join(", ", values))
