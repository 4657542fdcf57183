"""``python -m tests.hana_emulator``: the emulator as a process of its own. Presentation only."""

import logging
import signal
import ssl
import sys
import tempfile
import threading
from pathlib import Path

import click

from tests.hana_emulator.faults import ArmedFault, Fault, Faults, parse_fault
from tests.hana_emulator.replay import Recordings
from tests.hana_emulator.server import EmulatorServer

_LOOK_S = 0.2

_EPILOGUE = f"""\b
Faults: {", ".join(Fault)}.
A fault takes parameters: --fault 'cut_mid_packet:after_fetches=2,times=1,statement_like=%ITEMS%'.
A client arms and disarms them too: EMULATOR FAULT 'name:...', EMULATOR FAULT NONE.
EMULATOR CONNECTIONS counts the clients.
"""


class _FaultType(click.ParamType):
    name = "fault"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> ArmedFault:
        try:
            return parse_fault(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command(epilog=_EPILOGUE, context_settings={"show_default": True})
@click.option("--port", default=39015, help="Listen there on 127.0.0.1; 0 takes a free port.")
@click.option(
    "--user",
    default="SALES#FLIGHT",
    help="A database user to make; it has a schema of its own name.",
)
@click.option("--password", default="Sesame-open-1", help="The password of that user.")
@click.option(
    "--sample", is_flag=True, help="Make the space SALES with views that the user may read."
)
@click.option("--tls", is_flag=True, help="TLS; without --cert a certificate is made.")
@click.option(
    "--trust-store",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the PEM file to trust is put; left out, a new folder.",
)
@click.option("--cert", type=click.Path(exists=True, path_type=Path), help="PEM chain for TLS.")
@click.option("--key", type=click.Path(exists=True, path_type=Path), help="PEM key for TLS.")
@click.option("--delay-ms", default=0.0, help="Each reply leaves so much later.")
@click.option("--fault", "faults", type=_FaultType(), multiple=True, help="Arm a fault; see below.")
@click.option(
    "--replay",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Record result sets and replay them from memory; kept in this file between runs.",
)
def main(
    *,
    port: int,
    user: str,
    password: str,
    sample: bool,
    tls: bool,
    trust_store: Path | None,
    cert: Path | None,
    key: Path | None,
    delay_ms: float,
    faults: tuple[ArmedFault, ...],
    replay: Path | None,
) -> None:
    """A server that speaks the SAP HANA wire protocol, for tests and benchmarks.

    It prints "listening on HOST:PORT" when it is ready and ends on SIGINT or SIGTERM.
    """
    if (cert is None) != (key is None):
        raise click.UsageError("--cert and --key go together")
    if trust_store is not None and (cert is not None or not tls):
        raise click.UsageError("--trust-store goes with --tls and without --cert")
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    armed = Faults()
    for fault in faults:
        armed.add(fault)
    recordings = Recordings() if replay else None
    if recordings is not None and replay is not None and replay.exists():
        recordings.load(replay)
    context = _tls_context(cert, key, trust_store) if tls or cert else None
    from tests.hana_emulator.engine import DuckEngine
    from tests.hana_emulator.sample import make_sample

    engine = DuckEngine({user: password})
    try:
        if sample:
            make_sample(engine, user)
        with EmulatorServer(
            engine,
            port=port,
            tls=context,
            delay_s=delay_ms / 1000,
            faults=armed,
            recordings=recordings,
        ) as server:
            click.echo(f"listening on 127.0.0.1:{server.port}")
            sys.stdout.flush()
            while not stop.wait(_LOOK_S):  # a signal that another thread takes does not wake us
                pass
        if recordings is not None and replay is not None:
            recordings.save(replay)
    finally:
        engine.close()


def _tls_context(cert: Path | None, key: Path | None, trust_store: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if cert is not None:
        context.load_cert_chain(cert, key)
        return context
    import trustme

    authority = trustme.CA()
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    roots = trust_store or Path(tempfile.mkdtemp(prefix="hana-emulator-")) / "ca.pem"
    authority.cert_pem.write_to_path(str(roots))
    click.echo(f"trust store {roots}")
    return context


if __name__ == "__main__":
    main()
