"""Values for the input parameters of a view; does not know SQL."""

from flight_client.protocol.catalog import Entity, Parameter
from flight_client.protocol.errors import InvalidParameter
from flight_client.protocol.literals import LiteralValue
from flight_server.planning.constants import Mismatch, describe, fit
from flight_server.planning.names import nearest, suggestion
from flight_server.planning.plan import Argument


def resolve_arguments(
    given: tuple[tuple[str, LiteralValue], ...], entity: Entity
) -> tuple[Argument, ...]:
    """The arguments in the order of the entity's parameters; what has a default may be left out.

    Raises:
        InvalidParameter: One is missing, unknown, or no value of its parameter's type.
    """
    values = dict(given)
    known = [parameter.name for parameter in entity.parameters]
    for name in values:
        if name not in known:
            close = nearest(name, known)
            hint = suggestion(close, f"it takes {', '.join(known) or 'none'}")
            raise InvalidParameter(
                f"{entity.space}.{entity.name} has no input parameter {name!r}{hint}",
                parameter=name,
                nearest=close,
            )
    missing = [
        parameter
        for parameter in entity.parameters
        if parameter.mandatory and parameter.name not in values
    ]
    if missing:
        wanted = ", ".join(f"{parameter.name!r} ({parameter.type})" for parameter in missing)
        raise InvalidParameter(
            f"{entity.space}.{entity.name} needs a value for {wanted}; pass it in parameters.",
            missing=[parameter.name for parameter in missing],
        )
    return tuple(
        Argument(parameter, _argument(values[parameter.name], parameter))
        for parameter in entity.parameters
        if parameter.name in values
    )


def _argument(value: LiteralValue, parameter: Parameter) -> LiteralValue:
    try:
        found = fit(value, parameter.type)
    except Mismatch as mismatch:
        raise InvalidParameter(
            f"Parameter {parameter.name!r} {mismatch}", parameter=parameter.name
        ) from None
    if found.value is None or not found.exact:
        raise InvalidParameter(
            f"Parameter {parameter.name!r} is {parameter.type}, which has no value equal to "
            f"{describe(value)}; pass one that it holds.",
            parameter=parameter.name,
        )
    return found.value
