"""The generated messages against the public specification, and the names that they travel under."""

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from flight_client.protocol.errors import InvalidTicket
from flight_client.protocol.tickets import ReadTicket, SqlTicket, encode_ticket
from flight_server.wire.flightsql.envelope import (
    MESSAGES,
    PREFIX,
    is_flight_sql,
    pack,
    parse,
    unpack,
)
from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb

F = FieldDescriptor
TEXT, BYTES, BOOL, I32, U32, I64, F64, SF64, ENUM, SUB = (
    F.TYPE_STRING,
    F.TYPE_BYTES,
    F.TYPE_BOOL,
    F.TYPE_INT32,
    F.TYPE_UINT32,
    F.TYPE_INT64,
    F.TYPE_DOUBLE,
    F.TYPE_SFIXED64,
    F.TYPE_ENUM,
    F.TYPE_MESSAGE,
)

# Written from the public texts of FlightSql.proto, Flight.proto, any.proto and google/rpc: number,
# type. A FlightInfo or a FlightEndpoint inside is BYTES here, which is the same on the wire.
SPECIFICATION: dict[str, dict[str, tuple[int, int]]] = {
    "CommandStatementQuery": {"query": (1, TEXT), "transaction_id": (2, BYTES)},
    "CommandPreparedStatementQuery": {"prepared_statement_handle": (1, BYTES)},
    "TicketStatementQuery": {"statement_handle": (1, BYTES)},
    "SubstraitPlan": {"plan": (1, BYTES), "version": (2, TEXT)},
    "CommandStatementSubstraitPlan": {"plan": (1, SUB), "transaction_id": (2, BYTES)},
    "CommandStatementUpdate": {"query": (1, TEXT), "transaction_id": (2, BYTES)},
    "CommandPreparedStatementUpdate": {"prepared_statement_handle": (1, BYTES)},
    "CommandStatementIngest": {
        "table_definition_options": (1, SUB),
        "table": (2, TEXT),
        "schema": (3, TEXT),
        "catalog": (4, TEXT),
        "temporary": (5, BOOL),
        "transaction_id": (6, BYTES),
        "options": (1000, SUB),
    },
    "CommandStatementIngest.TableDefinitionOptions": {
        "if_not_exist": (1, ENUM),
        "if_exists": (2, ENUM),
    },
    "DoPutUpdateResult": {"record_count": (1, I64)},
    "DoPutPreparedStatementResult": {"prepared_statement_handle": (1, BYTES)},
    "CommandGetSqlInfo": {"info": (1, U32)},
    "CommandGetXdbcTypeInfo": {"data_type": (1, I32)},
    "CommandGetCatalogs": {},
    "CommandGetDbSchemas": {"catalog": (1, TEXT), "db_schema_filter_pattern": (2, TEXT)},
    "CommandGetTables": {
        "catalog": (1, TEXT),
        "db_schema_filter_pattern": (2, TEXT),
        "table_name_filter_pattern": (3, TEXT),
        "table_types": (4, TEXT),
        "include_schema": (5, BOOL),
    },
    "CommandGetTableTypes": {},
    "CommandGetPrimaryKeys": {"catalog": (1, TEXT), "db_schema": (2, TEXT), "table": (3, TEXT)},
    "CommandGetExportedKeys": {"catalog": (1, TEXT), "db_schema": (2, TEXT), "table": (3, TEXT)},
    "CommandGetImportedKeys": {"catalog": (1, TEXT), "db_schema": (2, TEXT), "table": (3, TEXT)},
    "CommandGetCrossReference": {
        "pk_catalog": (1, TEXT),
        "pk_db_schema": (2, TEXT),
        "pk_table": (3, TEXT),
        "fk_catalog": (4, TEXT),
        "fk_db_schema": (5, TEXT),
        "fk_table": (6, TEXT),
    },
    "ActionCreatePreparedStatementRequest": {"query": (1, TEXT), "transaction_id": (2, BYTES)},
    "ActionCreatePreparedSubstraitPlanRequest": {"plan": (1, SUB), "transaction_id": (2, BYTES)},
    "ActionCreatePreparedStatementResult": {
        "prepared_statement_handle": (1, BYTES),
        "dataset_schema": (2, BYTES),
        "parameter_schema": (3, BYTES),
        "is_update": (4, BOOL),
    },
    "ActionClosePreparedStatementRequest": {"prepared_statement_handle": (1, BYTES)},
    "ActionBeginTransactionRequest": {},
    "ActionBeginTransactionResult": {"transaction_id": (1, BYTES)},
    "ActionEndTransactionRequest": {"transaction_id": (1, BYTES), "action": (2, ENUM)},
    "ActionBeginSavepointRequest": {"transaction_id": (1, BYTES), "name": (2, TEXT)},
    "ActionEndSavepointRequest": {"savepoint_id": (1, BYTES), "action": (2, ENUM)},
    "ActionCancelQueryRequest": {"info": (1, BYTES)},
    "ActionCancelQueryResult": {"result": (1, ENUM)},
    "CancelFlightInfoRequest": {"info": (1, BYTES)},
    "CancelFlightInfoResult": {"status": (1, ENUM)},
    "RenewFlightEndpointRequest": {"endpoint": (1, BYTES)},
    "SessionOptionValue": {
        "string_value": (1, TEXT),
        "bool_value": (2, BOOL),
        "int64_value": (3, SF64),
        "double_value": (4, F64),
        "string_list_value": (5, SUB),
    },
    "SessionOptionValue.StringListValue": {"values": (1, TEXT)},
    "SetSessionOptionsRequest": {"session_options": (1, SUB)},
    "SetSessionOptionsResult": {"errors": (1, SUB)},
    "SetSessionOptionsResult.Error": {"value": (1, ENUM)},
    "GetSessionOptionsRequest": {},
    "GetSessionOptionsResult": {"session_options": (1, SUB)},
    "CloseSessionRequest": {},
    "CloseSessionResult": {"status": (1, ENUM)},
    "Envelope": {"type_url": (1, TEXT), "value": (2, BYTES)},
    "Status": {"code": (1, I32), "message": (2, TEXT), "details": (3, SUB)},
    "ErrorInfo": {"reason": (1, TEXT), "domain": (2, TEXT), "metadata": (3, SUB)},
}

ENUMS: dict[str, list[str]] = {
    "CommandStatementIngest.TableDefinitionOptions.TableNotExistOption": [
        "TABLE_NOT_EXIST_OPTION_UNSPECIFIED",
        "TABLE_NOT_EXIST_OPTION_CREATE",
        "TABLE_NOT_EXIST_OPTION_FAIL",
    ],
    "CommandStatementIngest.TableDefinitionOptions.TableExistsOption": [
        "TABLE_EXISTS_OPTION_UNSPECIFIED",
        "TABLE_EXISTS_OPTION_FAIL",
        "TABLE_EXISTS_OPTION_APPEND",
        "TABLE_EXISTS_OPTION_REPLACE",
    ],
    "ActionEndTransactionRequest.EndTransaction": [
        "END_TRANSACTION_UNSPECIFIED",
        "END_TRANSACTION_COMMIT",
        "END_TRANSACTION_ROLLBACK",
    ],
    "ActionEndSavepointRequest.EndSavepoint": [
        "END_SAVEPOINT_UNSPECIFIED",
        "END_SAVEPOINT_RELEASE",
        "END_SAVEPOINT_ROLLBACK",
    ],
    "ActionCancelQueryResult.CancelResult": [
        "CANCEL_RESULT_UNSPECIFIED",
        "CANCEL_RESULT_CANCELLED",
        "CANCEL_RESULT_CANCELLING",
        "CANCEL_RESULT_NOT_CANCELLABLE",
    ],
    "CancelStatus": [
        "CANCEL_STATUS_UNSPECIFIED",
        "CANCEL_STATUS_CANCELLED",
        "CANCEL_STATUS_CANCELLING",
        "CANCEL_STATUS_NOT_CANCELLABLE",
    ],
    "SetSessionOptionsResult.ErrorValue": [
        "UNSPECIFIED",
        "INVALID_NAME",
        "INVALID_VALUE",
        "ERROR",
    ],
    "CloseSessionResult.Status": ["UNSPECIFIED", "CLOSED", "CLOSING", "NOT_CLOSEABLE"],
}


def described(name: str) -> object:
    """The descriptor of a message or an enumeration, nested names with dots."""
    found = pb.DESCRIPTOR
    types, enums = found.message_types_by_name, found.enum_types_by_name
    for part in name.split("."):
        found = types[part] if part in types else enums[part]
        if part in types:
            types, enums = found.nested_types_by_name, found.enum_types_by_name
    return found


@pytest.mark.parametrize("name", SPECIFICATION)
def test_message_has_the_fields_of_the_specification(name: str) -> None:
    fields = {field.name: (field.number, field.type) for field in described(name).fields}
    assert fields == SPECIFICATION[name]


def test_no_message_is_left_out_of_the_comparison() -> None:
    assert {name.partition(".")[0] for name in SPECIFICATION} == set(
        pb.DESCRIPTOR.message_types_by_name
    )


@pytest.mark.parametrize("name", ENUMS)
def test_enumeration_has_the_numbers_of_the_specification(name: str) -> None:
    values = {value.name: value.number for value in described(name).values}
    assert values == {value: number for number, value in enumerate(ENUMS[name])}


def test_generated_file_and_package_clash_with_no_public_ones() -> None:
    assert pb.DESCRIPTOR.name == "datasphere_flight_sql.proto"
    assert pb.DESCRIPTOR.package == "datasphere_flight.sql"


def test_other_copies_of_flight_sql_may_be_loaded_beside() -> None:
    copy = descriptor_pb2.FileDescriptorProto(
        name="FlightSql.proto", package="arrow.flight.protocol.sql", syntax="proto3"
    )
    for name in pb.DESCRIPTOR.message_types_by_name:
        copy.message_type.add(name=name)
    descriptor_pool.Default().AddSerializedFile(copy.SerializeToString())
    found = descriptor_pool.Default().FindMessageTypeByName(
        "arrow.flight.protocol.sql.CommandStatementQuery"
    )
    assert list(found.fields) == []
    assert list(pb.CommandStatementQuery.DESCRIPTOR.fields) != []


def test_every_command_and_action_of_the_messages_may_stand_in_an_any() -> None:
    in_any = {
        name
        for name in pb.DESCRIPTOR.message_types_by_name
        if name.startswith(("Command", "Action", "Ticket"))
    }
    assert set(MESSAGES) == in_any


def example(kind: type[Message]) -> Message:
    """A message with something in it, where it has a simple field."""
    message = kind()
    for field in message.DESCRIPTOR.fields:
        if field.type == TEXT and not field.is_repeated:
            setattr(message, field.name, "Grüße")
        elif field.type == BYTES:
            setattr(message, field.name, b"\x00\xff")
    return message


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_packed_message_is_recognised_and_comes_back(name: str) -> None:
    message = example(MESSAGES[name])
    body = pack(message)
    assert is_flight_sql(body)
    assert unpack(body) == message


def test_packed_message_bears_the_public_name() -> None:
    body = pack(pb.CommandGetCatalogs())
    url = b"type.googleapis.com/arrow.flight.protocol.sql.CommandGetCatalogs"
    assert body == b"\n" + bytes([len(url)]) + url


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"{}",
        b'\n{"version": 1}',
        b"\n\x40type.googleapis.com/google.protobuf.Any",
        PREFIX.encode(),
        encode_ticket(ReadTicket(entity="type.googleapis.com/arrow.flight.protocol.sql.X")),
        encode_ticket(SqlTicket(sql="type.googleapis.com/arrow.flight.protocol.sql.X")),
    ],
)
def test_what_is_no_flight_sql_is_left_to_the_tickets(body: bytes) -> None:
    assert not is_flight_sql(body)


def test_message_that_only_a_newer_client_knows_comes_back_as_its_name() -> None:
    body = pb.Envelope(type_url=PREFIX + "CommandOfTheFuture", value=b"x").SerializeToString()
    assert unpack(body) == "CommandOfTheFuture"


def test_long_name_is_recognised_too() -> None:
    body = pb.Envelope(type_url=PREFIX + "X" * 200).SerializeToString()
    assert is_flight_sql(body)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"\xff\xff", "are no google.protobuf.Any"),
        (pb.Envelope(type_url="type.googleapis.com/x.Y").SerializeToString(), "of type 'type"),
        (
            pb.Envelope(type_url=PREFIX + "CommandGetTables", value=b"\xff").SerializeToString(),
            "are no CommandGetTables",
        ),
    ],
)
def test_broken_message_is_refused_with_a_sentence(body: bytes, said: str) -> None:
    with pytest.raises(InvalidTicket, match=said):
        unpack(body)


def test_bare_message_is_parsed_or_refused() -> None:
    body = pb.CancelFlightInfoRequest(info=b"x").SerializeToString()
    assert parse(pb.CancelFlightInfoRequest, body).info == b"x"
    with pytest.raises(InvalidTicket, match="are no CancelFlightInfoRequest"):
        parse(pb.CancelFlightInfoRequest, b"\x0a\xff")
