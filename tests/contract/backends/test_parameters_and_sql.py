"""Views with input parameters, and queries that passed the gate."""

from contextlib import closing
from decimal import Decimal

import pytest

from flight_client.protocol.catalog import Entity, HanaType, Parameter
from flight_client.protocol.errors import DataError, UnknownEntity
from flight_client.protocol.filters import Comparison
from flight_server.backends.base import Backend
from tests.contract.backends.reading import admitted, plan_of, read, table_of
from tests.contract.backends.shared_tables import NUMBERS_ROWS, SPACE
from tests.contract.backends.subjects import VIEW


def scaled(backend: Backend) -> Entity:
    """The view; a backend without it fails in the way that its gap declares."""
    found = backend.entity(SPACE, VIEW)
    if found is None:
        raise UnknownEntity(f"{backend.kind} has no view with parameters.")
    return found


@pytest.mark.needs("parameters")
def test_view_lists_its_parameters_with_types_and_defaults(backend: Backend) -> None:
    entity = scaled(backend)

    assert entity.kind == "view"
    assert entity.parameters == (
        Parameter("P_FACTOR", HanaType("INTEGER")),
        Parameter("P_SHIFT", HanaType("INTEGER"), mandatory=False, default=10),
    )


@pytest.mark.needs("parameters")
def test_arguments_reach_the_view(backend: Backend) -> None:
    found = read(
        backend,
        scaled(backend).name,
        parameters=(("P_FACTOR", 3), ("P_SHIFT", 1)),
        where=Comparison("ID", "=", (2,)),
    )

    assert found.to_pylist() == [{"ID": 2, "SCALED": 7}]


@pytest.mark.needs("parameters")
def test_argument_left_out_takes_its_default(backend: Backend) -> None:
    found = read(
        backend,
        scaled(backend).name,
        parameters=(("P_FACTOR", 3),),
        where=Comparison("ID", "=", (2,)),
    )

    assert found.to_pylist() == [{"ID": 2, "SCALED": 16}]


@pytest.mark.needs("parameters")
def test_rows_of_a_view_are_not_counted(backend: Backend) -> None:
    assert backend.row_count(scaled(backend)) is None


@pytest.mark.needs("sql")
def test_query_is_described_without_being_run(backend: Backend) -> None:
    # Run, it would fail: one of the groups is 0.
    query = admitted(backend, 'SELECT 1 / "GROUP" AS "SHARE", "LABEL" FROM NUMBERS')

    schema = backend.describe_query(query, ())

    assert schema.names == ["SHARE", "LABEL"]


@pytest.mark.needs("sql")
def test_query_returns_the_rows_in_the_described_schema(backend: Backend) -> None:
    query = admitted(backend, "SELECT COUNT(*) AS ROWS_, MAX(ID) AS LAST FROM NUMBERS")

    with closing(backend.open_query(query, (), 2**20)) as stream:
        found = table_of(stream)

    assert found.schema.equals(backend.describe_query(query, ()), check_metadata=True)
    assert found.to_pylist() == [{"ROWS_": NUMBERS_ROWS, "LAST": NUMBERS_ROWS - 1}]


@pytest.mark.needs("sql")
@pytest.mark.parametrize("value", [5, Decimal(5), Decimal("5.00")])
def test_values_of_a_query_are_bound_in_order(backend: Backend, value: object) -> None:
    query = admitted(backend, "SELECT ID FROM NUMBERS WHERE ID >= ? AND ID < ?", 2)

    with closing(backend.open_query(query, (value, 7), 2**20)) as stream:
        assert table_of(stream).to_pydict() == {"ID": [5, 6]}


@pytest.mark.needs("sql")
def test_null_can_be_bound(backend: Backend) -> None:
    query = admitted(backend, "SELECT ID FROM NUMBERS WHERE ID = ?", 1)

    with closing(backend.open_query(query, (None,), 2**20)) as stream:
        assert table_of(stream).num_rows == 0


@pytest.mark.needs("sql")
def test_query_that_cannot_be_computed_is_an_error_of_the_data(backend: Backend) -> None:
    query = admitted(backend, 'SELECT 1 / "GROUP" AS "SHARE" FROM NUMBERS')

    with (
        closing(backend.open_query(query, (), 2**20)) as stream,
        pytest.raises(DataError, match="division by zero"),
    ):
        table_of(stream)


@pytest.mark.needs("sql")
def test_query_explains_itself_with_its_values(backend: Backend) -> None:
    query = admitted(backend, "SELECT ID FROM NUMBERS WHERE ID = ?", 1)

    explained = backend.explain_query(query, (5,))

    assert "NUMBERS" in explained.text
    assert explained.values == (5,)


@pytest.mark.needs("parameters")
def test_query_over_a_view_gives_it_arguments(backend: Backend) -> None:
    view = scaled(backend).name
    query = admitted(backend, f'SELECT SCALED FROM {view}("P_FACTOR" => ?) WHERE ID = 1', 1)

    with closing(backend.open_query(query, (2,), 2**20)) as stream:
        assert table_of(stream).to_pydict() == {"SCALED": [12]}


def test_plan_of_an_entity_explains_itself_with_its_values(backend: Backend) -> None:
    plan = plan_of(backend, "LOGIC", where=Comparison("TEXT", "=", ("a",)))

    assert backend.explain(plan).text
