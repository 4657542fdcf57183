"""The same server for tools that know nothing of us: ADBC, and with it pandas and polars."""

# %% [markdown]
# # Flight SQL
# Drivers for ADBC and JDBC are there for many languages. SQL is SAP HANA SQL, whatever database is
# behind the server. `pip install adbc-driver-flightsql pandas polars`

# %%
import os

import pandas as pd
import polars as pl
from adbc_driver_flightsql import dbapi

connection = dbapi.connect(os.environ["FLIGHT_CLIENT_URI"], autocommit=True)

# %% pandas.
orders = pd.read_sql(
    "SELECT STATUS, COUNT(*) AS N FROM SALES.SALES_ORDERS GROUP BY STATUS ORDER BY STATUS",
    connection,
    dtype_backend="pyarrow",
)
for row in orders.itertuples():
    print(f"pandas: {row.STATUS} {row.N}")

# %% polars.
products = pl.read_database("SELECT CATEGORY, LIST_PRICE FROM SALES.PRODUCTS", connection)
dearest = products.group_by("CATEGORY").agg(pl.col("LIST_PRICE").max()).sort("CATEGORY")
for category, price in dearest.iter_rows():
    print(f"polars: {category} {price}")

# %% A prepared statement: "?" stands for a value, which is bound and never part of the text.
with connection.cursor() as cursor:
    for channel in ("WEB", "EDI"):
        cursor.execute("SELECT COUNT(*) FROM SALES.SALES_ORDERS WHERE CHANNEL = ?", [channel])
        (found,) = cursor.fetchone()
        print(f"prepared: {channel} {found}")

# %% Record batches, as they come.
with connection.cursor() as cursor:
    cursor.execute("SELECT ORDER_ID, NET_AMOUNT FROM SALES.SALES_ORDER_ITEMS")
    print(f"arrow: {sum(batch.num_rows for batch in cursor.fetch_record_batch())} rows")

# %% What is there.
schemas = connection.adbc_get_objects(depth="db_schemas").read_all()["catalog_db_schemas"]
print(f"schemas: {sorted(each['db_schema_name'] for each in schemas[0].as_py())}")
connection.close()
