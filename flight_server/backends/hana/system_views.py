"""The questions to HANA's system views, as statements; asks nobody itself.

Columns of the views: SAP HANA Cloud SQL reference, system views, as noted in datasphere-hana.md 3.
The views show what the asking user has a privilege on. [U]: whether Datasphere fills COMMENTS.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, LiteralString

from flight_client.protocol.catalog import Column, HanaType
from flight_server.sql.compose import EMPTY, Fragment, bound, join, quoted, sql, statement
from flight_server.sql.statement import Statement

SYSTEM_SCHEMAS: Final = (
    "DWC_AUDIT_READER",
    "DWC_GLOBAL",
    "PUBLIC",
    "SAP_PA_APL",
    "SYS",
    "SYSTEM",
    "SYS_DATABASES",
)
"""Schemas that are no spaces, beside those that begin with ``_SYS``. Of Datasphere's own schemas
only DWC_GLOBAL is documented; whatever else a user may read stands among the spaces."""

_TEXT: Final = HanaType("NVARCHAR", 5000)
_NUMBER: Final = HanaType("INTEGER")

NAME_COLUMNS: Final = tuple(Column(name, _TEXT) for name in ("SPACE", "ENTITY"))
"""Columns of the answer to ``names_question``."""

DETAIL_COLUMNS: Final = (
    *(Column(name, _TEXT) for name in ("PART", "SPACE", "ENTITY", "NAME")),
    Column("POSITION", _NUMBER),
    Column("TYPE", _TEXT),
    Column("LENGTH", _NUMBER),
    Column("SCALE", _NUMBER),
    Column("FLAG", _TEXT),
    Column("NOTE", _TEXT),
)
"""Columns of the answer to ``details_question``: of its parts, each uses what it needs."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look: in one schema or all, for one name or all."""

    space: str | None = None
    entity: str | None = None


_RELATIONS: Final[tuple[tuple[LiteralString, LiteralString, LiteralString], ...]] = (
    (
        "TABLES",
        "TABLE_NAME",
        " AND IS_TEMPORARY = 'FALSE' AND IS_USER_DEFINED_TYPE = 'FALSE'",
    ),
    ("VIEWS", "VIEW_NAME", ""),
)

_COLUMN_VIEWS: Final[tuple[tuple[LiteralString, LiteralString], ...]] = (
    ("TABLE_COLUMNS", "TABLE_NAME"),
    ("VIEW_COLUMNS", "VIEW_NAME"),
)


def names_question(place: Place) -> Statement:
    """The names of the entities at a place."""
    arms = [
        sql(
            'SELECT SCHEMA_NAME AS "SPACE", {} AS "ENTITY" FROM SYS.{} WHERE {}{}{}',
            sql(name),
            sql(view),
            _where(place, name),
            _READABLE,
            sql(also),
        )
        for view, name, also in _RELATIONS
    ]
    return statement(join(" UNION ALL ", arms))


def details_question(place: Place) -> Statement:
    """Everything about the entities at a place, in one round trip."""
    return statement(join(" UNION ALL ", _arms(place)))


def _arms(place: Place) -> Iterable[Fragment]:
    for view, name, also in _RELATIONS:
        kind = sql("'table'") if view == "TABLES" else sql("'view'")
        yield _arm(place, view, name, kind, note="COMMENTS", also=sql("{}{}", _READABLE, sql(also)))
    for view, name in _COLUMN_VIEWS:
        yield _arm(
            place,
            view,
            name,
            sql("'column'"),
            item="COLUMN_NAME",
            position="POSITION",
            typed=True,
            flag="IS_NULLABLE",
            note="COMMENTS",
        )
    yield _arm(
        place,
        "CONSTRAINTS",
        "TABLE_NAME",
        sql("'key'"),
        item="COLUMN_NAME",
        also=sql(" AND IS_PRIMARY_KEY = 'TRUE'"),
    )
    yield _arm(
        place,
        "VIEW_PARAMETERS",
        "VIEW_NAME",
        sql("'parameter'"),
        item="PARAMETER_NAME",
        position="POSITION",
        typed=True,
        flag="HAS_DEFAULT_VALUE",
        note="DEFAULT_VALUE",
    )


def _arm(
    place: Place,
    view: LiteralString,
    entity: LiteralString,
    part: Fragment,
    *,
    item: LiteralString | None = None,
    position: LiteralString = "0",
    typed: bool = False,
    flag: LiteralString | None = None,
    note: LiteralString | None = None,
    also: Fragment = EMPTY,
) -> Fragment:
    no_text, no_number = "CAST(NULL AS NVARCHAR(5000))", "CAST(NULL AS INTEGER)"
    return sql(
        'SELECT {} AS "PART", SCHEMA_NAME AS "SPACE", {} AS "ENTITY", {} AS "NAME", '
        '{} AS "POSITION", {} AS "TYPE", {} AS "LENGTH", {} AS "SCALE", {} AS "FLAG", '
        '{} AS "NOTE" FROM SYS.{} WHERE {}{}',
        part,
        sql(entity),
        sql(item or entity),
        sql(position),
        sql("DATA_TYPE_NAME" if typed else no_text),
        sql("LENGTH" if typed else no_number),
        sql("SCALE" if typed else no_number),
        sql(flag or no_text),
        sql(note or no_text),
        sql(view),
        _where(place, entity),
        also,
    )


PRIMARY_KEY_COLUMNS: Final = (
    *(Column(name, _TEXT) for name in ("SPACE", "ENTITY", "NAME", "COLUMN")),
    Column("POSITION", _NUMBER),
)
"""Columns of the answer to ``primary_key_question``: a row for each column of a key."""

FOREIGN_KEY_COLUMNS: Final = (
    *PRIMARY_KEY_COLUMNS,
    *(Column(name, _TEXT) for name in ("TO_SPACE", "TO_ENTITY", "TO_NAME", "TO_COLUMN")),
    *(Column(name, _TEXT) for name in ("ON_UPDATE", "ON_DELETE")),
)
"""Columns of the answer to ``foreign_key_question``."""


def primary_key_question(of: Place) -> Statement:
    """The columns of the primary keys at a place."""
    return statement(
        sql(
            'SELECT SCHEMA_NAME AS "SPACE", TABLE_NAME AS "ENTITY", CONSTRAINT_NAME AS "NAME", '
            'COLUMN_NAME AS "COLUMN", CAST(POSITION AS INTEGER) AS "POSITION" '
            "FROM SYS.CONSTRAINTS WHERE IS_PRIMARY_KEY = 'TRUE' AND {}",
            _where(of, "TABLE_NAME"),
        )
    )


def foreign_key_question(of: Place, to: Place) -> Statement:
    """The columns of the foreign keys of what is at one place to what is at another."""
    terms = [_where(of, "TABLE_NAME")]
    if to.space is not None:
        terms.append(sql("REFERENCED_SCHEMA_NAME = {}", bound(to.space)))
    if to.entity is not None:
        terms.append(sql("REFERENCED_TABLE_NAME = {}", bound(to.entity)))
    return statement(
        sql(
            'SELECT SCHEMA_NAME AS "SPACE", TABLE_NAME AS "ENTITY", CONSTRAINT_NAME AS "NAME", '
            'COLUMN_NAME AS "COLUMN", CAST(POSITION AS INTEGER) AS "POSITION", '
            'REFERENCED_SCHEMA_NAME AS "TO_SPACE", REFERENCED_TABLE_NAME AS "TO_ENTITY", '
            'REFERENCED_CONSTRAINT_NAME AS "TO_NAME", REFERENCED_COLUMN_NAME AS "TO_COLUMN", '
            'UPDATE_RULE AS "ON_UPDATE", DELETE_RULE AS "ON_DELETE" '
            "FROM SYS.REFERENTIAL_CONSTRAINTS WHERE {}",
            join(" AND ", terms),
        )
    )


_READABLE: Final = sql(
    " AND SCHEMA_NAME IN (SELECT SCHEMA_NAME FROM SYS.SCHEMAS WHERE HAS_PRIVILEGES = 'TRUE')"
)
_NOT_SYSTEM: Final = sql(
    r"SCHEMA_NAME NOT IN ({}) AND SCHEMA_NAME NOT LIKE '\_SYS%' ESCAPE '\'",
    join(", ", map(quoted, SYSTEM_SCHEMAS)),
)


def _where(place: Place, entity: LiteralString) -> Fragment:
    terms = [_NOT_SYSTEM]
    if place.space is not None:
        terms.append(sql("SCHEMA_NAME = {}", bound(place.space)))
    if place.entity is not None:
        terms.append(sql("{} = {}", sql(entity), bound(place.entity)))
    return join(" AND ", terms)
