"""A reader's rows as a DuckDB table; knows nothing of Flight."""

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    import duckdb


def to_duckdb(
    reader: pa.RecordBatchReader, connection: "duckdb.DuckDBPyConnection", name: str
) -> "duckdb.DuckDBPyRelation":
    """Create a table of a reader's rows, batch by batch, and give it back as a relation.

    Args:
        reader: Read to its end.
        connection: Where the table is made, in its current schema; it stays the caller's.
        name: Exact name of a table that is not there yet.

    Raises:
        duckdb.Error: DuckDB refuses, for example because the table is there; it then has no rows
            of this reader.
    """
    quoted = '"' + name.replace('"', '""') + '"'
    connection.from_arrow(reader).create(quoted)
    return connection.table(quoted)
