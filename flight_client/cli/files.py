"""Opens files of rows as record batches, and says what is wrong with them; knows no server."""
# pyarrow's stubs leave the readers of files half untyped:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import csv
import re
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

ColumnTypes: TypeAlias = Mapping[str, pa.DataType]
Batches: TypeAlias = Generator[pa.RecordBatch]
Opened: TypeAlias = Generator[pa.RecordBatchReader]


class Unreadable(OSError):
    """A file does not hold the rows that its name promises; the message names it."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"The file {str(path)!r} {problem}. Nothing was kept.")


def batches_of(path: Path, columns: ColumnTypes) -> Batches:
    """The rows of a file; the first batch has no rows, so that there always is one.

    Args:
        path: Its ending is one of ``SOURCES``.
        columns: Types of columns, for files that have none. Others are guessed from the first MiB.

    Raises:
        Unreadable: At the first batch or any later one.
    """
    try:
        with SOURCES[path.suffix.lower()](path, columns) as reader:
            yield pa.RecordBatch.from_pylist([], schema=reader.schema)
            yield from reader
    except Unreadable:
        raise
    except (pa.ArrowException, OSError) as error:
        raise Unreadable(path, f"cannot be read: {_first_line(error)}") from None


@contextmanager
def _parquet(path: Path, _columns: ColumnTypes) -> Opened:
    with pq.ParquetFile(path) as file:
        yield pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches())


@contextmanager
def _arrow(path: Path, _columns: ColumnTypes) -> Opened:
    with pa.memory_map(str(path)) as file:
        try:
            stored = pa.ipc.open_file(file)
        except pa.ArrowInvalid:  # the format for streams has no footer
            file.seek(0)
            with pa.ipc.open_stream(file) as reader:
                yield reader
            return
        with stored:
            batches = (stored.get_batch(at) for at in range(stored.num_record_batches))
            yield pa.RecordBatchReader.from_batches(stored.schema, batches)


@contextmanager
def _csv(path: Path, columns: ColumnTypes) -> Opened:
    names = _header(path)
    options = pa_csv.ConvertOptions(
        column_types=dict(columns), strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    parse = pa_csv.ParseOptions(newlines_in_values=True)
    try:
        with pa_csv.open_csv(path, convert_options=options, parse_options=parse) as reader:
            yield reader
    except pa.ArrowInvalid as error:
        raise Unreadable(path, _fault(path, names, columns, _first_line(error))) from None


SOURCES: Final[Mapping[str, Callable[[Path, ColumnTypes], Any]]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".arrow": _arrow,
    ".feather": _arrow,
}
"""How a file is opened, by the ending of its name."""


def _header(path: Path) -> list[str]:
    """The names in the first line of a CSV file."""
    with closing(_lines(path, errors="strict")) as lines:
        try:
            names = next(lines, (0, []))[1]
        except UnicodeDecodeError:
            raise Unreadable(path, _NOT_UTF8) from None
    if not names:
        raise Unreadable(path, "has no names of columns in its first line; add them")
    mark = next((mark for mark in ";\t|" if mark in names[0]), None)
    if len(names) == 1 and mark:
        raise Unreadable(path, f"divides its columns by {mark!r}; save it with commas")
    if twin := next((name for at, name in enumerate(names) if name in names[:at]), None):
        raise Unreadable(path, f"has two columns {twin!r:.100}; rename one")
    return names


def _lines(path: Path, errors: str) -> Generator[tuple[int, list[str]]]:
    """Each row of a CSV file that is not empty, and the line in which it ends."""
    with path.open(encoding="utf-8-sig", errors=errors, newline="") as file:
        reader = csv.reader(file)
        for fields in reader:
            if fields:
                yield reader.line_num, [field.strip() for field in fields]


def _fault(path: Path, names: list[str], columns: ColumnTypes, said: str) -> str:
    """What Arrow finds wrong with a CSV file, by names and lines, which it does not tell."""
    if "invalid UTF8" in said:
        return _NOT_UTF8
    if found := _MISFIT.search(said):
        at, wanted, value = int(found[1]), found[2], found[3].strip()
        line = _line(path, lambda fields: fields[at : at + 1] == [value])
        more = "" if names[at] in columns else ", or declare the column with --type"
        return (
            f"has {value!r:.80} in column {names[at]!r:.100}{line}, which is no {wanted}; "
            f"correct it{more}"
        )
    if found := _RAGGED.search(said):
        wanted = int(found[1])
        line = _line(path, lambda fields: len(fields) != wanted)
        return f"has {found[2]} values{line} for {wanted} columns; correct it"
    return f"cannot be read: {said}"


def _line(path: Path, is_it: Callable[[list[str]], bool]) -> str:
    """Where the first such row ends, below the names; nothing where it is not found."""
    try:
        with closing(_lines(path, errors="replace")) as lines:
            next(lines)
            return next((f" in line {number}" for number, fields in lines if is_it(fields)), "")
    except csv.Error:  # a field beyond what the module csv takes
        return ""


def _first_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split())[:300].rstrip(".")


_NOT_UTF8: Final = "is not in UTF-8; save it as UTF-8"
_MISFIT: Final = re.compile(
    r"In CSV column #(\d+): (?:Row #\d+: )?CSV conversion error to (.+?): invalid value '(.*)'"
)
_RAGGED: Final = re.compile(r"Expected (\d+) columns, got (\d+)")
"""Sentences of Arrow's reader [seen, pyarrow 26]; others are handed on as they are."""
