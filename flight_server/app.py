"""The composition root: the only module that builds concrete things from a configuration."""

import ipaddress
import logging
import threading
from contextlib import ExitStack
from dataclasses import replace
from os import cpu_count
from types import TracebackType
from typing import Self, cast

import pyarrow as pa

from flight_server.backends.base import Backend
from flight_server.backends.duckdb.backend import DuckDbBackend
from flight_server.backends.hana.check import examined
from flight_server.backends.hana.opening import hana_backend, problems_of, shared_of
from flight_server.backends.hana.options import warn_of_open_doors
from flight_server.backends.report import Report, count_of_entities
from flight_server.config import (
    Configuration,
    ConfigurationError,
    DatabaseSection,
    HanaSection,
    WritesSection,
)
from flight_server.planning.read import Limits
from flight_server.service.context import Services
from flight_server.service.policy import WritePolicy
from flight_server.service.running import Running
from flight_server.service.seal import Seal, random_key
from flight_server.service.transactions import Transactions
from flight_server.sql.gate import CallerDialect
from flight_server.wire.server import FlightServer, Listener

logger = logging.getLogger(__name__)


class RunningServer:
    """A server that listens, and the backend behind it, until it is closed."""

    def __init__(
        self, backend: Backend, configuration: Configuration, listener: Listener | None = None
    ) -> None:
        """Start to listen; the server owns the backend from here on.

        Args:
            backend: What is served.
            configuration: All else.
            listener: Where, if not where the configuration says.

        Raises:
            ConfigurationError: The listener is not safe, or cannot be had.
        """
        with ExitStack() as on_failure:
            on_failure.callback(backend.close)
            if listener is None:
                _warn_of_writes(configuration.writes)
                listener = listener_of(configuration)
            self._services = _services(backend, configuration)
            on_failure.callback(self._services.close)
            try:
                self._server = FlightServer(self._services, listener)
            except (pa.ArrowException, OSError):
                raise ConfigurationError((_cannot_listen(listener),)) from None
            on_failure.pop_all()
        self._backend = backend
        self.grace_s = configuration.server.grace_s
        self.uri = listener.location
        if not listener.location.startswith("grpc+unix:"):  # a socket has no port
            scheme = "grpc+tls" if listener.tls else "grpc"
            self.uri = f"{scheme}://{_host(configuration)}:{self._server.port}"

    def close(self) -> bool:
        """Stop listening, wait for the calls in flight, roll back, then close the backend.

        Returns:
            Whether all calls ended in time; those that did not lose their database.
        """
        waiting = threading.Thread(target=self._server.shutdown, name="shutdown", daemon=True)
        try:
            waiting.start()
        except RuntimeError:  # Python 3.12 starts no thread while the interpreter ends
            self._services.close()
            self._backend.close()
            self._server.shutdown()  # without a database, no call lasts
            return False
        waiting.join(self.grace_s)
        in_time = not waiting.is_alive()  # asked before the calls that are left are ended
        self._services.close()
        self._backend.close()
        return in_time

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def start(configuration: Configuration) -> RunningServer:
    """Open the database and listen.

    Raises:
        ConfigurationError: Something in the configuration cannot be used.
        Error: The database cannot be opened.
    """
    require_safe_listener(configuration)
    return RunningServer(open_backend(configuration), configuration)


def open_backend(configuration: Configuration) -> Backend:
    """The backend of a configuration: HANA where it has an address. The caller closes it.

    HANA is not asked for anything yet: the server starts while the database is away.

    Raises:
        ConfigurationError: A file, a secret or the driver is missing.
        Error: The embedded database does not open.
    """
    hana = configuration.hana
    if hana.address is None:
        logger.info("serving the DuckDB database %s", configuration.database.path or "in memory")
        return open_embedded(configuration.database)
    _require_reachable(hana, hana.address)
    logger.info(
        "serving HANA at %s:%d; nothing is sent before the first call", hana.address, hana.port
    )
    return hana_backend(hana)


def examine(configuration: Configuration) -> Report:
    """A look at the database with this configuration.

    Raises:
        ConfigurationError: Something in the configuration cannot be used.
        Error: The embedded database does not open.
    """
    require_safe_listener(configuration)
    listener_of(configuration)
    return _with_writes(_examine(configuration), configuration.writes)


def _examine(configuration: Configuration) -> Report:
    if configuration.hana.address is None:
        return _examine_embedded(configuration.database)
    _require_reachable(configuration.hana, configuration.hana.address)
    shared = shared_of(configuration.hana)
    try:
        return examined(shared, f"{configuration.hana.address}:{configuration.hana.port}")
    finally:
        shared.pool.close()


def _with_writes(report: Report, writes: WritesSection) -> Report:
    """The report with what may be changed."""
    if not writes.enabled:
        return replace(
            report,
            facts={**report.facts, "writable": []},
            sentences=(*report.sentences, "Writing is off."),
        )
    known = cast("dict[str, int]", report.facts["spaces"])
    unknown = [space for space in writes.spaces if space not in known]
    where = ", ".join(repr(space) for space in writes.spaces)
    sentences = [
        *report.sentences,
        f"Writing is on in {where}, for everybody who can connect.",
    ]
    problems = list(report.problems)
    if report.facts["backend"] == "hana":  # a new Open SQL schema holds nothing, and is not listed
        sentences += [
            f"Space {space!r}, to be written to, shows nothing: it is empty, or it is not there."
            for space in unknown
        ]
    else:
        problems += [
            f"writes.spaces: there is no space {space!r}; create it, or name another (case counts)."
            for space in unknown
        ]
    facts = {**report.facts, "writable": list(writes.spaces)}
    return Report(facts, tuple(sentences), tuple(problems))


def _require_reachable(hana: HanaSection, address: str) -> None:
    if problems := tuple(problems_of(hana)):
        raise ConfigurationError(problems)
    warn_of_open_doors(hana, on_loopback=is_loopback(address))


def _examine_embedded(database: DatabaseSection) -> Report:
    backend = open_embedded(database)
    try:
        found = {space.name: len(backend.entities(space.name)) for space in backend.spaces()}
    finally:
        backend.close()
    where = database.path or "in memory"
    nothing = "It holds no space: callers would find nothing. Set database.path or hana.address."
    return Report(
        {"backend": backend.kind, "spaces": found},
        (
            f"The configuration is valid; the {backend.kind} database ({where}) opens.",
            *(count_of_entities(*each) for each in found.items()),
            *(() if found else (nothing,)),
        ),
    )


def open_embedded(database: DatabaseSection) -> Backend:
    """The embedded database. The caller closes it.

    Raises:
        ConfigurationError: A file is missing or its SQL does not run.
    """
    init_script = None
    if database.init_script is not None:
        try:
            init_script = database.init_script.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError((f"database.init_script: cannot read it: {error}",)) from None
    return DuckDbBackend.open_database(
        None if database.path is None else str(database.path),
        read_only=database.read_only,
        caller_dialect=CallerDialect(database.caller_dialect),
        memory_limit=database.memory_limit,
        threads=database.threads,
        init_script=init_script,
    )


def _services(backend: Backend, configuration: Configuration) -> Services:
    limits = Limits(
        default_batch_bytes=configuration.limits.batch_bytes,
        # More streams than that only compete with what the database does at the same time.
        scan_parts=configuration.limits.scan_endpoints or min(4, max(1, (cpu_count() or 1) // 2)),
    )
    secret = configuration.tickets.signing_key
    key = random_key() if secret is None else secret.get_secret_value().encode()
    lifetime_s = configuration.tickets.lifetime_s
    writes = configuration.writes
    return Services(
        backend,
        limits,
        Seal(key=key, lifetime_s=lifetime_s),
        policy=_write_policy(writes),
        transactions=Transactions(idle_s=writes.idle_s, max_pinned=writes.max_transactions),
        running=Running(refused_s=lifetime_s),
        follows_connections=writes.follow_connections,
    )


def _write_policy(writes: WritesSection) -> WritePolicy:
    return WritePolicy(frozenset(writes.spaces)) if writes.enabled else WritePolicy()


def _warn_of_writes(writes: WritesSection) -> None:
    if writes.enabled:
        logger.warning(
            "writing is on in the spaces %s, for everybody who can connect: nobody is "
            "authenticated",
            ", ".join(writes.spaces),
        )


def listener_of(configuration: Configuration) -> Listener:
    """Where and how a server of this configuration listens.

    Raises:
        ConfigurationError: A certificate or key cannot be read.
    """
    server = configuration.server
    tls = None
    if server.tls_cert is not None and server.tls_key is not None:
        try:
            tls = (server.tls_cert.read_bytes(), server.tls_key.read_bytes())
        except OSError as error:
            raise ConfigurationError((f"server.tls_cert, server.tls_key: {error}",)) from None
    scheme = "grpc+tls" if tls else "grpc"
    return Listener(
        location=f"{scheme}://{_host(configuration)}:{server.port}",
        tls=tls,
        advertise=server.advertise,
        heartbeat_s=server.heartbeat_s,
    )


def _cannot_listen(listener: Listener) -> str:
    """Why it may be; gRPC does not say."""
    reasons = "another process may have the port, or the host is no address of this machine"
    if listener.tls:
        reasons += ", or server.tls_cert and server.tls_key are no PEM pair"
    return f"Cannot listen on {listener.location}: {reasons}."


def _host(configuration: Configuration) -> str:
    host = configuration.server.host
    return f"[{host}]" if ":" in host else host


def require_safe_listener(configuration: Configuration) -> None:
    """Beyond loopback, a server has TLS and authentication, or a flag that says it has not.

    Authentication is not built yet (issue E), so that beyond loopback the flag is needed.
    """
    server = configuration.server
    if is_loopback(server.host):
        return
    if not server.allow_insecure:
        missing = "no authentication" if server.tls_cert else "neither TLS nor authentication"
        raise ConfigurationError(
            (
                f"server.host: {server.host!r} is reached from other machines, and this server "
                f"has {missing}: listen on 127.0.0.1, or set server.allow_insecure = true where "
                "the network itself is trusted.",
            )
        )
    logger.warning("listening on %s without authentication: anyone there can read", server.host)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
