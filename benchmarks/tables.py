"""The tables that the benchmarks move: items of sales orders."""

import duckdb
import pyarrow as pa

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.schemas import to_schema

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
"""Eight columns, 65 bytes a row in Arrow."""


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


HANA_SELECT = """
SELECT CAST(range AS INTEGER) AS ORDER_ID,
       CAST(range % 100000 AS INTEGER) AS CUSTOMER_ID,
       CAST(range * 7919 AS BIGINT) AS DOCUMENT_ID,
       CAST(range % 97 AS DOUBLE) / 7 AS QUANTITY,
       CAST(range % 89 AS DOUBLE) / 11 AS WEIGHT,
       CAST((range % 1000000) * 0.01 AS DECIMAL(15, 2)) AS NET_AMOUNT,
       'MAT-' || lpad(CAST(range % 5000 AS VARCHAR), 8, '0') AS PRODUCT,
       'REGION-' || lpad(CAST(range % 40 AS VARCHAR), 6, '0') AS REGION,
       DATE '2020-01-01' + CAST(range % 1800 AS INTEGER) AS ORDER_DATE,
       TIMESTAMP '2024-01-01' + to_microseconds(range * 1000) AS CHANGED_AT
FROM range({rows})
"""
"""Ten columns, as in hana-wire.md section 10: 83 bytes a row in the protocol of HANA."""

HANA_TYPES = (
    HanaType("INTEGER"),
    HanaType("INTEGER"),
    HanaType("BIGINT"),
    HanaType("DOUBLE"),
    HanaType("DOUBLE"),
    HanaType("DECIMAL", 15, 2),
    HanaType("NVARCHAR", 20),
    HanaType("NVARCHAR", 20),
    HanaType("DATE"),
    HanaType("TIMESTAMP"),
)


def of_hana(rows: int) -> pa.Table:
    """The ten columns, with their HANA types in the metadata."""
    with duckdb.connect() as connection:
        table = connection.sql(HANA_SELECT.format(rows=int(rows))).to_arrow_table()
    columns = map(Column, table.column_names, HANA_TYPES)
    return table.cast(to_schema(columns))
