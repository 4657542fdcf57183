"""flight-server: serve, demo, check, show-config. Presentation only."""

import io
import json
import logging
import os
import signal
import sys
import threading
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import click

from flight_client.protocol.errors import Error
from flight_server import config
from flight_server.app import (
    RunningServer,
    listener_of,
    open_backend,
    require_safe_listener,
    start,
)
from flight_server.config import Configuration, ConfigurationError

FAILED: Final = 1
INTERRUPTED: Final = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("datasphere-flight"), prog_name="flight-server")
def main() -> None:
    """Serve SAP Datasphere data as Apache Arrow, over Arrow Flight.

    \b
    Try it:                flight-server demo
    Serve a DuckDB file:   FLIGHT_SERVER_DATABASE__PATH=sales.duckdb flight-server serve
    Serve by a file:       flight-server serve --config server.toml
    See what is set:       flight-server show-config --config server.toml
    """  # noqa: D301 - click wants the escape itself
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # what matters of it is said by us
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter shows a mark


_config_option = click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar=config.CONFIG_VARIABLE,
    show_envvar=True,
    help="TOML file. Each key can also be set as FLIGHT_SERVER_<SECTION>__<KEY>.",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


@main.command()
@_config_option
def serve(path: Path | None) -> None:
    """Serve until SIGINT or SIGTERM; a second signal does not wait for running reads."""
    configuration = _load(path)
    _log_to_stderr(configuration)
    stop = _on_signals()
    try:
        server = start(configuration)
    except (ConfigurationError, Error) as error:
        _fail(error)
    click.echo(f"Listening on {server.uri}", err=True)
    stop.wait()
    click.echo(f"Stopping; running reads have {configuration.server.grace_s:g} s.", err=True)
    _close(server)


@main.command()
@click.option("--keep", is_flag=True, help="Stay up afterwards and say what to type next.")
@click.option(
    "--items",
    type=click.IntRange(1_000, 50_000_000),
    default=1_000_000,
    show_default=True,
    help="Rows of the largest table.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Port; 0 takes a free one.",
)
def demo(*, keep: bool, items: int, port: int) -> None:
    """Make a sample landscape, serve it, and read it through the real client."""
    from flight_server import demo as tour  # noqa: PLC0415 - the client's weight only when shown

    try:
        server = tour.start(items, port)
        try:
            tour.show(server.uri)
            if keep:
                tour.say_what_next(server.uri)
                _on_signals().wait()
        finally:
            _close(server)
    except (ConfigurationError, Error) as error:
        _fail(error)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


@main.command()
@_config_option
@_json_option
def check(path: Path | None, *, as_json: bool) -> None:
    """Open the database with this configuration and say what callers would find."""
    configuration = _load(path)
    try:
        require_safe_listener(configuration)
        listener_of(configuration)
        backend = open_backend(configuration.database)
    except (ConfigurationError, Error) as error:
        _fail(error)
    try:
        found = {space.name: len(backend.entities(space.name)) for space in backend.spaces()}
    except Error as error:
        _fail(error)
    finally:
        backend.close()
    if as_json:
        click.echo(json.dumps({"backend": backend.kind, "spaces": found}))
        return
    where = configuration.database.path or "in memory"
    click.echo(f"The configuration is valid; the {backend.kind} database ({where}) opens.")
    for name, count in found.items():
        click.echo(f"Space {name!r} has {count} {'entity' if count == 1 else 'entities'}.")
    if not found:
        click.echo("It holds no space: callers would find nothing. Set database.path.")


@main.command(name="show-config")
@_config_option
@_json_option
def show_config(path: Path | None, *, as_json: bool) -> None:
    """Print the configuration in force, secrets masked."""
    shown = _load(path).model_dump(mode="json")
    if as_json:
        click.echo(json.dumps(shown))
        return
    for section, table in shown.items():
        click.echo(f"[{section}]")
        for name, value in table.items():
            prefix = "# " if value is None else ""
            click.echo(f"{prefix}{name} = {'(not set)' if value is None else json.dumps(value)}")
        click.echo()


def _load(path: Path | None) -> Configuration:
    try:
        return config.load(path)
    except ConfigurationError as error:
        _fail(error)


def _fail(error: ConfigurationError | Error) -> NoReturn:
    problems = error.problems if isinstance(error, ConfigurationError) else (str(error),)
    for problem in problems:
        click.echo(f"error: {problem}", err=True)
    sys.exit(2 if isinstance(error, ConfigurationError) else 1)


def _log_to_stderr(configuration: Configuration) -> None:
    logging.basicConfig(
        level=configuration.log.level.upper(),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )


def _on_signals() -> threading.Event:
    """An event set by the first SIGINT or SIGTERM; the second one ends the process at once."""
    stop = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(INTERRUPTED)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)
    return stop


def _close(server: RunningServer) -> None:
    """Close the server; end the process at once where a read does not end.

    gRPC cannot abort a write to a client that takes nothing (apache/arrow#43819), and the
    interpreter would wait for it at its end, deaf to signals.
    """
    if not server.close():
        click.echo("Some reads did not end in time and were cut.", err=True)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(FAILED)
