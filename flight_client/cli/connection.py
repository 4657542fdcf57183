"""What every command of flight-client needs: how a server is reached, and what a failure prints."""

from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar

import click
import pyarrow as pa

from flight_client.cli import INTERRUPTED
from flight_client.cli.files import Unreadable
from flight_client.client import Client, connect
from flight_client.config import VARIABLES, read_secret
from flight_client.protocol.errors import Error, InvalidRequest

FAILED: Final = 1

Command = TypeVar("Command", bound=Callable[..., None])


class Commands(click.Group):
    """Turns what may go wrong into one line on stderr and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except Error as error:
            _fail(ctx, error.code, str(error))
        except BrokenPipeError:  # click ends quietly: who reads has seen enough
            raise
        except Unreadable as error:
            _fail(ctx, "INPUT", str(error))
        except (OSError, pa.ArrowException) as error:
            reason = getattr(error, "strerror", None)
            _fail(ctx, "OUTPUT", f"cannot write to stdout: {reason}" if reason else str(error))


def _fail(ctx: click.Context, code: str, sentence: str) -> NoReturn:
    click.echo(f"error: {code}: {' '.join(sentence.split())}", err=True)
    ctx.exit(FAILED)


def connection_options(command: Command) -> Command:
    """The options that every command needs to reach a server."""

    def option(name: str, text: str, setting: str | None = None, **more: Any) -> None:  # noqa: ANN401
        nonlocal command
        named = f"  [env: {VARIABLES[setting]}]" if setting else ""
        command = click.option(name, help=text + named, **more)(command)

    seconds = click.FloatRange(min=0, min_open=True)
    option(
        "--timeout",
        "Longest wait for an answer that is no stream of rows.",
        type=seconds,
        default=60.0,
        metavar="SECONDS",
        show_default=True,
    )
    option(
        "--allow-plaintext-credentials",
        "Send credentials without TLS to another machine.",
        is_flag=True,
    )
    option("--key", "PEM file of its private key.", "key", metavar="FILE")
    option("--cert", "PEM file of a client certificate.", "cert", metavar="FILE")
    option("--tls-roots", "PEM file of the certificates to trust.", "tls_roots", metavar="FILE")
    option("--password-file", "File with the password.", "password_file", metavar="FILE")
    option("--user", "User of basic authentication.", "user", metavar="NAME")
    option("--token-file", "File with the bearer token.", "token_file", metavar="FILE")
    option("--space", "Space of names that stand in several.", "space", metavar="NAME")
    option("--uri", "The server, as grpc+tls://host:port.", "uri", metavar="URI")
    return command


def connected(options: dict[str, Any]) -> Client:
    """A client of the server that the options name."""
    token_file, password_file = options["token_file"], options["password_file"]
    try:
        return connect(
            options["uri"],
            token=read_secret(token_file, "--token-file") if token_file else None,
            user=options["user"],
            password=read_secret(password_file, "--password-file") if password_file else None,
            tls_roots=options["tls_roots"],
            cert=options["cert"],
            key=options["key"],
            space=options["space"],
            timeout_s=options["timeout"],
            allow_plaintext_credentials=options["allow_plaintext_credentials"],
        )
    except InvalidRequest as error:
        raise click.UsageError(error.message) from None
