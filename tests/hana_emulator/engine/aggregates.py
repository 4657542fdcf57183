"""Aggregate and window functions.

Result types of SUM and AVG: [SQL:sum, avg]. The others are [U].
"""

from collections.abc import Callable
from typing import Final

from tests.hana_emulator.engine import types
from tests.hana_emulator.engine.errors import unsupported
from tests.hana_emulator.engine.functions import Arguments
from tests.hana_emulator.engine.terms import Term, cast, convert
from tests.hana_emulator.engine.types import Family
from tests.hana_emulator.values import DeclaredType, HanaError

Aggregate = Callable[[Arguments, str, str], Term]
"""From the arguments, the text of an ORDER BY inside the brackets, and what stands behind them."""

_AVERAGES: Final = {
    "TINYINT": DeclaredType("DECIMAL", 9, 6),
    "SMALLINT": DeclaredType("DECIMAL", 11, 6),
    "INTEGER": DeclaredType("DECIMAL", 16, 6),
    "BIGINT": DeclaredType("DECIMAL", 25, 6),
}


def _argument(arguments: Arguments, at: int = 0) -> Term:
    term = arguments.term(at)
    if term.family in types.LOBS:
        raise HanaError(264, "invalid datatype: LOB type in aggregate function",
                        position=arguments.position)  # fmt: skip
    return term


def _inside(arguments: Arguments, sql: str, order: str = "") -> str:
    return f"{'DISTINCT ' if arguments.call.distinct else ''}{sql}{order}"


def _count(arguments: Arguments, _: str, over: str) -> Term:
    if arguments.call.star:
        return Term(f"count(*){over}", types.BIGINT, nullable=False)
    term = arguments.term(0)
    if arguments.call.distinct:
        term = _argument(arguments)
    if arguments.count > 1:
        terms = ", ".join(arguments.term(at).sql for at in range(arguments.count))
        return Term(f"count({_inside(arguments, f'({terms})')}){over}", types.BIGINT)
    return Term(f"count({_inside(arguments, term.sql)}){over}", types.BIGINT, nullable=False)


def _sum(arguments: Arguments, _: str, over: str) -> Term:
    term = arguments.number(0)
    match term.family:
        case Family.INTEGER:
            result = types.BIGINT if term.type.name == "BIGINT" else types.INTEGER
        case Family.FIXED:
            result = DeclaredType("DECIMAL", 38, term.type.scale)
        case Family.FLOATING:
            listed = f"list({_inside(arguments, term.sql)}) FILTER ({term.sql} IS NOT NULL){over}"
            return Term(f"h_total({listed})", types.DECIMAL)
        case _:
            result = term.type
    return Term(cast(f"sum({_inside(arguments, term.sql)}){over}", result), result)


def _avg(arguments: Arguments, _: str, over: str) -> Term:
    """Cut behind the scale, not rounded [U]."""
    term = arguments.number(0)
    inside = _inside(arguments, term.sql)
    if term.family is Family.APPROXIMATE:
        return Term(cast(f"avg({inside}){over}", term.type), term.type)
    if term.family is Family.FLOATING:
        listed = f"list({inside}) FILTER ({term.sql} IS NOT NULL){over}"
        return Term(f"h_mean({listed})", types.DECIMAL)
    result = _AVERAGES.get(term.type.name, term.type)
    total, count = (f"h_number(CAST({name}({inside}){over} AS VARCHAR))" for name in
                    ("sum", "count"))  # fmt: skip
    sql = f"CASE WHEN count({inside}){over} = 0 THEN NULL ELSE {total} END"
    quotient = Term(f"h_calculate('/', {sql}, {count})", types.DECIMAL)
    return convert(quotient, result)


def _extreme(arguments: Arguments, _: str, over: str) -> Term:
    term = _argument(arguments)
    sql = f"{arguments.call.name.lower()}({_inside(arguments, term.sql)}){over}"
    return Term(sql, term.type)


_DOUBLES: Final = {
    "STDDEV": "stddev_samp", "STDDEV_SAMP": "stddev_samp", "STDDEV_POP": "stddev_pop",
    "VAR": "var_samp", "VAR_SAMP": "var_samp", "VAR_POP": "var_pop",
}  # fmt: skip


def _spread(arguments: Arguments, _: str, over: str) -> Term:
    term = arguments.double(0)
    name = _DOUBLES[arguments.call.name]
    return Term(f"{name}({_inside(arguments, term.sql)}){over}", types.DOUBLE)


def _corr(arguments: Arguments, _: str, over: str) -> Term:
    one, other = arguments.double(0), arguments.double(1)
    return Term(f"corr({one.sql}, {other.sql}){over}", types.DOUBLE)


def _median(arguments: Arguments, _: str, over: str) -> Term:
    term = arguments.number(0)
    sql = f"median({convert(term, types.DOUBLE).sql}){over}"
    return convert(Term(sql, types.DOUBLE), types.DOUBLE if term.family is Family.APPROXIMATE
                   else types.DECIMAL)  # fmt: skip


def _string_agg(arguments: Arguments, order: str, over: str) -> Term:
    """NULL counts as the empty text [facts 6.4]."""
    term = arguments.text(0)
    separator = arguments.text(1).sql if arguments.count > 1 else "''"
    inside = _inside(arguments, f"coalesce({term.sql}, ''), {separator}", order)
    return Term(f"string_agg({inside}){over}", types.TEXT)


def _pick(arguments: Arguments, order: str, over: str) -> Term:
    """FIRST_VALUE, LAST_VALUE, NTH_VALUE: an aggregate with ORDER BY inside, or a window."""
    term, name = _argument(arguments), arguments.call.name
    place = arguments.whole(1).sql if name == "NTH_VALUE" else ""
    if over:
        extra = f", {place}" if place else ""
        return Term(f"{name.lower()}({term.sql}{extra}){over}", term.type)
    listed = f"list({term.sql}{order})"
    index = {"FIRST_VALUE": "1", "LAST_VALUE": "-1"}.get(name, place)
    return Term(f"({listed})[{index}]", term.type)


def _percentile(arguments: Arguments, _: str, over: str) -> Term:
    keys = arguments.call.within
    if len(keys) != 1:
        raise unsupported(f"{arguments.call.name} without one ORDER BY", arguments.position)
    fraction = arguments.double(0).sql
    term = arguments.compiler.typed(keys[0].value, arguments.scope)
    if keys[0].descending:
        fraction = f"(1 - {fraction})"
    if arguments.call.name == "PERCENTILE_DISC":
        return Term(f"quantile_disc({term.sql}, {fraction}){over}", term.type)
    number = convert(term, types.DOUBLE).sql
    return Term(f"quantile_cont({number}, {fraction}){over}", types.DOUBLE)


def _grouping(arguments: Arguments, _: str, over: str) -> Term:
    return Term(cast(f"grouping({_argument(arguments).sql}){over}", types.INTEGER), types.INTEGER)


def _rank(arguments: Arguments, _: str, over: str) -> Term:
    name = arguments.call.name.lower()
    result = types.DOUBLE if name in {"cume_dist", "percent_rank"} else types.BIGINT
    return Term(f"{name}(){over}", result, nullable=False)


def _ntile(arguments: Arguments, _: str, over: str) -> Term:
    return Term(f"ntile({arguments.whole(0).sql}){over}", types.BIGINT, nullable=False)


def _shift(arguments: Arguments, _: str, over: str) -> Term:
    term, name = _argument(arguments), arguments.call.name.lower()
    extra = ""
    if arguments.count > 1:
        extra += f", {arguments.whole(1).sql}"
    if arguments.count > 2:
        extra += f", {convert(arguments.term(2, term.type), term.type).sql}"
    return Term(f"{name}({term.sql}{extra}){over}", term.type)


AGGREGATES: Final[dict[str, tuple[int, int, Aggregate]]] = {
    "COUNT": (0, 100, _count),
    "SUM": (1, 1, _sum),
    "AVG": (1, 1, _avg),
    "MIN": (1, 1, _extreme),
    "MAX": (1, 1, _extreme),
    **dict.fromkeys(_DOUBLES, (1, 1, _spread)),
    "CORR": (2, 2, _corr),
    "MEDIAN": (1, 1, _median),
    "STRING_AGG": (1, 2, _string_agg),
    "FIRST_VALUE": (1, 1, _pick),
    "LAST_VALUE": (1, 1, _pick),
    "NTH_VALUE": (2, 2, _pick),
    "PERCENTILE_CONT": (1, 1, _percentile),
    "PERCENTILE_DISC": (1, 1, _percentile),
    "GROUPING": (1, 1, _grouping),
}
WINDOW_ONLY: Final[dict[str, tuple[int, int, Aggregate]]] = {
    **dict.fromkeys(
        ("ROW_NUMBER", "RANK", "DENSE_RANK", "CUME_DIST", "PERCENT_RANK"), (0, 0, _rank)
    ),
    "NTILE": (1, 1, _ntile),
    "LAG": (1, 3, _shift),
    "LEAD": (1, 3, _shift),
}


def aggregate(arguments: Arguments, order: str, over: str) -> Term | None:
    """The value of an aggregate or window function; None if the name is no such function.

    Raises:
        HanaError: 316 for a wrong number of arguments, 257 for a window function without OVER.
    """
    name = arguments.call.name
    found = AGGREGATES.get(name) or WINDOW_ONLY.get(name)
    if found is None:
        return None
    least, most, handler = found
    if not least <= arguments.count <= most or (
        name == "COUNT" and not (arguments.count or arguments.call.star)
    ):
        raise HanaError(316, f"wrong number of arguments in function invocation: {name}",
                        position=arguments.position)  # fmt: skip
    if name in WINDOW_ONLY and not over:
        raise HanaError(257, f"sql syntax error: {name} needs OVER", position=arguments.position)
    arguments.compiler.build.aggregates = True
    return handler(arguments, order, over)
