"""Primary and foreign keys as answers; asks nobody."""

from collections.abc import Callable, Iterable
from typing import Final

import pyarrow as pa

from flight_server.backends.base import ForeignKey, KeyRule, PrimaryKey
from flight_server.wire.flightsql.metadata.schemas import FOREIGN_KEYS, PRIMARY_KEYS

_RULES: Final = {
    KeyRule.CASCADE: 0,
    KeyRule.RESTRICT: 1,
    KeyRule.SET_NULL: 2,
    KeyRule.NO_ACTION: 3,
    KeyRule.SET_DEFAULT: 4,
}
"""UpdateDeleteRules of the specification."""


def by_referring(key: ForeignKey) -> tuple[str, str, str]:
    """The order of exported keys: by the table that refers."""
    return key.space, key.table, key.name


def by_referred(key: ForeignKey) -> tuple[str, str, str]:
    """The order of imported keys and cross references: by the table that is referred to."""
    return key.to_space, key.to_table, key.to_name or ""


def primary_keys(found: Iterable[PrimaryKey]) -> pa.Table:
    """A row for each column of each key, in the order of the key."""
    rows = [
        {
            "db_schema_name": key.space,
            "table_name": key.table,
            "column_name": column,
            "key_name": key.name,
            "key_sequence": sequence,
        }
        for key in sorted(found, key=lambda key: (key.space, key.table, key.name))
        for sequence, column in enumerate(key.columns, 1)
    ]
    return pa.Table.from_pylist(rows, PRIMARY_KEYS)


def foreign_keys(
    found: Iterable[ForeignKey], order: Callable[[ForeignKey], tuple[str, str, str]]
) -> pa.Table:
    """A row for each column of each key.

    Args:
        found: The keys.
        order: ``by_referring`` or ``by_referred``. Between keys that are equal in it the columns'
            place in their key decides, as the specification has it.
    """
    columns = sorted(
        ((key, sequence) for key in found for sequence in range(1, 1 + len(key.columns))),
        key=lambda column: (order(column[0]), column[1], by_referring(column[0])),
    )
    rows = [
        {
            "pk_db_schema_name": key.to_space,
            "pk_table_name": key.to_table,
            "pk_column_name": key.to_columns[sequence - 1],
            "fk_db_schema_name": key.space,
            "fk_table_name": key.table,
            "fk_column_name": key.columns[sequence - 1],
            "key_sequence": sequence,
            "fk_key_name": key.name,
            "pk_key_name": key.to_name,
            "update_rule": _RULES[key.on_update],
            "delete_rule": _RULES[key.on_delete],
        }
        for key, sequence in columns
    ]
    return pa.Table.from_pylist(rows, FOREIGN_KEYS)
