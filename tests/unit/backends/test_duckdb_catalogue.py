"""DuckDB's catalogue as spaces and entities."""

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from flight_client.protocol.catalog import Column, Entity, HanaType, Parameter
from flight_client.protocol.errors import DataError, UnknownEntity, UnsupportedType
from flight_client.protocol.tickets import ReadTicket
from flight_server.backends.duckdb import DuckDbBackend
from flight_server.planning.read import Limits, plan_read
from flight_server.service.discovery import Discovery

SCRIPT = """
    CREATE SCHEMA "SALES";
    CREATE SCHEMA "empty";
    CREATE TABLE "SALES"."ORDERS" (
        "REGION" VARCHAR, "ID" BIGINT, "SIZE" ENUM('S', 'L'), "TAGS" VARCHAR[],
        "AMOUNT" DECIMAL(15,2),
        PRIMARY KEY ("ID", "REGION")
    );
    INSERT INTO "SALES"."ORDERS" VALUES ('EMEA', 1, 'L', ['x'], 9.99), ('APJ', 2, NULL, NULL, 1);
    COMMENT ON TABLE "SALES"."ORDERS" IS 'Orders';
    COMMENT ON COLUMN "SALES"."ORDERS"."AMOUNT" IS 'Net, in EUR';
    CREATE VIEW "SALES"."Big Orders" AS SELECT "ID", "AMOUNT" * 2 AS "Twice" FROM "SALES"."ORDERS";
    COMMENT ON VIEW "SALES"."Big Orders" IS 'A view';
    COMMENT ON COLUMN "SALES"."Big Orders"."Twice" IS 'Two times the amount';
    CREATE MACRO "SALES"."BY_REGION"("P_REGION" VARCHAR, "P_MIN" DECIMAL(15,2) := 1.5) AS TABLE
        SELECT "ID", "AMOUNT" FROM "SALES"."ORDERS"
        WHERE "REGION" = "P_REGION" AND "AMOUNT" >= "P_MIN";
    COMMENT ON MACRO TABLE "SALES"."BY_REGION" IS 'Orders of one region';
    CREATE MACRO "SALES"."SCALAR"(x) AS x + 1;
    CREATE MACRO "SALES"."OVERLOADED" (a) AS TABLE (SELECT a AS x), (a, b) AS TABLE (SELECT b AS x);
"""


@pytest.fixture(scope="module")
def backend() -> Iterator[DuckDbBackend]:
    made = opened(SCRIPT)
    yield made
    made.close()


def opened(script: str) -> DuckDbBackend:
    return DuckDbBackend.open_database(None, read_only=True, threads=1, init_script=script)


def found(backend: DuckDbBackend, name: str, space: str = "SALES") -> Entity:
    entity = backend.entity(space, name)
    assert entity is not None
    return entity


def test_spaces_are_the_schemas_that_people_made(backend: DuckDbBackend) -> None:
    assert [space.name for space in backend.spaces()] == ["SALES", "empty"]


@pytest.mark.parametrize("what", ["TABLE t (x INTEGER)", "VIEW v AS SELECT 1 AS x"])
def test_main_is_a_space_where_somebody_uses_it(what: str) -> None:
    with closing(opened(f"CREATE {what}")) as backend:
        assert [space.name for space in backend.spaces()] == ["main"]


@pytest.mark.parametrize("space", ["information_schema", "pg_catalog", "main", "temp", "system"])
def test_schemas_of_duckdb_itself_have_no_entities(backend: DuckDbBackend, space: str) -> None:
    assert list(backend.entities(space)) == []


@pytest.mark.parametrize("name", ["duckdb_settings", "sqlite_master", "tables"])
def test_views_of_duckdb_itself_are_not_found(backend: DuckDbBackend, name: str) -> None:
    for space in ("main", "information_schema", "pg_catalog"):
        assert backend.entity(space, name) is None


def test_temporary_tables_are_not_listed() -> None:
    with closing(opened("CREATE TEMP TABLE t (x INTEGER)")) as backend:
        assert list(backend.spaces()) == []


def test_entities_are_tables_views_and_table_macros(backend: DuckDbBackend) -> None:
    listed = [(entity.name, entity.kind) for entity in backend.entities("SALES")]

    assert listed == [("BY_REGION", "view"), ("Big Orders", "view"), ("ORDERS", "table")]


def test_table_has_its_columns_keys_and_comments(backend: DuckDbBackend) -> None:
    assert found(backend, "ORDERS") == Entity(
        space="SALES",
        name="ORDERS",
        kind="table",
        comment="Orders",
        columns=(
            Column("REGION", HanaType("NVARCHAR"), nullable=False, key=True),
            Column("ID", HanaType("BIGINT"), nullable=False, key=True),
            Column("SIZE", HanaType("NVARCHAR")),
            Column("TAGS", HanaType("VARCHAR[]")),
            Column("AMOUNT", HanaType("DECIMAL", 15, 2), comment="Net, in EUR"),
        ),
    )


def test_view_has_its_columns_and_comments(backend: DuckDbBackend) -> None:
    assert found(backend, "Big Orders") == Entity(
        space="SALES",
        name="Big Orders",
        kind="view",
        comment="A view",
        columns=(
            Column("ID", HanaType("BIGINT")),
            Column("Twice", HanaType("DECIMAL", 18, 2), comment="Two times the amount"),
        ),
    )


def test_table_macro_is_a_view_with_parameters(backend: DuckDbBackend) -> None:
    assert found(backend, "BY_REGION") == Entity(
        space="SALES",
        name="BY_REGION",
        kind="view",
        comment="Orders of one region",
        columns=(
            Column("ID", HanaType("BIGINT")),
            Column("AMOUNT", HanaType("DECIMAL", 15, 2)),
        ),
        parameters=(
            Parameter("P_REGION", HanaType("NVARCHAR")),
            Parameter(
                "P_MIN", HanaType("DECIMAL", 15, 2), mandatory=False, default=Decimal("1.50")
            ),
        ),
    )


@pytest.mark.parametrize("name", ["orders", "big orders", "by_region", "SCALAR", "OVERLOADED"])
def test_name_in_another_case_and_what_is_no_view_are_not_found(
    backend: DuckDbBackend, name: str
) -> None:
    assert backend.entity("SALES", name) is None


def test_enum_is_read_as_text(backend: DuckDbBackend) -> None:
    plan = plan_read(
        ReadTicket(entity="ORDERS", columns=("SIZE",)), found(backend, "ORDERS"), Limits()
    )

    with closing(backend.open(plan)) as stream:
        batch = stream.read()

    assert batch is not None
    assert batch.to_pydict() == {"SIZE": ["L", None]}


def test_column_without_a_counterpart_is_refused_by_its_name(backend: DuckDbBackend) -> None:
    with pytest.raises(UnsupportedType, match="'TAGS'"):
        plan_read(ReadTicket(entity="ORDERS"), found(backend, "ORDERS"), Limits())


@pytest.mark.parametrize(
    ("parameter", "default", "declared"),
    [
        ("P VARCHAR := 'it''s, Q := 1)'", "it's, Q := 1)", "NVARCHAR"),
        ("P VARCHAR := NULL", None, "NVARCHAR"),
        ("P := 'untyped'", "untyped", "NVARCHAR"),
        ("P := 5", "5", "NVARCHAR"),
        ("P INTEGER := -(1 + 2)", -3, "INTEGER"),
        ("P BOOLEAN := true", True, "BOOLEAN"),
        ("P DATE := DATE '2024-02-29'", date(2024, 2, 29), "DATE"),
        (
            "P TIMESTAMP := TIMESTAMP '2024-02-29 12:00:00.000001'",
            datetime(2024, 2, 29, 12, 0, 0, 1),
            "TIMESTAMP",
        ),
        ("P DOUBLE := 1.5", 1.5, "DOUBLE"),
        ("P BLOB := '\\x00a'::BLOB", b"\x00a", "VARBINARY"),
        ("P HUGEINT := 99999999999999999999", 99999999999999999999, "DECIMAL(38,0)"),
        ("P DOUBLE := 'nan'::DOUBLE", None, "DOUBLE"),  # no literal of the protocol
    ],
)
def test_default_of_a_parameter_is_its_value(
    parameter: str, default: object, declared: str
) -> None:
    script = (
        f'CREATE MACRO main.v(A INTEGER, {parameter}, "Z z" INTEGER := 1) AS TABLE SELECT P AS p'
    )
    with closing(opened(script)) as backend:
        _, found_parameter, last = found(backend, "v", "main").parameters

    assert not found_parameter.mandatory
    assert (found_parameter.default, str(found_parameter.type)) == (default, declared)
    assert (last.name, last.default) == ("Z z", 1)


def test_parameters_without_defaults_are_mandatory() -> None:
    with closing(opened("CREATE MACRO main.v(a, b INTEGER) AS TABLE SELECT a AS x")) as backend:
        parameters = found(backend, "v", "main").parameters

    assert [parameter.mandatory for parameter in parameters] == [True, True]


def test_macro_without_parameters_is_a_view() -> None:
    with closing(opened("CREATE MACRO main.v() AS TABLE SELECT 1::INTEGER AS x")) as backend:
        entity = found(backend, "v", "main")

    assert (entity.columns, entity.parameters) == ((Column("x", HanaType("INTEGER")),), ())


def test_macro_that_lost_its_table_is_left_out_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    script = """
        CREATE TABLE gone (x INTEGER);
        CREATE MACRO lost(p INTEGER) AS TABLE SELECT x FROM gone WHERE x = p;
        CREATE MACRO kept(p INTEGER) AS TABLE SELECT p AS x;
        DROP TABLE gone;
    """
    with closing(opened(script)) as backend:
        assert [entity.name for entity in backend.entities("main")] == ["kept"]

    assert "main.lost" in caplog.text


def test_view_that_lost_its_table_is_listed_and_its_read_fails_as_data() -> None:
    script = """
        CREATE TABLE gone (x INTEGER); CREATE VIEW lost AS SELECT x FROM gone; DROP TABLE gone;
    """
    with closing(opened(script)) as backend:
        plan = plan_read(ReadTicket(entity="lost"), found(backend, "lost", "main"), Limits())
        with closing(backend.open(plan)) as stream, pytest.raises(DataError, match=r"main\.lost"):
            stream.read()


def test_rows_of_views_are_not_counted(backend: DuckDbBackend) -> None:
    assert backend.row_count(found(backend, "Big Orders")) is None
    assert backend.row_count(found(backend, "ORDERS")) == 2


def test_table_and_macro_of_one_name_are_the_table() -> None:
    script = "CREATE TABLE t (x INTEGER); CREATE MACRO t(p) AS TABLE SELECT p AS y"
    with closing(opened(script)) as backend:
        assert [entity.kind for entity in backend.entities("main")] == ["table"]
        assert found(backend, "t", "main").parameters == ()


def test_thousand_tables_are_listed_at_once() -> None:
    script = "".join(f"CREATE TABLE t{at} (a INTEGER, b VARCHAR);" for at in range(1000))
    with closing(opened(script)) as backend:
        listed = backend.entities("main")

    assert len(listed) == 1000
    assert all(len(entity.columns) == 2 for entity in listed)


ODD = {
    "a name over 127 characters": f'CREATE TABLE "{"x" * 128}" (a INTEGER)',
    "a line break in a name": 'CREATE TABLE "a\nb" (a INTEGER)',
    "a control character beyond ASCII": 'CREATE VIEW "a\x85b" AS SELECT 1 AS a',
    "a long column": f'CREATE TABLE odd (a INTEGER, "{"x" * 128}" INTEGER)',
    "a column with a tabulator": 'CREATE TABLE odd (a INTEGER, "b\tc" INTEGER)',
    "an odd macro": f'CREATE MACRO "{"x" * 128}"(p) AS TABLE SELECT p AS a',
    "an odd parameter": 'CREATE MACRO odd("p\n") AS TABLE SELECT "p\n" AS a',
}


@pytest.mark.parametrize("script", ODD.values(), ids=ODD)
def test_entity_with_a_name_that_no_ticket_holds_is_left_out_with_one_warning(
    script: str, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(opened(f"{script}; CREATE TABLE kept (a INTEGER)")) as backend:
        for _ in range(2):
            assert [entity.name for entity in backend.entities("main")] == ["kept"]
            assert [entity.name for entity in backend.entities(None)] == ["kept"]

    assert len([record for record in caplog.records if "left out" in record.message]) == 1


def test_space_with_a_name_that_no_ticket_holds_is_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    script = f'CREATE SCHEMA "{"x" * 128}"; CREATE TABLE "{"x" * 128}".t (a INTEGER)'
    with closing(opened(f"{script}; CREATE TABLE kept (a INTEGER)")) as backend:
        assert [space.name for space in backend.spaces()] == ["main"]
        assert [entity.name for entity in backend.entities(None)] == ["kept"]

    assert "left out" in caplog.text


def test_name_in_several_spaces_is_found_in_each() -> None:
    script = """
        CREATE SCHEMA b; CREATE SCHEMA a; CREATE SCHEMA c;
        CREATE TABLE b.t (x INTEGER); CREATE VIEW a.t AS SELECT 1 AS x;
        CREATE MACRO c.t(p) AS TABLE SELECT p AS x; CREATE TABLE c."T" (x INTEGER);
    """
    with closing(opened(script)) as backend:
        assert [(entity.space, entity.kind) for entity in backend.find("t")] == [
            ("a", "view"),
            ("b", "table"),
            ("c", "view"),
        ]
        assert list(backend.entity_names(None)) == ["T", "t"]


def test_macros_of_a_space_that_is_none_are_not_listed() -> None:
    with closing(opened("CREATE SCHEMA s; CREATE MACRO v(p) AS TABLE SELECT p AS x")) as backend:
        assert list(backend.entities(None)) == []
        assert list(backend.entity_names(None)) == []


SCHEMAS = "".join(f'CREATE SCHEMA "S{at}";' for at in range(40))
TABLES = "".join(
    f"CREATE TABLE {'main' if at % 41 == 40 else f'S{at % 41}'}.T{at} (ID BIGINT PRIMARY KEY, A "
    "VARCHAR);"
    for at in range(1000)
)


def test_thousand_tables_in_41_schemas_are_found_and_listed_at_once() -> None:
    with closing(opened(SCHEMAS + TABLES)) as backend:
        discovery = Discovery(backend)
        begun = time.monotonic()

        assert len(discovery.entities()) == 1000
        assert discovery.entity("T500").space == "S8"
        assert discovery.entity("T500", "S8").name == "T500"
        with pytest.raises(UnknownEntity, match="did you mean"):
            discovery.entity("T5x0")

    assert time.monotonic() - begun < 2  # 0.4 s; one space after the other took 12


def test_catalogue_of_a_file_is_that_of_the_file(tmp_path: Path) -> None:
    path = str(tmp_path / "data.duckdb")
    DuckDbBackend.open_database(path, read_only=False, init_script=SCRIPT).close()

    with closing(DuckDbBackend.open_database(path, read_only=True)) as backend:
        assert [space.name for space in backend.spaces()] == ["SALES", "empty"]
        assert len(backend.entities("SALES")) == 3
