"""HANA SQL as tokens with positions; knows no grammar."""

import re
from typing import Literal, NamedTuple

from tests.hana_emulator.engine.errors import syntax_error
from tests.hana_emulator.values import HanaError

Kind = Literal[
    "word", "quoted", "string", "binary", "integer", "decimal", "double", "marker", "named",
    "symbol", "end",
]  # fmt: skip


class Token(NamedTuple):
    """One token; ``text`` is folded, unescaped, or as written for numbers.

    Attributes:
        start: Offset in the statement, from 0.
        end: Offset behind it.
    """

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def position(self) -> int:
        """As HANA counts it: from 1."""
        return self.start + 1


_TOKEN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*|/\*.*?\*/)
  | (?P<string>[nN]?'(?:[^']|'')*')
  | (?P<binary>[xX]'[^']*')
  | (?P<quoted>"(?:[^"]|"")*")
  | (?P<double>(?:\d+\.?\d*|\.\d+)[eE][+-]?\d+)
  | (?P<decimal>\d+\.\d*|\.\d+)
  | (?P<integer>\d+)
  | (?P<word>[^\W\d][\w$\#]*|\#[\w$\#]*)
  | (?P<named>:[^\W\d]\w*|:\d+)
  | (?P<marker>\?)
  | (?P<symbol><>|!=|<=|>=|\|\||=>|[-+*/(),.;=<>])
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(text: str) -> list[Token]:
    """All tokens of a statement, and one that marks the end.

    Raises:
        HanaError: 257 at a character that starts nothing, 383 for an empty name.
    """
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise syntax_error(text[at : at + 20], at + 1)
        kind = match.lastgroup
        if kind != "space":
            found.append(Token(kind, _value(kind, match.group(), at), at, match.end()))  # type: ignore[arg-type]
        at = match.end()
    found.append(Token("end", "", len(text), len(text)))
    return found


def _value(kind: str | None, text: str, at: int) -> str:
    match kind:
        case "word":
            return text.upper()
        case "string":
            return text[text.index("'") + 1 : -1].replace("''", "'")
        case "binary":
            return _hex(text[2:-1], at)
        case "quoted":
            if text == '""':
                raise HanaError(383, "invalid identifier: zero-length name", position=at + 1)
            return text[1:-1].replace('""', '"')
        case "named":
            return text[1:].upper()
        case _:
            return text


def _hex(digits: str, at: int) -> str:
    if len(digits) % 2 or not re.fullmatch(r"[0-9a-fA-F]*", digits):
        raise syntax_error(f"X'{digits}'", at + 1)
    return digits
