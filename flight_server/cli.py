"""flight-server: serve, demo, check, show-config. Presentation only."""

import io
import json
import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

import click

from flight_client.protocol.errors import Error
from flight_server import config
from flight_server.app import RunningServer, examine, start
from flight_server.config import Configuration, ConfigurationError

FAILED: Final = 1
INTERRUPTED: Final = 130

CLOSING_S: Final = 10.0
"""How long the end of a process may take beyond the grace of its reads, in seconds."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("datasphere-flight"), prog_name="flight-server")
def main() -> None:
    """Serve SAP Datasphere data as Apache Arrow, over Arrow Flight.

    \b
    Try it:                flight-server demo
    Serve a DuckDB file:   FLIGHT_SERVER_DATABASE__PATH=warehouse.duckdb flight-server serve
    Try SAP Datasphere:    flight-server check --config datasphere.toml
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
    """Serve until SIGINT or SIGTERM; a second signal does not wait for running calls."""
    configuration = _load(path)
    _log_to_stderr(configuration)
    wait_for_signal = _on_signals()
    try:
        server = start(configuration)
    except (ConfigurationError, Error) as error:
        _fail(error)
    click.echo(f"Listening on {server.uri}", err=True)
    wait_for_signal()
    end_within(server.grace_s + CLOSING_S)
    click.echo(f"Stopping; running calls have {server.grace_s:g} s.", err=True)
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
    """Serve a sample landscape and read it through the client."""
    from flight_server import demo as tour  # noqa: PLC0415 - the client's weight only when shown

    try:
        server = tour.start(items, port)
        try:
            tour.show(server.uri)
            if keep:
                tour.say_what_next(server.uri)
                _on_signals()()
        finally:
            end_within(server.grace_s + CLOSING_S)
            _close(server)
    except (ConfigurationError, Error) as error:
        _fail(error)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


@main.command()
@_config_option
@_json_option
def check(path: Path | None, *, as_json: bool) -> None:
    """Open the database and say what callers would find."""
    configuration = _load(path)
    # What the database says stands in the sentences of the report too.
    logging.getLogger("flight_server.backends.hana.pool.failure").setLevel(logging.CRITICAL)
    try:
        report = examine(configuration)
    except (ConfigurationError, Error) as error:
        _fail(error)
    if as_json:
        click.echo(json.dumps(report.facts))
    else:
        for sentence in report.sentences:
            click.echo(sentence)
    for problem in report.problems:
        click.echo(f"error: {problem}", err=True)
    if report.problems:
        sys.exit(FAILED)


@main.command(name="show-config")
@_config_option
@_json_option
def show_config(path: Path | None, *, as_json: bool) -> None:
    """Print the configuration, secrets masked."""
    shown = _load(path).model_dump(mode="json")
    if as_json:
        click.echo(json.dumps(shown))
        return
    for section, table in shown.items():
        _echo_table(section, table)


def _echo_table(title: str, table: Mapping[str, Any]) -> None:
    """A table as the file has it; tables in it follow, each under its own title."""
    click.echo(f"[{title}]")
    tables: dict[str, Mapping[str, Any]] = {
        name: value for name, value in table.items() if isinstance(value, Mapping)
    }
    for name, value in table.items():
        if name not in tables:
            prefix = "# " if value is None else ""
            click.echo(f"{prefix}{_key(name)} = {_value(value)}")
    click.echo()
    for name, inner in tables.items():
        _echo_table(f"{title}.{_key(name)}", inner)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def _value(value: object) -> str:
    return "(not set)" if value is None else json.dumps(value)


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


def _on_signals() -> Callable[[], object]:
    """Heed SIGINT and SIGTERM from now on; what is returned waits for the first of them.

    The second one ends the process at once: the kernel does that, whatever we are busy with.

    A Python handler runs in the main thread, when that one runs. Linux hands a signal to the main
    thread, unless another one lifts a block of signals at that moment, as each thread does that
    starts a thread, and gRPC starts many: then a main thread that waits for a lock sleeps on. What
    wakes it is the byte that the interpreter writes in whichever thread the signal has hit.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)  # the interpreter wants it so
    signal.set_wakeup_fd(writer)
    numbers = (signal.SIGINT, signal.SIGTERM)

    def leave_to_the_kernel(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)

    for number in numbers:
        signal.signal(number, leave_to_the_kernel)
    return lambda: os.read(reader, 1)


def end_within(limit_s: float) -> None:
    """Have the kernel end the process (SIGALRM) if it still lives after so many seconds.

    The last resort for what no thread of ours could end: a lock that is never given back, a full
    pipe behind stderr, a library that keeps the interpreter or hangs in its destructors.
    """
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limit_s)


def _close(server: RunningServer) -> None:
    """Close the server; end the process at once where a read does not end.

    gRPC cannot abort a write to a client that takes nothing (apache/arrow#43819), and the
    interpreter would wait for it at its end, deaf to signals.
    """
    if not server.close():
        click.echo("Some calls did not end in time and were cut.", err=True)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(FAILED)
