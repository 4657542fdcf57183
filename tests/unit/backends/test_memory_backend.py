"""What is particular to Arrow tables in memory; the rest is the contract suite."""

from contextlib import closing
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from flight_client.protocol.catalog import Column, Entity, HanaType
from flight_client.protocol.errors import (
    Cancelled,
    DataError,
    InvalidParameter,
    Unavailable,
    UnknownEntity,
    UnsupportedSql,
    UnsupportedType,
)
from flight_client.protocol.filters import Comparison
from flight_client.protocol.schemas import TYPE_KEY
from flight_client.protocol.tickets import OrderKey, Partition, ReadTicket, Sample
from flight_server.backends.base import TableName
from flight_server.backends.memory import MemoryBackend
from flight_server.planning.plan import ReadPlan
from flight_server.planning.read import Limits, plan_read


def backend_of(table: pa.Table) -> MemoryBackend:
    return MemoryBackend({"S": {"T": table}})


def plan_of(backend: MemoryBackend, **ticket: Any) -> ReadPlan:
    entity = backend.entity("S", "T")
    assert entity is not None
    return plan_read(ReadTicket(entity="T", **ticket), entity, Limits())


def read(backend: MemoryBackend, **ticket: Any) -> pa.Table:
    with closing(backend.open(plan_of(backend, **ticket))) as stream:
        batches = []
        while (batch := stream.read()) is not None:
            batches.append(batch)
        return pa.Table.from_batches(batches, stream.schema)


def test_whole_table_is_read_without_a_copy() -> None:
    table = pa.table({"A": pa.array(range(1000), pa.int64()), "B": ["text"] * 1000})

    found = read(backend_of(table), columns=("B", "A"))

    for name in ("A", "B"):
        addresses = [
            [buffer and buffer.address for buffer in given[name].chunk(0).buffers()]
            for given in (table, found)
        ]
        assert addresses[0] == addresses[1]


def test_chunks_of_columns_need_not_meet() -> None:
    table = pa.table(
        {
            "A": pa.chunked_array([[1, 2, 3], [4]]),
            "B": pa.chunked_array([[1], [2, 3, 4]]),
        }
    )

    assert read(backend_of(table)).to_pydict() == {"A": [1, 2, 3, 4], "B": [1, 2, 3, 4]}


@pytest.mark.parametrize(
    ("given", "declared", "arrow"),
    [
        (pa.array(["a", None, "b"]).dictionary_encode(), "NVARCHAR", pa.utf8()),
        (pa.array(["a", None, "b"], pa.string_view()), "NVARCHAR", pa.utf8()),
        (pa.array(["a", None, "b"], pa.large_utf8()), "NCLOB", pa.large_utf8()),
        (pa.array([1, None, 2], pa.uint16()), "INTEGER", pa.int32()),
        (pa.array([1, None, 2], pa.int8()), "SMALLINT", pa.int16()),
        (pa.array([1, None, 2], pa.uint64()), "DECIMAL(20,0)", pa.decimal128(20, 0)),
    ],
)
def test_column_is_brought_into_the_arrow_type_of_its_hana_type(
    given: pa.Array, declared: str, arrow: pa.DataType
) -> None:
    backend = backend_of(pa.table({"A": given}))

    found = read(backend)

    assert str(plan_of(backend).columns[0].type) == declared
    assert found.schema.field("A").type == arrow
    assert found["A"].to_pylist() == given.to_pylist()


def test_declared_type_in_the_metadata_is_kept() -> None:
    field = pa.field("A", pa.utf8(), metadata={TYPE_KEY: b"DECIMAL"})
    table = pa.table([pa.array(["1.50", "-2", None])], schema=pa.schema([field]))

    assert plan_of(backend_of(table)).columns[0].type == HanaType("DECIMAL")


def test_decimals_of_their_own_scale_compare_as_numbers() -> None:
    field = pa.field("A", pa.utf8(), metadata={TYPE_KEY: b"DECIMAL"})
    table = pa.table([pa.array(["10", "9.5", None])], schema=pa.schema([field]))

    found = read(backend_of(table), where=Comparison("A", ">", (Decimal("9.75"),)))

    assert found["A"].to_pylist() == ["10"]


def test_text_that_is_no_number_is_an_error_of_the_data() -> None:
    field = pa.field("A", pa.utf8(), metadata={TYPE_KEY: b"DECIMAL"})
    backend = backend_of(pa.table([pa.array(["ten"])], schema=pa.schema([field])))

    with pytest.raises(DataError, match=r"S\.T cannot be evaluated"):
        read(backend, where=Comparison("A", ">", (1,)))


def test_type_without_a_counterpart_is_refused_by_its_column() -> None:
    with pytest.raises(UnsupportedType, match="'WHEN'"):
        backend_of(pa.table({"WHEN": pa.array([1], pa.duration("s"))}))


def test_entity_of_nowhere_is_unknown() -> None:
    nowhere = Entity(space="S", name="GONE", kind="table", columns=())

    with pytest.raises(UnknownEntity, match="'GONE'"):
        backend_of(pa.table({"A": [1]})).row_count(nowhere)


def test_arguments_are_refused() -> None:
    backend = backend_of(pa.table({"A": [1]}))
    plan = plan_of(backend)
    argued = ReadPlan(
        entity=plan.entity, columns=plan.columns, arguments=(object(),), batch_bytes=2**20
    )

    with pytest.raises(InvalidParameter):
        backend.open(argued)


def test_explanation_tells_every_step() -> None:
    backend = backend_of(pa.table({"A": [1], "B": [2]}))
    plan = plan_of(
        backend,
        columns=("A",),
        where=Comparison("B", "=", (2,)),
        sample=Sample(0.5),
        order_by=(OrderKey("B"),),
        limit=7,
        offset=3,
    )

    assert backend.explain(plan).text == (
        "1 of 2 columns of S.T, filtered, sampled at 0.5, ordered by B, from row 3, 7 rows at most"
    )


def test_explanation_tells_which_part() -> None:
    backend = backend_of(pa.table({"A": [1]}))

    plan = plan_of(backend, partition=Partition(of=4, number=2))

    assert backend.explain(plan).text == "1 of 1 columns of S.T, part 2 of 4"


def test_parts_by_hash_are_the_same_in_every_process() -> None:
    # crc32 modulo 3; another hash would tear reads whose parts are served by two replicas.
    backend = backend_of(pa.table({"A": ["a", "b", "c"]}))

    parts = [read(backend, partition=Partition(of=3, number=at))["A"] for at in range(3)]

    assert [part.to_pylist() for part in parts] == [["a", "c"], [], ["b"]]


def test_cancelled_stream_keeps_its_first_reason() -> None:
    backend = backend_of(pa.table({"A": [1]}))
    stream = backend.open(plan_of(backend))
    stream.cancel()
    backend.close()

    with pytest.raises(Cancelled, match="was cancelled"):
        stream.read()


def test_stream_opened_before_the_backend_closed_is_unavailable() -> None:
    backend = backend_of(pa.table({"A": [1]}))
    stream = backend.open(plan_of(backend))
    backend.close()

    with pytest.raises(Unavailable):
        stream.read()


def test_transaction_is_refused_because_tables_never_change() -> None:
    with pytest.raises(UnsupportedSql):
        backend_of(pa.table({"A": [1]})).begin("S")


# writing


def test_tables_that_were_given_to_be_read_take_no_change() -> None:
    with pytest.raises(UnsupportedSql, match="made to be read"):
        backend_of(pa.table({"A": [1]})).begin("S")


def test_tables_that_change_are_not_cut_by_position() -> None:
    table = pa.table({"A": [1]})
    assert backend_of(table).has_row_positions
    assert not MemoryBackend({"S": {"T": table}}, changes=True).has_row_positions


def test_stream_that_is_open_keeps_the_rows_that_it_began_with() -> None:
    backend = MemoryBackend({"S": {"T": pa.table({"A": [1]})}}, changes=True)
    with closing(backend.open(plan_of(backend))) as stream, closing(backend.begin("S")) as writer:
        writer.insert("S", "T", pa.record_batch({"A": [2]}))
        writer.commit()
        batch = stream.read()
        assert batch is not None
        assert batch.to_pydict() == {"A": [1]}
    assert read(backend).to_pydict() == {"A": [1, 2]}


def test_batch_without_rows_and_without_the_key_adds_nothing() -> None:
    backend = MemoryBackend({"S": {}}, changes=True)
    columns = (
        Column("ID", HanaType("INTEGER"), nullable=False, key=True),
        Column("B", HanaType("INTEGER")),
    )
    with closing(backend.begin("S")) as writer:
        writer.create_table("S", "T", columns)
        batch = pa.record_batch({"B": pa.array([], pa.int32())})
        assert writer.insert("S", "T", batch) == 0
        writer.commit()
    assert read(backend).num_rows == 0
    (key,) = backend.primary_keys(TableName("T"))
    assert (key.space, key.table, key.columns) == ("S", "T", ("ID",))
