"""The remaining parts of replies: errors, counts, identifiers, flags, options of the connection."""

import struct
from collections.abc import Sequence

from tests.hana_emulator.values import HanaError
from tests.hana_emulator.wire.codes import (
    ConnectOption,
    DbConnectInfo,
    OptionType,
    PartKind,
    TopologyOption,
    TransactionFlag,
)
from tests.hana_emulator.wire.framing import Part, ReceivedPart
from tests.hana_emulator.wire.options import lines_part, options_part, read_options
from tests.hana_emulator.wire.text import WireError, decode_text, encode_text, read_with_length

_ERROR = struct.Struct("<iiib5s")
_ID = struct.Struct("<Q")
_I4 = struct.Struct("<i")
_LEVEL_ERROR, _LEVEL_FATAL = 1, 2
_QUERY_TIMEOUT = 5  # key of STATEMENTCONTEXT [seen in what hdbcli 2.30 sends]

SERVER_VERSION = "4.00.000.00.0000000000"


def error_part(errors: Sequence[HanaError]) -> Part:
    """ERROR. One error ends in a zero byte that counts; several are padded to 8 bytes each.

    The zero byte is what rust-hdbconnect needs; the padding is what go-hdb reads.
    """
    if len(errors) == 1:
        return Part(PartKind.ERROR, 1, (_error(errors[0]) + b"\0",))
    pieces = [_error(error) for error in errors]
    return Part(PartKind.ERROR, len(errors), [piece + bytes(-len(piece) % 8) for piece in pieces])


def _error(error: HanaError) -> bytes:
    text = encode_text(error.message)
    level = _LEVEL_FATAL if error.fatal else _LEVEL_ERROR
    state = error.sqlstate.encode("ascii")
    return _ERROR.pack(error.code, error.position, len(text), level, state) + text


def rows_affected_part(counts: Sequence[int]) -> Part:
    """ROWSAFFECTED: a count for each row of parameters, or one of the codes below zero."""
    body = struct.pack(f"<{len(counts)}i", *counts)
    return Part(PartKind.ROWS_AFFECTED, len(counts), (body,))


def id_part(kind: PartKind, identifier: int) -> Part:
    """STATEMENTID or RESULTSETID."""
    return Part(kind, 1, (_ID.pack(identifier),))


def read_id(part: ReceivedPart) -> int:
    """The 8 bytes of an identifier.

    Raises:
        WireError: there are fewer.
    """
    try:
        identifier: int = _ID.unpack_from(part.body)[0]
    except struct.error:
        message = f"the identifier in part {part.kind} is too short"
        raise WireError(message) from None
    return identifier


def read_fetch_size(part: ReceivedPart) -> int:
    """FETCHSIZE.

    Raises:
        WireError: there is no number, or it is below one.
    """
    size = _I4.unpack_from(part.body)[0] if len(part.body) >= _I4.size else 0
    if size < 1:
        message = f"the fetch size {size} is below one"
        raise WireError(message)
    return int(size)


def read_command(part: ReceivedPart) -> str:
    """COMMAND: the text of a statement."""
    return decode_text(part.body).rstrip("\0")


def read_client_info(part: ReceivedPart) -> dict[str, str | None]:
    """CLIENTINFO: keys and values in turn; None unsets a variable.

    The count is that of pairs (hdbcli) or of texts (node-hdb), so the length decides.

    Raises:
        WireError: it ends inside a text or behind a key.
    """
    texts: list[str | None] = []
    offset = 0
    try:
        while offset < len(part.body):
            data, offset = read_with_length(part.body, offset)
            texts.append(None if data is None else decode_text(data))
    except (IndexError, struct.error):
        raise WireError("CLIENTINFO ends inside a text") from None
    if len(texts) % 2:
        raise WireError("CLIENTINFO has a key without a value")
    return {key: value for key, value in zip(texts[::2], texts[1::2], strict=True) if key}


def transaction_flags_part(*flags: TransactionFlag) -> Part:
    """TRANSACTIONFLAGS that are set."""
    options = [(flag, OptionType.BOOLEAN, True) for flag in flags]
    return options_part(PartKind.TRANSACTION_FLAGS, options)


def statement_context_part(processing_time_us: int = 0) -> Part:
    """STATEMENTCONTEXT: a sequence number that means nothing here, and the time used."""
    options = [
        (1, OptionType.BSTRING, bytes(8)),
        (2, OptionType.BIGINT, processing_time_us),
    ]
    return options_part(PartKind.STATEMENT_CONTEXT, options)


def read_query_timeout(part: ReceivedPart) -> int:
    """The query timeout in a STATEMENTCONTEXT, as hdbcli's setquerytimeout was given it; 0 if none.

    Raises:
        WireError: The part is broken.
    """
    value = read_options(part).get(_QUERY_TIMEOUT, 0)
    return value if isinstance(value, int) else 0


def connect_options_part(connection_id: int, data_format: int) -> Part:
    """CONNECTOPTIONS: without the data format version hdbcli cannot read a result."""
    key = ConnectOption
    options = [
        (key.CONNECTION_ID, OptionType.INT, connection_id),
        (key.COMPLETE_ARRAY_EXECUTION, OptionType.BOOLEAN, True),
        (key.SUPPORTS_LARGE_BULK_OPERATIONS, OptionType.BOOLEAN, True),
        (key.LARGE_NUMBER_OF_PARAMETERS, OptionType.BOOLEAN, True),
        (key.SYSTEM_ID, OptionType.STRING, "EMU"),
        (key.DATA_FORMAT_VERSION, OptionType.INT, data_format),
        (key.CLIENT_DISTRIBUTION_MODE, OptionType.INT, 0),
        (key.ENGINE_DATA_FORMAT_VERSION, OptionType.INT, data_format),
        (key.DISTRIBUTION_PROTOCOL_VERSION, OptionType.INT, 1),
        (key.SPLIT_BATCH_COMMANDS, OptionType.BOOLEAN, True),
        (key.USE_TRANSACTION_FLAGS_ONLY, OptionType.BOOLEAN, True),
        (key.IGNORE_UNKNOWN_PARTS, OptionType.BOOLEAN, True),
        (key.DATA_FORMAT_VERSION_2, OptionType.INT, data_format),
        (key.CLIENT_INFO_NULL_VALUE, OptionType.BOOLEAN, True),
        (key.QUERY_TIMEOUT, OptionType.BOOLEAN, True),
        (key.FULL_VERSION_STRING, OptionType.STRING, SERVER_VERSION),
        (key.DATABASE_NAME, OptionType.STRING, "EMU"),
    ]
    return options_part(PartKind.CONNECT_OPTIONS, options)


def topology_part(host: str, port: int) -> Part:
    """TOPOLOGY: this one host."""
    key = TopologyOption
    line = [
        (key.HOST_NAME, OptionType.STRING, host),
        (key.HOST_PORT, OptionType.INT, port),
        (key.LOAD_FACTOR, OptionType.DOUBLE, 1.0),
        (key.SITE_VOLUME_ID, OptionType.INT, 1),
        (key.IS_COORDINATOR, OptionType.BOOLEAN, True),
        (key.IS_CURRENT_SESSION, OptionType.BOOLEAN, True),
        (key.SERVICE_TYPE, OptionType.INT, 3),
    ]
    return lines_part(PartKind.TOPOLOGY, [line])


def db_connect_info_part(host: str, port: int) -> Part:
    """DBCONNECTINFO: this server serves every database name."""
    options = [
        (DbConnectInfo.HOST, OptionType.STRING, host),
        (DbConnectInfo.PORT, OptionType.INT, port),
        (DbConnectInfo.ON_CORRECT_DATABASE, OptionType.BOOLEAN, True),
    ]
    return options_part(PartKind.DB_CONNECT_INFO, options)
