"""The table that the benchmarks move: eight columns of a sales order item, 65 bytes a row."""

import duckdb
import pyarrow as pa

SELECT = """
SELECT range AS ID,
       CAST(range % 100000 AS INTEGER) AS ORDER_ID,
       CAST(range % 20 AS SMALLINT) AS ITEM,
       'MAT-' || lpad(CAST(range % 5000 AS VARCHAR), 6, '0') AS PRODUCT,
       CAST((range % 1000000) * 0.01 AS DECIMAL(15, 2)) AS NET_AMOUNT,
       DATE '2020-01-01' + CAST(range % 1800 AS INTEGER) AS ORDER_DATE,
       TIMESTAMP '2024-01-01' + to_microseconds(range * 1000) AS CHANGED_AT,
       CAST(range % 97 AS DOUBLE) / 7 AS WEIGHT
FROM range({rows})
"""


def select(rows: int) -> str:
    """The SQL that makes the table."""
    return SELECT.format(rows=int(rows))


def in_memory(rows: int) -> pa.Table:
    """The table as Arrow, in one chunk for every 122,880 rows."""
    with duckdb.connect() as connection:
        return connection.sql(select(rows)).to_arrow_reader(122_880).read_all()


def in_file(path: str, rows: int) -> None:
    """The table as ``SALES.ITEMS`` in a new DuckDB file."""
    with duckdb.connect(path) as connection:
        connection.execute('CREATE SCHEMA "SALES"')
        connection.execute(f'CREATE TABLE "SALES"."ITEMS" AS {select(rows)}')
