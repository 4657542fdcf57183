"""The transaction that a client means by one that it has ended, where that is certain."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pyarrow as pa
import pytest

from flight_client.protocol.errors import DataError, Error, UnknownTransaction
from flight_server.service.options import Options
from flight_server.service.statements import Statements
from flight_server.service.successors import KEPT_S, MAX_KEPT, SOON_S, Successors
from tests.support.scripted_writes import Clock
from tests.support.statements import NO_OPTIONS, Desk, desk

HERE, THERE = "ipv4:10.0.0.1:40000", "ipv4:10.0.0.1:40001"
IN_S = Options(space="S")
INSERT = "INSERT INTO T VALUES (?, ?)"


class Connection:
    """What one client does on its connection."""

    def __init__(self, sql: Desk, peer: str | None = HERE, principal: str = "ada") -> None:
        self._sql, self._peer, self._principal = sql, peer, principal

    @property
    def call(self) -> Statements:
        return self._sql.of(self._principal, self._peer)

    def begin(self) -> bytes:
        return self.call.begin()

    def commit(self, transaction: bytes) -> None:
        self.call.commit(transaction)

    def rollback(self, transaction: bytes) -> None:
        self.call.rollback(transaction)

    def prepare(self, transaction: bytes, text: str = INSERT) -> bytes:
        return self.call.prepare(text, IN_S, transaction).handle

    def insert(self, handle: bytes, number: int) -> None:
        assert self.call.update_prepared(handle, [(number, "new")]) == 1


@pytest.fixture
def sql() -> Iterator[Desk]:
    with desk() as opened:
        yield opened


@pytest.fixture
def ada(sql: Desk) -> Connection:
    return Connection(sql)


def _numbers(sql: Desk) -> list[object]:
    return [row[0] for row in sql.query("SELECT A FROM S.T ORDER BY A")]


def _refused(connection: Connection, handle: bytes, said: str = "prepare it again") -> None:
    with pytest.raises(UnknownTransaction, match=said):
        connection.insert(handle, 99)


def test_change_goes_on_in_the_next_transaction_and_ends_with_it(
    sql: Desk, ada: Connection
) -> None:
    first = ada.begin()
    handle = ada.prepare(first)
    ada.insert(handle, 3)
    ada.commit(first)
    second = ada.begin()
    ada.insert(handle, 4)
    assert _numbers(sql) == [1, 2, 3]
    ada.rollback(second)
    assert _numbers(sql) == [1, 2, 3]


def test_chain_of_commits_and_rollbacks_leads_to_the_one_that_is_open(
    sql: Desk, ada: Connection
) -> None:
    transaction = ada.begin()
    handle = ada.prepare(transaction)
    for number, end in enumerate([ada.commit, ada.rollback, ada.rollback, ada.commit], 3):
        ada.insert(handle, number)
        end(transaction)
        transaction = ada.begin()
    assert _numbers(sql) == [1, 2, 3, 6]


def test_transactions_in_which_nothing_was_executed_are_links_too(
    sql: Desk, ada: Connection
) -> None:
    first = ada.begin()
    handle = ada.prepare(first)
    ada.commit(first)
    ada.commit(ada.begin())
    third = ada.begin()
    ada.insert(handle, 3)
    ada.commit(third)
    assert _numbers(sql) == [1, 2, 3]


def test_query_goes_on_however_it_is_asked(sql: Desk, ada: Connection) -> None:
    first = ada.begin()
    insert, select = ada.prepare(first), ada.prepare(first, "SELECT B FROM T WHERE A = ?")
    ada.commit(first)
    ada.begin()
    ada.insert(insert, 3)
    bound = ada.call.bind(select, [(3,)])
    assert ada.call.schema_of(bound) == pa.schema([("B", pa.utf8())])
    assert sql.rows(ada.call.execute_prepared(bound)) == [("new",)]


def test_values_bound_before_a_commit_are_good_after_it(sql: Desk, ada: Connection) -> None:
    first = ada.begin()
    bound = ada.call.bind(ada.prepare(first), [(3, "bound")])
    ada.commit(first)
    second = ada.begin()
    assert ada.call.execute_prepared(bound).total_rows == 1
    ada.commit(second)
    assert _numbers(sql) == [1, 2, 3]


def test_ticket_of_an_endpoint_follows_nowhere(sql: Desk, ada: Connection) -> None:
    first = ada.begin()
    insert, select = ada.prepare(first), ada.prepare(first, "SELECT A FROM T")
    ada.insert(insert, 3)
    (ticket,) = ada.call.execute_prepared(select).tickets
    ada.commit(first)
    ada.begin()
    ada.insert(insert, 4)
    with pytest.raises(UnknownTransaction):
        ada.call.open(ticket)


def test_transaction_itself_follows_nowhere(ada: Connection) -> None:
    first = ada.begin()
    ada.commit(first)
    ada.begin()
    with pytest.raises(UnknownTransaction, match="it was committed"):
        ada.call.update("DELETE FROM S.T", NO_OPTIONS, first)


def test_nothing_follows_where_none_was_begun(ada: Connection) -> None:
    first = ada.begin()
    handle = ada.prepare(first)
    ada.commit(first)
    _refused(ada, handle)
    ada.commit(ada.begin())
    _refused(ada, handle)


@pytest.mark.parametrize(("passed_s", "follows"), [(SOON_S, True), (SOON_S + 0.1, False)])
def test_transaction_that_was_begun_late_does_not_follow(
    sql: Desk, ada: Connection, passed_s: float, follows: bool
) -> None:
    first = ada.begin()
    handle = ada.prepare(first)
    sql.clock.now += 30
    ada.commit(first)
    sql.clock.now += passed_s
    ada.begin()
    if follows:
        ada.insert(handle, 3)
    else:
        _refused(ada, handle)


def _on(sql: Desk, peers: list[str | None]) -> None:
    """A transaction and the next: begun, ended, begun, executed on these connections."""
    begun, ended, again, executed = (Connection(sql, peer) for peer in peers)
    first = begun.begin()
    handle = begun.prepare(first)
    ended.commit(first)
    again.begin()
    executed.insert(handle, 3)


@pytest.mark.parametrize("other", [THERE, None])
@pytest.mark.parametrize("place", range(4))
def test_every_call_has_to_come_on_the_same_connection(
    sql: Desk, place: int, other: str | None
) -> None:
    """None is a call that came through a proxy."""
    peers: list[str | None] = [HERE] * 4
    peers[place] = other
    with pytest.raises(UnknownTransaction, match="prepare it again"):
        _on(sql, peers)
    _on(sql, ["ipv4:10.0.0.2:1"] * 4)


def test_proxy_on_every_call_lets_nothing_follow(sql: Desk) -> None:
    with pytest.raises(UnknownTransaction, match="prepare it again"):
        _on(sql, [None] * 4)


def test_transaction_of_another_principal_on_the_connection_does_not_follow(
    sql: Desk, ada: Connection
) -> None:
    bob = Connection(sql, HERE, "bob")
    first = ada.begin()
    handle = ada.prepare(first)
    ada.commit(first)
    theirs = bob.begin()
    _refused(ada, handle)
    bob.commit(theirs)
    ada.begin()
    _refused(ada, handle)


def test_two_that_were_open_at_a_time_on_a_connection_have_no_successors(
    ada: Connection,
) -> None:
    first, second = ada.begin(), ada.begin()
    handles = [ada.prepare(first), ada.prepare(second)]
    ada.commit(first)
    ada.commit(second)
    third = ada.begin()
    for handle in handles:
        _refused(ada, handle)
    handle = ada.prepare(third)
    ada.commit(third)
    ada.begin()
    _refused(ada, handle)  # who shares a connection will do so again


def test_second_one_that_is_begun_beside_the_next_makes_it_uncertain(ada: Connection) -> None:
    first = ada.begin()
    handle = ada.prepare(first)
    ada.commit(first)
    ada.begin()
    ada.insert(handle, 3)
    ada.begin()
    _refused(ada, handle)


def test_two_connections_have_each_their_own_line(sql: Desk, ada: Connection) -> None:
    other = Connection(sql, THERE)
    mine, theirs = ada.begin(), other.begin()
    handles = ada.prepare(mine), other.prepare(theirs)
    ada.commit(mine)
    other.commit(theirs)
    theirs, mine = other.begin(), ada.begin()
    ada.insert(handles[0], 3)
    other.insert(handles[1], 4)
    ada.commit(mine)
    other.rollback(theirs)
    assert _numbers(sql) == [1, 2, 3]


def _idle(sql: Desk, ada: Connection, handle: bytes) -> None:
    ada.insert(handle, 3)
    sql.clock.now += 60
    sql.services.transactions.sweep()


def _broken_off(_: Desk, ada: Connection, handle: bytes) -> None:
    with pytest.raises(DataError):
        ada.call.update_prepared(handle, [(3, "x"), (1, "again")])


@pytest.mark.parametrize("ended", [_idle, _broken_off])
def test_transaction_that_ended_by_itself_has_no_successor(
    sql: Desk, ada: Connection, ended: Callable[[Desk, Connection, bytes], None]
) -> None:
    first = ada.begin()
    handle = ada.prepare(first)
    ended(sql, ada, handle)
    ada.rollback(first)
    ada.begin()
    with pytest.raises(UnknownTransaction, match="roll back and begin again"):
        ada.insert(handle, 4)
    assert _numbers(sql) == [1, 2]


def test_line_begins_anew_after_one_that_ended_by_itself(sql: Desk, ada: Connection) -> None:
    first = ada.begin()
    _idle(sql, ada, ada.prepare(first))
    ada.rollback(first)
    second = ada.begin()
    handle = ada.prepare(second)
    ada.commit(second)
    ada.begin()
    ada.insert(handle, 3)


def test_late_rollback_of_a_committed_one_prolongs_nothing(sql: Desk, ada: Connection) -> None:
    first = ada.begin()
    handle = ada.prepare(first)
    ada.commit(first)
    sql.clock.now += SOON_S
    ada.rollback(first)
    sql.clock.now += 1
    ada.begin()
    _refused(ada, handle)


def test_handle_of_another_principal_follows_nobody(sql: Desk, ada: Connection) -> None:
    first = ada.begin()
    handle = ada.prepare(first)
    ada.commit(first)
    ada.begin()
    with pytest.raises(Error):
        Connection(sql, HERE, "bob").insert(handle, 3)


# what is kept


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _next(kept: Successors, ended: str, begun: str, peer: str = HERE) -> None:
    kept.ended(ended, peer)
    kept.began(begun, "ada", peer, lambda _: False)


def test_identifier_is_kept_for_a_day_after_its_last_use(clock: Clock) -> None:
    kept = Successors(clock)
    kept.began("0", "ada", HERE, lambda _: False)
    _next(kept, "0", "1")
    clock.now += KEPT_S - 1
    assert kept.successor("0", "ada", HERE) == "1"
    _next(kept, "1", "2")
    clock.now += KEPT_S - 1
    _next(kept, "2", "3")
    assert kept.successor("0", "ada", HERE) == "3"
    clock.now += 1
    _next(kept, "3", "4")
    assert kept.successor("1", "ada", HERE) is None


def test_so_many_are_kept_and_the_one_in_use_among_them(clock: Clock) -> None:
    kept = Successors(clock)
    kept.began("0", "ada", HERE, lambda _: False)
    for number in range(MAX_KEPT + 10):
        _next(kept, str(number), str(number + 1))
        if number % 1000 == 0:
            assert kept.successor("0", "ada", HERE) == str(number + 1)
    newest = str(MAX_KEPT + 10)
    assert kept.successor("0", "ada", HERE) == newest
    assert kept.successor("1", "ada", HERE) is None


def test_connections_are_forgotten_where_there_are_too_many(clock: Clock) -> None:
    kept = Successors(clock)
    kept.began("0", "ada", HERE, lambda _: False)
    for number in range(MAX_KEPT):
        kept.began(f"x{number}", "ada", f"ipv4:10.0.0.9:{number}", lambda _: False)
    _next(kept, "0", "1")
    assert kept.successor("0", "ada", HERE) is None


def test_server_that_does_not_follow_connections_refuses_every_old_handle(sql: Desk) -> None:
    shared = Desk(replace(sql.services, follows_connections=False), sql.backend, sql.clock)
    client = Connection(shared)
    first = client.begin()
    handle = client.prepare(first)
    client.commit(first)
    client.begin()
    with pytest.raises(UnknownTransaction):
        client.insert(handle, 5)
