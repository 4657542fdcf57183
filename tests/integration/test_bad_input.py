"""Each bad input of the issue, sent by our client to the real server: a code, a sentence."""

import re
from collections.abc import Callable, Iterator

import pytest

import flight_client
from flight_client import Client, Error
from flight_client.protocol.tickets import ReadTicket
from flight_server.backends.duckdb.backend import DuckDbBackend
from flight_server.config import ConfigurationError, load
from flight_server.landscape import landscape_sql
from flight_server.service.seal import Seal
from tests.support.serving import serving

HOSTILE = '"; DROP TABLE x --'


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    backend = DuckDbBackend.open_database(None, read_only=False, init_script=landscape_sql(1000))
    with serving(backend) as server, flight_client.connect(server.uri) as found:
        yield found


def _table(**asked: object) -> Callable[[Client], object]:
    entity = str(asked.pop("entity", "SALES_ORDERS"))
    return lambda client: client.table(entity, **asked).to_arrow()  # type: ignore[arg-type]


def _sql(text: str, *values: object) -> Callable[[Client], object]:
    return lambda client: client.sql(text, parameters=values).to_arrow()


def _sealed_by_another_server(client: Client) -> object:
    seal = Seal(key=b"x" * 32, lifetime_s=60)
    body = seal.seal(ReadTicket(entity="SALES_ORDERS"), "anonymous")
    return client.table("SALES_ORDERS")._transport.open(body).read()


BAD: dict[str, tuple[Callable[[Client], object], str, str]] = {
    "unknown entity": (_table(entity="SALES_ORDER"), "ENTITY_UNKNOWN", "'SALES_ORDERS'"),
    "entity in another case": (_table(entity="sales_orders"), "ENTITY_UNKNOWN", "'SALES_ORDERS'"),
    "unknown space": (_table(space="SALE"), "SPACE_UNKNOWN", "'SALES'"),
    "unknown column": (_table(columns=["ORDER_IDS"]), "COLUMN_UNKNOWN", "'ORDER_ID'"),
    "column in another case": (_table(columns=["order_id"]), "COLUMN_UNKNOWN", "'ORDER_ID'"),
    "unknown column in where": (_table(where=[("STATE", "=", "X")]), "COLUMN_UNKNOWN", "'STATUS'"),
    "text for a date": (
        _table(where=[("ORDER_DATE", ">", "2024-01-01")]),
        "FILTER_INVALID",
        "date(2024, 1, 1)",
    ),
    "text for a number": (_table(where=[("ORDER_ID", "=", "7")]), "FILTER_INVALID", "BIGINT"),
    "number for a text": (_table(where=[("STATUS", "=", 7)]), "FILTER_INVALID", "NVARCHAR"),
    "empty IN list": (_table(where=[("STATUS", "in", [])]), "FILTER_INVALID", "got 0"),
    "NaN": (_table(where=[("ORDER_ID", "<", float("nan"))]), "FILTER_INVALID", "nan"),
    "infinity": (_table(where=[("ORDER_ID", "<", float("inf"))]), "FILTER_INVALID", "inf"),
    "limit below zero": (_table(limit=-1), "READ_INVALID", "-1"),
    "offset below zero": (_table(offset=-1), "READ_INVALID", "-1"),
    "sample of nothing": (_table(sample=0.0), "READ_INVALID", "0.0"),
    "missing parameter": (
        _table(entity="REVENUE_BY_REGION"),
        "PARAMETER_INVALID",
        "P_CURRENCY",
    ),
    "unknown parameter": (
        _table(entity="REVENUE_BY_REGION", parameters={"P_CURRENCY": "EUR", "P_YAER": 2024}),
        "PARAMETER_INVALID",
        "P_YEAR",
    ),
    "parameter of a wrong type": (
        _table(entity="REVENUE_BY_REGION", parameters={"P_CURRENCY": "EUR", "P_YEAR": "last"}),
        "PARAMETER_INVALID",
        "INTEGER",
    ),
    "parameter of a table": (_table(parameters={"P": 1}), "PARAMETER_INVALID", "P"),
    "forged ticket": (_sealed_by_another_server, "TICKET_FORGED", "new endpoints"),
    "hostile column": (_table(columns=[HOSTILE]), "COLUMN_UNKNOWN", "DROP TABLE"),
    "hostile column in order": (_table(order_by=[HOSTILE]), "COLUMN_UNKNOWN", "DROP TABLE"),
    "hostile entity": (_table(entity=HOSTILE), "ENTITY_UNKNOWN", "DROP TABLE"),
    "hostile space": (_table(space=HOSTILE), "SPACE_UNKNOWN", "DROP TABLE"),
    "two statements": (_sql("SELECT 1 FROM DUMMY; SELECT 2 FROM DUMMY"), "SQL_REFUSED", "one"),
    "a second statement that drops": (
        _sql('SELECT 1 FROM DUMMY; DROP TABLE "SALES"."PRODUCTS"'),
        "SQL_REFUSED",
        "",
    ),
    "SELECT INTO": (_sql("SELECT * INTO T2 FROM SALES.PRODUCTS"), "SQL_REFUSED", "INTO"),
    "DELETE": (_sql("DELETE FROM SALES.PRODUCTS"), "SQL_REFUSED", ""),
    "FOR UPDATE": (_sql("SELECT * FROM SALES.PRODUCTS FOR UPDATE"), "SQL_REFUSED", ""),
    "a file as a table": (_sql("SELECT * FROM \"/etc/passwd\""), "ENTITY_UNKNOWN", "passwd"),
    "a function that reads files": (
        _sql("SELECT * FROM read_text('/etc/passwd')"),
        "ENTITY_UNKNOWN",
        "READ_TEXT",
    ),
    "SQL that is none": (_sql("SELEC 1"), "SQL_INVALID|SQL_REFUSED", ""),
    "too few values": (_sql("SELECT 1 FROM DUMMY WHERE 1 = ?"), "PARAMETER_INVALID", "1"),
    "division by zero": (_sql("SELECT 1 / 0 AS X FROM DUMMY"), "DATA_ERROR", "zero"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_with_a_code_and_a_sentence(client: Client, name: str) -> None:
    call, codes, said = BAD[name]
    with pytest.raises(Error) as caught:
        call(client)
    error = caught.value
    assert error.code in codes.split("|"), error
    assert said.casefold() in error.message.casefold()
    assert error.incident is None
    assert "Traceback" not in error.message
    assert re.search(r"[.?!]$", error.message), "no sentence"


def test_nothing_was_lost_or_injected_after_all_that(client: Client) -> None:
    for call, _, _ in BAD.values():
        with pytest.raises(Error):
            call(client)
    names = [(entity.space, entity.name) for entity in client.tables()]
    assert len(names) == 8
    for space, name in names:
        parameters = {"P_CURRENCY": "EUR"} if name == "REVENUE_BY_REGION" else None
        assert client.table(name, space=space, parameters=parameters).to_arrow().num_rows > 0


def test_unknown_option_in_the_configuration_is_named(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHT_SERVER_DATABASE__PAHT", "x")
    with pytest.raises(ConfigurationError, match=r"PAHT: unknown variable; .*DATABASE__PATH"):
        load()
