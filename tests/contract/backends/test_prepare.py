"""What preparing a statement tells before any value is known; nothing is run."""

import pytest

from flight_client.protocol.catalog import HanaType
from flight_server.backends.base import Backend
from tests.contract.backends.reading import admitted
from tests.contract.backends.writing import change_of, ids, items, made

pytestmark = pytest.mark.needs("sql")


def test_prepared_query_has_the_schema_of_its_rows(backend: Backend) -> None:
    query = admitted(backend, 'SELECT ID, LABEL FROM NUMBERS WHERE "GROUP" = ?', 1)

    described = backend.prepare_query(query)

    assert described.schema is not None
    assert described.schema.equals(backend.describe_query(query, (1,)), check_metadata=True)


def test_markers_beside_columns_have_their_types(backend: Backend) -> None:
    query = admitted(
        backend,
        'SELECT ID FROM NUMBERS WHERE ID = ? AND LABEL LIKE ? AND "VALUE" BETWEEN ? AND ?',
        4,
    )

    described = backend.prepare_query(query)

    assert [kind and kind.name for kind in described.parameters] == [
        "BIGINT", "NVARCHAR", "INTEGER", "INTEGER",
    ]  # fmt: skip


def test_marker_in_the_select_list_can_be_prepared(backend: Backend) -> None:
    described = backend.prepare_query(admitted(backend, "SELECT ? AS X FROM LOGIC", 1))

    assert described.schema is not None
    assert described.schema.names == ["X"]
    assert len(described.parameters) == 1


def test_query_without_markers_has_no_parameters(backend: Backend) -> None:
    assert backend.prepare_query(admitted(backend, "SELECT ID FROM NUMBERS")).parameters == ()


def test_prepared_query_is_not_run(backend: Backend) -> None:
    # Run, it would fail: one of the groups is 0.
    query = admitted(backend, 'SELECT 1 / "GROUP" AS X FROM NUMBERS WHERE ID > ?', 1)

    described = backend.prepare_query(query)

    assert described.schema is not None
    assert described.schema.names == ["X"]


def test_prepared_change_has_no_schema_and_the_types_of_its_columns(writable: Backend) -> None:
    name = made(writable)
    change = change_of(writable, f"INSERT INTO {name} (NAME, ID, AMOUNT) VALUES (?, ?, ?)")

    described = writable.prepare_change(change)

    assert described.schema is None
    text, integer, amount = described.parameters
    assert text is not None
    assert text.name == "NVARCHAR"
    assert (integer, amount) == (HanaType("INTEGER"), HanaType("DECIMAL", 15, 2))


def test_prepared_update_has_the_types_of_its_columns(writable: Backend) -> None:
    name = made(writable)
    change = change_of(writable, f"UPDATE {name} SET AMOUNT = ? WHERE ID = ?")

    described = writable.prepare_change(change)

    assert [kind and kind.name for kind in described.parameters] == ["DECIMAL", "INTEGER"]


@pytest.mark.parametrize(
    "text", ["DELETE FROM {}", "DROP TABLE {}", "UPDATE {} SET NAME = 'z' WHERE ID = ID"]
)
def test_prepared_change_changes_nothing(writable: Backend, text: str) -> None:
    name = made(writable, rows=items(1, "a"))

    writable.prepare_change(change_of(writable, text.format(name)))

    assert ids(writable, writable, name) == [1]
