"""HANA's SQL as DuckDB's: the same meaning on the embedded database, or a refusal by name."""

from flight_server.sql.translate.changes import to_duckdb_change
from flight_server.sql.translate.queries import to_duckdb

__all__ = ["to_duckdb", "to_duckdb_change"]
