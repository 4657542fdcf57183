"""What system views say, as entities; and the questions to them."""

from decimal import Decimal

import pytest
import sqlglot

from flight_client.protocol.catalog import Column, Entity, HanaType, Parameter
from flight_client.protocol.literals import LiteralValue
from flight_server.backends.hana.entities import (
    Delivery,
    DetailRow,
    default_value,
    entities_of,
)
from flight_server.backends.hana.system_views import (
    DETAIL_COLUMNS,
    Place,
    details_question,
    names_question,
)
from tests.support.hana_catalogue import column, key, parameter, relation


def one(*rows: DetailRow, delivery: Delivery | None = None) -> Entity:
    (entity,) = entities_of(rows, delivery or Delivery())
    return entity


def test_rows_in_any_order_become_an_entity() -> None:
    entity = one(
        column("T", "B", 2, "NVARCHAR", 10, note="Name"),
        key("T", "A"),
        relation("table", "T", "Orders"),
        column("T", "A", 1, "BIGINT", 19, 0, flag="FALSE"),
    )
    assert entity == Entity(
        space="S",
        name="T",
        kind="table",
        comment="Orders",
        columns=(
            Column("A", HanaType("BIGINT"), nullable=False, key=True),
            Column("B", HanaType("NVARCHAR", 10), comment="Name"),
        ),
    )


def test_column_of_a_view_may_be_null_whatever_the_view_says() -> None:
    entity = one(relation("view", "V"), column("V", "A", 1, "BIGINT", flag="FALSE"))
    assert entity.columns[0].nullable


def test_parameters_stand_in_their_order_with_defaults() -> None:
    entity = one(
        relation("view", "V"),
        parameter("V", "P_SHIFT", 2, "INTEGER", default="10"),
        parameter("V", "P_FACTOR", 1, "INTEGER"),
    )
    assert entity.parameters == (
        Parameter("P_FACTOR", HanaType("INTEGER")),
        Parameter("P_SHIFT", HanaType("INTEGER"), mandatory=False, default=10),
    )


def test_columns_of_something_that_is_neither_table_nor_view_are_left_out() -> None:
    assert entities_of([column("TYPE", "A", 1, "BIGINT")], Delivery()) == []


def test_entities_stand_by_space_and_name() -> None:
    rows = [relation("table", "Z"), relation("view", "A"), relation("table", "B", space="R")]
    found = entities_of(rows, Delivery())
    assert [(entity.space, entity.name) for entity in found] == [("R", "B"), ("S", "A"), ("S", "Z")]


@pytest.mark.parametrize(
    ("name", "length", "scale", "declared"),
    [
        ("INTEGER", 10, 0, HanaType("INTEGER")),
        ("DECIMAL", 15, 2, HanaType("DECIMAL", 15, 2)),
        ("DECIMAL", 15, 0, HanaType("DECIMAL", 15, 0)),
        ("DECIMAL", 34, None, HanaType("DECIMAL")),
        ("SMALLDECIMAL", 16, None, HanaType("SMALLDECIMAL")),
        ("DOUBLE", 17, None, HanaType("DOUBLE")),
        ("NVARCHAR", 5000, None, HanaType("NVARCHAR", 5000)),
        ("VARBINARY", 16, None, HanaType("VARBINARY", 16)),
        ("NCLOB", 2147483647, None, HanaType("NCLOB")),
        ("TIMESTAMP", 27, 7, HanaType("TIMESTAMP")),
        ("REAL_VECTOR", 3, None, HanaType("REAL_VECTOR", 3)),
        ("ST_GEOMETRY", 8, None, HanaType("ST_GEOMETRY")),
    ],
)
def test_type_is_what_is_declared(
    name: str, length: int, scale: int | None, declared: HanaType
) -> None:
    entity = one(relation("table", "T"), column("T", "A", 1, name, length, scale))
    assert entity.columns[0].type == declared


@pytest.mark.parametrize(
    ("name", "scale", "read_as"),
    [
        ("DECIMAL", None, HanaType("DOUBLE")),
        ("SMALLDECIMAL", None, HanaType("DOUBLE")),
        ("DECIMAL", 2, None),
        ("TIMESTAMP", 7, HanaType("NVARCHAR", 27)),
        ("SECONDDATE", None, None),
    ],
)
def test_delivery_says_what_a_type_is_read_as(
    name: str, scale: int | None, read_as: HanaType | None
) -> None:
    delivery = Delivery(HanaType("DOUBLE"), HanaType("NVARCHAR", 27))
    rows = (relation("table", "T"), column("T", "A", 1, name, 16, scale))
    assert one(*rows, delivery=delivery).columns[0].read_as == read_as


def test_delivery_by_default_reads_everything_as_declared() -> None:
    assert Delivery().read_as(HanaType("DECIMAL")) is None
    assert Delivery().read_as(HanaType("TIMESTAMP")) is None


@pytest.mark.parametrize(
    ("text", "declared", "value"),
    [
        ("10", HanaType("INTEGER"), 10),
        ("-1.50", HanaType("DECIMAL", 10, 2), Decimal("-1.50")),
        ("'it''s'", HanaType("NVARCHAR", 10), "it's"),
        ("''", HanaType("NVARCHAR", 10), ""),
        ("EUR", HanaType("NVARCHAR", 3), None),
        ("10", HanaType("NVARCHAR", 3), None),
        ("300", HanaType("TINYINT"), None),
        ("CURRENT_DATE", HanaType("DATE"), None),
        ("'2024-01-01'", HanaType("DATE"), None),
        (None, HanaType("DATE"), None),
    ],
)
def test_default_is_a_value_where_its_text_leaves_no_doubt(
    text: str | None, declared: HanaType, value: LiteralValue | None
) -> None:
    assert default_value(text, declared) == value


@pytest.mark.parametrize(
    ("place", "values"),
    [
        (Place(), ()),
        (Place("S"), ("S",)),
        (Place(entity="T"), ("T",)),
        (Place("S", "T' --"), ("S", "T' --")),
    ],
)
def test_question_is_one_select_that_binds_every_name(
    place: Place, values: tuple[str, ...]
) -> None:
    for found, arms in ((names_question(place), 2), (details_question(place), 6)):
        (tree,) = sqlglot.parse(found.text)
        assert isinstance(tree, sqlglot.exp.Union)
        assert len(list(tree.find_all(sqlglot.exp.Placeholder))) == len(found.values)
        assert found.values == values * arms


def test_answer_to_the_details_has_the_columns_that_are_expected() -> None:
    (tree,) = sqlglot.parse(details_question(Place()).text)
    assert isinstance(tree, sqlglot.exp.Query)
    assert tree.named_selects == [column.name for column in DETAIL_COLUMNS]
    for select in tree.find_all(sqlglot.exp.Select):
        if len(select.selects) > 1:
            assert select.named_selects == tree.named_selects


def test_system_schemas_are_left_out_and_a_user_may_have_a_name_like_theirs() -> None:
    text = names_question(Place()).text
    assert "'SYS'" in text
    assert r"NOT LIKE '\_SYS%' ESCAPE '\'" in text
