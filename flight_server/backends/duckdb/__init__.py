"""The embedded database: DuckDB, in a file or in memory. The server's only door to duckdb."""

from flight_server.backends.duckdb.backend import DuckDbBackend

__all__ = ["DuckDbBackend"]
