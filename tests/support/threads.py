"""Something of a test that is done in a thread of its own, and how it ended."""

import threading
from collections.abc import Callable

from flight_client.protocol.errors import Error
from tests.support.patience import PATIENCE_S


class InThread:
    """Starts at once; ``error`` is what ended it."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.error: Error | None = None
        self._work = work
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except Error as error:
            self.error = error

    def join(self) -> Error | None:
        """Wait for its end."""
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "it does not end"
        return self.error
