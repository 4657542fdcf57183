"""The system views: the catalogue and the sessions as rows, as far as the reader may see them.

Columns: facts/datasphere-hana.md 3, with the few more that clients ask for. Flags are the texts
TRUE and FALSE.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from tests.hana_emulator.engine import calendar, types
from tests.hana_emulator.engine.build import SessionFacts, SystemView
from tests.hana_emulator.engine.catalogue import Catalogue, Column, Relation, Table, View
from tests.hana_emulator.engine.types import Family, family
from tests.hana_emulator.values import DeclaredType, ResultColumn

_NAME = DeclaredType("NVARCHAR", 256)
_FLAG = DeclaredType("NVARCHAR", 5)
_KINDS: Final = {
    "n": _NAME, "f": _FLAG, "i": types.INTEGER, "l": types.BIGINT, "t": types.TIMESTAMP,
    "x": types.TEXT, "c": types.NCLOB, "1": DeclaredType("NVARCHAR", 1),
    "16": DeclaredType("NVARCHAR", 16),
}  # fmt: skip

Rows = Iterable[Sequence[Any]]
Source = Callable[["Known", SessionFacts], Rows]


class OpenSession(Protocol):
    """A session as M_CONNECTIONS shows it."""

    user: str
    connection_id: int
    schema: str
    variables: dict[str, str]


class Known(Protocol):
    """What the views are made from."""

    catalogue: Catalogue
    version: str

    def sessions(self) -> list[OpenSession]: ...
    def row_count(self, table: Table) -> int: ...


_SOURCES: Final[dict[str, tuple[str, Source]]] = {}


def _view(name: str, columns: str) -> Callable[[Source], Source]:
    """``columns``: names with a letter for the type behind a colon."""

    def enter(source: Source) -> Source:
        _SOURCES[name] = (columns, source)
        return source

    return enter


def system_views(known: Known) -> dict[str, SystemView]:
    """Every system view, by name."""
    found = {}
    for name, (columns, source) in _SOURCES.items():
        described = tuple(_described(word) for word in columns.split())
        rows = _rows(source, known)
        found[name] = SystemView(name, described, rows)
    return found


def _rows(source: Source, known: Known) -> Callable[[SessionFacts], Sequence[Sequence[Any]]]:
    return lambda session: list(source(known, session))


def _described(word: str) -> ResultColumn:
    name, _, kind = word.partition(":")
    return ResultColumn(name, _KINDS[kind or "n"])


def flag(value: bool) -> str:
    return "TRUE" if value else "FALSE"


def _visible(known: Known, session: SessionFacts) -> Iterator[Relation]:
    for relation in known.catalogue.relations():
        if known.catalogue.sees(session.user, relation.schema, relation.name):
            yield relation


def _tables(known: Known, session: SessionFacts) -> Iterator[Table]:
    for relation in _visible(known, session):
        if isinstance(relation, Table):
            yield relation
    yield from session.temporary.values()


def _views(known: Known, session: SessionFacts) -> Iterator[View]:
    return (one for one in _visible(known, session) if isinstance(one, View))


def _at(moment: datetime) -> int:
    return calendar.now(Family.TIMESTAMP, moment)


@_view("DUMMY", "DUMMY:1")
def _dummy(_: Known, __: SessionFacts) -> Rows:
    return [("X",)]


@_view("SCHEMAS", "SCHEMA_NAME SCHEMA_OWNER HAS_PRIVILEGES:f")
def _schemas(known: Known, session: SessionFacts) -> Rows:
    """[U] Every schema is listed; HAS_PRIVILEGES tells which ones the reader may use."""
    for schema in known.catalogue.schemas.values():
        yield (
            schema.name, schema.owner,
            flag(known.catalogue.sees_schema(session.user, schema.name)),
        )  # fmt: skip
    yield "SYS", "SYS", "TRUE"


@_view(
    "TABLES",
    "SCHEMA_NAME TABLE_NAME TABLE_OID:l COMMENTS:x FIXED_PART_SIZE:i IS_LOGGED:f IS_SYSTEM_TABLE:f"
    " IS_COLUMN_TABLE:f TABLE_TYPE:16 IS_INSERT_ONLY:f IS_TEMPORARY:f TEMPORARY_TABLE_TYPE"
    " IS_USER_DEFINED_TYPE:f HAS_PRIMARY_KEY:f TEMPORAL_TYPE:16 CREATE_TIME:t",
)
def _sys_tables(known: Known, session: SessionFacts) -> Rows:
    for table in _tables(known, session):
        yield (
            table.schema, table.name, table.oid, table.comment, 0, "TRUE", "FALSE",
            flag(table.kind == "COLUMN"), table.kind, "FALSE", flag(table.temporary),
            "LOCAL" if table.temporary else "NONE", "FALSE", flag(bool(table.key)), "NONE",
            _at(table.created),
        )  # fmt: skip


@_view(
    "VIEWS",
    "SCHEMA_NAME VIEW_NAME VIEW_OID:l COMMENTS:x DEFINITION:c IS_COLUMN_VIEW:f VIEW_TYPE:16"
    " IS_VALID:f IS_READ_ONLY:f HAS_PARAMETERS:f HAS_STRUCTURED_PRIVILEGE_CHECK:f"
    " HAS_MASKED_COLUMNS:f HAS_CACHE:16 CREATE_TIME:t",
)
def _sys_views(known: Known, session: SessionFacts) -> Rows:
    for view in _views(known, session):
        yield (
            view.schema, view.name, view.oid, view.comment, view.definition, "FALSE", "ROW",
            "TRUE", "FALSE", flag(bool(view.parameters)), flag(view.structured_privilege_check),
            "FALSE", "NONE", _at(view.created),
        )  # fmt: skip


_COLUMN: Final = (
    " POSITION:i DATA_TYPE_ID:i DATA_TYPE_NAME:16 OFFSET:i LENGTH:i SCALE:i IS_NULLABLE:f"
    " DEFAULT_VALUE:x COLLATION COMMENTS:x DDIC_DATA_TYPE_NAME:16 IS_HIDDEN:f IS_MASKED:f"
    " GENERATION_TYPE COLUMN_ID:l"
)
_TYPE_IDS: Final = {
    "TINYINT": -6, "SMALLINT": 5, "INTEGER": 4, "BIGINT": -5, "DECIMAL": 3, "SMALLDECIMAL": 3000,
    "REAL": 7, "DOUBLE": 8, "BOOLEAN": 16, "NVARCHAR": -9, "NCLOB": -10, "VARBINARY": -3,
    "BLOB": -4, "DATE": 91, "TIME": 92, "TIMESTAMP": 93, "SECONDDATE": 93,
}  # fmt: skip
_LENGTHS: Final = {
    "TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19, "REAL": 7, "DOUBLE": 15,
    "BOOLEAN": 1, "NCLOB": 2_147_483_647, "BLOB": 2_147_483_647, "DATE": 10, "TIME": 8,
    "SECONDDATE": 19, "TIMESTAMP": 27,
}  # fmt: skip
"""LENGTH where the type has none of its own [U]."""


def length_and_scale(declared: DeclaredType) -> tuple[int, int | None]:
    """LENGTH and SCALE of a column; SCALE is NULL for a floating DECIMAL [facts 3]."""
    if declared.length is not None:
        return declared.length, declared.scale
    if family(declared) is Family.VECTOR:
        return 0, None
    scale = {"TIMESTAMP": 7}.get(declared.name)
    if family(declared) is Family.INTEGER:
        scale = 0
    return _LENGTHS.get(declared.name, 0), scale


def _column(relation: Relation, column: Column, position: int) -> tuple[Any, ...]:
    length, scale = length_and_scale(column.type)
    generation = f"{column.identity} AS IDENTITY" if column.identity else None
    return (
        relation.schema, relation.name, relation.oid, column.name, position,
        _TYPE_IDS.get(column.type.name, 0), column.type.name, 0, length, scale,
        flag(column.nullable), column.default_text, "DEFAULT", column.comment, None, "FALSE",
        "FALSE", generation, relation.oid * 1000 + position,
    )  # fmt: skip


@_view("TABLE_COLUMNS", "SCHEMA_NAME TABLE_NAME TABLE_OID:l COLUMN_NAME" + _COLUMN)
def _table_columns(known: Known, session: SessionFacts) -> Rows:
    for table in _tables(known, session):
        for position, column in enumerate(table.columns, 1):
            yield _column(table, column, position)


@_view("VIEW_COLUMNS", "SCHEMA_NAME VIEW_NAME VIEW_OID:l COLUMN_NAME" + _COLUMN)
def _view_columns(known: Known, session: SessionFacts) -> Rows:
    for view in _views(known, session):
        for position, column in enumerate(view.columns, 1):
            yield _column(view, column, position)


@_view("COLUMNS", "SCHEMA_NAME TABLE_NAME TABLE_OID:l COLUMN_NAME" + _COLUMN)
def _all_columns(known: Known, session: SessionFacts) -> Rows:
    for relation in _visible(known, session):
        for position, column in enumerate(relation.columns, 1):
            yield _column(relation, column, position)


@_view(
    "VIEW_PARAMETERS",
    "SCHEMA_NAME VIEW_NAME VIEW_OID:l PARAMETER_NAME DATA_TYPE_ID:i DATA_TYPE_NAME:16 LENGTH:i"
    " SCALE:i POSITION:i HAS_DEFAULT_VALUE:f DEFAULT_VALUE:x",
)
def _view_parameters(known: Known, session: SessionFacts) -> Rows:
    for view in _views(known, session):
        for position, one in enumerate(view.parameters, 1):
            length, scale = length_and_scale(one.type)
            yield (
                view.schema, view.name, view.oid, one.name, _TYPE_IDS.get(one.type.name, 0),
                one.type.name, length, scale, position, flag(one.default is not None),
                one.default_text,
            )  # fmt: skip


@_view(
    "CONSTRAINTS",
    "SCHEMA_NAME TABLE_NAME TABLE_OID:l COLUMN_NAME POSITION:i CONSTRAINT_NAME IS_PRIMARY_KEY:f"
    " IS_UNIQUE_KEY:f",
)
def _constraints(known: Known, session: SessionFacts) -> Rows:
    for table in _tables(known, session):
        keys = [(table.key, "TRUE")] if table.key else []
        keys += [(unique, "FALSE") for unique in table.uniques]
        for number, (key, primary) in enumerate(keys):
            name = f"_SYS_TREE_CS_#{table.oid}_#{number}_#P0"
            for position, column in enumerate(key, 1):
                yield (
                    table.schema, table.name, table.oid, column, position, name, primary, "TRUE",
                )  # fmt: skip


@_view(
    "REFERENTIAL_CONSTRAINTS",
    "SCHEMA_NAME TABLE_NAME COLUMN_NAME POSITION:i CONSTRAINT_NAME REFERENCED_SCHEMA_NAME"
    " REFERENCED_TABLE_NAME REFERENCED_COLUMN_NAME REFERENCED_CONSTRAINT_NAME UPDATE_RULE:16"
    " DELETE_RULE:16 IS_ENFORCED:f IS_VALIDATED:f CHECK_TIME:x",
)
def _referential_constraints(known: Known, session: SessionFacts) -> Rows:
    """None: tables are made here without foreign keys."""
    return ()


@_view("OBJECTS", "SCHEMA_NAME OBJECT_NAME OBJECT_TYPE OBJECT_OID:l OWNER_NAME CREATE_TIME:t")
def _objects(known: Known, session: SessionFacts) -> Rows:
    for relation in _visible(known, session):
        kind = "TABLE" if isinstance(relation, Table) else "VIEW"
        owner = known.catalogue.schemas[relation.schema].owner
        yield relation.schema, relation.name, kind, relation.oid, owner, _at(relation.created)
    if "DWC_GLOBAL" in known.catalogue.schemas:
        yield "DWC_GLOBAL", "GRANT_PRIVILEGE_TO_SPACE", "PROCEDURE", 159_999, "DWC_GLOBAL", None


@_view("PROCEDURES", "SCHEMA_NAME PROCEDURE_NAME PROCEDURE_OID:l OWNER_NAME")
def _procedures(known: Known, _: SessionFacts) -> Rows:
    if "DWC_GLOBAL" in known.catalogue.schemas:
        yield "DWC_GLOBAL", "GRANT_PRIVILEGE_TO_SPACE", 159_999, "DWC_GLOBAL"


@_view("USERS", "USER_NAME USER_ID:l USERGROUP_NAME CREATOR USER_DEACTIVATED:f")
def _users(known: Known, session: SessionFacts) -> Rows:
    """[U] Every name is listed, as far as the Datasphere fingerprint needs it."""
    for number, user in enumerate(known.catalogue.users.values(), 150_000):
        yield user.name, number, None, "SYSTEM", flag(user.state == "deactivated")


@_view(
    "EFFECTIVE_PRIVILEGES",
    "USER_NAME GRANTEE GRANTEE_TYPE GRANTOR OBJECT_TYPE SCHEMA_NAME OBJECT_NAME COLUMN_NAME"
    " PRIVILEGE IS_GRANTABLE:f IS_VALID:f",
)
def _effective_privileges(known: Known, session: SessionFacts) -> Rows:
    """Of the reader; [U] that others' are not shown."""
    user = session.user
    for schema in known.catalogue.schemas.values():
        if known.catalogue.owns(user, schema.name):
            for privilege in ("CREATE ANY", "SELECT", "INSERT", "UPDATE", "DELETE", "DROP"):
                yield (
                    user, user, "USER", "SYS", "SCHEMA", schema.name, None, None, privilege,
                    "TRUE", "TRUE",
                )  # fmt: skip
    for grant in list(known.catalogue.grants.values()):
        if grant.grantee == user:
            relation = known.catalogue.find(grant.schema, grant.object)
            kind = "SCHEMA" if not grant.object else "TABLE"
            kind = "VIEW" if isinstance(relation, View) else kind
            kind = kind if grant.schema else "SYSTEMPRIVILEGE"
            yield (
                user, user, "USER", grant.grantor, kind, grant.schema or None,
                grant.object or None, None, grant.privilege, flag(grant.grantable), "TRUE",
            )  # fmt: skip


@_view("M_DATABASE", "SYSTEM_ID DATABASE_NAME HOST START_TIME:t VERSION USAGE")
def _database(known: Known, _: SessionFacts) -> Rows:
    yield "H00", "H00", "emulator", calendar.parse(Family.TIMESTAMP, "2024-01-01"), (
        known.version), "TEST"  # fmt: skip


@_view(
    "M_CONNECTIONS",
    "HOST PORT:i CONNECTION_ID:i CONNECTION_TYPE CONNECTION_STATUS USER_NAME CLIENT_HOST CLIENT_IP"
    " CLIENT_PID:l CURRENT_SCHEMA_NAME OWN:f IS_ENCRYPTED:f AUTHENTICATION_METHOD"
    " WORKLOAD_CLASS_NAME PRIORITY:i CLIENT_APPLICATION CLOSE_REASON:x",
)
def _connections(known: Known, session: SessionFacts) -> Rows:
    for one in _seen(known, session):
        own = one.connection_id == session.connection_id
        yield (
            "emulator", 30015, one.connection_id, "Remote", "RUNNING" if own else "IDLE", one.user,
            "localhost", "127.0.0.1", 0, one.schema, flag(own), "FALSE", "PASSWORD",
            "_SYS_DEFAULT", 5, one.variables.get("APPLICATION"), None,
        )  # fmt: skip


@_view("M_SESSION_CONTEXT", "HOST PORT:i CONNECTION_ID:i KEY VALUE:x SECTION:16")
def _session_context(known: Known, session: SessionFacts) -> Rows:
    for one in _seen(known, session):
        for key, value in list(one.variables.items()):
            yield "emulator", 30015, one.connection_id, key, value, "USER"


def _seen(known: Known, session: SessionFacts) -> list[OpenSession]:
    every = known.catalogue.owns(session.user, "")
    return [one for one in known.sessions() if every or one.user == session.user]


@_view(
    "M_TABLES",
    "SCHEMA_NAME TABLE_NAME RECORD_COUNT:l TABLE_SIZE:l IS_COLUMN_TABLE:f TABLE_TYPE:16"
    " IS_PARTITIONED:f",
)
def _m_tables(known: Known, session: SessionFacts) -> Rows:
    for table in _tables(known, session):
        count = known.row_count(table)
        yield (
            table.schema, table.name, count, count * 64, flag(table.kind == "COLUMN"), table.kind,
            "FALSE",
        )  # fmt: skip


@_view("SYNONYMS", "SCHEMA_NAME SYNONYM_NAME OBJECT_SCHEMA OBJECT_NAME OBJECT_TYPE")
def _synonyms(_: Known, __: SessionFacts) -> Rows:
    for name in _SOURCES:
        yield "PUBLIC", name, "SYS", name, "VIEW"
