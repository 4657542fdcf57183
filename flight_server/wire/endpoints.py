"""What GetFlightInfo answers: a schema, endpoints with an expiry, and a number of rows."""

# pyarrow-stubs 20 gives these other types than pyarrow 26 documents and takes:
# pyright: reportArgumentType=false, reportUnknownArgumentType=false

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.flight as fl

from flight_server.service.seal import Seal


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Makes the endpoints of a server.

    Attributes:
        seal: Tells when what is sealed now ends.
        advertise: Locations put into endpoints; with none, clients stay on their connection.
    """

    seal: Seal
    advertise: tuple[str, ...] = ()

    def endpoint(self, ticket: bytes) -> fl.FlightEndpoint:
        """An endpoint whose ticket was sealed now."""
        expires = pa.scalar(self.seal.expiry(), pa.timestamp("s")).cast(pa.timestamp("ns"))
        return fl.FlightEndpoint(ticket, list(self.advertise), expires)

    def info(
        self,
        schema: pa.Schema,
        descriptor: fl.FlightDescriptor,
        tickets: Iterable[bytes],
        total_rows: int | None,
    ) -> fl.FlightInfo:
        """The endpoints of these tickets, whose rows come in their order.

        Args:
            schema: Of every endpoint.
            descriptor: What was asked for.
            tickets: Sealed now.
            total_rows: Of all endpoints; None where it is not known.
        """
        endpoints = [self.endpoint(ticket) for ticket in tickets]
        rows = -1 if total_rows is None else total_rows
        return fl.FlightInfo(schema, descriptor, endpoints, rows, -1, ordered=True)
