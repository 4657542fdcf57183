"""The two threads of a reader: one works on requests, the other listens, so that Cancel is heard.

The process ends with the message pipe, whatever the working thread is doing then.
"""

import gc
import os
import queue
import sys
import threading
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, Final

import pyarrow as pa

from flight_client.protocol.errors import Error, InternalError
from flight_server.backends.hana.errors import CANCELLED, is_lost
from flight_server.backends.hana.messages import (
    Begin,
    Cancel,
    Change,
    Connect,
    Describe,
    End,
    Enough,
    Failed,
    Insert,
    Ping,
    Prepare,
    Reply,
    Request,
    Run,
    Running,
)
from flight_server.backends.hana.reader.driver import DatabaseError, DriverMissing
from flight_server.backends.hana.reader.session import Session

_AGAIN_S: Final = 0.02
"""hdbcli cancels nothing where nothing runs at that moment, so it is asked again after a pause."""

_CANCELLABLE: Final = (Describe, Prepare, Run, Change, Insert)

_MISSING: Final = (
    "The server lacks SAP's driver hdbcli; whoever runs it installs it with "
    "pip install 'datasphere-flight[hana]'."
)


class Task:
    """A request that is worked on."""

    def __init__(self, request: Request) -> None:
        self.request: Final = request
        self.cancelled: Final = threading.Event()
        self.enough: Final = threading.Event()
        self.done: Final = threading.Event()
        self.canceller: threading.Thread | None = None
        self.asked_hana = False


class Reader:
    """Answers the requests that come through a pipe, until it closes."""

    def __init__(self, control: int, session: Session) -> None:
        """Of the descriptor of the message pipe, and what requests are answered with."""
        self._control: Connection[Any, Any] = Connection(control)
        self._session = session
        self._tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self._lock = threading.Lock()

    def serve(self) -> None:
        """Work until the server goes; does not return."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        while True:
            task = self._tasks.get()
            reply = self._settled(task, self._answer(task))
            self._send(reply)
            if isinstance(reply, Failed) and reply.connection_lost:
                # HANA may still take it for a good one, whose statement has rows to fetch
                self._session.disconnect()
            gc.collect()
            pa.default_memory_pool().release_unused()

    def _listen(self) -> None:
        task: Task | None = None
        while True:
            try:
                request: Request = self._control.recv()
            except (EOFError, OSError):
                os._exit(0)  # the working thread may be blocked anywhere
            match request:
                case Cancel():
                    if task is not None:
                        self._cancel(task)
                case Enough():
                    if task is not None:
                        task.enough.set()
                case _:
                    task = Task(request)
                    self._tasks.put(task)

    def _cancel(self, task: Task) -> None:
        with self._lock:
            if task.done.is_set() or task.canceller is not None:
                return
            task.cancelled.set()
            if isinstance(task.request, _CANCELLABLE):
                task.canceller = threading.Thread(
                    target=self._end, args=(task,), name="cancel", daemon=True
                )
                task.canceller.start()

    def _end(self, task: Task) -> None:
        with suppress(DatabaseError):  # the server kills a reader that does not come to its end
            while not task.done.is_set() and not task.asked_hana:
                task.asked_hana = self._session.cancel()
                task.done.wait(_AGAIN_S)

    def _settled(self, task: Task, reply: Reply) -> Reply:
        """The reply, once nothing of the request is under way any more.

        A cancel that HANA got and that ended nothing might end the next statement.
        """
        with self._lock:
            task.done.set()
        if task.canceller is not None:
            task.canceller.join()
        if not task.asked_hana or (isinstance(reply, Failed) and reply.code == CANCELLED):
            return reply
        self._session.disconnect()
        return Failed(CANCELLED, "the statement was cancelled", connection_lost=True)

    def _send(self, reply: Reply) -> None:
        try:
            self._control.send(reply)
        except OSError:
            os._exit(0)

    def _answer(self, task: Task) -> Reply:
        try:
            return self._work(task)
        except DatabaseError as error:
            lost = is_lost(error.code, error.text) or not self._session.is_connected
            details = {} if error.row is None else {"row": error.row}
            return Failed(error.code, error.text, connection_lost=lost, details=details)
        except DriverMissing:
            return Failed(None, _MISSING, InternalError.code, connection_lost=True)
        except Error as error:
            details = {name: it for name, it in error.details.items() if isinstance(it, str | int)}
            return Failed(None, error.message, error.code, details=details)
        except BrokenPipeError:
            os._exit(0)  # nobody reads the batches
        except Exception as error:  # noqa: BLE001 - the boundary of the process
            place = place_of(error)
            print(f"reader: {place}", file=sys.stderr)  # noqa: T201 - there is no log here
            text = f"The reader process failed ({place}); whoever runs the server reports this."
            return Failed(None, text, InternalError.code, connection_lost=True)

    def _work(self, task: Task) -> Reply:
        match task.request:
            case Connect() as request:
                return self._session.connect(request)
            case Describe(sql):
                return self._session.describe(sql)
            case Run() as request:
                return self._session.run(request, task, partial(self._send, Running()))
            case Ping():
                return self._session.ping()
            case Prepare(sql):
                return self._session.prepare(sql)
            case Begin() as request:
                return self._session.begin(request)
            case Change() | Insert() as request:
                return self._session.change(request)
            case End() as request:
                return self._session.end(request)
            case Cancel() | Enough():
                raise AssertionError


def place_of(error: BaseException) -> str:
    """What happened and where, without the words of the error, which may hold a secret."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    code = trace.tb_frame.f_code
    return f"{type(error).__name__} in {os.path.basename(code.co_filename)}:{trace.tb_lineno}"  # noqa: PTH119
