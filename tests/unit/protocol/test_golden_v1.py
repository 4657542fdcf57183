"""Protocol v1 as promised: kept bytes mean what they meant, and values still write them."""

from pathlib import Path

import pytest

from tests.support.golden_protocol import CASES, FOLDER, Case, write_missing


def facts(value: object) -> str:
    """Value with all types in it; errors have no repr of their own facts."""
    return repr((type(value), value, getattr(value, "__dict__", None)))


@pytest.mark.parametrize("name", CASES)
def test_value_still_writes_the_promised_bytes(name: str) -> None:
    case = CASES[name]

    assert case.encode(case.value) == (FOLDER / f"{name}.json").read_bytes()


@pytest.mark.parametrize("name", CASES)
def test_promised_bytes_still_mean_the_value(name: str) -> None:
    case = CASES[name]

    assert facts(case.decode((FOLDER / f"{name}.json").read_bytes())) == facts(case.value)


def test_every_promised_file_has_a_case() -> None:
    kept = {path.stem for path in FOLDER.glob("*.json")}

    assert kept == {*CASES, "error_codes"}


def test_regenerating_keeps_promised_bytes_and_reports_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES["space"]
    other = Case(case.value, lambda value: case.encode(value) + b" ", case.decode)
    assert write_missing(tmp_path, {"space": case}) == 0
    promised = (tmp_path / "space.json").read_bytes()

    changed = write_missing(tmp_path, {"space": other})

    assert changed == 1
    assert (tmp_path / "space.json").read_bytes() == promised
    assert "kept space.json: v1 is promised" in capsys.readouterr().out
