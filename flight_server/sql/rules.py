"""What differs between the SQL that callers write: parser, allow-list, functions, writer."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlglot.dialects.dialect import Dialect

from flight_server.sql import calls, duckdb, functions, grammar, hana
from flight_server.sql.duckdb_writer import DuckDbWriter
from flight_server.sql.writer import Writer


class CallerDialect(enum.Enum):
    """Which SQL callers write."""

    HANA = "hana"
    DUCKDB = "duckdb"


@dataclass(frozen=True, slots=True)
class Rules:
    """One dialect of callers.

    Attributes:
        dialect: How its text is read.
        grammar: What a read consists of.
        calls: The functions that may be called.
        exact_names: Whether names must fit in case.
        writer: What writes the tree as text.
    """

    dialect: type[Dialect]
    grammar: grammar.Grammar
    calls: calls.Rules
    exact_names: bool
    writer: type[Writer]


RULES: Final[Mapping[CallerDialect, Rules]] = {
    CallerDialect.HANA: Rules(
        hana.Hana,
        grammar.HANA,
        calls.Rules(
            functions.HANA,
            functions.HANA_NILADIC,
            hana.NILADIC,
            functions.DISTINCT,
            hana.ROUNDING_MODES,
        ),
        exact_names=True,
        writer=Writer,
    ),
    CallerDialect.DUCKDB: Rules(
        duckdb.DuckDbSql,
        grammar.DUCKDB,
        calls.Rules(
            functions.DUCKDB,
            functions.DUCKDB_NILADIC,
            duckdb.NILADIC,
            functions.DUCKDB_DISTINCT,
            frozenset(),
        ),
        exact_names=False,
        writer=DuckDbWriter,
    ),
}
