"""The one client module that touches pyarrow.flight: deadlines, retries, error mapping.

It moves bytes of tickets and actions and does not know what they mean.
"""

import base64
import random
import re
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar, cast

import pyarrow as pa
import pyarrow.flight as fl

from flight_client import forking
from flight_client.config import Address, ClientConfig
from flight_client.protocol.errors import (
    AccessDenied,
    Cancelled,
    DeadlineExceeded,
    Error,
    InternalError,
    InvalidRequest,
    NotFound,
    Retry,
    Unauthenticated,
    Unavailable,
    UnknownAction,
    from_wire,
)
from flight_client.waiting import interruptible

T = TypeVar("T")

TRIES: Final = 3
"""How often a call is sent whose error says that it may succeed later."""

FIRST_PAUSE_S: Final = 0.2
"""Pause before the second try in seconds, give or take half; it doubles with each try."""

FOREIGN_ERRORS: Final[dict[type[BaseException], type[Error]]] = {
    fl.FlightUnauthenticatedError: Unauthenticated,
    fl.FlightUnauthorizedError: AccessDenied,
    fl.FlightUnavailableError: Unavailable,
    fl.FlightTimedOutError: DeadlineExceeded,
    fl.FlightCancelledError: Cancelled,
    fl.FlightInternalError: InternalError,
    fl.FlightServerError: InternalError,
    fl.FlightError: InternalError,
    pa.ArrowNotImplementedError: UnknownAction,
    pa.ArrowKeyError: NotFound,
    pa.ArrowInvalid: InvalidRequest,
    pa.ArrowException: InternalError,
    OSError: Unavailable,  # Arrow's IOError: the connection broke
}
"""What an error means that carries no code of ours: from a proxy, gRPC or another Flight server."""

_UNREACHABLE: Final = (
    ("Connection refused", "the connection was refused; check that the server runs there"),
    ("Domain name not found", "the host has no address; check its name"),
    ("errors resolving", "the host has no address; check its name"),
    ("CERTIFICATE_VERIFY_FAILED", "its certificate is not trusted; pass its CA as tls_roots="),
    ("certificate verify failed", "its certificate is not trusted; pass its CA as tls_roots="),
    ("wrong version number", "it does not speak TLS; use grpc:// if that is meant"),
    ("is not in peer certificate", "its certificate names another host; connect by that name"),
    ("handshake failed", "the TLS handshake failed; check tls_roots=, cert= and key="),
    ("empty address list", "the host has no address; check its name"),
)
"""What gRPC says about a connection that was never made, and what to do, most telling first."""

_BROKEN: Final = (
    ("SETTINGS frame", "it accepted the connection and did not answer; is it a Flight server"),
    ("Socket closed", "it closed the connection; use grpc+tls:// if it speaks TLS, or try again"),
    ("Stream removed", "the connection broke; read again"),
    ("failed to connect", "it cannot be reached; check the address and the network"),
)
"""The same of one that broke, or maybe was never made."""


_NOISE: Final = re.compile(
    r"^Flight (?:returned|cancelled) [^,]*, with message: "
    r"|\. gRPC client debug context:.*"
    r"|\. Detail: .*",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Described:
    """What GetFlightInfo says of a read.

    Attributes:
        schema: Of every batch.
        tickets: One per endpoint; opaque, expiring, read once or many times, in any process.
        total_rows: Of all endpoints together; None if unknown.
    """

    schema: pa.Schema
    tickets: tuple[bytes, ...]
    total_rows: int | None


class RowStream:
    """The batches of one endpoint; read by one thread, cancelled from any."""

    def __init__(self, reader: fl.FlightStreamReader, address: Address) -> None:
        self._reader = reader
        self._address = address

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None at the end; one without rows is a sign of life.

        Raises:
            Error: What the server said, or what happened to the connection.
        """
        with _translated(self._address):
            while True:
                try:
                    batch: pa.RecordBatch | None = self._reader.read_chunk().data
                except StopIteration:
                    return None
                if batch is not None:  # a message of metadata alone has none
                    return batch

    def cancel(self) -> None:
        """End the stream; a blocked ``read`` raises Cancelled within milliseconds."""
        if forking.is_orphan():
            forking.abandon(self._reader)
            return
        self._reader.cancel()


class WriteCall:
    """A DoPut: one thread writes and another one reads the answers. Whoever opened it ends it."""

    def __init__(
        self,
        writer: fl.FlightStreamWriter,
        answers: fl.FlightMetadataReader,
        address: Address,
    ) -> None:
        self._writer = writer
        self._answers = answers
        self._address = address

    def write(self, batch: pa.RecordBatch) -> None:
        """Send a batch; waits while the server takes none.

        Raises:
            Error: What the server said meanwhile, or what happened to the connection.
        """
        with _translated(self._address):
            self._writer.write_batch(batch)

    def say(self, metadata: bytes) -> None:
        """Send metadata alone; raises as ``write`` does."""
        with _translated(self._address):
            self._writer.write_metadata(pa.py_buffer(metadata))

    def answer(self) -> bytes | None:
        """The next answer, or None at their end; raises as ``write`` does."""
        with _translated(self._address):
            answer: pa.Buffer | None = self._answers.read()
        return None if answer is None else answer.to_pybytes()

    def end(self) -> None:
        """Send no more; so does dropping this, which the server sees as the same."""
        with _translated(self._address):
            self._writer.done_writing()

    def close(self) -> None:
        """After the last answer: raise what the server said at last, where it failed."""
        with _translated(self._address):
            self._writer.close()


class Transport:
    """One connection, made on the first call. Methods may be called from many threads."""

    def __init__(self, config: ClientConfig, sleep: Callable[[float], None] = time.sleep) -> None:
        self._config = config
        self._address = config.address
        self._sleep = sleep
        self._headers = _headers(config)
        self._lock = threading.Lock()
        self._client: fl.FlightClient | None = None
        self._closed = False
        self._streams: weakref.WeakSet[RowStream] = weakref.WeakSet()

    @property
    def idle_timeout_s(self) -> float | None:
        """Longest silence of a stream in seconds, as configured."""
        return self._config.idle_timeout_s

    def __del__(self) -> None:
        if forking.is_orphan():
            self.close()
        elif getattr(self, "_client", None) is not None:
            warnings.warn(
                f"The connection to {self._address} was not closed; use it in a with statement.",
                ResourceWarning,
                source=self,
                stacklevel=1,
            )
            self.close()

    def describe(self, ticket: bytes) -> Described:
        """Schema, endpoints and size of a read; nothing is read."""
        descriptor = fl.FlightDescriptor.for_command(ticket)
        info = self._unary(lambda client, options: client.get_flight_info(descriptor, options))
        rows = int(info.total_records)
        return Described(
            schema=info.schema,
            tickets=tuple(endpoint.ticket.ticket for endpoint in info.endpoints),
            total_rows=rows if rows >= 0 else None,
        )

    def act(self, name: str, body: bytes = b"", *, tries: int = TRIES) -> tuple[bytes, ...]:
        """The answers to an action; one that changes something is tried once."""
        action = fl.Action(name, body)
        return self._unary(
            lambda client, options: tuple(
                result.body.to_pybytes() for result in client.do_action(action, options)
            ),
            tries,
        )

    def put(self, command: bytes, schema: pa.Schema) -> WriteCall:
        """Begin to send rows, without a second try."""
        descriptor = fl.FlightDescriptor.for_command(command)
        options = self._options(self._config.stream_timeout_s)
        with _translated(self._address):
            writer, answers = self._connection().do_put(descriptor, schema, options)
        return WriteCall(writer, cast("fl.FlightMetadataReader", answers), self._address)

    def open(self, ticket: bytes) -> RowStream:
        """Begin to read an endpoint, without a second try.

        It returns when the server sent the schema, and cannot be cancelled before.
        """
        with _translated(self._address):
            reader = self._connection().do_get(
                fl.Ticket(ticket), self._options(self._config.stream_timeout_s)
            )
        stream = RowStream(reader, self._address)
        with self._lock:
            closed = self._closed
            self._streams.add(stream)
        if closed:
            stream.cancel()
        return stream

    def close(self) -> None:
        """Cancel every stream and drop the connection. Safe to call twice."""
        if forking.is_orphan():
            forking.abandon(self._client)
            return
        with self._lock:
            self._closed = True
            client, self._client = self._client, None
            streams = list(self._streams)
        for stream in streams:
            stream.cancel()
        if client is not None:
            client.close()

    def _connection(self) -> fl.FlightClient:
        forking.claim_grpc()  # asked first: the lock may be held by a thread that is gone
        with self._lock:
            if self._closed:
                raise InvalidRequest("This client is closed; connect again.")
            if self._client is None:
                self._client = _connect(self._config)
            return self._client

    def _options(self, timeout_s: float | None) -> fl.FlightCallOptions:
        headers = cast(
            "list[tuple[str, str]]", self._headers
        )  # pyarrow takes bytes, its stubs text
        return fl.FlightCallOptions(timeout=timeout_s, headers=headers)

    def _unary(
        self, call: Callable[[fl.FlightClient, fl.FlightCallOptions], T], tries: int = TRIES
    ) -> T:
        """Send a call until it succeeds, fails for good, or its time is up."""
        deadline = time.monotonic() + self._config.timeout_s
        client = self._connection()
        for attempt in range(1, tries + 1):
            options = self._options(max(0.001, deadline - time.monotonic()))
            try:
                return interruptible(lambda: self._send(call, client, options))  # noqa: B023
            except Error as error:
                pause_s = FIRST_PAUSE_S * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
                late = time.monotonic() + pause_s >= deadline
                if error.retry is not Retry.LATER or attempt == tries or late:
                    raise error.with_traceback(None)  # noqa: B904 - where a thread of ours raised it helps nobody
                self._sleep(pause_s)
        raise AssertionError("the last try returns or raises")

    def _send(
        self,
        call: Callable[[fl.FlightClient, fl.FlightCallOptions], T],
        client: fl.FlightClient,
        options: fl.FlightCallOptions,
    ) -> T:
        with _translated(self._address):
            return call(client, options)


def _connect(config: ClientConfig) -> fl.FlightClient:
    connect_ms = max(1, round(config.connect_timeout_s * 1000))
    return fl.FlightClient(
        str(config.address),
        tls_root_certs=config.tls_roots,
        cert_chain=config.cert,
        private_key=config.key,
        disable_server_verification=not config.tls_verify,
        # gRPC has no connect timeout; it gives an attempt at least this time, and no more
        generic_options=[
            ("grpc.min_reconnect_backoff_ms", connect_ms),
            ("grpc.initial_reconnect_backoff_ms", min(connect_ms, 1000)),
        ],
    )


def _headers(config: ClientConfig) -> list[tuple[bytes, bytes]]:
    headers = [(name.encode(), value.encode()) for name, value in config.headers]
    if config.token is not None:
        headers.append((b"authorization", f"Bearer {config.token}".encode()))
    elif config.user is not None:
        pair = base64.b64encode(f"{config.user}:{config.password}".encode())
        headers.append((b"authorization", b"Basic " + pair))
    return headers


@contextmanager
def _translated(address: Address) -> Generator[None]:
    try:
        yield
    except (fl.FlightError, pa.ArrowException, OSError) as error:
        raise translate(error, address) from None


def translate(error: BaseException, address: Address) -> Error:
    """The error of ours that a foreign one carries or means.

    Flight hands a status on with gRPC's own words round it, and loses the body in some verbs.
    """
    text = str(error).partition(". gRPC client debug context:")[0]
    body: object = getattr(error, "extra_info", b"")
    known = from_wire(text, body if isinstance(body, bytes) else b"")
    if known is not None:
        return known
    found = next(FOREIGN_ERRORS[kind] for kind in type(error).__mro__ if kind in FOREIGN_ERRORS)
    if found is InternalError and "Stream removed" in text:  # gRPC gives a broken stream no status
        found = Unavailable
    sentence = _sentence(str(error), found, address)
    if found is Unavailable and any(words in text for words, _ in _UNREACHABLE):
        return found(sentence, address=str(address), reached=False)
    return found(sentence, address=str(address))


def _sentence(text: str, found: type[Error], address: Address) -> str:
    if found is Unavailable:
        for words, advice in (*_UNREACHABLE, *_BROKEN):
            if words in text:
                return f"No connection to {address}: {advice}."
    if found is DeadlineExceeded:
        return f"{address} did not answer in time; try again, or raise timeout_s."
    if found is Cancelled:
        return f"The call to {address} was cancelled before its end."
    said = _NOISE.sub("", text).strip().splitlines()
    return f"{address} answered: {said[0].rstrip('.') if said else 'nothing'}."[:400]
