"""The sample landscape: what the demo promises is in it, and it is the same on every start."""

from collections.abc import Iterator
from contextlib import closing

import duckdb
import pyarrow as pa
import pytest

from flight_client.protocol.catalog import Entity
from flight_client.protocol.filters import Comparison
from flight_client.protocol.tickets import OrderKey, ReadTicket
from flight_server.backends.duckdb import DuckDbBackend
from flight_server.landscape import ITEMS, landscape_sql
from flight_server.planning.read import Limits, plan_read

SMALL = 10_000


@pytest.fixture(scope="module")
def backend() -> Iterator[DuckDbBackend]:
    script = landscape_sql(SMALL)
    made = DuckDbBackend.open_database(None, read_only=True, threads=2, init_script=script)
    yield made
    made.close()


def entity(backend: DuckDbBackend, name: str, space: str = "SALES") -> Entity:
    found = backend.entity(space, name)
    assert found is not None
    return found


def read(backend: DuckDbBackend, name: str, **ticket: object) -> pa.Table:
    plan = plan_read(ReadTicket(entity=name, **ticket), entity(backend, name), Limits())
    with closing(backend.open(plan)) as stream:
        batches = []
        while (batch := stream.read()) is not None:
            batches.append(batch)
        return pa.Table.from_batches(batches, stream.schema)


def test_landscape_has_a_million_items_by_default() -> None:
    assert ITEMS == 1_000_000
    assert landscape_sql().startswith("SET VARIABLE item_count = 1000000;")


def test_spaces_and_entities_are_those_of_the_demo(backend: DuckDbBackend) -> None:
    listed = {
        space.name: [found.name for found in backend.entities(space.name)]
        for space in backend.spaces()
    }

    assert listed == {
        "FINANCE": ["EXCHANGE_RATES"],
        "SALES": [
            "BUSINESS_PARTNERS",
            "MixedCase View",
            "ORDERS_WITH_PARTNERS",
            "PRODUCTS",
            "REVENUE_BY_REGION",
            "SALES_ORDERS",
            "SALES_ORDER_ITEMS",
        ],
    }


@pytest.mark.parametrize("items", [1, 4, 5, 6, SMALL])
def test_items_are_as_many_as_asked_for(items: int) -> None:
    with duckdb.connect() as connection:
        connection.execute(landscape_sql(items))
        counts = connection.execute(
            'SELECT (SELECT count(*) FROM "SALES"."SALES_ORDER_ITEMS"), '
            '(SELECT count(*) FROM "SALES"."SALES_ORDERS")'
        ).fetchall()

    assert counts == [(items, (items + 4) // 5)]


@pytest.mark.parametrize("items", [0, -1])
def test_landscape_without_items_is_refused(items: int) -> None:
    with pytest.raises(ValueError, match="1 item at least"):
        landscape_sql(items)


def test_landscape_is_the_same_on_every_start() -> None:
    sums = []
    for threads in (1, 4):
        with duckdb.connect(config={"threads": threads}) as connection:
            connection.execute(landscape_sql(SMALL))
            sums.append(
                [
                    connection.execute(f'SELECT sum(hash(t)) FROM "SALES"."{name}" AS t').fetchall()
                    for name in (
                        "BUSINESS_PARTNERS",
                        "PRODUCTS",
                        "SALES_ORDERS",
                        "SALES_ORDER_ITEMS",
                    )
                ]
            )

    assert sums[0] == sums[1]


@pytest.mark.parametrize(
    "declared",
    [
        "NVARCHAR", "DECIMAL(15,2)", "DATE", "TIMESTAMP", "INTEGER", "BIGINT", "BOOLEAN", "TINYINT",
        "DOUBLE", "VARBINARY",
    ],
)  # fmt: skip
def test_every_common_type_occurs(backend: DuckDbBackend, declared: str) -> None:
    types = {str(column.type) for found in backend.entities("SALES") for column in found.columns}

    assert declared in types


def test_entities_and_columns_of_tables_are_described(backend: DuckDbBackend) -> None:
    for space in ("SALES", "FINANCE"):
        for found in backend.entities(space):
            assert found.comment
            if found.kind == "table":
                assert [column.name for column in found.columns if not column.comment] == []


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("BUSINESS_PARTNERS", ["PARTNER_ID"]),
        ("PRODUCTS", ["PRODUCT_ID"]),
        ("SALES_ORDERS", ["ORDER_ID"]),
        ("SALES_ORDER_ITEMS", ["ORDER_ID", "ITEM_NO"]),
    ],
)
def test_tables_have_their_keys(backend: DuckDbBackend, name: str, keys: list[str]) -> None:
    assert [column.name for column in entity(backend, name).columns if column.key] == keys


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("BUSINESS_PARTNERS", "CREDIT_LIMIT"),
        ("PRODUCTS", "RATING"),
        ("SALES_ORDERS", "DELIVERY_DATE"),
        ("SALES_ORDER_ITEMS", "NOTE"),
    ],
)
def test_nullable_columns_have_nulls_and_values(
    backend: DuckDbBackend, name: str, column: str
) -> None:
    found = read(backend, name, columns=(column,))

    assert 0 < found[column].null_count < found.num_rows


@pytest.mark.parametrize("text", ["%ü%", "%ß%", "%😀%", "%''%", "%é%"])
def test_names_have_characters_that_hurt(backend: DuckDbBackend, text: str) -> None:
    pattern = text.replace("''", "'")
    where = Comparison("NAME", "like", (pattern,))
    found = read(backend, "BUSINESS_PARTNERS", columns=("NAME",), where=where)
    products = read(backend, "PRODUCTS", columns=("NAME",), where=where)

    assert found.num_rows + products.num_rows > 0


def test_names_that_need_quoting_are_read(backend: DuckDbBackend) -> None:
    found = read(
        backend, "MixedCase View", columns=("Gross#Weight", "Preis €", "category"), limit=5
    )

    assert found.num_rows == 5


def test_orders_belong_to_partners(backend: DuckDbBackend) -> None:
    assert read(backend, "ORDERS_WITH_PARTNERS").num_rows == SMALL / 5


def test_revenue_has_a_mandatory_currency_and_a_year_by_default(backend: DuckDbBackend) -> None:
    currency, year = entity(backend, "REVENUE_BY_REGION").parameters

    assert (currency.name, currency.mandatory) == ("P_CURRENCY", True)
    assert (year.name, year.mandatory, year.default) == ("P_YEAR", False, 2024)


@pytest.mark.parametrize("currency", ["EUR", "USD", "JPY"])
def test_revenue_is_in_the_currency_asked_for(backend: DuckDbBackend, currency: str) -> None:
    found = read(
        backend,
        "REVENUE_BY_REGION",
        parameters=(("P_CURRENCY", currency), ("P_YEAR", 2023)),
        order_by=(OrderKey("REVENUE", descending=True),),
    )

    assert set(found["CURRENCY"].to_pylist()) == {currency}
    assert set(found["REGION"].to_pylist()) == {"EMEA", "AMER", "APJ"}
    assert found["REVENUE"][0].as_py() > 0


def test_revenue_of_a_year_without_orders_is_empty(backend: DuckDbBackend) -> None:
    parameters = (("P_CURRENCY", "EUR"), ("P_YEAR", 1999))

    assert read(backend, "REVENUE_BY_REGION", parameters=parameters).num_rows == 0
