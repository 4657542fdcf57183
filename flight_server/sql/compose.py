"""The kit that statements are made of; does not know a dialect.

A statement is joined from five kinds of parts: text that stands in this program, quoted names,
bound values, numbers and quoted texts. Nothing else goes in: the type checker refuses a
``str`` where ``LiteralString`` is wanted, so no name and no value of a caller can become SQL.

    sql("{} = {}", name("REGION"), bound("O'Brien"))        "REGION" = ?      with the value O'Brien
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, LiteralString, TypeAlias

from flight_client.protocol.errors import InvalidRead
from flight_client.protocol.literals import LiteralValue
from flight_server.sql.statement import Statement


@dataclass(frozen=True, slots=True)
class _Name:
    text: str


@dataclass(frozen=True, slots=True)
class _Bound:
    value: LiteralValue


@dataclass(frozen=True, slots=True)
class _Quoted:
    text: str


_Part: TypeAlias = LiteralString | int | Decimal | _Name | _Bound | _Quoted


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of SQL with the values bound in it. Made by the functions of this module."""

    parts: tuple[_Part, ...]


EMPTY: Final = Fragment(())


def sql(template: LiteralString, *fragments: Fragment) -> Fragment:
    """Text of this program with a fragment in place of each ``{}``, in order."""
    texts = template.split("{}")
    if len(texts) != len(fragments) + 1:
        raise ValueError(f"{template!r} has {len(texts) - 1} gaps for {len(fragments)} fragments.")
    parts: list[_Part] = [texts[0]]
    for text, fragment in zip(texts[1:], fragments, strict=True):
        parts += (*fragment.parts, text)
    return Fragment(tuple(parts))


def join(separator: LiteralString, fragments: Iterable[Fragment]) -> Fragment:
    """The fragments in order, with text of this program between them."""
    parts: list[_Part] = []
    for fragment in fragments:
        if parts:
            parts.append(separator)
        parts += fragment.parts
    return Fragment(tuple(parts))


def name(*identifiers: str) -> Fragment:
    """A quoted name, qualified where there are several, for example ``"SALES"."ORDERS"``.

    Raises:
        InvalidRead: A name is empty or has control characters or unpaired surrogates.
    """
    return join(".", (_identifier(text) for text in identifiers))


def bound(value: LiteralValue) -> Fragment:
    """A marker, and the value that takes its place in the database."""
    return Fragment((_Bound(value),))


def number(value: int | Decimal) -> Fragment:
    """A finite number, written out without an exponent."""
    return Fragment((value if isinstance(value, Decimal) else int(value),))


def quoted(text: str) -> Fragment:
    """A text in single quotes, for places where a dialect takes no bound value.

    Raises:
        InvalidRead: The text has a NUL character or unpaired surrogates.
    """
    _refuse(text, "text", ("Cs",))
    if "\0" in text:
        raise InvalidRead("A text has a NUL character, which SQL cannot hold; leave it out.")
    return Fragment((_Quoted(text),))


def statement(fragment: Fragment) -> Statement:
    """The finished statement, with ``?`` markers."""
    return Statement(
        "".join(_text(part) for part in fragment.parts),
        tuple(part.value for part in fragment.parts if isinstance(part, _Bound)),
    )


def _identifier(text: str) -> Fragment:
    if not text:
        raise InvalidRead("A name is empty; HANA has no such column or table.")
    _refuse(text, "name", ("Cc", "Cs"))
    return Fragment((_Name(text),))


def _refuse(text: str, what: str, categories: tuple[str, ...]) -> None:
    for character in text:
        if unicodedata.category(character) in categories:
            raise InvalidRead(
                f"The {what} {text!r:.80} has the character U+{ord(character):04X}, which SQL "
                "cannot hold; leave it out."
            )


def _text(part: _Part) -> str:
    match part:
        case str():
            return part
        case int():
            return str(part)
        case Decimal():
            return format(part, "f")
        case _Name(text):
            return '"' + text.replace('"', '""') + '"'
        case _Quoted(text):
            return "'" + text.replace("'", "''") + "'"
        case _Bound():
            return "?"
