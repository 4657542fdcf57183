"""Changes through the gate, on a DuckDB that says what a translated one means."""

from collections.abc import Mapping

import duckdb

from flight_server.sql.change_gate import admit_change
from flight_server.sql.changes import AdmittedChange
from flight_server.sql.gate import CallerDialect
from flight_server.sql.translate import to_duckdb_change
from tests.support.hana_sql import TABLES, Landscape

WRITABLE = frozenset({"SALES", "S#U"})
"""HR is read only."""


def admitted_change(
    text: str,
    *,
    values: int | None = None,
    space: str | None = "SALES",
    dialect: CallerDialect = CallerDialect.HANA,
    writable: frozenset[str] = WRITABLE,
    tables: Mapping[tuple[str, str], tuple[str, ...]] = TABLES,
    falls_back: bool = True,
) -> AdmittedChange:
    """What the gate makes of ``text`` in the landscape of ``hana_sql``."""
    return admit_change(
        text,
        dialect=dialect,
        default_space=space,
        lookup=Landscape(tables),
        writable=writable,
        parameter_count=values,
        falls_back=falls_back,
    )


def change(connection: duckdb.DuckDBPyConnection, text: str, *values: object) -> AdmittedChange:
    """Admits, translates and runs a change of HANA's SQL."""
    found = admitted_change(text, values=len(values))
    connection.execute(to_duckdb_change(found), list(values))
    return found
