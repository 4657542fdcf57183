"""Bounds what DuckDB's functions make of short texts; knows their names and no tree.

DuckDB evaluates constant expressions while it binds a statement, beyond its memory limit and deaf
to interrupts. So a size is checked in an argument of what would grow: a branch of CASE around the
call would be evaluated before the condition is. What is not a plain name or constant first becomes
a field of a lambda's argument: checks repeat their operands, and nested ones would double the work
at every level.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

MAX_MADE_BYTES: Final = 1024 * 1024
"""Longest text that a function may make of others, in bytes; texts that are stored may be longer.
2,048 of them at once are 2 GiB, and HANA's NVARCHAR ends at 5,000 characters."""

MAX_PADDED: Final = 5000
"""Longest padded text, in characters: HANA's longest NVARCHAR [SQL:character-string]."""

_SUMMED: Final = 16
"""Longest sum that is written with ``+``."""

_TOO_LONG: Final = (
    f"error('a text of more than {MAX_MADE_BYTES} bytes would be made; shorten what it is made of')"
)
_TOO_WIDE: Final = f"error('a text is padded to {MAX_PADDED} characters at most; pad it to fewer')"


def padding_width(width: str) -> str:
    """A width for LPAD and RPAD, 0 for what is below."""
    return (
        f"CAST(CASE WHEN {width} < 0 THEN 0 WHEN {width} > {MAX_PADDED} THEN {_TOO_WIDE} "
        f"ELSE {width} END AS INTEGER)"
    )


def concatenated(operands: Sequence[str]) -> str:
    """``a || b || c``, in brackets where it needs them."""
    return _once(operands, lambda given: " || ".join((_first_checked(given), *given[1:])))


def concatenated_without_null(left: str, right: str) -> str:
    """``a || b`` that takes NULL for an empty text, unless both are NULL."""

    def form(given: Sequence[str]) -> str:
        one, other = given
        return (
            f"(CASE WHEN {one} IS NULL THEN {other} WHEN {other} IS NULL THEN {one} "
            f"ELSE {_first_checked(given)} || {other} END)"
        )

    return _once((left, right), form)


def replaced(subject: str, wanted: str, replacement: str) -> str:
    """REPLACE."""
    return _once(
        (subject, wanted, replacement),
        lambda given: f"replace({_replaceable(given)}, {given[1]}, {given[2]})",
    )


def regex_replaced(subject: str, pattern: str, replacement: str, scope: str) -> str:
    """``regexp_replace``; the replacement may hold what was found several times.

    The pattern and the scope (the last argument, with its comma) stay as they are: DuckDB prepares
    a constant pattern once.
    """

    def form(given: Sequence[str]) -> str:
        return f"regexp_replace({_replaceable(given)}, {pattern}, {given[-1]}{scope})"

    return _once((subject, replacement), form)


def called(function: str, operands: Sequence[str], *, first_times: int = 1) -> str:
    """A call whose result holds each operand once, the first one so many times."""

    def form(given: Sequence[str]) -> str:
        checked = _first_checked(given, first_times=first_times)
        return f"{function}({', '.join((checked, *given[1:]))})"

    return _once(operands, form)


_PLAIN: Final = re.compile(
    r"""(?:"(?:[^"]|"")*"\.)*"(?:[^"]|"")*"|'(?:[^']|'')*'|\$[0-9]+|[0-9.]+""", re.DOTALL
)
"""Names, constants and markers as a writer writes them."""


def _once(operands: Sequence[str], form: Callable[[Sequence[str]], str]) -> str:
    """The form over operands that may stand in it several times and are evaluated once."""
    fields = [f"'f{at}': {text}" for at, text in enumerate(operands) if not _PLAIN.fullmatch(text)]
    if not fields:
        return form(operands)
    given = [text if _PLAIN.fullmatch(text) else f"v.f{at}" for at, text in enumerate(operands)]
    return f"list_transform([{{{', '.join(fields)}}}], lambda v: {form(given)})[1]"


def _first_checked(operands: Sequence[str], *, first_times: int = 1) -> str:
    sizes = [f"coalesce({_bytes(operand)}, 0)" for operand in operands]
    sizes[0] = f"{first_times} * {sizes[0]}"
    # A list is no deeper than one item; a sum of as many terms is, and DuckDB goes 1,000 deep.
    many = len(sizes) > _SUMMED
    return _checked(operands[0], f"list_sum([{', '.join(sizes)}])" if many else " + ".join(sizes))


def _replaceable(given: Sequence[str]) -> str:
    return _checked(given[0], f"{_bytes(given[0])} * (1 + {_bytes(given[-1])})")


def _checked(value: str, size: str) -> str:
    return f"(CASE WHEN {size} > {MAX_MADE_BYTES} THEN {_TOO_LONG} ELSE {value} END)"


def _bytes(value: str) -> str:
    return f"strlen(CAST({value} AS VARCHAR))"
