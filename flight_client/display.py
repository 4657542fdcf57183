"""Draws rows of text for terminals and notebooks; knows nothing of where they come from."""

import html
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Final

NULL: Final = "NULL"
_GAP: Final = "  "
_CUT: Final = "…"
_LEAST: Final = 4
"""Characters that every column keeps before whole columns are left out."""


def cell(value: object) -> str:
    """A value as one line of text; control characters are shown as dots."""
    match value:
        case None:
            text = NULL
        case bool():
            text = "true" if value else "false"
        case bytes():
            text = value.hex()
        case datetime():
            text = value.isoformat(" ")
        case date() | time():
            text = value.isoformat()
        case _:
            text = str(value)
    return "".join(letter if letter.isprintable() else "·" for letter in text)


def text_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    width: int | None = None,
    right: Sequence[int] = (),
) -> str:
    """Rows below a header in aligned columns.

    Args:
        header: Names of the columns.
        rows: Cells, as many per row as the header has.
        width: Most characters of a line; longer cells are cut, then columns at the right left out.
            None for as many as the cells need.
        right: Numbers of the columns that are aligned to the right.
    """
    widths = [max(map(columns_of, column)) for column in zip(header, *rows, strict=True)]
    shown = widths if width is None else _fit(widths, width)
    lines = [
        _line(row, shown, right, more=len(shown) < len(widths))
        for row in (header, ["-" * size for size in shown] + list(header[len(shown) :]), *rows)
    ]
    return "\n".join(lines)


def html_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The same as an HTML table."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def columns_of(text: str) -> int:
    """Terminal columns that a text takes: two for a wide character, none for a combining one."""
    return sum(
        0
        if unicodedata.combining(letter)
        else 2
        if unicodedata.east_asian_width(letter) in "WF"
        else 1
        for letter in text
    )


def _fit(widths: Sequence[int], width: int) -> list[int]:
    """Widths that fit together: the widest shrink first; what still does not fit is left out."""
    least = [min(size, _LEAST) for size in widths]
    count = len(widths)
    if _total(least) > width:
        width -= len(_GAP) + len(_CUT)
        while count > 1 and _total(least[:count]) > width:
            count -= 1
    fitted = list(widths[:count])
    while (excess := _total(fitted) - width) > 0:
        widest = max(fitted)
        if widest <= _LEAST:
            break
        at = fitted.index(widest)
        lower = max([size for size in fitted if size < widest], default=_LEAST)
        fitted[at] = max(_LEAST, lower, widest - excess) if lower < widest else widest - 1
    return fitted


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[int], *, more: bool) -> str:
    cells = [
        _pad(_cut(text, size), size, to_right=at in right)
        for at, (text, size) in enumerate(zip(row, widths, strict=False))
    ]
    return _GAP.join([*cells, _CUT] if more else cells).rstrip()


def _cut(text: str, size: int) -> str:
    if columns_of(text) <= size:
        return text
    kept = ""
    for letter in text:
        if columns_of(kept + letter) > size - 1:
            break
        kept += letter
    return kept + _CUT


def _pad(text: str, size: int, *, to_right: bool) -> str:
    gap = " " * (size - columns_of(text))
    return gap + text if to_right else text + gap
