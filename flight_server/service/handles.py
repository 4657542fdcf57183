"""What clients hold between two calls: values and their sealed bytes; nothing is run here."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from flight_client.protocol.errors import InvalidParameter
from flight_client.protocol.literals import (
    LiteralValue,
    check_literal,
    literal_from_json,
    literal_to_json,
)
from flight_client.protocol.strict_json import Fields, array, boolean, integer, text, whole
from flight_client.protocol.tickets import Ticket, ticket_from_json, ticket_to_json
from flight_server.backends.base import ParameterRow
from flight_server.service.options import Options, options_from_json, options_to_json
from flight_server.service.seal import ENDPOINT, STATEMENT, TRANSACTION, Seal

MAX_BOUND_ROWS: Final = 1024
"""Most rows of values in a handle: a query becomes one endpoint for each."""

MAX_HANDLE_BYTES: Final = 1024 * 1024
"""Largest handle with its values: clients send it back in one message, of 4 MB at most."""

TRANSACTION_S: Final = 86400
"""How long a sealed identifier says that it is good. The table of transactions knows better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """A prepared statement.

    Attributes:
        sql: As the caller wrote it.
        options: Of its session when it was prepared.
        transaction: Identifier of the one that it belongs to; None for none.
        is_change: Whether it changes data.
        markers: Number of ``?``.
        rows: Bound values, once for each row; None where none are bound.
    """

    sql: str
    options: Options
    transaction: str | None
    is_change: bool
    markers: int
    rows: tuple[tuple[LiteralValue | None, ...], ...] | None = None

    def bound(self, rows: Iterable[ParameterRow]) -> "Handle":
        """The same with values.

        Raises:
            InvalidParameter: Too many rows, or a row has more or fewer values than markers.
            InvalidFilter: A value that HANA cannot hold.
        """
        taken: list[tuple[LiteralValue | None, ...]] = []
        for number, row in enumerate(rows, start=1):
            if number > MAX_BOUND_ROWS:
                raise InvalidParameter(
                    f"A query takes {MAX_BOUND_ROWS} rows of values at most; send more in several "
                    "executions, or write one query that joins them."
                )
            checked = check_row(row, self.markers, number)
            taken.append(tuple(None if each is None else check_literal(each) for each in checked))
        return replace(self, rows=tuple(taken))


def check_row(row: ParameterRow, markers: int, number: int) -> ParameterRow:
    """A row of values that has one for each marker.

    Raises:
        InvalidParameter: It has not; ``number`` of the row, from 1, is in the details.
    """
    if len(row) != markers:
        raise InvalidParameter(
            f"Row {number} has {len(row)} values for {markers} markers (?); give one for each.",
            row=number,
            values=len(row),
            markers=markers,
        )
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """What one stream of an executed query reads.

    Attributes:
        statement: Identifier of the execution, the same for all of its endpoints.
        ticket: The read.
        transaction: Identifier of the one on whose connection it runs; None for none.
        more: Further rows of values with which a query is run there, after those of its ticket.
    """

    statement: str
    ticket: Ticket
    transaction: str | None = None
    more: tuple[tuple[LiteralValue | None, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Handles:
    """Seals and opens what one principal holds."""

    seal: Seal
    principal: str

    def seal_handle(self, handle: Handle) -> bytes:
        """The bytes of a prepared statement.

        Raises:
            InvalidParameter: Its values make it too large.
        """
        form: dict[str, object] = {
            "sql": handle.sql,
            "options": options_to_json(handle.options),
            "transaction": handle.transaction,
            "is_change": handle.is_change,
            "markers": handle.markers,
            "rows": None if handle.rows is None else [_row_to_json(row) for row in handle.rows],
        }
        sealed = self.seal.seal_form(STATEMENT, form, self.principal)
        if handle.rows is not None and len(sealed) > MAX_HANDLE_BYTES:
            raise InvalidParameter(
                f"The statement with its values has {len(sealed):,} bytes; {MAX_HANDLE_BYTES:,} "
                "are taken: send fewer rows in one execution.",
                bytes=len(sealed),
            )
        return sealed

    def open_handle(self, body: bytes) -> Handle:
        """The prepared statement of these bytes.

        Raises:
            ForgedTicket, ExpiredTicket: As ``Seal.open_form``.
        """
        return self.seal.open_form(STATEMENT, body, self.principal, _handle)

    def seal_endpoint(self, endpoint: Endpoint) -> bytes:
        """The bytes of an endpoint."""
        form: dict[str, object] = {
            "statement": endpoint.statement,
            "ticket": ticket_to_json(endpoint.ticket),
            "transaction": endpoint.transaction,
            "more": [_row_to_json(row) for row in endpoint.more],
        }
        return self.seal.seal_form(ENDPOINT, form, self.principal)

    def open_endpoint(self, body: bytes, *, even_expired: bool = False) -> Endpoint:
        """The endpoint of these bytes.

        Raises:
            ForgedTicket, ExpiredTicket: As ``Seal.open_form``.
        """
        return self.seal.open_form(
            ENDPOINT, body, self.principal, _endpoint, even_expired=even_expired
        )

    def seal_transaction(self, identifier: str) -> bytes:
        """The bytes of a transaction's identifier."""
        return self.seal.seal_form(
            TRANSACTION, {"id": identifier}, self.principal, lifetime_s=TRANSACTION_S
        )

    def open_transaction(self, body: bytes) -> str:
        """The identifier of these bytes, however old: only whether it is known matters.

        Raises:
            ForgedTicket: As ``Seal.open_form``.
        """
        return self.seal.open_form(
            TRANSACTION,
            body,
            self.principal,
            lambda fields: fields.need("id", text),
            even_expired=True,
        )


def _handle(fields: Fields) -> Handle:
    return Handle(
        sql=fields.need("sql", text),
        options=fields.need("options", _options),
        transaction=fields.take("transaction", text, None),
        is_change=fields.need("is_change", boolean),
        markers=fields.need("markers", integer),
        rows=fields.take("rows", array(array(_value)), None),
    )


def _endpoint(fields: Fields) -> Endpoint:
    return Endpoint(
        statement=fields.need("statement", text),
        ticket=fields.need("ticket", lambda form, at: ticket_from_json(Fields(form, at))),
        transaction=fields.take("transaction", text, None),
        more=fields.take("more", array(array(_value)), ()),
    )


def _options(form: object, where: str) -> Options:
    return whole(Fields(form, where), options_from_json)


def _row_to_json(row: tuple[LiteralValue | None, ...]) -> list[object]:
    return [None if value is None else literal_to_json(value) for value in row]


def _value(form: object, _where: str) -> LiteralValue | None:
    return None if form is None else literal_from_json(form)
