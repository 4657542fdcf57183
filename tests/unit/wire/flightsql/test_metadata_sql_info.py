"""Every code of the specification is told, in the arm its readers expect."""

from typing import Any

import pyarrow as pa
import pytest

from flight_server.sql import functions
from flight_server.sql.functions import Kind
from flight_server.sql.gate import CallerDialect, admit
from flight_server.wire.flightsql import metadata
from flight_server.wire.flightsql.metadata.codes import Code
from flight_server.wire.flightsql.metadata.sql_info import sql_info
from flight_server.wire.flightsql.metadata.words import function_groups
from tests.support.flight_sql_facts import facts

STRING, BOOL, BIGINT, INT32, STRINGS, MAP = range(6)

# Written from the text of the enumeration SqlInfo (format/FlightSql.proto) and its comments.
ARMS = {
    **dict.fromkeys((0, 1, 2, 6, 7, 504, 513, 514, 529, 530, 531), STRING),
    **dict.fromkeys((3, 4, 5, 9, 10, 11, 500, 501, 502, 506, 515, 516), BOOL),
    **dict.fromkeys((518, 519, 520, 521, 523, 524, 527, 532, 536, 537, 539), BOOL),
    **dict.fromkeys((556, 563, 565, 566, 572, 573, 574, 575, 576), BOOL),
    **dict.fromkeys((*range(541, 556), *range(557, 562)), BIGINT),
    **dict.fromkeys((8, 100, 101, 522, 525, 526, 528, 533, 534, 535, 538, 540), INT32),
    **dict.fromkeys((564, 567, 568, 569, 570, 571), INT32),
    **dict.fromkeys(range(508, 513), STRINGS),
    517: MAP,
    # The text says int32 of these. The reference servers (arrow-cpp's SQLite example, arrow-java's
    # SqlInfoBuilder) send int64; the JDBC driver casts 562 to Long, ODBC reads all four as Int64.
    **dict.fromkeys((503, 505, 507, 562), BIGINT),
}
MAY_BE_NULL = {6, 7}


def told(*codes: int, **other: Any) -> list[Any]:
    return sql_info(facts(**other), codes).column("value").to_pylist()


def test_specification_is_whole_in_the_list_of_this_test() -> None:
    assert sorted(ARMS) == [*range(12), 100, 101, *range(500, 577)]
    assert sorted(ARMS) == sorted(Code)


@pytest.mark.parametrize("dialect", CallerDialect)
def test_every_code_is_told_in_its_arm(dialect: CallerDialect) -> None:
    answer = sql_info(facts(dialect=dialect))
    value = answer.column("value").combine_chunks()
    arms = dict(
        zip(answer.column("info_name").to_pylist(), value.type_codes.to_pylist(), strict=True)
    )
    assert arms == ARMS


@pytest.mark.parametrize("code", sorted(set(ARMS) - MAY_BE_NULL))
def test_code_has_a_value(code: int) -> None:
    assert told(code) != [None]


def test_answer_is_valid_and_of_the_schema_of_the_specification() -> None:
    answer = sql_info(facts())
    answer.validate(full=True)
    value = answer.schema.field("value").type
    assert str(answer.schema.field("info_name")) == "pyarrow.Field<info_name: uint32 not null>"
    assert value.mode == "dense"
    assert [(each.name, str(each.type)) for each in value] == [
        ("string_value", "string"),
        ("bool_value", "bool"),
        ("bigint_value", "int64"),
        ("int32_bitmask", "int32"),
        ("string_list", "list<string_data: string>"),
        ("int32_to_int32_list_map", "map<int32, list<$data$: int32>>"),
    ]


def test_answer_goes_through_an_ipc_stream() -> None:
    answer = sql_info(facts())
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, answer.schema) as writer:
        writer.write_table(answer)
    assert pa.ipc.open_stream(sink.getvalue()).read_all().equals(answer)


def test_asked_codes_come_once_each_in_their_order() -> None:
    answer = sql_info(facts(), [508, 0, 508, 8])
    assert answer.column("info_name").to_pylist() == [508, 0, 8]


def test_unknown_codes_are_left_out() -> None:
    assert sql_info(facts(), [12, 0, 4_000_000_000]).column("info_name").to_pylist() == [0]


def test_only_unknown_codes_give_no_row() -> None:
    assert sql_info(facts(), [10_000]).num_rows == 0


def test_transactions_are_told_in_the_arm_that_adbc_reads() -> None:
    assert told(8) == [1]


@pytest.mark.parametrize(("spaces", "read_only"), [((), True), (("SALES",), False)])
def test_server_is_read_only_where_nothing_is_writable(
    spaces: tuple[str, ...], read_only: bool
) -> None:
    may_change = not read_only
    codes = (3, 10, 11, 502, 572)
    assert told(*codes, writable=frozenset(spaces)) == [read_only, *[may_change] * 4]


def test_names_are_folded_as_the_dialect_folds_them() -> None:
    assert told(503, 505, 507) == [2, 0, 1]
    assert told(503, 505, 507, dialect=CallerDialect.DUCKDB) == [1, 1, 3]


def test_timeouts_beyond_an_int32_are_told_as_its_greatest() -> None:
    assert told(100, 101, statement_timeout_ms=2**40) == [2**31 - 1, 60_000]


def test_limits_of_hana_are_told_of_hana_only() -> None:
    assert told(544, 543) == [65_535, 127]
    assert told(544, 543, backend="duckdb") == [0, 127]


@pytest.mark.parametrize(
    ("dialect", "allowed", "niladic"),
    [
        (CallerDialect.HANA, functions.HANA, functions.HANA_NILADIC),
        (CallerDialect.DUCKDB, functions.DUCKDB, functions.DUCKDB_NILADIC),
    ],
)
def test_every_scalar_function_of_the_gate_is_in_one_group(
    dialect: CallerDialect, allowed: dict[str, functions.Signature], niladic: frozenset[str]
) -> None:
    groups = function_groups(dialect)
    listed = sorted(
        name
        for group in (groups.numeric, groups.string, groups.system, groups.datetime)
        for name in group
    )
    scalars = {name for name, signature in allowed.items() if signature.kind is Kind.SCALAR}
    assert listed == sorted({*scalars, *niladic, "CAST", "EXTRACT", "TRIM"})


class OneTable:
    def spaces(self) -> tuple[str, ...]:
        return ("S",)

    def entities(self, space: str) -> tuple[str, ...]:
        return ("T",)

    def columns(self, space: str, entity: str) -> tuple[str, ...]:
        return ("A", "B", "A$")


CLAIMS = [
    "SELECT A$ FROM T",
    "SELECT A AS X FROM T AS U",
    "SELECT A FROM T AS T",
    "SELECT A FROM T ORDER BY B + 1",
    "SELECT A FROM T ORDER BY B",
    "SELECT A FROM T GROUP BY A, B",
    "SELECT A FROM T WHERE A LIKE 'x!%' ESCAPE '!'",
    "SELECT A FROM T WHERE A = (SELECT MAX(B) FROM T)",
    "SELECT A FROM T WHERE EXISTS (SELECT 1 AS X FROM T AS U WHERE U.B = T.A)",
    "SELECT A FROM T WHERE A IN (SELECT B FROM T)",
    "SELECT A FROM T WHERE A > ALL (SELECT B FROM T)",
    "SELECT A FROM T UNION SELECT B FROM T",
    "SELECT A FROM T UNION ALL SELECT B FROM T",
    "SELECT T.A FROM T FULL OUTER JOIN T AS U ON T.A = U.A",
    *(
        f"SELECT CAST(A AS {kind}) AS X FROM T"
        for kind in (
            "BIGINT", "BOOLEAN", "DATE", "DECIMAL(9, 2)", "INTEGER", "REAL", "SMALLINT", "TIME",
            "TIMESTAMP", "TINYINT", "VARCHAR(9)",
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize("dialect", CallerDialect)
@pytest.mark.parametrize("sql", CLAIMS)
def test_what_is_claimed_passes_the_gate(sql: str, dialect: CallerDialect) -> None:
    assert admit(
        sql, dialect=dialect, default_space="S", lookup=OneTable(), parameter_count=0
    ).tables


def test_package_tells_the_names_of_its_commands() -> None:
    assert len(metadata.COMMANDS) == 10
