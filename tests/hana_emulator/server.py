"""Sockets and threads: connections are accepted, read, answered and closed in bounded time."""

import contextlib
import logging
import queue
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Sequence
from itertools import count
from types import TracebackType
from typing import Self

from tests.hana_emulator.auth import Method
from tests.hana_emulator.channel import PlainChannel, TlsChannel, accept_channel
from tests.hana_emulator.faults import Fault, Faults, Moment, with_wrong_part_length
from tests.hana_emulator.replay import Recordings
from tests.hana_emulator.session import Reply, Service, WireSession
from tests.hana_emulator.values import Engine, HanaError
from tests.hana_emulator.wire import framing
from tests.hana_emulator.wire.text import WireError
from tests.hana_emulator.wire.types import LATEST_FORMAT

_LOG = logging.getLogger(__name__)
_CLOSE_S = 10.0
_FIRST_CONNECTION_ID = 200_001
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class EmulatorServer:
    """A HANA server on 127.0.0.1 for the time of a ``with`` block.

    Args:
        engine: The database; the caller closes it, after the server.
        port: 0 takes a free one.
        tls: A server context; None serves plain TCP.
        delay_s: Each reply leaves so much later; requests that arrive meanwhile are worked on.
        faults: What goes wrong from the start; `faults` can be changed later.
        recordings: Results are recorded and replayed if not None.
        methods: Of authentication, the preferred one first.
        data_format: The highest data format version that is agreed to.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        delay_s: float = 0.0,
        faults: Faults | None = None,
        recordings: Recordings | None = None,
        methods: Sequence[Method] = tuple(Method),
        data_format: int = LATEST_FORMAT,
    ) -> None:
        self.faults = faults or Faults()
        self._tls = tls
        self._delay_s = delay_s
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._service = Service(
            engine=engine,
            faults=self.faults,
            host="127.0.0.1",
            port=self.port,
            peers=self,
            methods=methods,
            recordings=recordings,
            data_format=data_format,
        )
        self._ids = count(_FIRST_CONNECTION_ID)
        self._changed = threading.Condition()
        self._open: dict[int, _Connection] = {}
        self._closing = False
        self._acceptor = threading.Thread(target=self._accept, name="hana-accept", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Accept connections."""
        self._acceptor.start()

    @property
    def connections(self) -> int:
        """How many clients are connected now."""
        with self._changed:
            return len(self._open)

    def cancel(self, connection_id: int, user: str) -> None:
        """Cancel what a connection of the same user runs; see ``control.Peers``."""
        self._peer(connection_id, user).cancel()

    def disconnect(self, connection_id: int, user: str) -> None:
        """End a connection of the same user; see ``control.Peers``."""
        self._peer(connection_id, user).stop()

    def _peer(self, connection_id: int, user: str) -> "_Connection":
        with self._changed:
            peer = self._open.get(connection_id)
        if peer is None or peer.user is None:
            raise HanaError(2, f"general error: there is no session {connection_id}")
        if peer.user != user:
            raise HanaError(258, "insufficient privilege: Not authorized: SESSION ADMIN is needed")
        return peer

    def wait_for_connections(self, wanted: int, timeout_s: float = 10.0) -> bool:
        """Whether so many clients are connected before the time is over."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._open) == wanted, timeout_s)

    def close(self) -> None:
        """Cancel what runs and end every connection; takes 10 seconds at most."""
        with self._changed:
            self._closing = True
            connections = list(self._open.values())
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in connections:
            connection.stop()
        if self._acceptor.ident is not None:
            self._acceptor.join(_CLOSE_S)
        if not self.wait_for_connections(0, _CLOSE_S):
            _LOG.error("%d connections did not end in %g s", self.connections, _CLOSE_S)

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            if self.faults.strike(Moment.ACCEPT) is not None:
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                accepted.close()
                continue
            self._begin(accepted)

    def _begin(self, accepted: socket.socket) -> None:
        identifier = next(self._ids)
        connection = _Connection(accepted, WireSession(self._service, identifier))
        with self._changed:
            if self._closing:
                accepted.close()
                return
            self._open[identifier] = connection
            self._changed.notify_all()
        threading.Thread(
            target=self._run, args=(identifier, connection), name=f"hana-{identifier}", daemon=True
        ).start()

    def _run(self, identifier: int, connection: "_Connection") -> None:
        try:
            connection.run(self._tls, self._delay_s)
        except Exception:  # noqa: BLE001 - the boundary of a thread
            _LOG.exception("connection %d", identifier)
        finally:
            with self._changed:
                del self._open[identifier]
                self._changed.notify_all()


class _Connection:
    """One client: a thread reads, a thread works and answers, a third delays if asked."""

    def __init__(self, accepted: socket.socket, session: WireSession) -> None:
        self._socket = accepted
        self._session = session
        self._requests: queue.SimpleQueue[tuple[bytes, bytes] | None] = queue.SimpleQueue()
        self._channel: PlainChannel | TlsChannel | None = None
        self._stopped = threading.Event()

    @property
    def user(self) -> str | None:
        """Who is logged on; None before."""
        return self._session.user

    def cancel(self) -> None:
        """End the running statement with error 139."""
        self._session.cancel()

    def stop(self) -> None:
        """Cancel what runs and wake every thread; may be called from any."""
        self._stopped.set()
        if self._channel is not None:
            self._channel.shut()
        else:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._session.cancel()

    def run(self, tls: ssl.SSLContext | None, delay_s: float) -> None:
        """Work until either side ends the connection."""
        try:
            self._channel = channel = accept_channel(self._socket, tls)
        except (OSError, ValueError):
            self._socket.close()
            return
        reader = threading.Thread(target=self._read, args=(channel,), daemon=True)
        sender = _DelayedSender(self._deliver, delay_s) if delay_s else None
        try:
            channel.send([framing.answer_hello(channel.read(framing.HELLO_BYTES))])
            reader.start()
            self._work(sender.send if sender else self._deliver)
        except (OSError, EOFError, WireError):
            pass  # the client is gone, or no client of HANA
        finally:
            if sender is not None:
                sender.finish()
            channel.shut()
            if reader.ident is not None:
                reader.join()
            self._session.close()
            channel.close()

    def _read(self, channel: PlainChannel | TlsChannel) -> None:
        try:
            while True:
                header = channel.read(framing.MESSAGE_HEADER.size)
                body = channel.read(framing.body_length(header))
                self._requests.put((header, body))
        except (EOFError, OSError, ValueError, WireError):
            pass  # the client is gone, or no client of HANA
        finally:
            self._stopped.set()
            self._requests.put(None)
            self._session.cancel()

    def _work(self, deliver: Callable[[Reply], None]) -> None:
        while (request := self._requests.get()) is not None and not self._stopped.is_set():
            reply = self._session.handle(*request)
            deliver(reply)
            if reply.closes:
                return

    def _deliver(self, reply: Reply) -> None:
        """Send a reply, or what a fault makes of it; EOFError ends the connection."""
        channel = self._channel
        if channel is None:
            raise EOFError
        if reply.fault is None:
            channel.send(reply.buffers)
            return
        whole = b"".join(reply.buffers)
        match reply.fault.fault:
            case Fault.SLOW_PACKETS:
                size = reply.fault.piece_bytes
                for start in range(0, len(whole), size):
                    channel.send([whole[start : start + size]])
                    if self._stopped.wait(reply.fault.seconds):
                        raise EOFError
            case Fault.CUT_MID_PACKET:
                channel.send([whole[: len(whole) // 2]])
                raise EOFError
            case Fault.WRONG_PART_LENGTH:
                channel.send([with_wrong_part_length(reply.buffers)])
            case Fault.SILENT_HANG:
                self._stopped.wait()
            case _:
                raise EOFError


class _DelayedSender:
    """Replies leave a fixed time after they were made, in order, while new ones are made."""

    def __init__(self, deliver: Callable[[Reply], None], delay_s: float) -> None:
        self._deliver = deliver
        self._delay_s = delay_s
        self._replies: queue.SimpleQueue[tuple[float, Reply] | None] = queue.SimpleQueue()
        self._failed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def send(self, reply: Reply) -> None:
        """Send later.

        Raises:
            EOFError: an earlier reply could not be sent.
        """
        if self._failed.is_set():
            raise EOFError
        self._replies.put((time.monotonic() + self._delay_s, reply))

    def finish(self) -> None:
        """Send what waits, then end."""
        self._replies.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (item := self._replies.get()) is not None:
            due, reply = item
            time.sleep(max(due - time.monotonic(), 0))
            try:
                self._deliver(reply)
            except (OSError, EOFError):
                self._failed.set()
                return
