"""The bar for rows that somebody else counts."""

import sys

import pytest

from flight_client.progress import meter
from tests.support.patience import eventually


def test_meter_shows_rows_and_time_while_their_number_stays(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown: list[str] = []
    with meter(total_rows=40, wanted=True) as show:

        def seen() -> bool:
            show(10)
            shown.append(capsys.readouterr().err)
            return sum("10.0/40.0" in text for text in shown) > 1

        eventually(seen)


@pytest.mark.parametrize("wanted", [False, None])
def test_meter_is_silent_where_nobody_looks(
    capsys: pytest.CaptureFixture[str], wanted: bool | None
) -> None:
    assert not sys.stderr.isatty()
    with meter(total_rows=40, wanted=wanted) as show:
        show(40)
    assert capsys.readouterr().err == ""
