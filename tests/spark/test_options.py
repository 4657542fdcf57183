"""What options mean, without Spark: defaults, JSON values, secrets in files, refusals."""

import pickle
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from flight_client.client import Client
from flight_client.protocol.errors import Error
from flight_client.protocol.filters import Comparison
from flight_client.protocol.tickets import Compression, Partition, ReadTicket, SqlTicket
from pyspark_flight.options import ReadOptions, read_options

SERVER = {"uri": "grpc://localhost:8815"}


def ticket(**options: str) -> ReadTicket | SqlTicket:
    found = read_options({**SERVER, **options}, {})
    with Client(found.config) as client:
        return found.result(client).ticket


def test_table_with_every_option_is_such_a_ticket() -> None:
    assert ticket(
        table="ORDERS",
        space="SALES",
        columns="A, B",
        where='{"column": "C", "op": "in", "values": [1, 2]}',
        parameters='{"P_YEAR": 2024, "P_DAY": {"date": "2024-02-29"}, "P_NET": {"decimal": "1.5"}}',
        partitions="8",
        partition_by="A",
        partition_method="hash",
        batch_bytes="1048576",
        compression="lz4",
    ) == ReadTicket(
        entity="ORDERS",
        space="SALES",
        columns=("A", "B"),
        where=Comparison("C", "in", (1, 2)),
        parameters=(("P_YEAR", 2024), ("P_DAY", date(2024, 2, 29)), ("P_NET", Decimal("1.5"))),
        partition=Partition(of=8, by="A", method="hash"),
        batch_bytes=1048576,
        compression=Compression.LZ4,
    )


def test_query_with_parameters_is_such_a_ticket() -> None:
    assert ticket(query="SELECT ? FROM T", parameters='[1, null, "x"]') == SqlTicket(
        sql="SELECT ? FROM T", parameters=(1, None, "x")
    )


def test_columns_as_a_json_list_may_have_commas() -> None:
    assert ticket(table="T", columns='["a,b", " c"]').columns == ("a,b", " c")


def test_tasks_show_no_progress() -> None:
    assert read_options({**SERVER, "table": "T"}, {}).config.progress is False


def test_environment_fills_what_options_leave_out() -> None:
    environment = {"FLIGHT_CLIENT_URI": "grpc+tls://host:1", "FLIGHT_CLIENT_TOKEN": "t"}

    config = read_options({"table": "T"}, environment).config

    assert (str(config.address), config.token) == ("grpc+tls://host:1", "t")


@pytest.mark.parametrize("name", ["token", "password"])
def test_secret_is_read_from_a_file(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    user = {"user": "ANNA"} if name == "password" else {}

    found = read_options(
        {**SERVER, **user, "table": "T", f"{name}_file": str(tmp_path / "secret")}, {}
    )

    assert getattr(found.config, name) == "s3cret"


def test_options_pickle_with_their_secret_and_do_not_show_it() -> None:
    found = read_options({**SERVER, "table": "T", "token": "s3cret"}, {})

    again: ReadOptions = pickle.loads(pickle.dumps(found))  # noqa: S301 - our own

    assert again == found
    assert again.config.token == "s3cret"
    assert "s3cret" not in repr(again)


def test_names_with_a_dot_are_left_to_spark() -> None:
    assert ticket(table="T", **{"spark.internal": "x"}) == ReadTicket(entity="T")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"table": "T", "colums": "A"}, "has no option 'colums'; did you mean 'columns'"),
        ({"table": "T", "frobnicate": "A"}, "has no option 'frobnicate'; there are uri, token"),
        ({}, "names one table or one query; the options name neither"),
        ({"table": "T", "query": "SELECT 1"}, "the options name both"),
        ({"query": "SELECT 1", "columns": "A"}, "'columns' goes with a table"),
        ({"query": "SELECT 1", "partitions": "2"}, "'partitions' goes with a table"),
        ({"table": "T", "partitions": "many"}, "partitions is a whole number; got 'many'"),
        ({"table": "T", "pushdown": "maybe"}, "pushdown is true or false; got 'maybe'"),
        ({"table": "T", "parameters": "{"}, "'parameters' is no JSON such as"),
        ({"table": "T", "parameters": "[1]"}, "of a table are a JSON object"),
        ({"query": "SELECT ?", "parameters": '{"A": 1}'}, "of a query are a JSON list"),
        ({"table": "T", "parameters": '{"A": NaN}'}, "HANA stores no nan"),
        ({"table": "T", "columns": "[1]"}, "name of a column is a text"),
        ({"table": "T", "where": "C = 1"}, "'where' is no JSON such as"),
        ({"table": "T", "where": '{"column": "C", "op": "~"}'}, "'~' is no operator"),
        ({"query": "SELECT 1", "where": "{}"}, "'where' goes with a table"),
        ({"table": "T", "columns": "['A']"}, "'columns' is no JSON"),
        ({"table": "T", "compression": "rar"}, "compression is one of none, lz4, zstd"),
        ({"table": "T", "token": "a", "token_file": "b"}, "are both given; keep one"),
        ({"table": "T", "token_file": "/no/such"}, "The file '/no/such' of token_file cannot"),
        ({"table": "T", "token": "a", "uri": "grpc://far:1"}, "travel unencrypted"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, str], sentence: str) -> None:
    with pytest.raises(Error) as caught:
        ticket(**options)

    assert sentence in str(caught.value)
