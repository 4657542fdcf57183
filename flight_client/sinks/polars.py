"""A reader's rows as a polars DataFrame; knows nothing of Flight."""

from typing import TYPE_CHECKING

import pyarrow as pa

from flight_client.sinks import MissingDependency

if TYPE_CHECKING:
    import polars as pl


def to_polars(reader: pa.RecordBatchReader) -> "pl.DataFrame":
    """All rows of a reader in one frame, batch by batch.

    Raises:
        MissingDependency: polars is not installed.
    """
    try:
        import polars as pl
    except ModuleNotFoundError:
        raise MissingDependency("polars", "polars") from None
    return pl.DataFrame(reader)
