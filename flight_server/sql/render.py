"""Plans as statements: one function for each dialect."""

from flight_server.sql.duckdb_select import duckdb_select
from flight_server.sql.hana_select import hana_select

__all__ = ["duckdb_select", "hana_select"]
