"""What callers give to ``Client`` as values of the protocol, or an error that says what to give."""

import operator
from collections.abc import Iterable, Mapping
from typing import Literal, SupportsIndex, TypeAlias, cast

from flight_client.protocol.errors import InvalidFilter, InvalidParameter, InvalidRead
from flight_client.protocol.literals import LiteralValue, check_literal
from flight_client.protocol.tickets import Compression, Partition, PartitionMethod, Sample
from flight_client.scalars import to_python

Compressed: TypeAlias = Literal["none", "lz4", "zstd"]


def to_names(columns: object) -> tuple[str, ...]:
    """Names of columns, from a list of them."""
    if isinstance(columns, str):
        raise InvalidRead(f"columns is a list of names; write [{columns!r:.80}].")
    if not isinstance(columns, Iterable):
        raise InvalidRead(f"columns is a list of names; got {columns!r:.80}.")
    return tuple(_name(item) for item in cast("Iterable[object]", columns))


def _name(item: object) -> str:
    if not isinstance(item, str):
        raise InvalidRead(f"A name of a column is a text; got {item!r:.80}.")
    return item


def to_whole(what: str, value: SupportsIndex | None) -> int | None:
    """A whole number, also one of numpy; None stays None."""
    if value is None:
        return None
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None:
        raise InvalidRead(f"{what} is a whole number; got {value!r:.80}.")
    return number


def to_sample(fraction: float | None, seed: SupportsIndex | None) -> Sample | None:
    """A random part of the rows, or None."""
    if fraction is None:
        if seed is not None:
            raise InvalidRead("seed= has a meaning with sample= only; give both or none.")
        return None
    try:
        drawn = None if isinstance(fraction, bool | str) else float(fraction)
    except (TypeError, ValueError):
        drawn = None
    if drawn is None:
        raise InvalidRead(f"sample is a fraction such as 0.1; got {fraction!r:.80}.")
    return Sample(drawn, to_whole("seed", seed))


def to_partition(
    of: SupportsIndex | None, by: str | None, method: PartitionMethod | None
) -> Partition | None:
    """The wish to have the rows split, or None."""
    count = to_whole("partitions", of)
    if count is not None:
        return Partition(of=count, by=by, method=method)
    for name, given in (("partition_by", by), ("partition_method", method)):
        if given is not None:
            raise InvalidRead(f"{name}= has a meaning with partitions= only; give both or none.")
    return None


def to_compression(given: Compressed | Compression | None) -> Compression:
    """A compression of a read, by itself or by its word."""
    if given is None or isinstance(given, Compression):
        return given or Compression.NONE
    try:
        return Compression(given)
    except ValueError:
        known = ", ".join(kind.value for kind in Compression)
        raise InvalidRead(f"compression is one of {known}; got {given!r:.80}.") from None


def to_arguments(parameters: object) -> tuple[tuple[str, LiteralValue], ...]:
    """The values of input parameters by name."""
    if parameters is None:
        return ()
    if not isinstance(parameters, Mapping):
        raise InvalidParameter(
            f"parameters is a mapping such as {{'P_YEAR': 2024}}; got {parameters!r:.80}."
        )
    pairs = cast("Mapping[str, object]", parameters).items()
    return tuple((name, _argument(name, value)) for name, value in pairs)


def _argument(name: str, value: object) -> LiteralValue:
    bound = _checked(f"Parameter {name!r}", value)
    if bound is None:
        raise InvalidParameter(
            f"Parameter {name!r} has no value; leave it out for its default.", parameter=name
        )
    return bound


def to_values(parameters: object) -> tuple[LiteralValue | None, ...]:
    """The values of the markers of a statement, in order."""
    if isinstance(parameters, str | bytes | Mapping) or not isinstance(parameters, Iterable):
        raise InvalidParameter("parameters is a list of values, one for each ? in order.")
    values = cast("Iterable[object]", parameters)
    return tuple(_checked(f"Parameter {at}", value) for at, value in enumerate(values, 1))


def _checked(what: str, value: object) -> LiteralValue | None:
    try:
        plain = to_python(value)
        return None if plain is None else check_literal(plain)
    except InvalidFilter as error:
        raise InvalidParameter(f"{what}: {error.message}") from None
