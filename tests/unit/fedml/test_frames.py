"""Frames made to fit a table: names, index, INSERTED_AT, and the texts that HANA would convert."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from flight_client.fedml.frames import rows_for
from flight_client.protocol.catalog import Column, Entity, HanaType
from flight_client.protocol.errors import DataError, InvalidRequest

NOW = datetime(2024, 2, 29, 12, 30, 0, 5)
TYPES = {
    "ID": HanaType("INTEGER"),
    "NAME": HanaType("NVARCHAR", 10),
    "Name": HanaType("NVARCHAR", 10),
    "DAY": HanaType("DATE"),
    "PRICE": HanaType("DECIMAL", 10, 2),
    "MOMENT": HanaType("TIMESTAMP"),
    "HOUR": HanaType("TIME"),
    "RATE": HanaType("REAL"),
    "SHAPE": HanaType("ST_GEOMETRY"),
}


def entity(*names: str) -> Entity:
    columns = tuple(Column(name, TYPES.get(name, HanaType("TIMESTAMP"))) for name in names)
    return Entity(space="LAB", name="T", kind="table", columns=columns)


def fitted(table: Entity, **columns: Any) -> dict[str, list[Any]]:
    return rows_for(table, pd.DataFrame(columns), NOW).to_pydict()


def test_columns_are_matched_exactly_and_then_without_regard_to_case() -> None:
    table = entity("ID", "NAME", "Name")
    assert fitted(table, id=[1], Name=["x"], NAME=["y"]) == {
        "ID": [1],
        "Name": ["x"],
        "NAME": ["y"],
    }


def test_name_that_could_mean_two_columns_means_none() -> None:
    assert fitted(entity("NAME", "Name"), name=["x"]) == {"name": ["x"]}


def test_two_columns_for_one_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="Two columns of the frame are meant for 'ID'"):
        fitted(entity("ID"), ID=[1], id=[2])


def test_column_that_the_table_lacks_is_left_for_the_server_to_refuse() -> None:
    assert fitted(entity("ID"), ID=[1], MORE=[2]) == {"ID": [1], "MORE": [2]}


def test_inserted_at_is_one_moment_for_all_rows() -> None:
    table = rows_for(entity("ID", "INSERTED_AT"), pd.DataFrame({"ID": [1, 2]}), NOW)
    assert table.to_pydict() == {"ID": [1, 2], "INSERTED_AT": [NOW, NOW]}
    assert table.schema.field("INSERTED_AT").type == pa.timestamp("us")


def test_inserted_at_of_the_frame_is_kept() -> None:
    moment = datetime(2020, 1, 1)
    made = fitted(entity("ID", "INSERTED_AT"), ID=[1], inserted_at=[moment])
    assert made == {"ID": [1], "INSERTED_AT": [moment]}


def test_inserted_at_is_not_made_for_a_table_without_it() -> None:
    assert fitted(entity("ID"), ID=[1]) == {"ID": [1]}


def test_index_is_left_out() -> None:
    frame = pd.DataFrame({"ID": [1, 2]}, index=pd.Index(["a", "b"], name="NAME"))
    assert rows_for(entity("ID", "NAME"), frame, NOW).to_pydict() == {"ID": [1, 2]}


def test_frame_without_rows_stays_without() -> None:
    made = rows_for(
        entity("ID", "INSERTED_AT"), pd.DataFrame({"ID": pd.Series([], dtype="int")}), NOW
    )
    assert (made.num_rows, made.schema.names) == (0, ["ID", "INSERTED_AT"])


def test_arrow_tables_are_taken_too() -> None:
    assert rows_for(entity("ID"), pa.table({"id": [1]}), NOW).to_pydict() == {"ID": [1]}


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("DAY", "2024-02-29", date(2024, 2, 29)),
        ("MOMENT", "2024-02-29 01:02:03.000004", datetime(2024, 2, 29, 1, 2, 3, 4)),
        ("HOUR", "01:02:03", time(1, 2, 3)),
        ("RATE", "1e40", 1e40),
        ("PRICE", "1.5", Decimal("1.50")),
        ("ID", "7", 7),
        ("NAME", 7, "7"),
    ],
)
def test_value_is_converted_as_hana_would(name: str, given: object, value: object) -> None:
    frame = pd.DataFrame({name: [given, None]}, dtype="Int64" if given == 7 else "object")
    assert rows_for(entity(name), frame, NOW).to_pydict() == {name: [value, None]}


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("DAY", "yesterday"),
        ("HOUR", "01:02:03.5"),
        ("ID", "1.5"),
        ("PRICE", "1.505"),
        ("ID", "9" * 12),
    ],
)
def test_text_that_spells_no_value_of_its_column_is_refused(name: str, given: str) -> None:
    with pytest.raises(DataError, match=f"Column '{name}' takes ") as caught:
        fitted(entity(name), **{name: [given]})
    assert caught.value.details == {"column": name}


def test_type_without_arrow_counterpart_is_left_to_the_server() -> None:
    assert fitted(entity("SHAPE"), SHAPE=["POINT (1 1)"]) == {"SHAPE": ["POINT (1 1)"]}
