"""The program of a reader process: ``python -m flight_server.backends.hana.reader CONTROL DATA``.

The arguments are descriptors of the two pipes of ``messages``. Starts quickly, and says nothing but
one line where it cannot go on.
"""

import gc
import resource
import signal
import sys


def main(arguments: list[str]) -> None:
    """Answer requests until the server goes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the server, which ends us
    try:
        control, data = map(int, arguments)
    except ValueError:
        sys.exit("reader: give the descriptors of two pipes; the server starts this program")
    # Our memory holds the password of the user: a crash of the driver leaves no core file with it.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    # Nothing here needs them, and pa.array looks for both: some 0.3 s and 16 MB of a process.
    sys.modules["numpy"] = sys.modules["pandas"] = None  # pyright: ignore[reportArgumentType]
    from flight_server.backends.hana.reader.answering import Reader  # noqa: PLC0415 - after that
    from flight_server.backends.hana.reader.session import BatchPipe, Session  # noqa: PLC0415

    # Rows are no garbage, and the collector looks at each of them (datasphere-hana.md 10).
    gc.disable()
    gc.freeze()
    Reader(control, Session(BatchPipe(data))).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
