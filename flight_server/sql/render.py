"""Plans as statements: a function for each dialect and kind of statement."""

from flight_server.sql.duckdb_select import duckdb_key_range, duckdb_select
from flight_server.sql.hana_select import hana_key_range, hana_select

__all__ = ["duckdb_key_range", "duckdb_select", "hana_key_range", "hana_select"]
