"""Starts the real server in this process, on a free loopback port."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow.flight as fl

from flight_client.protocol.tickets import Ticket, encode_ticket
from flight_server.app import RunningServer
from flight_server.backends.base import Backend
from flight_server.config import Configuration, ServerSection


@contextmanager
def serving(backend: Backend, **server: object) -> Iterator[RunningServer]:
    """A running server over a backend, which it owns."""
    section = ServerSection.model_validate({"port": 0, **server})
    with RunningServer(backend, Configuration(server=section)) as running:
        yield running


@contextmanager
def plain_client(backend: Backend, **server: object) -> Iterator[fl.FlightClient]:
    """A pyarrow client, without ours, of a running server."""
    with serving(backend, **server) as running, fl.connect(running.uri) as client:
        yield client


def command(ticket: Ticket) -> fl.FlightDescriptor:
    """The descriptor of a ticket."""
    return fl.FlightDescriptor.for_command(encode_ticket(ticket))


def as_ticket(ticket: Ticket) -> fl.Ticket:
    """The unsealed ticket of a client."""
    return fl.Ticket(encode_ticket(ticket))
