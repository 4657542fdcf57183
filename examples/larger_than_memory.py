"""Rows that do not fit into memory: sums, a Parquet file and a local database, batch by batch."""

# %% [markdown]
# # Larger than memory
# `to_batches()` and `to_duckdb()` hold a few batches at a time, however many rows there are.
# What the database can do by itself (`where`, `columns`, sums in SQL) it should; this is for what
# has to see every row here.

# %%
from collections import Counter
from pathlib import Path

import duckdb
import pyarrow.compute as pc
import pyarrow.parquet as pq

import flight_client

TARGET = Path("items.parquet")

client = flight_client.connect(progress=False)
items = client.table(
    "SALES_ORDER_ITEMS",
    columns=["ORDER_ID", "ITEM_NO", "CURRENCY", "NET_AMOUNT", "NOTE"],
    partitions=2,
    batch_bytes=64 * 1024,  # small here, to see many of them; left out, 4 MiB
)

# %% Sums, one batch after the other.
totals = Counter()
rows = largest = total_bytes = 0
for batch in items.to_batches():
    for currency in batch["CURRENCY"].unique():
        own = batch.filter(pc.equal(batch["CURRENCY"], currency))
        totals[currency.as_py()] += pc.sum(own["NET_AMOUNT"]).as_py()
    rows += batch.num_rows
    largest = max(largest, batch.nbytes)
    total_bytes += batch.nbytes
for currency, total in sorted(totals.items()):
    print(f"{currency} {total}")
print(f"{rows} rows of {total_bytes} bytes; the largest batch has {largest}")

# %% [markdown]
# A Parquet file. Leave the loop early and close the iterator, and the read is cancelled in the
# database; a failure is raised, never a short result. So the file gets its name when it is whole.

# %%
growing = TARGET.with_suffix(".part")
with pq.ParquetWriter(growing, items.schema) as writer:
    for batch in items.to_batches():
        writer.write_batch(batch)
growing.replace(TARGET)
print(f"{TARGET}: {pq.read_metadata(TARGET).num_rows} rows")

# %% A database file to go on with in SQL; the table is there when it is whole.
with duckdb.connect() as local:  # a path makes it a file
    items.to_duckdb(local, "items")
    ((noted,),) = local.sql("SELECT count(NOTE) FROM items").fetchall()
    print(f"duckdb: {noted} items have a note")

client.close()
