"""A reader's rows as a pandas DataFrame; knows nothing of Flight."""
# pandas ships no stubs, and pyarrow's leave to_pandas half untyped:
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from typing import TYPE_CHECKING, Literal, TypeAlias

import pyarrow as pa

from flight_client.sinks import MissingDependency

if TYPE_CHECKING:
    import pandas as pd

DtypeBackend: TypeAlias = Literal["pyarrow", "numpy"]


def to_pandas(reader: pa.RecordBatchReader, dtype_backend: DtypeBackend) -> "pd.DataFrame":
    """All rows of a reader in one frame.

    Args:
        reader: Read to its end.
        dtype_backend: ``pyarrow`` keeps Arrow's types (``pandas.ArrowDtype``): decimals, dates and
            NULL stay what they are, without a copy. ``numpy`` gives pandas' classic types:
            integers with NULL become floats, decimals and dates become Python objects.

    Raises:
        MissingDependency: pandas is not installed.
        ValueError: Another ``dtype_backend``.
    """
    if dtype_backend not in ("pyarrow", "numpy"):
        raise ValueError(f"dtype_backend is 'pyarrow' or 'numpy'; got {dtype_backend!r}.")
    try:
        import pandas as pd
    except ModuleNotFoundError:
        raise MissingDependency("pandas", "pandas") from None
    table = reader.read_all()
    if dtype_backend == "numpy":
        return table.to_pandas()
    return table.to_pandas(types_mapper=pd.ArrowDtype)
