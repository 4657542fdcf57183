"""Flight SQL as bytes: one message at a time, over a plain pyarrow client."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.flight as fl
import pytest
from google.protobuf.message import Message

from flight_server.app import RunningServer
from flight_server.backends.base import Backend
from flight_server.backends.duckdb.backend import DuckDbBackend
from flight_server.config import Configuration
from flight_server.wire.flightsql.envelope import pack, unpack
from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb

NO_COLUMNS = pa.schema([])

CANCELLED, INVALID, NOT_FOUND, FORBIDDEN, UNIMPLEMENTED, UNAUTHENTICATED = 1, 3, 5, 7, 12, 16
"""Codes of gRPC."""

TABLES = """
CREATE SCHEMA SALES;
CREATE TABLE SALES.ITEMS (ID INTEGER, NAME VARCHAR);
INSERT INTO SALES.ITEMS VALUES (1, 'one'), (2, 'two'), (3, NULL);
CREATE SCHEMA LAB;
CREATE TABLE LAB.NOTES (ID INTEGER PRIMARY KEY, NOTE VARCHAR);
"""
_ARROW_ERRORS = {
    INVALID: pa.ArrowInvalid,
    NOT_FOUND: pa.ArrowKeyError,
    UNIMPLEMENTED: pa.ArrowNotImplementedError,
}


@dataclass
class Refusal:
    """What a call was refused with: the google.rpc.Status beside the error."""

    message: str = ""
    reason: str = ""
    details: dict[str, str] = field(default_factory=dict)


@contextmanager
def refused(code: int, said: str) -> Iterator[Refusal]:
    """A call inside ends with this gRPC code and a sentence like this, and leaks nothing."""
    refusal = Refusal()
    with pytest.raises((fl.FlightError, pa.ArrowException), match=said) as caught:
        yield refusal
    error = caught.value
    assert "Traceback" not in str(error)
    assert ".py" not in str(error)
    if isinstance(error, fl.FlightError):
        status = pb.Status.FromString(error.extra_info)
        info = pb.ErrorInfo.FromString(status.details[0].value)
        refusal.message, refusal.reason = status.message, info.reason
        refusal.details = dict(info.metadata)
        assert status.code == code, error
        assert status.message in str(error)
    else:  # of GetSchema pyarrow shows the code alone
        assert isinstance(error, _ARROW_ERRORS[code])


@dataclass(frozen=True)
class SqlClient:
    """Sends messages; ``headers`` go with every call."""

    flight: fl.FlightClient
    headers: tuple[tuple[bytes, bytes], ...] = ()
    timeout_s: float | None = None

    @property
    def options(self) -> fl.FlightCallOptions:
        return fl.FlightCallOptions(timeout=self.timeout_s, headers=list(self.headers))

    def info(self, command: Message | bytes) -> fl.FlightInfo:
        body = command if isinstance(command, bytes) else pack(command)
        return self.flight.get_flight_info(fl.FlightDescriptor.for_command(body), self.options)

    def schema(self, command: Message) -> pa.Schema:
        descriptor = fl.FlightDescriptor.for_command(pack(command))
        return self.flight.get_schema(descriptor, self.options).schema

    def get(self, ticket: fl.Ticket) -> fl.FlightStreamReader:
        return self.flight.do_get(ticket, self.options)

    def read(self, command: Message) -> list[tuple[Any, ...]]:
        """The rows of every endpoint, in order."""
        return self.rows(self.info(command))

    def rows(self, info: fl.FlightInfo) -> list[tuple[Any, ...]]:
        found = []
        for endpoint in info.endpoints:
            table = self.get(endpoint.ticket).read_all()
            found += [tuple(row.values()) for row in table.to_pylist()]
        return found

    def put(
        self,
        command: Message | bytes,
        batches: Iterable[pa.RecordBatch] = (),
        schema: pa.Schema = NO_COLUMNS,
    ) -> bytes:
        """The metadata that a DoPut is answered with."""
        body = command if isinstance(command, bytes) else pack(command)
        descriptor = fl.FlightDescriptor.for_command(body)
        writer, reader = self.flight.do_put(descriptor, schema, self.options)
        try:
            for batch in batches:
                writer.write_batch(batch)
            writer.done_writing()
            answer = reader.read()
        finally:
            writer.close()
        return b"" if answer is None else answer.to_pybytes()

    def update(
        self,
        command: Message,
        batches: Iterable[pa.RecordBatch] = (),
        schema: pa.Schema = NO_COLUMNS,
    ) -> int:
        """The number of changed rows that a DoPut is answered with."""
        return pb.DoPutUpdateResult.FromString(self.put(command, batches, schema)).record_count

    def act(self, name: str, body: bytes = b"") -> list[bytes]:
        found = self.flight.do_action(fl.Action(name, body), self.options)
        return [result.body.to_pybytes() for result in found]

    def act_sql(self, name: str, request: Message) -> Any:
        """The one message that an action of Flight SQL answers; None where it answers nothing."""
        results = self.act(name, pack(request))
        return unpack(results[0]) if results else None

    def prepare(
        self, sql: str, transaction: bytes | None = None
    ) -> pb.ActionCreatePreparedStatementResult:
        request = pb.ActionCreatePreparedStatementRequest(query=sql, transaction_id=transaction)
        return self.act_sql("CreatePreparedStatement", request)

    def bind(self, handle: bytes, batch: pa.RecordBatch) -> bytes:
        command = pb.CommandPreparedStatementQuery(prepared_statement_handle=handle)
        answer = pb.DoPutPreparedStatementResult.FromString(
            self.put(command, [batch], batch.schema)
        )
        return answer.prepared_statement_handle

    def begin(self) -> bytes:
        return self.act_sql("BeginTransaction", pb.ActionBeginTransactionRequest()).transaction_id

    def end(
        self, transaction: bytes, action: "pb.ActionEndTransactionRequest.EndTransaction"
    ) -> None:
        request = pb.ActionEndTransactionRequest(transaction_id=transaction, action=action)
        assert self.act_sql("EndTransaction", request) is None

    def commit(self, transaction: bytes) -> None:
        self.end(transaction, pb.ActionEndTransactionRequest.END_TRANSACTION_COMMIT)

    def rollback(self, transaction: bytes) -> None:
        self.end(transaction, pb.ActionEndTransactionRequest.END_TRANSACTION_ROLLBACK)


def statement(sql: str, transaction: bytes | None = None) -> pb.CommandStatementQuery:
    return pb.CommandStatementQuery(query=sql, transaction_id=transaction)


def update(sql: str, transaction: bytes | None = None) -> pb.CommandStatementUpdate:
    return pb.CommandStatementUpdate(query=sql, transaction_id=transaction)


def prepared(handle: bytes) -> pb.CommandPreparedStatementQuery:
    return pb.CommandPreparedStatementQuery(prepared_statement_handle=handle)


def prepared_update(handle: bytes) -> pb.CommandPreparedStatementUpdate:
    return pb.CommandPreparedStatementUpdate(prepared_statement_handle=handle)


def duckdb_tables(more: str = "") -> DuckDbBackend:
    """A database with SALES.ITEMS to read, LAB.NOTES to change, and what more a script makes."""
    return DuckDbBackend.open_database(None, read_only=False, init_script=TABLES + more)


@contextmanager
def serving_sql(
    backend: Backend, *, writable: tuple[str, ...] = ("LAB",), **server: object
) -> Iterator[RunningServer]:
    """A running server whose clients may change these spaces."""
    form = {
        "server": {"port": 0, **server},
        "writes": {"enabled": bool(writable), "spaces": writable},
    }
    with RunningServer(backend, Configuration.model_validate(form)) as running:
        yield running


@contextmanager
def sql_client(backend: Backend, **server: object) -> Iterator[SqlClient]:
    """A client of a running server."""
    with serving_sql(backend, **server) as running, fl.connect(running.uri) as client:
        yield SqlClient(client)
