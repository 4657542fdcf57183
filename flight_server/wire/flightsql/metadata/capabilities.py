"""What this server can do and where its limits are, in the values of SqlInfo; knows no Arrow type.

What is told is what the gate lets through and what the services do. Limits of HANA: SAP HANA Cloud
SQL reference, system limitations. 0 means no limit, or none that is known.

The type of a value is its place in the answer. An ``int`` is what the specification calls a bitmask
or an int32; ``Int64`` what it calls an int64, and four ordinals: the specification's text says
int32 of them, but its reference servers (C++, Java) send int64, and JDBC and ODBC clients read it.
"""

from typing import Final, TypeAlias

import pyarrow as pa

from flight_client.protocol.tickets import MAX_BATCH_BYTES, MAX_NAME
from flight_server.sql.gate import MAX_TEXT_CHARACTERS, CallerDialect
from flight_server.wire.flightsql.metadata.codes import Code
from flight_server.wire.flightsql.metadata.facts import Facts
from flight_server.wire.flightsql.metadata.patterns import ESCAPE
from flight_server.wire.flightsql.metadata.words import KEYWORDS, function_groups


class Int64(int):
    """A number that is told as int64."""


Told: TypeAlias = str | bool | int | list[str] | dict[int, list[int]] | None

SERVER_NAME: Final = "Datasphere Flight"
_MAX_INT32: Final = 2**31 - 1
_UNKNOWN: Final = Int64(0)


def bits(*ordinals: int) -> int:
    """The bitmask of some values of an enumeration."""
    return sum(1 << ordinal for ordinal in ordinals)


def server(facts: Facts) -> dict[Code, Told]:
    """Of the server itself."""
    return {
        Code.SERVER_NAME: SERVER_NAME,
        Code.SERVER_VERSION: facts.version,
        Code.SERVER_ARROW_VERSION: pa.__version__,
        Code.SERVER_READ_ONLY: facts.read_only,
        Code.SERVER_SQL: True,
        Code.SERVER_SUBSTRAIT: False,
        Code.SERVER_SUBSTRAIT_MIN_VERSION: None,
        Code.SERVER_SUBSTRAIT_MAX_VERSION: None,
        Code.SERVER_TRANSACTION: 1,  # transactions without savepoints
        Code.SERVER_CANCEL: True,
        Code.SERVER_BULK_INGESTION: not facts.read_only,
        Code.SERVER_INGEST_TRANSACTIONS_SUPPORTED: not facts.read_only,
        Code.SERVER_STATEMENT_TIMEOUT: min(facts.statement_timeout_ms, _MAX_INT32),
        Code.SERVER_TRANSACTION_TIMEOUT: min(facts.transaction_timeout_ms, _MAX_INT32),
    }


_INSENSITIVE, _UPPER_CASE, _EXACT = Int64(1), Int64(2), Int64(0)
"""Of SqlSupportedCaseSensitivity, which has no word for "exactly as written": UNKNOWN is that."""

_SORTED_LOW, _SORTED_AT_END = Int64(1), Int64(3)
_MINIMUM_GRAMMAR, _ENTRY_SQL = 0, 0
_LIMITED_OUTER_JOINS, _FULL_OUTER_JOINS = 1, 2
_READ_COMMITTED: Final = 2
_FORWARD_ONLY: Final = 1
_CONCURRENCY_READ_ONLY: Final = 1


def _conversions() -> dict[int, list[int]]:
    """What CAST makes of what, by the ordinals of SqlSupportsConvert.

    FLOAT is no type of the gate, and DOUBLE has no ordinal.
    """
    bigint, bit, date, decimal, integer, real, smallint, time, timestamp, tinyint, varchar = (
        0, 2, 4, 5, 7, 13, 14, 15, 16, 17, 19,
    )  # fmt: skip
    numbers = [bigint, decimal, integer, real, smallint, tinyint]
    return {
        **{number: [*numbers, varchar] for number in numbers},
        bit: [bit, varchar],
        date: [date, timestamp, varchar],
        time: [time, varchar],
        timestamp: [date, time, timestamp, varchar],
        varchar: sorted([*numbers, bit, date, time, timestamp, varchar]),
    }


def capabilities(facts: Facts) -> dict[Code, Told]:
    """Of the SQL that is taken."""
    is_hana = facts.dialect is CallerDialect.HANA
    groups = function_groups(facts.dialect)
    changes = not facts.read_only
    return {
        Code.DDL_CATALOG: False,
        Code.DDL_SCHEMA: False,
        Code.DDL_TABLE: changes,
        Code.IDENTIFIER_CASE: _UPPER_CASE if is_hana else _INSENSITIVE,
        Code.IDENTIFIER_QUOTE_CHAR: '"',
        Code.QUOTED_IDENTIFIER_CASE: _EXACT if is_hana else _INSENSITIVE,
        Code.ALL_TABLES_ARE_SELECTABLE: True,  # what may not be read is not listed
        Code.NULL_ORDERING: _SORTED_LOW if is_hana else _SORTED_AT_END,
        Code.KEYWORDS: sorted(KEYWORDS[facts.dialect]),
        Code.NUMERIC_FUNCTIONS: sorted(groups.numeric),
        Code.STRING_FUNCTIONS: sorted(groups.string),
        Code.SYSTEM_FUNCTIONS: sorted(groups.system),
        Code.DATETIME_FUNCTIONS: sorted(groups.datetime),
        Code.SEARCH_STRING_ESCAPE: ESCAPE,
        Code.EXTRA_NAME_CHARACTERS: "$",
        Code.SUPPORTS_COLUMN_ALIASING: True,
        Code.NULL_PLUS_NULL_IS_NULL: True,
        Code.SUPPORTS_CONVERT: _conversions(),
        Code.SUPPORTS_TABLE_CORRELATION_NAMES: True,
        Code.SUPPORTS_DIFFERENT_TABLE_CORRELATION_NAMES: False,  # they may also be equal
        Code.SUPPORTS_EXPRESSIONS_IN_ORDER_BY: True,
        Code.SUPPORTS_ORDER_BY_UNRELATED: True,
        Code.SUPPORTED_GROUP_BY: bits(0, 1),  # columns that are not selected, and more than these
        Code.SUPPORTS_LIKE_ESCAPE_CLAUSE: True,
        Code.SUPPORTS_NON_NULLABLE_COLUMNS: True,
        Code.SUPPORTED_GRAMMAR: bits(_MINIMUM_GRAMMAR),
        Code.ANSI92_SUPPORTED_LEVEL: bits(_ENTRY_SQL),
        Code.SUPPORTS_INTEGRITY_ENHANCEMENT_FACILITY: False,
        # The specification says ordinal; the reference server (Java) sends bits, and both JDBC and
        # ODBC read bits, so that the ordinal of "full" would tell them "limited".
        Code.OUTER_JOINS_SUPPORT_LEVEL: bits(_LIMITED_OUTER_JOINS, _FULL_OUTER_JOINS),
        Code.SCHEMA_TERM: "space",
        Code.PROCEDURE_TERM: "procedure",
        Code.CATALOG_TERM: "",  # there are none
        Code.CATALOG_AT_START: False,
        Code.SCHEMAS_SUPPORTED_ACTIONS: bits(),
        Code.CATALOGS_SUPPORTED_ACTIONS: bits(),
        Code.SUPPORTED_POSITIONED_COMMANDS: bits(),
        Code.SELECT_FOR_UPDATE_SUPPORTED: False,
        Code.STORED_PROCEDURES_SUPPORTED: False,
        Code.SUPPORTED_SUBQUERIES: bits(0, 1, 2, 3),  # comparisons, EXISTS, IN, ALL and ANY
        Code.CORRELATED_SUBQUERIES_SUPPORTED: True,
        Code.SUPPORTED_UNIONS: bits(0, 1),  # UNION and UNION ALL
        Code.DEFAULT_TRANSACTION_ISOLATION: Int64(_READ_COMMITTED),
        Code.TRANSACTIONS_SUPPORTED: True,
        Code.SUPPORTED_TRANSACTIONS_ISOLATION_LEVELS: bits(_READ_COMMITTED),
        Code.DATA_DEFINITION_CAUSES_TRANSACTION_COMMIT: False,
        Code.DATA_DEFINITIONS_IN_TRANSACTIONS_IGNORED: False,
        Code.SUPPORTED_RESULT_SET_TYPES: bits(_FORWARD_ONLY),
        Code.SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_UNSPECIFIED: bits(),
        Code.SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_FORWARD_ONLY: bits(_CONCURRENCY_READ_ONLY),
        Code.SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_SENSITIVE: bits(),
        Code.SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_INSENSITIVE: bits(),
        Code.BATCH_UPDATES_SUPPORTED: changes,
        Code.SAVEPOINTS_SUPPORTED: False,
        Code.NAMED_PARAMETERS_SUPPORTED: False,
        Code.LOCATORS_UPDATE_COPY: False,
        Code.STORED_FUNCTIONS_USING_CALL_SYNTAX_SUPPORTED: False,
    }


def limits(facts: Facts) -> dict[Code, Told]:
    """Of statements, names and rows.

    Those of names, statements and rows are this server's and hold over any database; the others are
    HANA's.
    """

    def of_hana(most: int) -> Int64:
        return Int64(most) if facts.backend == "hana" else _UNKNOWN

    name, text = Int64(MAX_NAME), Int64(MAX_TEXT_CHARACTERS)
    return {
        Code.MAX_BINARY_LITERAL_LENGTH: of_hana(8192),
        Code.MAX_CHAR_LITERAL_LENGTH: text,  # HANA takes 8 MB, the gate no statement so long
        Code.MAX_COLUMN_NAME_LENGTH: name,
        Code.MAX_COLUMNS_IN_GROUP_BY: of_hana(65_535),
        Code.MAX_COLUMNS_IN_INDEX: of_hana(16),
        Code.MAX_COLUMNS_IN_ORDER_BY: of_hana(65_535),
        Code.MAX_COLUMNS_IN_SELECT: of_hana(65_535),
        Code.MAX_COLUMNS_IN_TABLE: of_hana(64_000),
        Code.MAX_CONNECTIONS: _UNKNOWN,
        Code.MAX_CURSOR_NAME_LENGTH: _UNKNOWN,
        Code.MAX_INDEX_LENGTH: of_hana(16_384),
        Code.DB_SCHEMA_NAME_LENGTH: name,
        Code.MAX_PROCEDURE_NAME_LENGTH: name,
        Code.MAX_CATALOG_NAME_LENGTH: _UNKNOWN,
        Code.MAX_ROW_SIZE: Int64(MAX_BATCH_BYTES),  # a row leaves in one record batch
        Code.MAX_ROW_SIZE_INCLUDES_BLOBS: True,
        Code.MAX_STATEMENT_LENGTH: text,
        Code.MAX_STATEMENTS: _UNKNOWN,
        Code.MAX_TABLE_NAME_LENGTH: name,
        Code.MAX_TABLES_IN_SELECT: _UNKNOWN,
        Code.MAX_USERNAME_LENGTH: _UNKNOWN,
    }
