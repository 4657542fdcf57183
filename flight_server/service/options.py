"""How the statements of a session are read, and the JSON form of that; knows no session."""

from dataclasses import dataclass

from flight_client.protocol.strict_json import Fields, integer, one_of, text
from flight_client.protocol.tickets import Compression


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How statements of a session are read.

    Attributes:
        space: Where unqualified names are looked for; None means in all spaces.
        batch_bytes: Size of record batches; None for the server's own.
        compression: Of their buffers.
        partitions: Parts that a scan of one entity is cut into; None leaves it to the server.
    """

    space: str | None = None
    batch_bytes: int | None = None
    compression: Compression = Compression.NONE
    partitions: int | None = None


def options_to_json(options: Options) -> dict[str, object]:
    """The JSON form of options; what has its default value is left out."""
    compression = options.compression
    form = {
        "space": options.space,
        "batch_bytes": options.batch_bytes,
        "compression": None if compression is Compression.NONE else compression.value,
        "partitions": options.partitions,
    }
    return {name: value for name, value in form.items() if value is not None}


def options_from_json(fields: Fields) -> Options:
    """The options of a JSON object.

    Raises:
        InvalidTicket: It is not what ``options_to_json`` writes.
    """
    return Options(
        space=fields.take("space", text, None),
        batch_bytes=fields.take("batch_bytes", integer, None),
        compression=fields.take("compression", _compression, Compression.NONE),
        partitions=fields.take("partitions", integer, None),
    )


def _compression(form: object, where: str) -> Compression:
    return one_of(form, where, {kind.value: kind for kind in Compression})
