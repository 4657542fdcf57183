"""Rules that a table of nodes cannot hold: ranges of literals, and which node may be where."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlglot import exp

from flight_client.protocol.errors import InvalidSql
from flight_server.sql.strict import TemporalLiteral, TypeName
from flight_server.sql.writer import child, word

_COMPARISONS: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_PATTERNS: Final = (exp.Like, exp.ILike, exp.Escape)
_NEVER_EMPTY: Final[Mapping[type[exp.Expr], tuple[str, ...]]] = {
    exp.Case: ("ifs",),
    exp.Cube: ("expressions",),
    exp.Group: ("expressions",),
    exp.GroupingSets: ("expressions",),
    exp.In: ("expressions", "query"),
    exp.Order: ("expressions",),
    exp.Rollup: ("expressions",),
    exp.Select: ("expressions",),
    exp.With: ("expressions",),
}
_NUMBER: Final = re.compile(r"(?=\.?[0-9])[0-9]*\.?[0-9]*([eE][+-]?[0-9]{1,3})?")
_NUMBER_CHARACTERS: Final = 80
_TYPE_NUMBERS: Final = {"DECIMAL": 2, "NVARCHAR": 1, "VARBINARY": 1, "VARCHAR": 1}
_TEMPORAL: Final = {
    "DATE": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "TIME": re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}"),
    "TIMESTAMP": re.compile(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,7})?"
    ),
}
_TEMPORAL_FORMS: Final = {
    "DATE": "YYYY-MM-DD",
    "TIME": "HH:MM:SS",
    "TIMESTAMP": "YYYY-MM-DD HH:MM:SS.FFFFFFF",
}


def check_shapes(tree: exp.Expr) -> None:
    """Refuses literals out of range, and nodes where their neighbours forbid them.

    Raises:
        InvalidSql: The message says which.
    """
    for node in tree.walk():
        _check_filled(node)
        if isinstance(node, exp.Tuple):
            _check_tuple(node)
        if isinstance(node, exp.Join):
            _check_join(node)
        if child(node, "offset") is not None and child(node, "limit") is None:
            raise InvalidSql("OFFSET needs LIMIT before it; write LIMIT 2147384648 OFFSET n.")
        for slot in ("limit", "offset"):
            count = child(node, slot)
            if isinstance(count, exp.Limit | exp.Offset):
                _check_count(count, slot.upper())
        if isinstance(node, exp.TableSample):
            _check_sample(node)
        if isinstance(node, TypeName):
            _check_type(node)
        if isinstance(node, TemporalLiteral):
            _check_temporal(node)
        if isinstance(node, exp.Literal) and not node.is_string:
            _check_number(node)


def _check_filled(node: exp.Expr) -> None:
    """Refuses lists that sqlglot lets be empty, and what has no end."""
    slots = _NEVER_EMPTY.get(type(node))
    if slots is not None and not any(node.args.get(slot) for slot in slots):
        raise InvalidSql(f"{type(node).__name__.upper()} has nothing behind it; complete it.")
    if isinstance(node, exp.Select) and node.args.get("joins") and child(node, "from_") is None:
        raise InvalidSql("A JOIN has no FROM before it; write the first table.")
    for kinds in (_COMPARISONS, _PATTERNS):
        chained = isinstance(node, kinds) and isinstance(node.this, kinds)
        if chained and not isinstance(node, exp.Escape):
            raise InvalidSql("A comparison is compared again; put brackets around the first one.")
    if isinstance(node, exp.WindowSpec):
        for slot in ("start", "end"):
            if isinstance(node.args.get(slot), exp.Literal) and not word(node, f"{slot}_side"):
                raise InvalidSql("A window frame lacks PRECEDING or FOLLOWING; add it.")


def _check_join(node: exp.Join) -> None:
    """``a, b`` and CROSS JOIN have no condition, every other join has one."""
    side, kind, conditional = word(node, "side"), word(node, "kind"), child(node, "on") is not None
    comma = not side and not kind
    sides = {"CROSS": not side, "INNER": not side, "OUTER": bool(side), "": True}
    if not sides[kind] or not (comma or conditional != (kind == "CROSS")):
        raise InvalidSql(
            f"A {' '.join(filter(None, (side, kind, 'JOIN')))} is not complete; write "
            "[INNER | LEFT | RIGHT | FULL] JOIN ... ON, or CROSS JOIN."
        )


def _check_tuple(node: exp.Tuple) -> None:
    """Row values stand on both sides of IN, and in GROUPING SETS; nowhere else."""
    parent = node.parent
    if isinstance(parent, exp.In):
        rows = [parent.this, *parent.expressions]
        width = len(node.expressions)
        if all(isinstance(row, exp.Tuple) and len(row.expressions) == width for row in rows):
            return
        raise InvalidSql("The rows on both sides of IN differ in length; give each as many values.")
    if not isinstance(parent, exp.GroupingSets | exp.Rollup | exp.Cube):
        raise InvalidSql("A list of values in brackets stands outside IN; compare each value.")


def _check_count(node: exp.Expr, word: str) -> None:
    count = node.expression
    if count.is_string or not re.fullmatch(r"[0-9]{1,10}", count.name):
        raise InvalidSql(f"{word} is '{count.name[:40]}'; give a whole number of 0 or more.")


def _check_sample(node: exp.TableSample) -> None:
    method = child(node, "method")
    if method is not None and method.name not in ("BERNOULLI", "SYSTEM"):
        raise InvalidSql(f"TABLESAMPLE {method.name[:40]} is unknown; write BERNOULLI or SYSTEM.")
    percent = child(node, "percent")
    text = percent.name if isinstance(percent, exp.Literal) and not percent.is_string else ""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) or not 0 < float(text) <= 100:
        raise InvalidSql("TABLESAMPLE takes a percentage above 0 and up to 100.")


def _check_temporal(node: TemporalLiteral) -> None:
    """DATE'2024-01-31', TIME'23:59:59', TIMESTAMP'2024-01-31 23:59:59.1234567' and no others."""
    text, kind = node.this.name, word(node, "kind")
    fits = node.this.is_string and _TEMPORAL[kind].fullmatch(text) is not None
    if not fits or not _exists(text if kind != "TIME" else f"2000-01-01 {text}"):
        raise InvalidSql(
            f"{kind}'{text[:40]}' is not a {kind.lower()}; write it as {_TEMPORAL_FORMS[kind]}."
        )


def _exists(moment: str) -> bool:
    """Whether the calendar has this day and the clock this time."""
    try:
        datetime.fromisoformat(moment[:26])
    except ValueError:
        return False
    return True


def _check_type(node: TypeName) -> None:
    numbers = [item for item in node.expressions if re.fullmatch(r"[0-9]{1,5}", item.name)]
    if len(numbers) != len(node.expressions) or len(numbers) > _TYPE_NUMBERS.get(node.name, 0):
        raise InvalidSql(f"The numbers behind {node.name} do not fit; correct them.")


def _check_number(node: exp.Literal) -> None:
    if not _NUMBER.fullmatch(node.name) or len(node.name) > _NUMBER_CHARACTERS:
        raise InvalidSql(f"'{node.name[:40]}' is not a number of SQL.")
