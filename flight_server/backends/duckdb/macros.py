"""Table macros as views with input parameters; knows the catalogue of DuckDB and no plan.

DuckDB's catalogue functions tell names and types of a macro's parameters. The types of its columns
come from binding a call with NULL for every argument. Defaults stand in one place only that a read
can reach: the signature in the error of a call that fits no macro (``REGION(P_CURRENCY VARCHAR,
P_YEAR INTEGER := 2024)``). Nothing is run for any of it.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

import duckdb

from flight_client.protocol.catalog import Column, Entity, HanaType, Parameter
from flight_client.protocol.errors import Error
from flight_client.protocol.literals import LiteralValue, check_literal
from flight_server.backends.duckdb.types import hana_type
from flight_server.sql.compose import join, name, sql, statement

_log: Final = logging.getLogger(__name__)

_UNTYPED: Final = "VARCHAR"

_MACROS: Final = """
    SELECT schema_name, function_name, parameters, parameter_types, coalesce(comment, '')
    FROM duckdb_functions()
    WHERE function_type = 'table_macro' AND NOT internal
      AND database_name = current_database()
    QUALIFY count(*) OVER (PARTITION BY schema_name, function_name) = 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Macro:
    space: str
    name: str
    parameters: tuple[tuple[str, str | None], ...]
    """Name and declared type, None for any type."""
    comment: str


def macro_entities(cursor: duckdb.DuckDBPyConnection) -> list[Entity]:
    """The table macros of all spaces as views.

    A macro of several signatures is no view and is left out; so is one that no longer binds,
    because what it stands on is gone, with a warning in the log.
    """
    rows = cast(
        "list[tuple[str, str, list[str], list[str | None], str]]",
        cursor.execute(_MACROS).fetchall(),
    )
    found: list[Entity] = []
    for space, macro_name, parameters, types, comment in rows:
        macro = _Macro(
            space=space,
            name=macro_name,
            parameters=tuple(zip(parameters, types, strict=True)),
            comment=comment,
        )
        try:
            found.append(_entity(cursor, macro))
        except (duckdb.Error, Error) as error:
            _log.warning("The table macro %s.%s is left out: %s", space, macro_name, error)
    return found


def _entity(cursor: duckdb.DuckDBPyConnection, macro: _Macro) -> Entity:
    defaults = _defaults(cursor, macro)
    return Entity(
        space=macro.space,
        name=macro.name,
        kind="view",
        columns=_columns(cursor, macro),
        parameters=tuple(
            Parameter(
                parameter,
                HanaType("NVARCHAR") if declared is None else hana_type(declared),
                mandatory=parameter not in defaults,
                default=defaults.get(parameter),
            )
            for parameter, declared in macro.parameters
        ),
        comment=macro.comment,
    )


def _columns(cursor: duckdb.DuckDBPyConnection, macro: _Macro) -> tuple[Column, ...]:
    arguments = (sql("{} := NULL", name(parameter)) for parameter, _ in macro.parameters)
    call = sql("SELECT * FROM {}({})", name(macro.space, macro.name), join(", ", arguments))
    relation = cursor.sql(statement(call).text)
    return tuple(
        Column(column, hana_type(str(declared)))
        for column, declared in zip(relation.columns, relation.types, strict=True)
    )


def _defaults(cursor: duckdb.DuckDBPyConnection, macro: _Macro) -> dict[str, LiteralValue | None]:
    """Values of the parameters that have a default; none where the signature cannot be read."""
    one_too_many = (sql("NULL") for _ in range(len(macro.parameters) + 1))
    call = sql("SELECT * FROM {}({})", name(macro.space, macro.name), join(", ", one_too_many))
    try:
        cursor.sql(statement(call).text)
    except duckdb.BinderException as error:
        texts = _default_texts(str(error), macro.parameters)
    else:  # pragma: no cover  - DuckDB took a call with an argument too many
        texts = {}
    types = dict(macro.parameters)
    return {parameter: _value(cursor, text, types[parameter]) for parameter, text in texts.items()}


def _default_texts(message: str, parameters: Sequence[tuple[str, str | None]]) -> dict[str, str]:
    """The SQL of each default, from a binder error that shows the signature."""
    parts = (
        re.escape(f"{parameter} {declared}" if declared else parameter) + r"(?: := (.+?))?"
        for parameter, declared in parameters
    )
    signature = message.partition("Candidate macros:")[2]
    found = re.fullmatch(r".*?\(" + ", ".join(parts) + r"\)\s*", signature, re.DOTALL)
    if found is None:
        return {}
    return {
        parameter: text
        for (parameter, _), text in zip(parameters, found.groups(), strict=True)
        if text is not None
    }


def _value(
    cursor: duckdb.DuckDBPyConnection, text: str, declared: str | None
) -> LiteralValue | None:
    """The value of a default; None for NULL and for what is no literal of the protocol."""
    constant = duckdb.SQLExpression(text).cast(declared or _UNTYPED)
    ((value,),) = cursor.sql("SELECT 1").select(constant).fetchall()
    try:
        return None if value is None else check_literal(value)
    except Error:
        return None
