"""Whether gRPC works in this process: in a forked child of one that used it, it does not."""

import ctypes
import os

from flight_client.protocol.errors import InvalidRequest


class _Fork:
    """Whether gRPC was used before this process was forked: its threads are gone, its locks held.

    A closed client does not help: gRPC shuts down seconds later, in threads of its own.
    """

    used = False
    orphaned = False

    @classmethod
    def note(cls) -> None:
        """Called in every child."""
        cls.orphaned = cls.used


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_Fork.note)


def is_orphan() -> bool:
    """Whether this is a forked child of a process that had used gRPC."""
    return _Fork.orphaned


def claim_grpc() -> None:
    """Say that gRPC is used in this process from here on.

    Raises:
        InvalidRequest: This is a forked child of a process that had used it.
    """
    if _Fork.orphaned:
        raise InvalidRequest(
            "gRPC does not survive a fork: connect in the child processes alone, or use "
            "multiprocessing's 'spawn'."
        )
    _Fork.used = True


def abandon(kept: object) -> None:
    """Keep what a forked child must neither use nor destroy, since either waits for lost threads.

    What a module holds is destroyed when the interpreter ends; one reference too many is not.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(kept))
