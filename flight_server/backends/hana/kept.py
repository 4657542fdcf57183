"""Answers that are kept for a while; each is fetched once, however many threads wait for it."""

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

Answer = TypeVar("Answer")

MAX_ANSWERS: Final = 20_000
"""Callers choose some of the keys, so that their number is bounded."""


class Kept(Generic[Answer]):
    """Answers by key, each with the time until which it is good."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` tells seconds."""
        self._clock = clock
        self._lock = threading.Lock()
        self._answers: dict[Hashable, tuple[Answer, float]] = {}
        self._asked: dict[Hashable, Future[Answer]] = {}

    def get(self, key: Hashable, fetch: Callable[[], tuple[Answer, float]]) -> Answer:
        """The answer that is kept, or a new one.

        Args:
            key: What is asked.
            fetch: Gives the answer and for how many seconds it is good. It runs in one of the
                threads that wait; what it raises is raised in all of them, and nothing is kept.
        """
        with self._lock:
            if (found := self._fresh(key)) is not None:
                return found[0]
            asked = self._asked.get(key)
            mine = asked is None
            if asked is None:
                asked = self._asked[key] = Future()
        if mine:
            self._fetch(key, fetch, asked)
        return asked.result()

    def peek(self, key: Hashable) -> Answer | None:
        """The answer that is kept, None for none; nothing is fetched."""
        with self._lock:
            found = self._fresh(key)
        return None if found is None else found[0]

    def keep(self, key: Hashable, answer: Answer, good_s: float) -> None:
        """An answer that came along with another one."""
        with self._lock:
            self._store(key, answer, good_s)

    def forget(self, key: Hashable) -> None:
        """The next one who asks fetches anew."""
        with self._lock:
            self._answers.pop(key, None)

    def forget_all(self, outdated: Callable[[Hashable], bool]) -> None:
        """The same for every key of which the function says so."""
        with self._lock:
            for key in [key for key in self._answers if outdated(key)]:
                del self._answers[key]

    def _fetch(
        self, key: Hashable, fetch: Callable[[], tuple[Answer, float]], asked: Future[Answer]
    ) -> None:
        try:
            answer, good_s = fetch()
        except BaseException as error:  # noqa: BLE001 - it is raised by everybody who waits
            with self._lock:
                del self._asked[key]
            asked.set_exception(error)
        else:
            with self._lock:
                del self._asked[key]
                self._store(key, answer, good_s)
            asked.set_result(answer)

    def _fresh(self, key: Hashable) -> tuple[Answer, float] | None:
        found = self._answers.get(key)
        return found if found is not None and self._clock() < found[1] else None

    def _store(self, key: Hashable, answer: Answer, good_s: float) -> None:
        now = self._clock()
        if len(self._answers) >= MAX_ANSWERS:
            self._answers = {at: kept for at, kept in self._answers.items() if now < kept[1]}
        if len(self._answers) >= MAX_ANSWERS:
            self._answers.clear()
        self._answers[key] = (answer, now + good_s)
