"""The actions beside reading: their names, bodies and answers.

``LIST_SPACES`` takes an empty body and answers with spaces; ``LIST_ENTITIES`` and
``DESCRIBE_ENTITY`` take an ``EntityQuery`` and answer with entities; ``EXPLAIN`` takes the bytes of
a ticket and answers with one ``Explanation``; ``EXECUTE`` takes an ``Execution`` and answers with
one ``Executed``.
"""

from dataclasses import dataclass
from typing import Final

from flight_client.protocol.errors import InvalidRequest
from flight_client.protocol.literals import (
    LiteralValue,
    check_literal,
    literal_from_json,
    literal_to_json,
)
from flight_client.protocol.strict_json import array, boolean, dumps, integer, loads, text, whole
from flight_client.protocol.tickets import check_name
from flight_client.protocol.version import PROTOCOL_VERSION, require_supported_version

LIST_SPACES: Final = "datasphere.list_spaces"
LIST_ENTITIES: Final = "datasphere.list_entities"
DESCRIBE_ENTITY: Final = "datasphere.describe_entity"
EXPLAIN: Final = "datasphere.explain"
EXECUTE: Final = "datasphere.execute"

ACTIONS: Final = {
    LIST_SPACES: "The spaces that the caller may read.",
    LIST_ENTITIES: "The tables and views of one space, or of all, with columns and parameters.",
    DESCRIBE_ENTITY: "One table or view with its columns and input parameters.",
    EXPLAIN: "The statement that a ticket becomes in the database; nothing is read.",
    EXECUTE: "Run one statement that changes rows or tables; all of it is kept or nothing.",
}


@dataclass(frozen=True, slots=True)
class EntityQuery:
    """Which entities: of a space or of all, of a name or of any."""

    space: str | None = None
    entity: str | None = None

    def __post_init__(self) -> None:
        for name, what in ((self.space, "space"), (self.entity, "entity")):
            if name is not None:
                check_name(name, what)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The statement pushed down to the database.

    Attributes:
        dialect: Name of the backend's SQL, or of the backend where it has none.
        sql: The statement with a marker for each bound value.
        parameters: The bound values in order; None is NULL.
    """

    dialect: str
    sql: str
    parameters: tuple[LiteralValue | None, ...] = ()

    def __str__(self) -> str:
        values = [f"-- ? {at}: {value!r}" for at, value in enumerate(self.parameters, start=1)]
        return "\n".join([self.sql, *values])


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One statement that changes rows or tables.

    Attributes:
        sql: The statement, in the dialect that the server's backend takes from callers.
        parameters: Values of its ``?`` markers, in order; None is NULL.
        space: Space of unqualified names; None where they are unique.
        allow_all_rows: Lets an UPDATE or DELETE without WHERE pass.
    """

    sql: str
    parameters: tuple[LiteralValue | None, ...] = ()
    space: str | None = None
    allow_all_rows: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.sql, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers err
            raise InvalidRequest(f"A statement is text; got {self.sql!r:.80}.")
        if not self.sql.strip():
            raise InvalidRequest("The SQL text is empty; send one statement.")
        if self.space is not None:
            check_name(self.space, "space")
        for value in self.parameters:
            if value is not None:
                check_literal(value)


@dataclass(frozen=True, slots=True)
class Executed:
    """What became of it.

    Attributes:
        rows: How many it changed; None where the database does not say, as for definitions.
    """

    rows: int | None


def encode_entity_query(query: EntityQuery) -> bytes:
    """The body of LIST_ENTITIES and DESCRIBE_ENTITY."""
    form = {"version": PROTOCOL_VERSION, "space": query.space, "entity": query.entity}
    return dumps({name: value for name, value in form.items() if value is not None})


def decode_entity_query(body: bytes) -> EntityQuery:
    """The query of an action body; an empty body asks for everything.

    Raises:
        InvalidTicket: Not the body of such an action.
        InvalidRead: A name that none can be.
    """
    if not body:
        return EntityQuery()
    fields = loads(body)
    require_supported_version(fields.need("version", integer))
    return whole(
        fields, lambda at: EntityQuery(at.take("space", text, None), at.take("entity", text, None))
    )


def encode_explanation(explanation: Explanation) -> bytes:
    """The answer of EXPLAIN."""
    return dumps(
        {
            "dialect": explanation.dialect,
            "sql": explanation.sql,
            "parameters": [
                None if value is None else literal_to_json(value)
                for value in explanation.parameters
            ],
        }
    )


def decode_explanation(body: bytes) -> Explanation:
    """The explanation of these bytes; raises InvalidTicket where they are none."""
    return whole(
        loads(body),
        lambda at: Explanation(
            at.need("dialect", text),
            at.need("sql", text),
            at.need("parameters", array(_value)),
        ),
    )


def encode_execution(execution: Execution) -> bytes:
    """The body of EXECUTE; what has its default value is left out."""
    form: dict[str, object] = {
        "version": PROTOCOL_VERSION,
        "sql": execution.sql,
        "parameters": [
            None if value is None else literal_to_json(value) for value in execution.parameters
        ],
        "space": execution.space,
        "allow_all_rows": execution.allow_all_rows or None,
    }
    return dumps({name: value for name, value in form.items() if value not in (None, [])})


def decode_execution(body: bytes) -> Execution:
    """The statement of these bytes.

    Raises:
        InvalidTicket: Not the body of such an action.
        InvalidRequest: A statement or a name that none can be.
    """
    fields = loads(body)
    require_supported_version(fields.need("version", integer))
    return whole(
        fields,
        lambda at: Execution(
            sql=at.need("sql", text),
            parameters=at.take("parameters", array(_value), ()),
            space=at.take("space", text, None),
            allow_all_rows=at.take("allow_all_rows", boolean, False),
        ),
    )


def encode_executed(executed: Executed) -> bytes:
    """The answer of EXECUTE."""
    return dumps({"rows": executed.rows})


def decode_executed(body: bytes) -> Executed:
    """The answer of these bytes; raises InvalidTicket where they are none."""
    return whole(loads(body), lambda at: Executed(at.take("rows", integer, None)))


def _value(form: object, _where: str) -> LiteralValue | None:
    return None if form is None else literal_from_json(form)
