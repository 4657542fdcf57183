"""Texts as HANA has them: counted in UTF-16 units, with surrogates that may stand alone."""

import re
from typing import Final

_WIDE: Final = re.compile("[\U00010000-\U0010d7ff\U0010e000-\U0010ffff]")
_LONE: Final = re.compile("[\ud800-\udfff]")
_ESCAPED: Final = re.compile("[\U0010d800-\U0010dfff]")
_SHIFT: Final = 0x100000
"""Unpaired surrogates are no UTF-8; they are stored in a private plane."""


class Escapes:
    """Whether any text has ever been escaped: most runs need never look."""

    seen = False


def escape(text: str) -> str:
    """A text that DuckDB can hold."""
    if text.isascii() or not _LONE.search(text):
        return text
    Escapes.seen = True
    return _LONE.sub(lambda found: chr(ord(found[0]) + _SHIFT), text)


def unescape(text: str | None) -> str | None:
    """The text as it came."""
    if text is None or text.isascii() or not _ESCAPED.search(text):
        return text
    return _ESCAPED.sub(lambda found: chr(ord(found[0]) - _SHIFT), text)


def units(text: str) -> int:
    """Length as HANA counts: supplementary characters are two."""
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))
