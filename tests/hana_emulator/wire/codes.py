"""The numbers of the SQL command network protocol; knows no layout.

Sources: SAP/go-hdb, SAP/node-hdb and rust-hdbconnect (names and numbers); ``README.md`` says which
were seen on the wire.
"""

from enum import IntEnum, IntFlag


class MessageType(IntEnum):
    """What a request asks for."""

    NIL = 0
    EXECUTE_DIRECT = 2
    PREPARE = 3
    EXECUTE = 13
    READ_LOB = 16
    WRITE_LOB = 17
    FIND_LOB = 18
    PING = 25
    AUTHENTICATE = 65
    CONNECT = 66
    COMMIT = 67
    ROLLBACK = 68
    CLOSE_RESULT_SET = 69
    DROP_STATEMENT_ID = 70
    FETCH_NEXT = 71
    FETCH_ABSOLUTE = 72
    FETCH_RELATIVE = 73
    FETCH_FIRST = 74
    FETCH_LAST = 75
    DISCONNECT = 77
    DB_CONNECT_INFO = 82
    CLIENT_PING = 94


class SegmentKind(IntEnum):
    """The direction of a segment; an error must be marked as one."""

    REQUEST = 1
    REPLY = 2
    ERROR = 5


class ReplyCode(IntEnum):
    """Function codes of replies, beside those of statements (``values.FunctionCode``)."""

    NIL = 0
    FETCH = 10
    COMMIT = 11
    ROLLBACK = 12
    WRITE_LOB = 15
    READ_LOB = 16
    PING = 17
    DISCONNECT = 18
    CLOSE_CURSOR = 19
    FIND_LOB = 20


class PartKind(IntEnum):
    """What a part holds."""

    COMMAND = 3
    RESULT_SET = 5
    ERROR = 6
    STATEMENT_ID = 10
    ROWS_AFFECTED = 12
    RESULT_SET_ID = 13
    TOPOLOGY = 15
    READ_LOB_REQUEST = 17
    READ_LOB_REPLY = 18
    WRITE_LOB_REQUEST = 28
    CLIENT_CONTEXT = 29
    WRITE_LOB_REPLY = 30
    PARAMETERS = 32
    AUTHENTICATION = 33
    SESSION_CONTEXT = 34
    CLIENT_ID = 35
    STATEMENT_CONTEXT = 39
    CONNECT_OPTIONS = 42
    FETCH_SIZE = 45
    PARAMETER_METADATA = 47
    RESULT_SET_METADATA = 48
    FIND_LOB_REQUEST = 49
    FIND_LOB_REPLY = 50
    CLIENT_INFO = 57
    TRANSACTION_FLAGS = 64
    DB_CONNECT_INFO = 67


class PartAttribute(IntFlag):
    """Where a part stands in a sequence of packets, and what is special about a result set."""

    NONE = 0
    LAST_PACKET = 1
    NEXT_PACKET = 2
    FIRST_PACKET = 4
    ROW_NOT_FOUND = 8
    RESULT_SET_CLOSED = 16


class LobOption(IntFlag):
    """What a piece of a large object carries."""

    NONE = 0
    NULL = 1
    DATA_INCLUDED = 2
    LAST_DATA = 4


class LobSource(IntEnum):
    """First byte of a large object in a row."""

    BLOB = 1
    CLOB = 2
    NCLOB = 3


class TypeCode(IntEnum):
    """How a value is laid out."""

    TINYINT = 1
    SMALLINT = 2
    INT = 3
    BIGINT = 4
    DECIMAL = 5
    REAL = 6
    DOUBLE = 7
    CHAR = 8
    VARCHAR = 9
    NCHAR = 10
    NVARCHAR = 11
    BINARY = 12
    VARBINARY = 13
    DATE = 14
    TIME = 15
    TIMESTAMP = 16
    CLOB = 25
    NCLOB = 26
    BLOB = 27
    BOOLEAN = 28
    STRING = 29
    NSTRING = 30
    BSTRING = 33
    TEXT = 51
    SHORTTEXT = 52
    ALPHANUM = 55
    LONGDATE = 61
    SECONDDATE = 62
    DAYDATE = 63
    SECONDTIME = 64
    ST_GEOMETRY = 74
    ST_POINT = 75
    FIXED16 = 76
    FIXED8 = 81
    FIXED12 = 82
    REAL_VECTOR = 96


class OptionType(IntEnum):
    """Types of the values in option parts."""

    TINYINT = 1
    INT = 3
    BIGINT = 4
    DOUBLE = 7
    BOOLEAN = 28
    STRING = 29
    NSTRING = 30
    BSTRING = 33


class ConnectOption(IntEnum):
    """Keys of the part CONNECTOPTIONS that the emulator answers."""

    CONNECTION_ID = 1
    COMPLETE_ARRAY_EXECUTION = 2
    SUPPORTS_LARGE_BULK_OPERATIONS = 4
    LARGE_NUMBER_OF_PARAMETERS = 10
    SYSTEM_ID = 11
    DATA_FORMAT_VERSION = 12
    CLIENT_DISTRIBUTION_MODE = 15
    ENGINE_DATA_FORMAT_VERSION = 16
    DISTRIBUTION_PROTOCOL_VERSION = 17
    SPLIT_BATCH_COMMANDS = 18
    USE_TRANSACTION_FLAGS_ONLY = 19
    IGNORE_UNKNOWN_PARTS = 21
    DATA_FORMAT_VERSION_2 = 23
    CLIENT_INFO_NULL_VALUE = 28
    QUERY_TIMEOUT = 43  # only when it is true does hdbcli send what setquerytimeout was given
    FULL_VERSION_STRING = 44
    DATABASE_NAME = 45


class TransactionFlag(IntEnum):
    """Keys of the part TRANSACTIONFLAGS."""

    ROLLED_BACK = 0
    COMMITTED = 1
    WRITE_TRANSACTION_STARTED = 4
    SESSION_CLOSING_ERROR = 6


class DbConnectInfo(IntEnum):
    """Keys of the part DBCONNECTINFO."""

    DATABASE_NAME = 1
    HOST = 2
    PORT = 3
    ON_CORRECT_DATABASE = 4


class TopologyOption(IntEnum):
    """Keys of a line of the part TOPOLOGY."""

    HOST_NAME = 1
    HOST_PORT = 2
    TENANT_NAME = 3
    LOAD_FACTOR = 4
    SITE_VOLUME_ID = 5
    IS_COORDINATOR = 6
    IS_CURRENT_SESSION = 7
    SERVICE_TYPE = 8


ROW_SUCCESS_WITHOUT_COUNT = -2
ROW_FAILED = -3
