"""Keys in the order of the specification."""

from typing import Any

import pytest

from flight_server.backends.base import ForeignKey, KeyRule, PrimaryKey
from flight_server.service.discovery import Discovery
from flight_server.wire.flightsql import metadata
from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb
from tests.support.flight_sql_facts import facts
from tests.support.scripted import ScriptedBackend


def foreign(name: str, table: str, *columns: str, space: str = "S", **more: Any) -> ForeignKey:
    settings: dict[str, Any] = {
        "to_space": "S",
        "to_table": "PARENT",
        "to_name": "PARENT_KEY",
        "to_columns": ("B", "A")[: len(columns)],
        "on_update": KeyRule.RESTRICT,
        "on_delete": KeyRule.CASCADE,
        **more,
    }
    return ForeignKey(name=name, space=space, table=table, columns=columns, **settings)


BACKEND = ScriptedBackend(
    primary=(
        PrimaryKey(space="S", table="PARENT", name="PARENT_KEY", columns=("B", "A")),
        PrimaryKey(space="R", table="PARENT", name="OTHER_KEY", columns=("ID",)),
    ),
    foreign=(
        foreign("TO_PARENT", "CHILD", "X", "Y"),
        foreign("ALSO_TO_PARENT", "CHILD", "X", "Z"),
        foreign("A_KEY", "BROTHER", "P", to_table="AUNT", to_name=None),
        foreign("UP", "CHILD", "P", space="R", on_delete=KeyRule.SET_NULL),
    ),
)


def rows(command: Any) -> list[dict[str, Any]]:
    found = metadata.answer(type(command).__name__, command, Discovery(BACKEND), facts())
    found.validate(full=True)
    assert found.schema.equals(metadata.schema(type(command).__name__, command))
    return found.to_pylist()


def short(command: Any) -> list[tuple[str, ...]]:
    return [
        (row["fk_db_schema_name"], row["fk_key_name"], row["fk_column_name"], row["pk_column_name"])
        for row in rows(command)
    ]


def test_columns_of_a_primary_key_come_in_the_order_of_the_key() -> None:
    assert rows(pb.CommandGetPrimaryKeys(table="PARENT", db_schema="S")) == [
        {
            "catalog_name": None,
            "db_schema_name": "S",
            "table_name": "PARENT",
            "column_name": column,
            "key_name": "PARENT_KEY",
            "key_sequence": sequence,
        }
        for sequence, column in ((1, "B"), (2, "A"))
    ]


def test_primary_keys_of_all_schemas_come_in_their_order() -> None:
    found = rows(pb.CommandGetPrimaryKeys(table="PARENT"))
    assert [row["db_schema_name"] for row in found] == ["R", "S", "S"]


def test_imported_keys_are_those_of_the_table() -> None:
    assert rows(pb.CommandGetImportedKeys(table="BROTHER")) == [
        {
            "pk_catalog_name": None,
            "pk_db_schema_name": "S",
            "pk_table_name": "AUNT",
            "pk_column_name": "B",
            "fk_catalog_name": None,
            "fk_db_schema_name": "S",
            "fk_table_name": "BROTHER",
            "fk_column_name": "P",
            "key_sequence": 1,
            "fk_key_name": "A_KEY",
            "pk_key_name": None,
            "update_rule": 1,
            "delete_rule": 0,
        }
    ]


def test_imported_keys_are_ordered_by_what_they_refer_to_and_sequence() -> None:
    assert short(pb.CommandGetImportedKeys(table="CHILD", db_schema="S")) == [
        ("S", "ALSO_TO_PARENT", "X", "B"),
        ("S", "TO_PARENT", "X", "B"),
        ("S", "ALSO_TO_PARENT", "Z", "A"),
        ("S", "TO_PARENT", "Y", "A"),
    ]


def test_exported_keys_are_those_to_the_table_ordered_by_who_refers() -> None:
    assert short(pb.CommandGetExportedKeys(table="PARENT", db_schema="S")) == [
        ("R", "UP", "P", "B"),
        ("S", "ALSO_TO_PARENT", "X", "B"),
        ("S", "ALSO_TO_PARENT", "Z", "A"),
        ("S", "TO_PARENT", "X", "B"),
        ("S", "TO_PARENT", "Y", "A"),
    ]


def test_cross_reference_is_between_two_tables() -> None:
    command = pb.CommandGetCrossReference(
        pk_table="PARENT", fk_table="CHILD", fk_db_schema="R", pk_db_schema="S", pk_catalog=""
    )
    (row,) = rows(command)
    assert (row["fk_key_name"], row["delete_rule"]) == ("UP", 2)


@pytest.mark.parametrize(
    "command",
    [
        pb.CommandGetPrimaryKeys(table="NOTHING"),
        pb.CommandGetPrimaryKeys(table=""),
        pb.CommandGetPrimaryKeys(table="PAREN_"),
        pb.CommandGetPrimaryKeys(table="PARENT", catalog="HXE"),
        pb.CommandGetPrimaryKeys(table="PARENT", db_schema=""),
        pb.CommandGetPrimaryKeys(table="PARENT", db_schema="NOWHERE"),
        pb.CommandGetImportedKeys(table="PARENT"),
        pb.CommandGetImportedKeys(table="CHILD", catalog="HXE"),
        pb.CommandGetExportedKeys(table="CHILD"),
        pb.CommandGetExportedKeys(table=""),
        pb.CommandGetCrossReference(pk_table="PARENT", fk_table="BROTHER"),
        pb.CommandGetCrossReference(pk_table="PARENT", fk_table=""),
        pb.CommandGetCrossReference(pk_table="PARENT", fk_table="CHILD", pk_catalog="HXE"),
    ],
    ids=str,
)
def test_what_is_not_there_has_no_keys(command: Any) -> None:
    assert rows(command) == []
