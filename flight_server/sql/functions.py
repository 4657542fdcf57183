"""Which functions a read may call, as data: name, number of arguments, kind; not what they do.

Every name is from the function reference of HANA Cloud [SQL:011-SQL-Functions] or from facts 6.4,
has no side effect, reads no table and tells nothing of the session or the server. Left out on
purpose: session and user functions, sequences, CONVERT_CURRENCY and CONVERT_UNIT (they read tables
of a schema that is named by an argument), SYSUUID, table functions.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


class Kind(enum.Enum):
    """Where a function may stand."""

    SCALAR = "scalar"
    AGGREGATE = "aggregate"
    """In a grouped query, or before OVER."""
    WINDOW = "window"
    """Before OVER only."""


@dataclass(frozen=True, slots=True)
class Signature:
    """How a function is called.

    Attributes:
        kind: Where it may stand.
        fewest: Smallest number of arguments.
        most: Largest number of arguments; None means no limit.
        ordered: Whether its last argument may carry ORDER BY.
    """

    kind: Kind
    fewest: int
    most: int | None
    ordered: bool = False


def _table(kind: Kind, **rows: str) -> dict[str, Signature]:
    """``_table(SCALAR, one="ABS CEIL")``: words for arities, names behind them."""
    arities: Mapping[str, tuple[int, int | None]] = {
        "none": (0, 0),
        "one": (1, 1),
        "one_or_two": (1, 2),
        "one_to_three": (1, 3),
        "two": (2, 2),
        "two_or_three": (2, 3),
        "two_to_four": (2, 4),
        "three": (3, 3),
        "one_or_more": (1, None),
        "two_or_more": (2, None),
        "three_or_more": (3, None),
    }
    return {
        name: Signature(kind, *arities[words])
        for words, names in rows.items()
        for name in names.split()
    }


HANA: Final[Mapping[str, Signature]] = {
    **_table(
        Kind.SCALAR,
        none="NOW RAND",
        one=(
            "ABS ACOS ASCII ASIN ATAN BINTOHEX BITCOUNT BITNOT CEIL CHAR COS COSH COT DAYNAME "
            "DAYOFMONTH DAYOFYEAR EXP FLOOR GROUPING HEXTOBIN HOUR INITCAP ISOWEEK "
            "LAST_DAY LCASE LENGTH LN LOWER MINUTE MONTH MONTHNAME NCHAR NEXT_DAY SECOND "
            "SIGN SIN SINH SOUNDEX SQRT TAN TANH TO_BIGINT TO_BINARY TO_BLOB TO_BOOLEAN TO_CLOB "
            "TO_DOUBLE TO_INT TO_INTEGER TO_NCLOB TO_REAL TO_SMALLDECIMAL TO_SMALLINT TO_TINYINT "
            "UCASE UNICODE UPPER WEEK WEEKDAY YEAR"
        ),
        one_or_two=(
            "BINTOSTR HEXTONUM LTRIM QUARTER RTRIM STRTOBIN TO_DATE TO_DATS TO_NVARCHAR "
            "TO_SECONDDATE TO_TIME TO_TIMESTAMP TO_VARCHAR"
        ),
        one_to_three="ROUND TO_DECIMAL",
        two=(
            "ADD_DAYS ADD_MONTHS ADD_MONTHS_LAST ADD_NANO100 ADD_SECONDS ADD_YEARS ATAN2 BITAND "
            "BITOR BITXOR CONCAT CONCAT_NAZ DAYS_BETWEEN HAMMING_DISTANCE IFNULL LEFT LOCALTOUTC "
            "LOG MOD MONTHS_BETWEEN NANO100_BETWEEN NDIV0 NULLIF POWER RIGHT SECONDS_BETWEEN "
            "SUBSTR_AFTER SUBSTR_BEFORE UTCTOLOCAL YEARS_BETWEEN"
        ),
        two_or_three="LPAD RPAD SUBSTR SUBSTRING",
        two_to_four="LOCATE",
        three="BITSET BITUNSET REPLACE",
        one_or_more="GREATEST HASH_MD5 HASH_SHA256 LEAST",
        two_or_more="COALESCE",
        three_or_more="MAP",
    ),
    **_table(
        Kind.AGGREGATE,
        one=(
            "AVG COUNT MAX MEDIAN MIN PERCENTILE_CONT PERCENTILE_DISC STDDEV STDDEV_POP "
            "STDDEV_SAMP SUM VAR VAR_POP VAR_SAMP"
        ),
        two="CORR CORR_SPEARMAN",
    ),
    **{
        name: Signature(Kind.AGGREGATE, fewest, most, ordered=True)
        for name, fewest, most in (
            ("FIRST_VALUE", 1, 1),
            ("LAST_VALUE", 1, 1),
            ("NTH_VALUE", 2, 2),
            ("STRING_AGG", 1, 2),
        )
    },
    **_table(
        Kind.WINDOW,
        none="CUME_DIST DENSE_RANK PERCENT_RANK RANK ROW_NUMBER",
        one="NTILE WEIGHTED_AVG",
        one_to_three="LAG LEAD",
    ),
}
"""HANA's functions that a read may call."""

HANA_NILADIC: Final = frozenset(
    {
        "CURRENT_DATE",
        "CURRENT_TIME",
        "CURRENT_TIMESTAMP",
        "CURRENT_UTCDATE",
        "CURRENT_UTCTIME",
        "CURRENT_UTCTIMESTAMP",
    }
)
"""HANA's functions without brackets that a read may use."""

DISTINCT: Final = frozenset({"AVG", "COUNT", "MAX", "MIN", "STDDEV", "SUM", "VAR"})
"""Aggregates that take DISTINCT."""

VOLATILE: Final = frozenset({"RAND"})
"""Functions whose value changes when they are called twice."""

HANA_HINTS: Final[Mapping[str, int]] = {
    **dict.fromkeys(
        (
            "IGNORE_PLAN_CACHE",
            "NO_CS_JOIN",
            "NO_RESULT_CACHE",
            "NO_USE_ESX_PLAN",
            "NO_USE_HEX_PLAN",
            "NO_USE_OLAP_PLAN",
            "RESULT_CACHE",
            "USE_HEX_PLAN",
            "USE_OLAP_PLAN",
            "USE_REMOTE_CACHE",
        ),
        0,
    ),
    "DATA_TRANSFER_COST": 1,
    "RESULT_CACHE_MAX_LAG": 1,
    "RESULT_LAG": 2,
}
"""Hints that callers may give, and how many arguments each takes [SQL:hint-details-4ba9edc].

RESULT_CACHE_BEFORE_ANALYTIC_PRIVILEGE shares data cached before the authorization filter and must
never be in this table; ROUTE_TO is for administrators.
"""

DUCKDB: Final[Mapping[str, Signature]] = {
    **_table(
        Kind.SCALAR,
        none="PI RANDOM TODAY",
        one=(
            "ABS ACOS ASCII ASIN ATAN BIT_COUNT CBRT CEIL CEILING CHR COS COT DAY DAYNAME "
            "DAYOFMONTH DAYOFWEEK DAYOFYEAR DECODE DEGREES ENCODE EPOCH EVEN EXP FACTORIAL FLOOR "
            "FROM_BASE64 FROM_HEX GAMMA GROUPING HEX HOUR ISFINITE ISINF ISNAN ISODOW ISOYEAR "
            "LAST_DAY LCASE LEN LENGTH LN LOG10 LOG2 LOWER MD5 MICROSECOND MILLISECOND MINUTE "
            "MONTH MONTHNAME OCTET_LENGTH ORD QUARTER RADIANS REVERSE SECOND SHA256 SIGN SIN SQRT "
            "STRIP_ACCENTS STRLEN TAN TO_BASE64 TO_DAYS TO_HEX TO_HOURS TO_MINUTES TO_MONTHS "
            "TO_SECONDS TO_YEARS TYPEOF UCASE UNHEX UNICODE UPPER WEEK WEEKDAY WEEKOFYEAR YEAR"
        ),
        one_or_two="LOG LTRIM ROUND ROUND_EVEN RTRIM TRUNC",
        two=(
            "ATAN2 CONTAINS DATE_PART DATE_TRUNC DATEPART DATETRUNC ENDS_WITH FMOD HAMMING IFNULL "
            "INSTR LEFT LEVENSHTEIN MOD NULLIF POSITION POW POWER PREFIX RIGHT STARTS_WITH "
            "STRFTIME STRPOS STRPTIME SUFFIX TIME_BUCKET XOR"
        ),
        two_or_three="REGEXP_EXTRACT REGEXP_MATCHES SUBSTR SUBSTRING",
        two_to_four="REGEXP_REPLACE",
        three=(
            "DATE_DIFF DATE_SUB DATEDIFF DATESUB LPAD MAKE_DATE MAKE_TIME REPLACE RPAD SPLIT_PART "
            "TRANSLATE"
        ),
        one_or_more="COALESCE CONCAT GREATEST LEAST",
        two_or_more="CONCAT_WS",
    ),
    **_table(
        Kind.AGGREGATE,
        one=(
            "ANY_VALUE APPROX_COUNT_DISTINCT AVG BIT_AND BIT_OR BIT_XOR BOOL_AND BOOL_OR COUNT "
            "COUNT_IF ENTROPY KURTOSIS MAD MAX MEAN MEDIAN MIN MODE PRODUCT SKEWNESS STDDEV "
            "STDDEV_POP STDDEV_SAMP SUM VARIANCE VAR_POP VAR_SAMP PERCENTILE_CONT PERCENTILE_DISC"
        ),
        two="ARG_MAX ARG_MIN CORR COVAR_POP COVAR_SAMP QUANTILE_CONT QUANTILE_DISC REGR_SLOPE",
    ),
    **{
        name: Signature(Kind.AGGREGATE, fewest, most, ordered=True)
        for name, fewest, most in (
            ("FIRST", 1, 1),
            ("FIRST_VALUE", 1, 1),
            ("LAST", 1, 1),
            ("LAST_VALUE", 1, 1),
            ("NTH_VALUE", 2, 2),
            ("STRING_AGG", 1, 2),
        )
    },
    **_table(
        Kind.WINDOW,
        none="CUME_DIST DENSE_RANK PERCENT_RANK RANK ROW_NUMBER",
        one="NTILE",
        one_to_three="LAG LEAD",
    ),
}
"""DuckDB's functions that a read may call: none reads files, settings or the catalogue."""

DUCKDB_NILADIC: Final = frozenset(
    {"CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP"}
)
"""DuckDB's functions without brackets that a read may use."""

DUCKDB_DISTINCT: Final = frozenset(
    name for name, signature in DUCKDB.items() if signature.kind is Kind.AGGREGATE
)
"""In DuckDB every aggregate takes DISTINCT."""
