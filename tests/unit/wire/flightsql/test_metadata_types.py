"""Type information, and the fixed schemas against their golden text."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from flight_client.protocol.catalog import HanaType
from flight_client.protocol.schemas import arrow_type
from flight_server.service.discovery import Discovery
from flight_server.wire.flightsql import metadata
from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb
from flight_server.wire.flightsql.metadata import xdbc
from tests.support.flight_sql_facts import facts
from tests.support.scripted import ScriptedBackend

GOLDEN = Path(__file__).parents[3] / "golden" / "flight_sql" / "metadata_schemas.txt"


def types(**wish: int) -> list[dict[str, Any]]:
    command = pb.CommandGetXdbcTypeInfo(**wish)
    answer = metadata.answer(
        "CommandGetXdbcTypeInfo", command, Discovery(ScriptedBackend()), facts()
    )
    answer.validate(full=True)
    return answer.to_pylist()


def row(name: str) -> dict[str, Any]:
    (found,) = [each for each in types() if each["type_name"] == name]
    return found


def test_types_are_ordered_by_code_and_name() -> None:
    places = [(each["data_type"], each["type_name"]) for each in types()]
    assert places == sorted(places)


def test_every_type_that_is_told_is_served() -> None:
    for name in xdbc.TYPES:
        arrow_type(HanaType(name, 10, 2) if name == "DECIMAL" else HanaType(name))


def test_every_type_that_is_served_is_told() -> None:
    from flight_client.protocol.schemas import _TO_ARROW

    assert set(xdbc.TYPES) == {*_TO_ARROW, "DECIMAL", "REAL_VECTOR"}


def test_types_of_one_code_are_those_of_it() -> None:
    assert [each["type_name"] for each in types(data_type=93)] == ["SECONDDATE", "TIMESTAMP"]


def test_code_zero_is_a_code() -> None:
    assert [each["type_name"] for each in types(data_type=0)] == ["REAL_VECTOR"]


def test_unknown_code_gives_no_type() -> None:
    assert types(data_type=4711) == []


def test_exact_number_is_told_with_digits() -> None:
    assert row("DECIMAL") == {
        "type_name": "DECIMAL",
        "data_type": 3,
        "column_size": 38,
        "literal_prefix": None,
        "literal_suffix": None,
        "create_params": ["precision", "scale"],
        "nullable": 1,
        "case_sensitive": False,
        "searchable": 2,
        "unsigned_attribute": False,
        "fixed_prec_scale": False,
        "auto_increment": False,
        "local_type_name": None,
        "minimum_scale": 0,
        "maximum_scale": 38,
        "sql_data_type": 3,
        "datetime_subcode": None,
        "num_prec_radix": 10,
        "interval_precision": None,
    }


def test_approximate_number_is_told_with_bits() -> None:
    assert (row("DOUBLE")["column_size"], row("DOUBLE")["num_prec_radix"]) == (53, 2)


def test_time_stamp_is_a_datetime_with_a_subcode() -> None:
    found = row("TIMESTAMP")
    assert (found["data_type"], found["sql_data_type"], found["datetime_subcode"]) == (93, 9, 3)


def test_tinyint_is_unsigned() -> None:
    assert [each["type_name"] for each in types() if each["unsigned_attribute"]] == ["TINYINT"]


def _lines(name: str, schema: pa.Schema) -> list[str]:
    nullability = {True: "", False: " not null"}
    fields = (f"  {each.name}: {each.type}{nullability[each.nullable]}" for each in schema)
    return [name, *fields]


def test_schemas_are_those_of_the_specification() -> None:
    """The golden text was compared with format/FlightSql.proto by eye, line by line."""
    text: list[str] = []
    for name in sorted(metadata.COMMANDS):
        text += _lines(name, metadata.schema(name, getattr(pb, name)()))
    wide = pb.CommandGetTables(include_schema=True)
    text += _lines("CommandGetTables(include_schema)", metadata.schema("CommandGetTables", wide))
    assert "\n".join(text) + "\n" == GOLDEN.read_text()


@pytest.mark.parametrize("name", sorted(metadata.COMMANDS))
def test_empty_landscape_is_answered_in_the_schema(name: str) -> None:
    command = getattr(pb, name)()
    answer = metadata.answer(name, command, Discovery(ScriptedBackend(found=())), facts())
    assert answer.schema.equals(metadata.schema(name, command))
