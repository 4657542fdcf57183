"""Answers that are kept: once for many, until their time is over."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from flight_server.backends.hana import kept
from flight_server.backends.hana.kept import Kept


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Source:
    """Counts how often it is asked."""

    def __init__(self, good_s: float = 10.0) -> None:
        self.asked = 0
        self.good_s = good_s

    def __call__(self) -> tuple[int, float]:
        self.asked += 1
        return self.asked, self.good_s


def test_answer_is_fetched_once_until_its_time_is_over() -> None:
    clock, source = Clock(), Source()
    answers: Kept[int] = Kept(clock)
    found = [answers.get("key", source)]
    clock.now += 9.9
    found.append(answers.get("key", source))
    clock.now += 0.2
    found.append(answers.get("key", source))
    assert found == [1, 1, 2]


def test_keys_have_answers_of_their_own() -> None:
    answers: Kept[int] = Kept()
    source = Source()
    assert (answers.get("a", source), answers.get("b", source)) == (1, 2)


def test_answer_that_is_good_for_no_time_is_fetched_each_time() -> None:
    answers: Kept[int] = Kept()
    source = Source(good_s=0)
    assert (answers.get("a", source), answers.get("a", source)) == (1, 2)


def test_answer_that_came_along_is_kept() -> None:
    answers: Kept[int] = Kept()
    answers.keep("a", 7, 10)
    assert answers.get("a", Source()) == 7


def test_forgotten_answer_is_fetched_anew() -> None:
    answers: Kept[int] = Kept()
    source = Source()
    answers.get("a", source)
    answers.forget("a")
    answers.forget("never there")
    assert answers.get("a", source) == 2


def test_outdated_keys_are_forgotten_and_others_stay() -> None:
    answers: Kept[int] = Kept()
    source = Source()
    answers.get("a", source)
    answers.get("b", source)
    answers.forget_all(lambda key: key == "a")
    assert (answers.peek("a"), answers.peek("b")) == (None, 2)


def test_many_threads_wait_for_one_fetch() -> None:
    answers: Kept[int] = Kept()
    asked, go_on = threading.Event(), threading.Event()
    calls: list[int] = []

    def fetch() -> tuple[int, float]:
        calls.append(1)
        asked.set()
        assert go_on.wait(30)
        return 5, 10

    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(answers.get, "key", fetch) for _ in range(8)]
        assert asked.wait(30)
        go_on.set()
        assert [each.result(30) for each in waiting] == [5] * 8
    assert len(calls) == 1


def test_error_of_a_fetch_is_raised_in_everybody_who_waits_and_not_kept() -> None:
    answers: Kept[int] = Kept()
    asked, go_on = threading.Event(), threading.Event()

    def fetch() -> tuple[int, float]:
        asked.set()
        assert go_on.wait(30)
        raise ValueError("the database is away")

    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(answers.get, "key", fetch) for _ in range(4)]
        assert asked.wait(30)
        go_on.set()
        for each in waiting:
            with pytest.raises(ValueError, match="away"):
                each.result(30)
    assert answers.get("key", Source()) == 1


def test_number_of_answers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MAX_ANSWERS", 10)
    clock = Clock()
    answers: Kept[int] = Kept(clock)
    for number in range(10):
        answers.keep(number, number, 1 if number else 100)
    clock.now += 2
    answers.keep("more", 1, 100)
    assert (answers.peek(0), answers.peek(5), answers.peek("more")) == (0, None, 1)
    for number in range(20):
        answers.keep(number, number, 100)
    assert len(answers._answers) <= 10
