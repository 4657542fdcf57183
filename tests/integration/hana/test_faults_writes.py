"""Transactions that fail in the middle: the table is as it was, and so are turns and processes.

The real hdbcli writes to the emulator; after each test the whole service is looked at.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psutil
import pyarrow as pa
import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import Cancelled, Error, OutcomeUnknown, Unavailable
from flight_server.backends.base import WriteTransaction
from flight_server.backends.hana.backend import HanaBackend
from flight_server.backends.hana.writing import HanaWriteTransaction
from tests.hana_emulator.values import HanaError
from tests.support.hana_service import USER, HanaService, hana_service
from tests.support.patience import eventually, sometimes_under
from tests.support.threads import InThread

SPACE = USER
"""The schema of the database user, where it may write."""

COLUMNS = (
    Column("ID", HanaType("BIGINT"), nullable=False, key=True),
    Column("NAME", HanaType("NVARCHAR", 20)),
)
BEFORE = [1, 2, 3]
SOON_S = 1.5
MANY = 60_000
INSERTS = "INSERT INTO%"


@pytest.fixture(scope="module")
def one_service() -> Iterator[HanaService]:
    with hana_service(settings={"roll_back_s": 2.0}) as made:
        made.assert_whole()
        yield made


@pytest.fixture
def service(one_service: HanaService) -> Iterator[HanaService]:
    yield one_service
    one_service.assert_whole()


class Target:
    """A table with three rows, and what is done to it."""

    def __init__(self, service: HanaService, name: str) -> None:
        self.service = service
        self.name = name
        self.backend = HanaBackend(service.shared)
        with closing(self.begin()) as transaction:
            transaction.create_table(SPACE, name, COLUMNS)
            transaction.insert(SPACE, name, batch(1, 3))
            transaction.commit()

    def begin(self) -> HanaWriteTransaction:
        begun = self.backend.begin(SPACE)
        assert isinstance(begun, HanaWriteTransaction)
        return begun

    def insert(self, transaction: WriteTransaction, first: int, rows: int) -> int:
        return transaction.insert(SPACE, self.name, batch(first, rows))

    def pid(self, transaction: HanaWriteTransaction) -> int:
        lease = transaction._transaction._lease
        assert lease is not None
        return lease.reader.process.pid

    def ids(self) -> list[Any]:
        """Asked of the engine itself; no fault strikes there."""
        session = self.service.engine.inner.open("SYSTEM", 0)
        try:
            prepared = session.prepare(f'SELECT "ID" FROM "{SPACE}"."{self.name}" ORDER BY "ID"')
            cursor = session.query(prepared, [])
            return [value for (value,) in cursor.fetch(2 * MANY)]
        except HanaError as error:  # a definition that is being undone
            return [error.code]
        finally:
            session.close()


@pytest.fixture
def target(service: HanaService) -> Target:
    return Target(service, f"T{next(service.texts)}")


def batch(first: int, rows: int) -> pa.RecordBatch:
    ids = pa.array(range(first, first + rows), pa.int64())
    return pa.record_batch({"ID": ids, "NAME": pa.array(["x"] * rows)})


# the process


def test_process_killed_between_statements_leaves_nothing(target: Target) -> None:
    with closing(target.begin()) as transaction:
        target.insert(transaction, 10, 5)
        psutil.Process(target.pid(transaction)).kill()

        with pytest.raises(Unavailable, match=r"signal 9.*rolled back"):
            target.insert(transaction, 20, 5)
        assert not transaction.is_open
    eventually(lambda: target.ids() == BEFORE)


def test_process_killed_in_the_middle_of_an_insert_leaves_nothing(target: Target) -> None:
    with closing(target.begin()) as transaction:
        target.insert(transaction, 10, 5)
        seen = _statements(target.service)
        writing = InThread(lambda: target.insert(transaction, 100, MANY))
        eventually(lambda: _statements(target.service) > seen)
        psutil.Process(target.pid(transaction)).kill()

        error = writing.join()
        assert isinstance(error, Unavailable)
        assert "rolled back" in error.message
    eventually(lambda: target.ids() == BEFORE)


def test_process_killed_at_the_commit_leaves_all_or_nothing(
    service: HanaService, target: Target
) -> None:
    service.server.faults.set("silent_hang", statement_like="COMMIT", times=1)
    with closing(target.begin()) as transaction:
        target.insert(transaction, 10, 5)
        committing = InThread(transaction.commit)
        pid = target.pid(transaction)
        eventually(lambda: service.server.faults._armed["silent_hang"].times == 0)
        psutil.Process(pid).kill()

        error = committing.join()
        assert isinstance(error, OutcomeUnknown)
        assert "nobody knows whether its changes were kept" in error.message
    eventually(lambda: target.ids() == BEFORE)


# the connection and the database


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("session_dropped", "broke, and the transaction was rolled back"),
        ("cut_mid_packet", "broke, and the transaction was rolled back"),
        ("error_on_execute:code=131", "rolled back; begin it again"),
        ("error_on_execute:code=133", "rolled back; begin it again"),
        ("error_on_execute:code=138", "rolled back; begin it again"),
        ("error_on_execute:code=2048", "rolled back; begin it again"),
        ("error_on_execute:code=616", "rolled back; begin it again"),
    ],
)
def test_insert_that_fails_with_its_transaction_leaves_nothing(
    service: HanaService, target: Target, fault: str, words: str
) -> None:
    with closing(target.begin()) as transaction:
        target.insert(transaction, 10, 5)
        _arm(service, fault, INSERTS)

        with pytest.raises(Error, match=words):
            target.insert(transaction, 20, 5)
        assert not transaction.is_open
        with pytest.raises(Error):
            transaction.commit()
    eventually(lambda: target.ids() == BEFORE)


@pytest.mark.parametrize("fault", ["session_dropped", "error_on_execute:code=131"])
def test_later_piece_of_an_insert_that_fails_leaves_nothing_of_the_earlier(
    service: HanaService, target: Target, fault: str
) -> None:
    with closing(target.begin()) as transaction:
        writing = InThread(lambda: target.insert(transaction, 100, MANY))
        eventually(lambda: _statements(service) >= 1)
        _arm(service, fault, INSERTS)

        assert isinstance(writing.join(), Unavailable)
    eventually(lambda: target.ids() == BEFORE)


def test_row_that_fails_is_told_and_the_rest_may_be_kept(target: Target) -> None:
    with closing(target.begin()) as transaction:
        with pytest.raises(Error, match=r"Row 3 of the values .* unique") as raised:
            transaction.insert(SPACE, target.name, batch(1, 5).take(pa.array([3, 4, 0])))
        assert raised.value.details["row"] == 3
        assert transaction.is_open
    assert target.ids() == BEFORE


@pytest.mark.parametrize("fault", ["session_dropped", "cut_mid_packet"])
def test_connection_lost_at_the_commit_leaves_all_or_nothing(
    service: HanaService, target: Target, fault: str
) -> None:
    with closing(target.begin()) as transaction:
        target.insert(transaction, 10, 2)
        _arm(service, fault, "COMMIT")

        with pytest.raises(OutcomeUnknown, match="nobody knows whether its changes were kept"):
            transaction.commit()
    kept = fault == "cut_mid_packet"  # it was the reply that was lost
    eventually(lambda: target.ids() == ([*BEFORE, 10, 11] if kept else BEFORE))


def test_error_at_the_commit_keeps_nothing(service: HanaService, target: Target) -> None:
    with closing(target.begin()) as transaction:
        target.insert(transaction, 10, 2)
        _arm(service, "error_on_execute:code=131", "COMMIT")

        with pytest.raises(Unavailable, match="the transaction was rolled back"):
            transaction.commit()
    assert target.ids() == BEFORE


@pytest.mark.parametrize("fault", ["session_dropped", "cut_mid_packet", "error_on_execute"])
def test_rollback_that_fails_leaves_nothing_all_the_same(
    service: HanaService, target: Target, fault: str
) -> None:
    with closing(target.begin()) as transaction:
        target.insert(transaction, 10, 2)
        _arm(service, fault, "ROLLBACK")
        transaction.rollback()
    eventually(lambda: target.ids() == BEFORE)


def test_rollback_without_an_answer_ends_the_process(service: HanaService, target: Target) -> None:
    with closing(target.begin()) as transaction:
        target.insert(transaction, 10, 2)
        pid = target.pid(transaction)
        _arm(service, "silent_hang", "ROLLBACK")
        transaction.close()

        assert not psutil.pid_exists(pid)
    eventually(lambda: target.ids() == BEFORE)


def test_connections_dropped_while_idle_are_replaced(service: HanaService, target: Target) -> None:
    service.drop_connections()

    with closing(target.begin()) as transaction:
        target.insert(transaction, 10, 1)
        transaction.commit()
    assert target.ids() == [*BEFORE, 10]


@pytest.mark.parametrize("fault", ["overloaded", "refuse_connect"])
def test_begin_that_is_refused_for_a_while_is_repeated(
    service: HanaService, target: Target, fault: str
) -> None:
    service.drop_connections()
    service.server.faults.set(fault, times=1)

    with closing(target.begin()) as transaction:
        assert target.insert(transaction, 10, 1) == 1


def test_definition_that_fails_leaves_the_tables(service: HanaService, target: Target) -> None:
    with closing(target.begin()) as transaction:
        transaction.drop_table(SPACE, target.name)
        transaction.create_table(SPACE, target.name, COLUMNS[:1])
        _arm(service, "session_dropped", INSERTS)
        with pytest.raises(Unavailable):
            transaction.insert(SPACE, target.name, batch(7, 1).select(["ID"]))

    eventually(lambda: target.ids() == BEFORE)
    found = target.backend.entity(SPACE, target.name)
    assert found is not None
    assert len(found.columns) == len(COLUMNS)


# callers


def test_cancel_of_an_insert_leaves_nothing(service: HanaService, target: Target) -> None:
    def measure() -> float:
        seen = _statements(service)
        with closing(target.begin()) as transaction:
            target.insert(transaction, 10, 5)
            writing = InThread(lambda: target.insert(transaction, 100, MANY))
            eventually(lambda: _statements(service) > seen)
            transaction.cancel()
            took_s = eventually(lambda: writing.error is not None)
            assert isinstance(writing.join(), Cancelled)
            assert not transaction.is_open
        eventually(lambda: target.ids() == BEFORE)
        return took_s

    assert sometimes_under(SOON_S, measure)


def test_cancel_of_a_silent_hana_leaves_nothing(service: HanaService, target: Target) -> None:
    def measure() -> float:
        with closing(target.begin()) as transaction:
            target.insert(transaction, 10, 5)
            service.server.faults.set("silent_hang", statement_like=INSERTS, times=1)
            writing = InThread(lambda: target.insert(transaction, 20, 5))
            eventually(lambda: service.server.faults._armed["silent_hang"].times == 0)
            transaction.cancel()
            took_s = eventually(lambda: writing.error is not None)
            assert isinstance(writing.join(), Cancelled)
        eventually(lambda: target.ids() == BEFORE)
        return took_s

    assert sometimes_under(SOON_S, measure)


def test_cancel_of_a_wait_for_a_lock_ends_it(target: Target) -> None:
    with closing(target.begin()) as holder, closing(target.begin()) as waiting:
        target.insert(holder, 10, 1)
        writing = InThread(lambda: target.insert(waiting, 20, 1))
        eventually(lambda: _waits(target))
        waiting.cancel()

        assert isinstance(writing.join(), Cancelled)
        holder.commit()
    assert target.ids() == [*BEFORE, 10]


def test_lock_that_does_not_come_is_an_error_to_repeat_later(
    service: HanaService, target: Target
) -> None:
    with closing(target.begin()) as holder, closing(target.begin()) as waiting:
        target.insert(holder, 10, 1)
        with (
            _lock_wait(service, 0.2),
            pytest.raises(
                Unavailable, match="the transaction was rolled back; begin it again"
            ) as raised,
        ):
            target.insert(waiting, 20, 1)
        assert raised.value.details["hana_code"] == 131
        assert not waiting.is_open
        holder.commit()
    assert target.ids() == [*BEFORE, 10]


def _waits(target: Target) -> bool:
    engine = target.service.engine.inner
    return bool(engine.locks._changed._waiters)


@contextmanager
def _lock_wait(service: HanaService, seconds: float) -> Iterator[None]:
    """The sessions that there are wait so long for a lock."""
    works = _works(service)
    before = [work.lock_wait_s for work in works]
    for work in works:
        work.lock_wait_s = seconds
    yield
    for work, usual in zip(works, before, strict=True):
        work.lock_wait_s = usual


def _works(service: HanaService) -> list[Any]:
    """The sessions of the engine."""
    statements = (each._session._statements for each in list(service.server._open.values()))
    return [each._session._inner for each in statements if each is not None]


def _arm(service: HanaService, fault: str, statement_like: str) -> None:
    name, _, rest = fault.partition(":")
    given = dict(each.split("=") for each in rest.split(",")) if rest else {}
    service.server.faults.set(name, times=1, statement_like=statement_like, **given)


def _statements(service: HanaService) -> int:
    """How many changes the open transactions hold in the emulator."""
    open_ones = (work._transaction for work in _works(service))
    return sum(len(transaction.journal) for transaction in open_ones if transaction is not None)
