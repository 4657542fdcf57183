"""What ``table`` and ``sql`` ask of the server, and what they refuse to ask."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import flight_client
from flight_client.client import Client
from flight_client.protocol.catalog import Entity
from flight_client.protocol.errors import InvalidFilter, InvalidParameter, InvalidRead
from flight_client.protocol.filters import Comparison
from flight_client.protocol.tickets import (
    Compression,
    OrderKey,
    Partition,
    ReadTicket,
    Sample,
    SqlTicket,
)


@pytest.fixture
def client() -> Iterator[Client]:
    with flight_client.connect("grpc://localhost:1", space="HOME") as found:
        yield found


def test_entity_alone_is_read_whole_from_the_default_space(client: Client) -> None:
    assert client.table("T").ticket == ReadTicket(entity="T", space="HOME")


def test_every_argument_is_in_the_ticket(client: Client) -> None:
    result = client.table(
        "SALES_ORDERS",
        space="SALES",
        columns=["ORDER_ID", "NET_AMOUNT"],
        where=[("YEAR", ">=", 2024)],
        parameters={"P_CURRENCY": "EUR", "P_DAY": date(2024, 1, 31)},
        order_by=["ORDER_ID", ("NET_AMOUNT", "desc")],
        limit=1_000_000,
        offset=5,
        sample=0.1,
        seed=7,
        partitions=8,
        partition_by="ORDER_ID",
        partition_method="hash",
        batch_bytes=1 << 20,
        compression="lz4",
    )
    assert result.ticket == ReadTicket(
        entity="SALES_ORDERS",
        space="SALES",
        columns=("ORDER_ID", "NET_AMOUNT"),
        where=Comparison("YEAR", ">=", (2024,)),
        parameters=(("P_CURRENCY", "EUR"), ("P_DAY", date(2024, 1, 31))),
        order_by=(OrderKey("ORDER_ID"), OrderKey("NET_AMOUNT", descending=True)),
        limit=1_000_000,
        offset=5,
        sample=Sample(0.1, 7),
        partition=Partition(of=8, by="ORDER_ID", method="hash"),
        batch_bytes=1 << 20,
        compression=Compression.LZ4,
    )


def test_expression_is_a_filter_too(client: Client) -> None:
    ticket = client.table("T", where=pc.field("A") > 1).ticket
    assert isinstance(ticket, ReadTicket)
    assert ticket.where == Comparison("A", ">", (1,))


def test_numpy_numbers_are_whole_numbers(client: Client) -> None:
    ticket = client.table(
        "T", limit=np.int64(5), partitions=np.int32(2), sample=np.float64(0.5)
    ).ticket
    assert ticket == ReadTicket(
        entity="T", space="HOME", limit=5, partition=Partition(of=2), sample=Sample(0.5)
    )


def test_parameters_take_scalars_of_other_libraries(client: Client) -> None:
    ticket = client.table(
        "T", parameters={"A": np.int64(1), "B": pa.scalar(Decimal("1.20"))}
    ).ticket
    assert isinstance(ticket, ReadTicket)
    assert ticket.parameters == (("A", 1), ("B", Decimal("1.20")))


def test_sql_binds_values_in_order(client: Client) -> None:
    result = client.sql("SELECT ?, ?", parameters=[np.int64(1), None], compression=Compression.ZSTD)
    assert result.ticket == SqlTicket(
        sql="SELECT ?, ?", parameters=(1, None), space="HOME", compression=Compression.ZSTD
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"columns": "A"}, r"write \['A'\]"),
        ({"columns": []}, "one column at least"),
        ({"columns": [1]}, "got 1"),
        ({"columns": 5}, "list of names; got 5"),
        ({"order_by": "A"}, r"write \['A'\]"),
        ({"order_by": ("A", "desc")}, r"write \[\('A', 'desc'\)\]"),
        ({"order_by": 5}, "list of columns; got 5"),
        ({"limit": True}, "whole number; got True"),
        ({"offset": False}, "whole number; got False"),
        ({"sample": True}, "fraction"),
        ({"sample": "0.1"}, "fraction such as 0.1; got '0.1'"),
        ({"sample": 0.5, "seed": True}, "whole number; got True"),
        ({"partitions": True}, "whole number; got True"),
        ({"space": 5}, "space"),
        ({"limit": -1}, "limit"),
        ({"limit": 1.5}, "whole number; got 1.5"),
        ({"limit": "5"}, "whole number; got '5'"),
        ({"offset": -1}, "offset"),
        ({"sample": 0}, "fraction"),
        ({"sample": 10}, "0.1"),
        ({"sample": "a lot"}, "fraction"),
        ({"seed": 7}, "sample="),
        ({"sample": 0.5, "seed": -1}, "seed"),
        ({"partitions": 0}, "partitions"),
        ({"partitions": 2000}, "1024"),
        ({"partition_by": "A"}, "partition_by= has a meaning with partitions="),
        ({"partition_method": "hash"}, "partition_method= has a meaning with partitions="),
        ({"partitions": 2, "partition_method": "ranges"}, "range, hash; got 'ranges'"),
        ({"batch_bytes": 1}, "batch_bytes"),
        ({"compression": "gzip"}, "none, lz4, zstd"),
        ({"space": "\0"}, "space"),
    ],
)
def test_argument_that_cannot_be_is_refused_before_anything_is_sent(
    client: Client, arguments: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InvalidRead, match=sentence):
        client.table("T", **arguments)


def test_entity_of_the_catalogue_is_read_from_its_own_space(client: Client) -> None:
    entity = Entity(space="SALES", name="T", kind="table", columns=())
    assert client.table(entity).ticket == ReadTicket(entity="T", space="SALES")
    assert client.table(entity, space="OTHER").ticket.space == "OTHER"


@pytest.mark.parametrize("entity", [5, None, b"T"])
def test_entity_that_is_no_name_is_refused(client: Client, entity: object) -> None:
    with pytest.raises(InvalidRead, match="no entity name"):
        client.table(entity)
    with pytest.raises(InvalidRead, match="no entity name"):
        client.describe(entity)


def test_order_by_none_is_no_order(client: Client) -> None:
    assert client.table("T", order_by=None).ticket == client.table("T").ticket


@pytest.mark.parametrize("parameters", [5, "P=1", [("P", 1)]])
def test_parameters_of_a_view_are_a_mapping(client: Client, parameters: object) -> None:
    with pytest.raises(InvalidParameter, match="mapping such as"):
        client.table("T", parameters=parameters)


def test_name_of_a_parameter_is_a_text(client: Client) -> None:
    with pytest.raises(InvalidRead, match="no parameter name"):
        client.table("T", parameters={5: 1})


@pytest.mark.parametrize("text", [5, None, b"SELECT 1"])
def test_sql_that_is_no_text_is_refused(client: Client, text: object) -> None:
    with pytest.raises(InvalidRead, match="is text"):
        client.sql(text)


def test_empty_entity_is_refused(client: Client) -> None:
    with pytest.raises(InvalidRead, match="entity"):
        client.table("")


def test_wrong_filter_is_refused_before_anything_is_sent(client: Client) -> None:
    with pytest.raises(InvalidFilter):
        client.table("T", where="YEAR >= 2024")


@pytest.mark.parametrize("value", [None, float("nan"), object(), [1]])
def test_parameter_without_a_value_names_the_parameter(client: Client, value: object) -> None:
    with pytest.raises(InvalidParameter, match="'P_YEAR'"):
        client.table("T", parameters={"P_YEAR": value})


@pytest.mark.parametrize("parameters", ["abc", b"abc", {"a": 1}, 5, None])
def test_sql_parameters_are_a_list(client: Client, parameters: object) -> None:
    with pytest.raises(InvalidParameter, match="list"):
        client.sql("SELECT ?", parameters=parameters)


def test_sql_parameter_that_cannot_be_bound_is_named_by_position(client: Client) -> None:
    with pytest.raises(InvalidParameter, match="Parameter 2"):
        client.sql("SELECT ?, ?", parameters=[1, object()])


def test_empty_sql_is_refused(client: Client) -> None:
    with pytest.raises(InvalidRead, match="empty"):
        client.sql("  ")


def test_making_a_result_connects_to_nothing(client: Client) -> None:
    client.table("T")
    assert repr(client) == "<flight_client.Client of grpc://localhost:1>"
