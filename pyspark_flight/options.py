"""What the options of a Spark read mean: a connection, what is read, how; opens no connection.

Options are texts, and travel with Spark's plan. Files and environment are those of the process
that reads them: Spark's driver. Executors get the settings made of them and need neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from flight_client.client import Client
from flight_client.config import ClientConfig
from flight_client.protocol.errors import InvalidParameter, InvalidRead
from flight_client.protocol.filters import Filter, conjunction, filter_from_json
from flight_client.protocol.literals import LiteralValue, literal_from_json
from flight_client.reading import Result
from pyspark_flight.option_values import (
    CONNECTION,
    READ_ONLY,
    TABLE_ONLY,
    WRITE_ONLY,
    connection,
    flag,
    from_json,
    given_options,
    names,
    whole,
)

OPTIONS: Final = (*CONNECTION, "table", *READ_ONLY)
_OF_WRITES: Final = dict.fromkeys(WRITE_ONLY, "goes with a write, not with a read")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """One read, as the options say it; it pickles, secrets included, and shows none.

    Attributes:
        config: Of the connection.
        table: Exact name of a table or view; None where ``query`` is given.
        query: One SELECT; None where ``table`` is given.
        columns: Exact names in the order wanted; None for all.
        where: Which rows, of a table; None for all.
        parameters: By name for a table, in order for a query.
        pushdown: Whether Spark may hand filters to the database.
        shape: Further arguments of ``Client.table`` or ``Client.sql``.
    """

    config: ClientConfig
    table: str | None
    query: str | None
    columns: tuple[str, ...] | None
    where: Filter | None
    parameters: Mapping[str, LiteralValue] | tuple[LiteralValue | None, ...]
    pushdown: bool
    shape: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def result(
        self, client: Client, *, columns: tuple[str, ...] | None = None, where: Filter | None = None
    ) -> Result:
        """The read, not begun; a query is read with all its columns, and rows that its text wants.

        Raises:
            InvalidRead: A value out of range.
        """
        if self.table is None:
            return client.sql(
                self.query or "", parameters=cast("Any", self.parameters), **self.shape
            )
        return client.table(
            self.table,
            columns=columns or self.columns,
            where=conjunction(self.where, where),
            parameters=cast("Any", self.parameters),
            **self.shape,
        )


def read_options(options: Mapping[str, str], environment: Mapping[str, str]) -> ReadOptions:
    """The read that options describe; a connection that they do not is that of the environment.

    Args:
        options: By name in lower case; those with a dot in their name are Spark's own.
        environment: Of this process: ``FLIGHT_CLIENT_URI`` and so on.

    Raises:
        InvalidRequest: Naming the option that is unknown, missing or does not fit.
    """
    given = given_options(options, OPTIONS, _OF_WRITES)
    table, query = given.get("table"), given.get("query")
    if (table is None) == (query is None):
        what = "neither" if table is None else "both"
        raise InvalidRead(f"A read names one table or one query; the options name {what} of them.")
    if query is not None:
        _check_table_only(given)
    shape = {name: whole(name, given[name]) for name in ("batch_bytes", "partitions")
             if name in given}  # fmt: skip
    shape |= {name: given[name] for name in ("compression", "partition_by", "partition_method")
              if name in given}  # fmt: skip
    return ReadOptions(
        config=connection(given, environment),
        table=table,
        query=query,
        columns=names("columns", given.get("columns")),
        where=_where(given.get("where")),
        parameters=_named(given) if query is None else _ordered(given),
        pushdown=flag("pushdown", given.get("pushdown", "false")),
        shape=shape,
    )


def _check_table_only(given: Mapping[str, str]) -> None:
    for name in TABLE_ONLY:
        if name in given:
            raise InvalidRead(
                f"The option {name!r} goes with a table; with a query, say it in its text."
            )


def _where(text: str | None) -> Filter | None:
    """A filter in the JSON form that tickets have."""
    if text is None:
        return None
    example = '{"column": "YEAR", "op": ">=", "value": 2024}'
    return filter_from_json(from_json("where", text, example), "where")


def _named(given: Mapping[str, str]) -> dict[str, LiteralValue]:
    form = from_json("parameters", given.get("parameters", "{}"), '{"P_YEAR": 2024}')
    if not isinstance(form, dict):
        raise InvalidParameter(
            'The parameters of a table are a JSON object such as {"P_YEAR": 2024}.'
        )
    pairs = cast("dict[str, object]", form).items()
    return {name: literal_from_json(value) for name, value in pairs}


def _ordered(given: Mapping[str, str]) -> tuple[LiteralValue | None, ...]:
    form = from_json("parameters", given.get("parameters", "[]"), '[2024, "EUR"]')
    if not isinstance(form, list):
        raise InvalidParameter(
            'The parameters of a query are a JSON list such as [2024, "EUR"], one for each "?".'
        )
    values = cast("list[object]", form)
    return tuple(None if value is None else literal_from_json(value) for value in values)
