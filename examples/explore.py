"""Find what there is, say what you want of it, and take it into the library you work with."""

# %% [markdown]
# # Explore
# Nothing is read before a `to_...` method is called: finding, describing and printing a read ask
# for names, types and sizes alone. The server's address comes from `FLIGHT_CLIENT_URI`.

# %%
from datetime import date

import duckdb
import polars as pl

import flight_client

client = flight_client.connect()

# %% What is there? Tables and views, those with input parameters among them.
print(client.tables())

# %% Columns with their HANA and Arrow types, and what the modeller wrote about them.
print(client.describe("SALES_ORDERS"))

# %% A read: columns, rows and order are the database's work.
orders = client.table(
    "SALES_ORDERS",
    columns=["ORDER_ID", "ORDER_DATE", "STATUS", "CHANNEL"],
    where=[("ORDER_DATE", ">=", date(2024, 1, 1)), ("CHANNEL", "in", ["WEB", "EDI"])],
    order_by=[("ORDER_DATE", "desc"), "ORDER_ID"],
)
print(orders)  # schema, rows where that is known, endpoints
print(orders.explain().sql)  # what the database will be sent

# %% As pandas, with Arrow's types: dates and NULL stay what they are.
frame = orders.to_pandas()
print(frame.head())
print(f"pandas: {len(frame)} orders")

# %% As polars.
by_channel = orders.to_polars().group_by("CHANNEL").agg(pl.len().alias("ORDERS")).sort("CHANNEL")
for channel, count in by_channel.iter_rows():
    print(f"polars: {channel} {count}")

# %% As a table of DuckDB, to go on in SQL here.
with duckdb.connect() as local:
    orders.to_duckdb(local, "orders")
    ((latest,),) = local.sql("SELECT max(ORDER_DATE) FROM orders").fetchall()
    print(f"duckdb: the latest is of {latest}")

# %% A view with input parameters is read like a table.
revenue = client.table("REVENUE_BY_REGION", parameters={"P_CURRENCY": "EUR", "P_YEAR": 2024})
total = revenue.to_polars()["REVENUE"].sum()
print(f"revenue of 2024: {total} EUR")

# %% [markdown]
# A large read can be cut into endpoints, which are read in parallel. A progress bar shows up in
# terminals and notebooks when a read takes longer than a second; `progress=True` asks for it, and
# `progress=False` keeps it away.

# %%
items = client.table("SALES_ORDER_ITEMS", partitions=4, progress=False)
print(f"{items.total_rows} items in {len(items.endpoints())} endpoints")
print(f"arrow: {items.to_arrow().num_rows} items")

# %%
client.close()
