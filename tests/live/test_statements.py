"""What statements mean that the product sends: questions 4, 5 and 11."""

import time
from contextlib import closing

import pytest

from flight_client.protocol.catalog import Column, Entity, HanaType
from flight_client.protocol.tickets import Partition, PartitionMethod, ReadTicket
from flight_server.backends.base import Backend
from flight_server.planning.read import Limits, plan_read
from flight_server.service.discovery import Discovery
from flight_server.service.reads import Reads
from flight_server.sql.render import hana_select
from tests.live.findings import Findings
from tests.live.tenant import COLUMNS, PARAMETRISED, ROWS, TABLE, VIEW, Answer, Tenant, q

NO_SCHEMA = "FLIGHT_LIVE_SCHEMA names no schema in which objects may be made"

SYSTEM_VIEW = Entity(
    space="SYS",
    name="VIEW_COLUMNS",
    kind="view",
    columns=(
        Column("SCHEMA_NAME", HanaType("NVARCHAR", 256)),
        Column("VIEW_NAME", HanaType("NVARCHAR", 256)),
        Column("COLUMN_NAME", HanaType("NVARCHAR", 256)),
        Column("POSITION", HanaType("INTEGER")),
    ),
)


@pytest.mark.parametrize(
    ("form", "values"),
    [('"P_LEAST" => 290', ()), ('"P_LEAST" => ?', (290,)), ("290", ()), ("?", (290,))],
)
def test_view_parameters_take_literals_and_say_whether_they_take_markers(
    tenant: Tenant, findings: Findings, schema: str | None, form: str, values: tuple[int, ...]
) -> None:
    if schema is None:
        findings.leave(4, NO_SCHEMA)
        pytest.skip(NO_SCHEMA)
    found = tenant.ask(f"SELECT COUNT(*) FROM {q(schema, PARAMETRISED)}({form})", *values)
    outcome = f"{found.value} rows" if isinstance(found, Answer) else str(found)
    findings.note(4, f"V({form}) gives {outcome}.")
    if form == '"P_LEAST" => 290':  # what the product writes
        assert isinstance(found, Answer)
        assert found.value == 10


@pytest.mark.parametrize("name", [TABLE, VIEW])
def test_sample_of_a_table_and_of_a_view_is_a_part_or_says_why_not(
    tenant: Tenant, findings: Findings, schema: str | None, name: str
) -> None:
    if schema is None:
        findings.leave(5, NO_SCHEMA)
        pytest.skip(NO_SCHEMA)
    sql = f"SELECT COUNT(*) FROM {q(schema, name)} TABLESAMPLE BERNOULLI (50)"
    counts = [tenant.ask(sql) for _ in range(3)]
    shown = [found.value if isinstance(found, Answer) else str(found) for found in counts]
    findings.note(5, f"50 % of {ROWS} rows of {name}, three times: {shown}.")


@pytest.mark.parametrize("by", ["COLUMN_NAME", "POSITION"])
def test_parts_by_hash_of_a_system_view_count_every_row(
    tenant: Tenant, findings: Findings, by: str
) -> None:
    whole = tenant.ask(f"SELECT COUNT(*) FROM {q('SYS', 'VIEW_COLUMNS')}")
    assert isinstance(whole, Answer)
    counts = []
    for number in range(3):
        ticket = ReadTicket(
            entity="VIEW_COLUMNS", columns=("POSITION",), partition=Partition(3, number, by)
        )
        part = hana_select(plan_read(ticket, SYSTEM_VIEW, Limits()))
        found = tenant.ask(f"SELECT COUNT(*) FROM ({part.text})", *part.values)
        assert isinstance(found, Answer), f"{part.text}: {found}"
        counts.append(found.value)
    findings.note(11, f"SYS.VIEW_COLUMNS by the hash of {by}: parts {counts} of {whole.value}.")
    assert sum(counts) == whole.value


@pytest.mark.parametrize("method", ["hash", "range"])
@pytest.mark.parametrize("by", COLUMNS)
def test_endpoints_of_a_view_are_disjoint_and_complete(
    backend: Backend, findings: Findings, schema: str | None, by: str, method: PartitionMethod
) -> None:
    if schema is None:
        findings.leave(11, f"parts by {method} of {by}: {NO_SCHEMA}")
        pytest.skip(NO_SCHEMA)
    if method == "range" and by in ("TEXT", "BYTES"):
        pytest.skip("characters and bytes have no ranges")
    reads = Reads(backend, Discovery(backend), Limits())
    wish = ReadTicket(
        space=schema, entity=VIEW, columns=("ID",), partition=Partition(4, by=by, method=method)
    )
    started = time.perf_counter()
    ids: list[int] = []
    sizes = []
    for endpoint in reads.info(wish).tickets:
        before = len(ids)
        with closing(reads.open(endpoint).stream) as stream:
            while (batch := stream.read()) is not None:
                ids += batch.column(0).to_pylist()
        sizes.append(len(ids) - before)
    took_s = time.perf_counter() - started
    findings.note(11, f"{VIEW} by {method} of {by}: parts {sizes}, {took_s:.2f} s in all.")
    assert sorted(ids) == list(range(ROWS))
