"""What DuckDB tells of a statement by binding it on a cursor; nothing is run."""

from collections.abc import Sequence
from functools import cache
from typing import Final

import duckdb
import pyarrow as pa

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import RefusedSql
from flight_client.protocol.schemas import to_schema
from flight_server.backends.duckdb.types import hana_type
from flight_server.backends.duckdb.values import bindable
from flight_server.sql.changes import AdmittedChange, ChangeKind
from flight_server.sql.compose import name, sql, statement
from flight_server.sql.gate import AdmittedQuery, CallerDialect
from flight_server.sql.markers import hana_cast, marker_types
from flight_server.sql.statement import Statement
from flight_server.sql.translate import to_duckdb_change

_PREPARED: Final = frozenset({ChangeKind.INSERT, ChangeKind.UPDATE, ChangeKind.DELETE})


def described(cursor: duckdb.DuckDBPyConnection, select: Statement) -> pa.Schema:
    """The schema of a SELECT with its values.

    Raises:
        RefusedSql: The text is not one SELECT; DuckDB would run all statements of it but the last.
        duckdb.Error: It does not bind.
    """
    kinds = [found.type for found in cursor.extract_statements(select.text)]
    if kinds != [duckdb.StatementType.SELECT]:
        raise RefusedSql("A query is one SELECT; send other statements in no text of a read.")
    return to_schema(columns(cursor.sql(select.text, params=bindable(select.values))))


def require_bindable(cursor: duckdb.DuckDBPyConnection, change: AdmittedChange) -> None:
    """Bind a change, if DuckDB prepares it: no definition, and no MERGE, which UPSERT may be.

    Raises:
        duckdb.Error: It does not bind.
    """
    if change.kind in _PREPARED:
        cursor.execute("PREPARE change AS " + to_duckdb_change(change))


def parameters(
    cursor: duckdb.DuckDBPyConnection, admitted: AdmittedQuery | AdmittedChange
) -> tuple[HanaType | None, ...]:
    """The type of each marker. DuckDB 2.0 says UNKNOWN for all, also where it binds them."""

    @cache
    def columns_of(space: str, entity: str) -> Sequence[Column] | None:
        # Binding a relation takes a tenth of the time that the catalogue's functions take.
        try:
            relation = cursor.sql(statement(sql("SELECT * FROM {}", name(space, entity))).text)
        except duckdb.Error:  # a macro; and whatever is asked after that on this transaction
            return None
        return columns(relation)

    in_hana_sql = admitted.dialect is CallerDialect.HANA
    return marker_types(
        admitted.expression,
        admitted.parameter_count,
        columns_of,
        hana_cast if in_hana_sql else hana_type,
    )


def columns(relation: duckdb.DuckDBPyRelation) -> list[Column]:
    """The columns of a relation that is bound and not run."""
    typed = zip(relation.columns, relation.types, strict=True)
    return [Column(column, hana_type(str(kind))) for column, kind in typed]
