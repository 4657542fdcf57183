"""What may change data: one INSERT, UPDATE, DELETE or definition of a table, as a value."""

import enum
from dataclasses import dataclass

from sqlglot import exp

from flight_server.sql.gate import CallerDialect


class ChangeKind(enum.Enum):
    """What a statement does; the words are those of error messages."""

    INSERT = "INSERT"
    UPSERT = "UPSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    MERGE = "MERGE"
    TRUNCATE = "TRUNCATE"
    CREATE_TABLE = "CREATE TABLE"
    ALTER_TABLE = "ALTER TABLE"
    DROP_TABLE = "DROP TABLE"

    @property
    def is_definition(self) -> bool:
        """Whether it changes what tables there are, so that the catalogue has to be read anew."""
        return self in _DEFINITIONS


_DEFINITIONS = frozenset({ChangeKind.CREATE_TABLE, ChangeKind.ALTER_TABLE, ChangeKind.DROP_TABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmittedChange:
    """One statement that may be sent and that changes data.

    Attributes:
        sql: The statement written anew: names qualified and quoted, comments gone.
        kind: What it does.
        dialect: The SQL that ``sql`` is written in.
        target: Space and name of the table that it changes.
        tables: The (space, entity) pairs that it reads beside.
        parameter_count: Number of ``?`` (in DuckDB's SQL ``$1``, ``$2`` ...).
        has_where: Whether an UPDATE or DELETE says which rows; True for everything else.
        expression: The tree that was admitted. Copy it before changing it.
    """

    sql: str
    kind: ChangeKind
    dialect: CallerDialect
    target: tuple[str, str]
    tables: frozenset[tuple[str, str]]
    parameter_count: int
    has_where: bool
    expression: exp.Expr
