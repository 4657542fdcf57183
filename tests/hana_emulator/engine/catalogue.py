"""What the database holds besides rows: users, schemas, tables, views, rights; no SQL, no rows.

The declared HANA types live here, because DuckDB would lose them. DuckDB's own names are made up
(`t12`, `c3`), so that its case-insensitive names never meet HANA's, which are exact.
"""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from tests.hana_emulator.engine import tree
from tests.hana_emulator.engine.errors import not_authorized, unknown_table
from tests.hana_emulator.values import DeclaredType, HanaError

SYSTEM = "SYSTEM"
"""The administrator; `DBADMIN` is another name of the same."""
ADMINISTRATORS = frozenset({"SYSTEM", "DBADMIN"})
PUBLIC_SCHEMA = "PUBLIC"

UserState: TypeAlias = Literal["ok", "locked", "force_change", "deactivated"]


@dataclass(slots=True)
class User:
    name: str
    password: str
    state: UserState = "ok"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table or view.

    Attributes:
        stored: DuckDB's name of it.
        default: The value expression, or None.
        identity: ``ALWAYS`` or ``BY DEFAULT`` of an identity column, else empty.
    """

    name: str
    type: DeclaredType
    nullable: bool = True
    stored: str = ""
    default: tree.Value | None = None
    default_text: str | None = None
    identity: str = ""
    comment: str | None = None


@dataclass(slots=True)
class Table:
    """A table; ``key`` and the members of ``uniques`` name columns."""

    schema: str
    name: str
    columns: tuple[Column, ...]
    oid: int
    key: tuple[str, ...] = ()
    uniques: tuple[tuple[str, ...], ...] = ()
    kind: str = "COLUMN"
    temporary: bool = False
    comment: str | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    next_identity: int = 1
    identity_step: int = 1

    @property
    def stored(self) -> str:
        """DuckDB's name of it."""
        return f"t{self.oid}"


@dataclass(frozen=True, slots=True)
class Parameter:
    """An input parameter of a view."""

    name: str
    type: DeclaredType
    default: tree.Value | None = None
    default_text: str | None = None


@dataclass(slots=True)
class View:
    """A view: its query is put in wherever the view is used.

    Attributes:
        owner: With whose rights the query runs.
        definer_schema: Where its unqualified names are looked up.
    """

    schema: str
    name: str
    columns: tuple[Column, ...]
    oid: int
    query: tree.Query
    definition: str
    owner: str
    definer_schema: str
    parameters: tuple[Parameter, ...] = ()
    comment: str | None = None
    structured_privilege_check: bool = False
    outputs: tuple[str, ...] = ()
    """Names of the query's columns when the view was made."""
    created: datetime = field(default_factory=lambda: datetime.now(UTC))


Relation: TypeAlias = Table | View


@dataclass(slots=True)
class Schema:
    name: str
    owner: str
    relations: dict[str, Relation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grant:
    """A right of a user on a schema (``object`` empty) or an object of it."""

    grantee: str
    privilege: str
    schema: str
    object: str = ""
    grantable: bool = False
    grantor: str = SYSTEM


class Catalogue:
    """Everything that has a name. Readers may run beside one writer."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.schemas: dict[str, Schema] = {}
        self.grants: dict[tuple[str, str, str, str], Grant] = {}
        self.version = 0
        """Rises with every change, so that prepared statements know when to look again."""
        self.lock = threading.RLock()
        self._oids = itertools.count(160_000)

    def next_oid(self) -> int:
        return next(self._oids)

    def touched(self) -> None:
        self.version += 1

    # users

    def add_user(self, name: str, password: str, state: UserState = "ok") -> None:
        with self.lock:
            if name in self.users:
                raise HanaError(331, f"user name already exists: {name}")
            self.users[name] = User(name, password, state)
            self.touched()

    def user(self, name: str) -> User:
        if name not in self.users:
            raise HanaError(332, f"invalid user name: {name}")
        return self.users[name]

    # schemas and what is in them

    def add_schema(self, name: str, owner: str) -> Schema:
        with self.lock:
            if name in self.schemas:
                raise HanaError(386, f"cannot use duplicate schema name: {name}")
            self.schemas[name] = Schema(name, owner)
            self.touched()
            return self.schemas[name]

    def schema(self, name: str) -> Schema:
        if name not in self.schemas:
            raise HanaError(362, f"invalid schema name: {name}")
        return self.schemas[name]

    def put(self, relation: Relation) -> None:
        """Add or replace a table or view."""
        with self.lock:
            self.schema(relation.schema).relations[relation.name] = relation
            self.touched()

    def drop(self, relation: Relation) -> None:
        with self.lock:
            del self.schemas[relation.schema].relations[relation.name]
            gone = [key for key in self.grants if key[2:] == (relation.schema, relation.name)]
            for key in gone:
                del self.grants[key]
            self.touched()

    def relations(self) -> Iterator[Relation]:
        for schema in list(self.schemas.values()):
            yield from list(schema.relations.values())

    def find(self, schema: str, name: str) -> Relation | None:
        found = self.schemas.get(schema)
        return None if found is None else found.relations.get(name)

    def replace_columns(self, table: Table, columns: tuple[Column, ...]) -> None:
        with self.lock:
            table.columns = columns
            self.touched()

    def comment(self, relation: Relation, column: str | None, text: str | None) -> None:
        """COMMENT ON."""
        with self.lock:
            if column is None:
                relation.comment = text
            else:
                if all(one.name != column for one in relation.columns):
                    raise HanaError(260, f"invalid column name: {column}")
                relation.columns = tuple(
                    replace(one, comment=text) if one.name == column else one
                    for one in relation.columns
                )
            self.touched()

    # rights

    def grant(self, grant: Grant) -> None:
        with self.lock:
            key = (grant.grantee, grant.privilege, grant.schema, grant.object)
            self.grants[key] = grant
            self.touched()

    def revoke(self, grantee: str, privilege: str, schema: str, name: str) -> None:
        with self.lock:
            if self.grants.pop((grantee, privilege, schema, name), None) is None:
                raise HanaError(334, f"invalid user privilege: {privilege} was not granted")
            self.touched()

    def owns(self, user: str, schema: str) -> bool:
        found = self.schemas.get(schema)
        return user in ADMINISTRATORS or (found is not None and found.owner == user)

    def may(self, user: str, privilege: str, schema: str, name: str = "") -> bool:
        """Whether a user has a right, by ownership, on the schema, or on the object."""
        return self.owns(user, schema) or any(
            (user, one, schema, where) in self.grants
            for one in (privilege, "ALL PRIVILEGES")
            for where in {"", name}
        )

    def sees(self, user: str, schema: str, name: str) -> bool:
        """Whether a user has any right on an object."""
        return self.owns(user, schema) or any(
            grant.grantee == user and grant.schema == schema and grant.object in {"", name}
            for grant in list(self.grants.values())
        )

    def sees_schema(self, user: str, schema: str) -> bool:
        """Whether a user has any right on a schema or something in it."""
        return self.owns(user, schema) or any(
            grant.grantee == user and grant.schema == schema for grant in list(self.grants.values())
        )

    def open(
        self, user: str, privilege: str, schema: str, name: str, *, position: int = 0
    ) -> Relation:
        """A table or view that a user may use in this way.

        Raises:
            HanaError: 259 if it is not there or not visible, 258 if the right is missing.
        """
        relation = self.find(schema, name)
        if relation is None or not self.sees(user, schema, name):
            raise unknown_table(f"{name} in schema {schema}", position)
        if not self.may(user, privilege, schema, name):
            raise not_authorized()
        return relation

    def may_define(self, user: str, schema: str) -> None:
        """Raise unless a user may create and change objects of a schema."""
        self.schema(schema)
        if not self.may(user, "CREATE ANY", schema):
            raise not_authorized()
