"""Tables of text: aligned, fitted to a width, safe to print."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_client.display import cell, columns_of, html_table, text_table


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "NULL"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (Decimal("1.20"), "1.20"),
        (date(2024, 1, 31), "2024-01-31"),
        (time(1, 2, 3), "01:02:03"),
        (datetime(2024, 1, 31, 1, 2, 3), "2024-01-31 01:02:03"),
        (b"\x00\xff", "00ff"),
        ([1.0, 2.0], "[1.0, 2.0]"),
        ("Grüße 🎉", "Grüße 🎉"),
    ],
)
def test_cell_is_a_line_of_text(value: object, text: str) -> None:
    assert cell(value) == text


def test_control_characters_cannot_reach_the_terminal() -> None:
    assert cell("a\x1b[31mb\nc\u202e") == "a·[31mb·c·"


def test_columns_are_aligned_under_their_header() -> None:
    assert text_table(["A", "NAME"], [["1", "x"], ["10", "longer"]], right=[0]) == (
        " A  NAME\n--  ------\n 1  x\n10  longer"
    )


def test_table_without_rows_is_its_header() -> None:
    assert text_table(["A", "BC"], []) == "A  BC\n-  --"


def test_wide_characters_count_as_two_columns() -> None:
    assert columns_of("日本") == 4
    assert columns_of("e\u0301") == 1
    assert text_table(["AB", "C"], [["日", "x"]]).splitlines()[2] == "日  x"


def test_widest_column_is_cut_first() -> None:
    table = text_table(["A", "B"], [["short", "x" * 50]], width=20)
    assert table.splitlines()[2] == "short  " + "x" * 12 + "…"


def test_columns_that_cannot_fit_are_left_out_with_a_mark() -> None:
    header = [f"COLUMN_{number}" for number in range(20)]
    lines = text_table(header, [header], width=30).splitlines()
    assert all(len(line) <= 30 for line in lines)
    assert lines[0].endswith("…")
    assert "COLUMN_19" not in lines[0]


_CELLS = st.text(st.characters(exclude_categories=["C", "M"]), max_size=30)


@given(st.lists(st.lists(_CELLS, min_size=3, max_size=3), max_size=4), st.integers(20, 60))
def test_no_line_is_longer_than_the_width(rows: list[list[str]], width: int) -> None:
    lines = text_table(["A", "B", "C"], rows, width=width).split("\n")
    assert all(columns_of(line) <= width for line in lines)
    assert len(lines) == 2 + len(rows)


def test_html_is_escaped() -> None:
    table = html_table(["<b>"], [["<script>", "&"]])
    assert "<script>" not in table
    assert "&lt;script&gt;" in table
    assert "&amp;" in table
