"""A view that is deployed again between the look at the catalogue and the read."""

from collections.abc import Iterator

import pytest

from flight_client.protocol.errors import (
    Error,
    InvalidRead,
    UnknownColumn,
    UnknownEntity,
)
from tests.support.hana_service import ROWS, HanaService, hana_service

BEFORE = 'SELECT "ORDER_ID", "REGION" FROM "SALES"."ITEMS"'


@pytest.fixture(scope="module")
def service() -> Iterator[HanaService]:
    with hana_service() as made:
        yield made


@pytest.fixture
def name(service: HanaService, request: pytest.FixtureRequest) -> Iterator[str]:
    """A view of its own that the catalogue knows."""
    name = f"V{next(service.texts)}"
    service.engine.inner.run_script(f'CREATE VIEW "SALES"."{name}" AS {BEFORE}')
    yield name
    service.assert_whole()


def replaced(service: HanaService, name: str, query: str) -> None:
    service.engine.inner.run_script(
        f'DROP VIEW "SALES"."{name}"; CREATE VIEW "SALES"."{name}" AS {query}'
    )


@pytest.mark.parametrize("partitions", [None, 2])
@pytest.mark.parametrize(
    "query",
    [
        'SELECT "ORDER_ID", \'x\' || "REGION" AS "REGION" FROM "SALES"."ITEMS"',
        'SELECT "REGION", "ORDER_ID", 1 AS "MORE" FROM "SALES"."ITEMS"',
        'SELECT "ORDER_ID", CAST("REGION" AS VARCHAR(20)) AS "REGION" FROM "SALES"."ITEMS"',
    ],
    ids=["other rows", "more columns in another order", "another type of the same values"],
)
def test_change_that_leaves_the_columns_is_not_noticed(
    service: HanaService, name: str, query: str, partitions: int | None
) -> None:
    result = service.client.table(
        name, partitions=partitions, partition_by="ORDER_ID" if partitions else None
    )
    assert result.schema.names == ["ORDER_ID", "REGION"]

    replaced(service, name, query)

    found = result.to_arrow()
    assert (found.num_rows, found.schema.names) == (ROWS, ["ORDER_ID", "REGION"])


@pytest.mark.parametrize("partitions", [None, 2])
@pytest.mark.parametrize(
    ("query", "error"),
    [
        (
            'SELECT CAST("ORDER_ID" AS NVARCHAR(20)) AS "ORDER_ID", "REGION" FROM "SALES"."ITEMS"',
            InvalidRead,
        ),
        ('SELECT "ORDER_ID" FROM "SALES"."ITEMS"', UnknownColumn),
    ],
    ids=["type", "column"],
)
def test_change_of_the_columns_is_an_error(
    service: HanaService, name: str, query: str, error: type[Error], partitions: int | None
) -> None:
    result = service.client.table(
        name, partitions=partitions, partition_by="ORDER_ID" if partitions else None
    )
    assert result.schema.names == ["ORDER_ID", "REGION"]

    replaced(service, name, query)

    with pytest.raises(error):
        result.to_arrow()


def test_view_that_is_gone_is_unknown(service: HanaService, name: str) -> None:
    result = service.client.table(name)
    assert result.schema.names == ["ORDER_ID", "REGION"]

    service.engine.inner.run_script(f'DROP VIEW "SALES"."{name}"')

    with pytest.raises(UnknownEntity):
        result.to_arrow()


def test_table_that_is_gone_below_a_view_is_told(service: HanaService, name: str) -> None:
    engine = service.engine.inner
    engine.run_script(f'CREATE TABLE "SALES"."T{name}" ("ORDER_ID" INTEGER, "REGION" NVARCHAR(20))')
    replaced(service, name, f'SELECT * FROM "SALES"."T{name}"')
    result = service.client.table(name)
    assert result.to_arrow().num_rows == 0

    engine.run_script(f'DROP TABLE "SALES"."T{name}"')

    with pytest.raises(Error) as raised:
        result.to_arrow()
    assert raised.value.code in ("DATA_ERROR", "ENTITY_UNKNOWN")


def test_right_that_is_taken_away_is_access_denied(service: HanaService, name: str) -> None:
    result = service.client.table(name)
    assert result.to_arrow().num_rows == ROWS
    engine = service.engine.inner
    engine.run_script('REVOKE SELECT ON SCHEMA "SALES" FROM "SALES#FLIGHT"')
    try:
        with pytest.raises(Error) as raised:
            result.to_arrow()
    finally:
        engine.grant_read("SALES#FLIGHT", "SALES")
    assert raised.value.code in ("ACCESS_DENIED", "ENTITY_UNKNOWN")
