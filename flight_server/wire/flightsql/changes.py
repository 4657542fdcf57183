"""DoPut of Flight SQL: changes, values for prepared statements, whole tables."""

from typing import Final

from google.protobuf.message import Message

from flight_client.protocol.errors import InvalidRequest, UnknownAction
from flight_server.service.statements import IngestTarget
from flight_server.wire.flightsql.calls import Call
from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb
from flight_server.wire.flightsql.parameters import rows_of
from flight_server.wire.flightsql.queries import refused, transaction_of
from flight_server.wire.incoming import Incoming

_Table = pb.CommandStatementIngest.TableDefinitionOptions

IF_MISSING: Final[dict[int, str]] = {
    _Table.TABLE_NOT_EXIST_OPTION_CREATE: "create",
    _Table.TABLE_NOT_EXIST_OPTION_FAIL: "fail",
}
IF_EXISTS: Final[dict[int, str]] = {
    _Table.TABLE_EXISTS_OPTION_FAIL: "fail",
    _Table.TABLE_EXISTS_OPTION_APPEND: "append",
    _Table.TABLE_EXISTS_OPTION_REPLACE: "replace",
}

_NO_ROWS: Final = b"\x08\x00"
"""A ``DoPutUpdateResult`` of 0, written out: protobuf would write nothing at all."""


def put(call: Call, command: Message | str, incoming: Incoming) -> bytes:
    """Do what a command says with the batches that come; the metadata to answer with.

    Raises:
        UnknownAction: It is no command of DoPut.
        Error: What the services said; nothing was kept.
    """
    statements = call.statements
    match command:
        case pb.CommandStatementUpdate():
            return _counted(statements.update(command.query, call.options, transaction_of(command)))
        case pb.CommandPreparedStatementUpdate():
            rows = rows_of(incoming.batches())
            return _counted(statements.update_prepared(command.prepared_statement_handle, rows))
        case pb.CommandPreparedStatementQuery():
            rows = rows_of(incoming.batches())
            handle = statements.bind(command.prepared_statement_handle, rows)
            result = pb.DoPutPreparedStatementResult(prepared_statement_handle=handle)
            return result.SerializeToString()
        case pb.CommandStatementIngest():
            return _counted(_ingest(call, command, incoming))
        case _:
            raise refused("DoPut", command)


def _ingest(call: Call, command: pb.CommandStatementIngest, incoming: Incoming) -> int:
    target = target_of(command)
    return call.statements.ingest(
        target, incoming.schema(), incoming.batches(), call.options, transaction_of(command)
    )


def target_of(command: pb.CommandStatementIngest) -> IngestTarget:
    """Where and how a client wants its batches written.

    Raises:
        InvalidRequest: It does not say, or wants what there is not here.
        UnknownAction: It wants a temporary table.
    """
    wanted = command.table_definition_options
    if wanted.if_not_exist not in IF_MISSING or wanted.if_exists not in IF_EXISTS:
        raise InvalidRequest(
            "The ingest does not say what happens where the table is missing and where it exists; "
            "set both table definition options."
        )
    if command.temporary:
        raise UnknownAction(
            "This server makes no temporary tables; ingest into a table and drop it later."
        )
    if command.catalog:
        raise InvalidRequest(
            f"There is no catalog {command.catalog!r:.80}: this server has spaces (schemas) only; "
            "leave the catalog out."
        )
    if command.options:
        raise InvalidRequest(
            f"The ingest has the option {min(command.options)!r:.80}; this server knows none: "
            "leave it out."
        )
    return IngestTarget(
        space=command.schema or None,
        table=command.table,
        if_missing=IF_MISSING[wanted.if_not_exist],
        if_exists=IF_EXISTS[wanted.if_exists],
    )


def _counted(rows: int | None) -> bytes:
    # No -1 for a count that is not known: the JDBC driver would take the statement for a query, ask
    # for its endpoints, and so run it again.
    result = pb.DoPutUpdateResult(record_count=rows or 0)
    return result.SerializeToString() or _NO_ROWS
