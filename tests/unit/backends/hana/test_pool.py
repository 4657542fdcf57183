"""Which process serves whom, how many there are, and when they go."""

import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from flight_client.protocol.errors import (
    Cancelled,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
)
from flight_server.backends.hana.pool.settings import ReaderSettings
from tests.support.fake_readers import COLUMNS, Fakes, children, eventually, fakes, rows, run

SOON_S = 5.0


def read(hana: Fakes, sql: str = "rows 1", **where: Any) -> int:
    with closing(hana.open(sql, **where)) as stream:
        return rows(stream)


def test_user_gets_the_connection_it_had(tmp_path: Path) -> None:
    with fakes(tmp_path) as hana:
        assert read(hana) == read(hana) == 1

        assert len(hana.lines("Connect")) == 1
        assert len(set(hana.pids())) == 1


def test_other_user_gets_another_connection(tmp_path: Path) -> None:
    with fakes(tmp_path) as hana:
        read(hana)
        read(hana, user=hana.user("FINANCE#FLIGHT"))

        users = [line.split()[-1] for line in hana.lines("as")]
        assert users == ["SALES#FLIGHT", "FINANCE#FLIGHT"]
        assert len(set(hana.pids())) == 2


def test_process_of_another_user_is_taken_where_there_is_no_room(tmp_path: Path) -> None:
    with fakes(tmp_path, max_readers=2) as hana:
        for name in ("A#1", "B#1", "C#1"):
            read(hana, user=hana.user(name))

        first, second, third = hana.pids()
        assert third == first != second, "the longest idle one changes hands"


def test_number_of_processes_is_bounded(tmp_path: Path) -> None:
    with fakes(tmp_path, max_readers=3, statements_per_space=9) as hana:
        threads = [
            threading.Thread(target=read, args=[hana, "rows 1; sleep 0.05"]) for _ in range(9)
        ]
        before = children()
        for thread in threads:
            thread.start()
        most = 0
        while any(thread.is_alive() for thread in threads):
            most = max(most, len(children() - before))
            time.sleep(0.01)

        assert most <= 3
        assert len(hana.lines("Run")) == 9


def test_space_has_its_own_number_of_turns(tmp_path: Path) -> None:
    with fakes(tmp_path, statements_per_space=1) as hana:
        first = hana.open("rows 1; hang")
        first.read()
        second = hana.open("rows 1")
        waiting = threading.Thread(target=second.read)
        waiting.start()
        assert eventually(lambda: hana.readers._pool.slot("SALES").waiting == 1)

        assert read(hana, slot="FINANCE") == 1

        first.cancel()
        first.close()
        waiting.join()


def test_cancelled_stream_leaves_the_queue_at_once(tmp_path: Path) -> None:
    with fakes(tmp_path, statements_per_space=1) as hana:
        first = hana.open("rows 1; hang")
        first.read()
        second = hana.open("rows 1")
        timer = threading.Timer(0.1, second.cancel)
        timer.start()

        with pytest.raises(Cancelled):
            second.read()

        assert hana.readers._pool.slot("SALES").waiting == 0
        timer.join()


def test_stream_that_waited_too_long_says_for_what(tmp_path: Path) -> None:
    with fakes(tmp_path, statements_per_space=1, queue_s=0.05) as hana:
        hana.open("rows 1; hang").read()

        with pytest.raises(
            Unavailable, match=r"'SALES' .* were taken for 0\.05 s; try again later"
        ):
            hana.open("rows 1").read()


def test_catalogue_answers_while_slow_clients_hold_all_streams(tmp_path: Path) -> None:
    with fakes(tmp_path, max_readers=2, queue_s=0.2) as hana:
        hana.open("rows 1 x99999999").read()
        with pytest.raises(Unavailable, match=r"for reads \(hana\.max_readers = 2, one"):
            hana.open("rows 1", slot="FINANCE").read()

        assert hana.readers.describe(hana.user(), "", subject="The query").columns == COLUMNS
        assert hana.readers.table(hana.user(), run("rows 3"), subject="The catalogue").num_rows == 3


def test_one_process_is_too_few() -> None:
    with pytest.raises(ValueError, match="max_readers is at least 2"):
        ReaderSettings(max_readers=1)


def test_worn_process_is_replaced(tmp_path: Path) -> None:
    with fakes(tmp_path, recycle_statements=2) as hana:
        for _ in range(4):
            read(hana)

        first, second, third, fourth = hana.pids()
        assert first == second != third == fourth


def test_grown_process_is_replaced(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with fakes(tmp_path, recycle_bytes=1_000_000) as hana, caplog.at_level("INFO"):
        read(hana, "rows 1; grow 900000")
        read(hana, "rows 1; grow 200000")
        read(hana)

        first, second, third = hana.pids()
        assert first == second != third
        assert "replaced after growing by 1,100,000 bytes" in caplog.text


def test_old_connection_is_replaced(tmp_path: Path) -> None:
    with fakes(tmp_path, connection_lifetime_s=0) as hana:
        read(hana)
        read(hana)

        assert len(hana.lines("Connect")) == 2
        assert len(set(hana.pids())) == 1


def test_connection_that_was_idle_is_asked_first(tmp_path: Path) -> None:
    with fakes(tmp_path, ping_after_s=-1) as hana:
        read(hana)
        read(hana)

        assert len(hana.lines("Ping")) == 1
        assert len(hana.lines("Connect")) == 1


@pytest.mark.parametrize("ping", ["lost -10807", "fail 1025 broken", "die 9", "deaf"])
def test_connection_that_gives_no_sign_of_life_is_replaced(tmp_path: Path, ping: str) -> None:
    with fakes(tmp_path, ping_after_s=-1, ping_s=0.2) as hana:
        read(hana, user=hana.user(ping=ping))

        assert read(hana, user=hana.user(ping=ping)) == 1

        assert len(hana.lines("Connect")) == 2


def test_cancelled_connection_is_asked_before_its_next_statement(tmp_path: Path) -> None:
    with fakes(tmp_path) as hana:
        with closing(hana.open("rows 1; hang")) as stream:
            stream.read()
        read(hana)

        assert len(hana.lines("Ping")) == 1


def test_broken_connection_that_was_idle_is_replaced_without_a_word(tmp_path: Path) -> None:
    with fakes(tmp_path, attempts=1) as hana:
        read(hana)

        assert read(hana, f"once {tmp_path / 'broken'} lost -10807; rows 2") == 2


def test_idle_process_ends(tmp_path: Path) -> None:
    before = children()
    with fakes(tmp_path, idle_s=0.1) as hana:
        read(hana)

        assert eventually(lambda: children() <= before)
        assert read(hana) == 1


def test_process_that_dies_idle_is_no_zombie_for_long(tmp_path: Path) -> None:
    before = children()
    with fakes(tmp_path, idle_s=0.4) as hana:
        read(hana)
        psutil.Process(int(hana.pids()[0])).kill()

        assert eventually(lambda: children() <= before)


def test_refused_user_is_not_hammered(tmp_path: Path) -> None:
    with fakes(tmp_path) as hana:
        locked = hana.user(script="fail 416 locked")
        for _ in range(3):
            with pytest.raises(Unauthenticated, match="locked"):
                read(hana, user=locked)
        with pytest.raises(Unauthenticated):
            hana.readers.describe(locked, "", subject="The query")

        assert len(hana.lines("Connect")) == 1


def test_database_out_of_reach_is_tried_a_few_times(tmp_path: Path) -> None:
    with fakes(tmp_path, attempts=3) as hana:
        with pytest.raises(Unavailable, match="cannot be reached"):
            read(hana, user=hana.user(script="lost -10709"))

        assert len(hana.lines("Connect")) == 3
        assert len(set(hana.pids("Connect"))) == 1, "a process outlives a failed log-on"


def test_log_on_without_an_answer_ends(tmp_path: Path) -> None:
    with (
        fakes(tmp_path, start_s=0.5) as hana,
        pytest.raises(Unavailable, match=r"longer than 0\.5 s"),
    ):
        read(hana, user=hana.user(script="deaf"))


def test_cancel_ends_a_log_on_without_an_answer(tmp_path: Path) -> None:
    with fakes(tmp_path) as hana:
        stream = hana.open("rows 1", user=hana.user(script="deaf"))
        timer = threading.Timer(0.3, stream.cancel)
        timer.start()
        started = time.monotonic()

        with pytest.raises(Cancelled):
            stream.read()

        assert time.monotonic() - started < SOON_S
        timer.join()


def test_check_logs_on_afresh_and_once(tmp_path: Path) -> None:
    with fakes(tmp_path, statements=("SET TRANSACTION READ ONLY",)) as hana:
        read(hana)

        connected = hana.readers.check(hana.user())

        assert connected.refused == ("SET TRANSACTION READ ONLY is refused.",)
        with pytest.raises(Unavailable):
            hana.readers.check(hana.user("B#1", script="lost -10709"))
        assert len(hana.lines("Connect")) == 3


def test_table_has_all_rows(tmp_path: Path) -> None:
    with fakes(tmp_path) as hana:
        table = hana.readers.table(hana.user(), run("rows 2 x3"), subject="The catalogue")
        empty = hana.readers.table(hana.user(), run("running"), subject="The catalogue")

    assert table.to_pydict() == {"N": [0, 1] * 3}
    assert empty.to_pydict() == {"N": []}


def test_table_of_too_many_rows_is_refused(tmp_path: Path) -> None:
    with fakes(tmp_path, table_rows=10) as hana:
        with pytest.raises(ResourceExhausted, match="The catalogue has more than 10 rows"):
            hana.readers.table(hana.user(), run("rows 6 x99999999"), subject="The catalogue")

        assert hana.readers._pool._turns.free == hana.readers._settings.max_readers


def test_short_call_without_an_answer_ends(tmp_path: Path) -> None:
    with fakes(tmp_path, short_s=0.5) as hana:
        with pytest.raises(Unavailable, match=r"did not answer within 0\.5 s"):
            hana.readers.describe(hana.user(), "deaf", subject="The query")

        assert hana.readers._pool._turns.free == hana.readers._settings.max_readers


def test_session_variables_are_those_of_the_settings_and_of_the_statement(tmp_path: Path) -> None:
    with fakes(tmp_path, client_info={"APPLICATION": "ours"}) as hana:
        read(hana)

        assert hana.lines("context")[0].endswith("context APPLICATION=ours")


def test_close_ends_streams_and_processes(tmp_path: Path) -> None:
    before = children()
    with fakes(tmp_path, statements_per_space=2) as hana:
        listening, deaf, waiting = (
            hana.open(f"rows 1; {word}") for word in ("hang", "deaf", "hang")
        )
        listening.read()
        deaf.read()
        ended: list[str] = []

        def read_on(stream: Any) -> None:
            with pytest.raises(Unavailable) as raised:
                rows(stream)
            ended.append(raised.value.message)
            stream.close()

        threads = [threading.Thread(target=read_on, args=[s]) for s in (listening, deaf, waiting)]
        for thread in threads:
            thread.start()
        assert eventually(lambda: hana.readers._pool.slot("SALES").waiting == 1)

        started = time.monotonic()
        hana.readers.close()

        assert time.monotonic() - started < SOON_S
        for thread in threads:
            thread.join()
        assert ended == ["The server is closing its database; read again elsewhere."] * 3
        assert children() <= before


def test_close_does_not_wait_for_readers_of_nobody(tmp_path: Path) -> None:
    before = children()
    with fakes(tmp_path) as hana:
        stream = hana.open("rows 1; deaf")
        stream.read()

        started = time.monotonic()
        hana.readers.close()

        assert time.monotonic() - started < SOON_S
        assert children() <= before


def test_closed_readers_refuse(tmp_path: Path) -> None:
    with fakes(tmp_path) as hana:
        unread = hana.open("rows 1")
        hana.readers.close()
        hana.readers.close()

        with pytest.raises(Unavailable, match="closing"):
            unread.read()
        with pytest.raises(Unavailable, match="closing"):
            hana.readers.describe(hana.user(), "", subject="The query")


def test_life_of_a_process_is_one_line_each(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"), fakes(tmp_path) as hana:
        with pytest.raises(Unavailable):
            read(hana, "rows 1; die 9")
        read(hana)

    said = [record.getMessage() for record in caplog.records]
    first, second = dict.fromkeys(hana.pids())
    assert said == [
        f"reader {first} started",
        f"reader {first} is logged on as SALES#FLIGHT",
        f"reader {first} ended (signal 9, SIGKILL): nobody asked it to",
        f"reader {second} started",
        f"reader {second} is logged on as SALES#FLIGHT",
        f"reader {second} ended (exit status 0): closing",
    ]
