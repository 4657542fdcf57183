"""Options of a Flight SQL session, as ADBC sets and shows them."""

import json
from collections.abc import Mapping
from typing import Any, Final

from adbc_driver_flightsql import ConnectionOptions, DatabaseOptions
from adbc_driver_manager import AdbcConnection

from tests.support.patience import eventually

OPTION: Final = ConnectionOptions.OPTION_SESSION_OPTION_PREFIX.value
ERASE: Final = ConnectionOptions.OPTION_ERASE_SESSION_OPTION_PREFIX.value
COOKIES: Final = {DatabaseOptions.WITH_COOKIE_MIDDLEWARE.value: "true"}

_ALL: Final = ConnectionOptions.OPTION_SESSION_OPTIONS.value


def options_of(connection: AdbcConnection) -> dict[str, Any]:
    """The options that are not as they are at first."""
    options = json.loads(connection.get_option(_ALL))
    return {name: value for name, value in options.items() if value not in (None, "none", "")}


def keep(connection: AdbcConnection, **options: str | int) -> None:
    """Set the options of a new session, again where the driver lost the cookie that holds them."""
    change(connection, {f"{OPTION}{name}": value for name, value in options.items()}, options)


def change(
    connection: AdbcConnection, options: Mapping[str, str | int], wanted: Mapping[str, str | int]
) -> None:
    """Set or erase options until the session has those wanted, and no other.

    Once is not always enough: where the context of a call ends before its stream is read to the
    end, the driver leaves the call's headers unread, cookie and all (arrow-go,
    ``arrow/flight/client.go``, ``finishFunc``). On a busy machine one of 700 was lost.
    """

    def kept() -> bool:
        connection.set_options(**options)
        return options_of(connection) == wanted

    eventually(kept)
