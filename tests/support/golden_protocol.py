"""The bytes that protocol v1 promised, one file each, and what they mean.

``python -m tests.support.golden_protocol`` writes the files of new cases. It never changes a file
that is there: peers in the field send and read those bytes. What they cannot say needs a v2.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from flight_client.protocol import catalog, commands, errors, tickets, writes
from flight_client.protocol.catalog import Column, Entity, HanaType, Parameter, Space
from flight_client.protocol.commands import EntityQuery, Executed, Execution, Explanation
from flight_client.protocol.filters import And, Comparison, Or
from flight_client.protocol.tickets import (
    Compression,
    OrderKey,
    Partition,
    ReadTicket,
    Sample,
    SqlTicket,
)
from flight_client.protocol.writes import Sent, WriteTicket, Written

FOLDER: Final = Path(__file__).parents[1] / "golden" / "protocol_v1"

_ENTITY: Final = Entity(
    space="SALES",
    name="ORDERS_BY_YEAR",
    kind="view",
    columns=(
        Column("ORDER_ID", HanaType("BIGINT"), nullable=False, comment="Auftrag №", key=True),
        Column("NET_AMOUNT", HanaType("DECIMAL", 15, 2)),
    ),
    parameters=(
        Parameter("P_YEAR", HanaType("INTEGER")),
        Parameter("P_CURRENCY", HanaType("NVARCHAR", 3), False, "EUR", "ISO 4217"),
    ),
    comment="orders of a year",
)

_READ_AS: Final = Entity(
    space="SALES",
    name="RATES",
    kind="table",
    columns=(
        Column("RATE", HanaType("DECIMAL"), read_as=HanaType("DECIMAL", 38, 10)),
        Column("CHANGED_AT", HanaType("TIMESTAMP"), read_as=HanaType("NVARCHAR", 27)),
    ),
)

_EVERY_OPERATOR: Final = And(
    (
        Comparison("I", "=", (-7,)),
        Comparison("F", "!=", (0.1,)),
        Comparison("D", "<", (Decimal("1.50"),)),
        Comparison("E", "<=", (Decimal("1E+5"),)),
        Comparison("DAY", ">", (date(2024, 2, 29),)),
        Comparison("AT", ">=", (datetime(1, 1, 1, 0, 0, 0, 1),)),
        Or((Comparison("S", "in", ("a", "ä", "🛒")), Comparison("S", "is null"))),
        Or((Comparison("N", "not in", (1, 2)), Comparison("N", "is not null"))),
        Comparison("T", "between", (time(6), time(18, 30, 0, 500_000))),
        Comparison("S", "like", ("50\\%%",)),
        Comparison("S", "not like", ("_x",)),
        Comparison("B", "=", (b"\x00\xff",)),
        Comparison("OPEN", "=", (True,)),
    )
)


@dataclass(frozen=True, slots=True)
class Case:
    """A value and how it becomes bytes and back."""

    value: Any
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


def _ticket(ticket: tickets.Ticket) -> Case:
    return Case(ticket, tickets.encode_ticket, tickets.decode_ticket)


def _write(ticket: WriteTicket) -> Case:
    return Case(ticket, writes.encode_write, writes.decode_write)


def _execution(execution: Execution) -> Case:
    return Case(execution, commands.encode_execution, commands.decode_execution)


def _error(error: errors.Error) -> Case:
    """Message and body as one JSON object, because both are sent."""
    return Case(error, _encode_error, _decode_error)


def _encode_error(error: errors.Error) -> bytes:
    message, body = errors.to_wire(error)
    return json.dumps({"message": message, "body": body.decode()}, ensure_ascii=False).encode()


def _decode_error(both: bytes) -> errors.Error | None:
    sent = json.loads(both)
    return errors.from_wire(sent["message"], sent["body"].encode())


CASES: Final[Mapping[str, Case]] = {
    "write_smallest": _write(WriteTicket(table="ORDERS")),
    "write_create": _write(
        WriteTicket(
            space="SALES",
            table="ORDERS",
            mode="create",
            keys=("ORDER_ID", '"; DROP TABLE x --'),
            types=(
                ("NAME", HanaType("NVARCHAR", 40)),
                ("NET", HanaType("DECIMAL", 15, 2)),
                ("ORDER_ID", HanaType("BIGINT")),
            ),
        )
    ),
    "write_replace": _write(WriteTicket(table="ORDERS", mode="replace")),
    "write_upsert": _write(WriteTicket(table="ORDERS", mode="upsert", keys=("ORDER_ID",))),
    "sent": Case(Sent(200), writes.encode_sent, writes.decode_sent),
    "sent_all": Case(Sent(200, is_end=True), writes.encode_sent, writes.decode_sent),
    "written": Case(Written(100), writes.encode_written, writes.decode_written),
    "written_committed": Case(
        Written(200, committed=True), writes.encode_written, writes.decode_written
    ),
    "execute_smallest": _execution(Execution(sql="DROP TABLE T")),
    "execute_whole": _execution(
        Execution(
            sql="DELETE FROM T WHERE A = ? OR B = ?",
            parameters=(Decimal("1.50"), None),
            space="SALES",
            allow_all_rows=True,
        )
    ),
    "executed": Case(Executed(3), commands.encode_executed, commands.decode_executed),
    "executed_definition": Case(Executed(None), commands.encode_executed, commands.decode_executed),
    "ticket_read_smallest": _ticket(ReadTicket(entity="ORDERS")),
    "ticket_read_columns": _ticket(
        ReadTicket(space="SALES", entity="ORDERS", columns=("NET_AMOUNT", '"; DROP TABLE x --'))
    ),
    "ticket_read_one_comparison": _ticket(
        ReadTicket(entity="ORDERS", where=Comparison("YEAR", ">=", (2024,)))
    ),
    "ticket_read_every_operator": _ticket(ReadTicket(entity="ORDERS", where=_EVERY_OPERATOR)),
    "ticket_read_parameters": _ticket(
        ReadTicket(
            entity="ORDERS_BY_YEAR",
            parameters=(("P_YEAR", 2024), ("P_CURRENCY", "EUR"), ("P_RATE", Decimal("1.0"))),
        )
    ),
    "ticket_read_ordered": _ticket(
        ReadTicket(
            entity="ORDERS",
            order_by=(OrderKey("A"), OrderKey("B", True), OrderKey("C", False, "last")),
            limit=0,
            offset=10,
        )
    ),
    "ticket_read_sample": _ticket(ReadTicket(entity="ORDERS", sample=Sample(0.1))),
    "ticket_read_sample_seed": _ticket(ReadTicket(entity="ORDERS", sample=Sample(1.0, 42))),
    "ticket_read_split_wish": _ticket(ReadTicket(entity="ORDERS", partition=Partition(8))),
    "ticket_read_partition": _ticket(
        ReadTicket(entity="ORDERS", partition=Partition(8, 3, "ORDER_ID"))
    ),
    "ticket_read_split_by_range": _ticket(
        ReadTicket(entity="ORDERS", partition=Partition(8, by="ORDER_ID", method="range"))
    ),
    "ticket_read_transport": _ticket(
        ReadTicket(entity="ORDERS", batch_bytes=1_048_576, compression=Compression.LZ4)
    ),
    "ticket_sql_smallest": _ticket(SqlTicket(sql="SELECT 1 FROM DUMMY")),
    "ticket_sql_whole": _ticket(
        SqlTicket(
            sql='SELECT "Größe"\nFROM ORDERS WHERE A = ? AND B = ?',
            parameters=(None, 1, 1.0, True, Decimal("1.0"), date(2024, 1, 1), b"a"),
            space="SALES",
            batch_bytes=65_536,
            compression=Compression.ZSTD,
        )
    ),
    "space": Case(Space("SALES", "Vertrieb"), catalog.encode_space, catalog.decode_space),
    "entity": Case(_ENTITY, catalog.encode_entity, catalog.decode_entity),
    "entity_read_as": Case(_READ_AS, catalog.encode_entity, catalog.decode_entity),
    "query_all": Case(EntityQuery(), commands.encode_entity_query, commands.decode_entity_query),
    "query_one": Case(
        EntityQuery("SALES", "ORDERS"), commands.encode_entity_query, commands.decode_entity_query
    ),
    "explanation": Case(
        Explanation("duckdb", 'SELECT "A" FROM "S"."T" WHERE "A" = ?', (None, Decimal("1.50"))),
        commands.encode_explanation,
        commands.decode_explanation,
    ),
    "error_with_details": _error(
        errors.UnknownColumn("Column 'X' is unknown; did you mean 'Y'?", column="X", near=["Y"])
    ),
    "error_with_incident": _error(
        errors.InternalError("Something failed here.", incident="0123456789abcdef")
    ),
}


def write_missing(folder: Path, cases: Mapping[str, Case]) -> int:
    """Write the files of new cases; the number of files whose bytes would have changed."""
    changed = 0
    for name, case in cases.items():
        path, body = folder / f"{name}.json", case.encode(case.value)
        if not path.exists():
            path.write_bytes(body)
            print(f"wrote {path.name}")
        elif path.read_bytes() != body:
            changed += 1
            print(f"kept {path.name}: v1 is promised, other bytes need a new version")
    return changed


if __name__ == "__main__":
    sys.exit(1 if write_missing(FOLDER, CASES) else 0)
