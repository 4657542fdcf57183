"""DuckDB's keys, in the order in which they were declared."""

from collections.abc import Iterator

import pytest

from flight_server.backends.base import ForeignKey, KeyRule, PrimaryKey, TableName
from flight_server.backends.duckdb import DuckDbBackend

SCRIPT = """
CREATE SCHEMA "S"; CREATE SCHEMA "R";
CREATE TABLE "S"."PARENT" ("A" INT, "B" INT, "C" INT UNIQUE, PRIMARY KEY ("B", "A"));
CREATE TABLE "S"."CHILD" (
    "X" INT, "Y" INT, "Z" INT REFERENCES "S"."PARENT" ("C"),
    FOREIGN KEY ("X", "Y") REFERENCES "S"."PARENT" ("B", "A")
);
CREATE TABLE "R"."PARENT" ("A" INT PRIMARY KEY);
CREATE TABLE "R"."CHILD" ("X" INT REFERENCES "R"."PARENT" ("A"));
CREATE VIEW "S"."SEEN" AS SELECT * FROM "S"."PARENT";
"""


@pytest.fixture(scope="module")
def backend() -> Iterator[DuckDbBackend]:
    made = DuckDbBackend.open_database(None, read_only=False, init_script=SCRIPT)
    yield made
    made.close()


def test_primary_key_has_its_own_order(backend: DuckDbBackend) -> None:
    (found,) = backend.primary_keys(TableName("PARENT", "S"))
    assert found == PrimaryKey(space="S", table="PARENT", name=found.name, columns=("B", "A"))
    assert found.name


def test_primary_keys_of_all_spaces_come_by_space(backend: DuckDbBackend) -> None:
    assert [key.space for key in backend.primary_keys(TableName("PARENT"))] == ["R", "S"]


@pytest.mark.parametrize(
    "of",
    [
        TableName("parent", "S"),
        TableName("PARENT", "s"),
        TableName("SEEN", "S"),
        TableName("CHILD", "S"),
        TableName("", "S"),
        TableName("PARENT' OR '1'='1"),
    ],
    ids=str,
)
def test_other_names_have_no_primary_key(backend: DuckDbBackend, of: TableName) -> None:
    assert list(backend.primary_keys(of)) == []


def test_foreign_key_names_both_ends(backend: DuckDbBackend) -> None:
    one, two = sorted(
        backend.foreign_keys(TableName("CHILD", "S"), None), key=lambda key: len(key.columns)
    )
    (primary,) = backend.primary_keys(TableName("PARENT", "S"))
    assert two == ForeignKey(
        space="S",
        table="CHILD",
        name=two.name,
        columns=("X", "Y"),
        to_space="S",
        to_table="PARENT",
        to_name=primary.name,
        to_columns=("B", "A"),
        on_update=KeyRule.NO_ACTION,
        on_delete=KeyRule.NO_ACTION,
    )
    assert (one.columns, one.to_columns) == (("Z",), ("C",))
    assert one.to_name not in {None, primary.name}


def test_foreign_keys_are_found_from_the_other_end(backend: DuckDbBackend) -> None:
    found = backend.foreign_keys(None, TableName("PARENT"))
    assert [key.space for key in found] == ["R", "S", "S"]
    assert sorted(key.columns for key in found) == [("X",), ("X", "Y"), ("Z",)]


def test_foreign_keys_are_found_between_two_tables(backend: DuckDbBackend) -> None:
    assert len(backend.foreign_keys(TableName("CHILD", "R"), TableName("PARENT", "R"))) == 1
    assert list(backend.foreign_keys(TableName("CHILD", "R"), TableName("PARENT", "S"))) == []
