"""Keys of HANA from rows of its system views, and over the readers of several users."""

from typing import Any

import pyarrow as pa
import pytest

from flight_client.protocol.schemas import to_schema
from flight_server.backends.base import ForeignKey, KeyRule, PrimaryKey, TableName
from flight_server.backends.hana.keys import KeyRow, foreign_keys_of, primary_keys_of
from flight_server.backends.hana.system_views import (
    FOREIGN_KEY_COLUMNS,
    PRIMARY_KEY_COLUMNS,
    Place,
    foreign_key_question,
    primary_key_question,
)


def row(column: str, position: int, **more: Any) -> KeyRow:
    given: dict[str, Any] = {
        "SPACE": "S",
        "ENTITY": "T",
        "NAME": "K",
        "COLUMN": column,
        "POSITION": position,
        "TO_SPACE": "S",
        "TO_ENTITY": "U",
        "TO_NAME": "U_KEY",
        "TO_COLUMN": f"TO_{column}",
        "ON_UPDATE": "CASCADE",
        "ON_DELETE": "SET NULL",
        **more,
    }
    return given  # type: ignore[return-value]


def test_columns_of_a_primary_key_are_put_in_order() -> None:
    found = primary_keys_of([row("B", 2), row("Z", 1, ENTITY="A"), row("C", 1)])
    assert found == [
        PrimaryKey(space="S", table="A", name="K", columns=("Z",)),
        PrimaryKey(space="S", table="T", name="K", columns=("C", "B")),
    ]


def test_columns_of_a_foreign_key_are_put_in_order_with_those_they_refer_to() -> None:
    (found,) = foreign_keys_of([row("B", 2), row("C", 1)])
    assert found == ForeignKey(
        space="S",
        table="T",
        name="K",
        columns=("C", "B"),
        to_space="S",
        to_table="U",
        to_name="U_KEY",
        to_columns=("TO_C", "TO_B"),
        on_update=KeyRule.CASCADE,
        on_delete=KeyRule.SET_NULL,
    )


@pytest.mark.parametrize("word", ["RESTRICT", None, "SOMETHING NEW"])
def test_rule_that_is_not_known_restricts(word: str | None) -> None:
    (found,) = foreign_keys_of([row("A", 1, ON_UPDATE=word, ON_DELETE=word)])
    assert (found.on_update, found.on_delete) == (KeyRule.RESTRICT, KeyRule.RESTRICT)


def test_names_are_bound_in_the_order_of_the_markers() -> None:
    question = foreign_key_question(Place("S", "T"), Place("R", "U"))
    assert question.values == ("S", "T", "R", "U")
    assert question.text.index("SCHEMA_NAME = ?") < question.text.index("REFERENCED_TABLE_NAME = ?")


def test_nothing_is_narrowed_where_no_name_is_given() -> None:
    assert foreign_key_question(Place(), Place()).values == ()
    assert primary_key_question(Place(None, "T")).values == ("T",)


def test_answers_have_the_columns_that_the_rows_need() -> None:
    fields = set(KeyRow.__annotations__)
    assert set(to_schema(FOREIGN_KEY_COLUMNS).names) == fields
    assert set(to_schema(PRIMARY_KEY_COLUMNS).names) < fields


def test_scripted_rows_fit_the_schema() -> None:
    table = pa.Table.from_pylist([dict(row("A", 1))], to_schema(FOREIGN_KEY_COLUMNS))
    assert table.num_rows == 1


def test_table_name_stands_for_all_spaces_by_itself() -> None:
    assert TableName("T").space is None
