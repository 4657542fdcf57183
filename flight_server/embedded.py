"""A server over HANA in the process of its only client, behind a socket nobody else may open."""

import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final
from urllib.parse import quote

from pydantic import ValidationError

from flight_client.protocol.errors import InvalidRequest
from flight_server.app import RunningServer, open_backend
from flight_server.config import Configuration, ConfigurationError
from flight_server.wire.server import Listener

MAX_SOCKET_BYTES: Final = 100
"""Longest path of a socket; the kernel of Linux takes 107 bytes, that of macOS 103 [unix(7)]."""

GRACE_S: Final = 2.0
"""For calls that are still in flight when the server is closed, in seconds."""

_logger: Final = logging.getLogger(__name__)


class EmbeddedServer:
    """A server in this process.

    Attributes:
        uri: ``grpc+unix://`` and a path that this user alone may open.
    """

    def __init__(self, configuration: Configuration) -> None:
        """Listen; HANA is not asked for anything before the first call.

        Raises:
            ConfigurationError: Something in the configuration cannot be used.
        """
        self._process = os.getpid()
        with ExitStack() as on_failure:
            folder = _private_folder()
            on_failure.callback(shutil.rmtree, folder, ignore_errors=True)
            location = f"grpc+unix://{quote(str(folder / 's'))}"
            backend = open_backend(configuration)
            running = RunningServer(backend, configuration, Listener(location=location))
            on_failure.callback(running.close)
            self._to_close = on_failure.pop_all()
        self.uri = location

    def close(self) -> None:
        """Stop listening, end what runs within seconds, and leave nothing behind.

        Safe to call twice, and while the interpreter ends. A forked child leaves it to its parent.
        """
        if os.getpid() == self._process:
            self._to_close.pop_all().close()


def serve_hana(hana: Mapping[str, object], writable: Sequence[str]) -> EmbeddedServer:
    """A server over one database user of HANA. The caller closes it.

    Args:
        hana: Keys of the section ``[hana]`` of the server's configuration.
        writable: Schemas whose tables may be changed; HANA's privileges bound them further.

    Raises:
        InvalidRequest: All that is wrong with the keys, or that hdbcli is not installed.
    """
    if sys.platform == "win32":
        raise InvalidRequest(
            "A server in the own process needs Unix sockets, which this platform has not; run "
            "flight-server and give its address as flight_uri."
        )
    try:
        configuration = Configuration.model_validate(
            {
                "server": {"grace_s": GRACE_S},
                "hana": dict(hana),
                "writes": {"enabled": bool(writable), "spaces": tuple(writable)},
            }
        )
        return EmbeddedServer(configuration)
    except ValidationError as error:
        problems = [
            f"{'.'.join(str(part) for part in each['loc'])}: "
            + each["msg"].removeprefix("Value error, ")
            for each in error.errors(include_url=False, include_input=False)
        ]
        raise InvalidRequest(f"The keys for HANA cannot be used: {'; '.join(problems)}.") from None
    except ConfigurationError as error:
        raise InvalidRequest(" ".join(error.problems)) from None


def _private_folder() -> Path:
    """A new folder of mode 0700 whose path leaves room for a socket's name.

    Raises:
        ConfigurationError: There is none.
    """
    for parent in dict.fromkeys((tempfile.gettempdir(), "/tmp")):  # noqa: S108 - mkdtemp makes it private
        try:
            folder = Path(tempfile.mkdtemp(prefix="flight-", dir=parent))
        except OSError as error:
            _logger.debug("no folder for a socket in %s: %s", parent, error)
            continue
        path = os.fsencode(folder / "s")
        if len(path) <= MAX_SOCKET_BYTES and b"%" not in path:  # gRPC would decode it twice
            return folder
        folder.rmdir()
    raise ConfigurationError(
        ("There is no folder for a Unix socket; set TMPDIR to a short path that is writable.",)
    )
