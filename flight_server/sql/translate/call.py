"""What a translated function is given, and the ways to write one; knows no single function."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from sqlglot import exp

from flight_client.protocol.errors import UnsupportedSql
from flight_server.sql.functions import VOLATILE
from flight_server.sql.writer import string

_SLOT: Final = re.compile(r"#(\d+)")


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call.

    Attributes:
        node: What the caller wrote.
        text: The same in DuckDB's SQL, in brackets where an operator beside it could bind.
    """

    node: exp.Expr
    text: str

    @property
    def literal(self) -> str | None:
        """The value of a string literal; None for anything else."""
        node = self.node
        return node.name if isinstance(node, exp.Literal) and node.is_string else None

    @property
    def number(self) -> str | None:
        """The digits of a numeric literal, with its sign; None for anything else."""
        node, sign = self.node, ""
        if isinstance(node, exp.Neg):
            node, sign = node.this, "-"
        is_number = isinstance(node, exp.Literal) and not node.is_string
        return sign + node.name if is_number else None

    @property
    def volatile(self) -> bool:
        """Whether writing it twice would give two values."""
        calls = self.node.find_all(exp.Anonymous)
        return any(call.name.upper() in VOLATILE for call in calls)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a HANA function.

    Attributes:
        name: In upper case.
        arguments: In HANA's order.
    """

    name: str
    arguments: tuple[Argument, ...]

    def fill(self, template: str) -> str:
        """Puts the arguments into ``#0``, ``#1`` ... of a template.

        Raises:
            UnsupportedSql: A random value would be written twice.
        """
        places = [int(place) for place in _SLOT.findall(template)]
        for place, argument in enumerate(self.arguments):
            if places.count(place) > 1 and argument.volatile:
                raise UnsupportedSql(
                    f"{self.name} of a random value has no translation; "
                    "compute the random value in an inner query.",
                    construct=self.name,
                )
        return _SLOT.sub(lambda found: self.arguments[int(found[1])].text, template)

    def refuse(self, reason: str) -> UnsupportedSql:
        """The error for a form of this function that has no counterpart."""
        return UnsupportedSql(f"{self.name} {reason}", construct=self.name)


Translation: TypeAlias = Callable[[Call], str]
"""Writes one call in DuckDB's SQL; the text is closed: no operator outside can bind into it."""

Translations: TypeAlias = Mapping[str, Translation]


def template(*forms: str) -> Translation:
    """A function that is written as a text with slots; one form for each number of arguments.

    The form is chosen by how many different slots it has.
    """
    by_count = {len(set(_SLOT.findall(form))): form for form in forms}

    def translate(call: Call) -> str:
        form = by_count.get(len(call.arguments))
        if form is None:
            raise call.refuse(f"with {len(call.arguments)} arguments has no translation.")
        return call.fill(form)

    return translate


def same(name: str) -> Translation:
    """A function that DuckDB has under ``name``, with the same arguments and meaning."""

    def translate(call: Call) -> str:
        return f"{name}({', '.join(argument.text for argument in call.arguments)})"

    return translate


def failure(message: str) -> str:
    """An expression that fails with ``HANA <code>: ...`` when it is evaluated."""
    return f"error({string(message)})"
