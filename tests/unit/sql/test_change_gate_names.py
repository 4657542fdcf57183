"""Which table a change means, and which columns."""

import pytest

from flight_client.protocol.errors import (
    AccessDenied,
    InvalidSql,
    UnknownColumn,
    UnknownEntity,
)
from flight_server.sql.gate import CallerDialect
from tests.support.hana_changes import admitted_change

NOTE = "INSERT INTO notes (id) VALUES (1)"


def test_unqualified_target_is_in_the_default_space_where_that_is_writable() -> None:
    change = admitted_change("DELETE FROM orders", space="SALES")

    assert change.target == ("SALES", "ORDERS")


@pytest.mark.parametrize("space", [None, "SALES", "HR"])
def test_unqualified_target_is_in_the_only_writable_space(space: str | None) -> None:
    change = admitted_change(NOTE, space=space, writable=frozenset({"S#U"}))

    assert change.target == ("S#U", "NOTES")


@pytest.mark.parametrize("space", ["SALES", "NOPE"])
def test_unqualified_target_stays_where_it_was_looked_for_if_that_is_asked(space: str) -> None:
    writable = frozenset({"S#U"})
    with pytest.raises(AccessDenied, match=rf"'{space}', which is no .* writable are S#U"):
        admitted_change(NOTE, space=space, writable=writable, falls_back=False)

    found = admitted_change(NOTE, space=None, writable=writable, falls_back=False)
    assert found.target == ("S#U", "NOTES")


@pytest.mark.parametrize("space", [None, "HR"])
def test_unqualified_target_must_be_qualified_where_several_spaces_are_writable(
    space: str | None,
) -> None:
    with pytest.raises(InvalidSql, match=r"'NOTES' .* writable are S#U, SALES: write it before"):
        admitted_change(NOTE, space=space)


def test_no_writable_space_is_said() -> None:
    with pytest.raises(AccessDenied, match="no schema is one to write to"):
        admitted_change(NOTE, writable=frozenset())
    with pytest.raises(AccessDenied, match="'S#U' is not one to write to; none is"):
        admitted_change('INSERT INTO "S#U".notes (id) VALUES (1)', writable=frozenset())


def test_target_in_another_space_is_denied_with_the_writable_ones() -> None:
    with pytest.raises(AccessDenied, match=r"'HR' is not one to write to; writable are S#U, SALES"):
        admitted_change("DELETE FROM hr.orders")


def test_space_of_the_target_is_matched_exactly_in_hana_and_by_letters_in_duckdb() -> None:
    text = 'DELETE FROM "sales".orders'
    with pytest.raises(AccessDenied, match="'sales'"):
        admitted_change(text)

    assert admitted_change(text, dialect=CallerDialect.DUCKDB).target == ("SALES", "ORDERS")


def test_missing_target_is_unknown_with_the_nearest() -> None:
    with pytest.raises(UnknownEntity, match="did you mean 'ORDERS'"):
        admitted_change("DELETE FROM order_s")


def test_created_table_need_not_exist_and_keeps_its_name() -> None:
    assert admitted_change("CREATE TABLE t (a INT)").target == ("SALES", "T")
    assert admitted_change("CREATE TABLE Tt (a INTEGER)", dialect=CallerDialect.DUCKDB).target == (
        "SALES",
        "Tt",
    )


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO orders (id, nett) VALUES (1, 2)",
        "UPSERT orders (id, nett) VALUES (1, 2) WITH PRIMARY KEY",
        "UPDATE orders SET nett = 1",
        "UPDATE orders SET id = nett",
        "UPDATE orders SET id = 1 WHERE nett = 1",
        "DELETE FROM orders WHERE nett = 1",
        "UPSERT orders (id) VALUES (1) WHERE nett = 1",
        "MERGE INTO orders o USING hr.orders h ON o.nett = h.id WHEN MATCHED THEN DELETE",
        "MERGE INTO orders o USING hr.orders h ON o.id = h.id WHEN MATCHED THEN UPDATE "
        "SET nett = 1",
        "MERGE INTO orders o USING hr.orders h ON o.id = h.id WHEN NOT MATCHED THEN INSERT "
        "(nett) VALUES (1)",
        "ALTER TABLE orders DROP (nett)",
        "ALTER TABLE orders ALTER (nett INT)",
        "RENAME COLUMN orders.nett TO x",
    ],
)
def test_unknown_column_of_the_target_is_named_with_the_nearest(text: str) -> None:
    with pytest.raises(UnknownColumn, match=r"'NETT'.*did you mean 'NET'"):
        admitted_change(text)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO orders (id) VALUES (net)",
        "UPDATE orders o SET id = 1 WHERE orders.id = 1",
        "UPDATE orders o SET orders.id = 1",
        "UPDATE orders o SET sales.o.id = 1",
        "UPDATE orders SET hr.orders.id = 1",
        "MERGE INTO orders o USING hr.orders h ON o.id = h.id WHEN NOT MATCHED THEN INSERT "
        "(id) VALUES (o.id)",
        "CREATE TABLE t (a INT, PRIMARY KEY (b))",
    ],
)
def test_column_out_of_scope_is_unknown(text: str) -> None:
    with pytest.raises(UnknownColumn):
        admitted_change(text)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO orders (id, net) VALUES (1)",
        "INSERT INTO orders (id) VALUES (1, 2)",
        "INSERT INTO orders (id) SELECT 1, 2 FROM dummy",
        "INSERT INTO orders (id) SELECT * FROM orders",
        "UPSERT orders (id) VALUES (1, 2) WITH PRIMARY KEY",
        "MERGE INTO orders o USING hr.orders h ON o.id = h.id WHEN NOT MATCHED THEN INSERT "
        "(id, net) VALUES (1)",
    ],
)
def test_numbers_of_columns_and_values_must_be_equal(text: str) -> None:
    with pytest.raises(InvalidSql, match=r"columns and .* values; give one for each"):
        admitted_change(text)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO orders (id, ID) VALUES (1, 2)",
        "UPDATE orders SET id = 1, orders.id = 2",
        "CREATE TABLE t (a INT, A INT)",
        "CREATE TABLE t (a INT, PRIMARY KEY (a, a))",
        "ALTER TABLE orders ADD (a INT, a INT)",
    ],
)
def test_column_that_is_named_twice_is_refused(text: str) -> None:
    with pytest.raises(InvalidSql, match="named twice"):
        admitted_change(text)


def test_two_primary_keys_are_refused() -> None:
    with pytest.raises(InvalidSql, match="one PRIMARY KEY"):
        admitted_change("CREATE TABLE t (a INT PRIMARY KEY, b INT PRIMARY KEY)")


def test_names_of_duckdb_are_found_whatever_their_case() -> None:
    change = admitted_change(
        "UPDATE Orders SET Id = 1, mIXED = 'a' WHERE ID = 2", dialect=CallerDialect.DUCKDB
    )

    assert change.sql == 'UPDATE "SALES"."ORDERS" SET "ID" = 1, "Mixed" = \'a\' WHERE "ID" = 2'


def test_merge_of_two_tables_of_one_name_needs_an_alias() -> None:
    with pytest.raises(InvalidSql, match="both called 'ORDERS'"):
        admitted_change(
            "MERGE INTO orders USING hr.orders ON 1 = 1 WHEN MATCHED THEN UPDATE SET id = 1"
        )


def test_source_is_looked_for_in_the_default_space_and_not_in_that_of_the_target() -> None:
    change = admitted_change(
        'INSERT INTO "S#U".notes (id) SELECT id FROM orders',
        space="HR",
        writable=frozenset({"S#U"}),
    )

    assert change.tables == {("HR", "ORDERS")}
