"""The entry of flight-client, which hears Ctrl-C while the commands are still being loaded."""

import sys
from typing import Final

INTERRUPTED: Final = 130
"""128 and the number of SIGINT, as shells have it."""


def main() -> None:
    """Run the command line and exit."""
    try:
        from flight_client.cli.commands import main as commands  # noqa: PLC0415 - loads Arrow

        commands(prog_name="flight-client")
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(INTERRUPTED)
