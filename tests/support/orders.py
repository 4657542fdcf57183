"""An entity with a column of every kind, one with input parameters, and one with hostile names."""

from datetime import date

from flight_client.protocol.catalog import Column, Entity, HanaType, Parameter
from flight_client.protocol.filters import Comparison, Operator
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.tickets import ReadTicket
from flight_server.planning.plan import ReadPlan
from flight_server.planning.read import Limits, plan_read

HOSTILE = '"; DROP TABLE x --'


def column(
    name: str, type_name: str, length: int | None = None, scale: int | None = None
) -> Column:
    return Column(name, HanaType(type_name, length, scale), key=name == "ORDER_ID")


ORDERS = Entity(
    space="SALES",
    name="ORDERS",
    kind="table",
    columns=(
        column("REGION", "NVARCHAR", 10),
        column("ORDER_ID", "BIGINT"),
        column("LINES", "TINYINT"),
        column("NET", "DECIMAL", 15, 2),
        column("RATE", "DECIMAL"),
        column("WEIGHT", "DOUBLE"),
        column("SCORE", "REAL"),
        column("PAID", "BOOLEAN"),
        column("ORDERED_ON", "DATE"),
        column("PICKUP", "TIME"),
        column("CHANGED_AT", "TIMESTAMP"),
        column("SHIPPED_AT", "SECONDDATE"),
        column("GUID", "VARBINARY", 16),
        column("NOTE", "NCLOB"),
        column("SCAN", "BLOB"),
        column("EMBEDDING", "REAL_VECTOR", 3),
    ),
)

REVENUE = Entity(
    space="SALES",
    name="Umsatz je Währung",
    kind="view",
    columns=(column("CURRENCY", "NVARCHAR", 5), column("REVENUE", "DECIMAL", 38, 4)),
    parameters=(
        Parameter("P_CURRENCY", HanaType("NVARCHAR", 5)),
        Parameter("P_FROM", HanaType("DATE")),
        Parameter("P_LEAST", HanaType("DECIMAL", 10, 2), mandatory=False),
        Parameter("P_TOP", HanaType("INTEGER"), mandatory=False),
        Parameter("P_SHARE", HanaType("DOUBLE"), mandatory=False),
        Parameter("P_OPEN", HanaType("BOOLEAN"), mandatory=False),
        Parameter("P_AT", HanaType("TIMESTAMP"), mandatory=False),
        Parameter("P_SINCE", HanaType("SECONDDATE"), mandatory=False),
        Parameter("P_HOUR", HanaType("TIME"), mandatory=False),
        Parameter("P_GUID", HanaType("VARBINARY", 16), mandatory=False),
        Parameter("P_RATE", HanaType("DECIMAL"), mandatory=False),
        Parameter("P_SMALL", HanaType("SMALLDECIMAL"), mandatory=False),
        Parameter("P_REAL", HanaType("REAL"), mandatory=False),
    ),
)
REVENUE_ARGUMENTS = (("P_CURRENCY", "EUR"), ("P_FROM", date(2024, 1, 1)))

STRANGE = Entity(
    space="SALES#ETL",
    name=HOSTILE,
    kind="table",
    columns=(
        column(HOSTILE, "NVARCHAR", 20),
        column("größe {} ?", "INTEGER"),
        column("#tmp.'/*", "DATE"),
    ),
)

TEXTUAL = Entity(
    space="SALES",
    name="CHANGES",
    kind="table",
    columns=(
        column("ORDER_ID", "BIGINT"),
        Column("CHANGED_AT", HanaType("TIMESTAMP"), read_as=HanaType("NVARCHAR", 27)),
        Column("RATE", HanaType("DECIMAL"), read_as=HanaType("DOUBLE")),
    ),
)

SHAPES = Entity(
    space="GEO",
    name="SHAPES",
    kind="table",
    columns=(
        column("WEIGHT", "DOUBLE"),
        column("SHAPE", "ST_GEOMETRY"),
        column("NOTE", "NCLOB"),
    ),
)


def compare(name: str, op: Operator, *values: LiteralValue) -> Comparison:
    return Comparison(name, op, values)


def plan_of(entity: Entity = ORDERS, limits: Limits | None = None, **wish: object) -> ReadPlan:
    """The plan of a ticket with these wishes."""
    ticket = ReadTicket(entity=entity.name, space=entity.space, **wish)
    return plan_read(ticket, entity, limits or Limits())
