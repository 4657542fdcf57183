"""SAP HANA Cloud as a backend: schemas are spaces; every statement runs in a reader process.

Nothing here imports the driver, and no row becomes a Python object in this process.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final, Protocol, Self, TypeVar

import pyarrow as pa

from flight_client.protocol.catalog import Column, Entity, Space
from flight_client.protocol.errors import (
    AccessDenied,
    Unavailable,
    UnsupportedSql,
)
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.schemas import to_schema
from flight_server.backends.base import (
    BatchStream,
    Described,
    ForeignKey,
    GaveUp,
    PrimaryKey,
    TableName,
    WriteTransaction,
)
from flight_server.backends.hana import messages
from flight_server.backends.hana.access import DatabaseUser
from flight_server.backends.hana.errors import LATE
from flight_server.backends.hana.messages import Run
from flight_server.backends.hana.rereading import RereadingStream
from flight_server.backends.hana.shared import DESCRIBED_S, TABLE_BYTES, Shared
from flight_server.backends.hana.users import Grant
from flight_server.backends.hana.writing import HanaWriteTransaction
from flight_server.planning.plan import KeyRange, ReadPlan
from flight_server.planning.ranges import key_range
from flight_server.sql.changes import AdmittedChange
from flight_server.sql.gate import AdmittedQuery, CallerDialect
from flight_server.sql.render import hana_key_range, hana_select
from flight_server.sql.statement import Statement

_QUERY: Final = "The query"


class _OfSpace(Protocol):
    """What the catalogue tells of a space."""

    @property
    def space(self) -> str: ...


_Told = TypeVar("_Told", bound=_OfSpace)


class HanaBackend:
    """A ``Backend`` over HANA, as one principal meets it."""

    def __init__(self, shared: Shared, principal: str | None = None) -> None:
        """The backend of a principal, or of everybody for None."""
        self._shared = shared
        self._principal = principal

    @property
    def kind(self) -> str:
        """Its name in messages and explanations."""
        return "hana"

    @property
    def caller_dialect(self) -> CallerDialect:
        """Callers write the SQL that the database speaks."""
        return CallerDialect.HANA

    @property
    def has_row_positions(self) -> bool:
        """Rows come in any order."""
        return False

    def acting_for(self, principal: str) -> Self:
        """The same with the database users of a principal.

        Raises:
            AccessDenied: It has none.
        """
        acting = type(self)(self._shared, principal)
        acting.require_user()
        return acting

    def require_user(self) -> None:
        """Nothing where the principal has a database user.

        Raises:
            AccessDenied: It has none.
        """
        _ = self._grants

    def spaces(self) -> Sequence[Space]:
        """The schemas in which the users may read something, ordered by name."""
        return [Space(name) for name in sorted({space for space, _ in self._names(None)})]

    def entities(self, space: str | None) -> Sequence[Entity]:
        """The tables and views of a space or of all, by space and name."""
        return self._served(space, lambda user: self._shared.catalogue.entities(user, space))

    def entity_names(self, space: str | None) -> Sequence[str]:
        """The names of a space's entities or of all, in order, each once."""
        return sorted({name for at, name in self._names(space) if space in (None, at)})

    def find(self, name: str) -> Sequence[Entity]:
        """The entities of exactly this name, ordered by space."""
        return self._served(None, lambda user: self._shared.catalogue.find(user, name))

    def entity(self, space: str, name: str) -> Entity | None:
        """The entity of exactly these names."""
        for grant in self._grants:
            if grant.serves(space):
                return self._shared.catalogue.entity(self._shared.silent.user(grant), space, name)
        return None

    def require_answers(self, space: str | None) -> None:
        """Nothing, where the user of the space could be asked; for None, where all could.

        Raises:
            Error: Why that user cannot.
        """
        self._shared.silent.require(self._grants, space)

    def primary_keys(self, of: TableName) -> Sequence[PrimaryKey]:
        """The primary keys of tables, by space."""
        answers = self._told(of.space, lambda user: self._shared.keys.primary(user, of))
        return sorted(answers, key=lambda key: key.space)

    def foreign_keys(self, of: TableName | None, to: TableName | None) -> Sequence[ForeignKey]:
        """The foreign keys of some tables that refer to some tables; None stands for any."""
        space = None if of is None else of.space
        answers = self._told(space, lambda user: self._shared.keys.foreign(user, of, to))
        return sorted(answers, key=lambda key: (key.space, key.table, key.name))

    def row_count(self, entity: Entity) -> int | None:  # noqa: ARG002
        """None: whether M_TABLES.RECORD_COUNT is exact was not verified on a live HANA."""
        return None

    def prefers_ranges(self, entity: Entity) -> bool:  # noqa: ARG002
        """Yes: a hash reads everything once for each part, ranges once and its extremes."""
        return True

    def key_range(self, plan: ReadPlan, column: Column) -> KeyRange | None:
        """Least and greatest value of a column; for a view HANA runs it once for that.

        Raises:
            GaveUp: That takes longer than a short call may.
        """
        ends = tuple(Column(name, column.type) for name in ("LEAST", "GREATEST"))
        run = self._run(hana_key_range(plan, column), ends)
        user, subject = self._user(plan.entity), _subject(plan.entity)
        try:
            found = self._shared.pool.table(user, run, subject=subject)
        except Unavailable as error:
            if LATE not in error.details:
                raise
            raise GaveUp(float(str(error.details[LATE]))) from error
        ((least, greatest),) = zip(*found.to_pydict().values(), strict=True)
        return key_range(least, greatest, column)

    def open(self, plan: ReadPlan) -> BatchStream:
        """A stream over the rows of a plan."""
        return RereadingStream(self._open(plan), lambda: self._open_again(plan))

    def explain(self, plan: ReadPlan) -> Statement:
        """The statement that ``open`` runs."""
        return hana_select(plan)

    def describe_query(
        self,
        query: AdmittedQuery,
        parameters: Sequence[LiteralValue | None],  # noqa: ARG002
    ) -> pa.Schema:
        """Schema of a query's result, from preparing it.

        Timestamps arrive in microseconds here, whatever is set: as text the query itself says so.
        """
        return to_schema(self._described(query).columns)

    def prepare_query(self, query: AdmittedQuery) -> Described:
        """What a query returns and its markers stand for, both from one preparation."""
        found = self._described(query)
        return Described(to_schema(found.columns), found.parameters)

    def prepare_change(self, change: AdmittedChange) -> Described:
        """What the markers of a change stand for; a definition has none, and is not prepared."""
        if change.kind.is_definition:
            return Described(None, ())
        user = self._user_in(change.target[0])
        subject = f"The {change.kind.value}"
        found = self._shared.pool.prepare(user, change.sql, subject=subject)
        return Described(None, found.parameters)

    def begin(self, space: str) -> WriteTransaction:
        """Begin a transaction of the user of a space."""
        transaction = self._shared.pool.begin(self._user_in(space), self._client_info)
        return HanaWriteTransaction(transaction, self._shared)

    def open_query(
        self,
        query: AdmittedQuery,
        parameters: Sequence[LiteralValue | None],
        batch_bytes: int,
    ) -> BatchStream:
        """A stream over the rows of a query that passed the gate; it is prepared here."""
        columns = self._described(query).columns
        user = self._user_of(query)
        statement = self.explain_query(query, parameters)

        def forget() -> None:
            self._shared.described.forget(_digest(user, query))

        stream = self._shared.pool.open(
            user,
            self._run(statement, columns, batch_bytes),
            schema=to_schema(columns),
            slot=_slot(query),
            subject=_QUERY,
        )
        return RereadingStream(stream, forget)

    def explain_query(
        self, query: AdmittedQuery, parameters: Sequence[LiteralValue | None]
    ) -> Statement:
        """The statement that ``open_query`` runs."""
        return Statement(query.sql, tuple(parameters))

    def close(self) -> None:
        """End the open streams and every reader process."""
        self._shared.pool.close()

    @cached_property
    def _grants(self) -> tuple[Grant, ...]:
        return self._shared.users.grants(self._principal)

    def _names(self, space: str | None) -> Iterator[tuple[str, str]]:
        """Spaces and names of entities, of all who read the space, or of all for None."""
        for grant, found in self._shared.answers(self._serving(space)):
            for at, names in found.items():
                if grant.serves(at):
                    yield from ((at, name) for name in names)

    def _served(
        self, space: str | None, ask: Callable[[DatabaseUser], Sequence[Entity]]
    ) -> Sequence[Entity]:
        """The entities that the users name who read the space, or all for None, in order."""
        return sorted(self._told(space, ask), key=_place)

    def _told(
        self, space: str | None, ask: Callable[[DatabaseUser], Sequence[_Told]]
    ) -> Iterator[_Told]:
        """What the users tell of the space that each reads, or all of their spaces for None."""
        for grant, told in self._shared.silent.answers(self._serving(space), ask):
            yield from (each for each in told if grant.serves(each.space))

    def _serving(self, space: str | None) -> Iterator[Grant]:
        return (grant for grant in self._grants if space is None or grant.serves(space))

    def _open(self, plan: ReadPlan) -> BatchStream:
        return self._shared.pool.open(
            self._user(plan.entity),
            self._run(self.explain(plan), plan.columns, plan.batch_bytes),
            schema=plan.schema,
            slot=plan.entity.space,
            subject=_subject(plan.entity),
        )

    def _open_again(self, plan: ReadPlan) -> BatchStream | None:
        """The read with the columns as they are now; None where that would be no other read."""
        self._shared.catalogue.forget(self._user(plan.entity), plan.entity.name)
        entity = self.entity(plan.entity.space, plan.entity.name)
        if entity is None:
            return None
        columns = tuple(entity.column(column.name) or column for column in plan.columns)
        following = replace(plan, entity=entity, columns=columns)
        if columns == plan.columns or not following.schema.equals(plan.schema):
            return None
        return self._open(following)

    def _run(
        self, statement: Statement, columns: tuple[Column, ...], batch_bytes: int = TABLE_BYTES
    ) -> Run:
        """A statement that HANA's traces show under the principal's name."""
        run = self._shared.run(statement, columns, batch_bytes)
        return replace(run, client_info=self._client_info)

    @property
    def _client_info(self) -> dict[str, str]:
        return {} if self._principal is None else {"APPLICATIONUSER": self._principal[:256]}

    def _described(self, query: AdmittedQuery) -> messages.Described:
        user = self._user_of(query)

        def describe() -> tuple[messages.Described, float]:
            found = self._shared.pool.describe(user, query.body, subject=_QUERY)
            return self._shared.delivered(found), DESCRIBED_S

        return self._shared.described.get(_digest(user, query), describe)

    def _user(self, entity: Entity) -> DatabaseUser:
        return self._user_in(entity.space)

    def _user_in(self, space: str) -> DatabaseUser:
        for grant in self._grants:
            if grant.serves(space):
                return self._shared.silent.user(grant)
        raise AccessDenied(
            f"The space {space!r} has no user in HANA; the administrator gives it one under "
            "hana.spaces."
        )

    def _user_of(self, query: AdmittedQuery) -> DatabaseUser:
        """The user of all that a query reads.

        Raises:
            UnsupportedSql: It reads what no user alone can read.
        """
        spaces = sorted({space for space, _ in query.tables})
        able = [grant for grant in self._grants if all(map(grant.serves, spaces))]
        if len(able) > 1:  # it reads no space: whoever answers does
            able = [grant for grant, _ in self._shared.answers(able)]
        if able:
            return self._shared.silent.user(able[0])
        raise UnsupportedSql(
            f"The query reads the spaces {', '.join(spaces)}, which have different users in HANA; "
            "read them one by one and join the results."
        )


def _place(entity: Entity) -> tuple[str, str]:
    return entity.space, entity.name


def _subject(entity: Entity) -> str:
    return f"{entity.space}.{entity.name}"


def _slot(query: AdmittedQuery) -> str:
    """The space in whose queue a query stands: of several the first, of none a queue of its own."""
    return min((space for space, _ in query.tables), default="")


def _digest(user: DatabaseUser, query: AdmittedQuery) -> tuple[str, bytes]:
    """A short key of a query, whose text may be long."""
    return user.label, hashlib.sha256(query.sql.encode()).digest()
