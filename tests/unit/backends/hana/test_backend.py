"""The backend for HANA over scripted readers: what is sent as whom, and what principals meet."""

from contextlib import closing
from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import (
    AccessDenied,
    DataError,
    Unavailable,
    UnknownEntity,
    UnsupportedSql,
)
from flight_client.protocol.filters import Comparison
from flight_client.protocol.tickets import ReadTicket
from flight_server.backends.base import GaveUp
from flight_server.backends.hana.backend import HanaBackend
from flight_server.backends.hana.entities import Delivery, DetailRow
from flight_server.backends.hana.errors import LATE
from flight_server.backends.hana.rereading import CHANGED
from flight_server.backends.hana.shared import Reading, Shared
from flight_server.backends.hana.users import Users
from flight_server.config import HanaSection
from flight_server.planning.plan import KeyRange, ReadPlan
from flight_server.planning.read import Limits, plan_read
from flight_server.service.reads import CatalogLookup
from flight_server.sql.gate import AdmittedQuery, admit
from tests.support.hana_catalogue import ScriptedPool, column, relation
from tests.support.scripted import ScriptedStream, Step, failure

ORDERS = [
    relation("table", "ORDERS"),
    column("ORDERS", "ID", 1, "BIGINT"),
    column("ORDERS", "RATE", 2, "DECIMAL", 34, None),
    column("ORDERS", "DAY", 3, "DATE"),
]
COSTS = [relation("view", "COSTS", space="F"), column("COSTS", "ID", 1, "BIGINT", space="F")]
TECHNICAL: dict[str, Any] = {"user": "ALL", "password": "p"}
TEXTUAL = Delivery(HanaType("DOUBLE"), HanaType("NVARCHAR", 27))


def backend(pool: ScriptedPool, delivery: Delivery | None = None, **users: Any) -> HanaBackend:
    section = HanaSection.model_validate({"address": "h", **(users or TECHNICAL)})
    reading = Reading(
        delivery=delivery or Delivery(), lob_bytes=1024, query_timeout_s=7, catalog_ttl_s=300
    )
    return HanaBackend(Shared(pool, Users(section), reading))


def pool_of(rows: list[DetailRow] | None = None, label: str = "ALL") -> ScriptedPool:
    return ScriptedPool({label: rows if rows is not None else [*ORDERS, *COSTS]})


def plan(of: HanaBackend, name: str = "ORDERS", **wish: Any) -> ReadPlan:
    (entity,) = of.find(name)
    return plan_read(ReadTicket(entity=name, space=entity.space, **wish), entity, Limits())


def admitted(of: HanaBackend, text: str, values: int = 0) -> AdmittedQuery:
    return admit(text, default_space=None, lookup=CatalogLookup(of), parameter_count=values)


def test_read_is_one_statement_with_its_columns_and_bounds() -> None:
    pool = pool_of()
    of = backend(pool)
    with closing(of.open(plan(of, columns=("ID",), where=Comparison("ID", "=", (5,))))):
        ((user, run, slot, subject),) = pool.opened
    assert (user, slot, subject) == ("ALL", "S", "S.ORDERS")
    assert run.sql == 'SELECT "ID" FROM "S"."ORDERS" WHERE "ID" = ?'
    assert (run.values, run.timeout_s, run.lob_bytes) == ((5,), 7, 1024)
    assert run.columns == (Column("ID", HanaType("BIGINT")),)


def test_explanation_is_the_statement_that_is_sent() -> None:
    pool = pool_of()
    of = backend(pool)
    wish = plan(of, limit=3)
    with closing(of.open(wish)):
        assert of.explain(wish).text == pool.opened[0][1].sql


def test_traces_of_hana_show_the_principal() -> None:
    pool = pool_of()
    of = backend(pool).acting_for("alice")
    with closing(of.open(plan(of))):
        assert pool.opened[0][1].client_info == {"APPLICATIONUSER": "alice"}
    assert [run.client_info for _, run in pool.asked] == [{}]


def test_principals_of_one_user_share_its_catalogue() -> None:
    pool = pool_of()
    of = backend(pool)
    assert of.acting_for("alice").find("ORDERS") == of.acting_for("bob").find("ORDERS")
    assert len(pool.asked) == 1


def test_principal_without_a_user_is_refused_at_once() -> None:
    users = {"principals": {"alice": TECHNICAL}}
    with pytest.raises(AccessDenied, match="'bob' has no user"):
        backend(pool_of(), **users).acting_for("bob")


def test_spaces_of_several_users_are_one_catalogue() -> None:
    pool = ScriptedPool({"S#U": ORDERS, "F#U": COSTS})
    users = {
        "S": {"user": "S#U", "password": "p"},
        "F": {"user": "F#U", "password": "p"},
    }
    of = backend(pool, spaces=users)
    assert [space.name for space in of.spaces()] == ["F", "S"]
    assert [entity.name for entity in of.entities(None)] == ["COSTS", "ORDERS"]
    assert of.entity_names(None) == ["COSTS", "ORDERS"]
    assert of.entity_names("S") == ["ORDERS"]
    with closing(of.open(plan(of, "COSTS"))):
        assert pool.opened[0][0] == "F#U"


def test_user_of_a_space_shows_nothing_of_another() -> None:
    pool = pool_of(label="S#U")
    of = backend(pool, spaces={"S": {"user": "S#U", "password": "p"}})
    assert [space.name for space in of.spaces()] == ["S"]
    assert of.entity("F", "COSTS") is None
    assert list(of.entities("F")) == []
    assert list(of.find("COSTS")) == []


def test_query_over_spaces_of_two_users_is_refused() -> None:
    pool = ScriptedPool({"S#U": ORDERS, "F#U": COSTS})
    users = {name: {"user": f"{name}#U", "password": "p"} for name in ("S", "F")}
    of = backend(pool, spaces=users)
    query = admitted(of, 'SELECT O.ID FROM S.ORDERS O JOIN "F".COSTS C ON O.ID = C.ID')
    with pytest.raises(UnsupportedSql, match="the spaces F, S, which have different users"):
        of.describe_query(query, ())


def test_query_over_spaces_of_one_user_is_sent() -> None:
    pool = pool_of()
    pool.described = (Column("ID", HanaType("BIGINT")),)
    of = backend(pool)
    query = admitted(of, 'SELECT O.ID FROM S.ORDERS O JOIN "F".COSTS C ON O.ID = C.ID')
    with closing(of.open_query(query, (), 2**20)) as stream:
        assert stream.schema.names == ["ID"]
    assert pool.opened[0][2] == "F"


def test_query_is_described_once_for_asking_and_reading() -> None:
    pool = pool_of()
    pool.described = (Column("ID", HanaType("BIGINT")),)
    of = backend(pool)
    query = admitted(of, "SELECT ID FROM S.ORDERS WHERE ID = ?", 1)
    of.describe_query(query, (1,))
    with closing(of.open_query(query, (1,), 2**20)):
        pass
    assert len(pool.described_sql) == 1
    assert pool.opened[0][1].values == (1,)


def test_floating_decimals_of_a_query_arrive_as_set_and_timestamps_as_they_are() -> None:
    pool = pool_of()
    pool.described = (Column("D", HanaType("DECIMAL")), Column("T", HanaType("TIMESTAMP")))
    of = backend(pool, TEXTUAL)
    schema = of.describe_query(admitted(of, "SELECT RATE AS D, DAY AS T FROM S.ORDERS"), ())
    assert schema.types == [pa.float64(), pa.timestamp("us")]


def test_number_of_rows_is_not_claimed() -> None:
    of = backend(pool_of())
    assert of.row_count(of.find("ORDERS")[0]) is None


def test_extremes_are_read_as_the_column_is_declared() -> None:
    pool = pool_of()
    days = pa.array([date(2024, 1, 1)]), pa.array([date(2024, 12, 31)])
    pool.answer = pa.table(days, names=["LEAST", "GREATEST"])
    of = backend(pool)
    wish = plan(of)
    day = wish.entity.columns[2]
    assert of.key_range(wish, day) == KeyRange(date(2024, 1, 1), date(2024, 12, 31))
    assert [each.type for each in pool.asked[-1][1].columns] == [HanaType("DATE")] * 2


def test_extremes_of_no_rows_are_none() -> None:
    pool = pool_of()
    nothing = pa.array([None], pa.int64())
    pool.answer = pa.table([nothing, nothing], names=["LEAST", "GREATEST"])
    of = backend(pool)
    wish = plan(of)
    assert of.key_range(wish, wish.entity.columns[0]) is None


def test_extremes_that_our_own_limit_ended_are_given_up() -> None:
    pool = pool_of()
    pool.answer = Unavailable("S.ORDERS: no answer within 60 s.", **{LATE: "60"})
    of = backend(pool)
    wish = plan(of)
    with pytest.raises(GaveUp, match="within 60 s"):
        of.key_range(wish, wish.entity.columns[0])


def test_extremes_of_a_connection_that_broke_are_not_given_up() -> None:
    pool = pool_of()
    pool.answer = Unavailable("The connection broke.", hana_code=-10807)
    of = backend(pool)
    wish = plan(of)
    with pytest.raises(Unavailable, match="broke"):
        of.key_range(wish, wish.entity.columns[0])


def test_close_ends_the_readers() -> None:
    pool = pool_of()
    backend(pool).close()
    assert pool.closed


def streams(pool: ScriptedPool, *scripts: list[Step]) -> list[ScriptedStream]:
    """The streams that the pool will open, each with its steps."""
    made: list[ScriptedStream] = []
    waiting = list(scripts)

    def make(schema: pa.Schema) -> ScriptedStream:
        made.append(ScriptedStream(schema, waiting.pop(0)))
        return made[-1]

    pool.make = make
    return made


def changed() -> Step:
    return failure(DataError("S.ORDERS has other columns now.", **{CHANGED: 1}))


def empty_batch(stream: ScriptedStream) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], stream.schema)


def test_read_of_a_view_that_changed_starts_again_before_its_first_batch() -> None:
    pool = pool_of()
    made = streams(pool, [changed()], [empty_batch])
    of = backend(pool)
    with closing(of.open(plan(of, columns=("RATE",)))) as stream:
        pool.rows["ALL"][1:] = [column("ORDERS", "RATE", 1, "SMALLDECIMAL", 16)]
        assert stream.read() is not None
        assert stream.read() is None
    assert pool.opened[1][1].columns[0].type == HanaType("SMALLDECIMAL")
    assert all(each.closed.is_set() for each in made)


def test_read_whose_columns_are_of_another_type_now_fails_and_the_next_one_knows() -> None:
    pool = pool_of()
    streams(pool, [changed()])
    of = backend(pool)
    with closing(of.open(plan(of, columns=("ID",)))) as stream:
        pool.rows["ALL"][1] = column("ORDERS", "ID", 1, "INTEGER")
        with pytest.raises(DataError, match="other columns"):
            stream.read()
    assert len(pool.opened) == 1
    assert plan(of, columns=("ID",)).columns[0].type == HanaType("INTEGER")


def test_read_of_an_entity_that_is_gone_fails_and_it_is_looked_up_anew() -> None:
    pool = pool_of()
    streams(pool, [failure(UnknownEntity("It is gone.", hana_code=259))])
    of = backend(pool)
    with closing(of.open(plan(of))) as stream:
        pool.rows["ALL"].clear()
        with pytest.raises(UnknownEntity):
            stream.read()
    assert list(of.find("ORDERS")) == []


def test_read_whose_columns_did_not_change_is_not_repeated() -> None:
    pool = pool_of()
    streams(pool, [changed()])
    of = backend(pool)
    with closing(of.open(plan(of))) as stream, pytest.raises(DataError, match="other columns"):
        stream.read()
    assert len(pool.opened) == 1


def test_error_of_another_kind_is_raised_as_it_is() -> None:
    pool = pool_of()
    streams(pool, [failure(DataError("A division by zero.", hana_code=304))])
    of = backend(pool)
    before = len(pool.asked)
    with closing(of.open(plan(of))) as stream, pytest.raises(DataError, match="division"):
        stream.read()
    assert len(pool.asked) == before + 1


def test_change_after_the_first_batch_is_an_error() -> None:
    pool = pool_of()
    streams(pool, [empty_batch, changed()])
    of = backend(pool)
    with closing(of.open(plan(of))) as stream:
        stream.read()
        with pytest.raises(DataError, match="other columns"):
            stream.read()
    assert len(pool.opened) == 1


def test_cancel_reaches_the_stream_that_reads() -> None:
    pool = pool_of()
    made = streams(pool, [changed()], [empty_batch])
    of = backend(pool)
    with closing(of.open(plan(of, columns=("RATE",)))) as stream:
        pool.rows["ALL"][1:] = [column("ORDERS", "RATE", 1, "SMALLDECIMAL", 16)]
        stream.read()
        stream.cancel()
    assert [each.cancelled.is_set() for each in made] == [False, True]


def test_query_that_changed_is_described_again() -> None:
    pool = pool_of()
    pool.described = (Column("ID", HanaType("BIGINT")),)
    streams(pool, [changed()])
    of = backend(pool)
    query = admitted(of, "SELECT ID FROM S.ORDERS")
    with closing(of.open_query(query, (), 2**20)) as stream, pytest.raises(DataError):
        stream.read()
    pool.described = (replace(pool.described[0], type=HanaType("INTEGER")),)
    assert of.describe_query(query, ()).types == [pa.int32()]
