"""What arrives is what is stored, in the promised schema."""

from contextlib import closing

import pyarrow as pa
import pytest

from flight_client.protocol.errors import ResourceExhausted
from flight_client.protocol.schemas import TYPE_KEY
from flight_server.backends.base import Backend
from tests.contract.backends import shared_tables
from tests.contract.backends.reading import batches, plan_of, read


@pytest.mark.parametrize("column", shared_tables.EXTREMES)
def test_extremes_and_null_arrive_exactly(backend: Backend, column: str) -> None:
    kind, ends = shared_tables.EXTREMES[column]

    found = read(backend, "TYPES", columns=(column,), order_by=())

    assert found[column].type == kind
    assert found[column].to_pylist() == [*ends, None]


def test_whole_table_arrives_in_declared_order_of_columns(backend: Backend) -> None:
    expected = shared_tables.types()

    found = read(backend, "TYPES")

    assert found.column_names == expected.column_names
    assert found.cast(expected.schema).equals(expected)


def test_columns_arrive_in_the_order_asked_for(backend: Backend) -> None:
    found = read(backend, "LOGIC", columns=("TEXT", "ROW"))

    assert found.column_names == ["TEXT", "ROW"]


@pytest.mark.parametrize("entity", ["TYPES", "NUMBERS", "Names", "EMPTY"])
def test_stream_promises_the_schema_of_the_plan(backend: Backend, entity: str) -> None:
    plan = plan_of(backend, entity)

    with closing(backend.open(plan)) as stream:
        assert stream.schema.equals(plan.schema, check_metadata=True)


def test_every_batch_has_the_promised_schema_with_its_metadata(backend: Backend) -> None:
    plan = plan_of(backend, "LONG")

    with closing(backend.open(plan)) as stream:
        assert all(
            batch.schema.equals(plan.schema, check_metadata=True) for batch in batches(stream)
        )


def test_fields_carry_the_declared_type(backend: Backend) -> None:
    schema = read(backend, "TYPES").schema

    declared = {field.name: field.metadata[TYPE_KEY].decode() for field in schema}

    del declared["ROW"]
    assert declared == {name: name.partition("(")[0] for name in shared_tables.EXTREMES}


def test_table_without_rows_has_a_schema_and_no_batch(backend: Backend) -> None:
    plan = plan_of(backend, "EMPTY")

    with closing(backend.open(plan)) as stream:
        assert stream.read() is None
        assert stream.schema.equals(plan.schema, check_metadata=True)


def test_end_of_a_stream_stays_the_end(backend: Backend) -> None:
    with closing(backend.open(plan_of(backend, "LOGIC"))) as stream:
        assert len(list(batches(stream))) == 1
        assert stream.read() is None


@pytest.mark.parametrize("name", shared_tables.NAMES)
def test_name_that_needs_quoting_is_found(backend: Backend, name: str) -> None:
    found = read(backend, "Names", columns=(name,))

    assert found.to_pydict() == {name: [shared_tables.NAMES.index(name)]}


def test_value_that_no_batch_may_hold_is_refused_by_its_column(backend: Backend) -> None:
    with (
        closing(backend.open(plan_of(backend, "TOO_WIDE"))) as stream,
        pytest.raises(ResourceExhausted, match="column 'WIDE'") as caught,
    ):
        stream.read()

    assert caught.value.details["column"] == "WIDE"


def test_stream_that_failed_never_looks_finished(backend: Backend) -> None:
    with closing(backend.open(plan_of(backend, "TOO_WIDE"))) as stream:
        with pytest.raises(ResourceExhausted):
            stream.read()
        with pytest.raises(ResourceExhausted):
            stream.read()


def test_column_that_is_too_wide_can_be_left_out(backend: Backend) -> None:
    assert read(backend, "TOO_WIDE", columns=("ID",)).to_pydict() == {"ID": [1]}


def test_all_values_of_a_long_table_arrive_in_order(backend: Backend) -> None:
    expected = shared_tables.long()

    found = read(backend, "LONG")

    assert (
        found.combine_chunks()
        .cast(expected.schema)
        .equals(pa.table(expected.combine_chunks().columns, schema=expected.schema))
    )
