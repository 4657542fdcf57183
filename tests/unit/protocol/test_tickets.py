"""Tickets: the ranges of every field, and what their decoder refuses."""

import json
from decimal import Decimal
from typing import Any

import pytest

from flight_client.protocol.errors import (
    InvalidFilter,
    InvalidRead,
    InvalidTicket,
    UnsupportedVersion,
)
from flight_client.protocol.tickets import (
    MAX_BATCH_BYTES,
    MAX_PARTITIONS,
    MAX_ROWS,
    MIN_BATCH_BYTES,
    Compression,
    OrderKey,
    Partition,
    PartitionMethod,
    ReadTicket,
    Sample,
    SqlTicket,
    check_name,
    decode_ticket,
    encode_ticket,
    ticket_to_json,
)

READ: dict[str, Any] = {"version": 1, "kind": "read", "entity": "ORDERS"}
SQL: dict[str, Any] = {"version": 1, "kind": "sql", "sql": "SELECT 1 FROM DUMMY"}


def decoded(form: dict[str, Any], **changes: object) -> object:
    return decode_ticket(json.dumps({**form, **changes}).encode())


def test_smallest_read_ticket_has_version_kind_and_entity_only() -> None:
    assert ticket_to_json(ReadTicket(entity="ORDERS")) == READ


def test_smallest_sql_ticket_has_version_kind_and_text_only() -> None:
    assert ticket_to_json(SqlTicket(sql="SELECT 1 FROM DUMMY")) == SQL


def test_smallest_forms_are_read_with_the_defaults() -> None:
    assert decoded(READ) == ReadTicket(entity="ORDERS")
    assert decoded(SQL) == SqlTicket(sql="SELECT 1 FROM DUMMY")


def test_limit_of_zero_rows_is_not_no_limit() -> None:
    ticket = ReadTicket(entity="ORDERS", limit=0)

    assert decode_ticket(encode_ticket(ticket)) == ticket
    assert ticket_to_json(ticket)["limit"] == 0


def test_null_field_means_absent() -> None:
    assert decoded(READ, limit=None, where=None, columns=None) == ReadTicket(entity="ORDERS")


def test_null_parameter_of_sql_is_a_value() -> None:
    assert decoded(SQL, parameters=[None, 1]) == SqlTicket(sql=SQL["sql"], parameters=(None, 1))


# Ranges -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["A", "a" * 127, '"; DROP TABLE x --', "#tmp", "äöü", "🛒", " "])
def test_name_that_an_identifier_can_be_is_taken(name: str) -> None:
    check_name(name, "entity")


@pytest.mark.parametrize("name", ["", "a" * 128, "a\0b", "a\nb", "\x1f"])
def test_name_that_no_identifier_can_be_is_refused(name: str) -> None:
    with pytest.raises(InvalidRead, match="is no entity name: 1 to 127 characters"):
        check_name(name, "entity")


def test_refusal_of_a_giant_name_stays_short() -> None:
    with pytest.raises(InvalidRead) as it:
        check_name("x" * 100_000, "entity")

    assert len(it.value.message) < 200


@pytest.mark.parametrize("fraction", [5e-324, 0.1, 1, 1.0])
def test_fraction_over_zero_and_up_to_one_is_taken(fraction: float) -> None:
    assert Sample(fraction).fraction == fraction


@pytest.mark.parametrize("fraction", [0, -0.0, -0.1, 1.0000001, 1.1, 10, float("nan"), 1e999])
def test_other_fraction_is_refused_with_an_example(fraction: float) -> None:
    with pytest.raises(InvalidRead, match=r"for ten percent say 0\.1"):
        Sample(fraction)


@pytest.mark.parametrize("seed", [0, 2**31 - 1])
def test_seed_of_31_bits_is_taken(seed: int) -> None:
    assert Sample(0.5, seed).seed == seed


@pytest.mark.parametrize("seed", [-1, 2**31])
def test_other_seed_is_refused(seed: int) -> None:
    with pytest.raises(InvalidRead, match=f"from 0 to 2147483647; got {seed}"):
        Sample(0.5, seed)


@pytest.mark.parametrize(
    ("of", "number"), [(1, 0), (MAX_PARTITIONS, MAX_PARTITIONS - 1), (8, None)]
)
def test_partition_within_its_range_is_taken(of: int, number: int | None) -> None:
    assert Partition(of, number).number == number


@pytest.mark.parametrize(("number", "method"), [(None, "range"), (None, "hash"), (3, "hash")])
def test_partition_method_is_taken(number: int | None, method: PartitionMethod) -> None:
    assert Partition(8, number, method=method).method == method


def test_range_by_number_is_refused_because_its_bounds_are_the_servers() -> None:
    with pytest.raises(InvalidRead, match="leave the number out and read the endpoints"):
        Partition(8, 3, method="range")


def test_unknown_partition_method_is_refused() -> None:
    with pytest.raises(InvalidRead, match="one of range, hash; got 'round robin'"):
        Partition(8, method="round robin")


@pytest.mark.parametrize("of", [0, -1, MAX_PARTITIONS + 1])
def test_other_number_of_partitions_is_refused(of: int) -> None:
    with pytest.raises(InvalidRead, match=f"1 to 1024 partitions; got {of}"):
        Partition(of)


@pytest.mark.parametrize("number", [-1, 4])
def test_partition_outside_its_range_is_refused(number: int) -> None:
    with pytest.raises(InvalidRead, match=f"Partition numbers of 4 go from 0 to 3; got {number}"):
        Partition(4, number)


@pytest.mark.parametrize("batch_bytes", [None, MIN_BATCH_BYTES, MAX_BATCH_BYTES])
def test_batch_size_within_its_range_is_taken(batch_bytes: int | None) -> None:
    assert ReadTicket(entity="A", batch_bytes=batch_bytes).batch_bytes == batch_bytes


@pytest.mark.parametrize("batch_bytes", [0, -1, MIN_BATCH_BYTES - 1, MAX_BATCH_BYTES + 1])
def test_other_batch_size_is_refused_in_both_tickets(batch_bytes: int) -> None:
    sentence = f"batch_bytes goes from 65536 to 16777216; got {batch_bytes}"

    with pytest.raises(InvalidRead, match=sentence):
        ReadTicket(entity="A", batch_bytes=batch_bytes)
    with pytest.raises(InvalidRead, match=sentence):
        SqlTicket(sql="SELECT", batch_bytes=batch_bytes)


@pytest.mark.parametrize("rows", [0, MAX_ROWS])
def test_limit_and_offset_within_their_range_are_taken(rows: int) -> None:
    ticket = ReadTicket(entity="A", limit=rows, offset=rows)

    assert (ticket.limit, ticket.offset) == (rows, rows)


@pytest.mark.parametrize("rows", [-1, MAX_ROWS + 1])
def test_other_limit_and_offset_are_refused(rows: int) -> None:
    with pytest.raises(InvalidRead, match=f"A limit is a number of rows from 0; got {rows}"):
        ReadTicket(entity="A", limit=rows)
    with pytest.raises(InvalidRead, match=f"An offset is a number of rows from 0; got {rows}"):
        ReadTicket(entity="A", offset=rows)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"entity": ""}, "'' is no entity name"),
        ({"space": ""}, "'' is no space name"),
        ({"columns": ()}, "leave columns out for all of them"),
        ({"parameters": (("", 1),)}, "'' is no parameter name"),
        ({"parameters": (("P", 1), ("P", 2))}, "A parameter is given twice"),
    ],
)
def test_read_ticket_that_fits_nothing_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidRead, match=sentence):
        ReadTicket(**{"entity": "A", **changes})


def test_parameter_value_that_hana_cannot_hold_is_refused_in_both_tickets() -> None:
    with pytest.raises(InvalidFilter, match="38 digits"):
        ReadTicket(entity="A", parameters=(("P", 10**38),))
    with pytest.raises(InvalidFilter, match="38 digits"):
        SqlTicket(sql="SELECT ?", parameters=(None, 10**38))


@pytest.mark.parametrize("sql", ["", " \n\t"])
def test_empty_sql_is_refused(sql: str) -> None:
    with pytest.raises(InvalidRead, match="SQL text is empty; send one SELECT"):
        SqlTicket(sql=sql)


def test_sql_in_a_space_without_a_name_is_refused() -> None:
    with pytest.raises(InvalidRead, match="'' is no space name"):
        SqlTicket(sql="SELECT", space="")


@pytest.mark.parametrize(
    "ticket",
    [
        ReadTicket(entity="a\ud800"),
        ReadTicket(entity="A", columns=("a\ud800",)),
        ReadTicket(entity="A", order_by=(OrderKey("a\ud800"),)),
        SqlTicket(sql="SELECT '\ud800'"),
    ],
)
def test_half_a_surrogate_pair_is_refused_when_the_ticket_is_written(ticket: ReadTicket) -> None:
    with pytest.raises(InvalidTicket, match="half a surrogate pair"):
        encode_ticket(ticket)


# Decoding -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [2, 3, 2**62])
def test_newer_version_is_refused_before_its_unknown_fields(version: int) -> None:
    with pytest.raises(UnsupportedVersion, match=f"of version {version}; this release reads"):
        decoded({"version": version, "kind": "graph", "hops": 3})


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({}, "has no field 'version'"),
        ({"version": "1"}, "'version' of the request must be an integer"),
        ({"version": 1.0}, "'version' of the request must be an integer"),
        ({"version": True}, "'version' of the request must be an integer"),
        ({"version": 0}, "A version is an integer from 1"),
        ({"version": 1}, "has no field 'kind'"),
        ({"version": 1, "kind": "write"}, "of kind 'read' or 'sql'; got 'write'"),
        ({"version": 1, "kind": 1}, "'kind' of the request must be a string"),
        ({"version": 1, "kind": "read"}, "has no field 'entity'"),
        ({"version": 1, "kind": "sql"}, "has no field 'sql'"),
        ({"version": 1, "kind": "sql", "sql": None}, "has no field 'sql'"),
    ],
)
def test_ticket_without_its_head_is_refused(form: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidTicket, match=sentence):
        decoded(form)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("entity", 1, "'entity' of the request must be a string; got a number"),
        ("space", [], "'space' of the request must be a string; got a list"),
        ("columns", "A", "'columns' of the request must be a list; got a string"),
        ("columns", ["A", 2], "item 1 of 'columns' of the request must be a string"),
        ("columns", [None], "item 0 of 'columns' of the request must be a string; got null"),
        ("where", "A = 1", "'where' of the request must be a JSON object"),
        ("where", {"column": "A", "op": "="}, "'where' of the request has no field 'value'"),
        ("where", {"columns": "A"}, "'where' of the request has no field 'column'"),
        ("parameters", [1], "'parameters' of the request must be an object of names and values"),
        ("parameters", {"P": None}, "None is no literal"),
        ("parameters", {"P": [1]}, r"\[1\] is no literal"),
        ("parameters", {"\ud800": 1}, "'parameters' of the request holds half a surrogate pair"),
        ("order_by", {"column": "A"}, "'order_by' of the request must be a list"),
        ("order_by", ["A"], "item 0 of 'order_by' of the request must be a JSON object"),
        ("order_by", [{}], "item 0 of 'order_by' of the request has no field 'column'"),
        ("order_by", [{"column": "A", "descending": 1}], "must be true or false; got a number"),
        ("order_by", [{"column": "A", "nulls": "big"}], "is one of first, last; got 'big'"),
        ("order_by", [{"column": "A", "desc": True}], "unknown field 'desc'; known are"),
        ("limit", "1", "'limit' of the request must be an integer; got a string"),
        ("limit", 1.0, "'limit' of the request must be an integer; got a number"),
        ("limit", True, "'limit' of the request must be an integer; got true or false"),
        ("limit", 2**63, "'limit' of the request does not fit into 64 bits"),
        ("offset", [], "'offset' of the request must be an integer; got a list"),
        ("sample", 0.1, "'sample' of the request must be a JSON object"),
        ("sample", {}, "'sample' of the request has no field 'fraction'"),
        ("sample", {"fraction": "0.1"}, "must be a number; got a string"),
        ("sample", {"fraction": True}, "must be a number; got true or false"),
        ("sample", {"fraction": 10**400}, "too large a number"),
        ("sample", {"fraction": 0.1, "seed": 1.5}, "'seed' of 'sample' of the request must be"),
        ("sample", {"fraction": 0.1, "sead": 1}, "unknown field 'sead'; did you mean 'seed'"),
        ("partition", 4, "'partition' of the request must be a JSON object"),
        ("partition", {"number": 0}, "'partition' of the request has no field 'of'"),
        ("partition", {"of": True}, "'of' of 'partition' of the request must be an integer"),
        ("partition", {"of": 4, "number": "0"}, "'number' of 'partition' of the request must be"),
        ("partition", {"of": 4, "by": 1}, "'by' of 'partition' of the request must be a string"),
        ("partition", {"of": 4, "method": "Hash"}, "is one of range, hash; got 'Hash'"),
        ("partition", {"of": 4, "method": 1}, "'method' of 'partition' of the request must be"),
        ("partition", {"of": 4, "count": 1}, "unknown field 'count'"),
        ("batch_bytes", "4 MiB", "'batch_bytes' of the request must be an integer"),
        ("compression", "gzip", "is one of none, lz4, zstd; got 'gzip'"),
        ("compression", 1, "'compression' of the request must be a string"),
        ("sql", "SELECT", "unknown field 'sql'"),
        ("colums", ["A"], "unknown field 'colums'; did you mean 'columns'"),
    ],
)
def test_wrong_field_of_a_read_is_refused_with_its_place(
    field: str, value: object, sentence: str
) -> None:
    with pytest.raises(InvalidTicket, match=sentence):
        decoded(READ, **{field: value})


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("sql", 1, "'sql' of the request must be a string"),
        ("sql", "\udfff", "'sql' of the request holds half a surrogate pair"),
        ("parameters", {}, "'parameters' of the request must be a list; got an object"),
        ("parameters", [{}], "{} is no literal"),
        ("entity", "ORDERS", "unknown field 'entity'"),
        ("limit", 1, "unknown field 'limit'"),
        ("paramters", [], "unknown field 'paramters'; did you mean 'parameters'"),
    ],
)
def test_wrong_field_of_a_select_is_refused_with_its_place(
    field: str, value: object, sentence: str
) -> None:
    with pytest.raises(InvalidTicket, match=sentence):
        decoded(SQL, **{field: value})


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("limit", -1, "A limit is a number of rows from 0; got -1"),
        ("offset", -1, "An offset is a number of rows from 0; got -1"),
        ("columns", [], "leave columns out for all of them"),
        ("sample", {"fraction": 0}, "fraction over 0 and up to 1; got 0.0"),
        ("sample", {"fraction": 1.1}, "fraction over 0 and up to 1; got 1.1"),
        ("partition", {"of": 0}, "1 to 1024 partitions; got 0"),
        ("partition", {"of": 2, "number": 2}, "go from 0 to 1; got 2"),
        ("partition", {"of": 2, "number": 1, "method": "range"}, "Part 1 of 2 cannot be cut by"),
        ("batch_bytes", 1, "batch_bytes goes from 65536"),
        ("entity", "", "'' is no entity name"),
    ],
)
def test_value_out_of_range_is_refused_as_a_read(field: str, value: object, sentence: str) -> None:
    with pytest.raises(InvalidRead, match=sentence):
        decoded(READ, **{field: value})


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_number_that_is_not_finite_is_refused_in_a_filter(number: str) -> None:
    body = (
        '{"version":1,"kind":"read","entity":"A",'
        f'"where":{{"column":"A","op":"=","value":{number}}}}}'
    ).encode()

    with pytest.raises((InvalidTicket, InvalidFilter)):
        decode_ticket(body)


@pytest.mark.parametrize("levels", [10, 900, 950, 980, 990, 1_000, 100_000])
def test_value_nested_to_any_depth_is_refused(levels: int) -> None:
    body = (
        '{"version":1,"kind":"read","entity":"A","parameters":{"P":'
        + "[" * levels
        + "]" * levels
        + "}}"
    ).encode()

    with pytest.raises(InvalidTicket):
        decode_ticket(body)


def test_ticket_with_every_field_is_read_back_exactly() -> None:
    ticket = ReadTicket(
        space="SALES",
        entity="ORDERS",
        columns=("B", "A", "B"),
        parameters=(("P_Z", Decimal("1.0")), ("P_A", True)),
        order_by=(OrderKey("B", descending=True, nulls="last"), OrderKey("A")),
        limit=10,
        offset=5,
        sample=Sample(0.25, 7),
        partition=Partition(4, 1, "A"),
        batch_bytes=MIN_BATCH_BYTES,
        compression=Compression.ZSTD,
    )

    assert repr(decode_ticket(encode_ticket(ticket))) == repr(ticket)
