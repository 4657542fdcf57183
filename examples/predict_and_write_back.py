"""The round trip: read, learn, predict, write the predictions back, and read them beside the facts.

It needs a space that takes changes; here that is LAB (see README.md).
"""

# %% [markdown]
# # Predict and write back
# The model learns from the items of delivered orders how their net amount follows from list price,
# quantity and discount, and tells it for orders that are still open. The join is the database's
# work; only the columns of the model travel.

# %%
import numpy as np
import pyarrow as pa

import flight_client

FEATURES = """
    SELECT i.ORDER_ID, i.ITEM_NO, CAST(p.LIST_PRICE AS DOUBLE) AS LIST_PRICE,
        CAST(i.QUANTITY AS DOUBLE) AS QUANTITY, COALESCE(i.DISCOUNT, 0) AS DISCOUNT,
        CAST(i.NET_AMOUNT AS DOUBLE) AS NET_AMOUNT
    FROM SALES.SALES_ORDER_ITEMS AS i
    JOIN SALES.SALES_ORDERS AS o ON o.ORDER_ID = i.ORDER_ID
    JOIN SALES.PRODUCTS AS p ON p.PRODUCT_ID = i.PRODUCT_ID
    WHERE o.STATUS = ?
"""

client = flight_client.connect(progress=False)


# %% Amounts multiply, so their logarithms add up: a linear model of logarithms.
def features(rows: pa.Table) -> np.ndarray:
    """A line for each row: logarithms of price, quantity and what the discount leaves, and 1."""
    price, quantity, discount = (
        rows[name].to_numpy() for name in ("LIST_PRICE", "QUANTITY", "DISCOUNT")
    )
    return np.column_stack(
        [np.log(price), np.log(quantity), np.log1p(-discount), np.ones(len(price))]
    )


# %% Learn.
known = client.sql(FEATURES, parameters=["DELIVERED"]).to_arrow()
weights, *_ = np.linalg.lstsq(features(known), np.log(known["NET_AMOUNT"].to_numpy()))
print(f"learnt from {known.num_rows} items: {np.round(weights, 3).tolist()}")

# %% Predict.
unknown = client.sql(FEATURES, parameters=["OPEN"]).to_arrow()
amounts = np.exp(features(unknown) @ weights)
predictions = unknown.select(["ORDER_ID", "ITEM_NO"]).append_column("EXPECTED", pa.array(amounts))

# %% [markdown]
# Write back. `replace` makes the table anew, with a primary key; all rows are there afterwards, or
# the table is as it was. Types follow from Arrow, and columns that were read keep their HANA types.

# %%
written = client.write(
    "PREDICTIONS",
    predictions,
    space="LAB",
    mode="replace",
    keys=["ORDER_ID", "ITEM_NO"],
)
print(f"written: {written} rows")

# %% A later run sets the rows that are there by their key, and adds new ones.
corrected = predictions.slice(0, 10)
print(f"upserted: {client.write('PREDICTIONS', corrected, space='LAB', mode='upsert')} rows")

# %% What was predicted beside what is known, compared by the database.
(compared,) = (
    client.sql("""
        SELECT COUNT(*) AS N,
            AVG(ABS(p.EXPECTED - i.NET_AMOUNT) / i.NET_AMOUNT) AS RELATIVE_ERROR
        FROM LAB.PREDICTIONS AS p
        JOIN SALES.SALES_ORDER_ITEMS AS i ON i.ORDER_ID = p.ORDER_ID AND i.ITEM_NO = p.ITEM_NO
    """)
    .to_arrow()
    .to_pylist()
)
print(f"read back: {compared['N']} rows, {compared['RELATIVE_ERROR']:.4%} off on average")

# %% Nothing is left behind but the table; `client.execute` takes rows away, or all of it.
removed = client.execute(
    "DELETE FROM PREDICTIONS WHERE EXPECTED < ?", parameters=[100.0], space="LAB"
)
print(f"removed: {removed} rows below 100")
client.close()
