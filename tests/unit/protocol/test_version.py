"""The version gate in front of every request."""

import pytest

from flight_client.protocol.errors import InvalidTicket, UnsupportedVersion
from flight_client.protocol.version import PROTOCOL_VERSION, require_supported_version


def test_version_of_this_release_passes() -> None:
    require_supported_version(PROTOCOL_VERSION)


def test_newer_version_names_both_versions_and_what_to_do() -> None:
    with pytest.raises(UnsupportedVersion, match=r"version 2;.*version 1 and below: upgrade") as it:
        require_supported_version(2)

    assert it.value.details == {"found": 2, "supported": PROTOCOL_VERSION}


@pytest.mark.parametrize("found", [0, -1])
def test_number_that_never_was_a_version_is_no_newer_version(found: int) -> None:
    with pytest.raises(InvalidTicket, match="A version is an integer from 1") as it:
        require_supported_version(found)

    assert not isinstance(it.value, UnsupportedVersion)
