"""The sample landscape that the demo serves, as a DuckDB script; runs nothing by itself."""

from importlib.resources import files
from typing import Final

ITEMS: Final = 1_000_000
"""Rows of SALES.SALES_ORDER_ITEMS in the demo."""


def landscape_sql(items: int = ITEMS) -> str:
    """The script for ``DuckDbBackend.open_database(init_script=...)``.

    Args:
        items: Rows of ``SALES_ORDER_ITEMS``, from 1; there is an order for every five.

    Raises:
        ValueError: No items.
    """
    if items < 1:
        raise ValueError(f"A landscape has 1 item at least; got {items}.")
    script = files(__name__).joinpath("landscape.sql").read_text(encoding="utf-8")
    return f"SET VARIABLE item_count = {items:d};\n{script}"
