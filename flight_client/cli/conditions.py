"""Conditions and parameters of a command line, typed by the columns they speak of. Pure."""

import difflib
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Final, cast

import click

from flight_client.protocol.catalog import Entity, HanaType
from flight_client.protocol.errors import InvalidFilter, InvalidParameter, UnknownColumn
from flight_client.protocol.filters import Comparison, Operator
from flight_client.protocol.literals import LiteralValue

_CONDITION: Final = re.compile(
    r"""
    \s* (?: "(?P<quoted>(?:[^"]|"")+)" | (?P<plain>[^\s"'=<>!()]+) )
    \s* (?P<op> >= | <= | != | <> | == | = | < | >
          | (?:not\s+)?(?:in|like)\b | between\b | is\s+(?:not\s+)?null\b )
    \s* (?P<rest>.*?) \s*
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_ITEM: Final = r"\s*(?:'((?:[^']|'')*)'|([^',]+?))\s*"
_ONE: Final = re.compile(_ITEM, re.DOTALL)
_TWO: Final = re.compile(rf"{_ITEM}\sand\s{_ITEM}", re.IGNORECASE | re.DOTALL)
_LIST: Final = re.compile(rf"\({_ITEM}(?:,{_ITEM})*\)", re.DOTALL)
_IN_LIST: Final = re.compile(rf"{_ITEM}(?:,|$)", re.DOTALL)
_SAME: Final = {"==": "=", "<>": "!="}
_EXAMPLES: Final = (
    'write for example "YEAR >= 2024", "REGION in (\'EMEA\',\'APJ\')", "NAME is null" or '
    '"PRICE between 1.50 and 5"'
)


def _boolean(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text.lower()]


_READERS: Final[dict[str, tuple[Callable[[str], LiteralValue], str]]] = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT"), (int, "42")),
    **dict.fromkeys(("DECIMAL", "SMALLDECIMAL"), (Decimal, "12.50")),
    **dict.fromkeys(("REAL", "DOUBLE"), (float, "1.5e3")),
    "BOOLEAN": (_boolean, "true"),
    "DATE": (date.fromisoformat, "2024-01-31"),
    "TIME": (time.fromisoformat, "23:59:00"),
    **dict.fromkeys(("SECONDDATE", "TIMESTAMP"), (datetime.fromisoformat, "2024-01-31T23:59:00")),
    **dict.fromkeys(("VARBINARY", "BINARY", "BLOB"), (bytes.fromhex, "00ff")),
}
"""How the text of each type is read, with an example; every other type is text."""


def parse_condition(text: str, entity: Entity) -> Comparison:
    """The comparison that a condition means, its constants typed by the column.

    Raises:
        click.UsageError: The text is no condition.
        UnknownColumn: The entity has no such column.
        InvalidFilter: A constant is not of the column's type.
    """
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise click.UsageError(f"--where {text!r} is no condition; {_EXAMPLES}.")
    plain: str | None = found["plain"]
    name = plain if plain is not None else found["quoted"].replace('""', '"')
    word = " ".join(found["op"].lower().split())
    op = cast("Operator", _SAME.get(word, word))
    column = entity.column(name)
    if column is None:
        known = [column.name for column in entity.columns]
        raise UnknownColumn(f"{entity.name} has no column {name!r}{_nearest(name, known)}")
    declared = HanaType("NVARCHAR") if op in ("like", "not like") else column.type
    values = tuple(
        _constant(quoted, bare, declared, name) for quoted, bare in _items(op, found["rest"], text)
    )
    return Comparison(name, op, values)


def _items(op: Operator, rest: str, text: str) -> list[tuple[str | None, str | None]]:
    """Each constant as the inside of its quotes or as bare text; the other is None."""
    found: list[re.Match[str]] = []
    match op:
        case "is null" | "is not null":
            fits = not rest
        case "in" | "not in":
            fits = _LIST.fullmatch(rest) is not None
            found = list(_IN_LIST.finditer(rest[1:-1]))
        case "between":
            both = _TWO.fullmatch(rest)
            if both is not None:
                return [(both[1], both[2]), (both[3], both[4])]
            fits = False
        case _:
            one = _ONE.fullmatch(rest)
            fits = one is not None
            found = [one] if one else []
    if not fits:
        raise click.UsageError(f"--where {text!r} has no right side for {op!r}; {_EXAMPLES}.")
    return [(match[1], match[2]) for match in found]


def _constant(quoted: str | None, bare: str | None, declared: HanaType, name: str) -> LiteralValue:
    if bare is not None and bare.lower() == "null":
        raise InvalidFilter(f'{name!r} never compares with NULL; write "{name} is null".')
    if bare is not None and " " in bare and declared.name not in _READERS:
        raise InvalidFilter(
            f"The text {bare!r:.80} has spaces: put it in single quotes, and give each condition "
            "a --where of its own.",
            column=name,
        )
    content = bare if quoted is None else quoted.replace("''", "'")
    value = _typed(content or "", declared)
    if value is None:
        _, example = _READERS[declared.name]
        raise InvalidFilter(
            f"{content!r:.80} is no {declared} of column {name!r}; write it like {example}.",
            column=name,
        )
    return value


def _typed(text: str, declared: HanaType) -> LiteralValue | None:
    """The constant of a text, or None if it is not of the type."""
    reader = _READERS.get(declared.name)
    if reader is None:
        return text
    try:
        return reader[0](text)
    except (ValueError, KeyError, InvalidOperation):
        return None


def parse_argument(text: str, entity: Entity) -> tuple[str, LiteralValue]:
    """The input parameter that ``NAME=VALUE`` sets, typed as it is declared.

    Raises:
        click.UsageError: The text has another form.
        InvalidParameter: The entity has no such parameter, or the value is not of its type.
    """
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.UsageError(f"--param {text!r} is no NAME=VALUE; write for example P_YEAR=2024.")
    found = next((known for known in entity.parameters if known.name == name), None)
    if found is None:
        names = [known.name for known in entity.parameters]
        raise InvalidParameter(
            f"{entity.name} has no parameter {name!r}{_nearest(name, names)}", parameter=name
        )
    typed = _typed(value, found.type)
    if typed is None:
        _, example = _READERS[found.type.name]
        raise InvalidParameter(
            f"{value!r:.80} is no {found.type} of parameter {name!r}; write it like {example}.",
            parameter=name,
        )
    return name, typed


def parse_order(text: str) -> tuple[str, str]:
    """The column and direction of a sort key ``COLUMN``, ``COLUMN:asc`` or ``COLUMN:desc``.

    Raises:
        click.UsageError: The direction has another form.
    """
    name, colon, direction = text.rpartition(":")
    if colon and direction.lower() in ("asc", "desc"):
        return name, direction
    found = re.fullmatch(r"(.+?)(?::\w*|\s+(?:asc|desc))", text, re.IGNORECASE | re.DOTALL)
    if found is not None:
        raise click.UsageError(
            f"--order-by {text!r} is no sort key; write {found[1]}:asc or {found[1]}:desc, and "
            f"{text}:asc if that is the name of a column."
        )
    return text, "asc"


_SHAPES: Final[tuple[tuple[str, Callable[[str], LiteralValue | None]], ...]] = (
    (r"null", lambda _: None),
    (r"true|false", _boolean),
    (r"[+-]?(0|[1-9][0-9]*)", int),
    (r"[+-]?(0|[1-9][0-9]*)\.[0-9]+", Decimal),
    (r"[+-]?[0-9]+(\.[0-9]+)?e[+-]?[0-9]+", float),
    (r"\d{4}-\d{2}-\d{2}", date.fromisoformat),
    (r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*", datetime.fromisoformat),
    (r"\d{2}:\d{2}(:\d{2})?", time.fromisoformat),
)


def parse_value(text: str) -> LiteralValue | None:
    """The value of a ``?`` by its shape, for there is no column to type it.

    A whole number without leading zeros, a decimal, a float with an exponent, an ISO date, time or
    timestamp, ``true``, ``false`` and ``null`` are those; anything else is text, and so is what
    stands in single quotes.
    """
    quoted = re.fullmatch(r"'((?:[^']|'')*)'", text, re.DOTALL)
    if quoted is not None:
        return quoted[1].replace("''", "'")
    for shape, read in _SHAPES:
        if re.fullmatch(shape, text, re.IGNORECASE | re.ASCII):
            try:
                return read(text)
            except ValueError:  # the shape of a date that is none, such as 2024-02-30
                break
    return text


def split_names(text: str) -> list[str]:
    """Names between commas; a name with a comma stands in double quotes."""
    found = re.findall(r'\s*(?:"((?:[^"]|"")+)"|([^,"]+?))\s*(?:,|$)', text)
    return [quoted.replace('""', '"') or plain for quoted, plain in found]


def _nearest(name: str, known: Iterable[str]) -> str:
    folded = {candidate.casefold(): candidate for candidate in known}
    near = difflib.get_close_matches(name.casefold(), folded, 3)
    if near:
        return f"; did you mean {' or '.join(repr(folded[match]) for match in near)}?"
    return f"; it has {', '.join(folded.values())}." if folded else "; it has none."
