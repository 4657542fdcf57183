"""What the wire and the engine say to each other: declared types, columns, outcomes, errors.

A value is a plain Python object, by the declared type of its column:

| HANA type                       | value                                                       |
|---------------------------------|-------------------------------------------------------------|
| TINYINT SMALLINT INTEGER BIGINT | int                                                         |
| REAL DOUBLE                     | float                                                       |
| BOOLEAN                         | bool                                                        |
| DECIMAL SMALLDECIMAL            | decimal.Decimal                                             |
| NVARCHAR ... NCLOB CLOB TEXT    | str; it may hold unpaired surrogates                        |
| VARBINARY BINARY BLOB           | bytes                                                       |
| DATE                            | int: day number, 1 = 0001-01-01, 0 = '' (DAYDATE)           |
| TIME                            | int: seconds of the day + 1 (SECONDTIME)                    |
| SECONDDATE                      | int: (day - 1) * 86400 + seconds + 1                        |
| TIMESTAMP                       | int: ticks of 100 ns since day 1, + 1 (LONGDATE)            |
| REAL_VECTOR                     | list of float                                               |

and None for NULL. Day numbers are Julian before 1582-10-15.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Value: TypeAlias = Any
Row: TypeAlias = Sequence[Value]


class FunctionCode(enum.IntEnum):
    """What kind of statement it is, in the words of the protocol."""

    NIL = 0
    DDL = 1
    INSERT = 2
    UPDATE = 3
    DELETE = 4
    SELECT = 5


@dataclass(frozen=True, slots=True)
class DeclaredType:
    """A HANA type as it is declared.

    Attributes:
        name: DATA_TYPE_NAME, for example ``NVARCHAR``.
        length: Characters, bytes, elements of a vector, or digits of a decimal; None if none.
        scale: Digits behind the point; None for bare DECIMAL and for other types.
    """

    name: str
    length: int | None = None
    scale: int | None = None


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column of a result set; ``schema`` and ``table`` are empty for expressions."""

    name: str
    type: DeclaredType
    nullable: bool = True
    schema: str = ""
    table: str = ""


@dataclass(frozen=True, slots=True)
class Marker:
    """A ``?`` of a statement, with the type that the client shall send."""

    type: DeclaredType
    name: str = ""


class HanaError(Exception):
    """An error with HANA's number.

    Attributes:
        code: For example 259.
        message: Without the code.
        position: In the statement, from 1; 0 if unknown.
        sqlstate: Five characters.
        fatal: Whether the session ends with it.
    """

    def __init__(
        self,
        code: int,
        message: str,
        *,
        position: int = 0,
        sqlstate: str = "HY000",
        fatal: bool = False,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.position = position
        self.sqlstate = sqlstate
        self.fatal = fatal


class Prepared(Protocol):
    """A statement that was parsed, resolved and typed; it belongs to one session."""

    @property
    def function(self) -> FunctionCode: ...

    @property
    def columns(self) -> tuple[ResultColumn, ...]:
        """Of the result; empty unless the function is SELECT."""
        ...

    @property
    def markers(self) -> tuple[Marker, ...]: ...


class Cursor(Protocol):
    """An open result set. Rows are computed as they are fetched, never all at once."""

    def fetch(self, rows: int) -> list[Row]:
        """Up to so many rows; fewer than asked (or none) only at the end.

        Raises:
            HanaError: 139 after a cancel; or what a row's computation says.
        """
        ...

    def close(self) -> None: ...


class Session(Protocol):
    """A database session of one user. One thread at a time, but for ``cancel``."""

    def prepare(self, text: str) -> Prepared:
        """Raises HanaError, for example 257 for a syntax error."""
        ...

    def query(self, prepared: Prepared, parameters: Row) -> Cursor:
        """Run a SELECT."""
        ...

    def change(
        self, prepared: Prepared, batch: Sequence[Row], *, autocommit: bool
    ) -> list[int | HanaError]:
        """Run anything else once for each row of parameters (once with () if it has no markers).

        Returns:
            For each row the number of rows affected, or why it failed. A failed row is undone by
            itself (HANA's statement-level undo); the others stand.
        """
        ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def cancel(self) -> None:
        """End the running statement with error 139; from any thread."""
        ...

    def set_variable(self, name: str, value: str | None) -> None:
        """A session variable or client info; None unsets it."""
        ...

    def close(self) -> None:
        """Roll back and release; never raises."""
        ...


class Engine(Protocol):
    """The database behind the wire. Methods are called from many threads at once."""

    def password(self, user: str) -> str | None:
        """The password of a user, for SCRAM; None for an unknown user."""
        ...

    def open(self, user: str, connection_id: int) -> Session:
        """A session of a user who proved the password.

        Raises:
            HanaError: 414 password must be changed, 415 deactivated, 416 locked.
        """
        ...

    def close(self) -> None: ...
