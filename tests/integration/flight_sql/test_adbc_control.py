"""ADBC cancels, sets session options, and shows errors whole."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from adbc_driver_flightsql import DatabaseOptions, dbapi
from adbc_driver_manager import AdbcStatusCode

from tests.support.adbc_sessions import COOKIES, ERASE, OPTION, change, keep, options_of
from tests.support.forwarder import forwarding
from tests.support.patience import PATIENCE_S, eventually
from tests.support.sql_service import Landscape, SqlService
from tests.support.sql_tables import BIG_ROWS, ENDLESS, READ, WRITE

Connect = Callable[..., dbapi.Connection]


def _in_thread(work: Callable[[], object]) -> Callable[[], BaseException | None]:
    """Start; what is returned waits for the end and tells what was raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def end() -> BaseException | None:
        thread.join(PATIENCE_S)
        assert not thread.is_alive(), "the call did not end"
        return raised[0] if raised else None

    return end


@pytest.mark.feature("cancel: query", client="ADBC")
def test_cancel_stops_a_query_in_the_database(cursor: dbapi.Cursor, service: SqlService) -> None:
    started = service.counts.started
    end = _in_thread(lambda: cursor.execute(ENDLESS).fetchone())
    service.wait_for_work(started)
    cursor.adbc_cancel()
    assert isinstance(end(), dbapi.Error)
    service.wait_for_rest()


@pytest.mark.feature("cancel: query", client="ADBC")
def test_connection_goes_on_after_a_cancel(connect: Connect, service: SqlService) -> None:
    connection = connect()
    with connection.cursor() as cursor:
        started = service.counts.started
        end = _in_thread(lambda: cursor.execute(ENDLESS).fetchone())
        service.wait_for_work(started)
        cursor.adbc_cancel()
        assert end() is not None
    with connection.cursor() as cursor:
        assert cursor.execute(f"SELECT COUNT(*) FROM {READ}.ORDERS").fetchone() == (4,)


@pytest.mark.feature("cancel: change", client="ADBC")
@pytest.mark.parametrize("run", ["execute", "execute_update"])
def test_cancel_stops_a_change_and_undoes_it(
    cursor: dbapi.Cursor, service: SqlService, target: str, run: str
) -> None:
    change = f"INSERT INTO {target} (ID) {ENDLESS.replace('COUNT(*) AS N', 'A.ID')}"

    def work() -> None:
        if run == "execute":
            cursor.execute(change)
        else:
            cursor.adbc_statement.set_sql_query(change)
            cursor.adbc_statement.execute_update()

    started = service.counts.started
    end = _in_thread(work)
    service.wait_for_work(started)
    cursor.adbc_cancel()
    assert end() is not None
    service.wait_for_rest()
    assert service.rows(f"SELECT ID FROM {target}") == [(1,)]


@pytest.mark.feature("cancel: change", client="ADBC")
def test_cancel_ends_the_transaction_around_it(
    connect: Connect, service: SqlService, target: str
) -> None:
    connection = connect(autocommit=False)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {target} VALUES (2, 'two')")
        started = service.counts.started
        end = _in_thread(
            lambda: cursor.execute(
                f"INSERT INTO {target} (ID) {ENDLESS.replace('COUNT(*) AS N', 'A.ID')}"
            )
        )
        service.wait_for_work(started)
        cursor.adbc_cancel()
        assert end() is not None
        service.wait_for_rest()
        with pytest.raises(dbapi.Error, match="TRANSACTION_UNKNOWN"):
            cursor.execute(f"INSERT INTO {target} VALUES (3, 'three')")
        connection.rollback()
        cursor.execute(f"INSERT INTO {target} VALUES (4, 'four')")
    connection.commit()
    assert service.rows(f"SELECT ID FROM {target} ORDER BY ID") == [(1,), (4,)]


@pytest.mark.feature("cancel: deadline", client="ADBC")
def test_deadline_of_a_fetch_stops_the_database(connect: Connect, service: SqlService) -> None:
    option = {DatabaseOptions.TIMEOUT_FETCH.value: "0.5"}
    connection = connect(db_kwargs=option)
    with connection.cursor() as cursor, pytest.raises(dbapi.Error):
        cursor.execute(ENDLESS).fetchone()
    service.wait_for_rest()


@pytest.mark.feature("errors: message", client="ADBC")
@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELEKT 1", "SQL_"),
        (f"SELECT NOTHING FROM {READ}.ORDERS", "COLUMN_UNKNOWN"),
        (f"SELECT * FROM {READ}.NOTHING", "ENTITY_UNKNOWN"),
        (f"SELECT TO_INTEGER(LABEL) FROM {READ}.BIG", "DATA_ERROR"),
        (f"SELECT ORDER_ID / 0 FROM {READ}.ORDERS", "DATA_ERROR"),
    ],
    ids=["syntax", "column", "table", "cast of a value", "division by zero"],
)
def test_error_is_one_sentence_with_its_code(cursor: dbapi.Cursor, sql: str, code: str) -> None:
    with pytest.raises(dbapi.Error) as caught:
        cursor.execute(sql).fetchall()
    message = str(caught.value)
    assert f"[{code}" in message
    for word in ("Traceback", ".py", "/work", "site-packages"):
        assert word not in message


@pytest.mark.feature("errors: details", client="ADBC")
def test_error_has_its_class_status_and_details(cursor: dbapi.Cursor) -> None:
    with pytest.raises(dbapi.ProgrammingError) as caught:
        cursor.execute("SELECT 1 FRM DUMMY")
    assert caught.value.status_code is AdbcStatusCode.INVALID_ARGUMENT
    details = b" ".join(value for _, value in caught.value.details)
    assert b"SQL_INVALID" in details
    assert b"datasphere-flight" in details


@pytest.mark.feature("errors: details", client="ADBC")
def test_missing_table_is_not_found(cursor: dbapi.Cursor) -> None:
    with pytest.raises(dbapi.Error) as caught:
        cursor.execute(f"SELECT * FROM {READ}.NOTHING")
    assert caught.value.status_code is AdbcStatusCode.NOT_FOUND


@pytest.mark.feature("errors: HANA's code", client="ADBC", backend="hana@emulator")
def test_error_of_hana_carries_its_code(
    cursor: dbapi.Cursor, service: SqlService, target: str
) -> None:
    if service.engine is None:
        pytest.skip("only HANA has HANA's codes")
    with pytest.raises(dbapi.Error) as caught:
        cursor.execute(f"INSERT INTO {target} VALUES (1, 'again')")
    details = b" ".join(value for _, value in caught.value.details)
    assert b"hana_code" in details
    assert b"301" in details
    assert "(HANA 301)" in str(caught.value)


def _use(connection: dbapi.Connection, schema: str) -> None:
    """Set the schema with DB-API's attribute, until the driver has kept it."""

    def used() -> bool:
        connection.adbc_current_db_schema = schema
        return connection.adbc_current_db_schema == schema

    eventually(used)


@pytest.mark.feature("session options", client="ADBC")
def test_schema_of_the_session_is_where_names_are_looked_for(connect: Connect) -> None:
    connection = connect(db_kwargs=COOKIES)
    _use(connection, WRITE)
    with connection.cursor() as cursor:
        with pytest.raises(dbapi.Error, match="ENTITY_UNKNOWN"):
            cursor.execute("SELECT * FROM ORDERS")
        _use(connection, READ)
        assert len(cursor.execute("SELECT * FROM ORDERS ").fetchall()) == 4


@pytest.mark.feature("session options", client="ADBC")
def test_options_are_set_listed_and_erased(connect: Connect) -> None:
    connection = connect(db_kwargs=COOKIES).adbc_connection
    keep(connection, partitions=4, schema=READ)
    assert options_of(connection) == {"partitions": 4, "schema": READ}
    assert connection.get_option_int(f"{OPTION}partitions") == 4
    change(connection, {f"{ERASE}partitions": ""}, {"schema": READ})
    assert options_of(connection) == {"schema": READ}


@pytest.mark.feature("session options", client="ADBC")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("colour", "red"),
        ("schema", "NOTHING"),
        ("partitions", 0),
        ("partitions", "many"),
        ("compression", "gzip"),
        ("batch_bytes", 1),
        ("catalog", "X"),
    ],
)
def test_wrong_option_is_refused_and_changes_nothing(
    connect: Connect, name: str, value: str | int
) -> None:
    connection = connect(db_kwargs=COOKIES).adbc_connection
    keep(connection, schema=READ)
    with pytest.raises(dbapi.Error):
        connection.set_options(**{f"{OPTION}{name}": value})
    assert options_of(connection) == {"schema": READ}


@pytest.mark.feature("session options", client="ADBC")
def test_sessions_do_not_see_each_other(connect: Connect) -> None:
    first, second = connect(db_kwargs=COOKIES), connect(db_kwargs=COOKIES)
    keep(first.adbc_connection, schema=READ)
    keep(second.adbc_connection, partitions=2)
    assert options_of(first.adbc_connection) == {"schema": READ}
    assert options_of(second.adbc_connection) == {"partitions": 2}


@pytest.mark.feature("any replica", client="ADBC")
def test_session_goes_on_at_another_replica(landscape: Landscape, service: SqlService) -> None:
    with (
        landscape.serving() as other,
        forwarding(service.port) as wire,
        dbapi.connect(wire.uri, db_kwargs=COOKIES, autocommit=True) as connection,
    ):
        keep(connection.adbc_connection, schema=READ)
        wire.target = other.port
        wire.drop()
        assert _answered(lambda: connection.adbc_current_db_schema) == READ


@pytest.mark.feature("any replica", client="ADBC")
def test_prepared_statement_runs_at_another_replica(
    landscape: Landscape, service: SqlService
) -> None:
    sql = f"SELECT COUNT(*) FROM {READ}.BIG WHERE ID >= ?"
    with (
        landscape.serving() as other,
        forwarding(service.port) as wire,
        dbapi.connect(wire.uri, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        cursor.adbc_prepare(sql)
        wire.target = other.port
        wire.drop()
        rows = _answered(lambda: cursor.execute(sql, [10]).fetchall())
        assert rows == [(BIG_ROWS - 10,)]
        assert other.counts.started > 0


@pytest.mark.feature("prepared statements: expiry", client="ADBC")
def test_prepared_statement_that_is_too_old_says_so(landscape: Landscape) -> None:
    sql = f"SELECT COUNT(*) FROM {READ}.ORDERS"
    with (
        landscape.serving(tickets={"lifetime_s": 1}) as server,
        dbapi.connect(server.uri, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        cursor.adbc_prepare(sql)
        said: list[str] = []

        def is_refused() -> bool:
            try:
                cursor.execute(sql).fetchall()
            except dbapi.Error as error:
                said.append(str(error))
            return bool(said)

        eventually(is_refused)
        assert "EXPIRED" in said[0]


def _answered(ask: Callable[[], Any]) -> Any:
    """What is answered once the connection is there again."""
    found: list[Any] = []

    def is_answered() -> bool:
        try:
            found.append(ask())
        except dbapi.Error as error:
            if "Unavailable" not in str(error):
                raise
            return False
        return True

    eventually(is_answered)
    return found[0]
