"""Aggregates and window functions: HANA's in DuckDB's SQL.

Facts: datasphere-hana.md 6.4; rules from [SQL: the page of each function]. AVG keeps HANA's scale
(six digits for integers, the scale of the input for decimals) as a value; its type may have more
digits. SUM of integers is wider here (up to 38 digits) than HANA's INTEGER or BIGINT, which would
overflow. [U]: whether HANA rounds or truncates AVG (here: rounds); the scale of MEDIAN, STDDEV and
VAR of decimals (here: DOUBLE); VAR and STDDEV of one row (here: NULL).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from flight_client.protocol.errors import UnsupportedSql
from flight_server.sql.translate.call import Argument, Call

_INTEGER_TYPES: Final = (
    "'TINYINT', 'UTINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'INTEGER_LITERAL'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """A call of an aggregate or a window function.

    Attributes:
        name: In upper case.
        arguments: Without DISTINCT and ORDER BY.
        distinct: Whether only different values count.
        order: `` ORDER BY ...`` behind the last argument, or empty.
        over: `` OVER (...)`` behind the call, or empty.
    """

    name: str
    arguments: tuple[Argument, ...]
    distinct: bool = False
    order: str = ""
    over: str = ""

    @property
    def value(self) -> str:
        """The first argument."""
        return self.arguments[0].text

    def once(self) -> None:
        """Refuses a random first argument, because it is about to be written several times."""
        Call(self.name, self.arguments).fill("#0#0")

    def write(self, function: str, *arguments: str) -> str:
        """``function(DISTINCT a, b ORDER BY c) OVER (...)``."""
        distinct = "DISTINCT " if self.distinct else ""
        return f"{function}({distinct}{', '.join(arguments)}{self.order}){self.over}"

    def plain(self, function: str) -> str:
        """The function over the first argument, without DISTINCT and ORDER BY."""
        return f"{function}({self.value}){self.over}"

    def refuse(self, reason: str) -> UnsupportedSql:
        """The error for a form that has no counterpart."""
        return Call(self.name, self.arguments).refuse(reason)


_Writer: TypeAlias = Callable[[Aggregate], str]


def _same(function: str) -> _Writer:
    return lambda call: call.write(function, *(argument.text for argument in call.arguments))


def _average(call: Aggregate) -> str:
    """AVG [SQL:avg]: DECIMAL(.., 6) of integers, scale s of DECIMAL(p, s), floating as it is."""
    call.once()
    sample, mean = call.plain("any_value"), call.write("avg", call.value)
    decimal = f"starts_with(typeof({sample}), 'DECIMAL')"
    value = f"CASE WHEN {decimal} THEN cast_to_type({mean}, {sample}) ELSE {mean} END"
    return f"cast_to_type({value}, coalesce({sample}, CAST(NULL AS DECIMAL(7, 6))))"


def _median(call: Aggregate) -> str:
    """MEDIAN; of integers it is rounded, as the example in [SQL:median] has it."""
    call.once()
    middle = f"median(CAST({call.value} AS DOUBLE)){call.over}"
    integer = f"typeof({call.plain('any_value')}) IN ({_INTEGER_TYPES})"
    return f"(CASE WHEN {integer} THEN round({middle}) ELSE {middle} END)"


def _joined(call: Aggregate) -> str:
    """STRING_AGG; NULL counts as an empty text [SQL:string-agg]."""
    delimiter = call.arguments[1].text if len(call.arguments) > 1 else "''"
    value = f"coalesce(CAST({call.value} AS VARCHAR), '')"
    return call.write("string_agg", value, f"CAST({delimiter} AS VARCHAR)")


def _positioned(grouped: str, windowed: str) -> _Writer:
    """FIRST_VALUE and LAST_VALUE: in a group they need ORDER BY, in a window OVER may have it."""

    def write(call: Aggregate) -> str:
        if not call.over and not call.order:
            raise call.refuse("needs ORDER BY behind its value, or OVER (ORDER BY ...).")
        return call.write(windowed if call.over else grouped, call.value)

    return write


def _nth(call: Aggregate) -> str:
    """NTH_VALUE(x, n ORDER BY y)."""
    if call.over:
        return call.write("nth_value", call.value, call.arguments[1].text)
    if not call.order:
        raise call.refuse("needs ORDER BY behind its values, or OVER (ORDER BY ...).")
    return f"({call.write('list', call.value)})[{call.arguments[1].text}]"


FUNCTIONS: Final[Mapping[str, _Writer]] = {
    "AVG": _average,
    "CORR": _same("corr"),
    "COUNT": _same("count"),
    "CUME_DIST": _same("cume_dist"),
    "DENSE_RANK": _same("dense_rank"),
    "FIRST_VALUE": _positioned("first", "first_value"),
    "LAG": _same("lag"),
    "LAST_VALUE": _positioned("last", "last_value"),
    "LEAD": _same("lead"),
    "MAX": _same("max"),
    "MEDIAN": _median,
    "MIN": _same("min"),
    "NTH_VALUE": _nth,
    "NTILE": _same("ntile"),
    "PERCENTILE_CONT": _same("percentile_cont"),
    "PERCENTILE_DISC": _same("percentile_disc"),
    "PERCENT_RANK": _same("percent_rank"),
    "RANK": _same("rank"),
    "ROW_NUMBER": _same("row_number"),
    "STDDEV": _same("stddev_samp"),
    "STDDEV_POP": _same("stddev_pop"),
    "STDDEV_SAMP": _same("stddev_samp"),
    "STRING_AGG": _joined,
    "SUM": _same("sum"),
    "VAR": _same("var_samp"),
    "VAR_POP": _same("var_pop"),
    "VAR_SAMP": _same("var_samp"),
}
"""CORR_SPEARMAN and WEIGHTED_AVG have no counterpart."""
