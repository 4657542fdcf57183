"""The tenant under question, asked through hdbcli in this process, as only tests may."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from hdbcli import dbapi

from flight_server.backends.hana.access import DatabaseUser
from flight_server.backends.hana.users import Users
from flight_server.config import HanaSection, load

PATIENCE_MS: Final = 60_000
"""Longest wait for any answer, so that a driver that holds the GIL cannot hold a test for ever."""

LONG: Final = (
    'SELECT COUNT(*) AS "N" FROM SERIES_GENERATE_INTEGER(1, 0, 3000000) AS "A", '
    'SERIES_GENERATE_INTEGER(1, 0, 3000000) AS "B" '
    'WHERE MOD("A"."ELEMENT_NUMBER" + "B"."ELEMENT_NUMBER", 7) = 3'
)
"""Runs for minutes, and needs no table."""

MANY_ROWS: Final = 400_000


def many(rows: int = MANY_ROWS) -> str:
    """A query of many rows that needs no table."""
    return (
        'SELECT "ELEMENT_NUMBER" AS "N", TO_NVARCHAR("ELEMENT_NUMBER") AS "T" '
        f"FROM SERIES_GENERATE_INTEGER(1, 0, {rows})"
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement gave; ``rows`` is empty for what is no SELECT."""

    description: tuple[Any, ...]
    rows: list[tuple[Any, ...]]

    @property
    def value(self) -> Any:
        """The first value of the first row."""
        return self.rows[0][0]


@dataclass(frozen=True, slots=True)
class Refusal:
    """The error that a statement gave."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"error {self.code} ({' '.join(self.text.split())[:160]})"


def refusal(error: Any) -> Refusal:
    """The number and text of an error of hdbcli."""
    return Refusal(error.errorcode, error.errortext)


def attempt(connection: Any, sql: str, values: Sequence[Any] = ()) -> Answer | Refusal:
    """Run one statement."""
    cursor = connection.cursor()
    try:
        cursor.execute(sql, tuple(values)) if values else cursor.execute(sql)
        if not cursor.has_result_set():
            return Answer((), [])
        return Answer(tuple(cursor.description), [tuple(row) for row in cursor.fetchall()])
    except dbapi.Error as error:
        return refusal(error)
    finally:
        with suppress(dbapi.Error):
            cursor.close()


@dataclass(frozen=True, slots=True)
class Tenant:
    """Where the questions go.

    Attributes:
        hana: The section of the configuration.
        user: The first user in it.
        schema: An Open SQL schema in which objects named FLIGHT_LIVE_... may be made and dropped.
    """

    hana: HanaSection
    user: DatabaseUser
    schema: str | None

    @contextmanager
    def connect(self, **changes: Any) -> Iterator[Any]:
        """A connection of the user; it is closed in the end."""
        options = {**self.user.options, "communicationTimeout": PATIENCE_MS, **changes}
        connection = dbapi.connect(**options)
        try:
            yield connection
        finally:
            with suppress(dbapi.Error):
                connection.close()

    def ask(self, sql: str, *values: Any) -> Answer | Refusal:
        """Run one statement on a connection of its own."""
        with self.connect() as connection:
            return attempt(connection, sql, values)

    def is_emulated(self) -> bool:
        """Whether it is the emulator of the tests, which alone knows this statement."""
        return isinstance(self.ask("EMULATOR CONNECTIONS"), Answer)

    def server(self) -> str:
        """A sentence about the server."""
        found = self.ask("SELECT VERSION FROM M_DATABASE")
        version = found.value if isinstance(found, Answer) and found.rows else found
        return f"Server version {version}, user {self.user.label}."


def tenant_of(file: Path, schema: str | None) -> Tenant:
    """The tenant of a configuration file."""
    hana = load(file).hana
    if hana.address is None:
        raise ValueError(f"{file} has no [hana] address; see examples/datasphere.toml.")
    return Tenant(hana, next(iter(Users(hana).everyone().values())), schema)


def q(*names: str) -> str:
    """A quoted name."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


TABLE: Final = "FLIGHT_LIVE_T"
VIEW: Final = "FLIGHT_LIVE_V"
PARAMETRISED: Final = "FLIGHT_LIVE_P"
ENDLESS: Final = "FLIGHT_LIVE_ENDLESS"
ROWS: Final = 300

COLUMNS: Final = {
    "ID": "BIGINT NOT NULL PRIMARY KEY",
    "TEXT": "NVARCHAR(20)",
    "BYTES": "VARBINARY(16)",
    "DAY": "DATE",
    "SECOND": "SECONDDATE",
    "MOMENT": "TIMESTAMP",
    "AMOUNT": "DECIMAL(15, 2)",
    "SMALL": "TINYINT",
}


def _row(number: int) -> tuple[Any, ...]:
    if number % 7 == 0:
        return (number, *[None] * (len(COLUMNS) - 1))
    moment = dt.datetime(2020, 1, 1) + dt.timedelta(hours=11 * number)
    return (
        number,
        f"text {number}",
        number.to_bytes(4, "big"),
        moment.date(),
        moment,
        moment + dt.timedelta(microseconds=number),
        Decimal(number * 101 - 9_999) / 100,
        number % 256,
    )


def make_objects(connection: Any, schema: str) -> None:
    """Make a table, a view over it, a view with a parameter and one that never ends."""
    drop_objects(connection, schema)
    declared = ", ".join(f"{q(name)} {kind}" for name, kind in COLUMNS.items())
    cursor = connection.cursor()
    cursor.execute(f"CREATE COLUMN TABLE {q(schema, TABLE)} ({declared})")
    markers = ", ".join("?" * len(COLUMNS))
    cursor.executemany(
        f"INSERT INTO {q(schema, TABLE)} VALUES ({markers})", [_row(at) for at in range(ROWS)]
    )
    cursor.execute(f"CREATE VIEW {q(schema, VIEW)} AS SELECT * FROM {q(schema, TABLE)}")
    cursor.execute(
        f"CREATE VIEW {q(schema, PARAMETRISED)} (IN P_LEAST BIGINT) AS "
        f'SELECT "ID", "TEXT" FROM {q(schema, TABLE)} WHERE "ID" >= :P_LEAST'
    )
    cursor.execute(f"CREATE VIEW {q(schema, ENDLESS)} AS {LONG}")
    cursor.close()


def drop_objects(connection: Any, schema: str) -> None:
    """Drop what ``make_objects`` made, as far as it is there."""
    for kind, name in (
        ("VIEW", ENDLESS), ("VIEW", PARAMETRISED), ("VIEW", VIEW), ("TABLE", TABLE),
    ):  # fmt: skip
        attempt(connection, f"DROP {kind} {q(schema, name)}")
