"""The primary and foreign keys of HANA's tables as its system views tell them; kept nowhere.

Columns of the views: SAP HANA Cloud SQL reference, CONSTRAINTS and REFERENTIAL_CONSTRAINTS. [U]:
that the latter shows a user the keys of what it has a privilege on and no others.
"""

from collections.abc import Iterable
from typing import Final, TypedDict, cast

from flight_server.backends.base import ForeignKey, KeyRule, PrimaryKey, TableName
from flight_server.backends.hana.access import DatabaseUser
from flight_server.backends.hana.catalog import Ask
from flight_server.backends.hana.system_views import (
    FOREIGN_KEY_COLUMNS,
    PRIMARY_KEY_COLUMNS,
    Place,
    foreign_key_question,
    primary_key_question,
)

_RULES: Final = {rule.value: rule for rule in KeyRule}


class KeyRow(TypedDict):
    """A column of a key; the answer to ``primary_key_question`` has the first five fields."""

    SPACE: str
    ENTITY: str
    NAME: str
    COLUMN: str
    POSITION: int
    TO_SPACE: str
    TO_ENTITY: str
    TO_NAME: str | None
    TO_COLUMN: str
    ON_UPDATE: str | None
    ON_DELETE: str | None


class Keys:
    """The keys that each user may see. Methods are called from many threads at once."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def primary(self, user: DatabaseUser, of: TableName) -> tuple[PrimaryKey, ...]:
        """The primary keys of tables."""
        table = self._ask(user, primary_key_question(_place(of)), PRIMARY_KEY_COLUMNS)
        return tuple(primary_keys_of(cast("list[KeyRow]", table.to_pylist())))

    def foreign(
        self, user: DatabaseUser, of: TableName | None, to: TableName | None
    ) -> tuple[ForeignKey, ...]:
        """The foreign keys of some tables to some tables."""
        question = foreign_key_question(_place(of), _place(to))
        table = self._ask(user, question, FOREIGN_KEY_COLUMNS)
        return tuple(foreign_keys_of(cast("list[KeyRow]", table.to_pylist())))


def primary_keys_of(rows: Iterable[KeyRow]) -> list[PrimaryKey]:
    """The keys that these rows, in any order, tell of."""
    return [
        PrimaryKey(
            space=space,
            table=table,
            name=name,
            columns=tuple(row["COLUMN"] for row in columns),
        )
        for (space, table, name), columns in _grouped(rows)
    ]


def foreign_keys_of(rows: Iterable[KeyRow]) -> list[ForeignKey]:
    """The keys that these rows, in any order, tell of."""
    return [
        ForeignKey(
            space=space,
            table=table,
            name=name,
            columns=tuple(row["COLUMN"] for row in columns),
            to_space=columns[0]["TO_SPACE"],
            to_table=columns[0]["TO_ENTITY"],
            to_name=columns[0]["TO_NAME"],
            to_columns=tuple(row["TO_COLUMN"] for row in columns),
            on_update=_rule(columns[0]["ON_UPDATE"]),
            on_delete=_rule(columns[0]["ON_DELETE"]),
        )
        for (space, table, name), columns in _grouped(rows)
    ]


def _grouped(rows: Iterable[KeyRow]) -> list[tuple[tuple[str, str, str], list[KeyRow]]]:
    """The rows of each key, by their position in it."""
    found: dict[tuple[str, str, str], list[KeyRow]] = {}
    for row in sorted(rows, key=lambda row: row["POSITION"]):
        found.setdefault((row["SPACE"], row["ENTITY"], row["NAME"]), []).append(row)
    return sorted(found.items(), key=lambda item: item[0])


def _rule(text: str | None) -> KeyRule:
    """HANA's word; [U] that there are no others than those that its reference lists."""
    return _RULES.get(text or "", KeyRule.RESTRICT)


def _place(table: TableName | None) -> Place:
    return Place() if table is None else Place(table.space, table.name)
