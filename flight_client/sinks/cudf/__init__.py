"""A reader's rows in the memory of a GPU, as a cuDF DataFrame or CuPy arrays; without Flight.

No memory resource is chosen here: cuDF and CuPy allocate from whatever pool the user has set up.
Read in the wheels of cuDF 26.10; what no GPU has confirmed is listed in docs/gpu.md.
"""
# No environment holds cuDF and the other frame libraries at once (pandas < 3.1), so its types are
# unknown where this is checked:
# pyright: reportMissingImports=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any, Final, TypeAlias

import pyarrow as pa

from flight_client.sinks import MissingDependency, NoDevice
from flight_client.sinks.cudf.host import PIECE_BYTES, array_pieces, frame_pieces, gathered

Library: TypeAlias = Any
Frame: TypeAlias = Any
"""A ``cudf.DataFrame``."""
DeviceArray: TypeAlias = Any
"""A ``cupy.ndarray``."""

NOTE: Final = (
    "it takes an NVIDIA GPU, and an environment of its own, because cuDF needs pandas older than "
    "3.1; about 5 GB"
)
"""What the extra asks for beside the command that installs it [cudf-cu12 26.10.2: metadata]."""


def to_cudf(reader: pa.RecordBatchReader, *, piece_bytes: int = PIECE_BYTES) -> Frame:
    """All rows of a reader as a ``cudf.DataFrame``, piece by piece.

    The host holds one piece at a time; the device holds the frame and, while pieces are joined,
    its largest column a second time.

    Args:
        reader: Read to its end; its columns need names of their own.
        piece_bytes: Least bytes that are copied to the device at once.

    Raises:
        MissingDependency: cuDF is not installed.
        NoDevice: There is no GPU, no driver, or cuDF does not load.
        InvalidRead: Two columns of one name, or more rows than a cuDF column holds.
        UnsupportedType: Columns whose types cuDF lacks; all are named.
    """
    cudf = require_cudf()

    def joined(parts: list[Frame]) -> Frame:
        return parts[0] if len(parts) == 1 else cudf.concat(parts, ignore_index=True)

    # Series.from_arrow and concat, rather than pylibcudf: they keep the precision of a decimal,
    # without which cuDF cuts digits of later results [cudf.core.column.decimal._get_decimal_type]
    pieces = frame_pieces(reader, piece_bytes)
    series = gathered(reader.schema.names, pieces, cudf.Series.from_arrow, joined)
    return cudf.DataFrame(series)


def to_cupy(
    reader: pa.RecordBatchReader, null_value: float | None, *, piece_bytes: int = PIECE_BYTES
) -> dict[str, DeviceArray]:
    """All rows of a reader as one ``cupy.ndarray`` per column, by name.

    Args:
        reader: Read to its end; every column is numeric, and named once.
        null_value: Stands for NULL; without one, NULL is an error.
        piece_bytes: Least bytes that are copied to the device at once.

    Raises:
        MissingDependency: CuPy is not installed.
        NoDevice: There is no GPU, no driver, or CuPy does not load.
        InvalidRead: Two columns of one name.
        UnsupportedType: Columns that are not numeric; all are named.
        DataError: NULL without a ``null_value``, or one that a column cannot hold.
    """
    cupy = require_cupy()

    def joined(parts: list[DeviceArray]) -> DeviceArray:
        return parts[0] if len(parts) == 1 else cupy.concatenate(parts)

    pieces = array_pieces(reader, null_value, piece_bytes)
    return gathered(reader.schema.names, pieces, cupy.asarray, joined)


def require_cudf() -> Library:
    """The module ``cudf``, once a device has answered.

    cuDF imports without a GPU and fails at its first use, so the device is asked first.

    Raises:
        MissingDependency: cuDF or CuPy is not installed.
        NoDevice: There is no GPU, no driver, or one of them does not load.
    """
    require_cupy()
    try:
        import cudf
    except ModuleNotFoundError as error:
        raise MissingDependency(error.name or "cudf", "cudf", NOTE) from None
    except (ImportError, OSError, RuntimeError) as error:  # a missing libcufile is a RuntimeError
        raise NoDevice(f"cuDF does not load ({_first_line(error)})") from error
    return cudf


def require_cupy() -> Library:
    """The module ``cupy``, once a device has answered.

    Raises:
        MissingDependency: CuPy is not installed.
        NoDevice: There is no GPU, no driver, or CuPy does not load.
    """
    try:
        import cupy
    except ModuleNotFoundError as error:
        raise MissingDependency(error.name or "cupy", "cudf", NOTE) from None
    except (ImportError, OSError, RuntimeError) as error:
        raise NoDevice(f"CuPy does not load ({_first_line(error)})") from error
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except RuntimeError as error:  # CUDARuntimeError is one
        raise NoDevice(_cause(error)) from error
    if not count:
        raise NoDevice("the CUDA runtime counts no device")
    return cupy


def _cause(error: RuntimeError) -> str:
    said = _first_line(error)
    if "cudaErrorInsufficientDriver" in said:
        return f"{said} (CUDA says so too where no NVIDIA driver is installed)"
    return said


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
