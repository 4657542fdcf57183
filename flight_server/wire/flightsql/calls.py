"""One Flight SQL call: the services as its principal and its session meet them."""

from dataclasses import dataclass

import pyarrow.flight as fl

from flight_server.service.discovery import Discovery
from flight_server.service.options import Options
from flight_server.service.statements import Statements
from flight_server.wire.endpoints import Endpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a verb needs; good while the call lives.

    Attributes:
        context: Of the Flight call.
        principal: Who calls.
        statements: Of the principal.
        discovery: Of the principal.
        endpoints: Makes them.
        options: Of the session, or the server's own.
    """

    context: fl.ServerCallContext
    principal: str
    statements: Statements
    discovery: Discovery
    endpoints: Endpoints
    options: Options
