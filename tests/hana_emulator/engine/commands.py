"""Statements other than queries, as values."""

from dataclasses import dataclass
from typing import TypeAlias

from tests.hana_emulator.engine import tree
from tests.hana_emulator.values import DeclaredType

Parts: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDefinition:
    name: str
    type: DeclaredType
    nullable: bool = True
    default: tree.Value | None = None
    default_text: str | None = None
    identity: str = ""
    identity_start: int = 1
    identity_step: int = 1
    key: bool = False
    unique: bool = False
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTable:
    """``kind`` COLUMN or ROW; ``query`` fills it (or gives its columns, without ``with_data``)."""

    parts: Parts
    columns: tuple[ColumnDefinition, ...] = ()
    key: Parts = ()
    uniques: tuple[Parts, ...] = ()
    kind: str = "COLUMN"
    temporary: bool = False
    comment: str | None = None
    query: tree.Query | None = None
    with_data: bool = True
    like: Parts | None = None


@dataclass(frozen=True, slots=True)
class ParameterDefinition:
    name: str
    type: DeclaredType
    default: tree.Value | None
    default_text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateView:
    parts: Parts
    query: tree.Query
    definition: str
    columns: tuple[tuple[str, str | None], ...] = ()
    parameters: tuple[ParameterDefinition, ...] = ()
    comment: str | None = None
    replace: bool = False
    structured: bool = False


@dataclass(frozen=True, slots=True)
class CreateSchema:
    name: str
    owner: str | None


@dataclass(frozen=True, slots=True)
class DropSchema:
    name: str
    cascade: bool


@dataclass(frozen=True, slots=True)
class CreateUser:
    name: str
    password: str


@dataclass(frozen=True, slots=True)
class DropUser:
    name: str


@dataclass(frozen=True, slots=True)
class Drop:
    """``kind`` TABLE or VIEW."""

    kind: str
    parts: Parts
    position: int


@dataclass(frozen=True, slots=True)
class Rename:
    """RENAME TABLE a TO b, RENAME COLUMN a.b TO c."""

    kind: str
    parts: Parts
    to: str
    position: int


@dataclass(frozen=True, slots=True)
class Alter:
    """ALTER TABLE with one of its actions filled."""

    parts: Parts
    position: int
    add: tuple[ColumnDefinition, ...] = ()
    drop: Parts = ()
    alter: tuple[ColumnDefinition, ...] = ()
    key: Parts = ()


@dataclass(frozen=True, slots=True)
class Truncate:
    parts: Parts
    position: int


@dataclass(frozen=True, slots=True)
class Comment:
    """``kind`` TABLE, VIEW or COLUMN."""

    kind: str
    parts: Parts
    text: str | None
    position: int


@dataclass(frozen=True, slots=True)
class Rights:
    """GRANT or REVOKE; ``on`` is empty for system privileges and roles, which mean nothing here."""

    revoke: bool
    privileges: Parts
    on_schema: bool
    on: Parts
    users: Parts
    grantable: bool
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """INSERT and UPSERT; either ``values`` or ``query``."""

    parts: Parts
    position: int
    columns: Parts = ()
    values: tuple[tree.Value | None, ...] = ()
    query: tree.Query | None = None
    upsert: bool = False
    by_key: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    column: str
    value: tree.Value
    position: int


@dataclass(frozen=True, slots=True)
class Update:
    parts: Parts
    alias: str | None
    assignments: tuple[Assignment, ...]
    where: tree.Condition | None
    position: int


@dataclass(frozen=True, slots=True)
class Delete:
    parts: Parts
    alias: str | None
    where: tree.Condition | None
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """MERGE INTO; ``update`` and ``insert`` are what to do with matched and unmatched rows."""

    parts: Parts
    alias: str | None
    source: tree.Source
    on: tree.Condition
    update: tuple[Assignment, ...] = ()
    update_where: tree.Condition | None = None
    delete: bool = False
    insert_columns: Parts = ()
    insert_values: tuple[tree.Value, ...] = ()
    position: int = 0


@dataclass(frozen=True, slots=True)
class SetVariable:
    """SET 'KEY' = 'value'; UNSET 'KEY' is None."""

    key: str
    value: str | None


@dataclass(frozen=True, slots=True)
class SetSchema:
    name: str


@dataclass(frozen=True, slots=True)
class SetTransaction:
    """``what`` READ ONLY, READ WRITE, DDL ON|OFF, AUTOCOMMIT DDL ON|OFF, or an isolation level."""

    what: str


@dataclass(frozen=True, slots=True)
class CancelSession:
    """ALTER SYSTEM CANCEL (or DISCONNECT) SESSION."""

    connection_id: int
    disconnect: bool


@dataclass(frozen=True, slots=True)
class EndTransaction:
    commit: bool


Definition: TypeAlias = (
    CreateTable | CreateView | CreateSchema | DropSchema | CreateUser | DropUser | Drop | Rename
    | Alter | Truncate | Comment | Rights
)  # fmt: skip
Change: TypeAlias = Insert | Update | Delete | Merge
Setting: TypeAlias = SetVariable | SetSchema | SetTransaction | CancelSession | EndTransaction
Statement: TypeAlias = tree.Query | Definition | Change | Setting
