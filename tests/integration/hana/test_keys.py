"""Keys over real readers and the emulator: each user tells those of its own spaces."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from flight_server.backends.base import TableName
from flight_server.backends.hana.backend import HanaBackend
from flight_server.backends.hana.opening import hana_backend
from flight_server.config import HanaSection
from tests.hana_emulator.engine import DuckEngine
from tests.hana_emulator.server import EmulatorServer

USERS = {
    "SALES": {"user": "SALES#READER", "password": "Sesame-open-1"},
    "FINANCE": {"user": "FINANCE#READER", "password": "Sesame-open-2"},
}
SCRIPT = """
CREATE TABLE "SALES"."RATES" ("DAY" DATE, "CURRENCY" NVARCHAR(5), "RATE" DECIMAL(9,4),
  PRIMARY KEY ("CURRENCY", "DAY"));
CREATE TABLE "SALES"."LOOSE" ("ID" INTEGER, UNIQUE ("ID"));
CREATE TABLE "FINANCE"."RATES" ("ID" INTEGER PRIMARY KEY);
GRANT SELECT ON SCHEMA "SALES" TO "SALES#READER";
GRANT SELECT ON SCHEMA "FINANCE" TO "FINANCE#READER";
"""


@pytest.fixture(scope="module")
def backend() -> Iterator[HanaBackend]:
    engine = DuckEngine()
    for space, user in USERS.items():
        engine.add_space(space)
        engine.add_user(user["user"], user["password"])
    engine.run_script(SCRIPT)
    with closing(engine), EmulatorServer(engine) as server:
        section = HanaSection.model_validate(
            {
                "address": "127.0.0.1",
                "port": server.port,
                "allow_plaintext": True,
                "spaces": USERS,
            }
        )
        with closing(hana_backend(section)) as made:
            yield made


def test_primary_key_has_its_own_order(backend: HanaBackend) -> None:
    (found,) = backend.primary_keys(TableName("RATES", "SALES"))
    assert (found.space, found.table, found.columns) == ("SALES", "RATES", ("CURRENCY", "DAY"))
    assert found.name


def test_keys_of_all_spaces_are_asked_of_the_user_of_each(backend: HanaBackend) -> None:
    found = backend.primary_keys(TableName("RATES"))
    assert [key.space for key in found] == ["FINANCE", "SALES"]


@pytest.mark.parametrize(
    "of",
    [TableName("rates", "SALES"), TableName("LOOSE"), TableName("RATES", "NOWHERE")],
    ids=str,
)
def test_what_has_no_primary_key_has_none(backend: HanaBackend, of: TableName) -> None:
    assert list(backend.primary_keys(of)) == []


def test_foreign_keys_are_asked_for(backend: HanaBackend) -> None:
    of, to = TableName("RATES", "SALES"), TableName("RATES", "FINANCE")
    for ends in ((of, None), (None, to), (of, to)):
        assert list(backend.foreign_keys(*ends)) == []
