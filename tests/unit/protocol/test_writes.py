"""What a write says, and what is no write."""

import json
from typing import Any

import pytest

from flight_client.protocol.catalog import HanaType
from flight_client.protocol.commands import Execution, decode_execution
from flight_client.protocol.errors import (
    Error,
    InvalidRead,
    InvalidRequest,
    InvalidTicket,
    UnsupportedVersion,
)
from flight_client.protocol.writes import (
    Sent,
    WriteTicket,
    Written,
    decode_sent,
    decode_write,
    decode_written,
    encode_write,
    parse_type,
)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mode": "merge"}, "got 'merge'"),
        ({"keys": ("A",)}, "leave the keys out"),
        ({"types": (("A", HanaType("DATE")),)}, "leave the types out"),
        ({"mode": "upsert", "types": (("A", HanaType("DATE")),)}, "before an upsert"),
        ({"mode": "create", "keys": ("A", "A")}, "key of a column is given twice"),
        (
            {"mode": "create", "types": (("A", HanaType("DATE")), ("A", HanaType("TIME")))},
            "type of a column is given twice",
        ),
        ({"mode": "create", "types": (("A", HanaType("DATE); DROP")),)}, "is none"),
        ({"mode": "create", "types": (("A", HanaType("NVARCHAR", -1)),)}, "is none"),
    ],
)
def test_ticket_that_does_not_fit_together_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        WriteTicket(table="T", **given)


@pytest.mark.parametrize("given", [{"table": ""}, {"space": "\n"}, {"keys": ("x" * 128,)}])
def test_name_that_none_can_be_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidRead, match="is no"):
        WriteTicket(**{"table": "T", "mode": "create", **given})


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"kind": "read"}, "of the kind 'write'"),
        ({"mode": None}, "has no field 'mode'"),
        ({"mode": "add"}, "is one of create, append, replace, upsert"),
        ({"table": None}, "has no field 'table'"),
        ({"keys": "A"}, "must be a list"),
        ({"types": {"A": {"name": "DATE", "width": 1}}}, "unknown field 'width'"),
        ({"types": {"A": None}}, "has no field 'A'"),
        ({"rows": 1}, "unknown field 'rows'"),
    ],
)
def test_bytes_that_are_no_write_are_refused(form: dict[str, Any], said: str) -> None:
    whole = {"version": 1, "kind": "write", "table": "T", "mode": "create", **form}
    body = json.dumps({name: value for name, value in whole.items() if value is not None})
    with pytest.raises(InvalidTicket, match=said):
        decode_write(body.encode())


def test_newer_version_is_told_from_an_error() -> None:
    with pytest.raises(UnsupportedVersion):
        decode_write(encode_write(WriteTicket(table="T")).replace(b":1,", b":2,", 1))


def test_smallest_ticket_has_no_empty_field() -> None:
    assert encode_write(WriteTicket(table="T")) == (
        b'{"version":1,"kind":"write","table":"T","mode":"append"}'
    )


@pytest.mark.parametrize("decode", [decode_sent, decode_written])
@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"version":1}', b'{"version":1,"rows":-1}', b'{"version":1,"rows":true}']
)
def test_count_that_is_none_is_refused(decode: Any, body: bytes) -> None:
    with pytest.raises(InvalidTicket):
        decode(body)


def test_end_and_commit_have_to_be_said() -> None:
    assert decode_sent(b'{"version":1,"rows":0}') == Sent(0)
    assert decode_written(b'{"version":1,"rows":0}') == Written(0)
    assert not Sent(0).is_end
    assert not Written(0).committed


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("NVARCHAR(40)", HanaType("NVARCHAR", 40)),
        (" decimal ( 15 , 2 ) ", HanaType("DECIMAL", 15, 2)),
        ("DECIMAL(15)", HanaType("DECIMAL", 15, 0)),
        ("DECIMAL", HanaType("DECIMAL")),
        ("date", HanaType("DATE")),
    ],
)
def test_type_is_read(text: str, declared: HanaType) -> None:
    assert parse_type(text) == declared


@pytest.mark.parametrize(
    "text", ["", "12", "NVARCHAR(", "NVARCHAR(a)", "A(1,2,3)", "A(1) x", "A;B"]
)
def test_text_that_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="is no HANA type"):
        parse_type(text)


@pytest.mark.parametrize("sql", ["", "  ", None])
def test_statement_has_to_be_text(sql: Any) -> None:
    with pytest.raises(InvalidRequest):
        Execution(sql=sql)


@pytest.mark.parametrize(
    "body", [b"", b'{"version":1}', b'{"version":1,"sql":"DROP TABLE T","all":true}']
)
def test_body_that_is_no_execution_is_refused(body: bytes) -> None:
    with pytest.raises(Error):
        decode_execution(body)
