"""Changes of a principal: alone or in a transaction, all of one or nothing, stopped, refused."""

import threading
from collections.abc import Iterator

import pytest

from flight_client.protocol.errors import (
    AccessDenied,
    Cancelled,
    DataError,
    Error,
    InvalidParameter,
    InvalidRequest,
    InvalidSql,
    UnknownTransaction,
    UnsupportedSql,
)
from flight_server.backends.base import ParameterRow
from flight_server.backends.memory import MemoryBackend
from flight_server.service.statements import Statements
from tests.support.patience import PATIENCE_S, eventually
from tests.support.statements import NO_OPTIONS, SPACES, Desk, desk, drained, table_of

WRONG = "not a number"


@pytest.fixture
def sql() -> Iterator[Desk]:
    with desk() as opened:
        yield opened


def _insert(sql: Desk, transaction: bytes | None = None) -> bytes:
    return sql.of().prepare("INSERT INTO T VALUES (?, ?)", NO_OPTIONS, transaction).handle


def _update(sql: Desk, text: str, transaction: bytes | None = None) -> int | None:
    return sql.of().update(text, NO_OPTIONS, transaction)


# alone


def test_change_is_committed_and_counted(sql: Desk) -> None:
    assert _update(sql, "UPDATE T SET B = 'z' WHERE A > 0") == 2
    assert sql.table() == [(1, "z"), (2, "z")]


def test_change_asked_as_a_query_is_run_once_and_has_no_endpoint(sql: Desk) -> None:
    info = sql.of().execute("INSERT INTO T VALUES (3, 'z')", NO_OPTIONS, None)
    assert (info.schema.names, info.tickets, info.total_rows) == ([], (), 1)
    assert sql.table()[2:] == [(3, "z")]


def test_prepared_change_asked_as_a_query_takes_its_bound_rows(sql: Desk) -> None:
    handle = sql.of().bind(_insert(sql), [(3, "z"), (4, None)])
    assert sql.of().execute_prepared(handle).total_rows == 2
    assert sql.table()[2:] == [(3, "z"), (4, None)]


def test_definition_has_no_count(sql: Desk) -> None:
    assert _update(sql, "CREATE TABLE N (A INTEGER)") is None
    assert sql.query("SELECT A FROM N") == []


@pytest.mark.parametrize("change", ["INSERT INTO V VALUES (1)", "DELETE FROM V", "DROP TABLE V"])
def test_view_over_another_space_is_not_changed(change: str) -> None:
    view = 'CREATE VIEW "S"."V" AS SELECT "A" FROM "LOCKED"."L";'
    with desk(SPACES + view) as sql, pytest.raises(InvalidRequest, match=r"S\.V is a view"):
        _update(sql, change)


def test_rows_are_inserted_as_they_come(sql: Desk) -> None:
    rows = ((number, str(number)) for number in range(10, 2010))
    assert sql.of().update_prepared(_insert(sql), rows) == 2000
    assert len(sql.table()) == 2002


def test_rows_of_the_put_go_before_those_in_the_handle(sql: Desk) -> None:
    handle = sql.of().bind(_insert(sql), [(3, "bound")])
    assert sql.of().update_prepared(handle, iter([(4, "put")])) == 1
    assert sql.of().update_prepared(handle, iter(())) == 1
    assert sql.table()[2:] == [(3, "bound"), (4, "put")]


def test_no_row_of_values_changes_nothing(sql: Desk) -> None:
    assert sql.of().update_prepared(_insert(sql), iter(())) == 0


@pytest.mark.parametrize("rows", [[], [()], [(), ()]])
def test_change_without_markers_runs_once(sql: Desk, rows: list[ParameterRow]) -> None:
    handle = sql.of().prepare("INSERT INTO T VALUES (3, 'z')", NO_OPTIONS, None).handle
    assert sql.of().update_prepared(handle, rows) == 1


def test_change_that_fails_in_its_last_row_keeps_nothing(sql: Desk) -> None:
    rows = [(number, "x") for number in range(10, 500)]
    with pytest.raises(DataError) as caught:
        sql.of().update_prepared(_insert(sql), [*rows, (1, "there already")])
    assert caught.value.details.get("row", 491) == 491
    assert sql.table() == [(1, "x"), (2, "y")]


def test_row_that_cannot_be_had_keeps_nothing(sql: Desk) -> None:
    def rows() -> Iterator[ParameterRow]:
        yield (3, "z")
        raise InvalidParameter("Column 2 of the values is a list.")

    with pytest.raises(InvalidParameter, match="is a list"):
        sql.of().update_prepared(_insert(sql), rows())
    assert len(sql.table()) == 2


def test_row_of_another_length_keeps_nothing(sql: Desk) -> None:
    with pytest.raises(InvalidParameter, match="Row 2 has 1 values for 2 markers"):
        sql.of().update_prepared(_insert(sql), [(3, "z"), (4,)])
    assert len(sql.table()) == 2


# who may


@pytest.mark.parametrize("text", ["DELETE FROM T", "CREATE TABLE N (A INTEGER)", "COMMIT"])
def test_nothing_is_changed_where_writing_is_off(text: str) -> None:
    with desk(writable=()) as sql:
        handle = None
        for call in (sql.of().prepare, sql.of().execute, sql.of().update, sql.of().schema):
            with pytest.raises(AccessDenied, match=r"switched off .* writes\.enabled = true"):
                call(text, NO_OPTIONS, None)
        assert handle is None
        assert len(sql.table()) == 2


@pytest.mark.parametrize("writable", [(), ("S",)])
def test_mistyped_first_word_is_told_also_where_writing_is_off(writable: tuple[str, ...]) -> None:
    with desk(writable=writable) as sql:
        for call in (sql.of().prepare, sql.of().execute, sql.of().schema):
            with pytest.raises(InvalidSql, match="starts with 'SELEC', as no statement does"):
                call("SELEC 1", NO_OPTIONS, None)


def test_handle_made_while_writing_was_on_changes_nothing_where_it_is_off(sql: Desk) -> None:
    handle = sql.of().prepare("DELETE FROM T", NO_OPTIONS, None).handle
    with desk(writable=()) as off, pytest.raises(AccessDenied, match="switched off"):
        off.of().update_prepared(handle, ())


def test_query_sent_as_an_update_is_refused(sql: Desk) -> None:
    with pytest.raises(Error, match="is a query"):
        _update(sql, "SELECT A FROM T")


def test_prepared_query_sent_as_an_update_is_refused(sql: Desk) -> None:
    handle = sql.of().prepare("SELECT A FROM T", NO_OPTIONS, None).handle
    with pytest.raises(Error, match="is a query"):
        sql.of().update_prepared(handle, ())


def test_backend_that_only_reads_says_so() -> None:
    memory = MemoryBackend({"S": {"T": table_of(A=[1])}})
    with desk(backend=memory) as sql, pytest.raises(UnsupportedSql):
        sql.of().update("DELETE FROM T", NO_OPTIONS, None)


# in a transaction


def test_own_changes_are_seen_inside_and_not_outside_until_the_commit(sql: Desk) -> None:
    begun = sql.of().begin()
    _update(sql, "DELETE FROM T WHERE A = 1", begun)
    assert sql.query("SELECT A FROM T", begun) == [(2,)]
    assert len(sql.table()) == 2
    sql.of().commit(begun)
    assert sql.table() == [(2, "y")]


def test_rollback_leaves_everything_as_it_was(sql: Desk) -> None:
    begun = sql.of().begin()
    _update(sql, "DELETE FROM T", begun)
    _update(sql, "CREATE TABLE N (A INTEGER)", begun)
    sql.of().rollback(begun)
    assert len(sql.table()) == 2
    with pytest.raises(Error, match="There is no"):
        sql.query("SELECT A FROM N")


def test_prepared_statements_belong_to_their_transaction(sql: Desk) -> None:
    begun = sql.of().begin()
    insert = _insert(sql, begun)
    sql.of().update_prepared(insert, [(3, "z")])
    select = sql.of().prepare("SELECT B FROM T WHERE A = ?", NO_OPTIONS, begun).handle
    assert sql.rows(sql.of().execute_prepared(sql.of().bind(select, [(3,), (1,)]))) == [
        ("z",),
        ("x",),
    ]
    sql.of().rollback(begun)
    said = r"was prepared has ended: it was rolled back; prepare it again \(in DB-API"
    with pytest.raises(UnknownTransaction, match=said):
        sql.of().update_prepared(insert, [(4, "z")])
    for call in (sql.of().schema_of, sql.of().execute_prepared):
        with pytest.raises(UnknownTransaction, match=said):
            call(sql.of().bind(select, [(1,)]))
    assert len(sql.table()) == 2


def test_bound_rows_are_one_endpoint_where_they_share_a_connection(sql: Desk) -> None:
    begun = sql.of().begin()
    sql.of().update_prepared(_insert(sql, begun), [(3, "z")])
    select = sql.of().prepare("SELECT B FROM T WHERE A >= ? ORDER BY A", NO_OPTIONS, begun)
    handle = sql.of().bind(select.handle, [(2,), (9,), (3,)])
    info = sql.of().execute_prepared(handle)
    assert len(info.tickets) == 1
    assert sql.rows(info) == [("y",), ("z",), ("z",)]
    sql.of().commit(begun)


def test_cancelled_read_of_several_rows_stops_and_lets_go(sql: Desk) -> None:
    begun = sql.of().begin()
    sql.of().update_prepared(_insert(sql, begun), [(3, "z")])
    select = sql.of().prepare("SELECT B FROM T WHERE A >= ? ORDER BY A", NO_OPTIONS, begun)
    info = sql.of().execute_prepared(sql.of().bind(select.handle, [(2,), (3,)]))
    stream = sql.of().open(info.tickets[0]).stream
    assert stream.read() is not None
    sql.of().cancel(info.tickets)
    with pytest.raises(Cancelled):
        drained(stream)
    stream.close()
    sql.of().rollback(begun)
    assert len(sql.table()) == 2


def test_row_that_the_query_cannot_take_fails_the_read_and_lets_go(sql: Desk) -> None:
    begun = sql.of().begin()
    sql.of().update_prepared(_insert(sql, begun), [(3, "z")])
    select = sql.of().prepare("SELECT 6 / A AS N FROM T WHERE B = ?", NO_OPTIONS, begun)
    handle = sql.of().bind(select.handle, [("x",), ("y",)])
    assert len(sql.rows(sql.of().execute_prepared(handle))) == 2
    sql.of().commit(begun)


def test_table_made_in_a_transaction_can_be_used_in_it(sql: Desk) -> None:
    begun = sql.of().begin()
    _update(sql, "CREATE TABLE N (A INTEGER, B NVARCHAR(10))", begun)
    insert = sql.of().prepare("INSERT INTO N VALUES (?, ?)", NO_OPTIONS, begun)
    assert insert.parameters == (None, None)
    assert sql.of().update_prepared(insert.handle, [(1, "a"), (2, "b")]) == 2
    select = sql.of().prepare("SELECT B FROM N WHERE A > ?", NO_OPTIONS, begun)
    assert select.schema is not None
    assert select.schema.names == ["B"]
    assert sql.rows(sql.of().execute_prepared(sql.of().bind(select.handle, [(1,)]))) == [("b",)]
    assert sql.of().schema("SELECT * FROM N", NO_OPTIONS, begun).names == ["A", "B"]
    sql.of().commit(begun)
    assert sql.query("SELECT B FROM S.N ORDER BY A") == [("a",), ("b",)]


def test_table_dropped_in_a_transaction_is_gone_in_it_only(sql: Desk) -> None:
    begun = sql.of().begin()
    _update(sql, "DROP TABLE T", begun)
    with pytest.raises(Error, match="There is no"):
        sql.query("SELECT A FROM T", begun)
    assert len(sql.table()) == 2
    sql.of().rollback(begun)


def test_column_added_in_a_transaction_is_known_in_it(sql: Desk) -> None:
    begun = sql.of().begin()
    _update(sql, "ALTER TABLE T ADD (C INTEGER)", begun)
    _update(sql, "UPDATE T SET C = 7", begun)
    assert sql.query("SELECT C FROM T WHERE A = 1", begun) == [(7,)]
    sql.of().rollback(begun)


def test_failed_change_of_one_row_leaves_it_as_the_database_does(sql: Desk) -> None:
    begun = sql.of().begin()
    with pytest.raises(DataError):
        _update(sql, "INSERT INTO T VALUES (1, 'there already')", begun)
    sql.of().rollback(begun)
    assert len(sql.table()) == 2


def test_change_that_fails_halfway_undoes_the_transaction(sql: Desk) -> None:
    begun = sql.of().begin()
    _update(sql, "DELETE FROM T WHERE A = 2", begun)
    with pytest.raises(InvalidParameter):
        sql.of().update_prepared(_insert(sql, begun), [(3, "z"), (4, "z"), (5,)])
    with pytest.raises(UnknownTransaction, match=r"failed halfway.* begin again"):
        sql.of().commit(begun)
    sql.of().rollback(begun)
    assert len(sql.table()) == 2


def test_transaction_of_another_principal_is_forged(sql: Desk) -> None:
    begun = sql.of("ada").begin()
    for call in (sql.of("bob").commit, sql.of("bob").rollback):
        with pytest.raises(Error, match="another principal"):
            call(begun)


def test_transaction_that_nobody_uses_is_undone(sql: Desk) -> None:
    begun = sql.of().begin()
    _update(sql, "DELETE FROM T", begun)
    sql.clock.now += 60
    sql.services.transactions.sweep()
    with pytest.raises(UnknownTransaction, match="nothing used it for 60 s"):
        sql.of().commit(begun)
    assert len(sql.table()) == 2


def test_endpoints_of_a_transaction_end_with_it(sql: Desk) -> None:
    begun = sql.of().begin()
    _update(sql, "DELETE FROM T WHERE A = 1", begun)
    info = sql.of().execute("SELECT A FROM T", NO_OPTIONS, begun)
    sql.of().commit(begun)
    with pytest.raises(UnknownTransaction, match="it was committed"):
        sql.rows(info)


def test_query_executed_before_the_first_change_is_read_after_the_commit_too(sql: Desk) -> None:
    begun = sql.of().begin()
    info = sql.of().execute("SELECT A FROM T", NO_OPTIONS, begun)
    sql.of().commit(begun)
    assert len(sql.rows(info)) == 2


def test_result_that_is_not_read_to_its_end_is_in_the_way(sql: Desk) -> None:
    begun = sql.of().begin()
    _update(sql, "DELETE FROM T WHERE A = 1", begun)
    info = sql.of().execute("SELECT A FROM T", NO_OPTIONS, begun)
    stream = sql.of().open(info.tickets[0]).stream
    with pytest.raises(InvalidRequest, match="read it to its end or close it"):
        _update(sql, "DELETE FROM T", begun)
    assert drained(stream) == [(2,)]
    stream.close()
    assert _update(sql, "DELETE FROM T", begun) == 1
    sql.of().commit(begun)
    assert sql.table() == []


def test_services_that_close_undo_what_is_open(sql: Desk) -> None:
    begun = sql.of().begin()
    _update(sql, "DELETE FROM T", begun)
    sql.services.close()
    assert len(sql.table()) == 2


# stopped


def _until_stopped(sql: Desk, statements: Statements, transaction: bytes | None) -> Error:
    """What a change raises that is stopped in the middle: the second row waits for the stop."""
    handle = _insert(sql, transaction)
    halfway, stopped = threading.Event(), threading.Event()
    raised: list[Error] = []

    def rows() -> Iterator[ParameterRow]:
        yield (3, "z")
        halfway.set()
        assert stopped.wait(PATIENCE_S)
        yield (4, "z")

    def change() -> None:
        try:
            statements.update_prepared(handle, rows())
        except Error as error:
            raised.append(error)

    thread = threading.Thread(target=change)
    thread.start()
    assert halfway.wait(PATIENCE_S)
    statements.stop()
    stopped.set()
    thread.join(PATIENCE_S)
    (error,) = raised
    return error


def test_stopped_change_keeps_nothing(sql: Desk) -> None:
    assert isinstance(_until_stopped(sql, sql.of(), None), Cancelled)
    assert len(sql.table()) == 2


def test_stopped_change_ends_its_transaction(sql: Desk) -> None:
    begun = sql.of().begin()
    _update(sql, "DELETE FROM T WHERE A = 1", begun)
    assert isinstance(_until_stopped(sql, sql.of(), begun), Cancelled)
    with pytest.raises(UnknownTransaction):
        sql.of().commit(begun)
    sql.of().rollback(begun)
    assert len(sql.table()) == 2


def test_long_statement_is_stopped_soon() -> None:
    many = f'{SPACES} CREATE TABLE "S"."MANY" AS SELECT range::INTEGER AS "A" FROM range(20000);'
    with desk(many) as sql:
        statements, raised = sql.of(), list[Error]()
        text = "INSERT INTO T SELECT MAX(X.A + Y.A + Z.A) + 10, 'x' FROM MANY X, MANY Y, MANY Z"

        def change() -> None:
            try:
                statements.update(text, NO_OPTIONS, None)
            except Error as error:
                raised.append(error)

        thread = threading.Thread(target=change)
        thread.start()
        eventually(lambda: "begin" in sql.backend.asked)
        statements.stop()
        thread.join(PATIENCE_S)
        assert isinstance(raised[0], Cancelled)
        assert len(sql.table()) == 2


def test_stopping_what_is_over_changes_nothing(sql: Desk) -> None:
    statements = sql.of()
    statements.update("DELETE FROM T WHERE A = 1", NO_OPTIONS, None)
    statements.stop()
    assert len(sql.table()) == 1
