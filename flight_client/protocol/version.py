"""The version of the language, and the rule for bytes of another one."""

from typing import Final

from flight_client.protocol.errors import InvalidTicket, UnsupportedVersion

PROTOCOL_VERSION: Final = 1


def require_supported_version(found: int) -> None:
    """Refuse bytes that a newer client or server wrote.

    Raises:
        UnsupportedVersion: ``found`` is newer than what this release reads.
        InvalidTicket: ``found`` is no version at all.
    """
    if found < 1:
        raise InvalidTicket(f"A version is an integer from 1; got {found}.")
    if found > PROTOCOL_VERSION:
        raise UnsupportedVersion(
            f"This ticket is of version {found}; this release reads version "
            f"{PROTOCOL_VERSION} and below: upgrade the older of client and server.",
            found=found,
            supported=PROTOCOL_VERSION,
        )
