"""A TCP forwarder that counts what comes back, breaks connections, and changes its target."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK = 65_536


class Forwarder:
    """Between a client and a port of this machine.

    Attributes:
        port: Where clients connect.
        target: Where new connections lead.
        received: Bytes that came from the target.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.received = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def uri(self) -> str:
        return f"grpc://127.0.0.1:{self.port}"

    def drop(self) -> None:
        """Break every connection."""
        with self._lock:
            dropped, self._open = self._open, []
        for each in dropped:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            with self._lock:
                self._open += [client, server]
            for source, sink in ((client, server), (server, client)):
                arguments = (source, sink, source is server)
                threading.Thread(target=self._carry, args=arguments, daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                if counted:
                    self.received += len(data)
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def forwarding(target: int) -> Iterator[Forwarder]:
    """A forwarder to a port, until the block ends."""
    made = Forwarder(target)
    try:
        yield made
    finally:
        made.close()
