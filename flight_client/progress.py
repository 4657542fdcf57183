"""A progress bar over rows, on stderr; off where nobody looks."""

import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager

import pyarrow as pa

DELAY_S = 1.0
"""Reads that end sooner show no bar."""


def counted(
    batches: Iterable[pa.RecordBatch], *, total_rows: int | None, wanted: bool | None
) -> Generator[pa.RecordBatch]:
    """The same batches; their rows are counted in a bar while they pass.

    Args:
        batches: Where the rows come from.
        total_rows: How many will come; None for a counter without an end.
        wanted: Whether to show the bar; None for terminals and notebooks only.
    """
    if not (_watched() if wanted is None else wanted):
        yield from batches
        return
    from tqdm.auto import tqdm

    with tqdm(total=total_rows, unit=" rows", unit_scale=True, delay=DELAY_S) as bar:
        for batch in batches:
            bar.update(batch.num_rows)
            yield batch


@contextmanager
def meter(*, total_rows: int | None, wanted: bool | None) -> Generator[Callable[[int], None]]:
    """A bar for rows that are counted elsewhere.

    Args:
        total_rows: As for ``counted``.
        wanted: As for ``counted``.

    Yields:
        Takes the number of all rows so far, as often as somebody knows it: the bar shows the time
        too, so that it moves while a number stays.
    """
    if not (_watched() if wanted is None else wanted):
        yield lambda _rows: None
        return
    from tqdm.auto import tqdm

    with tqdm(total=total_rows, unit=" rows", unit_scale=True, delay=DELAY_S, miniters=0) as bar:

        def show(rows: int) -> None:
            bar.update(rows - bar.n)

        yield show


def _watched() -> bool:
    return "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())
