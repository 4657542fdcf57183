"""What the HANA dialect decides, beside its golden statements."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest

from flight_client.protocol.catalog import Entity, HanaType
from flight_client.protocol.errors import InvalidRead
from flight_client.protocol.filters import MAX_IN_VALUES, Operator
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.tickets import Partition, Sample
from flight_server.sql.compose import statement
from flight_server.sql.hana_select import IN_VALUES, hana_literal
from flight_server.sql.render import hana_select
from tests.support.orders import ORDERS, REVENUE, compare, plan_of


def where(text: str) -> str:
    return text.partition(" WHERE ")[2]


@pytest.mark.parametrize(("op", "word"), [("in", " OR "), ("not in", " AND ")])
def test_long_list_is_written_in_chunks(op: Operator, word: str) -> None:
    count = 2 * IN_VALUES + 1
    found = hana_select(plan_of(columns=("NET",), where=compare("ORDER_ID", op, *range(count))))
    chunks = where(found.text).removeprefix("(").removesuffix(")").split(word)
    assert [chunk.count("?") for chunk in chunks] == [IN_VALUES, IN_VALUES, 1]
    assert found.values == tuple(range(count))


def test_chunks_stand_in_brackets() -> None:
    found = hana_select(
        plan_of(columns=("NET",), where=compare("ORDER_ID", "in", *range(IN_VALUES + 1)))
    )
    assert where(found.text).startswith("(")
    assert where(found.text).endswith(")")


def test_longest_list_of_the_protocol_is_rendered_whole() -> None:
    found = hana_select(
        plan_of(columns=("NET",), where=compare("ORDER_ID", "in", *range(MAX_IN_VALUES)))
    )
    assert len(found.values) == MAX_IN_VALUES


def test_seeded_sample_is_refused_by_name() -> None:
    with pytest.raises(InvalidRead, match="HANA draws samples without a seed; got seed 42"):
        hana_select(plan_of(sample=Sample(0.1, 42)))


def test_seed_of_a_sample_of_all_rows_does_not_matter() -> None:
    assert "TABLESAMPLE" not in hana_select(plan_of(sample=Sample(1.0, 42))).text


@pytest.mark.parametrize(
    ("fraction", "percent"), [(0.1, "10"), (0.07, "7"), (1e-9, "0.0000001"), (0.333, "33.3")]
)
def test_fraction_is_written_as_percent(fraction: float, percent: str) -> None:
    found = hana_select(plan_of(sample=Sample(fraction)))
    assert found.text.endswith(f"TABLESAMPLE BERNOULLI ({percent})")


def test_view_whose_parameters_have_defaults_is_called_without() -> None:
    optional = tuple(parameter for parameter in REVENUE.parameters if not parameter.mandatory)
    view = Entity(space="S", name="V", kind="view", columns=REVENUE.columns, parameters=optional)
    assert hana_select(plan_of(view)).text.endswith('FROM "S"."V"()')


def test_slice_of_few_parts_keeps_null_in_the_first_only() -> None:
    texts = [
        hana_select(plan_of(columns=("NET",), partition=Partition(3, number, "REGION"))).text
        for number in range(3)
    ]
    assert ["IS NULL" in text for text in texts] == [True, False, False]


@pytest.mark.parametrize("name", [column.name for column in ORDERS.columns])
def test_every_column_is_quoted(name: str) -> None:
    assert hana_select(plan_of(columns=(name,))).text == f'SELECT "{name}" FROM "SALES"."ORDERS"'


@pytest.mark.parametrize(
    ("value", "declared", "expected"),
    [
        (True, HanaType("BOOLEAN"), "TRUE"),
        (False, HanaType("BOOLEAN"), "FALSE"),
        (-5, HanaType("BIGINT"), "-5"),
        (1e-300, HanaType("DOUBLE"), "CAST('1e-300' AS DOUBLE)"),
        (0.5, HanaType("REAL"), "CAST('0.5' AS REAL)"),
        (
            Decimal("-1.50"),
            HanaType("DECIMAL", 38, 2),
            "CAST('-1.50' AS DECIMAL(38, 2))",
        ),
        (Decimal("1E+5"), HanaType("DECIMAL"), "CAST('100000' AS DECIMAL)"),
        (Decimal(7), HanaType("SMALLDECIMAL"), "CAST('7' AS SMALLDECIMAL)"),
        ("it's \\ ü", HanaType("NVARCHAR", 10), "N'it''s \\ ü'"),
        ("", HanaType("NCLOB"), "N''"),
        (b"\x00\xab", HanaType("VARBINARY", 2), "X'00AB'"),
        (date(1, 2, 3), HanaType("DATE"), "DATE'0001-02-03'"),
        (time(1, 2, 3), HanaType("TIME"), "TIME'01:02:03'"),
        (
            datetime(2024, 1, 2, 3, 4, 5),
            HanaType("SECONDDATE"),
            "TO_SECONDDATE('2024-01-02 03:04:05', 'YYYY-MM-DD HH24:MI:SS')",
        ),
        (
            datetime(2024, 1, 2, 3, 4, 5, 6),
            HanaType("TIMESTAMP"),
            "TIMESTAMP'2024-01-02 03:04:05.000006'",
        ),
    ],
)
def test_argument_is_written_as_a_literal_of_its_type(
    value: LiteralValue, declared: HanaType, expected: str
) -> None:
    assert statement(hana_literal(value, declared)).text == expected
