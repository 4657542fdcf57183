"""The backend over real readers and the emulator: what the configuration decides."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from flight_client.protocol.errors import (
    AccessDenied,
    DataError,
    InvalidRead,
    Unauthenticated,
    UnknownEntity,
    UnsupportedSql,
)
from flight_client.protocol.filters import Comparison
from flight_client.protocol.tickets import Partition, ReadTicket, SqlTicket, Ticket
from flight_server.app import examine
from flight_server.backends.hana.backend import HanaBackend
from flight_server.backends.hana.opening import hana_backend, reader_settings, reading
from flight_server.backends.hana.pool.readers import Readers
from flight_server.backends.hana.shared import Shared
from flight_server.backends.hana.users import Users
from flight_server.config import Configuration, HanaSection
from flight_server.planning.read import Limits
from flight_server.service.discovery import Discovery
from flight_server.service.reads import Reads
from tests.hana_emulator.engine import DuckEngine
from tests.hana_emulator.server import EmulatorServer
from tests.support.watched_engine import WatchedEngine

SALES = {"user": "SALES#READER", "password": "Sesame-open-1"}
FINANCE = {"user": "FINANCE#READER", "password": "Sesame-open-2"}

SHORT_S = 3.0
"""For MIN and MAX, which are held; also for starting a reader and the catalogue, which are not."""

SCRIPT = """
CREATE TABLE "SALES"."RATES" (
  "ID" INTEGER, "RATE" DECIMAL, "SMALL" SMALLDECIMAL, "CHANGED_AT" TIMESTAMP
);
INSERT INTO "SALES"."RATES" VALUES (1, 1.25, 2.5, TIMESTAMP'2024-02-29 10:00:00.1234567');
INSERT INTO "SALES"."RATES" VALUES (2, NULL, NULL, NULL);
CREATE TABLE "FINANCE"."COSTS" ("ID" INTEGER);
GRANT SELECT ON SCHEMA "SALES" TO "SALES#READER";
GRANT SELECT ON SCHEMA "FINANCE" TO "FINANCE#READER";
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckEngine]:
    made = DuckEngine()
    made.add_space("SALES")
    made.add_space("FINANCE")
    for user in (SALES, FINANCE):
        made.add_user(user["user"], user["password"])
    made.run_script(SCRIPT)
    yield made
    made.close()


@pytest.fixture(scope="module")
def port(engine: DuckEngine) -> Iterator[int]:
    with EmulatorServer(engine) as server:
        yield server.port
        assert server.wait_for_connections(0)


def section(port: int, **keys: Any) -> HanaSection:
    given = {"address": "127.0.0.1", "port": port, "allow_plaintext": True, **(keys or SALES)}
    return HanaSection.model_validate(given)


@contextmanager
def opened(port: int, **keys: Any) -> Iterator[HanaBackend]:
    with closing(hana_backend(section(port, **keys))) as backend:
        yield backend


@pytest.fixture(scope="module")
def sales(port: int) -> Iterator[HanaBackend]:
    with opened(port) as backend:
        yield backend


def rows(backend: HanaBackend, ticket: Ticket) -> list[dict[str, Any]]:
    """The rows of a ticket's endpoints, one after the other."""
    reads = Reads(backend, Discovery(backend), Limits())
    found: list[dict[str, Any]] = []
    for endpoint in reads.info(ticket).tickets:
        with closing(reads.open(endpoint).stream) as stream:
            while (batch := stream.read()) is not None:
                found += batch.to_pylist()
    return found


RATES = ReadTicket(space="SALES", entity="RATES", where=Comparison("ID", "=", (1,)))


@pytest.mark.parametrize(
    ("policy", "rate", "small"),
    [
        ("utf8", "1.25", "2.5"),
        ("float64", 1.25, 2.5),
        ("decimal128(38,4)", Decimal("1.2500"), Decimal("2.5000")),
    ],
)
def test_floating_decimals_arrive_by_policy(
    port: int, policy: str, rate: object, small: object
) -> None:
    with opened(port, **SALES, floating_decimal=policy) as backend:
        (row,) = rows(backend, RATES)
        query = SqlTicket(sql="SELECT RATE, SMALL FROM SALES.RATES WHERE ID = 1")
        assert (row["RATE"], row["SMALL"]) == (rate, small)
        assert rows(backend, query) == [{"RATE": rate, "SMALL": small}]


def test_floating_decimal_that_does_not_fit_is_never_rounded(port: int) -> None:
    with (
        opened(port, **SALES, floating_decimal="decimal128(38,1)") as backend,
        pytest.raises(DataError, match=r"'RATE' holds 1\.25"),
    ):
        rows(backend, RATES)


def test_timestamps_lose_their_seventh_digit_by_default(sales: HanaBackend) -> None:
    (row,) = rows(sales, RATES)
    assert row["CHANGED_AT"] == datetime(2024, 2, 29, 10, 0, 0, 123456)


def test_timestamps_keep_every_digit_as_text(port: int) -> None:
    with opened(port, **SALES, timestamps="text") as backend:
        everything = ReadTicket(space="SALES", entity="RATES", order_by=())
        found = [row["CHANGED_AT"] for row in rows(backend, everything)]
    assert found == ["2024-02-29 10:00:00.1234567", None]


@pytest.mark.parametrize("timestamps", ["microseconds", "text"])
def test_read_is_cut_by_ranges_of_a_timestamp(port: int, timestamps: str) -> None:
    with opened(port, **SALES, timestamps=timestamps) as backend:
        wish = ReadTicket(
            space="SALES",
            entity="RATES",
            columns=("ID",),
            partition=Partition(of=3, by="CHANGED_AT"),
        )
        assert sorted(row["ID"] for row in rows(backend, wish)) == [1, 2]


def test_view_that_changed_is_known_to_the_next_read(
    sales: HanaBackend, engine: DuckEngine
) -> None:
    engine.run_script('CREATE VIEW "SALES"."CHANGING" AS SELECT "ID" FROM "SALES"."RATES"')
    read = ReadTicket(space="SALES", entity="CHANGING")
    assert [row["ID"] for row in rows(sales, read)] == [1, 2]
    engine.run_script(
        'DROP VIEW "SALES"."CHANGING"; CREATE VIEW "SALES"."CHANGING" AS '
        'SELECT CAST("ID" AS NVARCHAR(5)) AS "ID" FROM "SALES"."RATES"'
    )
    with pytest.raises(InvalidRead, match="type NVARCHAR where 'ID' of type INTEGER"):
        rows(sales, read)
    assert [row["ID"] for row in rows(sales, read)] == ["1", "2"]


def test_view_whose_column_arrives_alike_is_read_without_a_word(
    sales: HanaBackend, engine: DuckEngine
) -> None:
    view = 'CREATE VIEW "SALES"."ALIKE" AS SELECT {} AS "RATE" FROM "SALES"."RATES"'
    engine.run_script(view.format('"RATE"'))
    read = ReadTicket(space="SALES", entity="ALIKE")
    before = rows(sales, read)
    engine.run_script(f'DROP VIEW "SALES"."ALIKE"; {view.format("TO_NVARCHAR(RATE)")}')
    assert rows(sales, read) == before == [{"RATE": "1.25"}, {"RATE": None}]


def test_view_that_is_gone_is_unknown_afterwards(sales: HanaBackend, engine: DuckEngine) -> None:
    engine.run_script('CREATE VIEW "SALES"."GONE" AS SELECT "ID" FROM "SALES"."RATES"')
    read = ReadTicket(space="SALES", entity="GONE")
    assert len(rows(sales, read)) == 2
    engine.run_script('DROP VIEW "SALES"."GONE"')
    with pytest.raises(UnknownEntity, match=r"SALES\.GONE"):
        rows(sales, read)
    with pytest.raises(UnknownEntity, match="There is no entity 'GONE'"):
        rows(sales, read)


def test_each_space_is_read_with_its_own_user(port: int) -> None:
    with opened(port, spaces={"SALES": SALES, "FINANCE": FINANCE}) as backend:
        assert [space.name for space in backend.spaces()] == ["FINANCE", "SALES"]
        assert len(rows(backend, ReadTicket(space="SALES", entity="RATES"))) == 2
        assert rows(backend, ReadTicket(space="FINANCE", entity="COSTS")) == []
        both = "SELECT R.ID FROM SALES.RATES R JOIN FINANCE.COSTS C ON R.ID = C.ID"
        with pytest.raises(UnsupportedSql, match="the spaces FINANCE, SALES"):
            rows(backend, SqlTicket(sql=both))


def test_space_whose_user_is_refused_does_not_take_the_others_with_it(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = {**SALES, "password": "wrong-word"}
    with opened(port, spaces={"SALES": wrong, "FINANCE": FINANCE}) as backend:
        assert [space.name for space in backend.spaces()] == ["FINANCE"]
        assert rows(backend, ReadTicket(entity="COSTS")) == []
        assert rows(backend, SqlTicket(sql="SELECT ID FROM COSTS")) == []
        with pytest.raises(Unauthenticated):
            rows(backend, ReadTicket(space="SALES", entity="RATES"))
        with pytest.raises(Unauthenticated, match=r"cannot be asked \(SALES, SALES#READER\)"):
            rows(backend, ReadTicket(entity="RATES"))
    assert sum("SALES#READER cannot be asked" in line for line in caplog.messages) == 1
    assert "wrong-word" not in caplog.text


@contextmanager
def slow_extremes() -> Iterator[HanaBackend]:
    """A backend that waits SHORT_S for MIN and MAX, on a HANA that holds them."""
    inner = DuckEngine({SALES["user"]: SALES["password"]})
    inner.add_space("SALES")
    inner.run_script(SCRIPT.partition('CREATE TABLE "FINANCE"')[0])
    inner.grant_read(SALES["user"], "SALES")
    engine = WatchedEngine(inner, "MIN(")
    with closing(engine), EmulatorServer(engine) as server:
        hana = section(server.port)
        readers = Readers(replace(reader_settings(hana), short_s=SHORT_S))
        with closing(HanaBackend(Shared(readers, Users(hana), reading(hana)))) as backend:
            backend.spaces()  # the log-on may take its time
            with engine.holding():
                yield backend
        assert engine.started == 1


def test_read_of_a_slow_view_is_cut_by_hash() -> None:
    with slow_extremes() as backend:
        wish = ReadTicket(space="SALES", entity="RATES", columns=("ID",), partition=Partition(3))
        assert sorted(row["ID"] for row in rows(backend, wish)) == [1, 2]


def test_ranges_of_a_slow_view_are_refused_with_the_limit() -> None:
    with slow_extremes() as backend:
        wish = ReadTicket(space="SALES", entity="RATES", partition=Partition(3, method="range"))
        with pytest.raises(InvalidRead, match=f"within {SHORT_S:g} s, .*partition_method="):
            rows(backend, wish)


def test_each_principal_sees_what_its_user_sees(port: int) -> None:
    with opened(port, principals={"alice": SALES, "bob": FINANCE}) as backend:
        seen = {
            principal: [space.name for space in backend.acting_for(principal).spaces()]
            for principal in ("alice", "bob")
        }
        with pytest.raises(AccessDenied):
            backend.acting_for("mallory")
    assert seen == {"alice": ["SALES"], "bob": ["FINANCE"]}


def test_wrong_password_is_an_error_without_it(port: int) -> None:
    wrong = {**SALES, "password": "wrong-word"}
    with opened(port, **wrong) as backend, pytest.raises(Unauthenticated) as caught:
        backend.spaces()
    assert "wrong-word" not in str(caught.value)


def test_examination_finds_what_the_user_may_read(port: int) -> None:
    report = examine(Configuration(hana=section(port, **FINANCE)))
    assert report.problems == ()
    assert report.facts["spaces"] == {"FINANCE": 1}


@pytest.mark.parametrize("state", ["locked", "force_change", "deactivated"])
def test_user_who_is_not_let_in_is_told_so(engine: DuckEngine, port: int, state: str) -> None:
    name = f"USER#{state.upper()}"
    engine.add_user(name, "Sesame-open-3", state=state)
    user = {"user": name, "password": "Sesame-open-3"}
    with opened(port, **user) as backend, pytest.raises(Unauthenticated):
        backend.spaces()
