"""The entry of ``flight-server`` and ``python -m flight_server``: names what is not installed."""

import sys
from typing import Final

NEEDED: Final = {"duckdb", "pydantic", "pydantic_core", "pydantic_settings", "sqlglot"}
"""What the ``[server]`` extra brings."""


def main() -> None:
    """Run the command line."""
    try:
        from flight_server.cli import main as run  # noqa: PLC0415 - only here can it be explained
    except ModuleNotFoundError as error:
        if error.name not in NEEDED:
            raise
        sys.exit(
            f"error: {error.name} is not installed; run: pip install 'datasphere-flight[server]'"
        )
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
