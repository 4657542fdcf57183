"""What a transaction sends for changes and rows, over a scripted one; nothing runs."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest

from flight_client.protocol.catalog import Column, Entity, HanaType
from flight_client.protocol.errors import (
    Cancelled,
    DataError,
    Error,
    InvalidParameter,
    InvalidRequest,
    Unavailable,
    UnknownColumn,
    UnknownEntity,
    UnsupportedSql,
)
from flight_server.backends.hana.backend import HanaBackend
from flight_server.backends.hana.entities import Delivery
from flight_server.backends.hana.shared import Reading, Shared
from flight_server.backends.hana.users import Users
from flight_server.backends.hana.writing import CHUNK_BYTES, CHUNK_ROWS, HanaWriteTransaction
from flight_server.config import HanaSection
from flight_server.sql.change_gate import admit_change
from flight_server.sql.changes import AdmittedChange
from flight_server.sql.gate import CallerDialect
from tests.support.hana_catalogue import (
    ScriptedPool,
    ScriptedTransaction,
    column,
    key,
    relation,
)

TABLE = [
    relation("table", "ITEMS"),
    column("ITEMS", "ID", 1, "INTEGER", flag="FALSE"),
    column("ITEMS", "NAME", 2, "NVARCHAR", 10),
    column("ITEMS", "MEMO", 3, "NCLOB"),
    key("ITEMS", "ID"),
]


class Lookup:
    """Knows one table."""

    def spaces(self) -> Sequence[str]:
        return ("S",)

    def entities(self, space: str) -> Sequence[str]:
        return ("ITEMS",)

    def columns(self, space: str, entity: str) -> Sequence[str] | None:
        return ("ID", "NAME") if (space, entity) == ("S", "ITEMS") else None


def change(text: str) -> AdmittedChange:
    return admit_change(
        text,
        dialect=CallerDialect.HANA,
        default_space="S",
        lookup=Lookup(),
        writable=frozenset({"S"}),
        parameter_count=None,
    )


class Written:
    """A write transaction over a scripted one."""

    def __init__(self, *counts: int | Error | None, **scripted: Any) -> None:
        self.script = ScriptedTransaction(list(counts), relations=TABLE, **scripted)
        self.pool = ScriptedPool({"U": TABLE}, transaction=self.script)
        section = HanaSection.model_validate({"address": "h", "user": "U", "password": "p"})
        reading = Reading(
            delivery=Delivery(), lob_bytes=1024, catalog_ttl_s=600.0, query_timeout_s=7
        )
        self.shared = Shared(self.pool, Users(section), reading)
        self.backend = HanaBackend(self.shared, "alice")
        begun = self.backend.begin("S")
        assert isinstance(begun, HanaWriteTransaction)
        self.write = begun


def batch(rows: int, text: str = "x") -> pa.RecordBatch:
    return pa.record_batch(
        {"NAME": pa.array([text] * rows), "ID": pa.array(range(rows), pa.int64())}
    )


def sent(request: Any) -> pa.RecordBatch:
    return pa.ipc.open_stream(request.batch).read_next_batch()


def test_transaction_is_that_of_the_user_of_the_space_and_names_the_principal() -> None:
    assert Written().pool.begun == [("U", {"APPLICATIONUSER": "alice"})]


def test_rows_of_values_are_sent_as_they_are() -> None:
    made = Written(2)

    found = made.write.change(
        change("INSERT INTO ITEMS (ID, NAME) VALUES (?, ?)"), [(1, "a"), (2, None)]
    )

    (request,) = made.script.changes
    assert found == 2
    assert request.rows == [(1, "a"), (2, None)]
    assert request.sql == 'INSERT INTO "S"."ITEMS" ("ID", "NAME") VALUES (?, ?)'
    assert request.timeout_s == 7
    assert made.script.subjects == ["The INSERT"]


def test_statement_without_markers_runs_once() -> None:
    made = Written(41)

    assert made.write.change(change("DELETE FROM ITEMS"), [()]) == 41
    assert [request.rows for request in made.script.changes] == [[()]]


def test_many_rows_are_sent_in_pieces_whose_rows_are_numbered_on() -> None:
    made = Written(CHUNK_ROWS, 1)
    rows = ((number, "x") for number in range(CHUNK_ROWS + 1))

    count = made.write.change(change("INSERT INTO ITEMS (ID, NAME) VALUES (?, ?)"), rows)

    assert count == CHUNK_ROWS + 1
    pieces = made.script.changes
    assert [len(piece.rows) for piece in pieces] == [CHUNK_ROWS, 1]
    assert [piece.first_row for piece in pieces] == [1, CHUNK_ROWS + 1]


def test_wide_rows_are_sent_in_smaller_pieces() -> None:
    made = Written()
    rows = [(number, "x" * (CHUNK_BYTES // 2)) for number in range(4)]

    made.write.change(change("INSERT INTO ITEMS (ID, NAME) VALUES (?, ?)"), rows)

    assert [len(piece.rows) for piece in made.script.changes] == [2, 2]


def test_no_rows_change_nothing() -> None:
    made = Written()

    assert made.write.change(change("INSERT INTO ITEMS (ID, NAME) VALUES (?, ?)"), []) == 0
    assert made.script.changes == []


def test_rows_are_asked_for_as_they_are_sent() -> None:
    made = Written(Unavailable("lost"))
    asked = 0

    def rows() -> Any:
        nonlocal asked
        for number in range(10 * CHUNK_ROWS):
            asked += 1
            yield number, "x"

    with pytest.raises(Unavailable):
        made.write.change(change("INSERT INTO ITEMS (ID, NAME) VALUES (?, ?)"), rows())
    assert asked == CHUNK_ROWS


def test_row_with_too_few_values_is_refused_by_its_number() -> None:
    made = Written()

    with pytest.raises(InvalidParameter, match="2 markers, and row 2 has 1 values") as raised:
        made.write.change(change("INSERT INTO ITEMS (ID, NAME) VALUES (?, ?)"), [(1, "a"), (2,)])

    assert raised.value.details == {"row": 2}


def test_count_that_the_database_does_not_say_is_unknown() -> None:
    made = Written(None)

    assert made.write.change(change("INSERT INTO ITEMS (ID) VALUES (?)"), [(1,)]) is None


def test_definition_has_no_count() -> None:
    made = Written(0)

    assert made.write.change(change("DROP TABLE ITEMS"), [()]) is None


def test_columns_are_found_by_name_and_sent_in_their_own_types() -> None:
    made = Written(3)

    assert made.write.insert("S", "ITEMS", batch(3)) == 3

    (request,) = made.script.changes
    assert request.sql == 'INSERT INTO "S"."ITEMS" ("NAME", "ID") VALUES (?, ?)'
    assert sent(request).schema.types == [pa.utf8(), pa.int32()]
    assert made.script.subjects == ["S.ITEMS"]


def test_large_batch_is_sent_in_pieces_whose_rows_are_numbered_on() -> None:
    made = Written()

    assert made.write.insert("S", "ITEMS", batch(2 * CHUNK_ROWS + 1)) == 2 * CHUNK_ROWS + 1

    pieces = made.script.changes
    assert [sent(piece).num_rows for piece in pieces] == [CHUNK_ROWS, CHUNK_ROWS, 1]
    assert [piece.first_row for piece in pieces] == [1, CHUNK_ROWS + 1, 2 * CHUNK_ROWS + 1]


def test_wide_batch_is_sent_in_smaller_pieces() -> None:
    made = Written()

    wide = batch(8, "x" * (CHUNK_BYTES // 3)).rename_columns(["MEMO", "ID"])
    made.write.insert("S", "ITEMS", wide)

    assert [sent(piece).num_rows for piece in made.script.changes] == [2, 2, 2, 2]


def test_upsert_names_the_columns_of_the_rows_and_the_key() -> None:
    made = Written()

    assert made.write.upsert("S", "ITEMS", ("ID",), batch(2)) == 2

    (request,) = made.script.changes
    assert request.sql == ('UPSERT "S"."ITEMS" ("NAME", "ID") VALUES (?, ?) WITH PRIMARY KEY')


def test_empty_batch_is_checked_and_not_sent() -> None:
    made = Written()

    assert made.write.insert("S", "ITEMS", batch(0)) == 0
    assert made.script.changes == []
    with pytest.raises(UnknownColumn):
        made.write.insert("S", "ITEMS", pa.record_batch({"NOTE": pa.array([], pa.utf8())}))


def test_value_that_does_not_fit_is_not_sent() -> None:
    made = Written()
    rows = pa.record_batch({"ID": pa.array([1, 2**40])})

    with pytest.raises(DataError) as raised:
        made.write.insert("S", "ITEMS", rows)

    assert raised.value.details == {"column": "ID", "row": 2}
    assert made.script.changes == []


def test_catalogue_is_asked_once_for_many_batches() -> None:
    made = Written()
    for _ in range(3):
        made.write.insert("S", "ITEMS", batch(1))

    assert sum("SYS." in each.sql for each in made.script.asked) == 1
    assert len(made.script.changes) == 3


def test_table_that_is_not_there_is_unknown() -> None:
    made = Written()
    made.script.relations = []

    with pytest.raises(UnknownEntity, match="There is no table 'ITEMS' in space 'S'"):
        made.write.insert("S", "ITEMS", batch(1))


def test_view_is_no_table_to_write_to() -> None:
    made = Written()
    made.script.relations = [relation("view", "ITEMS"), *TABLE[1:]]

    with pytest.raises(InvalidRequest, match=r"S\.ITEMS is a view"):
        made.write.insert("S", "ITEMS", batch(1))


@pytest.mark.parametrize(
    "define",
    [
        lambda write: write.create_table("S", "NEW", (Column("A", HanaType("INTEGER")),)),
        lambda write: write.drop_table("S", "ITEMS"),
        lambda write: write.change(change("DROP TABLE ITEMS"), [()]),
        lambda write: write.change(change("TRUNCATE TABLE ITEMS"), [()]),
    ],
    ids=["create", "drop", "drop as text", "truncate"],
)
def test_definition_that_could_not_be_undone_is_refused(define: Any) -> None:
    made = Written(refused=("SET TRANSACTION AUTOCOMMIT DDL OFF: insufficient privilege",))

    with pytest.raises(UnsupportedSql, match="could not be undone"):
        define(made.write)
    assert made.script.changes == []


def known(made: Written) -> list[str]:
    """What the backend says of the space; after the first time, from what it kept."""
    return [entity.name for entity in made.backend.entities("S")]


def test_commit_of_a_definition_makes_the_catalogue_ask_anew() -> None:
    made = Written()
    assert known(made) == ["ITEMS"]
    made.pool.rows["U"] = [*TABLE, relation("table", "NEW"), column("NEW", "A", 1, "INTEGER")]

    made.write.create_table("S", "NEW", (Column("A", HanaType("INTEGER")),))
    assert known(made) == ["ITEMS"]
    made.write.commit()

    assert known(made) == ["ITEMS", "NEW"]
    assert list(made.backend.entity_names("S")) == ["ITEMS", "NEW"]


def test_commit_that_fails_makes_the_catalogue_ask_anew_too() -> None:
    made = Written()
    assert known(made) == ["ITEMS"]
    made.write.drop_table("S", "ITEMS")
    made.pool.rows["U"] = []

    def lost() -> None:
        raise Unavailable("nobody knows")

    made.script.commit = lost  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        made.write.commit()

    assert known(made) == []


def test_commit_of_rows_leaves_the_catalogue() -> None:
    made = Written()
    assert known(made) == ["ITEMS"]
    asked = len(made.pool.asked)
    made.write.insert("S", "ITEMS", batch(1))
    made.write.commit()

    assert known(made) == ["ITEMS"]
    assert len(made.pool.asked) == asked


def test_entity_is_read_from_no_cache() -> None:
    made = Written()
    first = made.write.table("S", "ITEMS")
    made.script.relations = [*TABLE, column("ITEMS", "MORE", 3, "DATE")]

    second = made.write.table("S", "ITEMS")

    assert isinstance(first, Entity)
    assert isinstance(second, Entity)
    assert len(second.columns) == len(first.columns) + 1


def test_cancel_says_that_nothing_was_kept() -> None:
    made = Written()
    made.write.cancel()

    assert isinstance(made.script.ended, Cancelled)
    assert not made.write.is_open


def test_change_is_prepared_with_the_user_of_its_table() -> None:
    made = Written()
    made.pool.markers = (HanaType("INTEGER"), None)

    described = made.backend.prepare_change(change("INSERT INTO ITEMS (ID, NAME) VALUES (?, ?)"))

    assert described.schema is None
    assert described.parameters == (HanaType("INTEGER"), None)
    assert made.pool.prepared == [("U", 'INSERT INTO "S"."ITEMS" ("ID", "NAME") VALUES (?, ?)')]


def test_definition_is_not_prepared() -> None:
    made = Written()

    assert made.backend.prepare_change(change("DROP TABLE ITEMS")).parameters == ()
    assert made.pool.prepared == []
