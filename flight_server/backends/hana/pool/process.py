"""One reader process and its two pipes: started, asked, killed, buried; knows neither SQL nor pool.

Whoever holds the process talks to it and buries it; only ``kill`` may come from another thread.
"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, Final, cast

import pyarrow as pa

from flight_client.protocol.errors import Unavailable
from flight_server.backends.hana.messages import Reply, Request

PIPE_BYTES: Final = 1024 * 1024
"""What Linux gives to anybody (fs.pipe-max-size); a batch passes in fewer turns of two processes.
The soft limit is 64 MiB of pipes a user; past it a pipe keeps its 64 KiB."""

_EXIT_S: Final = 0.5
"""How long an interpreter may take from closing its pipes to its end, in seconds."""

_KILL_S: Final = 2.0
"""A killed process is gone in milliseconds, unless the kernel has it; then it is left to init."""

_INHERITED: Final = frozenset(
    {
        *("HOME", "LOGNAME", "PATH", "TMPDIR", "USER"),
        *("LANG", "LANGUAGE", "LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY"),
        *("LC_NUMERIC", "LC_TIME", "TZ", "TZDIR"),
        *("LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"),
        *("OPENSSL_CONF", "OPENSSL_MODULES", "SECUDIR", "SSL_CERT_DIR", "SSL_CERT_FILE"),
        *("ARROW_DEFAULT_MEMORY_POOL", "ARROW_USER_SIMD_LEVEL"),
        *("MALLOC_ARENA_MAX", "MALLOC_CONF", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"),
    }
)
"""Home, language and time, where libraries are, what TLS is and trusts (SECUDIR: SAP's library for
it), and how memory is allocated. Everything else stays here: nobody knows in which variable a
password stands, so that these are whole names and no beginnings of names."""

_OF_PYTHON: Final = frozenset(
    {
        *("PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONMALLOC", "PYTHONNOUSERSITE"),
        *("PYTHONPYCACHEPREFIX", "PYTHONUSERBASE", "PYTHONUTF8"),
    }
)
"""Where Python is and what it writes; its path is in ``PYTHONPATH``, which is ours."""


class ReaderLost(Exception):
    """The process ended in the middle of something, or said what nobody understands.

    Attributes:
        how: As the end of a sentence: ``signal 9``, ``exit status 1``.
    """

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class ReaderProcess:
    """A child of this process, and our ends of its pipes."""

    def __init__(self, command: tuple[str, ...]) -> None:
        """Start it.

        The descriptors are not inheritable, so no other child holds these pipes open: when this
        process dies, however it dies, the reader sees the end of its pipe and ends too.

        Raises:
            Unavailable: The system gives no process or pipe.
        """
        self._life = threading.Lock()
        try:
            self._control, self._popen, data = _started(command)
        except OSError as error:
            raise Unavailable(
                f"The server cannot start a reader process: {error.strerror or error}; try again "
                "later."
            ) from error
        self._source = _PipeSource(data)

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._popen.pid

    def send(self, request: Request) -> None:
        """Ask for something.

        Raises:
            ReaderLost: Nobody listens.
        """
        try:
            self._control.send(request)
        except OSError as error:
            raise ReaderLost(self.how_it_ended()) from error

    def receive(self) -> Reply:
        """Wait for what it says next, without the GIL and without end: see ``kill``.

        Raises:
            ReaderLost: It ended.
        """
        try:
            return cast("Reply", self._control.recv())
        except (EOFError, OSError) as error:
            raise ReaderLost(self.how_it_ended()) from error

    def batches(self) -> pa.RecordBatchStreamReader:
        """The IPC stream that begins in the pipe now. It has to be read to its end-of-stream mark.

        Arrow takes the end of the pipe for the end of the stream too: only a ``Finished`` after it
        proves that all batches came.

        Raises:
            ReaderLost: There is none.
        """
        try:
            return pa.ipc.open_stream(pa.PythonFile(cast("Any", self._source), "r"))
        except (OSError, pa.ArrowException) as error:
            raise ReaderLost(self.how_it_ended()) from error

    def has_ended(self) -> bool:
        """Whether the process is gone; it is reaped by this."""
        with self._life:  # else another thread could reap it between a poll and a kill
            return self._popen.poll() is not None

    def kill(self) -> None:
        """End the process at once. For any thread; a blocked ``receive`` or read returns."""
        with self._life:
            if self._popen.poll() is None:
                self._popen.kill()

    def how_it_ended(self) -> str:
        """What ended the process, which is killed if it lives on although it should not."""
        if self._wait(_EXIT_S):
            return _how(self._popen.returncode)
        self.kill()
        return "killed, because it made no sense any more" if self._wait(_KILL_S) else "it stays"

    def dismiss(self) -> None:
        """Close the message pipe, at whose end an idle reader ends by itself."""
        self._control.close()

    def bury(self, grace_s: float) -> str:
        """Let the process end, kill it where it does not, close its pipes, and say how it ended."""
        self.dismiss()
        if not self._wait(grace_s):
            self.kill()
        self._source.end()
        return self.how_it_ended()

    def _wait(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        pause_s = 0.0005
        while not self.has_ended():
            left_s = until - time.monotonic()
            if left_s <= 0:
                return False
            time.sleep(min(pause_s, left_s))
            pause_s = min(2 * pause_s, 0.02)
        return True


class _PipeSource:
    """A pipe as Arrow reads from it: whole buffers, filled in place and without the GIL.

    Arrow's own files cannot be used: they ask for the size of what they open. ``readinto`` blocks
    in the kernel without the GIL, and Arrow takes the buffer of ``read_buffer`` as it is.
    """

    def __init__(self, descriptor: int) -> None:
        self._file = open(descriptor, "rb", buffering=0)  # noqa: SIM115 - closed by end

    @property
    def closed(self) -> bool:
        return self._file.closed

    def readable(self) -> bool:
        return True

    def read_buffer(self, size: int) -> pa.Buffer:
        buffer = pa.allocate_buffer(size)
        view = memoryview(cast("Any", buffer))
        filled = 0
        while filled < size:
            got = self._file.readinto(view[filled:])
            if not got:
                return buffer.slice(0, filled)
            filled += got
        return buffer

    def read(self, size: int) -> bytes:
        return self.read_buffer(size).to_pybytes()

    def close(self) -> None:
        """Nothing: Arrow closes its file with each stream, and the pipe serves many."""

    def end(self) -> None:
        """Close the pipe."""
        self._file.close()


def _started(
    command: tuple[str, ...],
) -> "tuple[Connection[Any, Any], subprocess.Popen[bytes], int]":
    """Message pipe, process and the descriptor of the batches.

    Neither ``multiprocessing``'s start methods nor fork: ``spawn`` imports the program's main
    module again, and a forked gRPC server hangs. A process group of its own keeps a Ctrl-C at the
    server's terminal from the readers, which end when the server has ended with them.
    """
    ours, theirs = socket.socketpair()
    control: Connection[Any, Any] = Connection(ours.detach())
    with theirs:
        try:
            data, data_out = os.pipe()
        except OSError:
            control.close()
            raise
        try:
            _enlarge(data)
            ends = (theirs.fileno(), data_out)
            popen = subprocess.Popen(  # noqa: S603 - our own module, or what a test puts there
                [*command, *map(str, ends)],
                pass_fds=ends,
                close_fds=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=child_environment(os.environ),
                process_group=0,
            )
        except OSError:
            control.close()
            os.close(data)
            raise
        finally:
            os.close(data_out)
    return control, popen, data


def child_environment(ours: Mapping[str, str]) -> dict[str, str]:
    """The environment of a reader: what Python and TLS need, no setting of the server, no secret.

    Its module path is ours, so that a reader finds the same packages as the server, whether they
    are installed, a working tree or a test's. Programs put other things than text into it too, a
    ``Path`` for example, over which Python's import goes in silence.
    """
    names = _INHERITED if sys.flags.ignore_environment else _INHERITED | _OF_PYTHON
    passed = {name: value for name, value in ours.items() if name in names}
    texts = [path for path in cast("list[object]", sys.path) if isinstance(path, str)]
    paths = [path or os.getcwd() for path in texts]  # noqa: PTH109 - as sys.path has them
    passed["PYTHONPATH"] = os.pathsep.join(paths)
    return passed


def _enlarge(descriptor: int) -> None:
    operation = getattr(fcntl, "F_SETPIPE_SZ", None)  # Linux only
    if operation is not None:
        with suppress(OSError):
            fcntl.fcntl(descriptor, operation, PIPE_BYTES)


def _how(returncode: int) -> str:
    if returncode >= 0:
        return f"exit status {returncode}"
    with suppress(ValueError):
        return f"signal {-returncode}, {signal.Signals(-returncode).name}"
    return f"signal {-returncode}"
