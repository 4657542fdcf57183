"""What options of a write mean, without Spark: defaults, JSON values, refusals."""

import pickle

import pytest

from flight_client.protocol.errors import Error
from pyspark_flight.options import read_options
from pyspark_flight.write_options import WriteOptions, write_options

SERVER = {"uri": "grpc://localhost:8815"}


def options(*, overwrite: bool = False, **given: str) -> WriteOptions:
    return write_options({**SERVER, **given}, {}, overwrite=overwrite)


def test_table_alone_is_an_append() -> None:
    found = options(table="T")

    assert (found.table, found.upsert, found.keys, found.types) == ("T", False, None, {})
    assert (found.overwrite, found.batch_rows, found.config.space) == (False, None, None)
    assert found.commit_timeout_s == 3600


def test_every_option_is_taken() -> None:
    found = options(
        overwrite=True,
        table="T",
        space="LAB",
        keys="A, B",
        types='{"A": "NVARCHAR(40)"}',
        batch_rows="100",
        commit_timeout_s="7",
        **{"spark.internal": "x"},
    )

    assert (found.config.space, found.keys) == ("LAB", ("A", "B"))
    assert found.types == {"A": "NVARCHAR(40)"}
    assert (found.batch_rows, found.commit_timeout_s) == (100, 7)


def test_environment_fills_what_options_leave_out() -> None:
    environment = {"FLIGHT_CLIENT_URI": "grpc+tls://host:1", "FLIGHT_CLIENT_TOKEN": "t"}

    config = write_options({"table": "T"}, environment, overwrite=False).config

    assert (str(config.address), config.token) == ("grpc+tls://host:1", "t")


def test_options_pickle_with_their_secret_and_do_not_show_it() -> None:
    found = options(table="T", token="s3cret")

    again: WriteOptions = pickle.loads(pickle.dumps(found))  # noqa: S301 - our own

    assert again == found
    assert again.config.token == "s3cret"
    assert "s3cret" not in repr(again)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "A write names its table; give the option 'table'."),
        ({"table": "T", "upsrt": "true"}, "has no option 'upsrt'; did you mean 'upsert'"),
        ({"table": "T", "frobnicate": "A"}, "has no option 'frobnicate'; there are uri, token"),
        ({"table": "T", "columns": "A"}, "'columns' goes with a read, not with a write"),
        ({"table": "T", "path": "/x"}, "name the table in the option 'table'"),
        ({"table": "T", "upsert": "maybe"}, "upsert is true or false; got 'maybe'"),
        ({"table": "T", "batch_rows": "many"}, "batch_rows is a whole number; got 'many'"),
        ({"table": "T", "batch_rows": "0"}, "batch_rows is a whole number from 1; got 0"),
        ({"table": "T", "commit_timeout_s": "-1"}, "commit_timeout_s is a whole number from 1"),
        ({"table": "T", "types": "NVARCHAR"}, "'types' is no JSON such as"),
        ({"table": "T", "types": "[]"}, "types is a JSON object of texts such as"),
        ({"table": "T", "types": '{"A": 1}'}, "types is a JSON object of texts such as"),
        ({"table": "T", "keys": "['A']"}, "'keys' is no JSON"),
    ],
)
def test_options_that_do_not_fit_are_refused(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(Error) as caught:
        options(**given)

    assert sentence in str(caught.value)


def test_upsert_goes_with_append_alone() -> None:
    with pytest.raises(Error, match="'upsert' goes with the mode append"):
        options(overwrite=True, table="T", upsert="true")


def test_option_of_writes_is_refused_by_a_read() -> None:
    with pytest.raises(Error, match="'keys' goes with a write, not with a read"):
        read_options({**SERVER, "table": "T", "keys": "A"}, {})
