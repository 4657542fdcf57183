"""Starts a server in this process, which the client finds by its entry point and never imports."""

from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Final, Protocol, cast

from flight_client.fedml.settings import HanaKeys, Keys
from flight_client.forking import claim_grpc
from flight_client.sinks import MissingDependency

GROUP: Final = "flight_client.embedded"
NAME: Final = "hana"


class EmbeddedServer(Protocol):
    """A server in this process."""

    uri: str

    def close(self) -> None:
        """End it, whatever it does."""
        ...


class Serve(Protocol):
    """What the entry point names."""

    def __call__(self, hana: Keys, writable: Sequence[str]) -> EmbeddedServer:
        """A server over HANA."""
        ...


def start(keys: HanaKeys) -> EmbeddedServer:
    """A server over HANA. The caller closes it.

    Raises:
        MissingDependency: The server, or something it needs, is not installed.
        InvalidRequest: The keys cannot be used, hdbcli is not installed, or this is a forked child
            of a process that used gRPC.
    """
    claim_grpc()  # the server's; a child that is forked from here on can use neither
    try:
        serve = _entry()
    except ModuleNotFoundError as error:
        raise MissingDependency(
            error.name or "The server", "server,hana", "or give flight_uri"
        ) from None
    return serve(keys.section, keys.writable)


def _entry() -> Serve:
    found = entry_points(group=GROUP, name=NAME)
    if not found:
        raise MissingDependency("flight-server", "server,hana", "or give flight_uri")
    return cast("Serve", next(iter(found)).load())
