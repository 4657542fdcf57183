"""A connected socket that one thread reads and another writes, plain or TLS; knows no messages."""

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Sequence

from tests.hana_emulator.wire.framing import Buffer

_RECEIVE_BYTES = 1 << 20
_HANDSHAKE_S = 5.0


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class PlainChannel:
    """Blocking reads and writes; closing wakes them."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def read(self, size: int) -> bytes:
        """So many bytes; EOFError if the client is gone."""
        data = bytearray(size)
        view = memoryview(data)
        at = 0
        while at < size:
            try:
                received = self._socket.recv_into(view[at:])
            except OSError:
                received = 0
            if not received:
                raise EOFError
            at += received
        return bytes(data)

    def send(self, buffers: Sequence[Buffer]) -> None:
        """All of them, small ones joined, large ones as they are; OSError if the client is gone."""
        small: list[Buffer] = []
        for buffer in buffers:
            if len(buffer) < _RECEIVE_BYTES // 16:
                small.append(buffer)
                continue
            if small:
                self._socket.sendall(b"".join(small))
                small.clear()
            self._socket.sendall(buffer)
        if small:
            self._socket.sendall(b"".join(small))

    def shut(self) -> None:
        """Wake the threads that wait, without giving the socket back."""
        _shut(self._socket)

    def close(self) -> None:
        """End both directions and give the socket back."""
        _shut(self._socket)
        self._socket.close()


class TlsChannel:
    """One TLS state that two threads share.

    OpenSSL allows one call at a time, so each thread waits for the socket without the lock and
    takes it for a call that cannot block.
    """

    def __init__(self, connection: ssl.SSLSocket) -> None:
        connection.setblocking(False)
        self._socket = connection
        self._lock = threading.Lock()
        self._closed = False

    def read(self, size: int) -> bytes:
        """So many bytes; EOFError if the client is gone."""
        pieces: list[bytes] = []
        while size:
            try:
                with self._lock:
                    piece = self._socket.recv(min(size, _RECEIVE_BYTES))
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                self._wait(select.POLLIN)
                continue
            except (OSError, ValueError):
                piece = b""
            if not piece:
                raise EOFError
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def send(self, buffers: Sequence[Buffer]) -> None:
        """All of them; OSError or EOFError if the client is gone."""
        view = memoryview(b"".join(buffers))
        while view:
            try:
                with self._lock:
                    sent = self._socket.send(view)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                self._wait(select.POLLOUT)
                continue
            view = view[sent:]

    def _wait(self, event: int) -> None:
        if self._closed:
            raise EOFError
        poll = select.poll()
        poll.register(self._socket, event)
        poll.poll()

    def shut(self) -> None:
        """Wake the threads that wait, without giving the socket back."""
        self._closed = True
        _shut(self._socket)

    def close(self) -> None:
        """End both directions and give the socket back."""
        self.shut()
        self._socket.close()


def accept_channel(
    connection: socket.socket, tls: ssl.SSLContext | None
) -> PlainChannel | TlsChannel:
    """The channel of an accepted socket; does the handshake of TLS.

    Raises:
        OSError: the handshake failed, or took longer than 5 seconds.
    """
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls is None:
        return PlainChannel(connection)
    connection.settimeout(_HANDSHAKE_S)
    return TlsChannel(tls.wrap_socket(connection, server_side=True))
